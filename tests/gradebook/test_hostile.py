"""Hostile hand-ins: each earns what was really done and is found by its name; nothing is written but to the output."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnetlab.grade.child import Limits
from tests.gradebook.classes import graded, lay
from tests.gradebook.hostile import Kind, kinds

LIMITS = Limits(seconds=3.0, megabytes=260)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("hostile")


def laid(root: Path, kind: Kind) -> None:
    folder = root / "ann" / kind.name
    folder.mkdir(parents=True)
    for name, made in kind.files.items():
        if callable(made):
            made(folder / name)
        else:
            lay(folder, {name: made})


def seen(place: Path) -> dict[str, tuple[int, int]]:
    """All that lies there, with sizes and times of change; the output folder left out."""
    found = {}
    for path in sorted(place.rglob("*")):
        if (place / "out") not in (path, *path.parents):
            told = path.lstat()
            found[str(path.relative_to(place))] = (told.st_size, told.st_mtime_ns if not path.is_dir() else 0)
    return found


@pytest.fixture(scope="module")
def hostile(place):
    """All kinds, graded at once: (kinds, score and findings by kind, what lay there before and after)."""
    (place / "made").mkdir()
    every = list(kinds(place / "made"))
    for kind in every:
        laid(place / "submitted", kind)
    before = seen(place)
    _, made, _ = graded(place / "out", place / "submitted", lesson="1", limits=LIMITS, jobs=2)
    found = [{finding["kind"] for finding in findings} for findings in _findings(place, made)]
    scores = {one.assignment: (one.earned, kinds) for one, kinds in zip(made.entries, found, strict=True)}
    return every, scores, before, seen(place)


def _findings(place: Path, made) -> list[list[dict]]:
    from dnetlab.gradebook.grade import findings_of
    from dnetlab.gradebook.store import Results

    results = Results(place / "out/results.jsonl")
    told = [findings_of(made, one, results.row(one.key)) for one in made.entries]
    results.close()
    return told


def test_there_are_more_than_forty_kinds(hostile):
    assert len({kind.name for kind in hostile[0]}) == len(hostile[0]) > 60


def test_each_earns_what_was_done_and_is_found_by_its_name(hostile):
    every, scores, _, _ = hostile
    wrong = {
        kind.name: (kind.earned, kind.found, *scores[kind.name])
        for kind in every
        if scores[kind.name][0] != kind.earned or kind.found not in scores[kind.name][1]
    }

    assert wrong == {}
    assert not any("failed" in found for _, found in scores.values())


def test_nothing_is_written_outside_of_the_output_folder(hostile):
    _, _, before, after = hostile

    assert after == before
    assert not Path("/tmp/written").exists()


def test_names_of_folders_are_text_in_a_gradebook(tmp_path):
    # given students whose folders have names that a spreadsheet, a page or a terminal would obey
    names = ["=cmd|' C calc'!A0", "@SUM(1+1)", "<img src=x onerror=alert(1)>", "a\x1b[2Jb", "-2+3"]
    for name in names:
        lay(tmp_path / "submitted", {f"{name}/01-native-networks/a.journal": b""})

    _, _, found = graded(tmp_path / "out", tmp_path / "submitted")

    assert sorted((tmp_path / "out/gradebook.csv").read_text().splitlines()[1:]) == [
        "01-native-networks,,,'-2+3,,,,0.0,0.0,0.0,9.0", "01-native-networks,,,'=cmd|' C calc'!A0,,,,0.0,0.0,0.0,9.0",
        "01-native-networks,,,'@SUM(1+1),,,,0.0,0.0,0.0,9.0",
        "01-native-networks,,,<img src=x onerror=alert(1)>,,,,0.0,0.0,0.0,9.0",
        "01-native-networks,,,a\ufffd[2Jb,,,,0.0,0.0,0.0,9.0",
    ]  # fmt: skip
    assert {name: kinds[1:] for name, kinds in found.items()} == {
        "'=cmd|' C calc'!A0": ["formula"], "'@SUM(1+1)": ["formula"], "<img src=x onerror=alert(1)>": ["markup"],
        "a\ufffd[2Jb": ["controls"], "'-2+3": ["formula"],
    }  # fmt: skip
    assert "<img" not in (tmp_path / "out/overview.html").read_text()


def test_an_archive_of_a_platform_that_is_damaged_is_one_hand_in_with_nothing_in_it(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\5\6" + b"\xff" * 18)
    (tmp_path / "b.zip").write_bytes(b"PK\3\4 nothing")

    _, made, _ = graded(tmp_path / "out", tmp_path / "a.zip", tmp_path / "b.zip", lesson="1")

    assert [(one.person.id, one.earned) for one in made.entries] == [("a.zip", 0.0), ("b.zip", 0.0)]
