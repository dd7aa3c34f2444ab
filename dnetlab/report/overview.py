"""A class on one page: scores, tasks, attempts over time, what was found, and whose work is like whose.

Static HTML that works from a file, by keyboard, without scripts or a network. What students typed or are called goes
through `safe.shown` and is escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from dnetlab.explain.sentences import said
from dnetlab.report import plots
from dnetlab.report.page import HERE, code
from dnetlab.report.safe import all_shown

Data = dict[str, Any]


def overview(assignments: list[Data], people: Iterable[Data], alike: Iterable[Data], language: str) -> Iterator[str]:
    """Pieces of the page, in order, so that a class of any size needs little memory.

    assignments: as `Survey.data` gives them; people: {assignment, student, name, earned, points, tasks, minutes,
    findings} in the order of the table; alike: as `evidence` gives them.
    """
    style = (HERE / "overview.css").read_text(encoding="utf-8")
    shown = [all_shown(one) for one in assignments]
    yield from _template().generate(
        lang=language, style=_raw(style), say=lambda name, **fields: said(name, language, **fields),
        style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
        assignments=[_drawn(number, one, language) for number, one in enumerate(shown, 1)],
        people=map(all_shown, people), alike=map(all_shown, alike),
    )  # fmt: skip


def _drawn(number: int, one: Data, language: str) -> Data:
    """With its pictures."""

    def say(name: str, **fields: object) -> str:
        return said(name, language, **fields)

    tenths = [(f"{n * 10}–{n * 10 + 10} %", count) for n, count in enumerate(one["distribution"])]
    tasks = [(task["title"][language], task["done"], task["tried"], one["handed_in"]) for task in one["tasks"]]
    words = (say("is done"), say("was tried"), say("not tried"))
    days = list(one["asked_by_day"].items())
    return one | {
        "number": number, "name": one["title"].get(language) or one["lesson"] or say("no lesson"),
        "scores": _raw(plots.columns(f"scores{number}", say("scores"), tenths, say("share of points"))),
        "bars": _raw(plots.shares(f"tasks{number}", say("task by task"), tasks, words)) if tasks else "",
        "days": _raw(plots.columns(f"days{number}", say("attempts by day"), days, say("day"))) if days else "",
        "tenths": tenths, "by_day": days,
    }  # fmt: skip


def _raw(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    there = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                        lstrip_blocks=True)  # fmt: skip
    there.filters |= {"number": lambda number: f"{number:g}", "code": code}
    return there.get_template("overview.html.j2")
