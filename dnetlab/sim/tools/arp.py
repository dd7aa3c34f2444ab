"""arp shows which MAC address answered for which IP address: net-tools 2.10 at a host, busybox 1.35 in a container."""

from __future__ import annotations

import re

from dnetlab.model import Neighbour
from dnetlab.model.ip import IpAddress
from dnetlab.net import routing
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools import lookup
from dnetlab.sim.tools.options import BadOption, busybox_usage, fail, is_busybox, parse

USAGE = """\
Usage:
  arp [-vn]  [<HW>] [-i <if>] [-a] [<hostname>]             <-Display ARP cache
  arp [-v]          [-i <if>] -d  <host> [pub]               <-Delete ARP entry
  arp [-vnD] [<HW>] [-i <if>] -f  [<filename>]            <-Add entry from file
  arp [-v]   [<HW>] [-i <if>] -s  <host> <hwaddr> [temp]            <-Add entry
  arp [-v]   [<HW>] [-i <if>] -Ds <host> <if> [netmask <nm>] pub          <-''-

        -a                       display (all) hosts in alternative (BSD) style
        -e                       display (all) hosts in default (Linux) style
        -s, --set                set a new ARP entry
        -d, --delete             delete a specified entry
        -v, --verbose            be verbose
        -n, --numeric            don't resolve names
        -i, --device             specify network interface (e.g. eth0)
        -D, --use-device         read <hwaddr> from given device
        -A, -p, --protocol       specify protocol family
        -f, --file               read new entries from file or from /etc/ethers

  <HW>=Use '-H <hw>' to specify hardware address type. Default: ether
  List of possible hardware types (which support ARP):
    ash (Ash) ether (Ethernet) ax25 (AMPR AX.25) 
    netrom (AMPR NET/ROM) rose (AMPR ROSE) arcnet (ARCnet) 
    dlci (Frame Relay DLCI) fddi (Fiber Distributed Data Interface) hippi (HIPPI) 
    irda (IrLAP) x25 (generic X.25) eui64 (Generic EUI-64) 
"""


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`arp [-a] [-n] [-i DEV] [HOST]` and `arp -d HOST`."""
    busybox = is_busybox(context)
    try:
        options, words = parse(argv[1:], "vnaedsDfi:H:A:p:t:")
    except BadOption as error:
        return busybox_usage("arp", str(error)) if busybox else Result("", f"arp: {error}\n{USAGE}", 3)
    flags = {name for name, _ in options}
    if flags & {"-D", "-f", "-H", "-A", "-p", "-t"} or busybox and "-s" in flags:
        raise Refused("The lab's arp shows, sets and deletes entries.", "ip neigh add sets one, too.")
    device = next((value for name, value in options if name == "-i"), "")
    if "-s" in flags:
        return _set(context, words, device)
    address: IpAddress | None = None
    if words:
        found = lookup.find(context, words[0])
        if found is None:
            if busybox:
                return fail(f"arp: bad address '{words[0]}'", 1)
            return fail(f"{words[0]}: Host name lookup failure", 255)
        address = found.addresses[0]
    if "-d" in flags:
        return _delete(context, address, busybox)
    rows = [n for n in context.stack.neighbours_of(4) if device in ("", n.dev) and address in (None, n.address)]
    numeric = "-n" in flags
    if not rows:
        return _nothing(context, flags, words, address, device, busybox)
    if busybox or "-a" in flags:
        return Result("".join(_bsd(context, n, numeric, busybox) for n in rows))
    head = "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
    return Result(head + "".join(_linux(context, n, numeric) for n in rows))


def _nothing(context: Context, flags: set[str], words: list[str], address: IpAddress | None, device: str,
             busybox: bool) -> Result:  # fmt: skip
    total = len(context.stack.neighbours_of(4))
    if address is not None and not busybox and "-a" not in flags:
        return Result(f"{words[0]} ({address}) -- no entry\n")
    if device or address is not None:
        return Result(f"arp: in {total} entries no match found.\n")
    return Result()


def _bsd(context: Context, entry: Neighbour, numeric: bool, busybox: bool) -> str:
    name = None if numeric else lookup.name_of(context, entry.address)
    mac = f"{entry.mac} [ether]" if entry.mac else "<incomplete>"
    mark = " PERM" if entry.state == "PERMANENT" else ""
    return f"{name or '?'} ({entry.address}) at {mac}{mark} {' ' if busybox else ''}on {entry.dev}\n"


def _linux(context: Context, entry: Neighbour, numeric: bool) -> str:
    name = None if numeric else lookup.name_of(context, entry.address)
    shown = (name or str(entry.address))[:23]
    if entry.mac is None:
        return f"{shown:<25}        (incomplete)                              {entry.dev}\n"
    flags = "CM" if entry.state == "PERMANENT" else "C"
    return f"{shown:<25}{'ether':<8}{entry.mac:<20}{flags:<22}{entry.dev}\n"


def _set(context: Context, words: list[str], device: str) -> Result:
    """`arp -s HOST MAC [temp]` (net-tools arp.c, arp_set)."""
    if not words:
        return fail("arp: need host name", 255)
    found = lookup.find(context, words[0])
    if found is None:
        return fail(f"{words[0]}: Host name lookup failure", 255)
    if len(words) < 2:
        return fail("arp: need hardware address", 255)
    if not re.fullmatch(r"[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){0,5}", words[1]):
        return fail("arp: invalid hardware address", 255)
    address, near = found.addresses[0], routing.main_route(context.stack, found.addresses[0])
    dev = device or (near.dev if near is not None and near.via is None else "")
    if not dev:
        return fail("SIOCSARP: Network is unreachable", 255)
    groups = [int(part, 16) for part in words[1].split(":")]
    mac = ":".join(f"{group:02x}" for group in [*groups, 0, 0, 0, 0, 0][:6])  # what isn't said is 0 (net-tools 2.10)
    context.kernel.put_neighbour(Neighbour(address, dev, mac, "STALE" if "temp" in words[2:] else "PERMANENT"))
    return Result()


def _delete(context: Context, address: IpAddress | None, busybox: bool) -> Result:
    if address is None:
        return busybox_usage("arp") if busybox else Result("", "arp: need host name\n", 255)
    if not context.kernel.forget_neighbours(lambda entry: entry.address == address):
        near = any(address in a.network for i in context.stack.interfaces for a in i.ipv4)
        reason = "No such file or directory" if near else "Network is unreachable"
        if busybox:
            return fail("No ARP entry for " + str(address) if near else f"arp: SIOCDARP(priv): {reason}", 1)
        if near:
            return Result(f"No ARP entry for {address}\n", "", 255)  # not on stderr (recorded on 28.5)
        return fail(f"SIOCDARP(dontpub): {reason}", 255)
    return Result()
