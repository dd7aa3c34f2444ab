"""A process that lives as long as a class is graded: it forks others that do the work, a few jobs each, within limits.

    {"parts": […], "students": ["ann"], "lesson": "…", "seconds": 60, "megabytes": 1024} ─▶ stdin, one line
    {"judged": ["01-native-networks", "ann", "two", 1.0, true]}                          ◀─ stdout, on the way
    {"row": {…}}                                                                         ◀─ the result
    {"ended": 0}                                                                         ◀─ exit status; below 0: killed

{"list": "FILE.zip"} in place of parts answers {"names": [[name, kind of finding or ""], …]}. What a fork imports and
reads once for all was imported and read here, so that a submission costs neither. A job that takes too much ends its
fork; one that fails in a fork that did others before is asked for AGAIN, and has one of its own. JSON only crosses;
nothing here is written to a file, and a fork can't. Where a system has no fork, the job is done here; whoever asked
minds the time.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
from typing import IO, Any

from dnetlab.errors import DnetError
from dnetlab.grade.child import OUT_OF_MEMORY, limit
from dnetlab.gradebook.judge import judge, terms_of
from dnetlab.gradebook.reading import DAMAGED, members
from dnetlab.lab import Lab
from dnetlab.lessons.read import read_lesson, script
from dnetlab.proof import run_blocks

JOBS = 40  # of one fork
AGAIN = 78  # exit status: the job is to be asked for again


def main() -> int:
    """Serve until standard input ends."""
    asked = os.fdopen(os.dup(0), "rb", buffering=0)
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # whatever prints, prints elsewhere
    warmed: set[str] = set()
    for line in iter(lambda: line_of(asked), b""):
        job = json.loads(line)
        if job.get("lesson", "") not in warmed:
            warmed.add(job.get("lesson", ""))
            warm(job)
            gc.collect()
            gc.freeze()  # what is here now is shared with every fork
        if hasattr(os, "fork"):
            _forked(job, out, asked)
        else:
            write(out, {"ended": done(job, out)})
    return 0


def line_of(asked: IO[bytes]) -> bytes:
    """One line, and nothing of what comes after it, which a fork may read; b'' at the end."""
    line = b""
    while not line.endswith(b"\n") and (more := asked.read(1 << 20)):
        line += more  # nobody asks the next thing before this is answered
    return line


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


def _forked(job: dict[str, Any], out: IO[bytes], asked: IO[bytes]) -> None:
    """A fork does the job, and those that follow. When one ends it, it is said how."""
    alive, held = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(alive)
        os._exit(_in_fork(job, out, asked))
    os.close(held)
    _wait(alive, asked.fileno(), child)
    os.close(alive)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        write(out, {"ended": status})


def _wait(alive: int, asked: int, child: int) -> None:
    """Until the fork has ended. It is ended when nobody is there any more to hear of it."""
    watched = select.poll()
    watched.register(alive, select.POLLIN)
    watched.register(asked, 0)  # only whether the other end is gone
    if not any(handle == alive for handle, _ in watched.poll()):
        os.kill(child, signal.SIGKILL)


def _in_fork(job: dict[str, Any], out: IO[bytes], asked: IO[bytes]) -> int:
    """Exit status: 0 when it has done as many jobs as it may, or nobody asks any more."""
    number = 0
    try:
        _write_no_file()
        gc.set_threshold(100_000, 50, 100)  # a job leaves next to nothing in circles
        while job:
            number += 1
            limit(job["seconds"], job["megabytes"])
            status = done(job, out)
            limit(0, job["megabytes"])
            write(out, {"ended": status})
            line = line_of(asked) if number < JOBS and job.get("lesson") is not None else b""
            job = json.loads(line) if line else {}
        return 0
    except MemoryError:
        return AGAIN if number > 1 else OUT_OF_MEMORY
    except BaseException as error:  # a bug of ours: whoever asked makes a finding of its last line
        with contextlib.suppress(BaseException):
            write(out, {"trouble": f"{type(error).__name__}: {error}"[:300]})
        return AGAIN if number > 1 else 1


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
