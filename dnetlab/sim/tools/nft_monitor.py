"""`nft monitor trace`: what packets meet that a rule has marked with `meta nftrace set 1`.

    nft monitor trace &          timeout 5 nft monitor trace &

In the foreground nothing can come, as for tcpdump: the lab's hosts are quiet while a line waits.
"""

from __future__ import annotations

from dnetlab.commands.tcpdump import QUIET
from dnetlab.model.frame import Capture
from dnetlab.model.traced import Walls
from dnetlab.sim import jobs
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.text.nft_iptables import as_nft
from dnetlab.sim.text.nft_trace import trace_text
from dnetlab.sim.tools.nft_options import Options


def begin(context: Context, options: Options) -> Result:
    """Listen until the job is ended. Refused when a rule of iptables can't be said in nft's words."""
    if options.handles or options.json:
        raise Refused("The lab's `nft monitor trace` has no options.", "Leave them out: `nft monitor trace &`.")
    stack = context.stack
    for family, tables in (("ip", stack.netfilter), ("ip6", stack.netfilter6)):
        for table in tables.tables:
            as_nft(family, table)
    return listen(context, ("nft", *options.words.split()), _tell)


def listen(context: Context, argv: tuple[str, ...], tell: jobs.Tell) -> Result:
    """From now on it is noted what marked packets meet; `tell` says it when the job ends. In the foreground nothing
    comes."""
    stack = context.stack
    walls = Walls(stack.nftables, stack.netfilter, stack.netfilter6)
    if jobs.begun(context, argv, Capture(0, traced=(), walls=walls), tell, lambda *_: False):
        return Result()
    ends = context.deadline < float("inf")
    context.world.clock = context.deadline if ends else context.world.clock + 2.0
    return Result("", "" if ends else QUIET)


def _tell(context: Context, argv: tuple[str, ...], capture: Capture, interrupted: bool) -> Result:
    return Result(trace_text(capture.traced or (), capture.walls) if capture.walls else "")
