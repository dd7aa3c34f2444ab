"""`lab.toml`, the file that says which hosts, NICs, switches and images a lab has; docs/labs.md describes it.

A mistake in it is one sentence: which key of which file, what is wrong there, and what may stand there.
"""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, ip_interface
from pathlib import Path
from typing import Any, TypeVar

from dnetlab.errors import UsageError
from dnetlab.language import Words, near_or, worded
from dnetlab.model.topology import HostPlan, Nic, Port, PortMode, StaticRoute, Switch, Topology

DEFAULT = Path(__file__).with_name("lab.toml")
HOST_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")  # RFC 1123, and none that reads as an address
NIC_NAME = re.compile(r"[^\s/:]{1,15}")  # dev_valid_name() of Linux
PLACE = re.compile(r"ssh://(?:[\w.-]+@)?[\w.:\[\]-]+")
MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
MODULES = ("8021q", "dummy")
CONTAINER_ID = re.compile(r"[0-9a-f]{12}")

T = TypeVar("T")


@functools.cache
def default_topology() -> Topology:
    """docker1, docker2 and client, from the package's own `lab.toml`."""
    return read_topology(DEFAULT)

_RESOLVER = Words("Write an IPv4 address, like {example}.", example="192.0.2.53")

def read_topology(path: str | Path) -> Topology:
    """The lab that a file describes. Raises UsageError when it can't be read, or says what makes no lab."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            "there is no file {path}", hint="Name a lab.toml; docs/labs.md has examples.", path=path
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("{path} can't be read: {error}", path=path, error=error) from None
    return parse_topology(text, str(path))


def parse_topology(text: str, name: str = "lab.toml") -> Topology:
    """The lab that the text of a `lab.toml` describes; `name` is what errors call it. Raises UsageError."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(
            "{name} is no TOML: {error}", hint="https://toml.io shows how it is written.", name=name, error=error
        ) from None
    return topology_of(data, name)


def topology_of(data: object, name: str = "lab.toml") -> Topology:
    """The lab that the tables of a `lab.toml` describe, read already. Raises UsageError."""
    if not isinstance(data, dict):
        raise UsageError("{name} describes no lab: {data!r} is no table", name=name, data=data)
    return _topology(_Table(data, name, ""))


def as_data(topology: Topology) -> dict[str, Any]:
    """The tables of a `lab.toml` for this lab, in values that JSON has; `topology_of` reads them back, equal."""
    hosts = {host.name: _host_data(host, topology.nics_of(host.name)) for host in topology.hosts}
    switches = {switch.name: _switch_data(switch) for switch in topology.switches}
    lacks = {"kernel_lacks": list(topology.kernel_lacks)} if topology.kernel_lacks else {}
    return {"images": list(topology.images), **lacks, "switches": switches, "hosts": hosts}


def _host_data(host: HostPlan, nics: tuple[Nic, ...]) -> dict[str, Any]:
    cards = {
        nic.name: {"switch": nic.switch, "address": [str(a) for a in nic.addresses], "promiscuous": nic.promiscuous,
                   "mac": nic.mac}
        for nic in nics
    }  # fmt: skip
    routes = {str(route.destination): str(route.gateway) for route in host.routes}
    data = {"docker": host.docker, "forwarding": host.forwarding, "routes": routes, "aliases": list(host.aliases)}
    data |= {"at": host.at} if host.at else {}
    return data | {"nics": cards} | ({"resolver": str(host.resolver)} if host.resolver else {})


def _switch_data(switch: Switch) -> dict[str, Any]:
    ports: dict[str, Any] = {}
    for port in switch.ports:
        trunk = {"trunk": list(port.allowed) or "all", "native": port.native or 0}
        ports[f"{port.host}:{port.nic}"] = {"access": port.vlan} if port.mode is PortMode.ACCESS else trunk
    policies = {"forged_macs": switch.forged_macs, "hairpin": switch.hairpin}
    return {"title": switch.title, "ports": ports} | policies


# -- the parts of the file ------------------------------------------------------------------------------------------


def _topology(table: _Table) -> Topology:
    table.knows("resolver", "images", "kernel_lacks", "switches", "hosts")
    images = tuple(map(_with_tag, table.texts("images"))) if "images" in table.data else default_topology().images
    resolver = table.value("resolver", IPv4Address, _RESOLVER)
    hosts, nics = [], []
    for name, host in table.tables("hosts"):
        hosts.append(_host(name, host, resolver))
        nics += [_nic(name, nic, part) for nic, part in host.tables("nics")]
    if not hosts:
        raise table.wrong("hosts", "a lab needs a host", "For example: [hosts.docker1], and under it: docker = true")
    switches = [_switch(name, part, nics) for name, part in table.tables("switches")]
    topology = Topology(tuple(hosts), tuple(nics), tuple(switches), images, _lacks(table))
    _check(topology, table)
    _check_routes(topology, table)
    return topology


def _lacks(table: _Table) -> tuple[str, ...]:
    """The modules that the kernel hasn't, of those whose absence the lab knows the words for."""
    names = table.texts("kernel_lacks")
    for name in names:
        if name not in MODULES:
            raise table.wrong("kernel_lacks", "{name!r} is no module that the lab's kernel can lack",
                              "It may lack 8021q (VLANs) and dummy.", name=name)  # fmt: skip
    return names


def _host(name: str, table: _Table, resolver: IPv4Address | None) -> HostPlan:
    table.knows("docker", "forwarding", "resolver", "routes", "aliases", "nics", "at")
    if not HOST_NAME.fullmatch(name) or CONTAINER_ID.fullmatch(name):
        raise table.wrong(
            "", "{name!r} can't be a host's name",
            "Letters, digits and -, a letter first; twelve hexadecimal digits would read as a container.", name=name,
        )  # fmt: skip
    own = table.value("resolver", IPv4Address, _RESOLVER)
    routes = table.table("routes")
    return HostPlan(
        name, table.flag("docker"), table.flag("forwarding"), own or resolver,
        tuple(_route(destination, routes) for destination in routes.data), table.texts("aliases"), _at(table),
    )  # fmt: skip


def _at(table: _Table) -> str:
    text = table.text("at")
    if text and not PLACE.fullmatch(text):
        raise table.wrong("at", "{text!r} is no place of a host", "Write ssh://USER@HOST, or ssh://USER@HOST:PORT.",
                          text=text)  # fmt: skip
    return text


def _route(destination: str, table: _Table) -> StaticRoute:
    try:
        network = IPv4Network("0.0.0.0/0" if destination == "default" else destination)
    except ValueError as error:
        raise table.wrong(
            destination, "no network: {error}", "Write default, or NETWORK/PREFIX.", error=error
        ) from None
    gateway = table.value(destination, IPv4Address, Words("Write the IPv4 address of the gateway."))
    assert gateway is not None
    return StaticRoute(network, gateway)


def _nic(host: str, name: str, table: _Table) -> Nic:
    table.knows("switch", "address", "promiscuous", "mac")
    if not NIC_NAME.fullmatch(name) or name in ("lo", ".", "..", "all", "default"):
        raise table.wrong(
            "", "{name!r} can't be a NIC's name", "Up to 15 characters, no space, / or :, and not lo.", name=name
        )
    mac = table.text("mac").lower()
    if mac and (not MAC.fullmatch(mac) or int(mac[1], 16) & 1):
        raise table.wrong("mac", "{mac!r} is no MAC of a card", "Six pairs of digits, as 52:54:00:12:34:56.", mac=mac)
    form = Words("Write ADDRESS/PREFIX, like {example}.", example="172.25.254.1/24")
    addresses = tuple(table.convert("address", a, ip_interface, form) for a in table.texts("address"))
    for address in addresses:
        if address.network.prefixlen == address.max_prefixlen:
            raise table.wrong("address", "{address} has no prefix", "Write {ip}/24, for example.",
                              address=address, ip=address.ip)  # fmt: skip
    return Nic(host, name, table.text("switch"), addresses, table.flag("promiscuous"), mac)


def _switch(name: str, table: _Table, nics: list[Nic]) -> Switch:
    table.knows("title", "ports", "forged_macs", "hairpin")
    here = {f"{nic.host}:{nic.name}": nic for nic in nics if nic.switch == name}
    ports = []
    for place, part in table.tables("ports"):
        if place not in here:
            known = Words("Plugged in here: {here}.", here=", ".join(here) or Words("nothing"))
            raise part.wrong("", "no NIC {place} is plugged into the switch {name}", _meant(place, here) or known,
                             place=place, name=name)  # fmt: skip
        ports.append(_port(here[place], part))
    title = table.text("title") or f"switch {name}"
    return Switch(name, title, tuple(ports), table.flag("forged_macs", True), table.flag("hairpin"))


def _port(nic: Nic, table: _Table) -> Port:
    """`{ access = 10 }`, or `{ trunk = [10, 20], native = 1 }`; `trunk = "all"` carries every VLAN."""
    table.knows("access", "trunk", "native")
    if ("access" in table.data) == ("trunk" in table.data):
        raise table.wrong("", "a port is either access or trunk", "Write {{ access = 10 }} or {{ trunk = [10, 20] }}.")
    if "access" in table.data:
        return Port(nic.host, nic.name, PortMode.ACCESS, table.vlan("access", table.data["access"]))
    wanted = table.data["trunk"]
    if wanted != "all" and not isinstance(wanted, list):
        raise table.wrong("trunk", "{wanted!r} is no list of VLANs", 'Write trunk = [10, 20], or trunk = "all".',
                          wanted=wanted)  # fmt: skip
    allowed = () if wanted == "all" else tuple(table.vlan("trunk", number) for number in wanted)
    native = table.data.get("native", 1)
    return Port(nic.host, nic.name, PortMode.TRUNK, native=table.vlan("native", native) if native else None,
                allowed=allowed)  # fmt: skip


def _check(topology: Topology, table: _Table) -> None:
    """What only the whole can show: names used twice, switches that aren't there, addresses given twice."""
    names = [word for host in topology.hosts for word in (host.name, *host.aliases)]
    for name in names:
        if names.count(name) > 1:
            raise table.wrong(
                "hosts", "two hosts are called {name}", "A prompt must say which one is meant.", name=name
            )
    switches = [switch.name for switch in topology.switches]
    taken: dict[tuple[str, object], str] = {}
    for nic in topology.nics:
        place = f"hosts.{nic.host}.nics.{nic.name}"
        if nic.switch and nic.switch not in switches:
            otherwise = Words("Say that there is one: [switches.{name}]", name=nic.switch)
            raise table.wrong(f"{place}.switch", "there is no switch {name!r}",
                              _meant(nic.switch, switches) or otherwise, name=nic.switch)  # fmt: skip
        for address in nic.addresses:
            owner = taken.setdefault((nic.switch, address.ip), nic.host)
            if nic.switch and owner != nic.host:
                raise table.wrong(f"{place}.address", "{ip} is {owner}'s already", "Give each its own.",
                                  ip=address.ip, owner=owner)  # fmt: skip


def _check_routes(topology: Topology, table: _Table) -> None:
    """A gateway must be on a network of the host, as `ip route add` asks for."""
    for host in topology.hosts:
        networks = [address.network for nic in topology.nics_of(host.name) for address in nic.ipv4]
        for route in host.routes:
            if not any(route.gateway in network for network in networks):
                mine = ", ".join(map(str, networks)) or Words("none")
                raise table.wrong(f"hosts.{host.name}.routes", "no card of {host} reaches {gateway}",
                                  "A gateway is on a network of the host; its own: {networks}.", host=host.name,
                                  gateway=route.gateway, networks=mine)  # fmt: skip


def _with_tag(image: str) -> str:
    return image if ":" in image.rpartition("/")[2] else f"{image}:latest"


def _meant(word: str, known: Iterable[str]) -> Words:
    """The nearest, as a question; empty when none is near."""
    return near_or(difflib.get_close_matches(word, list(known), 1, 0.6), Words(""))


# -- a table of the file, with the place it stands at -----------------------------------------------------------------


class _Table:
    """One table of the file: typed look-ups, whose errors name the file and the key."""

    def __init__(self, data: dict[str, Any], file: str, path: str) -> None:
        self.data, self.file, self.path = data, file, path

    def wrong(self, key: str, what: str, hint: str | Words, /, **fields: Any) -> UsageError:
        place = ".".join(word for word in (self.path, key) if word)
        where = "{file}: {place}: {what}" if place else "{file}: {what}"
        message = Words(where, file=self.file, place=place, what=Words(what, **fields))
        return UsageError(message, hint=worded(hint, fields))

    def knows(self, *keys: str) -> None:
        """Raises UsageError for a key that isn't one of these."""
        for key in self.data:
            if key not in keys:
                raise self.wrong(
                    key,
                    "nothing is called so here",
                    _meant(key, keys) or Words("What may stand here: {keys}.", keys=", ".join(keys)),
                )

    def table(self, key: str) -> _Table:
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, "{value!r} is no table", "Write it as [{key}.NAME], or as {{ … }}.",
                             value=value, key=key)  # fmt: skip
        return _Table(value, self.file, f"{self.path}.{key}" if self.path else key)

    def tables(self, key: str) -> list[tuple[str, _Table]]:
        """The (name, table) pairs under a key; [] when it isn't there."""
        inner = self.table(key)
        return [(name, inner.table(name)) for name in inner.data]

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "{value!r} is neither true nor false", "Write {key} = true, without quotes.",
                             value=value, key=key)  # fmt: skip
        return value

    def text(self, key: str) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(key, "{value!r} is no text", 'Put it in quotes: {key} = "{value}"', value=value, key=key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A text, or a list of them; () when the key isn't there."""
        value = self.data.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise self.wrong(key, "{value!r} is no list of texts", 'For example: {key} = ["one", "two"]',
                             value=value, key=key)  # fmt: skip
        return tuple(values)

    def value(self, key: str, make: Callable[[str], T], form: Words) -> T | None:
        """What `make` reads out of a text; None when the key isn't there. form: how it is written."""
        return self.convert(key, self.text(key), make, form) if key in self.data else None

    def convert(self, key: str, text: str, make: Callable[[str], T], form: Words) -> T:
        try:
            return make(text)
        except ValueError:
            raise self.wrong(key, "{text!r} can't be read", form, text=text) from None

    def vlan(self, key: str, number: object) -> int:
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 4094:
            raise self.wrong(key, "{number!r} is no VLAN", "VLANs are numbers from 1 to 4094.", number=number)
        return number
