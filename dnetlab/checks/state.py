"""Kinds of checks that read a snapshot: containers, networks, links, routes, sysctls, processes, what is left over."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address

from dnetlab.checks.places import (
    as_expected,
    but,
    claim,
    container_called,
    first_host,
    host_called,
    place_called,
    unjudged,
)
from dnetlab.model import Container, Evidence, Finding, Host, Interface, Network, Said
from dnetlab.model.check import Claim, Found
from dnetlab.model.host import PREDEFINED
from dnetlab.net.routing import main_route

_CLAIMS = {"running": Claim.RUNS, "stopped": Claim.STOPPED, "any": Claim.EXISTS, "gone": Claim.GONE}
_MADE_BY_DOCKER = (*PREDEFINED, "docker_gwbridge", "ingress")


def container(evidence: Evidence, name: str, state: str = "running", mode: str = "", image: str = "") -> Finding:
    """A container is there, in that state; with that --network mode ('host', 'none'), from that image."""
    expected = claim(_CLAIMS[state], name=name)
    place = container_called(evidence.snapshot, name)
    if place is None:
        return as_expected(expected) if state == "gone" else but(expected, Found.NO_CONTAINER, name=name)
    one = place[1]
    wanted = {"running": one.is_running, "stopped": not one.is_running, "any": True, "gone": False}[state]
    if not wanted:
        return but(expected, Found.STATE, name=name, state=one.state.value)
    if mode and one.network_mode != mode:
        return but(claim(Claim.MODE, name=name, mode=mode), Found.MODE, name=name, mode=one.network_mode)
    if image and _without_tag(one.image) != _without_tag(image):
        return but(claim(Claim.IMAGE, name=name, image=image), Found.IMAGE, name=name, image=one.image)
    return as_expected(expected)


def _without_tag(image: str) -> str:
    return image.removesuffix(":latest")


def on_network(
    evidence: Evidence, container: str, network: str, address: str = "", only: bool = False
) -> Finding:  # fmt: skip
    """A running container is connected to a network: at that address; only: and to no other."""
    expected = claim(Claim.ONLY_ON if only else Claim.ON_NETWORK, name=container, network=network)
    if address:
        expected = claim(Claim.ADDRESS_ON, name=container, network=network, address=address)
    one = _running(evidence, container)
    if not isinstance(one, Container):
        return but(expected, one[0], **one[1])
    live = [e for e in one.endpoints if e.endpoint_id or e.address]
    endpoint = next((e for e in live if e.network == network), None)
    if endpoint is None or (only and len(live) > 1):
        return but(expected, Found.NETWORKS, name=container, networks=", ".join(e.network for e in live) or "-")
    if address and str(endpoint.address) != address:
        return but(expected, Found.ADDRESS, name=container, address=str(endpoint.address), network=network)
    return as_expected(expected)


def _running(evidence: Evidence, name: str) -> Container | tuple[Found, dict[str, str]]:
    """A running container, or what there is instead."""
    place = container_called(evidence.snapshot, name)
    if place is None:
        return Found.NO_CONTAINER, {"name": name}
    one = place[1]
    return one if one.is_running else (Found.STATE, {"name": name, "state": one.state.value})


def joined(evidence: Evidence, container: str, other: str) -> Finding:
    """Two running containers share one network namespace (`--network container:OTHER`)."""
    expected = claim(Claim.SHARES, name=container, other=other)
    for name in (container, other):
        one = _running(evidence, name)
        if not isinstance(one, Container):
            return but(expected, one[0], **one[1])
    if place_called(evidence.snapshot, container) != place_called(evidence.snapshot, other):
        return but(expected, Found.OWN_NAMESPACE, name=container, other=other)
    return as_expected(expected)


def network(
    evidence: Evidence, name: str, host: str = "", exists: bool = True, driver: str = "", subnet: str = "",
    gateway: str = "", internal: bool | None = None, parent: str = "", attachable: bool | None = None,
) -> Finding:  # fmt: skip
    """A Docker network is there (exists = false: is not there), with this driver, subnet, gateway, parent …"""
    expected = claim(Claim.NETWORK if exists else Claim.NO_NETWORK, name=name)
    machine = host_called(evidence.snapshot, host)
    if machine is None:
        return unjudged(expected, Found.NO_HOST, name=host)
    one = machine.network(name)
    if (one is not None) is not exists:
        return but(expected, Found.NETWORK if one else Found.NO_NETWORK, name=name)
    if one is None:
        return as_expected(expected)
    wanted = {"driver": driver, "subnet": subnet, "gateway": gateway, "parent": parent}
    wanted |= {k: _yes(v) for k, v in (("internal", internal), ("attachable", attachable)) if v is not None}
    return _attributes(one, {k: v for k, v in wanted.items() if v}) or as_expected(expected)


def _attributes(one: Network, wanted: dict[str, str]) -> Finding | None:
    """The first attribute that is not as wanted; None when all are."""
    has = {
        "driver": [one.driver], "parent": [one.parent or "-"], "internal": [_yes(one.internal)],
        "attachable": [_yes(one.attachable)], "subnet": [str(s.subnet) for s in one.subnets],
        "gateway": [str(s.gateway) for s in one.subnets],
    }  # fmt: skip
    for attribute, value in wanted.items():
        if value not in has[attribute]:
            expected = claim(Claim.NETWORK_HAS, attribute=attribute, name=one.name, value=value)
            return but(expected, Found.ATTRIBUTE, value=", ".join(has[attribute]) or "-")
    return None


def _yes(value: bool) -> str:
    return "true" if value else "false"


def link(
    evidence: Evidence, place: str, dev: str, exists: bool = True, up: bool | None = None, mtu: int = 0,
    master: str = "", address: str = "",
) -> Finding:  # fmt: skip
    """An interface of a host or container: up or down, its MTU, the bridge it is a port of, an address it has."""
    wanted = {"state": None if up is None else ("up" if up else "down"), "mtu": str(mtu) if mtu else None}
    wanted |= {"master": master or None, "address": address or None}
    asked = {k: v for k, v in wanted.items() if v is not None} or {"state": "there" if exists else "gone"}
    attribute, value = next(iter(asked.items()))
    expected = claim(Claim.LINK, attribute=attribute, dev=dev, place=place, value=value)
    where = place_called(evidence.snapshot, place)
    if where is None:
        return but(expected, Found.NO_PLACE, name=place)
    one = next((i for i in evidence.snapshot.at(where).interfaces if i.name == dev), None)
    if one is None or not exists:
        return but(expected, Found.NO_LINK, dev=dev) if exists else _gone(expected, one)
    for attribute, value in asked.items():
        has = _link_has(one)[attribute]
        if value not in has:
            expected = claim(Claim.LINK, attribute=attribute, dev=dev, place=place, value=value)
            return but(expected, Found.ATTRIBUTE, value=", ".join(has) or "-")
    return as_expected(expected)


def _gone(expected: Said, one: Interface | None) -> Finding:
    return as_expected(expected) if one is None else but(expected, Found.ATTRIBUTE, value="there")


def _link_has(one: Interface) -> dict[str, list[str]]:
    addresses = [str(a) for a in one.ipv4] + [str(a.ip) for a in one.ipv4]
    return {
        "state": ["there", "up" if one.up else "down"], "mtu": [str(one.mtu)], "master": [one.master or "-"],
        "address": addresses,
    }  # fmt: skip


def route(evidence: Evidence, place: str, to: str, via: str = "", dev: str = "") -> Finding:
    """Where a host or container sends packets for an address or a network (its first address is asked)."""
    how = " ".join(filter(None, [f"via {via}" if via else "", f"dev {dev}" if dev else ""])) or "-"
    expected = claim(Claim.ROUTE, place=place, to=to, how=how)
    where = place_called(evidence.snapshot, place)
    if where is None:
        return but(expected, Found.NO_PLACE, name=place)
    try:
        ip = IPv4Address(to.partition("/")[0]) + (1 if "/" in to and not to.endswith("/32") else 0)
    except AddressValueError:
        return unjudged(expected, Found.NO_ADDRESS, name=to)
    found = main_route(evidence.snapshot.at(where), ip)
    if found is None:
        return but(expected, Found.NO_ROUTE)
    right = any((not via or str(way.via) == via) and (not dev or way.dev == dev) for way in found.ways)
    return as_expected(expected) if right else but(expected, Found.ROUTE, route=str(found))


def sysctl(evidence: Evidence, place: str, name: str, value: str) -> Finding:
    """A kernel setting, such as net.ipv4.ip_forward, of a host or container."""
    expected = claim(Claim.SYSCTL, name=name, value=value, place=place)
    where = place_called(evidence.snapshot, place)
    if where is None:
        return but(expected, Found.NO_PLACE, name=place)
    has = evidence.snapshot.at(where).sysctls.get(name, "-")
    return as_expected(expected) if has == value else but(expected, Found.ATTRIBUTE, value=has)


def process(evidence: Evidence, name: str, host: str = "", running: bool = True, port: int = 0) -> Finding:
    """A program runs on a host, in its containers too (running = false: none does); port: docker-proxy's host port."""
    what = Claim.PROCESS if running else Claim.NO_PROCESS
    expected = claim(what, name=name, host=first_host(evidence.snapshot, host))
    machine = host_called(evidence.snapshot, host)
    if machine is None:
        return unjudged(expected, Found.NO_HOST, name=host)
    one = next((pid for pid, argv in _programs(machine) if _is_program(argv, name, port)), None)
    if (one is not None) is running:
        return as_expected(expected)
    return but(expected, Found.NO_PROCESS, name=name) if running else but(expected, Found.PROCESS, name=name, pid=one)


def _programs(machine: Host) -> list[tuple[int, tuple[str, ...]]]:
    return [(p.pid, p.argv) for p in machine.processes if not p.zombie and p.argv]


def _is_program(argv: tuple[str, ...], name: str, port: int) -> bool:
    program = argv[0].split(" ", 1)[0].rsplit("/", 1)[-1].rstrip(":")  # "nginx: master process …"
    at_port = not port or any(a == "-host-port" and b == str(port) for a, b in zip(argv, argv[1:], strict=False))
    return program == name and at_port


def clean(evidence: Evidence, host: str = "", keep: tuple[str, ...] = ()) -> Finding:
    """No containers, and no networks of one's own, are left on a host but those named in keep."""
    expected = claim(Claim.CLEAN, host=first_host(evidence.snapshot, host))
    machine = host_called(evidence.snapshot, host)
    if machine is None:
        return unjudged(expected, Found.NO_HOST, name=host)
    left = [c.name for c in machine.containers] + [n.name for n in machine.networks if n.name not in _MADE_BY_DOCKER]
    left = [name for name in left if name not in keep]
    return but(expected, Found.LEFT, names=", ".join(left)) if left else as_expected(expected)


