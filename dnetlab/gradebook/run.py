"""`dnetlab grade` from end to end: progress while it runs, the files, and in a few lines what the class did."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path

from dnetlab.explain.sentences import said
from dnetlab.gradebook.grade import OVERVIEW, Graded, Order, findings_of, grade, write_books
from dnetlab.gradebook.store import Results
from dnetlab.language import spoken
from dnetlab.report.safe import shown


def run(order: Order, dask: str, opened: bool, tell: Callable[[str], None]) -> int:
    """0: nothing that was found blames anybody; 1: something does. Raises UsageError."""
    from tqdm import tqdm

    with tqdm(unit="", disable=None, file=sys.stderr, leave=False, desc="dnetlab grade") as bar:

        def progress(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        if dask:
            from dnetlab.gradebook.cluster import connected, ship

            with connected(dask) as executor:
                graded, results = grade(order, progress, executor, ship)
        else:
            graded, results = grade(order, progress)
    try:
        files = write_books(graded, results, order, spoken())
        for line in told(graded, results, files):
            tell(shown(line))
        if opened:
            webbrowser.open((order.out / OVERVIEW).resolve().as_uri())
        blamed = any(not one["note"] for entry in graded.entries if entry.key
                     for one in findings_of(graded, entry, results.row(entry.key)))  # fmt: skip
    finally:
        results.close()
    return 1 if blamed else 0


def told(graded: Graded, results: Results, files: list[Path]) -> Iterator[str]:
    """Lines for a terminal."""
    for survey in graded.surveys:
        data = survey.data()
        name = survey.title.get(spoken()) or survey.lesson or said("no lesson")
        yield said("class of", assignment=survey.assignment, lesson=name, handed_in=survey.handed_in,
                   people=survey.people)  # fmt: skip
        scores = {name: f"{data[name]:g}" for name in ("mean", "median", "points")}
        yield "  " + said("class scores", **scores)
    blamed = sum(any(not one["note"] for one in findings_of(graded, entry, results.row(entry.key)))
                 for entry in graded.entries if entry.key)  # fmt: skip
    if blamed:
        yield "  ! " + said("class blamed", number=blamed)
    if graded.pairs:
        yield "  ! " + said("class alike", number=len(graded.pairs))
    yield from (str(file) for file in files)
