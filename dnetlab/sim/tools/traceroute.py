"""traceroute sends probes with a growing TTL; each router that lets one die says who it is.

traceroute 2.1.2 at a host, busybox 1.35 in a container; UDP to port 33434 and up, or ICMP with -I.
"""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model import IcmpType
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools import lookup, wire
from dnetlab.sim.tools.options import BadOption, busybox_usage, chance, fail, is_busybox, parse
from dnetlab.sim.tools.permission import may_send_raw

_MARKS = {IcmpType.HOST_UNREACHABLE: " !H", IcmpType.NETWORK_UNREACHABLE: " !N",
          IcmpType.PROTOCOL_UNREACHABLE: " !P", IcmpType.NETWORK_PROHIBITED: " !X", IcmpType.HOST_PROHIBITED: " !X",
          IcmpType.ADMINISTRATIVELY_PROHIBITED: " !X"}  # fmt: skip
_BUSYBOX_MARKS = _MARKS | {IcmpType.NETWORK_PROHIBITED: " !A", IcmpType.HOST_PROHIBITED: " !C",
                           IcmpType.ADMINISTRATIVELY_PROHIBITED: " !A"}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    target: IpAddress
    numeric: bool = False
    hops: int = 30
    probes: int = 3
    wait: float = 5.0
    icmp: bool = False
    first: int = 1


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`traceroute [-n] [-m HOPS] [-q PROBES] [-w SECONDS] [-I] HOST`."""
    busybox = is_busybox(context)
    try:
        options, words = parse(
            argv[1:], "46FlnrvIf:m:q:p:t:w:s:i:z:" if busybox else "46dFITnreAUDVf:g:i:m:N:p:t:l:w:q:s:z:M:O:P:"
        )
    except BadOption as error:
        if busybox:
            return busybox_usage("traceroute", str(error))
        letter = str(error)[-2]
        if "requires" in str(error):
            return fail(f"Option `-{letter}' (argc {len(argv) - 1}) requires an argument: `-{letter}'", 2)
        position = next((n for n, word in enumerate(argv) if word.startswith("-") and letter in word), 1)
        return fail(f"Bad option `-{letter}' (argc {position})", 2)
    if not words:
        if busybox:
            return busybox_usage("traceroute")
        raise Refused("traceroute needs a host; its help is not part of the lab.", "traceroute -n 172.25.254.38")
    unknown = {name for name, _ in options} - {"-n", "-m", "-q", "-w", "-I", "-f", "-4", "-6", "-v", "-p"}
    if unknown:
        raise Refused(
            "traceroute {flag} is not part of the lab.", "The lab has -n -m -q -w -f -I.", flag=sorted(unknown)[0]
        )
    family = next((int(name[1]) for name, _ in reversed(options) if name in ("-4", "-6")), 0)
    six = argv[0].endswith("6")
    family = 6 if six else family
    found = lookup.find(context, words[0], family)
    if found is None:
        if busybox:
            return fail(f"traceroute: bad address '{words[0]}'", 1)
        return fail(f"{words[0]}: Temporary failure in name resolution\n"
                    f"Cannot handle \"host\" cmdline arg `{words[0]}' "
                    f"on position 1 (argc {len(argv) - 1})", 2)  # fmt: skip
    if busybox and not may_send_raw(context):
        return fail("traceroute: socket: Operation not permitted", 1)
    asked = Asked(found.addresses[0], wait=3.0 if busybox else 5.0)
    for name, value in options:
        if name in ("-m", "-q", "-w", "-f") and not value.replace(".", "", 1).isdecimal():
            return fail(
                f"traceroute: invalid number '{value}'"
                if busybox
                else f"Cannot handle `{name}' option with arg `{value}' (argc 1)",
                1 if busybox else 2,
            )
        match name:
            case "-n":
                asked = replace(asked, numeric=True)
            case "-m":
                asked = replace(asked, hops=int(min(float(value), 255)))
            case "-q":
                asked = replace(asked, probes=int(max(1, min(float(value), 10))))
            case "-w":
                asked = replace(asked, wait=float(value))
            case "-f":
                asked = replace(asked, first=int(max(1, min(float(value), 255))))
            case "-I":
                asked = replace(asked, icmp=True)
    return _trace(context, words[0], asked, busybox, 6 * (six and busybox))


def _trace(context: Context, name: str, asked: Asked, busybox: bool, more: int) -> Result:
    """more: bytes by which a probe is longer, as those of busybox's traceroute6 are (recorded on 28.5)."""
    size = (46 if busybox else 60) + 20 * (asked.target.version == 6) + more
    head = f"traceroute to {name} ({asked.target}), {asked.hops} hops max, {size} byte packets"
    if wire.source_for(context, asked.target) is None:
        if busybox:
            return fail(f"traceroute: can't connect to remote host ({asked.target}): Network is unreachable", 1)
        return Result(head, "connect: Network is unreachable\n", 1)
    lines = [head]
    silent = 0
    for ttl in range(asked.first, asked.hops + 1):
        answer = _probe(context, asked, ttl, size)
        for _ in range(1, asked.probes):  # the others fare alike, and are counted on their way
            _probe(context, asked, ttl, size)
        if wire.was_stopped_at_output(answer) and not busybox:
            return Result(f"{head}\n", "send: Operation not permitted\n", 1)
        lines.append(f"{ttl:2d}  {_cells(context, asked, answer, busybox)}")
        if answer.sender is None:
            silent += 1
        elif answer.error is not IcmpType.TIME_EXCEEDED:
            context.world.clock += answer.seconds if answer.seconds < 60 else 0
            break
    # traceroute has sixteen probes on the way at once, busybox one.
    rounds = silent * asked.probes if busybox else -(-silent * asked.probes // 16)
    context.world.clock += rounds * asked.wait
    return Result("".join(f"{line}\n" for line in lines))


def _probe(context: Context, asked: Asked, ttl: int, size: int) -> wire.Attempt:
    if asked.icmp:
        return wire.echo(
            context, asked.target, identifier=context.world.count(f"icmp:{context.host}", 1), size=size, ttl=ttl
        )
    return wire.datagram(context, asked.target, 33433 + ttl, ttl=ttl, size=size)


def _cells(context: Context, asked: Asked, answer: wire.Attempt, busybox: bool) -> str:
    """One hop: who answered, and the time of each probe."""
    if answer.sender is None:
        return ("  " if busybox else " ").join("*" * asked.probes)
    who = str(answer.sender)
    if not asked.numeric:
        who = f"{lookup.name_of(context, answer.sender) or answer.sender} ({answer.sender})"
    mark = (_BUSYBOX_MARKS if busybox else _MARKS).get(answer.error, "") if answer.error else ""
    waited = answer.seconds * 1000 if mark and 0 < answer.seconds < 60 else 0.0
    times = []
    for number in range(asked.probes):
        time = waited - 0.04 * number if waited else (0.03 if number == 0 else 0.005) + 0.02 * chance(context, "rtt")
        # The kernel holds back every second "net unreachable" to one asker (icmp_ratelimit; observed).
        times.append("*" if mark == " !N" and number == 1 else f"{time:.3f} ms{mark}")
    return f"{who}  {'  '.join(times)}"
