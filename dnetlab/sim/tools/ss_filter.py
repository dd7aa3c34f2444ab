"""The filters of ss: `[state NAME] EXPRESSION`, with src, dst, sport, dport, and, or, not and parentheses (ss(8)).

Words of errors as recorded from iproute2 6.1 in a network namespace.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence

from dnetlab.commands.services import service_port
from dnetlab.model import Socket, SocketState
from dnetlab.model.ip import IpAddress, ip_network
from dnetlab.sim.context import Refused

Test = Callable[[Socket], bool]
STATES = {
    "listening": {SocketState.LISTEN}, "established": {SocketState.ESTABLISHED}, "time-wait": {SocketState.TIME_WAIT},
    "unconnected": {SocketState.UNCONNECTED}, "closed": {SocketState.UNCONNECTED}, "all": set(SocketState),
    "connected": {SocketState.ESTABLISHED, SocketState.TIME_WAIT},
    "synchronized": {SocketState.ESTABLISHED, SocketState.TIME_WAIT}, "bucket": {SocketState.TIME_WAIT},
    "big": {SocketState.ESTABLISHED, SocketState.LISTEN, SocketState.UNCONNECTED},
    **{name: set() for name in ("syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "close-wait", "last-ack",
                                "closing")},
}  # fmt: skip
_COMPARED: dict[str, Callable[[int, int], bool]] = {
    **dict.fromkeys(("=", "==", "eq"), operator.eq), **dict.fromkeys(("!=", "ne", "neq"), operator.ne),
    **dict.fromkeys((">=", "ge", "geq"), operator.ge), **dict.fromkeys(("<=", "le", "leq"), operator.le),
    **dict.fromkeys((">", "gt"), operator.gt), **dict.fromkeys(("<", "lt"), operator.lt),
}  # fmt: skip
_WORD = re.compile(r"\s*(\(|\)|\|\|?|&&?|[=!<>]=|[=!<>]|[^\s()|&=!<>]+)")
_NOT_MODELLED = ("dev", "fwmark", "cgroup", "autobound")


class Wrong(Exception):
    """What ss says on stderr, and its exit status."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.text, self.code = text, code


def read_filter(words: Sequence[str]) -> tuple[Test, int]:
    """The test of a filter, and how many states it names, which then decide instead of -l and -a; 0 for none. Raises
    Wrong."""
    rest = list(words)
    wanted, named = set(SocketState), False
    while len(rest) > 1 and rest[0] in ("state", "exclude"):
        found = STATES.get(rest[1])
        if found is None:
            raise Wrong(f"ss: wrong state name: {rest[1]}\n", 255)
        only = found if rest[0] == "state" else set(SocketState) - found
        wanted, named = (wanted & only if rest[0] == "exclude" or not named else wanted | only), True
        rest = rest[2:]
    test = _Reader(_WORD.findall(" ".join(rest))).whole() if rest else _anything
    states = (1 if len(wanted) == 1 else 2) if named else 0
    return (lambda socket: socket.state in wanted and test(socket)), states


def _anything(socket: Socket) -> bool:
    return True


class _Reader:
    """An expression, word by word: `or` binds least, then `and`, which may be left out, then `not`."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def whole(self) -> Test:
        test = self.either()
        if self.words:
            raise _bellows()
        return test

    def either(self) -> Test:
        tests = [self.both()]
        while self.words and self.words[0] in ("or", "|", "||"):
            self.words.pop(0)
            tests.append(self.both())
        return lambda socket: any(test(socket) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.words and self.words[0] not in ("or", "|", "||", ")"):
            if self.words[0] in ("and", "&", "&&"):
                self.words.pop(0)
            tests.append(self.one())
        return lambda socket: all(test(socket) for test in tests)

    def one(self) -> Test:
        word = self._next()
        if word in ("not", "!"):
            inner = self.one()
            return lambda socket: not inner(socket)
        if word == "(":
            inner = self.either()
            if self._next() != ")":
                raise _bellows()
            return inner
        if word in ("sport", "dport"):
            return self._port(word)
        if word in ("src", "dst"):
            return _host(word, self._next("=", "==", "eq"))
        if word in _NOT_MODELLED:
            raise Refused(
                "The filter {word} of ss is not modelled.", "src, dst, sport, dport and state are.", word=word
            )
        return _host("dst", word)

    def _next(self, *passed_over: str) -> str:
        if self.words and self.words[0] in passed_over:
            self.words.pop(0)
        if not self.words:
            raise _bellows()
        return self.words.pop(0)

    def _port(self, side: str) -> Test:
        compare = _COMPARED.get(self.words[0]) if self.words else None
        if compare is not None:
            self.words.pop(0)
        number = _number(self._next())
        chosen = compare or operator.eq

        def test(socket: Socket) -> bool:
            own = socket.local_port if side == "sport" else socket.remote_port
            return chosen(own or 0, number)

        return test


def _bellows() -> Refused:
    return Refused("ss can't read this filter.", "ss -tln 'sport = :80 or sport = :22' is one.")


def _number(word: str) -> int:
    name = word.removeprefix(":")
    number = int(name) if name.isdecimal() else service_port(name, "tcp")
    if number is None or number > 65535:
        raise Wrong(f'Error: "{name}" does not look like a port.\nCannot parse dst/src address.\n', 1)
    return number


def _host(side: str, word: str) -> Test:
    """ADDRESS, ADDRESS/LENGTH, ADDRESS:PORT, :PORT, [ADDRESS]:PORT, '*' for any."""
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(.*))?", word)
    address, port = (bracketed[1], bracketed[2]) if bracketed else (word, None)
    if not bracketed and word.count(":") == 1:
        address, _, port = word.partition(":")
    network = None
    if address not in ("", "*"):
        try:
            network = ip_network(address, strict=False)
        except ValueError:
            raise Wrong(f'Error: an inet prefix is expected rather than "{word}".\n'
                        "Cannot parse dst/src address.\n", 1) from None  # fmt: skip
    number = _number(port) if port and port != "*" else None

    def test(socket: Socket) -> bool:
        own: IpAddress | None = socket.local_address if side == "src" else socket.remote_address
        there = socket.local_port if side == "src" else socket.remote_port
        if network is not None and (own is None or own.version != network.version or own not in network):
            return False
        return number is None or there == number

    return test
