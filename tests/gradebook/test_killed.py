"""A grader that is killed goes on where it was: the gradebook is the same byte for byte; nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.gradebook.classes import LESSON, graded, lay, work

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX")
BOOKS = ("gradebook.csv", "findings.csv", "class.json", "alike.json", "overview.html")


@pytest.fixture(scope="module")
def submitted(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("class")
    students = [f"s{n:02}" for n in range(20)]
    return lay(root / "submitted", {f"{one}/{LESSON}/a.journal": work(one, root / "made") for one in students})


@pytest.fixture(scope="module")
def undisturbed(submitted) -> dict[str, bytes]:
    out = submitted.parent / "undisturbed"
    graded(out, submitted)
    return books(out)


def books(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in BOOKS}


def rows(out: Path) -> int:
    file = out / "results.jsonl"
    return file.read_bytes().count(b"\n") if file.exists() else 0


def killed_after(out: Path, submitted: Path, number: int) -> None:
    """A grader in a process of its own, killed as soon as it has so many rows."""
    command = [sys.executable, "-m", "dnetlab", "grade", str(submitted), "--out", str(out), "--jobs", "2"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    grader = subprocess.Popen(command, **quiet, start_new_session=True)
    while rows(out) < number and grader.poll() is None:
        time.sleep(0.002)
    grader.kill()
    grader.wait()
    until = time.monotonic() + 30
    while alive(grader.pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert not alive(grader.pid)  # its children ended with it


def alive(session: int) -> bool:
    try:
        os.killpg(session, 0)
    except ProcessLookupError:
        return False
    return True


def test_killed_twice_and_called_again_it_comes_to_the_same(submitted, undisturbed, tmp_path):
    killed_after(tmp_path / "out", submitted, 2)
    first = rows(tmp_path / "out")
    killed_after(tmp_path / "out", submitted, first + 3)
    assert 2 <= first < rows(tmp_path / "out") < 20

    _, made, _ = graded(tmp_path / "out", submitted, jobs=2)

    assert 0 < made.judged < 20
    assert books(tmp_path / "out") == undisturbed


def test_a_child_that_is_killed_is_replaced(submitted, undisturbed, tmp_path):
    from dnetlab.gradebook import children

    graded(tmp_path / "first", submitted)
    for child in children._idle:
        child.send_signal(signal.SIGKILL)

    graded(tmp_path / "out", submitted)

    assert books(tmp_path / "out") == undisturbed
