"""A lab's shape as the text of a `lab.toml`, so that whoever attaches to the lab knows it (`parse_topology`)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from dnetlab.model.topology import HostPlan, Nic, Port, PortMode, Switch, Topology


def lab_toml(shape: Topology) -> str:
    """The file that describes this lab."""
    lines = [f"images = {_list(shape.images)}"]
    for switch in shape.switches:
        lines += _switch(switch)
    for host in shape.hosts:
        lines += _host(host)
        for nic in shape.nics_of(host.name):
            lines += _nic(nic)
    return "\n".join(lines) + "\n"


def _quoted(text: object) -> str:
    return json.dumps(str(text), ensure_ascii=False)


def _list(values: Iterable[object]) -> str:
    return "[" + ", ".join(map(_quoted, values)) + "]"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _switch(switch: Switch) -> list[str]:
    name = _quoted(switch.name)
    lines = [f"[switches.{name}]", f"title = {_quoted(switch.title)}"]
    lines += [f"forged_macs = {_flag(switch.forged_macs)}", f"hairpin = {_flag(switch.hairpin)}"]
    return lines + [f"ports.{_quoted(f'{p.host}:{p.nic}')} = {_port(p)}" for p in switch.ports]


def _port(port: Port) -> str:
    if port.mode is PortMode.ACCESS:
        return f"{{ access = {port.vlan} }}"
    allowed = str(list(port.allowed)) if port.allowed else '"all"'
    return f"{{ trunk = {allowed}, native = {port.native or 0} }}"


def _host(host: HostPlan) -> list[str]:
    lines = [f"[hosts.{_quoted(host.name)}]", f"docker = {_flag(host.docker)}"]
    lines += [f"forwarding = {_flag(host.forwarding)}", f"aliases = {_list(host.aliases)}"]
    lines += [f"at = {_quoted(host.at)}"] if host.at else []
    lines += [f"resolver = {_quoted(host.resolver)}"] if host.resolver else []
    return lines + [f"routes.{_quoted(route.destination)} = {_quoted(route.gateway)}" for route in host.routes]


def _nic(nic: Nic) -> list[str]:
    lines = [f"[hosts.{_quoted(nic.host)}.nics.{_quoted(nic.name)}]", f"switch = {_quoted(nic.switch)}"]
    lines += [f"address = {_list(nic.addresses)}"] if nic.addresses else []
    lines += [f"promiscuous = {_flag(nic.promiscuous)}"]
    return lines + ([f"mac = {_quoted(nic.mac)}"] if nic.mac else [])
