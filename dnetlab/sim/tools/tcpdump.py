"""tcpdump 4.99.3: what comes by at an interface while the lines behind `tcpdump … &` run, in its own words.

    tcpdump -i docker0 -nn icmp &       tcpdump -i any -w /tmp/x.pcap &       tcpdump -r /tmp/x.pcap port 80

In the foreground nothing can come: the lab's hosts are quiet while a line waits, and the answer says so.
"""

from __future__ import annotations

from dnetlab.commands.services import service_name
from dnetlab.commands.tcpdump import QUIET, USAGE, VERSION, BadLine, Wish, read_tcpdump
from dnetlab.model import LinkKind
from dnetlab.model.frame import Capture, Sighting
from dnetlab.model.ip import IpAddress
from dnetlab.net.capture import pcap
from dnetlab.net.capture.filter import BadFilter, Test, compile_filter
from dnetlab.net.capture.taken import records
from dnetlab.net.capture.text import Style, Teller
from dnetlab.net.capture.view import View
from dnetlab.sim import jobs
from dnetlab.sim.clock import since_1970
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.tools import lookup, tree

_LEFT_OUT = "CEFGjMTVWyzIJLbdhH"  # letters that a lab has no use for
Seen = list[tuple[Sighting, pcap.Record]]


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`tcpdump [-i INTERFACE] [-c COUNT] [-w FILE] [FILTER]`, `tcpdump -r FILE [FILTER]`, `tcpdump -D`."""
    try:
        wish = read_tcpdump(argv)
    except BadLine as bad:
        return Result("", str(bad), 1)
    if wish.has("version"):
        return Result(VERSION)
    if wish.has("h"):
        return Result("", VERSION + USAGE)
    for letter in wish.counts:
        if letter in _LEFT_OUT:
            raise Refused(
                "tcpdump -{letter} is not part of the lab.",
                "The lab has -i -n -c -e -v -q -t -A -x -X -S -Q -w -r -D.",
                letter=letter,
            )
    if wish.has("D"):
        return Result(_interfaces(context))
    if "r" in wish.values:
        return _from_file(context, wish)
    problem = _problem(context, wish)
    if problem:
        return Result("", problem, 1)
    if jobs.begun(context, argv, Capture(0, _interface(context, wish), not wish.has("p")), _tell, _is_full):
        return Result()
    ends = context.deadline < float("inf")
    context.world.clock = context.deadline if ends else context.world.clock + 2.0
    said = _tell(context, argv, Capture(0), True)
    return Result(said.stdout, said.stderr + ("" if ends else QUIET), said.exit_code)


def _interface(context: Context, wish: Wish) -> str:
    """'' for all of them; without -i the first that is up."""
    name = wish.values.get("i")
    links = context.stack.interfaces
    if name is None:
        up = [i.name for i in links if i.up and i.carrier and i.kind is not LinkKind.LOOPBACK]
        return up[0] if up else "lo"
    if name.isdecimal() and (found := context.stack.by_index(int(name))):
        return found.name
    return "" if name == "any" else name


def _problem(context: Context, wish: Wish) -> str:
    """What tcpdump says of an interface or a filter it can't take; '' when all is well."""
    name = _interface(context, wish)
    if name and context.stack.interface(name) is None:
        return f"tcpdump: {name}: No such device exists\n(No such device exists)\n"
    link = context.stack.interface(name)
    if link is not None and not link.up:
        return f"tcpdump: {name}: That device is not up\n"
    try:
        _test(context, wish)
    except BadFilter as bad:
        return f"tcpdump: {bad}\n"
    return ""


def _link(context: Context, wish: Wish) -> int:
    return pcap.ETHERNET if _interface(context, wish) else pcap.LINUX_SLL2


def _test(context: Context, wish: Wish) -> Test:
    def addresses(name: str) -> list[IpAddress]:
        found = lookup.find(context, name)
        return list(found.addresses) if found else []

    return compile_filter(wish.filter, _link(context, wish), addresses)


# -- what was seen ----------------------------------------------------------------------------------------------------


def _is_full(context: Context, argv: tuple[str, ...], capture: Capture) -> bool:
    wish = read_tcpdump(argv)
    return wish.count is not None and len(_matching(context, wish, capture)) >= wish.count


def _matching(context: Context, wish: Wish, capture: Capture) -> Seen:
    """The frames that the filter lets by, and their bytes."""
    test, link, start = _test(context, wish), _link(context, wish), since_1970(0)
    way = wish.values.get("Q", "inout")
    found: Seen = []
    for sighting in capture.seen:
        if way != "inout" and sighting.out is not (way == "out"):
            continue
        for record in records([sighting], link, start):
            if test(View.of(record.data, link, True, sighting.out)):
                found.append((sighting, record))
    return found


def _tell(context: Context, argv: tuple[str, ...], capture: Capture, interrupted: bool) -> Result:
    """All that it says from its beginning to its end."""
    wish = read_tcpdump(argv)
    link = _link(context, wish)
    found = _matching(context, wish, capture)
    kept = found[: wish.count]
    stderr = _listening(context, wish, link) + _counted(len(kept), len(found))
    file = wish.values.get("w")
    taken = [_cut(wish, record) for _, record in kept]
    stdout = ""
    if file is not None:
        data = pcap.write(pcap.CaptureFile(link, tuple(taken), _snaplen(wish))).decode("latin-1")
        if file == "-":
            return Result(data, stderr)
        LabFiles(context).write(tree.absolute(context, file), data)
    if (file is None or wish.has("print")) and not wish.has("count"):
        names = {sighting.index: sighting.interface for sighting, _ in kept}
        stdout = _teller(context, wish, link, names).tell(taken)
    return Result(stdout + ("\n" if interrupted and file is None else ""), stderr)


def _snaplen(wish: Wish) -> int:
    return int(wish.values.get("s", "0")) or pcap.SNAPLEN


def _cut(wish: Wish, record: pcap.Record) -> pcap.Record:
    return pcap.Record(record.at, record.data[: _snaplen(wish)], record.length)


def _listening(context: Context, wish: Wish, link: int) -> str:
    head = "" if link == pcap.ETHERNET else "tcpdump: data link type LINUX_SLL2\n"
    verbose = wish.has("v") or "w" in wish.values
    head += "tcpdump: " if verbose else "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n"
    name = _interface(context, wish) or "any"
    return f"{head}listening on {name}, link-type {pcap.LINK_NAMES[link]}, snapshot length {_snaplen(wish)} bytes\n"


def _counted(captured: int, received: int) -> str:
    def packets(number: int) -> str:
        return f"{number} packet{'' if number == 1 else 's'}"

    return f"{packets(captured)} captured\n{packets(received)} received by filter\n0 packets dropped by kernel\n"


def _teller(context: Context, wish: Wish, link: int, interfaces: dict[int, str]) -> Teller:
    counts = wish.counts
    style = Style(
        wish.has("n"), wish.has("e"), counts.get("v", 0), wish.has("q"), wish.has("S"), wish.has("#"),
        counts.get("t", 0), counts.get("A", 0), counts.get("x", 0), counts.get("X", 0),
    )  # fmt: skip
    return Teller(
        style, link,
        lambda ip: lookup.name_of(context, ip) or str(ip),
        lambda port, protocol: service_name(port, protocol) or str(port),
        interfaces,
    )  # fmt: skip


# -- files and interfaces ---------------------------------------------------------------------------------------------


def _from_file(context: Context, wish: Wish) -> Result:
    """`-r FILE`: what stands in a capture file of the lab, or of the standard input (`-`)."""
    name = wish.values["r"]
    try:
        text = context.stdin or "" if name == "-" else LabFiles(context).read(tree.absolute(context, name))
    except FileNotFoundError:
        return Result("", f"tcpdump: {name}: No such file or directory\n", 1)
    except OSError:
        return Result("", f"tcpdump: error reading dump file {name}: Is a directory\n", 1)
    try:
        file = pcap.read(text.encode("latin-1", "replace"))
        test = compile_filter(wish.filter, file.link)
        found = [r for r in file.records if test(View.of(r.data, file.link, False))][: wish.count]
    except pcap.BadFile as bad:
        return Result("", f"tcpdump: {bad}\n", 1)
    except BadFilter as bad:
        return Result("", f"{_reading(name, file)}tcpdump: {bad}\n", 1)
    stderr = _reading(name, file)
    if wish.has("count"):
        return Result(f"{len(found)} packet{'' if len(found) == 1 else 's'}\n", stderr)
    if "w" in wish.values:
        data = pcap.write(pcap.CaptureFile(file.link, tuple(found))).decode("latin-1")
        LabFiles(context).write(tree.absolute(context, wish.values["w"]), data)
        return Result("", stderr)
    interfaces = {i.index: i.name for i in context.stack.interfaces}
    return Result(_teller(context, wish, file.link, interfaces).tell(found), stderr)


def _reading(name: str, file: pcap.CaptureFile) -> str:
    warning = "" if file.link == pcap.ETHERNET else "Warning: interface names might be incorrect\n"
    kind = pcap.LINK_NAMES.get(file.link, str(file.link))
    return f"reading from file {name}, link-type {kind}, snapshot length {file.snaplen}\n{warning}"


def _interfaces(context: Context) -> str:
    """`-D`: those that are up first, `any`, lo, then those that are down."""
    links = [i for i in context.stack.interfaces if i.kind is not LinkKind.LOOPBACK]
    rows = [f"{i.name} [Up, Running, Connected]" for i in links if i.up and i.carrier]
    rows += ["any (Pseudo-device that captures on all interfaces) [Up, Running]"]
    rows += [
        f"{i.name} [Up, Running, Loopback]" for i in context.stack.interfaces if i.kind is LinkKind.LOOPBACK and i.up
    ]
    rows += [f"{i.name} [Up, Disconnected]" for i in links if i.up and not i.carrier]
    rows += [f"{i.name} [none]" for i in links if not i.up]
    return "".join(f"{number}.{row}\n" for number, row in enumerate(rows, 1))
