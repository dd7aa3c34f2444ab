"""ping asks "are you there?" with an ICMP echo request; iputils at a host, busybox in a container.

Without -c it never ends; here a student's Ctrl-C comes after three requests and shows as `^C`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dnetlab.model import IcmpType
from dnetlab.model.changed import quick, replace
from dnetlab.model.ip import IpAddress, ip_address, numeric_address
from dnetlab.model.network import ARP_SECONDS
from dnetlab.net.routing import address_of, is_broadcast
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools import lookup, wire
from dnetlab.sim.tools.options import BadOption, busybox_usage, chance, fail, is_busybox, parse
from dnetlab.sim.tools.permission import may_send_raw

UNTIL_CTRL_C = 3  # requests a student waits for before Ctrl-C
MOST = 1000  # a longer run would teach nothing more
LINGER = 10.0  # both wait 10 s for the last answer (iputils MAXWAIT, busybox MAXWAIT)

_MESSAGES = {  # iputils ping.c pr_icmph()
    IcmpType.NETWORK_UNREACHABLE: "Destination Net Unreachable",
    IcmpType.HOST_UNREACHABLE: "Destination Host Unreachable",
    IcmpType.PROTOCOL_UNREACHABLE: "Destination Protocol Unreachable",
    IcmpType.PORT_UNREACHABLE: "Destination Port Unreachable",
    IcmpType.NETWORK_PROHIBITED: "Destination Net Prohibited",
    IcmpType.HOST_PROHIBITED: "Destination Host Prohibited",
    IcmpType.ADMINISTRATIVELY_PROHIBITED: "Packet filtered",
    IcmpType.TIME_EXCEEDED: "Time to live exceeded",
}

_MESSAGES6 = {  # iputils ping6_common.c print_icmp()
    IcmpType.NETWORK_UNREACHABLE: "No route",
    IcmpType.ADMINISTRATIVELY_PROHIBITED: "Administratively prohibited",
    IcmpType.HOST_UNREACHABLE: "Address unreachable",
    IcmpType.PORT_UNREACHABLE: "Port unreachable",
    IcmpType.NETWORK_PROHIBITED: "Source address failed ingress/egress policy",
    IcmpType.HOST_PROHIBITED: "Reject route to destination",
    IcmpType.TIME_EXCEEDED: "Time exceeded: Hop limit",
}


@quick
@dataclass(frozen=True)
class Request:
    """What was asked: count None is "until Ctrl-C"; interface is what -I named."""

    target: str
    count: int | None = None
    size: int = 56
    ttl: int = 64
    interval: float = 1.0
    wait: float = LINGER
    deadline: float | None = None
    quiet: bool = False
    numeric: bool = False
    interface: str = ""
    cutting: wire.Cutting = wire.Cutting.WANT

    @property
    def device(self) -> str:
        """The link that -I names, '' when it names an address."""
        return "" if _is_address(self.interface) or ":" in self.interface else self.interface


@dataclass
class Tally:
    """What came back."""

    sent: int = 0
    received: int = 0
    errors: int = 0
    times: tuple[float, ...] = ()
    lines: tuple[str, ...] = ()
    stderr: str = ""
    seconds: float = 0.0
    late: int = 0  # errors that came after ping had gone


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ping [options] HOST`; exit status 0 when an answer came, 1 when none did, 2 for an error (iputils)."""
    return _busybox(context, argv) if is_busybox(context) else _iputils(context, argv)


# -- iputils 20221126 -----------------------------------------------------------------------------------------------

_IPUTILS_SHORT = "aABCDdfhLnOqRrUvVb46c:e:F:I:i:l:m:M:N:p:Q:s:S:t:T:w:W:"
_IPUTILS_LATER = {"-" + c for c in "aABCDdLORrUVbeFlmNpQST"}


def _iputils(context: Context, argv: tuple[str, ...]) -> Result:
    try:
        options, operands = parse(argv[1:], _IPUTILS_SHORT)
    except BadOption as error:
        return Result("", f"ping: {error}\n{HELP}", 2)
    if any(name == "-h" for name, _ in options):
        return Result("", HELP, 2)
    request = Request("")
    for name, value in options:
        if name in _IPUTILS_LATER:
            raise Refused(
                "ping {name} is not part of the lab.",
                "The lab has -c, -i, -W, -w, -q, -n, -s, -t, -I and -4.",
                name=name,
            )
        bad = _iputils_value(name, value)
        if bad:
            return bad
        request = _apply(request, name, value)
    if not operands:
        return fail("ping: usage error: Destination address required", 1)
    request = replace(request, target=operands[-1])
    found = lookup.find(context, request.target)
    if found is None:
        # The lab's resolver never answers (EAI_AGAIN); a host that knows better says so itself.
        return fail(f"ping: {request.target}: {_unknown(request.target)}", 2)
    family = _family(options)
    of_family = found.of_family(family)
    if of_family is None and found.numeric or family == 6 and of_family is None:
        return fail(f"ping: {request.target}: Address family for hostname not supported", 2)
    return _iputils_to(context, request, of_family or found)


def _family(options: Sequence[tuple[str, str]]) -> int:
    """What -4 or -6 said, the last of them; 0 for neither."""
    return next((int(name[1]) for name, _ in reversed(options) if name in ("-4", "-6")), 0)


def _unknown(target: str) -> str:
    """What has colons is no name that a server could know; %eth7 may be the wrong end of an address."""
    return "Name or service not known" if ":" in target else "Temporary failure in name resolution"


def _iputils_value(name: str, value: str) -> Result | None:
    """A complaint about an option's number, None when it will do."""
    limits = {"-c": (1, 2**63 - 1), "-s": (0, 2147483647), "-t": (0, 255), "-w": (0, 2147483647)}
    if name in limits:
        low, high = limits[name]
        if not _is_integer(value):
            return fail(f"ping: invalid argument: '{value}'", 1)
        if not low <= int(value) <= high:
            return fail(f"ping: invalid argument: '{value}': out of range: {low} <= value <= {high}", 1)
        if name == "-s" and int(value) > 65507:
            return fail(f"ping: invalid argument: '{value}': out of range: 0 <= value <= 127992", 1)
    if name == "-M" and value not in [way.value for way in wire.Cutting]:
        return fail(f"ping: invalid -M argument: {value}", 2)
    if name in ("-i", "-W"):
        try:
            number = float(value)
        except ValueError:
            what = "timing interval" if name == "-i" else "linger time"
            return fail(f"ping: bad {what}: {value}", 2)
        if not 0 <= number < 2147483:
            return fail(f"ping: bad {'timing interval' if name == '-i' else 'linger time'}: {value}", 2)
    return None


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-").removeprefix("+")
    return digits.isascii() and digits.isdecimal() and len(digits) < 25


def _apply(request: Request, name: str, value: str) -> Request:
    match name:
        case "-c":
            return replace(request, count=int(value))
        case "-s":
            return replace(request, size=int(value))
        case "-t":
            return replace(request, ttl=int(value) or 64)
        case "-i":
            return replace(request, interval=float(value))
        case "-W":
            return replace(request, wait=float(value) or LINGER)
        case "-w":
            return replace(request, deadline=float(value) or None)
        case "-q":
            return replace(request, quiet=True)
        case "-n":
            return replace(request, numeric=True)
        case "-M":
            return replace(request, cutting=wire.Cutting(value))
        case "-I":
            return replace(request, interface=value)
        case "-f":
            return replace(request, interval=0.01, quiet=True)
    return request


def _iputils_to(context: Context, request: Request, found: lookup.Found) -> Result:
    target = found.addresses[0]
    if target.is_unspecified:
        target = ip_address("127.0.0.1" if target.version == 4 else "::1")
    source = _source(context, request.interface, target)
    if request.interface and source is None:
        return fail(f"ping: SO_BINDTODEVICE {request.interface}: No such device", 2)
    if source is None and wire.source_for(context, target) is None:
        why = wire.no_way(context, target)
        if why == "Permission denied":  # iputils takes EACCES for a broadcast address
            return fail("ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules", 2)
        return fail(f"ping: connect: {why}", 2)
    if _is_broadcast(context, target):
        return fail("ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules", 2)
    named = "" if found.numeric or request.numeric else lookup.name_of(context, target) or ""
    where = f" from {source} {'' if _is_address(request.interface) else request.interface}:" if source else ""
    head = f"PING {request.target} ({target}){where} {request.size}({request.size + 28}) bytes of data.\n"
    if target.version == 6:
        shown = f"{named} ({target})" if named else str(target)
        head = f"PING {request.target}({shown}){where} {request.size} data bytes\n"
    if not request.interface:
        source = wire.source_for(context, target)
    tally = _echoes(context, request, target, source, named)
    return Result(head + "".join(tally.lines) + _iputils_summary(context, request, tally), tally.stderr,
                  _exit_code(request, tally))  # fmt: skip


def _source(context: Context, interface: str, target: IpAddress) -> IpAddress | None:
    """The address that -I chooses, None without -I or when there is no such device."""
    if not interface:
        return None
    if _is_address(interface) or ":" in interface:
        return numeric_address(interface) or lookup.numeric_ipv6(context, interface)
    if target.version == 6 and context.stack.interface(interface) is not None:
        return address_of(context.stack, interface, target)
    device = context.stack.interface(interface)
    return device.ipv4[0].ip if device and device.ipv4 else None


def _is_address(text: str) -> bool:
    return text.count(".") == 3 and numeric_address(text) is not None


def _is_broadcast(context: Context, target: IpAddress) -> bool:
    return is_broadcast(context.stack, target)


def _requests(request: Request) -> int:
    """How many are sent before the count, the deadline or Ctrl-C ends it."""
    wanted = request.count if request.count is not None else (MOST if request.deadline else UNTIL_CTRL_C)
    if request.deadline:
        wanted = min(wanted, max(1, math.ceil(request.deadline / max(request.interval, 0.002))))
    if wanted > MOST:
        raise Refused(
            "The lab sends at most {most} echo requests in one line.", "ping -c 4 shows all there is to see.", most=MOST
        )
    return wanted


def _echoes(context: Context, request: Request, target: IpAddress, source: IpAddress | None, named: str) -> Tally:
    """Send them one after the other; the clock moves on by the interval, and by the wait for what never comes."""
    tally = Tally()
    lines: list[str] = []
    times: list[float] = []
    stopped = ""
    identifier = context.world.count(f"icmp:{context.host}", 1)
    begin = context.world.clock
    answer = wire.Attempt(wire.Fate.SILENCE)
    total = _requests(request)
    for number in range(1, total + 1):
        tally.sent += 1
        try:
            answer = wire.echo(context, target, identifier=identifier, number=number, size=packet_size(request, target),
                               ttl=request.ttl, source=source, cutting=request.cutting, oif=request.device)  # fmt: skip
        except wire.TooLong as too_long:
            answer = wire.Attempt(wire.Fate.SILENCE)
            tally.errors += 1
            stopped += f"ping: local error: message too long, mtu={too_long.mtu}\n"
        if answer.fate is wire.Fate.ANSWERED:
            tally.received += 1
            times.append(round_trip(context, answer, target))
            lines.append(_iputils_line(request, answer, number, times[-1], named))
        elif answer.error is not None:
            tally.errors += 1
            lines.append(_iputils_error(context, request, answer, number, named))
            if wire.was_stopped_at_output(answer):  # REJECT in OUTPUT: an ICMP error and EPERM (observed)
                stopped += "ping: sendmsg: Operation not permitted\n"
        if number < total:
            context.world.clock += request.interval
    tally.seconds = context.world.clock - begin
    late = _too_late(request, total) if not tally.received else 0
    if late and answer.fate is wire.Fate.HOST_UNREACHABLE and answer.seconds >= ARP_SECONDS:
        tally.errors, tally.late = tally.errors - late, late
        del lines[len(lines) - late :]
    if request.deadline and tally.received < (request.count or 1):
        context.world.clock = begin + request.deadline
    elif answer.fate is not wire.Fate.ANSWERED:
        context.world.clock += ARP_SECONDS if answer.error else (request.wait if request.count else 1.0)
    tally.lines = tuple(() if request.quiet else lines)
    tally.times = tuple(times)
    tally.stderr = stopped
    return tally


def _too_late(request: Request, total: int) -> int:
    """How many of the last requests ping no longer waits for: who asks for a MAC hears that nobody answers only
    after three seconds, then for all the packets that queued meanwhile (observed: -c1 -W1 and -c4 -W1, iputils)."""
    if request.count is None and not request.deadline:
        return 0
    spacing = request.interval + 0.03
    end = request.deadline or (total - 1) * spacing + request.wait
    opened = number = 0
    while number < total:  # a question opened by packet `opened` ends ARP_SECONDS later
        if number * spacing >= opened * spacing + ARP_SECONDS:
            opened = number
        number += 1
    return total - opened if opened * spacing + ARP_SECONDS > end else 0


def packet_size(request: Request, target: IpAddress) -> int:
    """The bytes of a request: what was asked for, 8 of ICMP, and the header of the target's family."""
    return request.size + 8 + (20 if target.version == 4 else 40)


def round_trip(context: Context, answer: wire.Attempt, target: IpAddress) -> float:
    """Milliseconds: short on the same machine, longer over the switch, a little chance in it."""
    hops = len(answer.exchange.request.hops) if answer.exchange else 1
    base = 0.028 if hops <= 1 else 0.045 + 0.02 * hops
    return round(base + 0.06 * chance(context, "rtt"), 3)


def _iputils_line(request: Request, answer: wire.Attempt, number: int, time: float, named: str) -> str:
    who = f"{named} ({answer.sender})" if named else str(answer.sender)
    measured = f" time={_three_digits(time)} ms" if request.size >= 16 else ""
    return f"{request.size + 8} bytes from {who}: icmp_seq={number} ttl={answer.ttl}{measured}\n"


def _three_digits(time: float) -> str:
    """iputils prints three significant places: 0.053, 1.25, 12.3, 123."""
    if time >= 99.95:
        return f"{time:.0f}"
    if time >= 9.995:
        return f"{time:.1f}"
    return f"{time:.2f}" if time >= 0.9995 else f"{time:.3f}"


def _iputils_error(context: Context, request: Request, answer: wire.Attempt, number: int, named: str) -> str:
    who = str(answer.sender)
    if named and answer.sender:
        name = lookup.name_of(context, answer.sender)
        who = f"{name} ({who})" if name else who
    if answer.error is IcmpType.FRAGMENTATION_NEEDED and answer.sender is not None and answer.sender.version == 6:
        return f"From {who} icmp_seq={number} Packet too big: mtu={answer.mtu}\n"
    if answer.error is IcmpType.FRAGMENTATION_NEEDED:
        return f"From {who} icmp_seq={number} Frag needed and DF set (mtu = {answer.mtu})\n"
    if answer.sender is not None and answer.sender.version == 6:
        message = _MESSAGES6.get(answer.error, "Address unreachable") if answer.error else ""
        kind = "" if answer.error is IcmpType.TIME_EXCEEDED else "Destination unreachable: "
        return f"From {who} icmp_seq={number} {kind}{message}\n"
    message = _MESSAGES.get(answer.error, "Destination Host Unreachable") if answer.error else ""
    return f"From {who} icmp_seq={number} {message}\n"


def _iputils_summary(context: Context, request: Request, tally: Tally) -> str:
    interrupted = request.count is None and request.deadline is None
    text = ("^C" if interrupted and context.tty else "") + f"\n--- {request.target} ping statistics ---\n"
    lost = (tally.sent - tally.received) * 100 / tally.sent
    percent = f"{lost:.6g}"  # iputils: "%g%% packet loss"
    errors = f"+{tally.errors} errors, " if tally.errors else ""
    milliseconds = int(tally.seconds * 1000 + 9 * max(0, tally.sent - 1) + 17 * (tally.sent > 1))
    text += f"{tally.sent} packets transmitted, {tally.received} received, {errors}{percent}% packet loss, "
    text += f"time {milliseconds}ms\n"
    pipe = min(tally.errors + tally.late, 4) if tally.errors > 1 and not (tally.received or tally.stderr) else 0
    end = f"pipe {pipe}" if pipe and request.interval <= 1 else ""
    if tally.received and request.size >= 16:
        return text + f"rtt min/avg/max/mdev = {_statistics(tally.times)} ms\n"
    return text + f"{end}\n"


def _statistics(times: tuple[float, ...]) -> str:
    """min/avg/max/mdev in milliseconds; mdev is the standard deviation."""
    mean = sum(times) / len(times)
    deviation = math.sqrt(max(0.0, sum(t * t for t in times) / len(times) - mean * mean))
    return "/".join(f"{value:.3f}" for value in (min(times), mean, max(times), deviation))


def _exit_code(request: Request, tally: Tally) -> int:
    if request.deadline and request.count and tally.received < request.count:
        return 1
    return 0 if tally.received else 1


# -- busybox 1.35 ---------------------------------------------------------------------------------------------------


def _busybox(context: Context, argv: tuple[str, ...]) -> Result:
    try:
        options, operands = parse(argv[1:], "46nAqc:i:s:t:w:W:I:p:", ["help"])
    except BadOption as error:
        return busybox_usage("ping", str(error))
    if ("--help", "") in options:
        return replace(busybox_usage("ping"), exit_code=0)
    if len(operands) != 1:
        return busybox_usage("ping")
    request = Request(operands[0])
    for name, value in options:
        if name in ("-c", "-s", "-t", "-w", "-W") and not value.isdecimal():
            return fail(f"ping: invalid number '{value}'", 1)
        if name == "-i" and not value.replace(".", "", 1).isdecimal():
            return fail(f"ping: invalid number '{value}'", 1)
        request = _apply(request, name, value)
    if request.count == 0:
        request = replace(request, count=None)
    family = 6 if argv[0].endswith("ping6") else _family(options)
    found = lookup.find(context, request.target, family)
    if found is None:
        return fail(f"ping: bad address '{request.target}'", 1)
    source = _source(context, request.interface, found.addresses[0])
    if request.interface and source is None:
        return fail(f"ping: bad address '{request.interface}'", 1)
    return _busybox_to(context, request, found.addresses[0], source)


def _busybox_to(context: Context, request: Request, target: IpAddress, source: IpAddress | None) -> Result:
    where = f" from {source}" if source and _is_address(request.interface) else ""
    head = f"PING {request.target} ({target}){where}: {request.size} data bytes\n"
    if not may_send_raw(context):
        return Result(head, "ping: permission denied (are you root?)\n", 1)
    source = source or wire.source_for(context, target)
    if source is None:
        return Result(head, f"ping: sendto: {wire.nowhere(context, target).value}\n", 1)
    silent = _is_broadcast(context, target)  # it may send there, but Linux answers no broadcast
    tally = Tally()
    times: list[float] = []
    lines: list[str] = []
    identifier = context.world.count(f"icmp:{context.host}", 1)
    begin = context.world.clock
    total = _requests(request)
    last_answered = True
    for number in range(total):
        answer = (
            wire.Attempt(wire.Fate.SILENCE)
            if silent
            else wire.echo(
                context, target, identifier=identifier, number=number, size=packet_size(request, target),
                ttl=request.ttl, source=source, oif=request.device,
            )
        )
        if answer.fate is wire.Fate.NOT_PERMITTED:
            return Result(head + "".join(lines), "ping: sendto: Operation not permitted\n", 1)
        tally.sent += 1
        last_answered = answer.fate is wire.Fate.ANSWERED
        if last_answered:
            tally.received += 1
            times.append(round_trip(context, answer, target))
            lines.append(f"{request.size + 8} bytes from {answer.sender}: seq={number} ttl={answer.ttl} "
                         f"time={times[-1]:.3f} ms\n")  # fmt: skip
        if number < total - 1:
            context.world.clock += request.interval
    if not last_answered:
        context.world.clock = (
            begin + request.deadline
            if request.deadline
            else (context.world.clock + (request.wait if request.count else 1.0))
        )
    tally.times = tuple(times)
    shown = [] if request.quiet else lines
    return Result(head + "".join(shown) + _busybox_summary(context, request, tally), "", _exit_code(request, tally))


def _busybox_summary(context: Context, request: Request, tally: Tally) -> str:
    interrupted = request.count is None and request.deadline is None
    text = ("^C" if interrupted and context.tty else "") + f"\n--- {request.target} ping statistics ---\n"
    lost = (tally.sent - tally.received) * 100 // tally.sent
    text += f"{tally.sent} packets transmitted, {tally.received} packets received, {lost}% packet loss\n"
    if tally.times:
        low, mean, high = min(tally.times), sum(tally.times) / len(tally.times), max(tally.times)
        text += f"round-trip min/avg/max = {low:.3f}/{mean:.3f}/{high:.3f} ms\n"
    return text


HELP = """\

Usage
  ping [options] <destination>

Options:
  <destination>      dns name or ip address
  -a                 use audible ping
  -A                 use adaptive ping
  -B                 sticky source address
  -c <count>         stop after <count> replies
  -C                 call connect() syscall on socket creation
  -D                 print timestamps
  -d                 use SO_DEBUG socket option
  -e <identifier>    define identifier for ping session, default is random for
                     SOCK_RAW and kernel defined for SOCK_DGRAM
                     Imply using SOCK_RAW (for IPv4 only for identifier 0)
  -f                 flood ping
  -h                 print help and exit
  -I <interface>     either interface name or address
  -i <interval>      seconds between sending each packet
  -L                 suppress loopback of multicast packets
  -l <preload>       send <preload> number of packages while waiting replies
  -m <mark>          tag the packets going out
  -M <pmtud opt>     define mtu discovery, can be one of <do|dont|want>
  -n                 no dns name resolution
  -O                 report outstanding replies
  -p <pattern>       contents of padding byte
  -q                 quiet output
  -Q <tclass>        use quality of service <tclass> bits
  -s <size>          use <size> as number of data bytes to be sent
  -S <size>          use <size> as SO_SNDBUF socket option value
  -t <ttl>           define time to live
  -U                 print user-to-user latency
  -v                 verbose output
  -V                 print version and exit
  -w <deadline>      reply wait <deadline> in seconds
  -W <timeout>       time to wait for response

IPv4 options:
  -4                 use IPv4
  -b                 allow pinging broadcast
  -R                 record route
  -T <timestamp>     define timestamp, can be one of <tsonly|tsandaddr|tsprespec>

IPv6 options:
  -6                 use IPv6
  -F <flowlabel>     define flow label, default is random
  -N <nodeinfo opt>  use icmp6 node info query, try <help> as argument

For more details see ping(8).
"""
