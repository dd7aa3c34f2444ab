"""What a real Docker Engine said in lessons 1 to 8 and beside them is what the simulator says.

The transcripts under tests/recordings were recorded from real engines (each file names the versions and the command
that made it); `dnetlab run --check` compares them with the simulator's answers.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dnetlab.cli import main

pytestmark = pytest.mark.usefixtures("transport")

FOLDER = Path(__file__).resolve().parent / "recordings"
TRANSCRIPTS = sorted(FOLDER.glob("*.*/*.dnet"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_the_simulator_answers_as_the_real_engine_did(path, capsys):
    status = main(["run", "--check", "--docker", path.parent.name, str(path)])

    assert status == 0, capsys.readouterr().err


def test_every_transcript_says_where_it_comes_from():
    assert TRANSCRIPTS
    for path in TRANSCRIPTS:
        head = path.read_text(encoding="utf-8").splitlines()[:8]
        text = "\n".join(line for line in head if line.startswith(";"))
        assert "Engine" in text or "dockerd" in text, f"{path} has no provenance"
