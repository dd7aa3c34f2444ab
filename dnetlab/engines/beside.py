"""`tcpdump … &` on a real host: it writes into files there until it has ended; then they are read."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass

from dnetlab.engines.running import Ran
from dnetlab.model import Line, Output

FOLDER = "/run/dnetlab"
BLOCK = 1.2  # seconds after which the kernel hands a capture what it has (tcpdump's to_ms is 1000)
EVENTS = re.compile(r"\bdocker\b.*\bevents\b")
KILLS = re.compile(r"\b(?:kill|pkill|killall)\b")
Run = Callable[[str, str], Ran]


@dataclass(frozen=True)
class Beside:
    """A line whose jobs may still run. file: where they write, without .out and .err; told: how much was read."""

    line: Line
    file: str
    pids: tuple[int, ...]
    told: tuple[int, int] = (0, 0)


def text_of(line: str, file: str) -> str:
    """The line, run verbatim, with what it and its jobs say in files; it waits until a capture listens."""
    name = shlex.quote(file)
    before, hears = _sign(line, name)
    return (
        f"mkdir -p {FOLDER}; {before}exec >{name}.out 2>{name}.err\n{line}\n"
        f"dnetlab_status=$?; jobs -p >{name}.pids\n"
        f"for dnetlab_round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do\n"
        f"{hears} && break; kill -0 $! 2>/dev/null || break; sleep 0.1; done\n"
        f"exit $dnetlab_status\n"
    )


def _sign(line: str, name: str) -> tuple[str, str]:
    """What to run before the line, and what is true once it listens: tcpdump says so, a daemon counts who hears its
    events, and others are at it as soon as they run."""
    if EVENTS.search(line):
        count = "$(docker info -f '{{.NEventsListener}}' 2>/dev/null)"
        return f'dnetlab_before="{count}"; ', f'test "{count}" != "$dnetlab_before"'
    if re.search(r"\btcpdump\b", line):
        return "", f"grep -q 'listening on' {name}.err"
    return "", "test $dnetlab_round -gt 3"


def started(line: Line, file: str, run: Run) -> tuple[Beside, Ran]:
    """What the line has said so far, and what goes on."""
    pids = tuple(int(word) for word in run(line.host, f"cat {file}.pids").stdout.split() if word.isdecimal())
    said = _said(line.host, file, run)
    return Beside(line, file, pids, (len(said.stdout), len(said.stderr))), said


def _said(host: str, file: str, run: Run) -> Ran:
    said = run(host, f"cat {file}.out; cat {file}.err >&2")
    return said._replace(stderr=re.sub(r"(?m)^/dev/fd/\d+: (?:line \d+: )?", "bash: ", said.stderr))


def runs(job: Beside, run: Run) -> bool:
    alive = " || ".join(f"kill -0 {pid} 2>/dev/null" for pid in job.pids)
    return bool(job.pids) and run(job.line.host, alive).exit_code == 0


def ended(job: Beside, run: Run) -> Output:
    """End what still runs, as Ctrl-C would, and read the rest of what it said."""
    if runs(job, run):
        time.sleep(BLOCK)
        for signal in ("INT", "TERM", "KILL"):
            run(job.line.host, "; ".join(f"pkill -{signal} -P {pid}; kill -{signal} {pid}" for pid in job.pids))
            deadline = time.monotonic() + 2.0
            while time.monotonic() < deadline and runs(job, run):
                time.sleep(0.1)
            if not runs(job, run):
                break
    said = _said(job.line.host, job.file, run)
    run(job.line.host, f"rm -f {job.file}.out {job.file}.err {job.file}.pids")
    return Output(job.line, said.stdout[job.told[0] :], said.stderr[job.told[1] :])


def with_pids(text: str, jobs: list[Beside]) -> str:
    """A later line: `$!` and `%1` mean the jobs of earlier ones, which the shell of this line doesn't know."""
    pids = [pid for job in jobs for pid in job.pids]
    if not pids:
        return text
    text = re.sub(r"\$!|\$\{!\}", str(pids[-1]), text)
    return re.sub(r"(?<=\s)%(\d)\b", lambda found: str(pids[min(int(found[1]), len(pids)) - 1]), text)
