"""Two snapshots compared field by field, the simulator's and a real engine's: same frozen types, so same questions.

What is random is named by what it belongs to: a bridge by its network, a veth by its container and network, a network
namespace by its container. What only the machine below knows (pids, times, indexes, traffic counters, FDB and ARP
entries, which age) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from dnetlab.model import Container, Host, Namespace, Network, Process, Snapshot

Shape = dict[str, object]
RANDOM_PORT = re.compile(r"127\.0\.0\.11:\d+|--sport \d+(?= -j SNAT)")


def shape(snapshot: Snapshot, unordered: bool = False) -> Shape:
    """'docker1/web1/routes' -> a value that compares. unordered: rules in no order, as after a daemon's restart."""
    found: Shape = {}
    for host in snapshot.hosts.values():
        if host.has_docker and not host.containers and not host.docker_running:
            continue  # a host whose daemon this script never started
        found |= {f"{host.name}/{key}": value for key, value in _host(host, unordered).items()}
    return found


def differences(real: Snapshot, simulated: Snapshot, unordered: bool = False) -> list[str]:
    """One line for each field that differs; [] when none does. Hosts that one side lacks are not compared."""
    left, right = shape(real, unordered), shape(simulated, unordered)
    hosts = {key.partition("/")[0] for key in left} & {key.partition("/")[0] for key in right}
    return [
        f"{key}: real {left.get(key)!r}, simulated {right.get(key)!r}"
        for key in sorted({*left, *right})
        if key.partition("/")[0] in hosts and left.get(key) != right.get(key)
    ]


def _host(host: Host, unordered: bool) -> Shape:
    host = replace(host, containers=_with_plain_names(host))
    names = _names(host)
    found: Shape = {"docker running": host.docker_running}
    for network in host.networks:
        found |= {f"network {network.name}/{k}": v for k, v in _network(network).items()}
    for container in host.containers:
        found |= {f"container {container.name}/{k}": v for k, v in _container(host, container).items()}
    for space in host.namespaces.values():
        place = "host" if space.name == "host" else _owner(host, space.name)
        found |= {f"namespace {place}/{k}": v for k, v in _namespace(host, space, names, unordered).items()}
    found["processes"] = sorted(_process(p) for p in host.processes if not p.zombie and _is_labs(p))
    return found


def _with_plain_names(host: Host) -> tuple[Container, ...]:
    """Names that dockerd made up are random: such a container is called by its image and place in time."""
    found, number = [], 0
    for container in host.containers:
        if re.fullmatch(r"[a-z]+_[a-z]+[0-9]?", container.name):
            number += 1
            container = replace(container, name=f"unnamed {number} of {container.image}")
        found.append(container)
    return tuple(found)


def _is_labs(process: Process) -> bool:
    """Of a container or a docker-proxy: what starts a host, and where an engine's tree lies, differs by nature."""
    return process.container is not None or process.argv[0] == "/usr/sbin/docker-proxy"


def _process(process: Process) -> str:
    command = process.command.strip()
    if command.startswith("nginx -g"):  # a moment after its start it gives itself this title
        command = f"nginx: master process {command}"
    return f"{'container' if process.container else 'host'}: {command}"


def _names(host: Host) -> dict[str, str]:
    """Random names of devices -> what they belong to."""
    names = {n.bridge: f"bridge of {n.name}" for n in host.networks if n.bridge and n.bridge.startswith("br-")}
    for container in host.containers:
        for end in container.endpoints:
            if end.host_interface:
                names[end.host_interface] = f"veth of {container.name} in {end.network}"
    return names


def _owner(host: Host, space: str) -> str:
    found = next((c.name for c in host.containers if c.short_id == space), None)
    return found or next((c.name for c in host.containers if c.namespace == space), space)


def _network(network: Network) -> Shape:
    return {
        "driver": network.driver,
        "internal": network.internal,
        "subnets": [(str(s.subnet), str(s.ip_range or ""), sorted(map(str, s.aux_addresses.values())))
                    for s in network.subnets],
        "gateways": [str(s.gateway) for s in network.subnets],
        "options": sorted(network.options.items()),
        "labels": sorted(network.labels.items()),
    }  # fmt: skip


def _container(host: Host, container: Container) -> Shape:
    """A network that a running container failed to get is left out: docker inspect lists it, a snapshot of a real
    engine inspects again only the containers that the daemon's own list shows as changed."""
    ends = [
        (e.network, str(e.address), e.prefixlen, str(e.gateway), str(e.configured_address or ""), sorted(e.aliases))
        for e in container.endpoints
        if e.address or not container.is_running or e.network in ("none", "host")
    ]
    hostname = container.hostname
    for other in host.containers:
        hostname = hostname.replace(other.short_id, f"id of {other.name}")
    mode = container.network_mode.replace("default", "bridge")
    for other in host.containers:
        mode = mode.replace(other.id, other.name)
    return {
        "state": container.state.value,
        "exit code": container.exit_code,
        "image": container.image,
        "command": container.command,
        "mode": re.sub(r"[0-9a-f]{64}", "<id>", mode),
        "hostname": re.sub(r"^[0-9a-f]{12}$", "<id>", hostname),
        "endpoints": sorted(ends),
        "ports": sorted(map(str, container.ports)),
        "restart": container.restart_policy,
        "shares namespace of": _owner(host, container.namespace) if container.namespace else None,
    }


def _namespace(host: Host, space: Namespace, names: dict[str, str], unordered: bool) -> Shape:
    found: Shape = {"forwards": space.forwards if space.name == "host" else None}
    several = space.name != "host" and len([i for i in space.interfaces if i.name.startswith("eth")]) > 1
    for link in space.interfaces:
        name = names.get(link.name, link.name)
        if re.fullmatch(r"(br-|veth)[0-9a-f]+", name):
            continue  # of another daemon's network, or about to go
        key = f"link {'eth' if several and name.startswith('eth') else name} {'' if not several else link.ipv4}".strip()
        carrier = link.carrier if link.kind.value != "bridge" else None  # the kernel's link watch is late by a second
        found[key] = (
            link.kind.value, link.up, carrier, link.mtu, link.promiscuous, names.get(link.master or "", link.master),
            [(str(a), str(a.broadcast), a.scope) for a in link.addresses if a.ip.version == 4],
        )  # fmt: skip
    found["routes"] = sorted(
        (str(r.destination), "eth" if several else names.get(r.dev or "", r.dev), str(r.via), str(r.src), r.scope)
        for r in space.routes
    )
    found["sockets"] = sorted(_sockets(space))
    for table in space.netfilter.tables:
        for chain in table.chains:
            rules = [_spoken(str(rule), names) for rule in chain.rules]
            if rules or (chain.policy or "ACCEPT") != "ACCEPT" or chain.name.startswith("DOCKER"):
                found[f"{table.name} {chain.name}"] = (chain.policy, sorted(rules) if unordered else rules)
    return found


def _sockets(space: Namespace) -> Iterable[tuple[str, ...]]:
    for socket in space.sockets:
        if socket.remote_address is not None:
            continue
        port = "any" if str(socket.local_address) == "127.0.0.11" else str(socket.local_port)
        program = socket.program.rsplit("/", 1)[-1].split(":")[0]
        yield socket.protocol.value, str(socket.local_address), port, socket.state.value, program


def _spoken(rule: str, names: dict[str, str]) -> str:
    for device, name in names.items():
        rule = rule.replace(device, name)
    return RANDOM_PORT.sub("resolver", rule)
