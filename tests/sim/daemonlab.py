"""Short words for tests of the daemon: a lab, containers in it, and `iptables -S` with bridges named by network."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from dnetlab.model import Container, Protocol, Where
from dnetlab.model.netfilter import BUILTIN
from dnetlab.sim.dockerd import create as creating
from dnetlab.sim.dockerd import lifecycle
from dnetlab.sim.dockerd.api import streams
from dnetlab.sim.dockerd.config import ContainerConfig, NetworkAttachment, PortRequest
from dnetlab.sim.world import World

HOST = "docker1"


def port(text: str) -> PortRequest:
    """'127.0.0.1:8443:443/tcp' as a request; '80' for any free host port."""
    text, _, protocol = text.partition("/")
    *front, inside = text.split(":")
    host_ip = IPv4Address(front[0]) if len(front) == 2 else None
    first, _, last = (front[-1] if front else "").partition("-")
    return PortRequest(
        int(inside), Protocol(protocol or "tcp"), host_ip, int(first) if first else None, int(last) if last else None
    )


def run(world: World, name: str, network: str = "default", *, ports: tuple[str, ...] = (), ip: str = "",
        **more: object) -> Container:  # fmt: skip
    """docker run -d --name NAME --network NETWORK -p … nginx"""
    networks: tuple[NetworkAttachment, ...] = ()
    if ip:
        networks = (NetworkAttachment(network, IPv4Address(ip)),)
    config = ContainerConfig("nginx", name=name, network_mode=network, networks=networks,
                             publish=tuple(port(p) for p in ports))  # fmt: skip
    made = creating.create(world, HOST, replace(config, **more))  # type: ignore[arg-type]
    lifecycle.start(world, HOST, made.id)
    return container(world, name)


def container(world: World, name: str) -> Container:
    found = world.hosts[HOST].container(name)
    assert found is not None
    return found


def printed(world: World, name: str, stream: str = "stdout", **more: object) -> str:
    """`docker logs NAME`: what it wrote to that stream."""
    frames = streams.container_logs(world, HOST, name, **more)  # type: ignore[arg-type]
    return "".join(frame["text"] for frame in frames if frame["stream"] == stream)


def address(world: World, name: str, network: str = "bridge") -> str:
    endpoint = container(world, name).endpoint(network)
    return str(endpoint.address) if endpoint else "not connected"


def listing(world: World, table: str, chain: str = "") -> str:
    """`iptables -t TABLE -S [CHAIN]`, with br-NAME for the bridge of network NAME."""
    found = world.namespace(Where(HOST)).netfilter.table(table)
    own = sorted((c for c in found.chains if c.policy is None), key=lambda c: c.name)
    builtin = [found.chain(name) for name in BUILTIN[table]]
    chains = [c for c in [*builtin, *own] if c is not None and chain in ("", c.name)]
    lines = [f"-P {c.name} {c.policy}" if c.policy else f"-N {c.name}" for c in chains]
    lines += [f"-A {c.name} {rule.text}" for c in chains for rule in c.rules]
    text = "".join(f"{line}\n" for line in lines)
    for network in world.hosts[HOST].networks:
        text = text.replace(f"br-{network.short_id}", f"br-{network.name}")
    return text


def flush(world: World, table: str, *only: str) -> None:
    """`iptables -t TABLE -F [CHAIN]`"""
    stack = world.namespace(Where(HOST))
    found = stack.netfilter.table(table)
    emptied = replace(
        found, chains=tuple(replace(c, rules=()) if not only or c.name in only else c for c in found.chains)
    )
    world.put_namespace(Where(HOST), replace(stack, netfilter=stack.netfilter.with_table(emptied)))


def drop_chain(world: World, table: str, chain: str) -> None:
    """`iptables -t TABLE -X CHAIN`"""
    stack = world.namespace(Where(HOST))
    left = stack.netfilter.table(table).without_chain(chain)
    world.put_namespace(Where(HOST), replace(stack, netfilter=stack.netfilter.with_table(left)))
