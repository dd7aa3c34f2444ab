"""`dnetlab report`, `verify`, `keys`, `sign`: each one command, from a folder with a student's journals in it."""

from __future__ import annotations

import json

import pytest

from dnetlab.cli import main
from tests.grade.works import solved


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A student's folder: ann's journal of lesson 1, where a notebook or `dnetlab shell` writes it."""
    (tmp_path / ".dnetlab").mkdir()
    solved(tmp_path / ".dnetlab" / "01-native-networks.sim.journal")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DNETLAB_LANG", raising=False)
    return tmp_path


def test_a_lesson_is_reported_verified_and_signed_each_by_one_command(folder, capsys):
    assert main(["report", "1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "01-native-networks-ann.html", "01-native-networks-ann.json", "01-native-networks-ann.pdf", "9 of 9 points",
        "Not verified yet: the student made this report, and nobody has run the work again.",
    ]  # fmt: skip

    assert main(["verify", "01-native-networks-ann.html", "01-native-networks-ann.json", "--student", "ann"]) == 0
    said = capsys.readouterr().out
    assert said.count("9 of 9 points") == 2
    assert said.count("Run again, all of it comes out as it is recorded.") == 2

    assert main(["keys", "--out", "keys"]) == 0
    assert main(["sign", "01-native-networks-ann.json", "--key", "keys/dnetlab-signing.key", "--out", "done"]) == 0
    capsys.readouterr()
    assert main(["verify", "done/01-native-networks-ann.signed.json", "--key", "keys/dnetlab-signing.pub"]) == 0
    assert "· It is signed with the key " in capsys.readouterr().out


def test_without_a_lesson_the_report_is_of_the_one_worked_at_last(folder, capsys):
    assert main(["report", "--format", "json", "--lang", "zh", "--out", "there"]) == 0

    assert capsys.readouterr().out.splitlines()[:2] == ["there/01-native-networks-ann.json", "得 9 分，满分 9 分"]
    assert main(["report", "--lang", "en", "--format", "json"]) == 0


def test_a_lesson_that_no_journal_knows_is_a_sentence(folder, capsys):
    assert main(["report", "4"]) == 2

    assert "no journal of 04-isolation is in .dnetlab" in capsys.readouterr().err


def test_findings_end_verify_with_status_1_and_are_json_on_demand(folder, capsys):
    journal = folder / ".dnetlab" / "01-native-networks.sim.journal"
    journal.write_bytes(journal.read_bytes().replace(b'"exit_code":0', b'"exit_code":5', 1))

    assert main(["verify", str(journal), "--json"]) == 1

    found = json.loads(capsys.readouterr().out)
    assert [f["kind"] for f in found["findings"]] == ["broken", "outcome"]
    assert found["findings"][1]["text"]["en"].endswith("is recorded with status 5; run again, it is 0.")


def test_what_a_student_typed_moves_no_cursor_in_the_instructors_terminal(folder, capsys):
    journal = folder / ".dnetlab" / "01-native-networks.sim.journal"
    rows = journal.read_text().replace('"host":"docker1"', '"host":"\\u001b[2J\\nok"', 1)
    journal.write_text(rows.replace('"text":"docker run', '"text":"\\u001b[2J\\ndocker run', 1))

    main(["verify", str(journal)])

    said = capsys.readouterr().out
    assert "\x1b" not in said and "⟨U+001B⟩[2J docker run" in said


def test_a_verified_report_can_be_written(folder, capsys):
    assert main(["verify", ".dnetlab/01-native-networks.sim.journal", "--report", "out"]) == 0

    made = (folder / "out" / "01-native-networks.sim.verified.html").read_text(encoding="utf-8")
    assert "Verified: the work was run again from its journal" in made and "Not verified yet" not in made


@pytest.mark.parametrize("call", [["verify", "nosuch"], ["report", "nosuch.journal"], ["report", "a.journal", "4"],
                                  ["verify", "x", "--key", "nosuch"]])  # fmt: skip
def test_a_call_that_can_not_be_done_is_one_line_and_status_2(folder, capsys, call):
    assert main(call) == 2
    assert len(capsys.readouterr().err.splitlines()) <= 2
