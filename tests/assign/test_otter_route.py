"""A lesson's tasks as tests of the real Otter, each check worth its share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dnetlab.cli import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def assignment(tmp_path, lessons):
    assert main(["assign", str(lessons / "13-pair"), "--for", "otter", "--out", str(tmp_path), "--lang", "en"]) == 0
    return tmp_path


def test_each_check_is_a_case_that_is_worth_its_share(assignment):
    assert sorted(path.name for path in (assignment / "tests").iterdir()) == ["q1_pair.py", "q2_third.py"]
    text = (assignment / "tests" / "q1_pair.py").read_text(encoding="utf-8")
    assert 'name = "q1_pair"\npoints = 3.0\n' in text
    assert '@test_case(points=2.0, name="pair 1")\ndef check_1():\n    check("13-pair", "pair", 1)\n' in text
    assert '@test_case(points=1.0, name="pair 2")\ndef check_2():\n    check("13-pair", "pair", 2)\n' in text


def test_the_real_otter_gives_the_points_that_the_work_earns(assignment, lessons):
    pytest.importorskip("otter", reason="otter-grader is not installed (pip install -e '.[otter]')")
    rows = json.loads((assignment / "13-pair.ipynb").read_text(encoding="utf-8"))
    work = next(cell for cell in rows["cells"] if cell["source"] == ["%%dnet\n"])
    work["source"] = ["%%dnet\n", "docker run -d --name web1 nginx"]
    (assignment / "done.ipynb").write_text(json.dumps(rows), encoding="utf-8")
    with zipfile.ZipFile(assignment / "autograder.zip", "w") as archive:
        archive.writestr("otter_config.json", json.dumps({"lang": "python", "pdf": False}))
        for path in sorted((assignment / "tests").iterdir()):
            archive.write(path, f"tests/{path.name}")
    known = os.environ | {"PYTHONPATH": str(ROOT), "DNETLAB_LESSONS": str(lessons)}
    command = [sys.executable, "-m", "otter", "run", "-a", "autograder.zip", "--no-logo", "done.ipynb"]

    done = subprocess.run(command, cwd=assignment, env=known, capture_output=True, text=True, timeout=300)

    assert done.returncode == 0, done.stderr
    told = json.loads((assignment / "results.json").read_text(encoding="utf-8"))
    given = {test["name"]: (test["score"], test["max_score"]) for test in told["tests"] if "max_score" in test}
    assert (given["q1_pair"], given["q2_third"]) == ((2.0, 3.0), (0.0, 0.1))
