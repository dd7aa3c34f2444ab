"""The words of a socat line (socat 1.7.4.4): options, and two addresses `KIND:WORD:WORD,option,option=value`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache

from dnetlab.commands.services import service_port
from dnetlab.commands.socat_options import KNOWN
from dnetlab.model import Protocol
from dnetlab.model.ip import IpAddress, ip_address


class BadLine(ValueError):
    """The line can't be read; the text is what socat says behind its name and an E."""


class NotInTheLab(ValueError):
    """A real socat reads it; the text is the word that the lab leaves out."""


class Kind(Enum):
    """What an address is. value: how many words stand behind its name."""

    STDIO = (0, "")
    CONNECT = (2, "")
    LISTEN = (1, "")
    COMMAND = (1, "EXEC")
    SCRIPT = (1, "SYSTEM")
    FILE = (1, "FILE")

    @property
    def count(self) -> int:
        return self.value[0]


@dataclass(frozen=True)
class Address:
    """One end. name: as it was typed; version: 4 or 6 where the name says so, else 0."""

    kind: Kind
    name: str
    words: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    protocol: Protocol = Protocol.TCP
    version: int = 0

    @property
    def port(self) -> int | None:
        """Of an address with one, None for a word that names none. A number is taken modulo 65536, as socat does."""
        named = self.words[-1]
        return int(named) % 65536 if named.isdecimal() else service_port(named, self.protocol.value)

    @property
    def local(self) -> IpAddress | None:
        """Where a listener binds; None when `bind` names no address."""
        return _numeric(self.options.get("bind", "") or ("::" if self.version == 6 else "0.0.0.0"))


@dataclass(frozen=True)
class Wish:
    """flags: 'u' from left to right only, 'U' the other way, '4', '6'; linger: seconds of -t."""

    flags: frozenset[str]
    left: Address
    right: Address
    linger: float = 0.5

    @property
    def listener(self) -> Address | None:
        return next((one for one in (self.left, self.right) if one.kind is Kind.LISTEN), None)

    @property
    def ahead(self) -> Wish:
        """The same, so that what is said one way only goes from left to right, and nobody listens at the right else."""
        turned = "U" in self.flags or "u" not in self.flags and self.right.kind in (Kind.STDIO, Kind.LISTEN)
        if not turned or self.left.kind is self.right.kind is Kind.STDIO:
            return self
        flags = self.flags - {"U"} | ({"u"} if "U" in self.flags else set())
        return Wish(frozenset(flags), self.right, self.left, self.linger)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STDIO = ("-", "STDIO", "STDIN", "STDOUT")
_FILES = ("FILE", "OPEN")
_OTHERS = _words(
    "ABSTRACT-CLIENT ABSTRACT-CONNECT ABSTRACT-LISTEN CREATE CREAT FD GOPEN IF INTERFACE IP IP4 IP6 IP-DATAGRAM "
    "IP-RECV IP-RECVFROM IP-SENDTO OPENSSL SSL OPENSSL-LISTEN SSL-L OPENSSL-CONNECT PIPE FIFO ECHO PROXY PTY READLINE "
    "SCTP SCTP-CONNECT SCTP-LISTEN SOCKET-CONNECT SOCKET-DATAGRAM SOCKET-LISTEN SOCKET-RECV SOCKET-RECVFROM "
    "SOCKET-SENDTO SOCKS4 SOCKS4A STDERR TUN UNIX UNIX-CLIENT UNIX-CONNECT UNIX-LISTEN UNIX-L UNIX-RECV UNIX-RECVFROM "
    "UNIX-SENDTO UDP-DATAGRAM UDP4-DATAGRAM UDP6-DATAGRAM UDP-RECVFROM UDP4-RECVFROM UDP6-RECVFROM VSOCK-CONNECT "
    "VSOCK-LISTEN"
)
OPTIONS = _words(
    "fork reuseaddr so-reuseaddr reuseport bind creat create append trunc rdonly wronly rdwr connect-timeout nodelay "
    "keepalive backlog max-children stderr"
)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_PAIRS = {"[": "]", "(": ")", "{": "}"}


def read_socat(argv: tuple[str, ...]) -> Wish:
    """Raises BadLine, and NotInTheLab for what the lab leaves out."""
    flags, linger, left = set(), 0.5, list(argv[1:])
    while left and left[0].startswith("-") and len(left[0]) > 1:
        word = left.pop(0)
        if word[:2] in ("-t", "-T") and (word[2:] or left):
            value = word[2:] or left.pop(0)
            linger = _seconds(value) if word[1] == "t" else linger
        elif word in ("-u", "-U", "-4", "-6", "-d"):
            flags.add(word[1])
        elif word[1] in "hVdvxbsSlLgD?1":
            raise NotInTheLab(word)
        else:
            raise BadLine(f'unknown option "{word}"; use option "-h" for help')
    if len(left) != 2:
        raise BadLine(f'exactly 2 addresses required (there are {len(left)}); use option "-h" for help')
    return Wish(frozenset(flags), read_address(left[0]), read_address(left[1]), linger)


@lru_cache(maxsize=64)
def forwards_to(argv: tuple[str, ...]) -> tuple[IpAddress, int] | None:
    """Whom a socat that listens dials for everybody who comes, as `TCP-LISTEN:80,fork TCP:10.0.0.2:80` says it."""
    try:
        wish = read_socat(argv).ahead
    except (BadLine, NotInTheLab):
        return None
    far, near = wish.right, wish.listener
    if near is None or far.kind is not Kind.CONNECT or far.protocol is not near.protocol or "u" in wish.flags:
        return None
    address, port = _numeric(far.words[0]), far.port
    return (address, port) if address is not None and port else None


def _numeric(text: str) -> IpAddress | None:
    try:
        return ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def read_address(text: str) -> Address:
    pieces, *options = _cut(text, ",")
    name, *words = _cut(pieces, ":")
    plain = tuple(map(_plain, words))
    upper = name.upper()
    found = _named(upper)
    if found is None and upper in _OTHERS:
        raise NotInTheLab(name)
    if found is None:
        raise BadLine(f'unknown device/address "{name}"')
    kind, protocol, version = found
    if len(plain) != kind.count:
        runs = kind in (Kind.COMMAND, Kind.SCRIPT) and words
        typed = f'"{pieces[: len(name) + 1 + len(words[0])]}"' if runs else name
        raise BadLine(f"{typed}: wrong number of parameters ({len(plain)} instead of {kind.count})")
    said = {key: value for key, _, value in (_plain(option).partition("=") for option in options if option)}
    unknown = next((key for key in said if key.lower() not in OPTIONS), None)
    if unknown is not None and unknown.lower() not in KNOWN:
        raise BadLine(f'parseopts_table(): unknown option "{unknown}"')
    if unknown is not None:
        raise NotInTheLab(unknown)
    given = {key.lower(): value for key, value in said.items()}
    return Address(kind, name, plain, given, protocol, version)


def _named(name: str) -> tuple[Kind, Protocol, int] | None:
    if name in _STDIO:
        return Kind.STDIO, Protocol.TCP, 0
    fixed = {"EXEC": Kind.COMMAND, "SYSTEM": Kind.SCRIPT, **dict.fromkeys(_FILES, Kind.FILE)}
    if name in fixed:
        return fixed[name], Protocol.TCP, 0
    head, _, tail = name.partition("-")
    protocol = Protocol.__members__.get(head[:3])
    if protocol not in (Protocol.TCP, Protocol.UDP) or head[3:] not in ("", "4", "6"):
        return None
    ends = {"": Kind.CONNECT, "CONNECT": Kind.CONNECT, "LISTEN": Kind.LISTEN, "L": Kind.LISTEN}
    if protocol is Protocol.UDP:
        ends |= {"SENDTO": Kind.CONNECT, "RECV": Kind.LISTEN}
    return (ends[tail], protocol, int(head[3:] or 0)) if tail in ends else None


def _cut(text: str, at: str) -> list[str]:
    """The pieces between characters `at` that stand in no quotes or brackets, and behind no backslash."""
    pieces: list[str] = []
    closing: list[str] = []
    start = position = 0
    while position < len(text):
        sign = text[position]
        if sign == "\\":
            position += 1
        elif closing and sign == closing[-1]:
            closing.pop()
        elif closing and closing[-1] in "\"'":
            pass
        elif sign in "\"'":
            closing.append(sign)
        elif sign in _PAIRS:
            closing.append(_PAIRS[sign])
        elif sign == at and not closing:
            pieces.append(text[start:position])
            start = position + 1
        position += 1
    return [*pieces, text[start:]]


def _plain(text: str) -> str:
    """Without quotes and backslashes, as socat hands it on."""
    made, position = "", 0
    while position < len(text):
        sign = text[position]
        if sign == "\\" and position + 1 < len(text):
            position += 1
            made += _ESCAPED.get(text[position], text[position])
        elif sign not in "\"'":
            made += sign
        position += 1
    return made


# -- what it says ------------------------------------------------------------------------------------------------------


def complaint(now: float, pid: int, text: str) -> str:
    """'2026/11/28 10:10:02 socat[6630] E …'; now: seconds since 1970."""
    return f"{datetime.fromtimestamp(now, UTC):%Y/%m/%d %H:%M:%S} socat[{pid}] E {text}\n"


def shown(address: IpAddress, port: int) -> str:
    """'AF=2 172.17.0.2:80', 'AF=10 [0000:…:0001]:80'."""
    if address.version == 4:
        return f"AF=2 {address}:{port}"
    return f"AF=10 [{address.exploded.partition('%')[0]}]:{port}"


def cannot_connect(address: IpAddress, port: int, why: str) -> str:
    return f"connect(5, {shown(address, port)}, {_size(address)}): {why}"


def cannot_bind(address: IpAddress, port: int, why: str) -> str:
    return f"bind(5, {{{shown(address, port)}}}, {_size(address)}): {why}"


def _size(address: IpAddress) -> int:
    """Of the kernel's value of an address and a port."""
    return 16 if address.version == 4 else 28
