"""netstat lists sockets, routes and interfaces: net-tools 2.10 at a host, busybox 1.35 (no -p) in a container."""

from __future__ import annotations

from dnetlab.model import Interface, LinkKind, Protocol, Route, Socket, SocketState
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools import route6
from dnetlab.sim.tools.options import BadOption, busybox_usage, fail, is_busybox, parse
from dnetlab.sim.tools.sockets import Choice, address_text, chosen, owner, port_text

USAGE = "usage: netstat [-vWeenNcCF] [<Af>] -r         netstat {-V|--version|-h|--help}\n"


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`netstat [-antulpri46]`."""
    busybox = is_busybox(context)
    try:
        options, words = parse(argv[1:], "laentuwxr" if busybox else "raeltnupiswxMgcFCovWN46hVS", [] if busybox else [
            "route", "interfaces", "statistics", "numeric", "listening", "all", "tcp", "udp", "programs", "program",
            "inet", "inet6", "wide"])  # fmt: skip
    except BadOption as error:
        if busybox:
            return busybox_usage("netstat", str(error))
        if str(error).endswith("'Z'"):
            return fail("SELinux is not enabled on this machine.", 1)
        raise Refused(
            "netstat has no such option: {error}.", "The lab has -a -n -t -u -l -p -r -i.", error=error
        ) from None
    long = {"--route": "r", "--interfaces": "i", "--numeric": "n", "--listening": "l", "--all": "a", "--tcp": "t",
            "--udp": "u", "--programs": "p", "--program": "p", "--inet": "4", "--inet6": "6", "--wide": "W",
            "--statistics": "s"}  # fmt: skip
    flags = {long.get(name, name[-1]) for name, _ in options}
    if flags & set("swxMgcFCoSVhe"):
        bad = sorted(flags & set("swxMgcFCoSVhe"))[0]
        raise Refused("netstat -{bad} is not part of the lab.", "The lab has -a -n -t -u -l -p -r -i.", bad=bad)
    if "r" in flags and "6" in flags:
        return Result(route6.table(context, "n" in flags, busybox))
    if "r" in flags:
        return Result(_routes(context, "n" in flags, busybox))
    if "i" in flags:
        return Result(f"Kernel Interface table\n{interface_table(context)}")
    return Result(_sockets(context, flags, busybox))


# -- sockets ---------------------------------------------------------------------------------------------------------


def _sockets(context: Context, flags: set[str], busybox: bool) -> str:
    both = "t" not in flags and "u" not in flags
    listening, everything = "l" in flags, "a" in flags
    choice = Choice("t" in flags or both, "u" in flags or both, listening or everything, everything or not listening,
                    "4" in flags or "6" not in flags, "6" in flags or "4" not in flags)  # fmt: skip
    which = "servers and established" if everything else "only servers" if listening else "w/o servers"
    text = f"Active Internet connections ({which})\n"
    text += "Proto Recv-Q Send-Q Local Address           Foreign Address         State       "
    text += ("PID/Program name    \n" if "p" in flags else "\n") if not busybox else "\n"
    if not busybox and "p" not in flags:
        text = text[:-2] + "\n"
    numeric = "n" in flags
    for protocol in (Protocol.TCP, Protocol.UDP):
        for version in (4, 6):
            for socket in chosen(context, choice, protocol, version):
                text += _row(context, socket, numeric, busybox, "p" in flags)
    if both:
        path = "Path" if busybox or "p" not in flags else "PID/Program name     Path"
        gap = " " if busybox else "   "
        text += f"Active UNIX domain sockets ({which})\n"
        text += f"Proto RefCnt Flags       Type       State         I-Node{gap}{path}\n"
    return text


def _row(context: Context, socket: Socket, numeric: bool, busybox: bool, programs: bool) -> str:
    version = socket.local_address.version
    name = socket.protocol.value + ("6" if version == 6 and not busybox else "")
    here = _end(context, socket, socket.local_address, socket.local_port, numeric, busybox)
    there = _end(context, socket, socket.remote_address, socket.remote_port, numeric, busybox)
    state = "" if socket.state is SocketState.UNCONNECTED else socket.state.value
    if busybox:
        return f"{name:<5} {0:>6} {0:>6} {here:<23} {there:<23} {state:<12}\n"
    text = f"{name:<5} {0:>6} {0:>6} {here:<23} {there:<23} {state:<11}"
    if programs:
        text += f" {_program(context, socket):<20}"
    return f"{text}\n"


def _program(context: Context, socket: Socket) -> str:
    """'348/docker-proxy', at most 19 characters; the title a server gave itself ('1422/nginx: master ')."""
    process = owner(context, socket)
    if process is None:
        return "-"
    title = process.argv[0] if process.argv else ""
    name = title if ":" in title else title.rsplit("/", 1)[-1]
    return f"{process.pid}/{name}"[:19]


def _end(context: Context, socket: Socket, address: object, port: int | None, numeric: bool, busybox: bool) -> str:
    """'address:port', shortened so that the port stays."""
    version = socket.local_address.version
    shown = address_text(context, address, version, numeric)  # type: ignore[arg-type]
    port_shown = port_text(context, port, socket.protocol, numeric)
    if version == 6 and not numeric and not busybox:
        shown = f"[{shown}]"
    return f"{shown[: 22 - len(port_shown)]}:{port_shown}"


# -- routes and interfaces -------------------------------------------------------------------------------------------


def _routes(context: Context, numeric: bool, busybox: bool) -> str:
    text = "Kernel IP routing table\n"
    text += "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n"
    for route in context.stack.routes_of(4):
        text += _route(route, numeric, busybox)
    return text


def _route(route: Route, numeric: bool, busybox: bool) -> str:
    network = route.destination
    flags = (
        "!H"
        if route.kind != "unicast"
        else ("U" + ("G" if route.via else "") + ("H" if network.prefixlen == 32 else ""))
    )
    where = str(network.network_address)
    gateway = str(route.via) if route.via else "0.0.0.0"
    if not numeric:
        where = "default" if route.is_default else where
        gateway = gateway if route.via else ("*" if busybox else "0.0.0.0")
    row = f"{where:<15} {gateway:<15} {network.netmask!s:<15} {flags:<5}"
    return f"{row}{0:>6} {0:<5}{0:>7} {route.dev or '-'}\n"


def interface_table(context: Context) -> str:
    """What `netstat -i` and `ifconfig -s` count."""
    text = "Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"
    for device in sorted(context.stack.interfaces, key=lambda i: i.name):
        if device.up:
            counted = context.stack.traffic_of(device)
            text += f"{device.name[:15]:<15} {device.mtu:>5} {counted.rx_packets:>8} {0:>6} {0:>6} {0:<6} "
            text += f"{counted.tx_packets:>8} {0:>6} {0:>6} {0:>6} {_flags(device)}\n"
    return text


def _flags(device: Interface) -> str:
    if device.kind is LinkKind.LOOPBACK:
        return "LRU"
    return "BM" + ("P" if device.promiscuous else "") + ("R" if device.carrier else "") + "U"
