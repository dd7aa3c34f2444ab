"""A process that lives as long as a class is graded: for each job it forks one that does the work, within limits.

    {"parts": […], "students": ["ann"], "lesson": "…", "seconds": 60, "megabytes": 1024} ─▶ stdin, one line
    {"judged": ["01-native-networks", "ann", "two", 1.0, true]}                          ◀─ stdout, on the way
    {"row": {…}}                                                                         ◀─ the result
    {"ended": 0}                                                                         ◀─ exit status; below 0: killed

{"list": "FILE.zip"} in place of parts answers {"names": [[name, kind of finding or ""], …]}. What a fork imports and
reads once for all was imported and read here, so that a submission costs neither. JSON only crosses; nothing here is
written to a file, and a fork can't. Where a system has no fork, the job is done here; whoever asked minds the time.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import time
from typing import IO, Any

from dnetlab.errors import DnetError
from dnetlab.grade.child import GRACE, OUT_OF_MEMORY, PATIENCE, limit
from dnetlab.gradebook.judge import judge, terms_of
from dnetlab.gradebook.reading import DAMAGED, members
from dnetlab.lab import Lab
from dnetlab.lessons.read import read_lesson, script
from dnetlab.proof import run_blocks


def main() -> int:
    """Do jobs until standard input ends."""
    asked = os.fdopen(os.dup(0), "rb")
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # whatever prints, prints elsewhere
    warmed: set[str] = set()
    for line in iter(asked.readline, b""):
        job = json.loads(line)
        if job.get("lesson", "") not in warmed:
            warmed.add(job.get("lesson", ""))
            warm(job)
            gc.collect()
            gc.freeze()  # what is here now is shared with every fork
        status = _forked(job, out, asked.fileno()) if hasattr(os, "fork") else done(job, out)
        write(out, {"ended": status})
    return 0


def warm(job: dict[str, Any]) -> None:
    """The lesson's solution, done once here: what it needs is imported and read for all."""
    if "lesson" not in job:
        return
    with contextlib.suppress(DnetError):
        named = terms_of(job).only or "1"
        lesson = read_lesson(str(terms_of(job).known.get(named, named)))
        with Lab(topology=lesson.shape) as lab:
            lab.open_lesson(lesson.opens_by)
            lab.start_lesson()
            run_blocks(lab, script(lesson, "solution.dnet"))
            judge({**job, "parts": [], "left_out": []}, lambda told: None)


def _forked(job: dict[str, Any], out: IO[bytes], asked: int) -> int:
    """The exit status of a fork that does the job; below 0 when it was killed."""
    alive, held = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(alive)
        os._exit(_in_fork(job, out))
    os.close(held)
    _wait(alive, asked, child, job["seconds"] * PATIENCE + GRACE)
    os.close(alive)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _wait(alive: int, asked: int, child: int, seconds: float) -> None:
    """Until the fork has ended. It is killed when its time is over, or when nobody is there any more to hear of it."""
    until = time.monotonic() + seconds
    ready = select.select([alive, asked], [], [], seconds)[0]
    if alive in ready:
        return
    os.kill(child, signal.SIGKILL)
    if ready and time.monotonic() < until:  # nobody asks before the answer, so whoever asked is gone
        os._exit(0)


def _in_fork(job: dict[str, Any], out: IO[bytes]) -> int:
    try:
        limit(job["seconds"], job["megabytes"])
        _write_no_file()
        return done(job, out)
    except MemoryError:
        return OUT_OF_MEMORY
    except BaseException as error:  # a bug of ours: whoever asked makes a finding of its last line
        with contextlib.suppress(BaseException):
            write(out, {"trouble": f"{type(error).__name__}: {error}"[:300]})
        return 1


def _write_no_file() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def done(job: dict[str, Any], out: IO[bytes]) -> int:
    """Do the job here, and write what it comes to."""
    if "list" in job:
        try:
            write(out, {"names": list(members(job["list"]))})
        except (OSError, *DAMAGED) as error:
            write(out, {"trouble": f"{error}"[:300]})
        return 0
    write(out, {"row": judge(job, lambda told: write(out, told))})
    return 0


def write(out: IO[bytes], line: dict[str, Any]) -> None:
    """One line, after whatever was torn before it."""
    data = memoryview(b"\n" + json.dumps(line, ensure_ascii=True).encode("ascii") + b"\n")
    while data:
        data = data[out.write(data) or 0 :]


if __name__ == "__main__":
    sys.exit(main())
