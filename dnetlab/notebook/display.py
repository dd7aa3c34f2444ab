"""What a `%%dnet` cell shows: the terminal, then what changed, as HTML and as the same words in plain text."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dnetlab.commands.remarks import remark
from dnetlab.language import heading, say
from dnetlab.model import Output
from dnetlab.views import look, terminal
from dnetlab.views.difference import KINDS, Change, Difference, difference

if TYPE_CHECKING:
    from pandas import DataFrame

    from dnetlab.result import CellResult, TranscriptDifference


_TABLE = (
    "border-collapse:collapse;margin:2px 0 0 12px;"
    f"background-color:{look.PAPER};color:{look.INK};border:1px solid {look.EDGE}"
)
_ROW = (
    f"background-color:{look.PAPER};color:{look.INK};"
    
    f"font-family:{terminal.MONO};font-size:12px;text-align:left;vertical-align:top;padding:1px 8px;"
    "white-space:pre-wrap"
)
SHOWN = 60  # rows of one kind in the notebook


class CellView:
    """The value of a `%%dnet` cell, and how it looks.

    outputs      one `Output` per command: line, stdout, stderr, exit_code, refused
    stdout, stderr   text of all commands
    exit_code    of the last command
    changes      DataFrame of what changed (columns: what, where, change, key, before, after)

    before, after   sentences of the lab above and below the terminal: what did not run, which terminal is open
    """

    def __init__(
        self, result: CellResult, quiet: bool = False, before: Sequence[str] = (), after: Sequence[str] = ()
    ) -> None:
        self.result = result
        self.quiet = quiet
        self.before = tuple(before)
        self.after = tuple(after)

    @property
    def outputs(self) -> tuple[Output, ...]:
        return self.result.outputs

    @property
    def stdout(self) -> str:
        return self.result.stdout

    @property
    def stderr(self) -> str:
        return "".join(o.stderr for o in self.outputs)

    @property
    def exit_code(self) -> int:
        return self.result.exit_code

    @cached_property
    def difference(self) -> Difference:
        return difference(self.result.before, self.result.after)

    @cached_property
    def remarks(self) -> list[str]:
        return [remark(output) for output in self.outputs]

    @property
    def changes(self) -> DataFrame:
        return self.difference.frame

    def __repr__(self) -> str:
        parts = [*self.before, terminal.as_text(self.outputs, self.result.skipped, self.remarks).rstrip("\n")]
        parts += self.after
        parts += [f"{_answered_else(d)}\n{d.text}" for d in self.result.differences]
        if self.difference and not self.quiet:
            summary = say("What changed: {what}", what=self.difference.summary)
            parts.append(f"{summary}\n{self.difference.text}")
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        parts = [_note(text) for text in self.before]
        parts.append(terminal.as_html(self.outputs, self.result.skipped, self.remarks))
        parts += [_note(text) for text in self.after]
        for found in self.result.differences:
            parts.append(terminal.note(f"<div>{html.escape(_answered_else(found))}</div><pre>{html.escape(found.text)}</pre>"))
        if self.difference and not self.quiet:
            parts.append(changes_html(self.difference))
        return f"{look.PRINT}<div>{''.join(parts)}</div>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def _answered_else(found: TranscriptDifference) -> str:
    return say("Line {number} answered something else than the transcript:", number=found.output.line.number)


def _note(text: str) -> str:
    rows = (f'<div style="white-space:pre-wrap">{look.inline(row)}</div>' for row in text.split("\n"))
    return terminal.note("".join(rows))


def changes_html(found: Difference) -> str:
    """A closed <details> with a table per kind of change; '' when nothing changed."""
    if not found:
        return ""
    rows = []
    for kind in KINDS:
        changes = [c for c in found.changes if c.what == kind]
        if not changes:
            continue
        rows.append(
            f'<tr><td colspan="4" style="text-align:left;padding:6px 8px 1px 8px"><b>{heading(kind)}</b></td></tr>'
        )
        rows += [_row(change) for change in changes[:SHOWN]]
        if len(changes) > SHOWN:
            more = say("… and {more} more", more=len(changes) - SHOWN) + " (<code>_.changes</code>)"
            rows.append(f'<tr><td colspan="4" style="{_ROW}">{more}</td></tr>')
    summary = html.escape(say("What changed: {what}", what=found.counted))
    return (
        f'<details class="dnetlab" style="margin:4px 0 0 0"><summary style="cursor:pointer">{summary}</summary>'
        + look.scrolling(f'<table style="{_TABLE}"><tbody>{"".join(rows)}</tbody></table>', "what changed")
        + "</details>"
    )


def _row(change: Change) -> str:
    word, colour = look.SIGNS[change.change]
    if change.change == "~":
        nothing = say("(nothing)")
        detail = f"{change.before or nothing} → {change.after or nothing}"
    else:
        detail = (change.after if change.change == "+" else change.before) or ""
    detail = "" if detail == change.key else detail
    sign = f'<td style="{_ROW};color:{colour};font-weight:bold" title="{heading(word)}">{change.change}</td>'
    where = f'<td style="{_ROW}">{html.escape(change.where)}</td>'
    if detail:
        key = f'<td style="{_ROW};white-space:pre">{html.escape(change.key)}</td>'
        key += f'<td style="{_ROW}">{html.escape(detail)}</td>'
    else:
        key = f'<td colspan="2" style="{_ROW}">{html.escape(change.key)}</td>'
    return f"<tr>{sign}{where}{key}</tr>"


class StepLine:
    """A line of the cell's output that is replaced by the next thing said; nothing is shown until something is."""

    def __init__(self) -> None:
        self.handle: Any = None

    def __call__(self, text: str) -> None:
        from IPython.display import display

        data = {"text/plain": text}
        if self.handle is None:
            self.handle = display(data, raw=True, display_id=True)
        else:
            self.handle.update(data, raw=True)


class Sentence:
    """A line of text as a result: `%dnet undo` and its like say what they did. Nothing in it moves a cursor."""

    def __init__(self, text: str) -> None:
        self.text = terminal.plain(text)

    def __repr__(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.text
