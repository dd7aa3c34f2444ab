"""A lesson's notebook, in one language: the page's cells, the questions of its predictions, its tasks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dnetlab.commands.prompts import in_an_editor
from dnetlab.errors import UsageError
from dnetlab.explain.sentences import phrase
from dnetlab.lessons.numbers import fill
from dnetlab.lessons.page import CellKind, PageCell, read_page
from dnetlab.lessons.read import called, read_lesson
from dnetlab.model import Lesson, Task
from dnetlab.model.lesson import Prediction

TOUR = "00-tour"  # the notebook before the lessons, without tasks; its page is tour.md
FOLDERS = {"en": "", "zh": "zh"}  # of the notebooks, below the folder they are written to
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True)
class Cell:
    """kind    'markdown' or 'code'
    id, metadata  as they are stored; id '' numbers it
    role    'open', 'start', or with a task: 'task' its text, 'work' the empty cell to solve it in; '' for all others
    """

    kind: str
    text: str
    role: str = ""
    task: Task | None = None
    id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


def build(name: str, target: Path) -> list[Path]:
    """Write NAME.ipynb and zh/NAME.ipynb of a lesson below target. Returns them; Raises UsageError as reading does."""
    lesson = None if name == TOUR else read_lesson(name)
    written = []
    for language, folder in FOLDERS.items():
        path = target / folder / f"{lesson.name if lesson else TOUR}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook(lesson, language) if lesson else tour(language), encoding="utf-8")
        written.append(path)
    return written


def notebook(lesson: Lesson, language: str) -> str:
    """The notebook's file: no outputs, and ids that stay the same while the page keeps its cells."""
    return stored(lesson, language, cells_of(lesson, language))


def tour(language: str) -> str:
    """The tour's notebook, of the same kinds of cells; the lab is loaded after its first words."""
    page = Path(__file__).with_name("tour.md")
    first, *others = read_page(page.read_text(encoding="utf-8"), str(page))
    loaded = "%load_ext dnetlab" if language == "en" else f"%load_ext dnetlab\n%dnet lang {language}"
    cells = [_plain(first, language), Cell("code", loaded), *(_plain(cell, language) for cell in others)]
    return _file(cells, {})


def stored(lesson: Lesson, language: str, cells: Iterable[Cell]) -> str:
    """These cells as the file of that lesson's notebook."""
    return _file(cells, {"dnetlab": {"lesson": lesson.name, "language": language}})


def _file(cells: Iterable[Cell], metadata: Mapping[str, Any]) -> str:
    rows = [_stored(number, cell) for number, cell in enumerate(cells, 1)]
    data = {"cells": rows, "metadata": {**_METADATA, **metadata}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _stored(number: int, cell: Cell) -> dict[str, Any]:
    row: dict[str, Any] = {"cell_type": cell.kind, "id": cell.id or f"cell-{number:02d}", "metadata": cell.metadata}
    if cell.kind == "code":
        row |= {"execution_count": None, "outputs": []}
    return row | {"source": cell.text.splitlines(keepends=True)}


def cells_of(lesson: Lesson, language: str) -> Iterator[Cell]:
    """The notebook's cells in order. Raises UsageError for a lesson without a page, or a page that can't be read."""
    page = read_page(_page(lesson), str(lesson.folder / "page.md"))
    opened = False
    for cell in page:
        yield from _notebook_cells(lesson, cell, language)
        if not opened:
            opened = True
            yield Cell("code", _opening(lesson, language), "open")


def _opening(lesson: Lesson, language: str) -> str:
    """The release comes first: the lesson is opened in the lab of that release."""
    engine = [f"%dnet engine --docker {lesson.docker}"] if lesson.docker else []
    return "\n".join(["%load_ext dnetlab", *engine, f"%dnet lesson {called(lesson)} --lang {language}"])


def _page(lesson: Lesson) -> str:
    path = lesson.folder / "page.md"
    if not path.is_file():
        raise UsageError("lesson {name} has no page.md", name=lesson.name)
    return str(fill(path.read_text(encoding="utf-8"), lesson.numbers))


def _notebook_cells(lesson: Lesson, cell: PageCell, language: str) -> Iterator[Cell]:
    if cell.kind is CellKind.TASKS:
        yield from _tasks(lesson, language)
    elif cell.kind in (CellKind.PREDICT, CellKind.COMPARE):
        yield from _question(_asked(lesson, cell), cell.kind, language)
    else:
        yield _plain(cell, language)


def _plain(cell: PageCell, language: str) -> Cell:
    """Words, or something to run that no lesson is asked about."""
    if cell.kind is CellKind.PROSE:
        return Cell("markdown", cell.zh if language == "zh" else cell.en)
    if cell.kind is CellKind.DNET:
        return Cell("code", f"%%dnet {cell.options}".rstrip() + f"\n{in_an_editor(cell.text)}")
    if cell.kind is CellKind.LOOK:
        return Cell("code", "\n".join(f"%dnet {row}" for row in cell.text.split("\n")))
    return Cell("code", cell.text)


def _asked(lesson: Lesson, cell: PageCell) -> Prediction:
    name = cell.text.strip() or cell.options
    found = lesson.prediction(name)
    if found is None:
        raise UsageError(
            "{page}:{line}: lesson.toml has no prediction {name!r}",
            page=lesson.folder / "page.md",
            line=cell.line,
            name=name,
        )
    return found


def _question(asked: Prediction, kind: CellKind, language: str) -> Iterator[Cell]:
    if kind is CellKind.COMPARE:
        yield Cell("code", f"%dnet compare {asked.id}")
        return
    choices = "".join(f"\n* `{choice.id}` {choice.text[language]}" for choice in asked.choices)
    yield Cell("markdown", f"{phrase('predict', language)} {asked.question[language]}\n{choices}".rstrip())
    yield Cell("code", f"%dnet {'answer' if asked.is_answer else 'predict'} {asked.id} ")


def _tasks(lesson: Lesson, language: str) -> Iterator[Cell]:
    """The tasks, each with an empty cell to work in; first the fresh lab they begin with."""
    yield Cell("markdown", phrase("tasks_head", language))
    yield Cell("code", "%dnet start", "start")
    for number, task in enumerate(lesson.tasks, 1):
        yield Cell("markdown", _task(number, task, language), "task", task)
        yield Cell("code", "%%dnet\n", "work", task)
    yield Cell("code", "%dnet tasks")


def _task(number: int, task: Task, language: str) -> str:
    head = phrase("task_head", language).format(number=number, title=task.title[language])
    points = phrase("points", language).format(points=f"{task.points:g}")
    return f"### {head}{phrase('in brackets', language, text=points)}\n\n{task.text[language]}"
