"""A report: journals run again, with all that was answered and looked at on the way."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dnetlab.errors import UsageError
from dnetlab.grade.looks import at_the_end, look
from dnetlab.grade.work import ANYBODY, Terms, run_again
from dnetlab.model import Snapshot
from dnetlab.model.grade import Work
from dnetlab.report.account import steps
from dnetlab.report.data import Data, work_data

FORMATS = ("html", "pdf", "json")


def report(journals: Sequence[bytes], now: float, terms: Terms = ANYBODY, end: Snapshot | None = None) -> Data:
    """The report of a student, not yet verified. end: the lab as it is, None for what the last session came to."""
    work = run_again(journals, replace(terms, look=look))
    return told(work, work_data(work, journals, now, False), journals, end)


def told(
    work: Work, data: Data, journals: Sequence[bytes], end: Snapshot | None = None, draw: bool = True
) -> Data:
    """A work's data with its account, and its journals in it. draw: as `look` takes it."""
    last = end or next((one.snapshot for one in reversed(work.sessions) if one.snapshot is not None), None)
    carried = [
        row | {"base64": base64.b64encode(journal).decode("ascii")}
        for row, journal in zip(data["journals"], journals, strict=True)
    ]
    account = {"steps": steps(work)} | ({"end": at_the_end(last, draw)} if last else {})
    return data | {"journals": carried, "account": account}


def write(work: Data, folder: Path, formats: Sequence[str], language: str, name: str = "") -> list[Path]:
    """The report's files in that folder. UsageError for a format that isn't one, or a folder that can't be written."""
    from dnetlab.report.page import file_name

    unknown = [one for one in formats if one not in FORMATS]
    if unknown:
        known = ", ".join(FORMATS)
        raise UsageError("no report ends in .{form}", hint="They are: {known}.", form=unknown[0], known=known)
    made = [(folder / f"{name or file_name(work)}.{one}", _made(work, one, language)) for one in formats]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in made:
            file.write_bytes(content)
    except OSError as error:
        raise UsageError("the report can't be written: {error}", error=error) from None
    return [file for file, _ in made]


def _made(work: Data, form: str, language: str) -> bytes:
    import json

    from dnetlab.report.page import page
    from dnetlab.report.pdf import pdf

    if form == "json":
        return json.dumps(work, ensure_ascii=True, indent=1).encode("ascii") + b"\n"
    return page(work, language).encode("utf-8") if form == "html" else pdf(work, language)
