"""Which frames? A filter as pcap-filter(7) writes it, read once and asked of each frame.

    host 172.17.0.2 and tcp port 80        not arp        src net 10.0.0.0/8        vlan 10 and icmp
    tcp[tcpflags] & tcp-syn != 0           icmp[icmptype] == icmp-echo              (udp or icmp) and dst host web

`and` and `or` bind alike, from the left; `not` binds closest. A filter that can't be read raises BadFilter in the words
of libpcap 1.10.3 (asked with `tcpdump -r`; tests/net/test_capture_filters.py asks it again).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address

from dnetlab.commands.services import service_port
from dnetlab.model.ip import IpAddress
from dnetlab.net.capture.octets import ARP, IPV4, VLAN, mac_bytes
from dnetlab.net.capture.pcap import ETHERNET
from dnetlab.net.capture.view import View, carries, ends_of


class BadFilter(ValueError):
    """The filter can't be read; the text is what tcpdump says of it."""


SYNTAX = "can't parse filter expression: syntax error"


Test = Callable[[View], bool]
Number = Callable[[View], "int | None"]  # None: the frame has no such byte, so that no comparison holds
_PROTOCOLS = {
    "icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "sctp": 132, "icmp6": 58, "esp": 50, "ah": 51, "pim": 103, "vrrp": 112,
}  # fmt: skip
_ETHER = {"ip": IPV4, "arp": ARP, "rarp": 0x8035, "ip6": 0x86DD}
_NAMED = {
    "icmptype": 0, "icmpcode": 1, "tcpflags": 13, "icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4,
    "icmp-redirect": 5, "icmp-echo": 8, "icmp-routeradvert": 9, "icmp-routersolicit": 10, "icmp-timxceed": 11,
    "icmp-paramprob": 12, "icmp-tstamp": 13, "icmp-tstampreply": 14, "icmp-ireq": 15, "icmp-ireqreply": 16,
    "icmp-maskreq": 17, "icmp-maskreply": 18, "tcp-fin": 1, "tcp-syn": 2, "tcp-rst": 4, "tcp-push": 8, "tcp-ack": 16,
    "tcp-urg": 32, "tcp-ece": 64, "tcp-cwr": 128,
}  # fmt: skip
_TOKEN = re.compile(r"\s*(?:(&&|\|\||<=|>=|==|!=|<<|>>|[()\[\]:&|=<>+*/%^!-])|(\\?[A-Za-z0-9](?:[\w.:/-]*\w)?|\w))")
_DIRECTIONS = ("src", "dst")
_TYPES = ("host", "net", "port", "portrange", "proto", "gateway")
_WORDS = frozenset(
    ("src", "dst", "host", "net", "port", "portrange", "proto", "protochain", "gateway", "ether", "link", "and", "or",
     "not", "less", "greater", "broadcast", "multicast", "inbound", "outbound", "vlan", "len", "mask",
     "ifname", "ifindex", *_PROTOCOLS, *_ETHER)
)  # fmt: skip
_RELATIONS = {
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


def compile_filter(
    text: str, link: int = ETHERNET, lookup: Callable[[str], list[IpAddress]] = lambda name: []
) -> Test:
    """The test that a filter asks of each frame; '' lets every frame by. lookup: the addresses of a host's name."""
    if not text.strip():
        return lambda view: True
    reader = _Reader(_tokens(text), link, lookup)
    test = reader.whole()
    if reader.at < len(reader.tokens):
        raise BadFilter(SYNTAX)

    def whole(view: View) -> bool:
        try:
            return test(view)
        except _Outside:
            return False

    return whole


class _Outside(Exception):
    """A byte was asked for that the frame has not: BPF rejects it then, whatever stands around (bpf(4), BPF_LD)."""


def _tokens(text: str) -> list[str]:
    """Numbers and names are split where a `:` in brackets, or an operator, ends them."""
    tokens, at, depth = [], 0, 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise BadFilter(SYNTAX)
        token = found[1] or found[2]
        if depth and found[2] and ":" in token:  # tcp[0:2]: no MAC or IPv6 address stands in brackets
            token = token.split(":")[0]
        depth += (token == "[") - (token == "]")
        tokens.append(token)
        at = text.index(token, at) + len(token)
    return tokens


@dataclass
class _Kind:
    """The words in front of an identifier; what is left out is taken from the one before."""

    proto: str = ""
    direction: str = ""
    type: str = ""


class _Reader:
    """shift: tags of a file that `vlan` has gone behind already."""

    def __init__(self, tokens: list[str], link: int, lookup: Callable[[str], list[IpAddress]]) -> None:
        self.tokens, self.link, self.lookup = tokens, link, lookup
        self.at = self.depth = self.vlans = 0
        self.last: _Kind | None = None

    def peek(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        if not token:
            raise BadFilter(SYNTAX)
        self.at += 1
        return token

    def whole(self) -> Test:
        left = self.term()
        while self.peek() in ("and", "or", "&&", "||"):
            both = self.next() in ("and", "&&")
            left = _joined(both, left, self.term())
        return left

    def term(self) -> Test:
        if self.peek() in ("not", "!"):
            self.next()
            inner = self.term()
            return lambda view: not inner(view)
        if self.peek() == "(" and not self._is_sum():
            self.depth += 1
            if self.depth > 50:
                raise BadFilter("expression is too complex")
            self.next()
            inner = self.whole()
            if self.next() != ")":
                raise BadFilter(SYNTAX)
            self.depth -= 1
            return inner
        return self.primitive()

    def _is_sum(self) -> bool:
        """Does the ( open a sum, as in `(tcp[12] & 0xf0) >> 2 > 5`?"""
        depth = 0
        for ahead in range(len(self.tokens) - self.at):
            token = self.peek(ahead)
            depth += (token == "(") - (token == ")")
            if depth == 0:
                return self.peek(ahead + 1) in (*_RELATIONS, "+", "-", "*", "/", "%", "&", "|", "<<", ">>")
        return False

    # -- primitives ---------------------------------------------------------------------------------------------------

    def primitive(self) -> Test:
        if self._begins_number():
            return self.relation()
        word = self.peek()
        if word == "vlan":
            return self.vlan()
        if word in ("less", "greater"):
            return self.size(self.next())
        if word in ("broadcast", "multicast"):
            self.next()
            return _everybody if word == "broadcast" else _many
        if word in ("inbound", "outbound"):
            self.next()
            return self.way(word == "outbound")
        if word in ("ifname", "ifindex"):
            raise BadFilter(f"{word} supported only on PF linktype")
        kind = self.kind()
        return self.identified(kind)

    def _begins_number(self) -> bool:
        word = self.peek()
        if self.peek(1) == "[":
            return True
        if word in ("len", "(", "-"):
            return True
        return bool(re.fullmatch(r"\d+|0x[0-9a-fA-F]+", word)) and self.peek(1) in (
            *_RELATIONS,
            "+",
            "-",
            "*",
            "&",
            "|",
        )

    def way(self, out: bool) -> Test:
        def test(view: View) -> bool:
            if view.outgoing is None:
                raise BadFilter("inbound/outbound not supported on Ethernet when reading savefiles")
            return view.outgoing is out

        return test

    def size(self, word: str) -> Test:
        limit = self.number_token()
        return (lambda view: len(view.data) <= limit) if word == "less" else (lambda view: len(view.data) >= limit)

    def number_token(self) -> int:
        token = self.next()
        if not re.fullmatch(r"\d+|0x[0-9a-fA-F]+", token):
            raise BadFilter(SYNTAX)
        return int(token, 0) if token.startswith("0x") else int(token)

    def vlan(self) -> Test:
        self.next()
        if self.link != ETHERNET:
            raise BadFilter("no VLAN support for Linux cooked v2")
        wanted = self.number_token() if re.fullmatch(r"\d+", self.peek()) else None
        shift = self.vlans
        self.vlans += 1

        def test(view: View) -> bool:
            if view.live and shift == 0:
                tag = view.tag
            else:
                at = 12 + 4 * shift
                tag = (int.from_bytes(view.data[at + 2 : at + 4], "big") & 0xFFF
                       if view.data[at : at + 2] == VLAN.to_bytes(2, "big") else None)  # fmt: skip
            return tag is not None and wanted in (None, tag)

        return test

    def kind(self) -> _Kind:
        """[proto] [direction] [type]"""
        kind = _Kind()
        word = self.peek()
        if word in ("ether", "link"):
            kind.proto = "ether"
            self.next()
        elif word in _PROTOCOLS or word in _ETHER:
            kind.proto = self.next()
        if self.peek() in _DIRECTIONS:
            kind.direction = self.next()
            if self.peek() in ("or", "and") and self.peek(1) in _DIRECTIONS:
                kind.direction += f" {self.next()} {self.next()}"
        if self.peek() in _TYPES or self.peek() in ("broadcast", "multicast") and kind.proto:
            kind.type = self.next()
        return kind

    def identified(self, kind: _Kind) -> Test:
        if kind.proto and not kind.direction and not kind.type:
            return self.protocol(kind.proto)
        if kind.type in ("broadcast", "multicast"):
            all_of_them, protocol = _everybody if kind.type == "broadcast" else _many, self.protocol(kind.proto)
            return lambda view: all_of_them(view) and protocol(view)
        if kind.type == "gateway":
            raise BadFilter("'gateway' not supported in this configuration")
        if not (kind.proto or kind.direction or kind.type):
            if self.last is None or self.peek() in _WORDS:
                behind = self.tokens[self.at - 1] if self.at else "not"
                named = behind not in ("not", "!") and self.peek() not in _WORDS and self.peek() not in ("", ")")
                raise BadFilter("syntax error in filter expression" if named else SYNTAX)
            kind = self.last
        self.last = kind
        if self.peek() == "(" and kind.type:  # port (80 or 81)
            return self.term()
        token = self.next()
        if token in _WORDS or not re.match(r"[\w\\]", token):
            raise BadFilter(SYNTAX)
        return self.narrowed(kind, token)

    def narrowed(self, kind: _Kind, token: str) -> Test:
        shift = self._shift()
        if kind.type == "proto":
            return self.by_number(kind.proto, token.removeprefix("\\"))
        if kind.type in ("port", "portrange"):
            return self.by_port(kind, token, shift)
        if kind.proto in ("tcp", "udp", "icmp", "sctp"):
            raise BadFilter(f"'{kind.proto}' modifier applied to {kind.type or 'host'}")
        if kind.proto == "ether":
            return _by_mac(kind, token)
        if kind.type == "net":
            return _by_network(kind, *self.network(token), shift)
        return self.by_host(kind, token, shift)

    def _shift(self) -> Callable[[View], int]:
        """How many tags stand in the bytes in front of what is asked for now."""
        vlans = self.vlans
        return lambda view: max(vlans - 1, 0) if view.live else vlans

    def protocol(self, name: str) -> Test:
        shift = self._shift()
        if name == "ether":
            return lambda view: True
        if name in _ETHER:
            return lambda view: view.kind(shift(view)) == _ETHER[name]
        number = _PROTOCOLS[name]
        if name == "icmp6":
            return lambda view: carries(view.ip6(shift(view)), number)
        if name in ("icmp", "igmp", "vrrp"):
            return lambda view: view.ip(shift(view))[9:10] == bytes((number,))
        return self._of_either(number, shift)

    def _of_either(self, number: int, shift: Callable[[View], int]) -> Test:
        """Carried by IPv4 or by IPv6 (gen_proto_abbrev, libpcap 1.10)."""
        four = bytes((number,))
        return lambda view: view.ip(shift(view))[9:10] == four or carries(view.ip6(shift(view)), number)

    def by_number(self, proto: str, token: str) -> Test:
        shift = self._shift()
        if proto == "ether":
            kind = _ETHER.get(token) or (int(token, 0) if re.fullmatch(r"\d+|0x[0-9a-fA-F]+", token) else None)
            if kind is None:
                raise BadFilter(f"unknown ether proto '{token}'")
            return lambda view: view.kind(shift(view)) == kind
        number = _PROTOCOLS.get(token, int(token) if token.isdecimal() else -1)
        if number < 0 or number > 255:
            raise BadFilter(f"unknown ip proto '{token}'")
        if proto == "ip6":
            return lambda view: carries(view.ip6(shift(view)), number)
        if proto == "":
            return self._of_either(number, shift)
        return lambda view: view.ip(shift(view))[9:10] == bytes((number,))

    # -- hosts, networks, ports ---------------------------------------------------------------------------------------

    def by_host(self, kind: _Kind, token: str, shift: Callable[[View], int]) -> Test:
        if re.fullmatch(r"[\d.]+(/\d+)?", token):
            if re.fullmatch(r"\d+(\.\d+){3}", token) and any(int(part) > 255 for part in token.split(".")):
                raise BadFilter(f"invalid IPv4 address '{token}'")
            network, mask, length = _network(token)
            if "/" in token or length < 32:
                return _by_network(kind, network, mask, shift)
            return _by_network(kind, network, 0xFFFFFFFF, shift)
        if ":" in token:
            try:
                address = IPv6Address(token).packed
            except (AddressValueError, ValueError):
                raise BadFilter(SYNTAX) from None
            return _by_address6(kind, address, shift)
        found = self.lookup(token)
        if not found:
            raise BadFilter(f"unknown host '{token}'")
        tests = [_by_network(kind, int(ip), 0xFFFFFFFF, shift) for ip in found]
        return lambda view: any(test(view) for test in tests)

    def network(self, token: str) -> tuple[int, int]:
        if not re.fullmatch(r"[\d.]+(/\d+)?", token):
            raise BadFilter(f"unknown network '{token}'")
        network, mask, _ = _network(token)
        if self.peek() == "mask":
            self.next()
            other = self.next()
            if not re.fullmatch(r"\d+(\.\d+){3}", other):
                raise BadFilter(SYNTAX)
            mask = _network(other)[0]
            if network & ~mask & 0xFFFFFFFF:
                raise BadFilter(f'non-network bits set in "{token} mask {other}"')
        return network, mask

    def by_port(self, kind: _Kind, token: str, shift: Callable[[View], int]) -> Test:
        if kind.proto not in ("", "tcp", "udp", "sctp", "ip"):
            raise BadFilter(f"illegal qualifier of '{kind.type}'")
        low, high = self.ports(kind, token)
        protocols = (_PROTOCOLS[kind.proto],) if kind.proto in _PROTOCOLS else (6, 17, 132)

        def test(view: View) -> bool:
            packet, six = view.ip(shift(view)), view.ip6(shift(view))
            if six and kind.proto != "ip":
                return any(carries(six, each) for each in protocols) and at_ports(six, 40)
            if not packet or packet[9] not in protocols or int.from_bytes(packet[6:8], "big") & 0x1FFF:
                return False
            return at_ports(packet, (packet[0] & 15) * 4)

        def at_ports(packet: bytes, at: int) -> bool:
            ends = {"src": (at,), "dst": (at + 2,)}.get(kind.direction, (at, at + 2))
            return (all if "and" in kind.direction else any)(asked(packet, end) for end in ends)

        def asked(packet: bytes, at: int) -> bool:
            if at + 2 > len(packet):
                raise _Outside
            return low <= int.from_bytes(packet[at : at + 2], "big") <= high

        return test

    def ports(self, kind: _Kind, token: str) -> tuple[int, int]:
        if kind.type == "portrange" and (found := re.fullmatch(r"(\d+)-(\d+)", token)):
            low, high = sorted((int(found[1]), int(found[2])))
            if high > 65535:
                raise BadFilter(f"illegal port number {high} > 65535")
            return low, high
        if kind.type == "portrange" and not token.isdecimal():
            raise BadFilter(f"unknown port in range '{token}'")
        if token.isdecimal():
            if int(token) > 65535:
                raise BadFilter(f"illegal port number {token} > 65535")
            return int(token), int(token)
        tcp, udp = service_port(token, "tcp"), service_port(token, "udp")
        if tcp is None and udp is None:
            raise BadFilter(f"unknown port '{token}'")
        other = tcp if kind.proto == "udp" and udp is None else udp if kind.proto == "tcp" and tcp is None else None
        if other is not None:
            raise BadFilter(f"port '{token}' is {'tcp' if kind.proto == 'udp' else 'udp'}")
        port = (tcp if kind.proto != "udp" else udp) or udp or 0
        return port, port

    # -- bytes and numbers --------------------------------------------------------------------------------------------

    def relation(self) -> Test:
        left = self.sum()
        relation = _RELATIONS.get(self.next())
        if relation is None:
            raise BadFilter(SYNTAX)
        right = self.sum()

        def test(view: View) -> bool:
            one, other = left(view), right(view)
            return one is not None and other is not None and relation(one, other)

        return test

    def sum(self) -> Number:
        """C's operators, all from the left; * binds closer than +, + than <<, << than &, & than |."""
        return self.binary(0)

    def binary(self, level: int) -> Number:
        levels = (("|",), ("^",), ("&",), ("<<", ">>"), ("+", "-"), ("*", "/", "%"))
        if level == len(levels):
            return self.factor()
        left = self.binary(level + 1)
        while self.peek() in levels[level]:
            operator = self.next()
            left = _calculated(operator, left, self.binary(level + 1))
        return left

    def factor(self) -> Number:
        token = self.next()
        if token == "(":
            inner = self.sum()
            if self.next() != ")":
                raise BadFilter(SYNTAX)
            return inner
        if token == "len":
            return lambda view: len(view.data)
        if re.fullmatch(r"\d+|0x[0-9a-fA-F]+", token):
            value = int(token, 0) if token.startswith("0x") else int(token)
            return lambda view: value
        if token in _NAMED:
            return lambda view: _NAMED[token]
        if self.peek() == "[":
            return self.byte(token)
        raise BadFilter(SYNTAX)

    def byte(self, proto: str) -> Number:
        """proto[at] or proto[at:size]"""
        if proto not in _PROTOCOLS and proto not in ("ip", "arp", "ether", "link"):
            raise BadFilter(SYNTAX)
        self.next()
        offset, size = self.sum(), 1
        if self.peek() == ":":
            self.next()
            size = self.number_token()
        if self.next() != "]":
            raise BadFilter(SYNTAX)
        if size not in (1, 2, 4):
            raise BadFilter("data size must be 1, 2, or 4")
        shift = self._shift()

        def value(view: View) -> int | None:
            data, at = _body(view, proto, shift(view)), offset(view)
            if at is None or not data:
                return None
            if at + size > len(data):
                raise _Outside
            return int.from_bytes(data[at : at + size], "big")

        return value


def _body(view: View, proto: str, shift: int) -> bytes:
    """The bytes that proto[…] counts from; b'' when the frame carries none of it, or a later piece of a packet."""
    if proto in ("ether", "link"):
        return view.data
    if proto == "arp":
        return view.arp(shift)
    packet = view.ip(shift)
    if proto == "ip" or not packet:
        return packet
    if packet[9] != _PROTOCOLS[proto] or int.from_bytes(packet[6:8], "big") & 0x1FFF:
        return b""
    return packet[(packet[0] & 15) * 4 :]


def _calculated(operator: str, left: Number, right: Number) -> Number:
    def value(view: View) -> int | None:
        one, other = left(view), right(view)
        if one is None or other is None or operator in "/%" and not other:
            return None
        if operator in ("<<", ">>"):
            return (one << min(other, 32) if operator == "<<" else one >> min(other, 32)) & 0xFFFFFFFF
        results = {"+": one + other, "-": one - other, "*": one * other, "&": one & other, "|": one | other,
                   "^": one ^ other, "/": one // (other or 1), "%": one % (other or 1)}  # fmt: skip
        return results[operator] & 0xFFFFFFFF

    return value


def _joined(both: bool, left: Test, right: Test) -> Test:
    if both:
        return lambda view: left(view) and right(view)
    return lambda view: left(view) or right(view)


def _either(direction: str, source: bool, destination: bool) -> bool:
    if direction == "src":
        return source
    if direction == "dst":
        return destination
    return source and destination if "and" in direction else source or destination


def _network(token: str) -> tuple[int, int, int]:
    """'172.17.0.0/16', '172.17' or '10.0.0.1' as a network's number, its mask, and the mask's length."""
    address, slash, bits = token.partition("/")
    parts = address.split(".")
    if not 1 <= len(parts) <= 4 or not all(part.isdecimal() and int(part) < 256 for part in parts):
        raise BadFilter(SYNTAX)
    length = int(bits) if slash else 8 * len(parts)
    if length > 32:
        raise BadFilter("mask length must be <= 32")
    network = int.from_bytes(bytes(map(int, parts)) + b"\0" * (4 - len(parts)), "big")
    mask = (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF
    if network & ~mask:
        raise BadFilter(f'non-network bits set in "{token}"')
    return network, mask, length


def _by_network(kind: _Kind, network: int, mask: int, shift: Callable[[View], int]) -> Test:
    """By the addresses of an IPv4 packet, or of a question or answer of ARP."""

    def test(view: View) -> bool:
        ip, arp = view.ip(shift(view)), view.arp(shift(view))
        if ip and kind.proto in ("", "ip"):
            ends = ip[12:16], ip[16:20]
        elif arp and kind.proto in ("", "arp"):
            ends = arp[14:18], arp[24:28]
        else:
            return False
        source, destination = (int.from_bytes(end, "big") & mask == network for end in ends)
        return _either(kind.direction, source, destination)

    return test


def _by_address6(kind: _Kind, address: bytes, shift: Callable[[View], int]) -> Test:
    def test(view: View) -> bool:
        packet = view.ip6(shift(view))
        source, destination = (end == address for end in ends_of(packet))
        return bool(packet) and kind.proto in ("", "ip6") and _either(kind.direction, source, destination)

    return test


def _by_mac(kind: _Kind, token: str) -> Test:
    if not re.fullmatch(r"([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}", token):
        raise BadFilter(f"unknown ether host '{token}'")
    mac = mac_bytes(":".join(part.zfill(2) for part in token.split(":")))

    def test(view: View) -> bool:
        if view.link != ETHERNET:
            return kind.direction != "dst" and view.data[12:18] == mac
        return _either(kind.direction, view.data[6:12] == mac, view.data[:6] == mac)

    return test


def _everybody(view: View) -> bool:
    return view.data[:6] == b"\xff" * 6 if view.link == ETHERNET else view.data[10] == 1


def _many(view: View) -> bool:
    return bool(view.data[0] & 1) if view.link == ETHERNET else view.data[10] in (1, 2)
