"""ss lists sockets straight from the kernel: iproute2 6.1, at a host."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model import Protocol, Socket, SocketState
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.tools.options import BadOption, fail, parse
from dnetlab.sim.tools.ps import short_name
from dnetlab.sim.tools.sockets import Choice, chosen, owner, port_text
from dnetlab.sim.tools.ss_filter import Wrong, read_filter

_STATES = {SocketState.LISTEN: "LISTEN", SocketState.ESTABLISHED: "ESTAB", SocketState.TIME_WAIT: "TIME-WAIT",
           SocketState.UNCONNECTED: "UNCONN"}  # fmt: skip
_LONG = {"--numeric": "n", "--all": "a", "--listening": "l", "--processes": "p", "--tcp": "t", "--udp": "u",
         "--ipv4": "4", "--ipv6": "6", "--no-header": "H", "--resolve": "r", "--help": "h", "--version": "V",
         "--oneline": "O", "--summary": "s", "--unix": "x"}  # fmt: skip


@dataclass(frozen=True)
class Row:
    kind: str
    state: str
    backlog: int
    local: tuple[str, str]
    peer: tuple[str, str]
    process: str


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ss [-tulnpaH46] [state NAME] [FILTER]`."""
    try:
        options, words = parse(argv[1:], "hVnralopemTisbEZzN:40MSdwxtu6f:KHOA:D:F:", [name[2:] for name in _LONG])
    except BadOption as error:
        raise Refused(
            "ss has no such option: {error}.", "The lab has -t -u -l -n -p -a -H -4 -6.", error=error
        ) from None
    flags = {_LONG.get(name, name[-1]) for name, _ in options}
    if "V" in flags:
        return Result("ss utility, iproute2-6.1.0, libbpf 1.1.2\n")
    if "Z" in flags:
        return fail("ss: SELinux is not enabled.", 1)
    if "s" in flags:
        raise Refused("ss -s counts sockets of programs and of the kernel that the lab has not.",
                      "`ss -Htan | wc -l` counts those of TCP, `ss -Huan | wc -l` those of UDP.")  # fmt: skip
    if "x" in flags:
        raise Refused("Unix sockets are no part of the lab's network.",
                      "`ss -tulnp` lists who listens for TCP and UDP; curl --unix-socket /var/run/docker.sock asks the "
                      "daemon.")  # fmt: skip
    unknown = flags - set("tulnpaH46rO")
    if unknown:
        raise Refused(
            "ss -{flag} is not part of the lab.", "The lab has -t -u -l -n -p -a -H -4 -6.", flag=sorted(unknown)[0]
        )
    if not flags & {"t", "u"}:
        raise Refused(
            "ss without -t or -u also lists kernel sockets that the lab has not.", "Add -t for TCP, -u for UDP."
        )
    try:
        wanted, states = read_filter(words)
    except Wrong as wrong:
        return Result("", wrong.text, wrong.code)
    rows = [_row(context, s, flags) for s in _found(context, flags | {"a"} if states else flags) if wanted(s)]
    return Result(_table(rows, flags, states != 1))


def _found(context: Context, flags: set[str]) -> list[Socket]:
    listening, everything = "l" in flags, "a" in flags
    choice = Choice("t" in flags, "u" in flags, listening or everything, everything or not listening,
                    "4" in flags or "6" not in flags, "6" in flags or "4" not in flags)  # fmt: skip
    return [s for protocol in (Protocol.UDP, Protocol.TCP) for version in (4, 6)
            for s in chosen(context, choice, protocol, version)]  # fmt: skip


def _row(context: Context, socket: Socket, flags: set[str]) -> Row:
    numeric = "n" in flags
    both = socket.local_address.version == 6 and not socket.v6only and socket.local_address.is_unspecified
    local = "*" if both else _bracketed(str(socket.local_address))
    if socket.remote_address is not None:
        peer = _bracketed(str(socket.remote_address))
    else:
        peer = "*" if both else "0.0.0.0" if socket.local_address.version == 4 else "[::]"
    process = ""
    if "p" in flags:
        process = _users(context, socket)
    return Row(
        socket.protocol.value, _STATES[socket.state], socket.backlog if socket.state is SocketState.LISTEN else 0,
        (local, port_text(context, socket.local_port, socket.protocol, numeric)),
        (peer, port_text(context, socket.remote_port, socket.protocol, numeric)), process,
    )  # fmt: skip


def _users(context: Context, socket: Socket) -> str:
    """Who holds the socket: children that inherited it first, as the kernel's list has them."""
    process = owner(context, socket)
    if process is None:
        return ""
    name = short_name(process)
    heirs = [p.pid for p in context.machine.processes if p.ppid == process.pid and short_name(p) == name]
    tcp, udp = release_of(context.world).proxy_fds
    proxy = udp if socket.protocol is Protocol.UDP else tcp
    nginx = 5 if socket.local_address.version == 4 else 6
    number = {"docker-proxy": proxy, "dockerd": 8, "nginx": nginx, "socat": 5}.get(name, 3)
    holders = ",".join(f'("{name}",pid={pid},fd={number})' for pid in [*reversed(heirs), process.pid])
    return f" users:({holders})"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _table(rows: list[Row], flags: set[str], stated: bool = True) -> str:
    """Columns as wide as their widest cell; addresses lean to the colon, ports away from it. stated: with their state,
    which a filter for one state leaves out."""
    header = "H" not in flags
    titles = (["Netid"] if {"t", "u"} <= flags else []) + ["State"] * stated + ["Recv-Q", "Send-Q"]

    def left(row: Row) -> list[str]:
        return ([row.kind] if {"t", "u"} <= flags else []) + [row.state] * stated + ["0", str(row.backlog)]

    def width(title: str, cells: list[str]) -> int:
        return max([len(title) if header else 0, *(len(cell) for cell in cells)])

    widths = [max(len(title) if title.endswith("-Q") else 0, width(title, [left(r)[n] for r in rows]))
              for n, title in enumerate(titles)]  # fmt: skip
    here = width("Local Address", [r.local[0] for r in rows]), width("Port", [r.local[1] for r in rows])
    there = width("Peer Address", [r.peer[0] for r in rows]), width("Port", [r.peer[1] for r in rows])
    last = width("Process", [r.process for r in rows])
    text = ""
    lines = [(titles, ("Local Address", "Port"), ("Peer Address", "Port"), "Process")] if header else []
    lines += [(left(r), r.local, r.peer, r.process) for r in rows]
    for cells, local, peer, process in lines:
        text += " ".join(f"{cell:<{w}}" for cell, w in zip(cells, widths, strict=True))
        text += f" {local[0]:>{here[0]}}:{local[1]:<{here[1]}} {peer[0]:>{there[0]}}:{peer[1]:<{there[1]}}"
        text += f"{process:<{last}}\n"
    return text
