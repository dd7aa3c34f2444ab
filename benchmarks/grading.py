"""python benchmarks/grading.py: a class graded by `dnetlab grade`, beside nbgrader's autograde of the same lesson.

    python benchmarks/grading.py                    1,000 submissions of lesson 1, and a sample of 5 by nbgrader
    python benchmarks/grading.py growth 100 1000 10000     how time and memory grow
    python benchmarks/grading.py kills 20           killed at random so often, and gone on with: the same bytes?

nbgrader (pip install nbgrader) runs the same solutions as notebooks in kernels, one after the other, as it does; what
it costs is taken from the difference between one notebook and several, so that its start counts for nothing, while ours
counts. Of more than 500 submissions the others are copies with other names, times and digests, which cost the same.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dnetlab.lessons.read import read_lesson, script
from tests.grade.works import chained, rows, solved

LESSON = "01-native-networks"
DISTINCT = 500
BOOKS = ("gradebook.csv", "findings.csv", "class.json", "alike.json", "overview.html")


def submitted(root: Path, number: int) -> Path:
    """A class of that many who solved the lesson, in nbgrader's folders."""
    works: list[list[dict]] = []
    for n in range(number):
        if n < DISTINCT:
            works.append(rows(solved(root / "made.journal", "1", f"s{n:05}")))
            (root / "made.journal").unlink()
        told = works[n % DISTINCT]
        if n >= DISTINCT:
            told = [row | {"session": f"c{n:07}", "at": row["at"] + n} for row in told]
        file = root / "submitted" / f"s{n:05}" / LESSON / ".dnetlab" / f"{LESSON}.sim.journal"
        file.parent.mkdir(parents=True)
        file.write_bytes(chained(told))
    return root / "submitted"


def graded(folder: Path, out: Path) -> tuple[float, float, float]:
    """(seconds, seconds of processor time, MiB at most in one process) of the whole command, its files written."""
    command = [sys.executable, "-m", "dnetlab", "grade", str(folder), "--out", str(out), "--any-student"]
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    assert status == 0, status
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


# -- nbgrader ---------------------------------------------------------------------------------------------------------


def cell(kind: str, source: str, grade: str = "") -> dict:
    made: dict = {"cell_type": kind, "metadata": {}, "source": source, "id": f"c{abs(hash(source + grade)):x}"[:12]}
    if kind == "code":
        made |= {"outputs": [], "execution_count": None}
    if grade:
        kept = {"schema_version": 3, "grade_id": grade, "grade": True, "locked": True, "solution": False}
        made["metadata"] = {"nbgrader": kept | {"task": False, "points": 1.0, "cell_type": kind}}
    return made


def notebook(student: str, solution: bool) -> str:
    """The lesson's tasks with somebody's solution typed in, and a check cell for each task."""
    lesson = read_lesson("1", student)
    opening = f"%load_ext dnetlab\n%dnet student {student}\n%dnet lesson 1\nlab = %dnet lab"
    blocks = script(lesson, "solution.dnet").split("\n\n") if solution else []
    typed = [f"%%dnet\n{block}" for block in blocks]
    earned = "float(next(t.earned / t.task.points for t in lab.tasks().tasks if t.task.id == {task!r}))"
    checks = [cell("code", earned.format(task=task.id), f"check-{task.id}") for task in lesson.tasks]
    cells = [cell("code", opening), cell("code", "%dnet start"), *(cell("code", one) for one in typed), *checks]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def course(root: Path, students: list[str]) -> None:
    source = root / "source" / LESSON
    source.mkdir(parents=True)
    (source / "lab.ipynb").write_text(notebook("", False))
    patient = [f"c.Execute.{name} = 600" for name in ("timeout", "iopub_timeout", "startup_timeout")]
    (root / "nbgrader_config.py").write_text("\n".join(["c = get_config()", *patient, ""]))
    nbgrader(root, "generate_assignment", LESSON)
    for student in students:
        folder = root / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        (folder / "lab.ipynb").write_text(notebook(student, True))


def nbgrader(root: Path, *words: str) -> tuple[float, float]:
    """Seconds of one call, and of processor time."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # it calls alembic
    start, before = time.perf_counter(), os.times()
    command = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(command, cwd=root, env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, used


def autograded(root: Path, sample: int) -> tuple[float, float]:
    """Seconds for each notebook, and of processor time: of several in one call, less one in one call."""
    course(root, [f"s{n:05}" for n in range(sample + 1)])
    several = nbgrader(root, "autograde", LESSON, "--force")
    one = nbgrader(root, "autograde", LESSON, "--force", "--student", "s00000")
    return (several[0] - one[0]) / sample, (several[1] - one[1]) / sample


# -- what is measured -------------------------------------------------------------------------------------------------


def beside(root: Path, number: int = 1000, sample: int = 5) -> None:
    folder = submitted(root, number)
    theirs = [autograded(root / "course-1", sample)]
    seconds, used, memory = graded(folder, root / "out")
    theirs.append(autograded(root / "course-2", sample))
    each = sum(one for one, _ in theirs) / len(theirs)
    spent = sum(one for _, one in theirs) / len(theirs)
    rate, cost = number / seconds, used / number * 1e3
    print(f"dnetlab grade, {number} submissions of lesson 1: {rate:.1f} submissions/s on {os.cpu_count()} cores; "
          f"each {cost:.0f} ms of processor time; {memory:.0f} MiB")  # fmt: skip
    print(f"nbgrader autograde, {2 * sample} notebooks of it, before and after: {each:.1f} s each, "
          f"{spent:.1f} s of processor time")  # fmt: skip
    print(f"ratio: {each * rate:.0f}× in time, {spent * 1e3 / cost:.0f}× in processor time for each")


def growth(root: Path, *numbers: int) -> None:
    for number in numbers:
        place = root / str(number)
        place.mkdir()
        seconds, used, memory = graded(submitted(place, number), place / "out")
        print(f"{number} submissions: {seconds:.1f} s, {seconds / number * 1e3:.1f} ms each "
              f"({used / number * 1e3:.1f} ms of processor time), {memory:.0f} MiB", flush=True)  # fmt: skip
        shutil.rmtree(place)


def kills(root: Path, number: int = 20) -> None:
    """A class of 150; each time the grader is killed after a random time."""
    folder, chance = submitted(root, 150), random.Random(7)
    seconds, _, _ = graded(folder, root / "undisturbed")
    command = [sys.executable, "-m", "dnetlab", "grade", str(folder), "--out", str(root / "out"), "--any-student"]
    killed = 0
    while killed < number:
        grader = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            grader.wait(chance.uniform(0.2, 1.2) * seconds / 3)
            shutil.rmtree(root / "out")  # it came to its end: from the beginning
        except subprocess.TimeoutExpired:
            grader.kill()
            grader.wait()
            killed += 1
    graded(folder, root / "out")
    same = all((root / "out" / name).read_bytes() == (root / "undisturbed" / name).read_bytes() for name in BOOKS)
    print(f"killed {killed} times, gone on with: {'the same bytes' if same else 'OTHER BYTES'} in {', '.join(BOOKS)}")
    assert same


if __name__ == "__main__":
    what, *words = sys.argv[1:] or ["beside"]
    with tempfile.TemporaryDirectory() as made:
        {"beside": beside, "growth": growth, "kills": kills}[what](Path(made), *map(int, words))
