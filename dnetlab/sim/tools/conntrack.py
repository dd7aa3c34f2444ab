"""conntrack 1.4.7: what the kernel remembers of connections, and what becomes of it while a cell runs.

    conntrack -L -p tcp --dport 80      conntrack -D -s 172.25.254.38      conntrack -F      conntrack -E &
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Network

from dnetlab.commands.tcpdump import QUIET
from dnetlab.model import Connection, ConnState, Flow
from dnetlab.model.changed import replace
from dnetlab.model.frame import Capture, Change, ConnectionEvent
from dnetlab.model.ip import IpAddress
from dnetlab.net.memory import with_events
from dnetlab.sim import jobs
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.text.connections import entry, event
from dnetlab.sim.tools.permission import is_privileged

NAME = "conntrack v1.4.7 (conntrack-tools)"
_MORE = "Try `conntrack -h' or 'conntrack --help' for more information.\n"
_COMMANDS = {"-L": "L", "--dump": "L", "-E": "E", "--event": "E", "-F": "F", "--flush": "F", "-D": "D", "--delete": "D",
             "-C": "C", "--count": "C", "-S": "S", "--stats": "S", "-V": "V", "--version": "V", "-h": "h",
             "--help": "h"}  # fmt: skip
_WITH_VALUE = {
    "-s": "src", "--src": "src", "--orig-src": "src", "-d": "dst", "--dst": "dst", "--orig-dst": "dst",
    "-r": "reply-src", "--reply-src": "reply-src", "-q": "reply-dst", "--reply-dst": "reply-dst",
    "-p": "protocol", "--protonum": "protocol", "--proto": "protocol", "-f": "family", "--family": "family",
    "-u": "status", "--status": "status", "-m": "mark", "--mark": "mark", "-e": "events", "--event-mask": "events",
    "-o": "output", "--output": "output", "--sport": "sport", "--orig-port-src": "sport", "--dport": "dport",
    "--orig-port-dst": "dport", "--reply-port-src": "reply-sport", "--reply-port-dst": "reply-dport",
    "--state": "state", "--icmp-type": "icmp-type", "--icmp-id": "icmp-id", "-b": "buffer", "--buffer-size": "buffer",
}  # fmt: skip
_FLAGS = {"-n": "src-nat", "--src-nat": "src-nat", "-g": "dst-nat", "--dst-nat": "dst-nat", "-j": "any-nat",
          "--any-nat": "any-nat", "-z": "zero", "--zero": "zero"}  # fmt: skip
_PORTS = ("sport", "dport", "reply-sport", "reply-dport", "state")


class BadLine(ValueError):
    """What conntrack says of a line that it can't read."""


@dataclass(frozen=True)
class Wish:
    command: str
    values: dict[str, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """List (-L), delete (-D), flush (-F), count (-C) entries, or tell what becomes of them (-E)."""
    try:
        wish = _read(argv[1:])
        wanted = _wanted(wish)
    except BadLine as bad:
        return Result("", f"{NAME}: {bad}\n{_MORE}", 2)
    if wish.command == "V":
        return Result(f"{NAME}\n")
    if not is_privileged(context):
        return Result("", f"{NAME}: Operation failed: Operation not permitted\n", 1)
    if wish.command == "C":
        return Result(f"{len(_alive(context))}\n")
    if wish.command == "F":
        _forget(context, _alive(context))
        return Result("", f"{NAME}: connection tracking table has been emptied.\n")
    if wish.command == "E":
        return _listen(context, argv)
    found = [c for c in _alive(context) if wanted(c)]
    lines = "".join(f"{_lead(wish, c)}{entry(c, context.world.clock)}\n" for c in found)
    if wish.command == "L":
        return Result(lines, f"{NAME}: {len(found)} flow entries have been shown.\n")
    _forget(context, found)
    return Result(lines, f"{NAME}: {len(found)} flow entries have been deleted.\n", 0 if found else 1)


def _lead(wish: Wish, connection: Connection) -> str:
    family = "ipv4     2 " if connection.original.source.version == 4 else "ipv6     10 "
    return family if "extended" in wish.values.get("output", "") else ""


def _alive(context: Context) -> list[Connection]:
    now = context.world.clock
    return [c for c in context.stack.connections if c.expires is None or c.expires > now]


def _forget(context: Context, gone: list[Connection]) -> None:
    """The entries are deleted, and whoever listens hears of it."""
    space, now = context.stack, context.world.clock
    events = [ConnectionEvent(now, Change.DESTROY, c, by_user=True) for c in gone]
    left = tuple(c for c in space.connections if c not in gone)
    context.world.put_namespace(context.where, with_events(replace(space, connections=left), events))


# -- words ------------------------------------------------------------------------------------------------------------


def _read(words: tuple[str, ...]) -> Wish:
    command, values, flags, left = "", {}, set(), list(words)
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if word in _COMMANDS:
            command = _COMMANDS[word]
            if left and left[0] in ("conntrack", "expect", "dying", "unconfirmed"):
                if left.pop(0) != "conntrack":
                    raise Refused("The lab's conntrack has one table.", "conntrack -L")
            elif left and not left[0].startswith("-"):
                raise BadLine(f"unknown type `{left[0]}'")
        elif name in _WITH_VALUE:
            if not equals and not left:
                raise BadLine(f"option `{name}' requires an argument")
            values[_WITH_VALUE[name]] = value if equals else left.pop(0)
        elif word in _FLAGS:
            flags.add(_FLAGS[word])
            if left and not left[0].startswith("-"):
                values[_FLAGS[word]] = left.pop(0)
        elif word in ("-G", "--get", "-I", "--create", "-U", "--update", "-A", "--add"):
            raise Refused("conntrack {word} is not part of the lab.", "The lab has -L -E -F -D -C.", word=word)
        else:
            raise BadLine(f"unknown option `{word}'")
    if command in ("S", "h", ""):
        raise Refused("The lab's conntrack lists, tells, deletes and counts entries.", "The lab has -L -E -F -D -C.")
    if "protocol" not in values and (strange := next((n for n in _PORTS if n in values), "")):
        raise BadLine(f"unknown option `--{strange}'")
    return Wish(command, values, frozenset(flags))


def _wanted(wish: Wish) -> Callable[[Connection], bool]:
    """Which entries? Raises BadLine for a value that is none."""
    tests = [_of_family(wish.values.get("family", ""))]
    tests += [_test(name, value) for name, value in wish.values.items()]
    for name, is_nat in (("src-nat", lambda c: c.is_source_nat), ("dst-nat", lambda c: c.is_destination_nat),
                         ("any-nat", lambda c: c.is_source_nat or c.is_destination_nat)):  # fmt: skip
        if name in wish.flags:
            tests.append(is_nat)
    return lambda connection: all(test(connection) for test in tests)


def _test(name: str, value: str) -> Callable[[Connection], bool]:
    half = _reply if name.startswith("reply") else _original
    what = name.removeprefix("reply-")
    if what in ("src", "dst"):
        return _by_address(half, what, value)
    if what in ("sport", "dport"):
        if not value.isdecimal():
            raise BadLine(f"Invalid port `{value}'")
        return lambda c: (half(c).sport if what == "sport" else half(c).dport) == int(value)
    if name == "protocol":
        if value not in ("tcp", "udp", "icmp", "6", "17", "1"):
            raise BadLine(f"`{value}' unsupported protocol")
        return lambda c: value in (c.original.protocol.value, str(c.original.protocol.number))
    if name == "state":
        return lambda c: c.tcp is not None and c.tcp.value == value
    if name == "status":
        return lambda c: {"ASSURED": c.assured, "SEEN_REPLY": c.state is not ConnState.NEW,
                          "UNREPLIED": c.state is ConnState.NEW}.get(value, True)  # fmt: skip
    if name == "mark":
        return lambda c: c.mark == int(value.partition("/")[0], 0)
    if name == "icmp-id":
        return lambda c: str(c.original.sport) == value
    return lambda c: True


def _of_family(name: str) -> Callable[[Connection], bool]:
    version = {"ipv4": 4, "ipv6": 6}.get(name)
    return lambda c: version is None or c.original.source.version == version


def _by_address(half: Callable[[Connection], Flow], end: str, value: str) -> Callable[[Connection], bool]:
    try:
        network = IPv4Network(value, strict=False)
    except (AddressValueError, ValueError):
        raise BadLine(f"Invalid IP address `{value}'") from None
    return lambda c: _end(half(c), end) in network


def _end(flow: Flow, end: str) -> IpAddress:
    return flow.source if end == "src" else flow.destination


def _original(connection: Connection) -> Flow:
    return connection.original


def _reply(connection: Connection) -> Flow:
    return connection.reply


# -- events -----------------------------------------------------------------------------------------------------------


def _listen(context: Context, argv: tuple[str, ...]) -> Result:
    listener = Capture(0, events=())
    if jobs.begun(context, argv, listener, _tell, lambda context, argv, capture: False):
        return Result()
    ends = context.deadline < float("inf")
    context.world.clock = context.deadline if ends else context.world.clock + 2.0
    said = _tell(context, argv, listener, True)
    return Result(said.stdout, said.stderr + ("" if ends else QUIET), 0)


def _tell(context: Context, argv: tuple[str, ...], capture: Capture, interrupted: bool) -> Result:
    wish = _read(argv[1:])
    wanted, kinds = _wanted(wish), wish.values.get("events", "ALL").upper().replace("UPDATES", "UPDATE").split(",")
    told = [e for e in capture.events or () if wanted(e.connection) and (kinds == ["ALL"] or e.change.value in kinds)]
    lines = "".join(f"{event(one)}\n" for one in told)
    return Result(lines, f"{NAME}: {len(told)} flow events have been shown.\n")
