"""Names of files say whose they are, as nbgrader, Canvas, Moodle and Gradescope lay them out; no file is opened."""

from __future__ import annotations

import pytest

from dnetlab.gradebook.handed_in import Part
from dnetlab.gradebook.layouts import gradescope_people, hand_ins


def told(names: list[str], root: str = "x", alone: bool = False) -> list[tuple[str, str, str, list[str]]]:
    """(who or full name, key, assignment, files) of each hand-in."""
    found = hand_ins([Part(name, f"/{name}") for name in names], root, alone)
    return [(one.who or one.full_name, one.key, one.assignment, [part.name for part in one.parts]) for one in found]


def test_nbgrader_has_a_folder_for_each_student_and_in_it_one_for_each_assignment():
    first = "ann/01-native-networks"
    names = [f"{first}/.dnetlab/a.sim.journal", f"{first}/a.ipynb", "bob/04-isolation/b.ipynb"]

    assert told(names, "submitted") == [
        ("ann", "", "01-native-networks", [".dnetlab/a.sim.journal", "a.ipynb"]),
        ("bob", "", "04-isolation", ["b.ipynb"]),
    ]  # fmt: skip
    assert told([f"submitted/{name}" for name in names], "course") == told(names, "submitted")


def test_canvas_names_each_file_after_its_person_and_attachment():
    names = ["hopperada_412_88001_a.journal", "hopperada_412_88002_a.ipynb", "lovelaceada_LATE_977_88007_work-1.zip"]

    assert told(names) == [
        ("hopperada", "412", "", ["hopperada_412_88001_a.journal", "hopperada_412_88002_a.ipynb"]),
        ("lovelaceada", "977", "", ["lovelaceada_LATE_977_88007_work-1.zip"]),
    ]  # fmt: skip
    assert [one.late for one in hand_ins([Part(name) for name in names], "x", False)] == [False, True]


@pytest.mark.parametrize("mark", ["assignsubmission_file_/", "assignsubmission_file/", "assignsubmission_file_"])
def test_moodle_names_a_folder_or_a_file_after_the_person(mark):
    assert told([f"Ada Hopper_8123_{mark}a.journal"]) == [("Ada Hopper", "8123", "", ["a.journal"])]


def test_gradescope_has_a_folder_for_each_submission_and_tells_beside_them_whose_they_are():
    names = ["assignment_7_export/submission_11/a.journal", "assignment_7_export/submission_metadata.yml"]
    metadata = "submission_11:\n  :submitters:\n  - :name: Ada Hopper\n    :sid: '77'\n    :email: ann@example.org\n"

    assert told(names) == [("", "submission_11", "", ["a.journal"])]
    assert list(gradescope_people(metadata)) == [("submission_11", "Ada Hopper", "77", "ann@example.org")]


RUBBISH = ["", "[1", "submission_1: 3", "a: &a [*a]", "!!python/object:os.system {}", "7", "\0"]


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_metadata_that_is_none_tells_of_nobody(rubbish):
    assert list(gradescope_people(rubbish)) == []


def test_a_folder_for_each_student_is_named_after_them():
    assert told(["ann/a.ipynb", "ann/.dnetlab/a.sim.journal", "bob/b.journal"]) == [
        ("ann", "", "", [".dnetlab/a.sim.journal", "a.ipynb"]), ("bob", "", "", ["b.journal"]),
    ]  # fmt: skip


def test_files_alone_are_each_somebodys_and_a_students_own_folder_is_all_of_one():
    assert told(["a.journal", "b.journal"]) == [
        ("", "a.journal", "", ["a.journal"]), ("", "b.journal", "", ["b.journal"]),
    ]  # fmt: skip
    assert told(["a.ipynb", ".dnetlab/a.sim.journal"]) == [("", "", "", [".dnetlab/a.sim.journal", "a.ipynb"])]
    assert told(["a.journal", "b.journal"], alone=True) == [("", "", "", ["a.journal", "b.journal"])]


def test_what_systems_and_editors_leave_behind_is_nobodys():
    assert told(["__MACOSX/ann/._a.journal", "ann/.ipynb_checkpoints/a.ipynb", "ann/.DS_Store", "ann/a.journal"]) == [
        ("ann", "", "", ["a.journal"])
    ]
