"""Verify a submission in a process of its own, with limits of time and memory. JSON only goes in and comes out.

    {"file": …, "student": …, "lessons": […], "seconds": 60, "megabytes": 1024} ─▶ stdin
    {"judged": ["01-native-networks", "ann", "two", 1.0, true]}                  ◀─ stdout, one for each judgement
    {"work": {…}}                                                                ◀─ the last line: the result

A child that is stopped before its last line keeps what it had earned by then.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dnetlab.errors import UsageError
from dnetlab.grade.known import known_lessons, lesson_of
from dnetlab.grade.submission import MEGABYTES
from dnetlab.grade.verify import verify
from dnetlab.grade.work import ANYBODY, Terms
from dnetlab.model import Lesson, TaskResult
from dnetlab.model.grade import Finding, FindingKind, Score, TaskScore, Work
from dnetlab.report.data import Data, work_data

GRACE = 2.0  # seconds that a child has for starting and for its last line
PATIENCE = 4.0  # times its seconds that a child may take by the clock, on a machine that is busy with others
OUT_OF_MEMORY = 77  # exit status


@dataclass(frozen=True)
class Limits:
    """Of one submission. seconds: of processor time; megabytes: of memory, where the system can limit it (Linux)."""

    seconds: float = 60.0
    megabytes: int = 1024


USUAL = Limits()


def verify_apart(file: Path, terms: Terms = ANYBODY, limits: Limits = USUAL, tell: bool = False) -> Data:
    """A file, verified in a child process, as `dnetlab.report.schema` describes it. UsageError: it can't be read.

    terms: student, lessons, only and key; what else they have stays in this process. tell: as `verify` takes it.
    """
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        raise UsageError("{file} can't be read: {error}", file=file, error=error.strerror) from None
    asked = {
        "file": str(file), "student": terms.student, "lessons": list(terms.lessons), "only": terms.only,
        "key": terms.key, "tell": tell, "seconds": limits.seconds, "megabytes": limits.megabytes,
    }  # fmt: skip
    command = [sys.executable, "-P", "-m", "dnetlab.grade.child"]  # -P: nothing in this folder is a module of it
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as child:  # type: ignore[call-overload]
        try:
            said, trouble = child.communicate(json.dumps(asked).encode(), limits.seconds * PATIENCE + 2 * GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            said, trouble = child.communicate()
    return outcome(said, trouble, child.returncode, terms, limits)


def outcome(said: bytes, trouble: bytes, status: int, terms: Terms, limits: Limits) -> Data:
    """The result that a child's lines hold, or, of one that did not come to its end, what it had earned, and why."""
    lines = [_line(row) for row in said.split(b"\n")]
    done = next((line["work"] for line in lines if "work" in line), None)
    if done is not None:
        return dict(done)
    judged = [line["judged"] for line in lines if "judged" in line]
    work = Work(scores=_scores(judged, terms), findings=(_reason(status, trouble, limits),))
    return work_data(work, (), time.time(), True)


def _line(row: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        found = json.loads(row)
        return found if isinstance(found, dict) else {}
    return {}  # the line it was writing


def _reason(status: int, trouble: bytes, limits: Limits) -> Finding:
    if status == OUT_OF_MEMORY:
        return Finding(FindingKind.OUT_OF_MEMORY, fields={"megabytes": limits.megabytes})
    if status < 0:
        return Finding(FindingKind.OUT_OF_TIME, fields={"seconds": f"{limits.seconds:g}"})
    rows = trouble.decode("utf-8", "replace").strip().split("\n")
    return Finding(FindingKind.FAILED, fields={"error": rows[-1][:300]})


def _scores(judged: Sequence[Sequence[Any]], terms: Terms) -> tuple[Score, ...]:
    """Of judgements [lesson, student, task, earned, done]: the best of each task."""
    known = terms.known or known_lessons(terms.lessons)
    names = dict.fromkeys((name, student) for name, student, *_ in judged if terms.student in (None, student))
    lessons = [lesson_of(known, name, student) for name, student in names]
    return tuple(_score(lesson, judged) for lesson in lessons if lesson and terms.only in ("", lesson.name))


def _score(lesson: Lesson, judged: Sequence[Sequence[Any]]) -> Score:
    mine = [row[2:] for row in judged if (row[0], row[1]) == (lesson.name, lesson.student)]
    tasks = []
    for task in lesson.tasks:
        found = [(earned, done) for name, earned, done in mine if name == task.id]
        earned = max((earned for earned, _ in found), default=0.0)
        tasks.append(TaskScore(task, earned, any(done for _, done in found), recorded=earned))
    return Score(lesson, tuple(tasks))


# -- in the child -----------------------------------------------------------------------------------------------------


def main() -> int:
    """Read what is asked from standard input, verify, write lines."""
    asked = json.loads(sys.stdin.buffer.read())
    with os.fdopen(os.dup(1), "wb", buffering=0) as out:
        os.dup2(2, 1)  # whatever prints, prints elsewhere
        limit(asked["seconds"], asked["megabytes"])
        try:
            return work(asked, out)
        except MemoryError:
            return OUT_OF_MEMORY


def limit(seconds: float, megabytes: int) -> None:
    """This process's own limits from now on; it is killed when its time is used up. seconds 0: it has all the time."""
    try:
        import resource
        import signal
    except ImportError:  # Windows: the parent minds the time
        return
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds * PATIENCE)
    if sys.platform == "linux":  # what is reserved and never written to does not count
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 1_000_000, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def work(asked: dict[str, Any], out: IO[bytes]) -> int:
    """Verify, writing a line for each judgement and one for the result."""

    def heard(lesson: Lesson, result: TaskResult) -> None:
        write({"judged": [lesson.name, lesson.student, result.task.id, result.earned, result.passed]})

    def write(line: dict[str, Any]) -> None:
        out.write(json.dumps(line).encode("ascii") + b"\n")

    terms = Terms(asked["student"], tuple(asked["lessons"]), asked["only"], key=asked["key"], heard=heard)
    with open(asked["file"], "rb") as file:
        data = file.read(MEGABYTES * 1_000_000 + 1)
    write({"work": verify(data, terms, tell=asked["tell"])})
    return 0


if __name__ == "__main__":
    sys.exit(main())
