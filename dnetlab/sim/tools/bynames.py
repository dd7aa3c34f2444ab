"""pidof and killall: processes by the name of their program (sysvinit's pidof and psmisc at a host, busybox inside)."""

from __future__ import annotations

import re

from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.processes import SIGNALS, signal_number
from dnetlab.sim.signals import send_signal
from dnetlab.sim.tools.options import is_busybox
from dnetlab.sim.tools.ps import Row, rows_of


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`pidof [-s] NAME…`, `killall [-SIGNAL] NAME…`."""
    if argv[0].rsplit("/", 1)[-1] == "pidof":
        return _pidof(context, argv[1:])
    return _killall(context, argv[1:])


def _called(context: Context, name: str) -> list[Row]:
    """Those of that name, the newest first."""
    wanted = name.rsplit("/", 1)[-1]
    rows = [r for r in rows_of(context) if not r.process.zombie and wanted[:15] == r.comm]
    return sorted(rows, key=lambda row: -row.pid)


def _pidof(context: Context, words: tuple[str, ...]) -> Result:
    """The pids on one line; nothing and exit status 1 when nobody has such a name (observed)."""
    options = [word for word in words if word.startswith("-")]
    if any(option != "-s" for option in options):
        raise Refused("pidof {option} is not part of the lab.", "The lab has pidof [-s] NAME…", option=options[0])
    pids = [str(row.pid) for name in words if not name.startswith("-") for row in _called(context, name)]
    if options:
        pids = pids[:1]
    return Result(" ".join(pids) + "\n" if pids else "", "", 0 if pids else 1)


def _killall(context: Context, given: tuple[str, ...]) -> Result:
    """Exit status 1 when one of the names is nobody's, in the tool's own words."""
    number, names = SIGNALS["TERM"], list(given)
    if names and re.fullmatch(r"-[A-Za-z0-9+]+", names[0]):
        found = signal_number(names[0][1:])
        if found is None or names[0] in ("-l", "-q", "-v", "-e", "-i", "-I", "-r", "-s", "-u", "-w", "-g", "-V"):
            raise Refused(
                "killall {name} is not part of the lab.", "The lab has killall [-SIGNAL] NAME…", name=names[0]
            )
        number, names = found, names[1:]
    if not names:
        raise Refused("killall needs a name; its help is not part of the lab.", "killall docker-proxy")
    complaints = ""
    for name in names:
        rows = _called(context, name)
        if not rows:
            words = f"killall: {name}: no process killed" if is_busybox(context) else f"{name}: no process found"
            complaints += f"{words}\n"
        for row in reversed(rows):
            try:
                send_signal(context.world, context.host, row.process.pid, number, inside=context.container is not None)
            except ProcessLookupError:
                continue
    return Result("", complaints, 1 if complaints else 0)
