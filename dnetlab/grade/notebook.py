"""A notebook that came without its journal: its cells run once in a clean lab, and that lab's journal is the work.

`%%dnet` cells run; of `%dnet` lines those that a lab's state or a lesson depends on. Python runs none: what somebody
did by `lab.run(…)` is in a journal, and only there. Neither times nor attempts are known of such work.
"""

from __future__ import annotations

import contextlib
import hashlib
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dnetlab.commands.script import is_dnet_cell
from dnetlab.errors import DnetError, UsageError
from dnetlab.grade.known import lesson_of
from dnetlab.journal import journal_bytes
from dnetlab.lab import Lab
from dnetlab.lessons.fault import fault_name, is_fault, next_seed
from dnetlab.model import Lesson, Topology, default_topology
from dnetlab.model.journal import Judged

Heard = Callable[[Lesson, Judged], None]


def sources(document: Any) -> tuple[str, ...]:
    """The texts of the code cells of a notebook's JSON, () for what is no notebook."""
    try:
        return tuple("".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code")
    except (KeyError, TypeError):
        return ()


def notebook_journals(
    cells: Sequence[str], known: Mapping[str, Path], student: str = "", heard: Heard | None = None
) -> list[bytes]:
    """The journals of the labs that the cells come to, one for each lab they used; [] when nothing ran in any.

    student: whose numbers the lessons have until a `%dnet student ID` says so. heard: called for each judgement, so
    that somebody who runs out of time keeps what was earned. The same cells give the same journals.
    """
    name = hashlib.sha256("\0".join(cells).encode("utf-8", "replace")).hexdigest()[:12]
    with Notebook(known, student) as labs:
        for cell in cells:
            before = len(labs.judgements())
            labs.cell(cell)
            for lesson, event in labs.judgements()[before:]:
                if heard:
                    heard(lesson, event)
        used = [lab.journal for lab in labs.used if lab.events]
    return [journal_bytes(replace(one, session=f"{name}{number}")) for number, one in enumerate(used)]


class Notebook:
    """The labs that a notebook's cells run in, one for each shape and release, as in its kernel."""

    def __init__(self, known: Mapping[str, Path], student: str = "") -> None:
        self.known, self.student = dict(known), student
        self.release: str | None = None
        self.shape: Topology = default_topology()
        self.open: dict[str | None, Lab] = {}
        self.used: list[Lab] = []

    def __enter__(self) -> Notebook:
        return self

    def __exit__(self, *_: object) -> None:
        for lab in self.used:
            lab.close()

    @property
    def lab(self) -> Lab:
        if self.release not in self.open:
            self.open[self.release] = Lab(docker=self.release, topology=self.shape, clock=lambda: 0.0)
            self.used.append(self.open[self.release])
        return self.open[self.release]

    def judgements(self) -> list[tuple[Lesson, Judged]]:
        """Those of the open lesson, in the lab that is used now."""
        lab = self.open.get(self.release)
        lesson = lab.lesson if lab else None
        events = lab.events if lab else []
        return [(lesson, e) for e in events if lesson and isinstance(e, Judged) and e.lesson == lesson.name]

    def cell(self, source: str) -> None:
        """Run one. What the lab would have said of a mistake in it was said then; the next cells run on."""
        if is_dnet_cell(source):
            first, _, body = source.lstrip().partition("\n")
            with contextlib.suppress(DnetError):
                self._commands(_words(first)[1:], body)
            return
        for row in source.split("\n"):
            words = _words(row)
            if words[:1] == ["%dnet"] and (do := ASKED.get("".join(words[1:2]))):
                with contextlib.suppress(DnetError):
                    do(self, *_parted(words[2:]))

    def _commands(self, words: Sequence[str], body: str) -> None:
        positional, options = _parted(words)
        if options.get("engine") == "docker":  # done on real engines: their journal has it
            return
        before, self.release = self.release, options.get("docker", self.release)
        try:
            self.lab.run_cell(body, next(iter(positional), None))
        finally:
            self.release = before

    def attend(self, lesson: Lesson) -> None:
        """In a lab of the lesson's own shape, a new one where the one that stands has another."""
        wanted = lesson.shape or default_topology()
        if wanted != self.shape:
            self.shape, self.open = wanted, {}
        self.lab.attend(lesson, False)

    def lesson(self, name: str) -> Lesson:
        """A lesson that the grader knows, by its name or number. UsageError for another."""
        names = [one for one in self.known if one == name or one.startswith(f"{name:0>2}-")]
        found = lesson_of(self.known, name if is_fault(name) else "".join(names[:1]), self.student)
        if found is None:
            raise UsageError("there is no lesson {name!r}", name=name)
        return found


# -- what `%dnet` lines do -------------------------------------------------------------------------------------------

Options = dict[str, str]


def _lesson(here: Notebook, words: Sequence[str], options: Options) -> None:
    if words:
        here.attend(here.lesson(words[0]))


def _student(here: Notebook, words: Sequence[str], options: Options) -> None:
    if not words:
        return
    here.student = words[0]
    if here.lab.lesson is not None:
        here.attend(here.lesson(here.lab.lesson.name))


def _start(here: Notebook, words: Sequence[str], options: Options) -> None:
    here.lab.start_lesson()


def _predict(here: Notebook, words: Sequence[str], options: Options) -> None:
    here.lab.predict(words[0] if words else "", " ".join(words[1:]))
    if here.lab.started:
        here.lab.ticks()


def _diagnose(here: Notebook, words: Sequence[str], options: Options) -> None:
    _predict(here, ["cause", *words[:1]], options)
    _predict(here, ["words", *words[1:]], options)


def _fault(here: Notebook, words: Sequence[str], options: Options) -> None:
    kind = next((word for word in words if not word.isdecimal()), "")
    seed = next((int(word) for word in words if word.isdecimal()), 0) or next_seed(here.lab.events)
    level = options.get("level", "")
    here.attend(here.lesson(fault_name(kind, seed, int(level) if level.isdecimal() else None)))
    here.lab.start_lesson()


def _engine(here: Notebook, words: Sequence[str], options: Options) -> None:
    before = here.lab
    here.release = options.get("docker", here.release)
    if before.lesson and here.lab.lesson is None:
        here.lab.take_over_lesson(before)


def _undo(here: Notebook, words: Sequence[str], options: Options) -> None:
    here.lab.undo(int(words[0]) if words and words[0].isdecimal() else 1)


def _checkpoint(here: Notebook, words: Sequence[str], options: Options) -> None:
    if words:
        here.lab.checkpoint(words[0])


def _goto(here: Notebook, words: Sequence[str], options: Options) -> None:
    if words:
        here.lab.goto(words[0])


def _reset(here: Notebook, words: Sequence[str], options: Options) -> None:
    here.lab.reset()


ASKED: dict[str, Callable[[Notebook, Sequence[str], Options], None]] = {
    "lesson": _lesson, "student": _student, "start": _start, "predict": _predict, "answer": _predict,
    "diagnose": _diagnose, "fault": _fault, "engine": _engine, "undo": _undo, "checkpoint": _checkpoint,
    "goto": _goto, "reset": _reset,
}  # fmt: skip


def _words(row: str) -> list[str]:
    try:
        return shlex.split(row)
    except ValueError:
        return row.split()


def _parted(words: Sequence[str]) -> tuple[list[str], Options]:
    """Positional words, and options with their values; those that have none are left out."""
    positional: list[str] = []
    options: dict[str, Any] = {}
    rest: Iterator[str] = iter(words)
    for word in rest:
        name, equals, value = word.removeprefix("--").partition("=")
        if word in ("--check", "-q", "--quiet"):
            continue
        if word.startswith("--"):
            options[name] = value if equals else next(rest, "")
        else:
            positional.append(word)
    return positional, options
