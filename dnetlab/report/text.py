"""A work as lines for a terminal: the score, task by task, and what was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dnetlab.explain.sentences import said
from dnetlab.language import spoken
from dnetlab.report.data import Data
from dnetlab.report.safe import shown


def work_text(name: str, work: Data) -> str:
    """name: of the file. Findings that blame somebody stand under a `!`, notes under a `·`."""
    lines = [said("verified", file=name, earned=f"{work['earned']:g}", points=f"{work['points']:g}")]
    for lesson in work["lessons"]:
        lines += [f"  {line}" for line in _lesson(lesson)]
    for finding in work["findings"]:
        lines.append(f"  {'·' if finding['note'] else '!'} {finding['text'][spoken()]}")
    if not any(not finding["note"] for finding in work["findings"]):
        lines.append(f"  {said('nothing found')}")
    return _lines(lines)


def _lines(lines: list[str]) -> str:
    """What somebody typed can't move a terminal's cursor, nor begin a line of its own."""
    return "\n".join(shown(line).replace("\n", " ") for line in lines)


def exported_text(work: Data, files: Sequence[Path]) -> str:
    """Which files were written, and that nobody has verified what they say."""
    earned = said("of points", earned=f"{work['earned']:g}", points=f"{work['points']:g}")
    notes = [f"  ! {f['text'][spoken()]}" for f in work["findings"] if not f["note"]]
    return _lines([*(str(file) for file in files), earned, said("not verified"), *notes])


def _lesson(lesson: Data) -> Iterator[str]:
    student = lesson["student"] or said("nobody")
    yield f"{lesson['title'][spoken()]} · {student} · {_points(lesson)}"
    for task in lesson["tasks"]:
        mark = "✓" if task["done"] else "?" if task["needs_engine"] else "✗"
        yield f"  {mark} {task['title'][spoken()]}  {_points(task)}"


def _points(one: Data) -> str:
    return f"{one['earned']:g}/{one['points']:g}"


def task_text(task: Data, findings: Sequence[Data]) -> str:
    """A task's points and why: each check with what was expected and found, then what was found in the whole work."""
    mark = "✓" if task["done"] else "?" if task["needs_engine"] else "✗"
    lines = [f"{mark} {task['title'][spoken()]}{said('between')}{said('of points', **_numbers(task))}"]
    lines += [] if task["checks"] or task["done"] else [f"  {said('never judged')}"]
    lines += [f"  {line}" for check in task["checks"] for line in _check(check)]
    lines += [f"  {'·' if one['note'] else '!'} {one['text'][spoken()]}" for one in findings]
    return _lines(lines)


def _numbers(task: Data) -> dict[str, str]:
    return {"earned": f"{task['earned']:g}", "points": f"{task['points']:g}"}


def _check(check: Data) -> Iterator[str]:
    mark = {"passed": "✓", "failed": "✗"}.get(check["verdict"], "?")
    yield f"{mark} {check['expected'][spoken()]}"
    if check["verdict"] != "passed":
        yield f"    {said('found')}{said('between')}{check['found'][spoken()]}"
        yield from (f"    {said('because')}{said('between')}{why[spoken()]}" for why in check["because"])
