"""What ipset 7.17 (Debian 12) reads: kinds of sets, their options and their elements. Its words were recorded in a
network namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, summarize_address_range

from dnetlab.commands.services import service_port
from dnetlab.model.ip import IpNetwork

BANNER = "ipset v7.17: "
TRY = "Try `ipset help' for more information.\n"
MOST_AT_ONCE = 65536  # elements that one `ipset add` may name


class IpsetError(Exception):
    """What ipset says on stderr, whole, and its exit status."""

    def __init__(self, text: str, usage: bool = False) -> None:
        super().__init__(text)
        self.text = f"{BANNER}{text}\n" + (TRY if usage else "")
        self.code = 2 if usage else 1


@dataclass(frozen=True)
class Kind:
    """A kind of set. revision: as `ipset list` prints it; empty: its bytes without an element; more: those that an
    element of IPv4 has in a bucket, 0 for a kind without buckets."""

    revision: int
    empty: int
    more: int


KINDS: dict[str, Kind] = {
    "hash:ip": Kind(6, 216, 4), "hash:net": Kind(7, 456, 8), "hash:ip,port": Kind(7, 216, 8),
    "hash:net,port": Kind(8, 456, 8), "hash:ip,port,ip": Kind(6, 208, 12), "bitmap:port": Kind(3, 200, 0),
    "bitmap:ip": Kind(3, 120, 0), "list:set": Kind(3, 80, 8), "hash:mac": Kind(1, 208, 8),
}  # fmt: skip
OTHER_KINDS = frozenset((
    "hash:ip,mark", "hash:ip,mac", "hash:net,net", "hash:ip,port,net", "hash:net,port,net", "hash:net,iface",
    "bitmap:ip,mac",
))  # fmt: skip
OLD_NAMES = {"iphash": "hash:ip", "nethash": "hash:net", "ipporthash": "hash:ip,port", "portmap": "bitmap:port",
             "ipmap": "bitmap:ip", "setlist": "list:set"}  # fmt: skip
_NUMBERS = {"hashsize": 2**32, "maxelem": 2**32, "timeout": 2147483, "netmask": 32, "bucketsize": 255, "size": 65536}
_FLAGS = ("counters", "comment", "forceadd", "skbinfo")
_ORDER = ("family", "hashsize", "maxelem", "range", "size", "netmask", "timeout", *_FLAGS, "bucketsize")


def header(kind: str, words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The options of `ipset create NAME KIND …`, with those that have a value anyway, as they are printed."""
    left = list(words)
    given: dict[str, str] = {}
    while left:
        word = left.pop(0)
        if word in _FLAGS:
            given[word] = ""
            continue
        if word not in _NUMBERS and word not in ("family", "range"):
            raise IpsetError(f"Unknown argument: `{word}'", usage=True)
        if not left:
            raise IpsetError(f"Missing mandatory argument of option `{word}'", usage=True)
        given[word] = _value(word, left.pop(0))
    return _complete(kind, given)


def _value(name: str, word: str) -> str:
    if name == "family":
        if word not in ("inet", "inet6", "ipv4", "ipv6", "-4", "-6"):
            raise IpsetError(f"Syntax error: unknown INET family {word}")
        return "inet6" if word.endswith("6") else "inet"
    if name == "range":
        return word
    if not word.isdecimal():
        raise IpsetError(f"Syntax error: '{word}' is invalid as number")
    if int(word) > _NUMBERS[name]:
        raise IpsetError(f"Syntax error: '{word}' is out of range 0-{_NUMBERS[name]}")
    return str(int(word))


def _complete(kind: str, given: dict[str, str]) -> tuple[tuple[str, str], ...]:
    if kind.startswith("hash:"):
        usual = {"hashsize": "1024", "maxelem": "65536", "bucketsize": "12"}
        given = usual | ({} if kind == "hash:mac" else {"family": "inet"}) | given
    elif kind == "list:set":
        given = {"size": "8"} | given
    else:
        if "range" not in given:
            raise IpsetError("Mandatory option `range' is missing", usage=True)
        given["range"] = _range(kind, given["range"])
    return tuple((name, given[name]) for name in _ORDER if name in given)


def _range(kind: str, word: str) -> str:
    """'1-1024' of ports, '10.0.0.0-10.0.0.255' of addresses (10.0.0.0/24 says the same)."""
    if kind == "bitmap:port":
        low, _, high = word.partition("-")
        return f"{_port(low)}-{_port(high or low)}"
    if "/" in word:
        network = _network(word, 4)
        return f"{network.network_address}-{network.broadcast_address}"
    low, _, high = word.partition("-")
    return f"{_network(low, 4).network_address}-{_network(high or low, 4).network_address}"


def _port(word: str) -> int:
    number = int(word) if word.isdecimal() else service_port(word, "tcp")
    if number is None or number > 65535:
        raise IpsetError(f"Syntax error: cannot parse '{word}' as a TCP port")
    return number


def _network(word: str, version: int) -> IpNetwork:
    address, _, bits = word.partition("/")
    most = 32 if version == 4 else 128
    if bits and not bits.isdecimal():
        raise IpsetError(f"Syntax error: '{bits}' is invalid as number")
    if bits and int(bits) > most:
        raise IpsetError(f"Syntax error: '{bits}' is out of range 0-{most}")
    try:
        if version == 6:
            return IPv6Network((IPv6Address(address), int(bits or most)), strict=False)
        return IPv4Network((IPv4Address(address), int(bits or most)), strict=False)
    except ValueError:
        raise IpsetError(f"Syntax error: cannot parse {address}: resolving to IPv{version} address failed") from None


# -- elements ---------------------------------------------------------------------------------------------------------


def elements(kind: str, options: dict[str, str], word: str) -> list[tuple[str, ...]]:
    """The elements that a word names: ranges and networks of a set of addresses are one each."""
    fields, words = kind.partition(":")[2].split(","), word.split(",")
    if kind == "list:set":
        return [(word,)]
    if len(words) > len(fields):
        if len(fields) == 1:
            raise IpsetError(f"Syntax error: Elem separator in {word}, but settype {kind} supports none.")
        raise IpsetError(f"Syntax error: Elem separator in {word}, but settype {kind} supports {len(fields)}.")
    if len(words) < len(fields):
        missing = ("Second", "Third")[len(words) - 1]
        raise IpsetError(f"Syntax error: {missing} element is missing from {word}.")
    version = 6 if options.get("family") == "inet6" else 4
    found: list[tuple[str, ...]] = [()]
    for name, part in zip(fields, words, strict=True):
        choices = list(_choices(kind, name, part, version, options))
        found = [(*head, choice) for head in found for choice in choices]
        if len(found) > MOST_AT_ONCE:
            raise IpsetError("Hash is full, cannot add more elements")
    return found


def _choices(kind: str, name: str, part: str, version: int, options: dict[str, str]) -> Iterator[str]:
    if name == "mac":
        if not re.fullmatch(r"(?:[0-9A-Fa-f]{1,2}:){5}[0-9A-Fa-f]{1,2}", part):
            raise IpsetError(f"Syntax error: cannot parse {part} as an ethernet address")
        yield ":".join(f"{int(byte, 16):02X}" for byte in part.split(":"))
    elif name == "port":
        yield from _ports(part, kind == "bitmap:port")
    elif name == "net":
        yield from _nets(part, version)
    else:
        yield from _addresses(part, version, options)


def _ports(part: str, bare: bool) -> Iterator[str]:
    protocol, colon, rest = part.rpartition(":")
    if colon and protocol.lower() not in ("tcp", "udp", "sctp", "udplite", "icmp", "6", "17"):
        raise IpsetError(f"Syntax error: cannot parse '{protocol}' as a protocol")
    protocol = {"6": "tcp", "17": "udp", "": "tcp"}.get(protocol.lower(), protocol.lower())
    low, _, high = rest.partition("-")
    for number in range(_port(low), _port(high or low) + 1):
        yield str(number) if bare else f"{protocol}:{number}"


def _nets(part: str, version: int) -> Iterator[str]:
    if "-" in part and version == 4:
        low, _, high = part.partition("-")
        ends = IPv4Address(str(_network(low, 4).network_address)), IPv4Address(str(_network(high, 4).network_address))
        if ends[0] > ends[1]:
            ends = ends[1], ends[0]
        yield from (_shown(network) for network in summarize_address_range(*ends))
        return
    network = _network(part, version)
    if network.prefixlen == 0:
        raise IpsetError("The value of the CIDR parameter of the IP address is invalid")
    yield _shown(network)


def _shown(network: IpNetwork) -> str:
    """A network of one address is printed as that address."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _addresses(part: str, version: int, options: dict[str, str]) -> Iterator[str]:
    low, dash, high = part.partition("-")
    network = _network(low, version)
    first, last = int(network.network_address), int(network.broadcast_address)
    if dash:
        last = int(_network(high, version).network_address)
        first, last = min(first, last), max(first, last)
    bits = int(options.get("netmask", network.max_prefixlen))
    step = 1 << (network.max_prefixlen - bits)
    if (last - first) // step >= MOST_AT_ONCE:
        raise IpsetError("Hash is full, cannot add more elements")
    for number in range(first - first % step, last + 1, step):
        yield str(type(network.network_address)(number))
