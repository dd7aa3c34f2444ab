"""What a cell did, as a value: its outputs, the world on both sides, what it left out and where it differed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dnetlab.model import LeftOut, Line, Output, Snapshot, TaskResult
from dnetlab.model.changed import quick

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class TranscriptDifference:
    """A line whose output is not the one pasted under it; `text` is a unified diff, compared by shape."""

    output: Output
    text: str


@quick
@dataclass(frozen=True)
class CellResult:
    """What a cell did.

    outputs      one per line that ran; the last one may be refused, and ends the cell
    before, after  the world on both sides of the cell (the same value when nothing ran)
    differences  for check=True: the lines that did not answer what the transcript expects
    skipped      lines after a refused one, which were not run
    ticks        tasks of the lesson that are done now and were not before the cell
    left_out     lines that read as commands and were taken for output or for comments
    """

    outputs: tuple[Output, ...]
    before: Snapshot
    after: Snapshot
    differences: tuple[TranscriptDifference, ...] = ()
    skipped: tuple[Line, ...] = ()
    checked: bool = False
    left_out: tuple[LeftOut, ...] = ()
    ticks: tuple[TaskResult, ...] = ()

    @property
    def refused(self) -> Output | None:
        return next((o for o in self.outputs if o.refused), None)

    @property
    def stdout(self) -> str:
        return "".join(o.stdout for o in self.outputs)

    @property
    def exit_code(self) -> int:
        """Of the last line, as `$?` would say; 0 for an empty cell."""
        return self.outputs[-1].exit_code if self.outputs else 0

    @property
    def compared(self) -> int:
        """How many outputs were compared with what stands under their prompts; 0 when not checked."""
        return sum(o.line.expected is not None for o in self.outputs) if self.checked else 0

    def __str__(self) -> str:
        """As a terminal would have shown it."""
        from dnetlab.views import terminal

        return terminal.as_text(self.outputs, self.skipped).rstrip("\n")

    @property
    def changes(self) -> DataFrame:
        """What the cell changed; see `dnetlab.views.difference` for the columns."""
        from dnetlab.views.difference import difference

        return difference(self.before, self.after).frame
