"""`ip`: look at interfaces, addresses, routes and neighbours, and change them (iproute2 6.1 at the lab hosts).

What it shows is in ip_show, what changes the world in ip_change. Containers have busybox's smaller `ip`: ip_busybox.
"""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.commands.ip import IpError, IpLine, parse_ip
from dnetlab.model.changed import replace
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import KernelError
from dnetlab.sim.text.colours import coloured
from dnetlab.sim.tools import ip_busybox, ip_change, ip_monitor, ip_rule, ip_show, namespaces
from dnetlab.sim.tools.options import is_busybox


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ip …` as its userland has it."""
    if is_busybox(context):
        return ip_busybox.run(context, argv)
    try:
        return _run(context, parse_ip(argv[1:]))
    except IpError as error:
        return Result("", error.text, error.code)
    except KernelError as error:
        return Result("", kernel_text(error), 2)


def kernel_text(error: KernelError) -> str:
    """The kernel's refusal as iproute2 prints it: its sentence if it sent one, else errno."""
    return f"Error: {error.sentence}\n" if error.sentence else f"RTNETLINK answers: {error.words}\n"


def _run(context: Context, line: IpLine) -> Result:
    if line.options.version:
        return Result("ip utility, iproute2-6.1.0, libbpf 1.1.2\n")
    if line.options.batch:
        raise Refused("ip -batch is not modelled.", "Type the commands one per line.")
    if line.object == "netns":
        return namespaces.ip_netns(context, line.verb, tuple(line.words), line.options)
    if line.options.netns is not None:
        space = namespaces.named(context, line.options.netns)
        if space is None:
            return namespaces.missing(line.options.netns)
        inner = replace(line, options=replace(line.options, netns=None))
        return _run(replace(context, namespace=space), inner)
    if line.object == "rule":
        return ip_rule.run(context, line)
    if line.object == "nexthop" and line.verb in ("", "list", "show", "ls", "lst"):
        return Result()  # nobody has made one: routes name their gateways themselves
    if line.object == "monitor":
        return ip_monitor.run(context, line)
    if line.options.more_statistics:
        raise Refused("The lab counts packets and bytes, not errors by kind.", "One -s shows the counters.")
    if line.options.statistics and line.object == "neigh":
        raise Refused(
            "`ip -s {object}` is not modelled.", "The lab has ip -s link, address and route.", object=line.object
        )
    shows: dict[str, Callable[[Context, IpLine], Result]] = {
        "address": ip_show.show_addresses, "link": ip_show.show_links, "route": ip_show.show_routes,
        "neigh": ip_show.show_neighbours,
    }  # fmt: skip
    if line.object not in shows:
        raise Refused(
            "`ip {object}` is not modelled.", "The lab has ip address, link, route and neigh.", object=line.object
        )
    if line.verb == "show":
        return _coloured(shows[line.object](context, line), line)
    return ip_change.run(context, line)


def _coloured(shown: Result, line: IpLine) -> Result:
    """-c, but for JSON, which has no colours."""
    if not line.options.colour or line.options.json:
        return shown
    return replace(shown, stdout=coloured(line.object, shown.stdout, line.options.brief))
