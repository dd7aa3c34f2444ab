"""Ask a child for a row. `judged` is a plain function, so any executor can call it, on this machine or another.

As many long-lived children are there as are asked at once; each waits for the next question until this process ends.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import subprocess
import sys
import threading
from typing import Any

from dnetlab.grade.child import GRACE, PATIENCE, Limits, outcome
from dnetlab.gradebook.judge import terms_of
from dnetlab.gradebook.rows import NOTHING_TYPED, Row, row_of
from dnetlab.gradebook.worker import AGAIN

STARTING = 60.0  # seconds more that a child may take to start and to read a lesson
Child = subprocess.Popen[bytes]
_idle: list[Child] = []
_busy: set[Child] = set()
_lock = threading.Lock()
_ended = [0]  # how often all were ended


class Stopped(Exception):
    """All children were ended meanwhile: nobody wants the answer any more."""


def judged(job: dict[str, Any]) -> Row:
    """The row of a hand-in, whatever is in it. What was stopped has what it had earned by then, and why."""
    said, status = _asked(job)
    row = next((line["row"] for line in said if "row" in line), None)
    if row is not None:
        return dict(row)
    trouble = next((str(line["trouble"]) for line in said if "trouble" in line), "")
    ids = {line["judged"][1] for line in said if "judged" in line}
    fitting = [one for one in job["students"] if one in ids] or job["students"]
    terms = terms_of(job, fitting[0] if fitting else None)
    rows = b"\n".join(json.dumps(line).encode("ascii") for line in said)
    limits = Limits(job["seconds"], job["megabytes"])
    work = outcome(rows, trouble.encode("utf-8", "replace"), status, terms, limits)
    return row_of(work, terms, [], NOTHING_TYPED)


def listed(archive: str, limits: Limits) -> tuple[list[tuple[str, str]], str]:
    """(name, kind of finding or '') of what lies in an archive; the second is why it can't be read, '' when it can."""
    said, _ = _asked({"list": archive, "seconds": limits.seconds, "megabytes": limits.megabytes})
    names = next((line["names"] for line in said if "names" in line), None)
    if names is None:
        return [], next((str(line["trouble"]) for line in said if "trouble" in line), "?")
    return [(name, kind) for name, kind in names], ""


def _asked(job: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """What a child said, and the exit status of what did the job. One that died itself is replaced, once for a job.

    Raises Stopped.
    """
    ended = _ended[0]
    for child in (_taken(), None):
        if _ended[0] != ended:
            raise Stopped
        child = child or _taken(anew=True)
        guard = threading.Timer(job["seconds"] * PATIENCE * 2 + GRACE + STARTING, child.kill)
        guard.daemon = True
        guard.start()
        try:
            said = _talk(child, job)
            if said and said[-1].get("ended") == AGAIN:
                said = _talk(child, job)
        finally:
            guard.cancel()
        if said and "ended" in said[-1]:
            _given_back(child)
            return said[:-1], int(said[-1]["ended"])
        _end(child)
    if _ended[0] != ended:
        raise Stopped
    return [*said, {"trouble": "a child of the grader died twice"}], 1


def _talk(child: Child, job: dict[str, Any]) -> list[dict[str, Any]]:
    assert child.stdin is not None and child.stdout is not None
    said: list[dict[str, Any]] = []
    with contextlib.suppress(OSError):
        child.stdin.write(json.dumps(job, ensure_ascii=True).encode("ascii") + b"\n")
        child.stdin.flush()
        for line in child.stdout:
            with contextlib.suppress(ValueError):
                said += [found] if isinstance(found := json.loads(line), dict) else []
            if said and "ended" in said[-1]:
                break
    return said


def _taken(anew: bool = False) -> Child:
    """A child that has nothing to do; a new one when there is none, or anew."""
    with _lock:
        child = _idle.pop() if _idle and not anew else _started()
        _busy.add(child)
    return child


def _started() -> Child:
    command = [sys.executable, "-P", "-m", "dnetlab.gradebook.worker"]  # -P: nothing in this folder is a module of it
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _given_back(child: Child) -> None:
    with _lock:
        _busy.discard(child)
        _idle.append(child)


def _end(child: Child) -> None:
    with _lock:
        _busy.discard(child)
    with contextlib.suppress(OSError):
        child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout):
        with contextlib.suppress(OSError):
            pipe.close() if pipe else None


@atexit.register
def end_all() -> None:
    """End every child; one that is asked for later is started anew."""
    with _lock:
        _ended[0] += 1
        ending = [*_idle, *_busy]
        _idle.clear()
    for child in ending:
        child.kill()
    for child in ending:
        _end(child)
