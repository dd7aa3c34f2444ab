"""The journal's file gives back all that was written, and of a damaged one all but what the damage took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnetlab.commands.cell import first_words
from dnetlab.journal import JournalWriter, digest, event_data, parse_journal, read_journal
from dnetlab.lab import Lab
from dnetlab.model import Line, Prompt, default_topology
from dnetlab.model.journal import Checkpoint, Entry, Goto, Journal, Looked, Loss, LossKind, Reset, Resume, Undo, fold

HEAD = Journal("sim", "28.5", 7, topology=default_topology(), version="0.1.0", began=1764244853.0)


def entry(text: str, at: float = 1.0, **more: object) -> Entry:
    return Entry(replace(Line(1, text, "docker1", argv=first_words(text)), **more), 1, at=at)


def written(path, *events, session: str = "aaaaaaaa", head: Journal = HEAD) -> bytes:
    writer = JournalWriter(path, head, session)
    for event in events:
        writer.write(event)
    assert writer.trouble is None
    return path.read_bytes()


def lost(row: int, kind: LossKind, session: str = "aaaaaaaa") -> Loss:
    return Loss(row, kind, session)


ANY_TEXT = st.text(st.characters()).map(  # two surrogates side by side are one character in JSON, and everywhere else
    lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
LINES = st.builds(
    lambda number, text, host, container, prompt, answer: Line(
        number, text, host, container, first_words(text), prompt, answer
    ),
    st.integers(1, 99), ANY_TEXT, ANY_TEXT, st.none() | ANY_TEXT, st.sampled_from(Prompt),
    st.none() | st.sampled_from("yn"),
)  # fmt: skip
TIMES = st.floats(0, 2e9)
EVENTS = st.one_of(
    st.builds(Entry, LINES, st.integers(0, 99), st.integers(0, 255), st.booleans(), TIMES, ANY_TEXT),
    st.builds(Looked, ANY_TEXT, st.dictionaries(ANY_TEXT, ANY_TEXT | st.integers() | st.lists(ANY_TEXT)), TIMES),
    st.builds(Undo, st.integers(0, 9), TIMES), st.builds(Reset, TIMES), st.builds(Checkpoint, ANY_TEXT, TIMES),
    st.builds(Goto, ANY_TEXT, TIMES), st.builds(Resume, ANY_TEXT, TIMES),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(events=st.lists(EVENTS, min_size=1, max_size=5))
def test_any_event_with_any_text_comes_back_and_each_is_one_line_of_ascii(tmp_path, events):
    path = tmp_path / "a.journal"
    path.unlink(missing_ok=True)
    data = written(path, *events)
    (session,) = read_journal(path).sessions

    assert session.events == tuple(events)
    assert (session.engine, session.release, session.seed, session.topology) == ("sim", "28.5", 7, default_topology())
    assert data.isascii() and data.count(b"\n") == len(events) + 1


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x1e", "\ud800", "\r", "\x00"])
def test_what_some_programs_take_for_the_end_of_a_line_is_not_one(tmp_path, separator):
    path = tmp_path / "a.journal"
    written(path, entry(f"echo a{separator}b"), entry("echo after"))

    found = read_journal(path)

    assert [e.line.text for e in found.sessions[0].entries] == [f"echo a{separator}b", "echo after"]
    assert found.lost == ()


def test_each_row_carries_the_digest_of_the_one_before(tmp_path):
    rows = written(tmp_path / "a.journal", entry("docker ps"), Undo(1)).splitlines()

    afters = [json.loads(row)["after"] for row in rows]

    assert afters == ["", digest(rows[0]), digest(rows[1])]
    assert [json.loads(row)["kind"] for row in rows] == ["head", "line", "undo"]


TEXTS = ["docker network create a1", "echo ü\u2028x", "docker run -d --name web1 nginx", "docker ps"]


def texts(found) -> list[str]:
    return [e.line.text for session in found.sessions for e in session.entries]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 5000))
def test_a_file_cut_off_anywhere_loses_the_row_that_was_cut_and_nothing_before_it(tmp_path, cut):
    path = tmp_path / "a.journal"
    path.unlink(missing_ok=True)
    data = written(path, *map(entry, TEXTS))
    rows, left = data.splitlines(), data[:cut].splitlines()
    whole = [row for row in left if row in rows]

    found = parse_journal(data[:cut])

    assert texts(found) == TEXTS[: max(0, len(whole) - 1)]
    assert [(loss.row, loss.kind) for loss in found.lost] == (
        [] if whole == left else [(len(left), LossKind.UNREADABLE)]
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(place=st.integers(0, 5000), junk=st.binary(max_size=3), taken=st.integers(0, 2))
def test_bytes_changed_anywhere_cost_at_most_the_rows_they_touch(tmp_path, place, junk, taken):
    path = tmp_path / "a.journal"
    path.unlink(missing_ok=True)
    data = written(path, *map(entry, TEXTS))
    place %= len(data)
    touched = {data[:place].count(b"\n"), data[: place + taken].count(b"\n")}
    kept = [text for number, text in enumerate(TEXTS, 1) if number not in touched]

    found = parse_journal(data[:place] + junk + data[place + taken :])

    assert [text for text in texts(found) if text in kept] == kept


PIECES = [b'{"session":"', b'"a","after":"","kind":"head"', b"}", b"\n", b'"at":1e999', b'"at":' + b"9" * 400, b",",
          b'"kind":"line"', b"[" * 2000, b"\xff\xfe"]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200) | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_any_bytes_are_read_without_an_exception(data):
    parse_journal(data)


def test_a_half_written_row_in_the_middle_hides_nothing_after_it(tmp_path):
    path = tmp_path / "a.journal"
    data = written(path, entry("one"), entry("two"), entry("three"))
    head, one, two, three = data.splitlines(keepends=True)

    found = parse_journal(head + one + two[:40] + three)  # without even a newline

    assert texts(found) == ["one", "three"]
    assert found.lost == (lost(3, LossKind.UNREADABLE),)


@pytest.mark.parametrize("key", ["text", "host", "number", "prompt", "exit_code", "cell", "at"])
def test_a_row_that_lacks_something_is_left_out_and_said(tmp_path, key):
    head, *rows = written(tmp_path / "a.journal", entry("one"), entry("two")).splitlines()
    row = json.loads(rows[0])
    del row[key]

    found = parse_journal(b"\n".join([head, json.dumps(row, separators=(",", ":")).encode(), rows[1]]))

    assert texts(found) == ["two"]
    assert found.lost == (lost(2, LossKind.INCOMPLETE), lost(3, LossKind.BROKEN))


@pytest.mark.parametrize("key", ["number", "exit_code", "cell"])
def test_a_row_with_true_for_a_number_is_left_out_and_said(tmp_path, key):
    head, row = written(tmp_path / "a.journal", entry("one")).splitlines()

    found = parse_journal(b"\n".join([head, json.dumps(json.loads(row) | {key: True}, separators=(",", ":")).encode()]))

    assert (texts(found), found.lost[0]) == ([], lost(2, LossKind.INCOMPLETE))


def test_a_changed_row_and_a_row_that_is_gone_show_in_the_one_after_it(tmp_path):
    data = written(tmp_path / "a.journal", entry("one"), entry("two"), entry("three"))
    rows = data.splitlines(keepends=True)

    assert parse_journal(data.replace(b'"one"', b'"ONE"')).lost == (lost(3, LossKind.BROKEN),)
    assert parse_journal(b"".join(rows[:2] + rows[3:])).lost == (lost(3, LossKind.BROKEN),)
    assert parse_journal(b"".join([rows[0], rows[2], rows[1], rows[3]])).lost[0] == lost(2, LossKind.BROKEN)


def test_a_session_of_another_file_that_was_put_behind_is_said(tmp_path):
    ann = written(tmp_path / "a.journal", entry("one"))
    bob = written(tmp_path / "b.journal", entry("two"), session="bbbbbbbb")

    assert parse_journal(ann + bob).lost == (lost(3, LossKind.JOINED, "bbbbbbbb"),)


_WRITER = """
import sys
from pathlib import Path
from dnetlab.journal import JournalWriter
from dnetlab.model.journal import Checkpoint, Journal
writer = JournalWriter(Path(sys.argv[1]), Journal("sim", "28.5", 7), sys.argv[2])
for number in range(int(sys.argv[3])):
    writer.write(Checkpoint(f"{number} " + "x" * 3000))
    print(number, flush=True)
"""


def _writers(path, *sessions: str, events: int = 100_000) -> list[subprocess.Popen]:
    command = [sys.executable, "-c", _WRITER, str(path)]
    return [subprocess.Popen([*command, s, str(events)], stdout=subprocess.PIPE, text=True) for s in sessions]


@pytest.mark.parametrize("rows", [1, 7, 50, 333])
def test_a_writer_that_is_killed_anywhere_loses_at_most_the_row_it_was_writing(tmp_path, rows):
    # given a kernel that writes without end
    (writer,) = _writers(tmp_path / "a.journal", "aaaaaaaa")
    for _ in range(rows):
        said = writer.stdout.readline()

    # when it is killed
    writer.kill()
    said = writer.stdout.read().split("\n")[-2:-1] or [said]
    writer.wait()

    # then all that it said was written is there, whole, and at most one row more
    found = read_journal(tmp_path / "a.journal")
    numbers = [int(event.name.split()[0]) for event in found.sessions[0].events]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= int(said[0]) + 1
    assert len(found.lost) <= 1


def test_kernels_that_begin_at_the_same_moment_are_each_whole_and_follow_one_another(tmp_path):
    writers = _writers(tmp_path / "a.journal", "aaaaaaaa", "bbbbbbbb", "cccccccc", events=40)
    assert [(w.communicate()[0].count("\n"), w.returncode) for w in writers] == [(40, 0)] * 3

    found = read_journal(tmp_path / "a.journal")

    assert {s.session: len(s.events) for s in found.sessions} == {"aaaaaaaa": 40, "bbbbbbbb": 40, "cccccccc": 40}
    assert found.lost == ()


def test_two_kernels_on_one_file_don_t_tear_it(tmp_path):
    path = tmp_path / "a.journal"
    one, two = JournalWriter(path, HEAD, "aaaaaaaa"), JournalWriter(path, HEAD, "bbbbbbbb")
    for number in range(3):
        one.write(entry(f"echo one {number}"))
        two.write(entry(f"echo two {number}"))

    first, second = read_journal(path).sessions

    assert [e.line.text for e in first.entries] == ["echo one 0", "echo one 1", "echo one 2"]
    assert [e.line.text for e in second.entries] == ["echo two 0", "echo two 1", "echo two 2"]
    assert read_journal(path).lost == ()


def test_a_later_session_begins_on_a_line_of_its_own_and_keeps_all_that_was_there(tmp_path):
    path = tmp_path / "a.journal"
    whole = written(path, entry("good"), entry("half"))
    path.write_bytes(whole[:-30])

    written(path, entry("short"), session="bbbbbbbb")
    found = read_journal(path)

    assert [[e.line.text for e in s.entries] for s in found.sessions] == [["good"], ["short"]]
    assert found.lost == (lost(3, LossKind.UNREADABLE),)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full of Linux")
def test_a_full_disk_is_no_exception_and_what_it_did_not_take_is_written_when_it_can_be(tmp_path):
    path = tmp_path / "a.journal"
    path.symlink_to("/dev/full")
    writer = JournalWriter(path, HEAD, "aaaaaaaa")
    writer.write(entry("one"))
    trouble = writer.trouble
    path.unlink()
    writer.write(entry("two"))

    assert trouble.strerror == "No space left on device"
    assert writer.trouble is None
    assert texts(read_journal(path)) == ["one", "two"] and read_journal(path).lost == ()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 16 KiB, by a tmpfs in this process's sight."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs root on Linux, to mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_up_loses_nothing_of_a_session_that_sees_it_emptied(small_disk):
    # given a disk that is nearly full
    path, ballast = small_disk / "a.journal", small_disk / "ballast"
    ballast.write_bytes(b"x" * 8192)
    writer = JournalWriter(path, HEAD, "aaaaaaaa")

    # when more is written than fits, and then there is room again
    troubles = []
    for number in range(40):
        writer.write(entry(f"echo {number}"))
        troubles.append(writer.trouble and writer.trouble.strerror)
        if number == 30:
            full = read_journal(path)
            ballast.unlink()

    # then while it was full at most the row being written was torn, and at the end everything is there
    assert "No space left on device" in troubles and troubles[-1] is None
    assert len(full.lost) <= 1 and texts(full) == [f"echo {n}" for n in range(len(texts(full)))]
    assert texts(read_journal(path)) == [f"echo {n}" for n in range(40)] and read_journal(path).lost == ()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_that_nobody_reads_holds_no_cell_up(tmp_path):
    os.mkfifo(tmp_path / "a.journal")
    writer = JournalWriter(tmp_path / "a.journal", HEAD)

    writer.write(entry("one"))

    assert writer.trouble.strerror == "No such device or address"


@pytest.fixture
def read_only_folder(tmp_path):
    """A folder that even root can't write to: a tmpfs that is mounted read-only."""
    folder = tmp_path / "folder"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs root on Linux, to mount a read-only folder")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_folder_that_can_only_be_read_stops_no_cell_and_is_said_once(read_only_folder):
    with Lab(journal=read_only_folder / "deep" / "a.journal") as lab:
        answers = [lab.run_cell("hostname").stdout for _ in range(2)]
        news = [lab.record.news(), lab.record.news()]

    assert answers == ["docker1\n", "docker1\n"]
    assert (news[0].strerror, news[1]) == ("Read-only file system", None)


def test_a_folder_that_can_not_be_made_is_no_exception(tmp_path):
    (tmp_path / "file").write_text("")
    writer = JournalWriter(tmp_path / "file" / "a.journal", HEAD)

    writer.write(entry("one"))

    assert writer.trouble.strerror in ("Not a directory", "File exists")


def test_a_file_that_was_removed_meanwhile_begins_anew_with_its_head(tmp_path):
    path = tmp_path / "a.journal"
    writer = JournalWriter(path, HEAD, "aaaaaaaa")
    writer.write(entry("one"))
    path.unlink()
    writer.write(entry("two"))

    (session,) = read_journal(path).sessions

    assert (session.engine, [e.line.text for e in session.entries]) == ("sim", ["two"])


def test_folding_leaves_out_what_was_taken_back():
    a, b, c, d = map(entry, "abcd")

    assert fold([a, b, Undo(1), c]) == (a, c)
    assert fold([a, b, Undo(9)]) == ()
    assert fold([a, Reset(), b]) == (b,)
    assert fold([a, Checkpoint("x"), b, Checkpoint("y"), Goto("x"), c, Goto("y"), d]) == (a, b, d)
    assert fold([a, Checkpoint("x"), Reset(), Goto("x"), b]) == (b,)
    assert fold([Goto("lost"), a]) == (a,)


def test_what_is_in_a_row_is_what_docs_say():
    line = Line(3, "docker volume prune", "docker2", "web1", (), Prompt.TERMINAL, "y")

    assert event_data(Entry(line, 2, 1, True, 5.0, "0123456789abcdef")) == {
        "kind": "line", "cell": 2, "number": 3, "host": "docker2", "container": "web1", "prompt": "terminal",
        "text": "docker volume prune", "answer": "y", "exit_code": 1, "refused": True,
        "output": "0123456789abcdef",
    }  # fmt: skip
