"""A lesson where somebody's grader takes it: a course's folder of nbgrader, a zip for Gradescope, tests for Otter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dnetlab.assign.notebook import source_notebook
from dnetlab.assign.otter import otter_tests
from dnetlab.errors import UsageError
from dnetlab.lessons.build import notebook
from dnetlab.lessons.read import find_lesson, read_lesson
from dnetlab.model import Lesson

CONFIG = '''\
# nbgrader's configuration of this course, as dnetlab wrote it; it is yours to change.
from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, LimitOutput, SaveAutoGrades

from dnetlab.assign.nbgrader import GradebookExporter, Judge

c = get_config()

# Work is run again from what was typed. No kernel is started, so no Python of a student's runs here.
# To let a kernel run all cells, put nbgrader's own `Execute` in the place of `Judge`: check cells work there as well.
c.Autograde.autograde_preprocessors = [
    Judge, LimitOutput, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata,
]

# Only work with the numbers of its student's own ID counts (`%dnet student ID`):
# c.Judge.own_numbers = True

# A check cell that somebody deleted is put back, and earns what the work earns.
c.OverwriteCells.add_missing_cells = True

# Journals travel with the notebook: nothing of .dnetlab is left out.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"]

# `nbgrader export` writes grades.csv so that spreadsheets take nothing in it for a formula.
c.ExportApp.plugin_class = GradebookExporter
'''


OWN = "# c.Judge.own_numbers"


@dataclass(frozen=True)
class Order:
    """A lesson for a grader ('nbgrader', 'gradescope', 'otter'), below the folder `out`.

    name  the assignment's, '' for the lesson's; own_numbers: only work with its student's own numbers counts
    """

    lesson: str
    grader: str
    out: Path
    language: str
    name: str = ""
    own_numbers: bool = False

    @property
    def assignment(self) -> str:
        return self.name or find_lesson(self.lesson).name


def write(order: Order) -> tuple[list[Path], list[Path]]:
    """The files that were written, and those of a course that stood there and are left as they are.

    UsageError: no such lesson, one without tasks, a folder that can't be written.
    """
    made = FILES[order.grader](order)
    kept = [file for file in made if file.name in YOURS and file.exists()]
    for file, data in made.items():
        if file not in kept:
            _put(file, data)
    return [file for file in made if file not in kept], kept


def _put(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    except OSError as error:
        raise UsageError("{file} can't be written: {error}", file=file, error=error.strerror) from None


def _nbgrader(order: Order) -> dict[Path, bytes]:
    """source/ASSIGNMENT/LESSON.ipynb, and the configuration of a course that has none."""
    lesson = read_lesson(order.lesson)
    config = CONFIG.replace(OWN, OWN[2:]) if order.own_numbers else CONFIG
    return {
        order.out / "source" / order.assignment / f"{lesson.name}.ipynb": _notebook(lesson, order.language),
        order.out / "nbgrader_config.py": config.encode("utf-8"),
    }


def _gradescope(order: Order) -> dict[Path, bytes]:
    from dnetlab.assign.gradescope import autograder_zip

    packed = autograder_zip(order.lesson, order.language, order.own_numbers)
    return {order.out / f"{order.assignment}-autograder.zip": packed}


def _otter(order: Order) -> dict[Path, bytes]:
    """The notebook, and tests/ for `otter generate`."""
    lesson = read_lesson(order.lesson)
    tests = {order.out / "tests" / name: text.encode("utf-8") for name, text in otter_tests(lesson).items()}
    return {order.out / f"{lesson.name}.ipynb": notebook(lesson, order.language).encode("utf-8")} | tests


def _notebook(lesson: Lesson, language: str) -> bytes:
    return source_notebook(lesson, language).encode("utf-8")


FILES: dict[str, Callable[[Order], dict[Path, bytes]]] = {
    "nbgrader": _nbgrader, "gradescope": _gradescope, "otter": _otter,
}  # fmt: skip
YOURS = ("nbgrader_config.py",)  # written where there is none
