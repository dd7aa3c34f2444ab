"""arping (iputils 20221126): who has this address? The answer comes from the segment, whatever IP and its rules say."""

from __future__ import annotations

from ipaddress import IPv4Address

from dnetlab.model import LinkKind
from dnetlab.model.ip import IpAddress
from dnetlab.net import routing
from dnetlab.net.frames import show_question, show_unanswered
from dnetlab.net.journey import count_question
from dnetlab.net.memory import Field
from dnetlab.net.segment import Link, Wanted
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools import lookup
from dnetlab.sim.tools.options import BadOption, busybox_usage, chance, fail, is_busybox, parse

USAGE = """\

Usage:
  arping [options] <destination>

Options:
  -f            quit on first reply
  -q            be quiet
  -b            keep on broadcasting, do not unicast
  -D            duplicate address detection mode
  -U            unsolicited ARP mode, update your neighbours
  -A            ARP answer mode, update your neighbours
  -V            print version and exit
  -c <count>    how many packets to send
  -w <timeout>  how long to wait for a reply
  -i <interval> set interval between packets (default: 1 second)
  -I <device>   which ethernet device to use
  -s <source>   source ip address
  <destination> dns name or ip address

For more details see arping(8).
"""


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`arping [-c N] [-w SECONDS] [-I DEV] [-fqbD] HOST`; 1 when nobody answers (with -D: when somebody)."""
    busybox = is_busybox(context)
    try:
        options, words = parse(argv[1:], "fqbDUAc:w:I:s:" if busybox else "fqbDUAVc:w:i:I:s:")
    except BadOption as error:
        if busybox:
            return busybox_usage("arping", str(error))
        return Result("", f"arping: {error}\n{USAGE}", 2)
    given = dict(options)
    if "-V" in given:
        return Result("arping from iputils 20221126\n")
    if len(words) != 1:
        return busybox_usage("arping") if busybox else Result("", USAGE, 2)
    if {"-U", "-A"} & set(given):
        raise Refused("arping -U and -A are not part of the lab.", "arping -c 1 HOST asks who has an address.")
    found = lookup.find(context, words[0])
    if found is None:
        return fail(f"arping: {words[0]}: Temporary failure in name resolution", 2)
    return _ask(context, found.addresses[0], given)


def _ask(context: Context, target: IpAddress, given: dict[str, str]) -> Result:
    dev = given.get("-I", "")
    way = None if dev else routing.lookup(context.stack, target)
    name = dev or (way.dev if way is not None and way.dev else "")
    own = context.stack.interface(name)
    if own is None:
        text = f"arping: Device {name} not available." if dev else "arping: no route to host"
        return fail(text, 2)
    if own.kind is LinkKind.LOOPBACK or not own.up:
        return fail(f"arping: Interface \"{name}\" is {'down' if not own.up else 'not ARPable'}", 2)
    source = IPv4Address(0) if "-D" in given else IPv4Address(given["-s"]) if "-s" in given else _source(context, name)
    count = int(given["-c"]) if given.get("-c", "").isdecimal() else 3
    lab = Field(context.world.snapshot(), context.world.clock)
    link = Link(context.where, own)
    answer = lab.wiring.search(link, Wanted(target))
    lines, received = [], 0
    for number in range(min(count, 100)):
        lab.now = context.world.clock + number
        if answer.link is None:
            show_unanswered(lab, link, source, target, 1)
            continue
        mac = answer.link.interface.mac
        count_question(lab, answer.path)
        show_question(lab, link, source, target, mac, answer.path)
        received += 1
        took = 0.5 + chance(context, "arping") / 5
        lines.append(f"Unicast reply from {target} [{mac}] {took / 50:.3f}ms" if is_busybox(context)
                     else f"Unicast reply from {target} [{mac.upper()}]  {took:.3f}ms")  # fmt: skip
        if "-f" in given or "-D" in given:
            count = number + 1
            break
    context.world.adopt(lab.after())
    context.world.clock += max(count - 1, 0) + (0 if received else 1)
    broadcasts = 1 if received else count
    head = f"ARPING {target} from {source} {name}"
    tail = f"Sent {count} probes ({broadcasts} broadcast(s))\nReceived {received} response(s)"
    if is_busybox(context):  # which counts only what it hears by broadcast (recorded on 28.5)
        tail = f"Sent {count} probe(s) (0 broadcast(s))\nReceived {received} response(s) (0 request(s), 0 broadcast(s))"
    shown = "" if "-q" in given else "\n".join([head, *lines, tail]) + "\n"
    return Result(shown, "", int(bool(received) is ("-D" in given)))


def _source(context: Context, name: str) -> IpAddress:
    own = context.stack.interface(name)
    return own.ipv4[0].ip if own is not None and own.ipv4 else IPv4Address(0)
