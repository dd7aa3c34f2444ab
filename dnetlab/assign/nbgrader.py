"""What nbgrader calls of dnetlab: `Judge` instead of a kernel, `GradebookExporter` for its gradebook.

    c.Autograde.autograde_preprocessors = [Judge, …]      # nbgrader_config.py, as `dnetlab assign` writes it
    nbgrader export --exporter=dnetlab.assign.nbgrader.GradebookExporter
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import MissingEntry
from nbgrader.plugins import ExportPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets import Bool, Float, Integer

from dnetlab.assign.notebook import checked_by
from dnetlab.assign.points import Here, earned, work_in
from dnetlab.errors import DnetError, UsageError
from dnetlab.grade.child import USUAL, Limits
from dnetlab.gradebook.books import COLUMNS, table, write


class Judge(NbGraderPreprocessor):
    """Answers a submission's check cells from its journal and its cells; runs no kernel, so no student's Python."""

    own_numbers = Bool(False, help="only work with its student's own numbers counts").tag(config=True)
    seconds = Float(USUAL.seconds, help="for each submission").tag(config=True)
    megabytes = Integer(USUAL.megabytes, help="of memory for each submission").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        here = _where(resources, self.own_numbers)
        limits = Limits(self.seconds, self.megabytes)
        for number, cell in enumerate((cell for cell in nb.cells if _is_judged(cell)), 1):
            asked = checked_by(cell.source)
            if asked is None:
                raise UsageError(
                    "cell {name} is graded, and is no check of dnetlab's",
                    hint="Let nbgrader run it in a kernel: `Execute` in place of `Judge` in nbgrader_config.py.",
                    name=cell.metadata.nbgrader.grade_id,
                )
            cell.execution_count = number
            cell.outputs = [_output(here, *asked, limits, number)]
        return nb, resources


def _is_judged(cell: NotebookNode) -> bool:
    return bool(cell.cell_type == "code" and is_grade(cell) and not is_solution(cell))


def _where(resources: Any, own: bool) -> Here:
    folder = Path(resources["metadata"]["path"])
    told = resources["nbgrader"]
    return Here(folder, f"{told['notebook']}.ipynb", (told["student"],), own)


def _output(here: Here, lesson: str, task: str, limits: Limits, number: int) -> NotebookNode:
    """What the cell would have shown in a kernel; where dnetlab fails, the error, for which nbgrader gives nothing."""
    try:
        found = earned(work_in(here, lesson, limits), task)
    except DnetError as error:
        said = str(error)
        return NotebookNode(new_output("error", ename=type(error).__name__, evalue=said, traceback=[said]))
    data = {"text/plain": repr(found), "text/html": found._repr_html_()}
    return NotebookNode(new_output("execute_result", data=data, execution_count=number))


class GradebookExporter(ExportPlugin):
    """The gradebook as CSV with nbgrader's own columns; every cell is quoted where it has to be, none is a formula."""

    def export(self, gradebook: Any) -> None:
        """Writes `--to FILE`, else grades.csv; `--student` and `--assignment` choose as with nbgrader's own."""
        rows = [row for one in gradebook.assignments if one.name in (self.assignment or [one.name])
                for row in self._rows(gradebook, one)]  # fmt: skip
        write(Path(self.to or "grades.csv"), table([COLUMNS, *rows]))

    def _rows(self, gradebook: Any, assignment: Any) -> Iterator[list[str]]:
        wanted = [str(one) for one in self.student]
        for student in gradebook.students:
            if not wanted or student.id in wanted:
                told = [student.id, student.last_name, student.first_name, student.email]
                scored = _scored(gradebook, assignment, student)
                cells = [assignment.name, assignment.duedate, scored[0], *told, *scored[1:], assignment.max_score]
                yield ["" if cell is None else str(cell) for cell in cells]


def _scored(gradebook: Any, assignment: Any, student: Any) -> tuple[Any, float, float, float]:
    """When it was handed in, points, penalty, points after it; nothing handed in earns nothing."""
    try:
        found = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        return "", 0.0, 0.0, 0.0
    penalty = found.late_submission_penalty
    return found.timestamp, found.score, penalty, max(0.0, found.score - penalty)
