"""`lsns -t net`: the network namespaces that have a process, with their first one (util-linux 2.38.1; observed on a lab
host with 28.5.2)."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model import Process
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd.sandbox import sandbox_of
from dnetlab.sim.processes import host_rows
from dnetlab.sim.text.links import number_of as nsid_of
from dnetlab.sim.tools import nslinks
from dnetlab.sim.tools.options import BadOption, parse

COLUMNS = ("NS", "TYPE", "NPROCS", "PID", "USER", "NETNSID", "NSFS", "COMMAND")
_LONG = {"noheadings": "n", "list": "l", "raw": "r", "notruncate": "u", "nowrap": "W", "type": "t", "task": "p",
         "output": "o"}  # fmt: skip
_LEAST = {"NS": 10, "PID": 5}  # widths
_RIGHT = ("NS", "NPROCS", "PID", "NETNSID")
_INIT = Process(1, 0, ("/sbin/init",))


@dataclass(frozen=True)
class _Row:
    """A namespace: its number, and its processes, the oldest first."""

    name: str
    number: int
    processes: tuple[Process, ...]


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`lsns -t net [-n] [-p PID] [-o COLUMNS]`."""
    try:
        options, words = parse(argv[1:], "nlruWt:p:o:", [f"{name}=" if letter in "tpo" else name
                                                         for name, letter in _LONG.items()])  # fmt: skip
    except BadOption as error:
        return Result("", f"lsns: {error}\nTry 'lsns --help' for more information.\n", 1)
    asked = {_LONG.get(name.lstrip("-"), name.lstrip("-")): value for name, value in options}
    if asked.get("t") != "net" or words or set(asked) & set("lruW"):
        raise Refused("The lab knows network namespaces only.", "lsns -t net, with -n, -p PID or -o COLUMNS")
    columns = asked["o"].upper().split(",") if "o" in asked else list(COLUMNS)
    strange = next((column for column in columns if column not in COLUMNS), None)
    if strange is not None:
        return Result("", f"lsns: unknown column: {strange.lower()}\n", 1)
    rows = _rows(context)
    if "p" in asked:
        rows = [row for row in rows if any(str(p.pid) == asked["p"] for p in row.processes)]
        if not rows:
            return Result("", "", 1)
    return Result(_table(columns, [_cells(context, row) for row in rows], "n" in asked))


def _rows(context: Context) -> list[_Row]:
    found: dict[str, list[Process]] = {}
    processes = host_rows(context.world, context.host)
    for process in processes if processes and processes[0].pid == 1 else [_INIT, *processes]:
        found.setdefault(process.namespace, []).append(process)
    rows = [_Row(name, nslinks.number_of(context.machine, name), tuple(own)) for name, own in found.items()]
    return sorted(rows, key=lambda row: row.number)


def _cells(context: Context, row: _Row) -> dict[str, str]:
    first = row.processes[0]
    known = row.name != "host" and any(
        link.peer is not None and link.peer.namespace == row.name for link in context.machine.stack.interfaces
    )
    return {
        "NS": str(row.number), "TYPE": "net", "NPROCS": str(len(row.processes)), "PID": str(first.pid),
        "USER": first.user, "NETNSID": str(nsid_of(context.machine.stack, row.name)) if known else "unassigned",
        "NSFS": _file(context, row.name), "COMMAND": " ".join(first.argv),
    }  # fmt: skip


def _file(context: Context, name: str) -> str:
    """Where dockerd keeps it."""
    for container in context.machine.containers:
        if container.namespace == name != "host" and (key := sandbox_of(context.world, container)[1]):
            return key.replace("/var/run/", "/run/")
    return ""


def _table(columns: list[str], rows: list[dict[str, str]], headless: bool) -> str:
    heads = [] if headless else [{c: c for c in columns}]
    wide = {c: max([_LEAST.get(c, 0), *(len(row[c]) for row in [*heads, *rows])]) for c in columns}

    def line(cells: dict[str, str]) -> str:
        last = len(columns) - 1
        parts = [cells[c].rjust(wide[c]) if c in _RIGHT else cells[c] if n == last else cells[c].ljust(wide[c])
                 for n, c in enumerate(columns)]  # fmt: skip
        return " ".join(parts) + "\n"

    return "".join(map(line, [*heads, *rows]))
