"""--publish of a service, in its two forms (docker/cli opts/swarmopts/port.go)."""

from __future__ import annotations

import re
from typing import Any

from dnetlab.commands.docker.ports import PortError, PortSpec, parse_publish

Json = dict[str, Any]
LONG = re.compile(r"\w+=\w+")  # what makes it the long form
_NAMES = {"target": "TargetPort", "published": "PublishedPort", "protocol": "Protocol", "mode": "PublishMode"}


def service_ports(text: str) -> list[Json]:
    """'8080:80/udp', '80', '8080-8082:80-82', 'mode=host,target=80,published=9090'. PortError in the client's words."""
    return [_long_port(text)] if LONG.search(text) else [row for spec in parse_publish(text) for row in _rows(spec)]


def port_problem(text: str) -> str | None:
    try:
        service_ports(text)
    except PortError as error:
        return str(error)
    return None


def _long_port(text: str) -> Json:
    row: Json = {"Protocol": "tcp", "TargetPort": 0, "PublishedPort": 0, "PublishMode": "ingress"}
    for field in text.split(","):
        key, equals, value = field.lower().partition("=")
        if not equals or not key:
            raise PortError(f"invalid field: {field}")
        if key not in _NAMES:
            raise PortError(f"invalid field key: {key}")
        row[_NAMES[key]] = _value(key, value)
    if not row["TargetPort"]:
        raise PortError("missing mandatory field 'target'")
    return row


def _value(key: str, value: str) -> int | str:
    if key == "protocol" and value not in ("tcp", "udp", "sctp"):
        raise PortError(f"invalid protocol value '{value}'")
    if key == "mode" and value not in ("ingress", "host"):
        raise PortError(f"invalid publish mode value ({value}): must be either 'ingress' or 'host'")
    if key in ("protocol", "mode"):
        return value
    if not value.isdecimal():
        raise PortError(f"invalid {key} port ({value}): value must be an integer: invalid syntax")
    if int(value) > 65535:
        raise PortError(f"invalid {key} port ({value}): value must be an integer: value out of range")
    return int(value)


def _rows(spec: PortSpec) -> list[Json]:
    if spec.host_ip:
        raise PortError("hostip is not supported")
    first = spec.host_port or 0
    return [{"Protocol": spec.protocol, "TargetPort": spec.container_port, "PublishedPort": number,
             "PublishMode": "ingress"} for number in range(first, (spec.host_port_end or first) + 1)]  # fmt: skip
