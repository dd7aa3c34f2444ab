"""A lesson run from top to bottom on the simulator: every command with what it answered, traces and reasons too."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dnetlab.lab import Lab
from dnetlab.lessons.read import read_lesson
from dnetlab.model import Topology
from dnetlab.views.explain import text

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
RELEASES = ("20.10", "26.1", "28.5", "29.7")


@dataclass(frozen=True)
class Shown:
    """command: as typed, or '%dnet trace A B'. said: both streams."""

    command: str
    said: str
    exit_code: int = 0


def cells(lesson: str) -> list[tuple[str, str]]:
    """(kind, source) of each cell of the lesson whose file begins so."""
    (path,) = NOTEBOOKS.glob(f"{lesson}*.ipynb")
    return [(c["cell_type"], "".join(c["source"])) for c in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def prose(lesson: str) -> str:
    """What the lesson says, without its commands."""
    return "\n".join(source for kind, source in cells(lesson) if kind == "markdown")


def shape(lesson: str) -> Topology | None:
    """The lab of its own that the lesson opens; None for the usual one, and for pages that open none."""
    opened = [line.split() for _, source in cells(lesson) for line in source.splitlines()]
    names = [words[2] for words in opened if words[:2] == ["%dnet", "lesson"] and len(words) > 2]
    return read_lesson(names[0]).shape if names else None


@cache
def run(lesson: str, release: str) -> tuple[Shown, ...]:
    """Run the lesson on a fresh lab of the release, whichever the lesson pins. No line of it may be refused."""
    lab, shown = Lab(docker=release, topology=shape(lesson)), []
    for kind, source in cells(lesson):
        words = source.split()
        if kind != "code" or not words:
            continue
        if source.startswith("%%dnet"):
            head, _, lines = source.partition("\n")
            other = head.partition("--docker")[2].strip()  # a cell on a lab of its own
            host = next((word for word in head.split() if lab.shape.called(word)), None)
            result = (Lab(docker=other) if other else lab).run_cell(lines, host)
            assert not result.refused, f"{lesson} on {release}: {result.refused}"
            shown += [Shown(o.line.text, o.stdout + o.stderr, o.exit_code) for o in result.outputs]
        elif words[:2] == ["%dnet", "trace"] and len(words) == 4:
            shown.append(Shown(source, text(lab.trace(words[2], words[3]), lab.snapshot())))
        elif words[:2] == ["%dnet", "why"] and len(words) == 4:
            shown.append(Shown(source, str(lab.why(words[2], words[3]))))
    return tuple(shown)
