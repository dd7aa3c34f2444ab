"""A newcomer's run, as the README has it: a fresh copy, a lesson typed, its report exported, verified and graded."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What ann types after the README's lines: the rest of lesson 1, in her numbers.
REST = """\
docker stop news list
docker start list
docker start news
docker run -d --name c4 nginx
docker run -d --name c5 nginx
docker run -d --name c6 nginx
docker rm -f c4
docker run -d --name last nginx
docker exec news ping -c 1 172.25.254.38
%dnet answer seen-as 172.25.254.1
sysctl -w net.ipv4.ip_forward=0
sysctl -w net.ipv4.ip_forward=1
docker rm -f $(docker ps -aq)
exit
"""


def readme(mark: str) -> str:
    """The block of the README that stands below that mark."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- {re.escape(mark)} -->\n```\w+\n(?P<text>.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, mark
    return found["text"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The files that git keeps, elsewhere, with a `.venv/bin/dnetlab` that runs them as an installation would."""
    folder = tmp_path_factory.mktemp("newcomer") / "dnetlab"
    listed = subprocess.run(["git", "ls-files", "-z", "dnetlab", "README.md"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        for name in filter(None, listed.stdout.split("\0")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    else:  # the tree came without git
        shutil.copytree(ROOT / "dnetlab", folder / "dnetlab")
    program = folder / ".venv" / "bin" / "dnetlab"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec "{sys.executable}" -m dnetlab "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return folder


def run(folder: Path, command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DNETLAB", "PYTHON", "NBGRADER"))}
    return subprocess.run(command, shell=True, cwd=folder, env=kept | {"LANG": "C.UTF-8"}, input=typed,
                          capture_output=True, text=True, timeout=300)  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="the README's commands are those of a Unix shell")
def test_a_lesson_is_typed_reported_verified_and_graded_each_by_one_command_of_the_readme(copy):
    # when typing the README's lines and the rest of the lesson
    shell = run(copy, readme("command: type"), readme("typed") + REST)
    assert (shell.returncode, shell.stderr) == (0, "")
    assert "✓ Task 6 is done: Leave nothing (6 of 6)" in shell.stdout

    # then each next step is one command
    report = run(copy, readme("command: report"))
    assert report.returncode == 0, report.stderr
    assert "handed-in/ann/01-native-networks-ann.pdf\n9 of 9 points\n" in report.stdout

    verified = run(copy, readme("command: verify"))
    assert verified.returncode == 0, verified.stdout
    assert "9 of 9 points" in verified.stdout
    assert verified.stdout.endswith("  Run again, all of it comes out as it is recorded.\n")

    graded = run(copy, readme("command: grade"))
    assert graded.returncode == 0, graded.stderr
    with (copy / "graded" / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["student_id"], row["score"], row["max_score"]) for row in csv.DictReader(file)]
    assert rows == [("ann", "9.0", "9.0")]


@pytest.mark.skipif(sys.platform == "win32", reason="the README's commands are those of a Unix shell")
def test_what_the_readme_has_one_type_solves_the_first_task(copy, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(copy / ".venv", folder / ".venv")

    shell = run(folder, readme("command: type"), readme("typed"))

    assert (shell.returncode, shell.stderr) == (0, "")
    assert "✓ Task 1 is done: Two on the default bridge (1 of 6)" in shell.stdout
