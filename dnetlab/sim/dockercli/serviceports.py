"""--publish of a service, in its two forms (docker/cli opts/port.go)."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.dockercli.session import Failed

Json = dict[str, Any]


def ports(values: tuple[str, ...]) -> list[Json]:
    """'8080:80/udp', '80', '8080-8082:80-82', 'mode=host,target=80,published=9090' (docker/cli opts/port.go)"""
    return [row for value in values for row in (_long_port(value) if "=" in value else _short_port(value))]


def _long_port(text: str) -> list[Json]:
    row: Json = {"Protocol": "tcp", "TargetPort": 0, "PublishedPort": 0, "PublishMode": "ingress"}
    names = {"target": "TargetPort", "published": "PublishedPort", "protocol": "Protocol", "mode": "PublishMode"}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key not in names:
            raise _bad_port(text, f"invalid field key {key}")
        if key == "mode" and value not in ("host", "ingress"):
            raise _bad_port(text, f"invalid publish mode value ({value}): must be either 'ingress' or 'host'")
        if key in ("target", "published") and not value.isdecimal():
            raise _bad_port(text, f"invalid {key} port ({value}): value must be an integer: strconv.ParseUint: parsing "
                                  f'"{value}": invalid syntax')  # fmt: skip
        row[names[key]] = int(value) if key in ("target", "published") else value
    if not row["TargetPort"]:
        raise _bad_port(text, 'missing mandatory field "target"')
    return [row]


def _bad_port(text: str, problem: str) -> Failed:
    return Failed(f'invalid argument "{text}" for "-p, --publish" flag: {problem}', 125)


def _short_port(text: str) -> list[Json]:
    numbers, _, protocol = text.partition("/")
    outer, colon, inner = numbers.rpartition(":")
    if ":" in outer:
        raise _bad_port(text, "hostip is not supported")
    inside, outside = _range(text, inner), _range(text, outer) if colon and outer else []
    if outside and len(outside) != len(inside):
        raise _bad_port(text, f"invalid ranges specified for container and host Ports: {inner} and {outer}")
    return [{"Protocol": protocol or "tcp", "TargetPort": port, "PublishedPort": outside[n] if outside else 0,
             "PublishMode": "ingress"} for n, port in enumerate(inside)]  # fmt: skip


def _range(text: str, numbers: str) -> list[int]:
    first, _, last = numbers.partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()):
        raise _bad_port(text, f"invalid containerPort: {numbers}")
    return list(range(int(first), int(last or first) + 1))
