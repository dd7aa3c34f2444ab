"""`-p` in all its forms: [ip:][host[-host]:]container[-container][/proto] (docker/go-connections nat/nat.go)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address


class PortError(ValueError):
    """The client's complaint about a port, without its prefix."""


@dataclass(frozen=True)
class PortSpec:
    """One published port. host_ip '' when none was named; host_port None: any free one; host_port_end: last of a range
    to choose from, else None."""

    container_port: int
    protocol: str = "tcp"
    host_ip: str = ""
    host_port: int | None = None
    host_port_end: int | None = None


def is_ip(text: str) -> bool:
    """Does Go's net.ParseIP take it?"""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def parse_publish(text: str) -> tuple[PortSpec, ...]:
    """'8080:80' -> one PortSpec, '8000-8001:80-81/udp' -> two. Raises PortError in the client's words."""
    text = _long_form(text) if "=" in text else text
    host_ip, host, container = _split(text)
    container, protocol = _split_protocol(container)
    if host_ip.startswith("["):
        host_ip = host_ip.removeprefix("[").removesuffix("]")
    if host_ip and not is_ip(host_ip):
        raise PortError(f"invalid IP address: {host_ip}")
    if not container:
        raise PortError(f"no port specified: {text}<empty>")
    inner = _range(container)
    if inner is None:
        raise PortError(f"invalid containerPort: {container}")
    outer = _range(host) if host else (0, 0)
    if outer is None:
        raise PortError(f"invalid hostPort: {host}")
    span = inner[1] - inner[0]
    if host and span != outer[1] - outer[0] and span:
        raise PortError(f"invalid ranges specified for container and host Ports: {container} and {host}")
    if protocol.lower() not in ("tcp", "udp", "sctp"):
        raise PortError(f"invalid proto: {protocol}")
    end = outer[1] if not span and outer[1] != outer[0] else None
    return tuple(
        PortSpec(
            inner[0] + step, protocol.lower(), host_ip, outer[0] + step if host and (outer[0] or end) else None, end
        )
        for step in range(span + 1)
    )


def parse_expose(text: str) -> tuple[str, ...]:
    """'80' -> ('80/tcp',), '53-54/udp' -> two. Raises PortError in the client's words."""
    if ":" in text:
        raise PortError(f"invalid port format for --expose: {text}")
    ports, protocol = _split_protocol(text)
    found = _range(ports)
    if found is None:
        raise PortError(f"invalid range format for --expose: {text}, error: {_range_problem(ports)}")
    return tuple(f"{port}/{protocol}" for port in range(found[0], found[1] + 1))


def _long_form(text: str) -> str:
    """target=80,published=8080,protocol=tcp"""
    fields = {"protocol": "tcp", "published": "", "target": ""}
    for item in text.split(","):
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise PortError(f"invalid publish opts format (should be name=value but got '{item}')")
        fields[key] = value
    return f"{fields['published']}:{fields['target']}/{fields['protocol']}"


def _split(text: str) -> tuple[str, str, str]:
    parts = text.split(":")
    if len(parts) == 1:
        return "", "", parts[0]
    return ":".join(parts[:-2]), parts[-2], parts[-1]


def _split_protocol(text: str) -> tuple[str, str]:
    parts = text.split("/")
    if not parts[0]:
        return "", ""
    return parts[0], parts[1] if len(parts) > 1 and parts[1] else "tcp"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and int(text) < 65536 else None


def _range(text: str) -> tuple[int, int] | None:
    first, dash, rest = text.partition("-")
    start = _number(first)
    end = _number(rest.split("-")[0]) if dash else start
    return (start, end) if start is not None and end is not None and end >= start else None


def _range_problem(text: str) -> str:
    if not text:
        return "empty string specified for ports"
    first, dash, rest = text.partition("-")
    for part in (first, rest.split("-")[0]) if dash else (first,):
        if _number(part) is None:
            too_big = part.isascii() and part.isdecimal()
            what = "value out of range" if too_big else "invalid syntax"
            return f'strconv.ParseUint: parsing "{part}": {what}'
    return f"invalid range specified for port: {text}"
