"""What the client says to a flag's value that can't be read, before it asks any daemon (docker/cli opts/*.go)."""

from __future__ import annotations

import re
from collections.abc import Callable

from dnetlab.commands.docker.grammar import Flag
from dnetlab.commands.docker.longvalues import BadValue, parse_mount, parse_ulimit
from dnetlab.commands.docker.ports import is_ip
from dnetlab.commands.docker.serviceports import port_problem
from dnetlab.commands.docker.units import BYTES, parse_bytes

_DURATION = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$")
LONG_NETWORK = re.compile(r"\w+=\w+")  # the long form of --network; anything else is a name
_DOMAIN = re.compile(r"^(:?(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9]))(:?\.(:?[a-zA-Z0-9]|"
                     r"(:?[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])))*)\.?\s*$")  # fmt: skip
_SYSCTLS = ("kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
            "kernel.shmmni", "kernel.shm_rmid_forced")  # fmt: skip


def problem(flag: Flag, value: str) -> str | None:
    """The client's complaint about this value, None when it takes it."""
    if not flag.kind:
        return None
    check = _BY_NAME.get(flag.name) or _BY_KIND.get(flag.kind)
    return check(value) if check else None


def is_mac(text: str) -> bool:
    """Six hex pairs with : or -, or Cisco's three groups with dots (net.ParseMAC)."""
    return bool(
        re.fullmatch(r"[0-9a-fA-F]{2}([:-])([0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}", text)
        or re.fullmatch(r"([0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}", text)
    )


def _int(value: str) -> str | None:
    return _number("ParseInt", value, -(1 << 63), (1 << 63) - 1, signed=True)


def _unsigned(bits: int) -> Callable[[str], str | None]:
    return lambda value: _number("ParseUint", value, 0, (1 << bits) - 1, signed=False)


def _number(function: str, value: str, least: int, most: int, *, signed: bool) -> str | None:
    pattern = r"[-+]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9]\d*|0)" if signed else r"(0[xX][0-9a-fA-F]+|\d+)"
    if not re.fullmatch(pattern, value):
        return f'strconv.{function}: parsing "{value}": invalid syntax'
    number = int(value, 0) if value.lstrip("+-").isdecimal() is False else int(value)
    if not least <= number <= most:
        return f'strconv.{function}: parsing "{value}": value out of range'
    return None


def _bytes(value: str) -> str | None:
    match = BYTES.match(value.lower())
    if not match:
        return f"invalid size: '{value}'"
    return None if parse_bytes(value) is not None else f"invalid suffix: '{match.group(2)}'"


def _decimal(value: str) -> str | None:
    if re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?|[-+]?\d+/\d+", value):
        return None
    return f"failed to parse {value} as a rational number"


def _duration(value: str) -> str | None:
    if value == "0" or _DURATION.match(value):
        return None
    if re.fullmatch(r"[-+]?\d+(\.\d*)?", value):
        return f'time: missing unit in duration "{value}"'
    return f'time: invalid duration "{value}"'


def _filter(value: str) -> str | None:
    return None if not value or "=" in value else "bad format of filter (expected name=value)"


def _env(value: str) -> str | None:
    return f"invalid environment variable: {value}" if value.partition("=")[0] == "" else None


def _label(value: str) -> str | None:
    return f"invalid label '{value}': empty name" if value.partition("=")[0] == "" else None


def _add_host(value: str) -> str | None:
    name, found, address = value.partition("=")
    if not found:
        name, found, address = value.partition(":")
    if not found or not name:
        return f'bad format for add-host: "{value}"'
    if address == "host-gateway" or is_ip(address.removeprefix("[").removesuffix("]")):
        return None
    return f'invalid IP address in add-host: "{address}"'


def _dns(value: str) -> str | None:
    return None if is_ip(value) else f"IP address is not correctly formatted: {value}"


def _dns_search(value: str) -> str | None:
    text = value.strip()
    if text == "." or (re.search("[a-zA-Z]", text) and _DOMAIN.match(text) and len(text) < 255):
        return None
    return f"{value} is not a valid domain"


def _ip(value: str) -> str | None:
    return None if value == "" or is_ip(value.strip()) else f'failed to parse IP: "{value}"'  # spf13/pflag ip.go


def _ips(value: str) -> str | None:
    bad = next((one for one in value.split(",") if not is_ip(one.strip())), None)
    return None if bad is None else f"invalid string being converted to IP address: {bad}"  # spf13/pflag ip_slice.go


def _link(value: str) -> str | None:
    if value == "":
        return "empty string specified for links"
    return f"bad format for links: {value}" if value.count(":") > 1 else None


def _attach(value: str) -> str | None:
    return None if value.lower() in ("stdin", "stdout", "stderr") else "valid streams are STDIN, STDOUT and STDERR"


def _sysctl(value: str) -> str | None:
    name, equals, _ = value.partition("=")
    allowed = name in _SYSCTLS or name.startswith(("net.", "fs.mqueue."))
    return None if equals and allowed else f"sysctl '{value}' is not allowed"


def _network(value: str) -> str | None:
    """--network NAME, or name=NAME,alias=…,ip=…,driver-opt=K=V (docker/cli opts/network.go)."""
    if not LONG_NETWORK.search(value):
        return None
    for item in value.split(","):
        key, equals, content = item.partition("=")
        key = key.strip().lower()
        if not equals:
            return f"invalid field {item}"
        if key == "driver-opt" and "=" not in content:
            return "invalid key value pair format in driver options"
        if key == "gw-priority" and _int(content):
            return f"invalid gw-priority ({content}): invalid syntax"
        if key not in ("name", "alias", "ip", "ip6", "mac-address", "link-local-ip", "driver-opt", "gw-priority"):
            return f"invalid field key {key}"
    return None


def _mount(value: str) -> str | None:
    return _complaint(parse_mount, value)


def _ulimit(value: str) -> str | None:
    return _complaint(parse_ulimit, value)


def _complaint(read: Callable[[str], object], value: str) -> str | None:
    try:
        read(value)
    except BadValue as bad:
        return str(bad)
    return None


_BY_KIND: dict[str, Callable[[str], str | None]] = {
    "int": _int, "uint": _unsigned(64), "uint16": _unsigned(16), "uint32": _unsigned(32), "bytes": _bytes,
    "decimal": _decimal, "duration": _duration, "filter": _filter, "network": _network, "ip": _ip, "ipSlice": _ips,
    "mount": _mount, "ulimit": _ulimit, "port": port_problem,
}  # fmt: skip
_BY_NAME: dict[str, Callable[[str], str | None]] = {
    "env": _env, "label": _label, "add-host": _add_host, "dns": _dns, "dns-search": _dns_search, "link": _link,
    "attach": _attach, "sysctl": _sysctl,
}  # fmt: skip
