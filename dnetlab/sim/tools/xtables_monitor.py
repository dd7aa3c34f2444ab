"""`xtables-monitor --trace` (iptables 1.8.9): what packets meet that a rule of iptables has marked with -j TRACE.

    xtables-monitor --trace &          timeout 5 xtables-monitor -t -4

In the foreground nothing can come, as for tcpdump: the lab's hosts are quiet while a line waits.
"""

from __future__ import annotations

from dnetlab.model.frame import Capture
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.text.xtables_trace import Ended, trace_text
from dnetlab.sim.tools.nft import refuse_unknown
from dnetlab.sim.tools.nft_monitor import listen
from dnetlab.sim.tools.options import BadOption, parse
from dnetlab.sim.tools.permission import may_configure

_BAD = "xtables-monitor 1.8.9: Bad argument.\nTry `xtables-monitor -h' for more information.\n"
_VERSION = "xtables-monitor 1.8.9\n"
_USAGE = """\
xtables-monitor 1.8.9 (nf_tables)
Usage: xtables-monitor [ -t | -e ]
        --trace    -t    trace ruleset traversal of packets tagged via -j TRACE rule
        --event    -e    show events that modify the ruleset
Optional arguments:
        --ipv4     -4    only monitor IPv4
        --ipv6     -6    only monitor IPv6
\t--counters -c    show counters in rules
"""
_LONG = {"--counters": "-c", "--trace": "-t", "--event": "-e", "--ipv4": "-4", "--ipv6": "-6", "--version": "-V",
         "--help": "-h"}  # fmt: skip


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """Listen until the job is ended."""
    try:
        options, _ = parse(argv[1:], "ceht46V", tuple(name[2:] for name in _LONG))
    except BadOption:
        return Result("", _BAD, 2)
    letters = [_LONG.get(name, name) for name, _ in options]
    first = next((letter for letter in letters if letter in ("-h", "-V")), "")
    if first == "-V":
        return Result(_VERSION)
    if first or not {"-t", "-e"} & set(letters):
        return Result(_USAGE, "", 1)
    if not may_configure(context):
        return Result("", "cannot bind to nfnetlink socket: Operation not permitted\n", 1)
    if unknown := next((letter for letter in letters if letter in "-e-c"), ""):
        raise Refused("xtables-monitor {option} is not part of the lab.", "It has -t, -4 and -6.", option=unknown)
    return _begin(context, argv)


def _begin(context: Context, argv: tuple[str, ...]) -> Result:
    stack = context.stack
    for table in stack.nftables.tables:
        if table.family != "inet" and any(chain.rules for chain in table.chains):
            raise Refused(
                "The lab can't say the rules of nft's table {table} in iptables' words.",
                "`nft monitor trace &` tells of both.", table=table.label,
            )  # fmt: skip
    for filters in (stack.netfilter, stack.netfilter6):
        refuse_unknown(filters, {table.name for table in filters.tables})
    return listen(context, argv, _tell)


def _tell(context: Context, argv: tuple[str, ...], capture: Capture, interrupted: bool) -> Result:
    options, _ = parse(argv[1:], "ceht46V", tuple(name[2:] for name in _LONG))
    wanted = [letter for name, _ in options if (letter := _LONG.get(name, name)) in ("-4", "-6")]
    families = {"-4": ("ip",), "-6": ("ip6",)}[wanted[-1]] if wanted else ("ip", "ip6", "inet")
    try:
        return Result(trace_text(capture.traced or (), families))
    except Ended as ended:
        return Result(ended.stdout, ended.stderr, 3)
