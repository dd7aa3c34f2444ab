"""Which journals a report is made from: those of a lab that stands, or those that lie in a student's folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from dnetlab.errors import DnetError, UsageError
from dnetlab.grade.export import FORMATS, report, write
from dnetlab.grade.known import known_lessons
from dnetlab.grade.submission import MEGABYTES
from dnetlab.grade.work import Terms
from dnetlab.journal import journal_bytes, parse_journal
from dnetlab.lab import Lab
from dnetlab.lessons.fault import is_fault
from dnetlab.lessons.read import find_lesson
from dnetlab.model.journal import Attend
from dnetlab.report.data import Data

FOLDERS = (Path(".dnetlab"), Path("dnetlab-notebooks/.dnetlab"))  # of a notebook here, and of `dnetlab lab`


def of_lab(lab: Lab) -> Data:
    """The report of a lab's open lesson, or of all lessons when none is; its file and the notebook's other ones."""
    file = lab.record.path if lab.record else None
    journals = _read(sorted(file.parent.glob(f"{file.name.split('.')[0]}.*.journal"))) if file else []
    if not file or lab.record is None or lab.record.trouble or not journals:
        journals = [journal_bytes(lab.journal)]
    lesson = lab.lesson
    terms = Terms(None, _more(str(lesson.folder), lesson.name), lesson.name) if lesson else Terms()
    return report(journals, time.time(), terms, lab.snapshot() if lab.engine.name != "sim" else None)


def of_folder(lesson: str, places: Sequence[Path] = FOLDERS) -> Data:
    """The report of a lesson from the journals of these folders; '' is the lesson that was worked at last.

    UsageError when no journal knows the lesson.
    """
    found = [file for place in places for file in place.glob("*.journal")]
    files = sorted(found, key=lambda file: file.stat().st_mtime)
    name = lesson if is_fault(lesson) or not lesson else find_lesson(lesson).name
    data = {file: attended for file in files if (attended := _attended(file))}
    name = name or next((attended[-1] for attended in reversed(data.values())), "")
    chosen = [file for file, attended in data.items() if name in attended]
    if not chosen:
        where = ", ".join(str(place) for place in places)
        hint = "Name the .journal file."
        if name:
            raise UsageError("no journal of {lesson} is in {where}", hint=hint, lesson=name, where=where)
        raise UsageError("no journal of a lesson is in {where}", hint=hint, where=where)
    return report(_read(chosen), time.time(), Terms(None, _more(lesson, name), name))


def _more(lesson: str, name: str) -> tuple[str, ...]:
    """The lesson, when it is one that not everybody knows; a broken lab is known by its name."""
    return () if not lesson or is_fault(name) or name in known_lessons() else (lesson,)


def of_files(files: Sequence[Path], terms: Terms) -> Data:
    """The report of these journals, which belong together."""
    return report(_read(files), time.time(), terms)


def _attended(file: Path) -> list[str]:
    """The lessons that were open in a journal, the last one last."""
    (data,) = _read([file])
    return [e.lesson for s in parse_journal(data).sessions for e in s.events if isinstance(e, Attend)]


def _read(files: Sequence[Path]) -> list[bytes]:
    found = []
    for file in files:
        try:
            with file.open("rb") as opened:
                found.append(opened.read(MEGABYTES * 1_000_000))
        except OSError as error:
            raise UsageError("{file} can't be read: {error}", file=file, error=error.strerror) from None
    return found


def write_all(work: Data, folder: Path, formats: Sequence[str], language: str) -> tuple[list[Path], str]:
    """The files of a report; with no formats named all that can be made here, and a sentence about one that can't."""
    if formats:
        return write(work, folder, formats, language), ""
    made = write(work, folder, [form for form in FORMATS if form != "pdf"], language)
    try:
        return [*made, *write(work, folder, ["pdf"], language)], ""
    except UsageError:
        raise
    except DnetError as error:
        return made, str(error)
