"""Kinds of hostile hand-ins: what is in each, what it earns, and by which name it is found.

Everything is ann's, for an assignment called after the kind; lesson 1 counts. A journal that is tampered with is ann's
own.
"""

from __future__ import annotations

import json
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from dnetlab.grade.export import report, write
from dnetlab.grade.work import Terms
from dnetlab.lessons.build import notebook
from dnetlab.lessons.read import read_lesson
from dnetlab.model import default_topology
from tests.grade.works import chained, rows, solved
from tests.gradebook.classes import zipped

MARKUP = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://127.0.0.1:9/","x")'


@dataclass(frozen=True)
class Kind:
    """files by name (text, bytes, or a function that makes the file at a path); earned; found: the finding's kind."""

    name: str
    earned: float
    found: str
    files: dict[str, bytes | str | Callable[[Path], object]]


class Makes:
    """Unpickled, it writes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.file,)


def kinds(folder: Path) -> Iterator[Kind]:
    """All of them. folder: where journals may be made, and beside which nothing may appear."""
    ann, bob = solved(folder / "ann.journal"), solved(folder / "bob.journal", student="bob")
    yield from _tampered(ann, bob)
    yield from _other_work(ann, bob, folder)
    yield from _rubbish(ann, folder)
    yield from _too_much(ann)
    yield from _archives(ann)
    yield from _links(ann, folder)
    yield from _text_of_strangers(ann)
    yield from _notebooks(folder)
    yield from _reports(ann, folder)


def journal(name: str, earned: float, found: str, data: bytes | list[dict]) -> Kind:
    return Kind(name, earned, found, {"a.journal": data if isinstance(data, bytes) else chained(data)})


def edited(told: list[dict], kind: str, **change: object) -> list[dict]:
    """The first row of a kind changed."""
    place = next(n for n, row in enumerate(told) if row["kind"] == kind)
    return [*told[:place], told[place] | change, *told[place + 1 :]]


def _tampered(ann: bytes, bob: bytes) -> Iterator[Kind]:
    told, lines = rows(ann), ann.splitlines(keepends=True)
    yield journal("changed row", 9.0, "broken", ann.replace(b'"exit_code":0', b'"exit_code":1', 1))
    yield journal("changed outcome, digests made anew", 9.0, "outcome", edited(told, "line", exit_code=1))
    yield journal("changed output", 9.0, "output", edited(told, "line", output="0123456789abcdef"))
    yield journal("changed score", 9.0, "judged", edited(told, "judged", earned=1e9))
    yield journal("changed points", 9.0, "judged", edited(told, "judged", points=1e9))
    yield journal("judgements without work", 0.0, "judged", [row for row in told if row["kind"] != "line"])
    yield journal("rows in another order", 0.0, "broken", b"".join([*lines[:5], lines[6], lines[5], *lines[7:]]))
    yield journal("rows cut out", 6.0, "broken", b"".join([*lines[:-4], *lines[-2:]]))
    yield journal("head cut off", 0.0, "no head", b"".join(lines[1:]))
    yield journal("two journals in one", 9.0, "joined", ann + bob)
    yield journal("torn row", 9.0, "unreadable", ann[:-20])
    itself = _row(told, "resume", **{"from": "ann00000"})
    yield journal("goes on from itself", 9.0, "goes on from nothing", [*told, itself])
    yield journal("clock set back", 9.0, "clock", [*told, told[-1] | {"at": 1.0}])
    place = next(n for n, row in enumerate(told) if row["kind"] == "prediction")
    guess = told[place] | {"answer": "172.17.0.2", "right": False}
    yield journal("guesses, one after the other", 8.0, "guessed", [*told[:place], guess, *told[place:]])


def _row(told: list[dict], kind: str, **fields: object) -> dict:
    return {"session": told[-1]["session"], "after": "", "at": told[-1]["at"], "kind": kind, **fields}


def _other_work(ann: bytes, bob: bytes, folder: Path) -> Iterator[Kind]:
    told = rows(ann)
    named = [row | ({"student": "ann"} if row["kind"] == "lesson" else {}) for row in rows(bob)]
    yield journal("another student's", 0.0, "other student", bob)
    yield journal("another student's under one's own name", 0.0, "judged", named)
    yield journal("another lesson's", 0.0, "no lesson", solved(folder / "isolation.journal", "4"))
    yield journal("lesson that is not there", 9.0, "unknown lesson", edited(told, "lesson", lesson="99-nosuch"))
    ways = [row | ({"lesson": "../../../etc"} if "lesson" in row else {}) for row in told]
    yield journal("lesson that is a path", 0.0, "no lesson", ways)
    yield journal("release that is not there", 0.0, "unknown release", edited(told, "head", release="1.0"))
    shape = replace(default_topology(), hosts=default_topology().hosts[:2])
    yield journal("another lab", 0.0, "other lab", solved(folder / "shape.journal", topology=shape))
    yield journal("host that is not there", 0.5, "not possible", edited(told, "line", host="../../docker7"))


def _rubbish(ann: bytes, folder: Path) -> Iterator[Kind]:
    head = b'{"session":"a","after":"","at":1,"kind":"line","x":'
    yield journal("nothing", 0.0, "no journal", b"")
    yield journal("binary rubbish", 0.0, "no journal", bytes(range(256)) * 999)
    yield journal("nested deeply", 0.0, "no journal", b"[" * 100_000)
    yield journal("row nested deeply", 0.0, "unreadable", head + b"[" * 100_000 + b"]" * 100_000 + b"}")
    yield journal("numbers without end", 0.0, "unreadable", head + b"9" * 100_000 + b"}")
    yield journal("other letters", 0.0, "no journal", ann.decode().encode("utf-16"))
    yield journal("pickle", 0.0, "no journal", pickle.dumps(Makes(folder / "written")))
    yield journal("no numbers", 9.0, "incomplete", ann + _no_numbers(ann))
    yield Kind("no file at all", 0.0, "no journal", {"readme.txt": "I did it."})


def _no_numbers(ann: bytes) -> bytes:
    row = ann.splitlines()[-1].replace(b'"earned":1.0', b'"earned":"NaN?"')
    return row.replace(b'"kind":"judged"', b'"kind":"judged","cell":NaN') + b"\n"


def _too_much(ann: bytes) -> Iterator[Kind]:
    told = rows(ann)
    line = next(row for row in told if row["kind"] == "line") | {"text": "docker run -d nginx"}
    wild = line | {"text": f"echo {'a' * 40}! | grep -E '^(a+)+$'", "exit_code": 0}
    memory = b'{"session":"a","after":"","at":1,"kind":"x","y":[' + b"[]," * 4_000_000 + b"1]}"
    yield journal("without end", 9.0, "out of time", [*told, *[line] * 2_500])
    yield journal("memory without end", 0.0, "out of memory", memory)
    yield journal("catastrophic pattern", 9.0, "outcome", [*told, wild])
    yield Kind("huge", 0.0, "too big", {"a.journal": lambda file: _sparse(file, 3_000_000_000)})
    yield Kind("hundreds of files", 9.0, "too many", {"a.journal": ann, **{f"b{n:03}.txt": "x" for n in range(250)}})


def _sparse(file: Path, size: int) -> None:
    with file.open("wb") as out:
        out.truncate(size)


def _archives(ann: bytes) -> Iterator[Kind]:
    honest = {"a.journal": ann}
    yield Kind("way out of the archive", 9.0, "outside", {"a.zip": zipped(honest | {"../../written": "x"})})
    yield Kind("way out by a drive", 9.0, "outside", {"a.zip": zipped(honest | {"C:\\written": "x"})})
    yield Kind("way out from the root", 9.0, "outside", {"a.zip": zipped(honest | {"/tmp/written": "x"})})
    yield Kind("bomb", 9.0, "inflates", {"a.zip": zipped(honest | {"z": b"\0" * 70_000_000})})
    lying = _lying(zipped(honest | {"z": b"\0" * 5_000_000}))
    yield Kind("bomb that lies of its size", 9.0, "archive", {"a.zip": lying})
    yield Kind("archive in an archive", 9.0, "nested", {"a.zip": zipped(honest | {"b.zip": zipped(honest)})})
    yield Kind("archive cut off", 0.0, "archive", {"a.zip": zipped(honest)[:200]})
    yield Kind("archive damaged", 0.0, "archive", {"a.zip": _damaged(zipped(honest))})
    yield Kind("archive under lock", 0.0, "archive", {"a.zip": _locked(zipped(honest))})
    yield Kind("archive with a link", 9.0, "link", {"a.zip": _with_link(ann)})


def _lying(data: bytes) -> bytes:
    """The second member says, in both places, that it is three bytes long."""
    return data.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 3))


def _damaged(data: bytes) -> bytes:
    return data[:60] + bytes(byte ^ 0xFF for byte in data[60:120]) + data[120:]


def _locked(data: bytes) -> bytes:
    place = data.index(b"PK\1\2")
    return data[:6] + b"\1\0" + data[8 : place + 8] + b"\1\0" + data[place + 10 :]


def _with_link(ann: bytes) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.journal", ann)
        link = zipfile.ZipInfo("b.journal")
        link.external_attr = 0xA1FF << 16
        archive.writestr(link, "/etc/passwd")
    return data.getvalue()


def _links(ann: bytes, folder: Path) -> Iterator[Kind]:
    import os

    secret = folder / "ann.journal"
    yield Kind("link to a file", 0.0, "link", {"a.journal": lambda file: file.symlink_to(secret)})
    yield Kind("link to a folder", 9.0, "link", {"a.journal": ann, "b": lambda file: file.symlink_to(folder)})
    yield Kind("link to itself", 9.0, "link", {"a.journal": ann, "b": lambda file: file.symlink_to(file)})
    yield Kind("pipe that nobody writes to", 9.0, "link", {"a.journal": ann, "b": os.mkfifo})


def _text_of_strangers(ann: bytes) -> Iterator[Kind]:
    told = rows(ann)
    typed = next(row for row in told if row["kind"] == "line") | {"cell": 90, "output": "", "exit_code": 0}
    yield journal("markup as a name", 9.0, "markup", [*told, _attend(told, MARKUP)])
    yield journal("formula as a name", 9.0, "formula", [*told, _attend(told, FORMULA)])
    yield journal("controls as a name", 9.0, "controls", [*told, _attend(told, "\x1b]0;x\x07\x1b[2Jann")])
    yield journal("text that turns around", 9.0, "controls", [*told, _attend(told, "\u202enna")])
    yield journal("markup in a command", 9.0, "markup", [*told, typed | {"text": f"echo '{MARKUP}'"}])
    yield journal("controls in a command", 9.0, "controls", [*told, typed | {"text": "echo '\x1b[31mred'"}])


def _attend(told: list[dict], student: str) -> dict:
    return next(row for row in told if row["kind"] == "lesson") | {"student": student, "at": told[-1]["at"]}


def _notebooks(folder: Path) -> Iterator[Kind]:
    written = str(folder / "written")
    endless = "%%dnet\nwhile true; do date; done"
    yield _notebook("cells that end the kernel", "python", f"import os\nopen({written!r}, 'w')\nos._exit(0)")
    patch = "import dnetlab.checks.judge as j\nj.judge_task = lambda *a: j.TaskResult(a[0], 9, 9, 9)"
    yield _notebook("cells that patch the checker", "python", patch)
    yield _notebook("cells with a shell", "python", f"!touch {written}")
    yield _notebook("cells without end", "notebook", endless)
    yield _notebook("lesson of a folder of one's own", "notebook", "%dnet lesson /tmp\n%dnet start\n%dnet check")
    yield Kind("notebook that is none", 0.0, "no journal", {"a.ipynb": '{"cells": 7}'})
    yield Kind("notebook of odd cells", 0.0, "no journal", {"a.ipynb": '{"cells": [7, {"cell_type": "code"}]}'})


def _notebook(name: str, found: str, cell: str) -> Kind:
    made = json.loads(notebook(read_lesson("1"), "en"))
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
    return Kind(name, 0.0, found, {"a.ipynb": json.dumps(made | {"cells": [made["cells"][1], code]})})


def _reports(ann: bytes, folder: Path) -> Iterator[Kind]:
    told = report([ann], 1764250000.0, Terms(only="01-native-networks"))
    told = {name: value for name, value in told.items() if name != "account"}
    page = write(told, folder, ["html"], "en", "report")[0].read_bytes()
    yield Kind("report with another score", 9.0, "score", {"a.json": json.dumps(told | {"earned": 100.0})})
    page = page.replace(b"9 of 9 points", b"99 of 9 points")
    yield Kind("page with another score", 9.0, "account", {"a.html": page})
    deep = '{"format": "dnetlab-work-1", "x": ' + "[" * 90_000
    yield Kind("report nested deeply", 0.0, "no journal", {"a.json": deep})
