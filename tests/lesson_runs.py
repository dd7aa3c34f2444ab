"""A lesson run from top to bottom on the simulator: what each command answered; traces, reasons, going back in time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dnetlab.lab import Lab
from dnetlab.lessons.read import read_lesson
from dnetlab.model import Lesson, Topology
from dnetlab.views.explain import text

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
RELEASES = ("20.10", "26.1", "28.5", "29.7")


@dataclass(frozen=True)
class Shown:
    """command: as typed, or '%dnet trace A B'. said: both streams."""

    command: str
    said: str
    exit_code: int = 0


@dataclass(frozen=True)
class Claim:
    """says: words of the lesson; on: the releases; command, nth: whose output (1: the first time it is typed);
    shows, hides: literal text that stands there, and that doesn't; code: its exit status, None for any."""

    lesson: str
    says: str
    command: str
    shows: str = ""
    on: tuple[str, ...] = RELEASES
    nth: int = 1
    hides: str = ""
    code: int | None = None


def cells(lesson: str) -> list[tuple[str, str]]:
    """(kind, source) of each cell of the lesson whose file begins so."""
    (path,) = NOTEBOOKS.glob(f"{lesson}*.ipynb")
    return [(c["cell_type"], "".join(c["source"])) for c in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def prose(lesson: str) -> str:
    """What the lesson says, without its commands; what a comparison with a prediction says, too."""
    said = [source for kind, source in cells(lesson) if kind == "markdown"]
    found = opened(lesson)
    for asked in found.predictions if found else ():
        said += [asked.explain["en"], *(c.because["en"] for c in asked.choices if c.because)]
    return "\n".join(said)


def opened(lesson: str) -> Lesson | None:
    """The lesson that the page opens; None for pages that open none."""
    rows = [line.split() for _, source in cells(lesson) for line in source.splitlines()]
    names = [words[2] for words in rows if words[:2] == ["%dnet", "lesson"] and len(words) > 2]
    return read_lesson(names[0]) if names else None


def shape(lesson: str) -> Topology | None:
    """The lab of its own that the lesson opens; None for the usual one."""
    found = opened(lesson)
    return found.shape if found else None


@cache
def run(lesson: str, release: str) -> tuple[Shown, ...]:
    """Run the lesson on a fresh lab of the release, whichever the lesson pins. No line of it may be refused."""
    return run_in(Lab(docker=release, topology=shape(lesson)), lesson)


def run_in(lab: Lab, lesson: str) -> tuple[Shown, ...]:
    """Run the lesson in a lab of its shape, on either engine, without the cells that need what its kernel lacks."""
    shown: list[Shown] = []
    for kind, source in cells(lesson):
        words = source.split()
        if kind != "code" or not words:
            continue
        if source.startswith("%%dnet"):
            head, _, lines = source.partition("\n")
            if any(map(lab.lacks, needed(head))):
                continue
            other = head.partition("--docker")[2].strip()  # a cell on a lab of its own
            host = next((word for word in head.split() if lab.shape.called(word)), None)
            result = (Lab(docker=other) if other else lab).run_cell(lines, host)
            assert not result.refused, f"{lesson} on {lab.engine.release}: {result.refused}"
            shown += [Shown(o.line.text, o.stdout + o.stderr, o.exit_code) for o in result.outputs]
        else:
            shown += [Shown(row, said) for row in source.splitlines() if (said := looked(lab, row.split()[1:]))]
    return tuple(shown)


def needed(head: str) -> list[str]:
    """What the options of a cell say that it needs of the kernel."""
    words = head.split()
    return [after for word, after in zip(words, words[1:], strict=False) if word == "--needs"]


def looked(lab: Lab, words: list[str]) -> str:
    """What a line of %dnet says; '' for one that only shows. Going back in time is done here as well."""
    match words:
        case ["trace", source, destination]:
            return text(lab.trace(source, destination), lab.snapshot())
        case ["why", *ends]:
            return str(lab.why(*ends))
        case ["undo", *count]:
            return "; ".join(entry.line.text for entry in lab.undo(*map(int, count)))
        case ["checkpoint", name]:
            lab.checkpoint(name)
        case ["goto", name]:
            lab.goto(name)
    return ""
