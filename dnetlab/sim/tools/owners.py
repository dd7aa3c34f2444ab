"""Who holds this port, and who started whom: lsof 4.95, fuser and pstree (psmisc 23.6)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

from dnetlab.commands.services import service_port
from dnetlab.model import Process, Protocol, Socket, SocketState
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.processes import host_rows
from dnetlab.sim.tools.ps import short_name
from dnetlab.sim.tools.sockets import owner, port_text


def run(context: Context, argv: tuple[str, ...]) -> Result:
    tools = {"lsof": _lsof, "fuser": _fuser, "pstree": _pstree}
    return tools[argv[0].rsplit("/", 1)[-1]](context, argv[1:])


# -- lsof -------------------------------------------------------------------------------------------------------------


def _lsof(context: Context, words: tuple[str, ...]) -> Result:
    """`lsof -i[4|6][tcp|udp][:PORT] [-n] [-P] [-t] [-sTCP:LISTEN]`; exit status 1 when nothing was found."""
    letters, wanted, state, left = set(), None, "", list(words)
    while left:
        word = left.pop(0)
        if word.startswith("-s"):
            state = (word[2:] or (left.pop(0) if left else "")).partition(":")[2]
        elif re.fullmatch(r"-[nPt]*i.*", word):
            head, _, rest = word[1:].partition("i")
            letters |= set(head)
            wanted = rest or (left.pop(0) if left and re.match(r"[46]?(tcp|udp|TCP|UDP|:)", left[0]) else "")
        elif re.fullmatch(r"-[nPt]+", word):
            letters |= set(word[1:])
        else:
            raise Refused("lsof {word} is not part of the lab.", "lsof -i :80, lsof -nP -iTCP -sTCP:LISTEN", word=word)
    if wanted is None:
        raise Refused("The lab's lsof lists sockets only.", "lsof -i :80")
    rows = [(p, s) for s in _fitting(context, wanted, state) if (p := owner(context, s)) is not None]
    if "t" in letters:
        return Result("".join(f"{pid}\n" for pid in sorted({p.pid for p, _ in rows})), "", 0 if rows else 1)
    cells = [_lsof_row(context, p, s, "P" in letters) for p, s in sorted(rows, key=lambda row: row[0].pid)]
    return Result(_lsof_table(cells) if cells else "", "", 0 if cells else 1)


def _fitting(context: Context, wanted: str, state: str) -> Iterable[Socket]:
    found = re.fullmatch(r"([46]?)(tcp|udp|)(?:@[\w.]+)?(?::([\w,-]+))?", wanted.lower())
    if not found:
        raise Refused("lsof -i {wanted} is not part of the lab.", "lsof -i :80, lsof -i tcp:80", wanted=wanted)
    version, protocol, ports = found[1], found[2], found[3]
    numbers = {int(p) if p.isdecimal() else service_port(p, "tcp") for p in (ports or "").split(",") if p}
    for socket in context.stack.sockets:
        if version and str(socket.local_address.version) != version or protocol not in ("", socket.protocol.value):
            continue
        if numbers and socket.local_port not in numbers and socket.remote_port not in numbers:
            continue
        if state and socket.state.name != state.upper():
            continue
        yield socket


def _lsof_row(context: Context, process: Process, socket: Socket, numeric: bool) -> tuple[str, ...]:
    port = port_text(context, socket.local_port, socket.protocol, numeric)
    address = "*" if socket.local_address.is_unspecified else str(socket.local_address)
    name = f"{address}:{port}" + (" (LISTEN)" if socket.state is SocketState.LISTEN else "")
    device = str(20000 + zlib.crc32(f"{process.pid}{name}".encode()) % 80000)
    number = {"docker-proxy": "4u", "dockerd": "8u", "nginx": "6u"}.get(short_name(process), "3u")
    return (short_name(process)[:9], str(process.pid), process.user, number, f"IPv{socket.local_address.version}",
            device, "0t0", "TCP" if socket.protocol is Protocol.TCP else "UDP", name)  # fmt: skip


def _lsof_table(rows: list[tuple[str, ...]]) -> str:
    titles = ("COMMAND", "PID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NODE", "NAME")
    least = (0, 0, 0, 4, 6, 0, 0, 0)
    widths = [max(least[n], *(len(row[n]) for row in [titles, *rows])) for n in range(8)]
    text = ""
    for row in [titles, *rows]:
        cells = [f"{row[0]:<{widths[0]}}", *(f"{row[n]:>{widths[n]}}" for n in range(1, 8)), row[8]]
        text += " ".join(cells) + "\n"
    return text


# -- fuser ------------------------------------------------------------------------------------------------------------


def _fuser(context: Context, words: tuple[str, ...]) -> Result:
    """`fuser [-v] -n tcp PORT…`, `fuser PORT/tcp`; the pids are on stdout, all else on stderr."""
    left, space, verbose, names = list(words), "tcp", False, []
    while left:
        word = left.pop(0)
        if word == "-n" and left:
            space = left.pop(0)
        elif word == "-v":
            verbose = True
        elif word.startswith("-"):
            raise Refused("fuser {word} is not part of the lab.", "fuser -n tcp 80, fuser 80/tcp", word=word)
        else:
            names.append(word)
    out = err = ""
    for name in names:
        port, _, protocol = name.partition("/")
        protocol = protocol or space
        if protocol not in ("tcp", "udp") or not port.isdecimal():
            raise Refused("The lab's fuser finds who holds a port.", "fuser -n tcp 80, fuser 80/tcp")
        sockets = _fitting(context, f"{protocol}:{port}", "")
        found = sorted({p.pid: p for s in sockets if (p := owner(context, s))}.items())
        if not found:
            continue
        label = f"{port}/{protocol}:"
        if verbose:
            err += "                     USER        PID ACCESS COMMAND\n" if not err else ""
            rows = [f"{p.user:<8} F.... {short_name(p)}" for _, p in found]
            err += "".join(f"{label if not n else '':<21}{row}\n" for n, row in enumerate(rows))
        else:
            err += f"{label:<21}\n"
        out += "".join(f"{pid:>6}" for pid, _ in found)
    return Result(out, err, 0 if out else 1)


# -- pstree -----------------------------------------------------------------------------------------------------------


def _pstree(context: Context, words: tuple[str, ...]) -> Result:
    """`pstree [-p] [PID]`: the same programs beside one another are drawn once, with their number."""
    letters = {c for w in words if w.startswith("-") for c in w[1:]}
    if letters - set("pasnA"):
        raise Refused("pstree -{letters} is not part of the lab.", "pstree -p", letters="".join(sorted(letters)))
    rows = host_rows(context.world, context.host)
    wanted = next((int(w) for w in words if w.isdecimal()), 1)
    root = next((p for p in rows if p.pid == wanted), None)
    if root is None and wanted != 1:
        return Result("", "", 1)
    first = root or Process(1, 0, ("systemd",))
    children: dict[int, list[Process]] = {}
    for process in rows:
        if process.pid != first.pid:
            children.setdefault(process.ppid, []).append(process)
    return Result("\n".join(_tree(first, children, "p" in letters)) + "\n")


def _tree(process: Process, children: dict[int, list[Process]], pids: bool) -> list[str]:
    name = short_name(process) + (f"({process.pid})" if pids else "")
    drawn = [_tree(child, children, pids) for child in sorted(children.get(process.pid, []), key=short_name)]
    blocks: list[tuple[int, list[str]]] = []
    for block in drawn:
        if not pids and blocks and blocks[-1][1] == block:
            blocks[-1] = (blocks[-1][0] + 1, block)
        else:
            blocks.append((1, block))
    if not blocks:
        return [name]
    lines = []
    for number, (times, block) in enumerate(blocks):
        only, last = len(blocks) == 1, number == len(blocks) - 1
        mark = "---" if only else "-+-" if not number else " `-" if last else " |-"
        counted = f"{times}*[{block[0]}]" if times > 1 and len(block) == 1 else block[0]
        lead = name if not number else " " * len(name)
        lines.append(lead + mark + counted)
        beside = "   " if only or last else " | "
        lines += [" " * len(name) + beside + row for row in block[1:]]
    return lines
