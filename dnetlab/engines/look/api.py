"""What dockerd says of itself: containers, networks, images and volumes, by the Engine API (docker SDK).

Asked without a version in its path, an engine answers by its own newest: there is none that 20.10 (up to 1.41) and 29
(from 1.44 on, Docker's release notes) both have.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

from dnetlab.model import (
    Container,
    ContainerState,
    Endpoint,
    Image,
    Interface,
    Namespace,
    Network,
    PortBinding,
    Protocol,
    Record,
    Subnet,
    Volume,
)
from dnetlab.model.ip import IpAddress

Clock = Callable[[float], float]  # seconds since 1970 -> seconds of the lab's clock
LISTS = ("containers/json?all=1", "networks", "images/json", "volumes")  # what a look asks for first
LANES, FEW = 2, 8  # connections side by side, for more documents than a few


@dataclass(frozen=True)
class Known:
    """A container as it was inspected: what its row of `docker ps` was then, and which process it was."""

    face: str
    pid: int
    started: float
    document: dict[str, Any]


def client(path: str) -> Any:
    """An API client of the dockerd whose socket has this path. Raises DockerException when it does not answer."""
    import docker

    return docker.APIClient(base_url=f"unix://{path}", version="auto", timeout=20)


class _OverSocket(http.client.HTTPConnection):
    """HTTP on a unix socket. The SDK's own way costs a host of fifty containers three times as much."""

    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def read(path: str, asked: list[str]) -> dict[str, Any] | None:
    """The documents of a dockerd, whose socket has this path, by what was asked for; what isn't there is left out.

    None when it does not answer.
    """
    shares = [asked[start::LANES] for start in range(min(LANES, len(asked)))] if len(asked) > FEW else [asked]
    try:
        with ThreadPoolExecutor(len(shares)) as pool:
            found = list(pool.map(partial(_read_some, path), shares))
    except (OSError, http.client.HTTPException):
        return None
    return {name: document for share in found for name, document in share.items()}


def _read_some(path: str, asked: list[str]) -> dict[str, Any]:
    found = {}
    with contextlib.closing(_OverSocket(path)) as link:
        for name in asked:
            link.request("GET", f"/{name}")
            answer = link.getresponse()
            text = answer.read()
            if answer.status == 200:
                found[name] = json.loads(text)
    return found


def path(container: str) -> str:
    """Where the API has what `docker inspect` says."""
    return f"containers/{container}/json"


def told(network: str) -> str:
    """Where the API has what the hosts of a swarm have told each other of a network (`docker network inspect -v`)."""
    return f"networks/{network}?verbose=true"


def inspect_containers(
    rows: list[dict[str, Any]],
    known: dict[str, Known],
    starts: dict[int, float],
    ask: Callable[[list[str]], dict[str, Any]],
) -> list[dict[str, Any]]:
    """`docker inspect` of every container, newest first; one that goes while we ask is left out.

    rows    of `docker ps -a`
    known   what an earlier call learned, and is brought up to date: a container that runs as the same process with the
            same name, networks and ports isn't asked again
    starts  pid -> when that process of the host was started
    ask     paths of the API -> documents by path
    """
    faces = {row["Id"]: str((row["Names"], row["State"], row["NetworkSettings"], row["Ports"])) for row in rows}
    running = {row["Id"] for row in rows if row["State"] == "running"}
    same = {
        identity: old
        for identity, old in known.items()
        if identity in running and old.face == faces[identity] and starts.get(old.pid) == old.started
    }
    new = [path(identity) for identity in faces if identity not in same]
    documents = ask(new) if new else {}
    known.clear()
    for identity, face in faces.items():
        if identity in same:
            known[identity] = same[identity]
        elif (document := documents.get(path(identity))) is not None:
            pid = document["State"]["Pid"]
            known[identity] = Known(face, pid, starts.get(pid, -1.0), document)
    return [old.document for old in known.values()]


def moment(text: str) -> float | None:
    """An RFC 3339 time as seconds since 1970, None for Go's zero time."""
    if not text or text.startswith("0001-"):
        return None
    text = re.sub(r"(\.\d{1,6})\d*", r"\1", text).replace("Z", "+00:00")
    return datetime.fromisoformat(text).timestamp()


def _at(clock: Clock, text: str) -> float | None:
    seconds = moment(text)
    return None if seconds is None else clock(seconds)


def container(data: dict[str, Any], clock: Clock) -> Container:
    """A container from its inspect document; interface names of its endpoints come later, from the kernel."""
    state, config, host = data["State"], data["Config"], data["HostConfig"]
    settings = data["NetworkSettings"]
    running = state["Running"]
    mode = host["NetworkMode"] or "default"
    return Container(
        id=data["Id"],
        name=data["Name"].removeprefix("/"),
        image=config["Image"],
        command=(*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())),
        state=ContainerState(state["Status"]) if state["Status"] != "removing" else ContainerState.DEAD,
        exit_code=state["ExitCode"],
        created=_at(clock, data["Created"]) or 0.0,
        started=_at(clock, state["StartedAt"]),
        finished=_at(clock, state["FinishedAt"]),
        pid=state["Pid"] or None,
        hostname=config.get("Hostname", ""),
        network_mode=mode,
        namespace=None if not running else _namespace_name(data["Id"], mode),
        endpoints=tuple(
            _endpoint(name, value or {}, host.get("Links") or ())
            for name, value in (settings.get("Networks") or {}).items()
        ),
        exposed=tuple(sorted(config.get("ExposedPorts") or {}, key=lambda port: (int(port.split("/")[0]), port))),
        ports=tuple(_bindings(settings.get("Ports") or {})) if running else (),
        labels=dict(config.get("Labels") or {}),
        restart_policy=(host.get("RestartPolicy") or {}).get("Name") or "no",
    )  # fmt: skip


def _namespace_name(identity: str, mode: str) -> str:
    if mode == "host":
        return "host"
    if mode.startswith("container:"):
        return mode.removeprefix("container:")[:12]
    return identity[:12]


def _ip(text: str | None) -> IpAddress | None:
    return ip_address(text) if text else None


def _links(name: str, data: dict[str, Any], legacy: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(container, alias): on the default bridge '/db:/app/data' of HostConfig, else 'db:data' of the endpoint."""
    for link in legacy if name == "bridge" else data.get("Links") or ():
        target, _, alias = link.partition(":")
        yield target.removeprefix("/"), (alias or target).rpartition("/")[2]


def _endpoint(name: str, data: dict[str, Any], legacy: Iterable[str] = ()) -> Endpoint:
    configured = data.get("IPAMConfig") or {}
    return Endpoint(
        network=name,
        network_id=data.get("NetworkID", ""),
        endpoint_id=data.get("EndpointID", ""),
        address=_ip(data.get("IPAddress")),
        prefixlen=data.get("IPPrefixLen", 0),
        gateway=_ip(data.get("Gateway")),
        mac=data.get("MacAddress", ""),
        aliases=tuple(alias for alias in data.get("Aliases") or () if not re.fullmatch(r"[0-9a-f]{12}", alias)),
        configured_address=_ip(configured.get("IPv4Address")),
        address6=_ip(data.get("GlobalIPv6Address")),
        prefixlen6=data.get("GlobalIPv6PrefixLen", 0),
        gateway6=_ip(data.get("IPv6Gateway")),
        configured_address6=_ip(configured.get("IPv6Address")),
        links=tuple(_links(name, data, legacy)),
    )


def _bindings(ports: dict[str, Any]) -> list[PortBinding]:
    found = []
    for key, values in ports.items():
        port, _, protocol = key.partition("/")
        if protocol not in ("tcp", "udp"):
            continue
        for value in values or ():
            found.append(
                PortBinding(
                    int(port), Protocol(protocol), ip_address(value["HostIp"] or "0.0.0.0"), int(value["HostPort"] or 0)
                )
            )
    return sorted(
        found, key=lambda b: (b.container_port, b.protocol.value, b.host_ip.version, str(b.host_ip), b.host_port)
    )


def with_interfaces(made: Container, namespaces: dict[str, Namespace]) -> Container:
    """The container with each endpoint's interface inside and on the host, found by its address, and by its MAC where
    it has none."""
    stack = namespaces.get(made.namespace or "")
    host = namespaces.get("host")
    if stack is None or made.namespace == "host" or host is None:
        return made
    endpoints = []
    for endpoint in made.endpoints:
        inside = next((i for i in stack.interfaces if _is_of(i, endpoint)), None)
        if inside is None:
            endpoints.append(endpoint)
            continue
        outside = host.by_index(inside.peer.index) if inside.peer and inside.peer.namespace == "host" else None
        endpoints.append(replace(endpoint, interface=inside.name, host_interface=outside.name if outside else None))
    order = {interface.name: interface.index for interface in stack.interfaces}
    endpoints.sort(key=lambda e: (order.get(e.interface or "", 1 << 30), e.network))
    return replace(made, endpoints=tuple(endpoints))


def _is_of(link: Interface, endpoint: Endpoint) -> bool:
    if endpoint.addresses:
        return any(map(link.has_ip, endpoint.addresses))
    return bool(endpoint.mac) and link.mac == endpoint.mac


def networks(
    rows: list[dict[str, Any]], clock: Clock, ask: Callable[[list[str]], dict[str, Any]]
) -> tuple[Network, ...]:
    """All networks, by name. ask: paths of the API -> documents by path, for what a swarm tells of its own."""
    wide = [told(data["Id"]) for data in rows if data["Scope"] == "swarm"]
    more = ask(wide) if wide else {}
    made = (replace(_network(data, clock), records=_records(more.get(told(data["Id"]), {}))) for data in rows)
    return tuple(sorted(made, key=lambda n: n.name))


def _records(data: dict[str, Any]) -> tuple[Record, ...]:
    """The endpoints of an overlay network that a host has heard of; containers are tasks of the service ''."""
    found = []
    for service, told_of in (data.get("Services") or {}).items():
        for task in told_of.get("Tasks") or ():
            address, node = _ip(task.get("EndpointIP")), _ip((task.get("Info") or {}).get("Host IP"))
            if address is not None and node is not None:
                mac = "02:42:" + address.packed.hex(":")  # drivers/overlay: netutils.GenerateMACFromIP
                vip = _ip(told_of.get("VIP")) if service and told_of.get("VIP") != "<nil>" else None
                found.append(Record(task["Name"], address, mac, node, (), service, vip))
    return tuple(sorted(found, key=lambda record: record.address))


def _network(data: dict[str, Any], clock: Clock) -> Network:
    options = dict(data.get("Options") or {})
    bridge = None
    if data["Driver"] == "bridge":
        bridge = options.get("com.docker.network.bridge.name") or f"br-{data['Id'][:12]}"
    return Network(
        id=data["Id"],
        name=data["Name"],
        driver=data["Driver"],
        scope=data["Scope"],
        subnets=tuple(
            _subnet(entry, data["Name"], data["Scope"])
            for entry in (data.get("IPAM") or {}).get("Config") or ()
            if entry.get("Subnet")
        ),
        internal=bool(data.get("Internal")),
        attachable=bool(data.get("Attachable")),
        bridge=bridge,
        parent=options.get("parent"),
        options=options,
        labels=dict(data.get("Labels") or {}),
        created=_at(clock, data.get("Created", "")) or 0.0,
        config_only=bool(data.get("ConfigOnly")),
        config_from=(data.get("ConfigFrom") or {}).get("Network", ""),
        ingress=bool(data.get("Ingress")),
        ipv4=bool(data.get("EnableIPv4", True)),
        ipv6=bool(data.get("EnableIPv6")),
    )


def with_gateway(network: Network, host: Namespace) -> Network:
    """The network with the gateway that its bridge carries, where the API names none (the default one of 20.10)."""
    bridge = host.interface(network.bridge or "")
    if bridge is None:
        return network
    subnets = []
    for subnet in network.subnets:
        own = next((a.ip for a in bridge.routed if a.ip in subnet.subnet), None)
        subnets.append(replace(subnet, gateway=own) if subnet.gateway is None and own is not None else subnet)
    return replace(network, subnets=tuple(subnets))


def _subnet(entry: dict[str, Any], name: str, scope: str) -> Subnet:
    """The API does not say who chose a subnet; one that is none of the daemon's own pools was chosen by the user
    (moby libnetwork/ipamutils: 172.17-31.0.0/16 and 192.168.0.0/20 to 192.168.240.0/20; in a swarm 10.x.x.0/24; since
    27 of IPv6 a /64 of fdXX:XXXX:XXXX::/48, 40 bits of which are the daemon's own)."""
    subnet = ip_network(entry["Subnet"], strict=False)
    text = str(subnet)
    own = re.fullmatch(r"172\.(1[7-9]|2\d|3[01])\.0\.0/16", text) or re.fullmatch(r"192\.168\.\d+\.0/20", text)
    own = own or re.fullmatch(r"fd[0-9a-f]{2}:[0-9a-f]+:[0-9a-f]+(:[0-9a-f]+)?::/64", text)
    own = re.fullmatch(r"10\.\d+\.\d+\.0/24", text) if scope == "swarm" else own
    gateway = entry.get("Gateway") or None
    return Subnet(
        subnet,
        _ip(gateway.split("/")[0] if gateway else None),
        ip_network(entry["IPRange"], strict=False) if entry.get("IPRange") else None,
        {key: ip_address(value) for key, value in (entry.get("AuxiliaryAddresses") or {}).items()},
        configured=not own and name != "bridge",
    )


def images(rows: list[dict[str, Any]], clock: Clock) -> tuple[Image, ...]:
    """All tagged or dangling images, newest first."""
    return tuple(
        Image(
            row["Id"],
            tuple(tag for tag in row.get("RepoTags") or () if tag != "<none>:<none>"),
            clock(row["Created"]),
            row["Size"],
        )
        for row in rows
    )


def volumes(document: dict[str, Any]) -> tuple[Volume, ...]:
    """All volumes by name."""
    rows = document.get("Volumes") or ()
    return tuple(
        sorted(
            (Volume(row["Name"], row["Driver"], bool(re.fullmatch(r"[0-9a-f]{64}", row["Name"]))) for row in rows),
            key=lambda v: v.name,
        )
    )
