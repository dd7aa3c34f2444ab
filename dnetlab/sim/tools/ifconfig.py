"""`ifconfig` and `route`: the older tools, as busybox 1.35 and net-tools 2.10 have them.

busybox writes `inet addr:172.17.0.2  Bcast:…`, net-tools `inet 172.17.0.2  netmask …`.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from dnetlab.commands.net_usage import ROUTE
from dnetlab.model import Address, Interface, LinkKind, Route, Traffic
from dnetlab.model.changed import replace
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import KernelError
from dnetlab.sim.kernel.routes import in_order, same_as
from dnetlab.sim.text.links import of_family
from dnetlab.sim.text.traffic import scaled
from dnetlab.sim.tools import route6
from dnetlab.sim.tools.netstat import interface_table
from dnetlab.sim.tools.options import is_busybox
from dnetlab.sim.tools.permission import may_configure

BUSYBOX_ROUTE = """\
BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.

Usage: route [-ne] [-A inet[6]] [{add|del} [-net|-host] TARGET [netmask MASK]
	[gw GATEWAY] [metric N] [mss BYTES] [window BYTES] [reject] [IFACE]]

Show or edit kernel routing tables

	-n	Don't resolve names
	-e	Display other/more information
	-A inet[6]	Select address family
"""


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ifconfig …`, `route …`."""
    if argv[0].rsplit("/", 1)[-1] == "route":
        return _route(context, argv[1:])
    words = list(argv[1:])
    everything = words[:1] == ["-a"]
    if everything:
        words = words[1:]
    if words == ["-s"] and not is_busybox(context):
        return Result(interface_table(context))
    if words[:1] in (["-s"], ["-v"], ["--help"], ["-h"]):
        raise Refused(
            "`ifconfig {word}` is not modelled.", "`ifconfig`, `ifconfig -a` and `ifconfig DEV` are.", word=words[0]
        )
    if len(words) > 1:
        return _configure(context, words[0], words[1:])
    return _show(context, words[0] if words else None, everything)


# -- ifconfig ---------------------------------------------------------------------------------------------------------


def _show(context: Context, name: str | None, everything: bool) -> Result:
    """Links in the order of their names, as the /proc list is sorted; without -a only those that are up."""
    found = sorted(context.stack.interfaces, key=lambda i: i.name)
    if name is not None:
        found = [i for i in found if i.name == name]
        if not found:
            prefix = "ifconfig: " if is_busybox(context) else ""
            return Result("", f"{prefix}{name}: error fetching interface information: Device not found\n", 1)
    elif not everything:
        found = [i for i in found if i.up]
    write = _busybox_block if is_busybox(context) else _block
    return Result("".join(write(i, context.stack.traffic_of(i)) + "\n" for i in found))


def _flags(interface: Interface) -> list[tuple[str, int]]:
    """Flag words of net-tools in its order with their bits (linux/if.h)."""
    loop = interface.kind is LinkKind.LOOPBACK
    found = [("UP", 1)] if interface.up else []
    found += [] if loop else [("BROADCAST", 2)]
    found += [("LOOPBACK", 8)] if loop else []
    found += [("RUNNING", 64)] if interface.up and interface.carrier else []
    found += [("PROMISC", 256)] if interface.promiscuous else []
    return found + ([] if loop else [("MULTICAST", 4096)])


def _block(interface: Interface, counted: Traffic) -> str:
    flags = _flags(interface)
    names = ",".join(name for name, _ in flags)
    lines = [f"{interface.name}: flags={sum(bit for _, bit in flags)}<{names}>  mtu {interface.mtu}"]
    for address in of_family(interface.addresses, 4)[:1]:
        text = f"        inet {address.ip}  netmask {address.network.netmask}"
        brd = address.broadcast or IPv4Address("0.0.0.0")
        lines.append(text if interface.kind is LinkKind.LOOPBACK else f"{text}  broadcast {brd}")
    for address in of_family(interface.addresses, 6):
        scope = {"link": "0x20<link>", "host": "0x10<host>"}.get(address.scope, "0x0<global>")
        lines.append(f"        inet6 {address.ip}  prefixlen {address.network.prefixlen}  scopeid {scope}")
    queue = f"txqueuelen {interface.txqlen}"
    loop = interface.kind is LinkKind.LOOPBACK
    lines.append(
        f"        loop  {queue}  (Local Loopback)" if loop else f"        ether {interface.mac}  {queue}  (Ethernet)"
    )
    received, sent = scaled(counted.rx_bytes), scaled(counted.tx_bytes)
    lines += [
        f"        RX packets {counted.rx_packets}  bytes {counted.rx_bytes} ({received})",
        "        RX errors 0  dropped 0  overruns 0  frame 0",
        f"        TX packets {counted.tx_packets}  bytes {counted.tx_bytes} ({sent})",
        "        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0",
    ]
    return "\n".join(lines) + "\n"


def _busybox_block(interface: Interface, counted: Traffic) -> str:
    loop = interface.kind is LinkKind.LOOPBACK
    kind = "Local Loopback" if loop else f"Ethernet  HWaddr {interface.mac.upper()}"
    lines = [f"{interface.name:<9} Link encap:{kind}  "]
    for address in of_family(interface.addresses, 4)[:1]:
        middle = "" if loop else f"  Bcast:{address.broadcast or '0.0.0.0'}"
        lines.append(f"inet addr:{address.ip}{middle}  Mask:{address.network.netmask}")
    for address in of_family(interface.addresses, 6):
        scope = {"link": "Link", "host": "Host"}.get(address.scope, "Global")
        lines.append(f"inet6 addr: {address.interface} Scope:{scope}")
    order = ("UP", "BROADCAST", "LOOPBACK", "RUNNING", "PROMISC", "MULTICAST")
    given = {name for name, _ in _flags(interface)}
    words = " ".join(name for name in order if name in given)
    received, sent = scaled(counted.rx_bytes), scaled(counted.tx_bytes)
    lines += [
        f"{words}  MTU:{interface.mtu}  Metric:1",
        f"RX packets:{counted.rx_packets} errors:0 dropped:0 overruns:0 frame:0",
        f"TX packets:{counted.tx_packets} errors:0 dropped:0 overruns:0 carrier:0",
        f"collisions:0 txqueuelen:{interface.txqlen} ",
        f"RX bytes:{counted.rx_bytes} ({received})  TX bytes:{counted.tx_bytes} ({sent})",
    ]
    return ("\n" + " " * 10).join(lines) + "\n"


def _configure(context: Context, name: str, words: list[str]) -> Result:
    """`ifconfig DEV [ADDRESS] [netmask MASK] [up|down] [promisc|-promisc] [mtu N]`."""
    busybox = is_busybox(context)
    address, mask, todo = None, None, []
    while words:
        word = words.pop(0)
        if word in ("up", "down", "promisc", "-promisc"):
            todo.append((word, ""))
        elif word in ("netmask", "mtu") and words:
            value = words.pop(0)
            if word == "netmask":
                mask = value
            else:
                todo.append(("mtu", value))
        elif word.replace(".", "").replace("/", "").isdecimal():
            address, _, bits = word.partition("/")
            mask = bits or mask
        else:
            raise Refused("`ifconfig … {word}` is not modelled.", "Use `ip addr` and `ip link set`.", word=word)
    if address is not None:
        failed = _set_address(context, name, address, mask, busybox)
        if failed:
            return failed
    for word, value in todo:
        failed = _set_link(context, name, word, value, busybox)
        if failed:
            return failed
    return Result()


def _failure(name: str, call: str, errno: str, busybox: bool) -> Result:
    if busybox:
        return Result("", f"ifconfig: {call}: {errno}\n", 1)
    wording = {
        "SIOCGIFFLAGS": "ERROR while getting interface flags",
        "SIOCSIFADDR": "SIOCSIFADDR",
        "SIOCSIFMTU": "SIOCSIFMTU",
    }.get(call, call)
    return Result("", f"{name}: {wording}: {errno}\n" if wording.startswith("ERROR") else f"{wording}: {errno}\n", 255)


def _set_address(context: Context, name: str, address: str, mask: str | None, busybox: bool) -> Result | None:
    interface = context.stack.interface(name)
    if interface is None:
        return _failure(name, "SIOCSIFADDR", "No such device", busybox)
    if not may_configure(context):
        return _failure(name, "SIOCSIFADDR", "Operation not permitted", busybox)
    first = int(address.split(".")[0])
    natural = 8 if first < 128 else 16 if first < 192 else 24  # the classes of old, when no mask is given
    try:
        new = IPv4Interface(f"{address}/{mask or natural}")
    except ValueError:
        return Result("", f"{'ifconfig: ' if busybox else ''}{address}: Unknown host\n", 1)
    for old in of_family(interface.addresses, 4)[:1]:
        context.kernel.remove_address(name, old.interface)
    context.kernel.add_address(name, Address(new, new.network.broadcast_address))
    context.kernel.set_up(name)
    return None


def _set_link(context: Context, name: str, word: str, value: str, busybox: bool) -> Result | None:
    interface = context.stack.interface(name)
    if interface is None:
        return _failure(name, "SIOCSIFMTU" if word == "mtu" else "SIOCGIFFLAGS", "No such device", busybox)
    changes = {"up": not interface.up, "down": interface.up}
    if not may_configure(context) and changes.get(word, True):
        return _failure(name, "SIOCSIFMTU" if word == "mtu" else "SIOCSIFFLAGS", "Operation not permitted", busybox)
    if word == "up":
        context.kernel.set_up(name)
    elif word == "down":
        context.kernel.set_down(name)
    elif word == "mtu":
        return _set_mtu(context, name, value, busybox)
    else:
        context.kernel.set_promiscuous(name, word == "promisc")
    return None


def _set_mtu(context: Context, name: str, value: str, busybox: bool) -> Result | None:
    try:
        context.kernel.set_mtu(name, int(value) if value.isdecimal() else -1)
    except KernelError as error:
        return _failure(name, "SIOCSIFMTU", error.words, busybox)
    return None


# -- route ------------------------------------------------------------------------------------------------------------


def _route(context: Context, words: tuple[str, ...]) -> Result:
    left, letters = list(words), ""
    if "inet6" in words or {"-6", "--inet6"} & set(words):
        return _route6(context, words)
    while left and left[0].startswith("-") and left[0] not in ("-net", "-host", "-A"):
        letters += left.pop(0)[1:]
    if set(letters) - set("ne4v") or left[:1] == ["-A"]:
        if left[:1] == ["-A"] or set(letters) & {"6", "F", "C"}:
            raise Refused("Only the IPv4 table of `route` is modelled.", "Use `route -n`.")
        return _usage(context)
    if not left:
        return Result(_table(context, "n" in letters, "e" in letters))
    if left[0] not in ("add", "del", "delete"):
        return _usage(context)
    return _change(context, left[0], left[1:])


def _route6(context: Context, words: tuple[str, ...]) -> Result:
    """`route -n -A inet6`, `route -6 -n`, `route -6 add|del …`."""
    busybox = is_busybox(context)
    rest = [word for word in words if word not in ("-A", "inet6", "-6", "--inet6", "-n")]
    if rest and not busybox and rest[0] in ("add", "del", "delete", "flush"):
        return route6.change(context, rest[0], rest[1:])
    if set(words) - {"-n", "-A", "inet6", *(() if busybox else ("-6", "--inet6", "-6n", "-n6"))}:
        raise Refused("`route` changes no routes of IPv6 here.", "Use `ip -6 route add …`.")
    return Result(route6.table(context, "-n" in words, busybox))


def _usage(context: Context) -> Result:
    return Result("", BUSYBOX_ROUTE, 1) if is_busybox(context) else Result("", ROUTE, 3)


def _table(context: Context, numeric: bool, netstat: bool) -> str:
    """The routing table as `route` and `netstat -r` print it."""
    last = "  MSS Window  irtt" if netstat else "Metric Ref    Use"
    text = f"Kernel IP routing table\nDestination     Gateway         Genmask         Flags {last} Iface\n"
    star = is_busybox(context) and not numeric
    for route in in_order(context.stack.routes_of(4)):
        if route.kind == "blackhole":
            continue
        if route.hops:  # /proc/net/route tells of the first one
            route = replace(route, via=route.hops[0].via, dev=route.hops[0].dev)
        default = route.is_default and not numeric
        destination = "default" if default else str(route.destination.network_address)
        gateway = str(route.via) if route.via else "*" if star else "-" if route.kind != "unicast" else "0.0.0.0"
        flags = ("!" if route.kind != "unicast" else "U") + ("G" if route.via else "")
        flags += "H" if route.destination.prefixlen == 32 else ""
        numbers = "    0 0          0" if netstat else f"{route.metric:<6} 0        0"
        text += (
            f"{destination:<15} {gateway:<15} {str(route.destination.netmask):<15} {flags:<5} {numbers} "
            f"{route.dev or '-'}\n"
        )
    return text


def _change(context: Context, verb: str, words: list[str]) -> Result:
    """`route add|del [-net|-host] TARGET [netmask MASK] [gw GATEWAY] [metric N] [[dev] DEV]`."""
    busybox = is_busybox(context)
    host, target, mask, route = False, None, None, Route(IPv4Network("0.0.0.0/0"), None, protocol="boot", scope="")
    while words:
        word = words.pop(0)
        if word in ("-net", "-host"):
            host = word == "-host"
        elif word in ("netmask", "gw", "metric", "dev", "gateway") and words:
            value = words.pop(0)
            if word == "netmask":
                mask = value
            elif word in ("gw", "gateway"):
                route = replace(route, via=_address(value))
            elif word == "metric":
                route = replace(route, metric=int(value) if value.isdecimal() else 0)
            else:
                route = replace(route, dev=value)
        elif word in ("mss", "window", "irtt", "reject"):
            raise Refused("`route … {word}` is not modelled.", "Use `ip route`.", word=word)
        elif target is None:
            target = word
        else:
            route = replace(route, dev=word)
    if target is None:
        return _usage(context)
    network = _target(target, mask, host)
    if network is None:
        complaint = f"route: resolving {target}\n" if busybox else f"{target}: Unknown host\n"
        return Result("", complaint, 1 if busybox else 6)
    return _do(context, verb, replace(route, destination=network), busybox)


def _address(word: str) -> IPv4Address | None:
    try:
        return IPv4Address(word)
    except ValueError:
        raise Refused("The gateway {word} is no address.", "Give it as 172.17.0.1.", word=word) from None


def _target(word: str, mask: str | None, host: bool) -> IPv4Network | None:
    if word == "default":
        return IPv4Network("0.0.0.0/0")
    address, slash, bits = word.partition("/")
    try:
        return IPv4Network(f"{address}/{bits if slash else mask or 32}", strict=False)
    except ValueError:
        return None


def _do(context: Context, verb: str, route: Route, busybox: bool) -> Result:
    call = "SIOCADDRT" if verb == "add" else "SIOCDELRT"
    code = 1 if busybox else 7
    start = "route: " if busybox else ""
    if not may_configure(context):
        return Result("", f"{start}{call}: Operation not permitted\n", code)
    try:
        if verb == "add":
            context.kernel.add_route(route)
        else:
            context.kernel.delete_route(same_as(route, {"to"}))
    except KernelError as error:
        return Result("", f"{start}{call}: {error.words}\n", code)
    return Result()
