"""A work as one HTML file: no script, nothing from a network, and a policy that lets nothing in it run.

Everything of a student's goes through `safe.shown` and is escaped by Jinja; pictures are images, in which nothing runs.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from dnetlab.explain.sentences import said
from dnetlab.report.data import Data
from dnetlab.report.safe import all_shown

HERE = Path(__file__).resolve().parent
_MARKS = {"passed": ("yes", "✓", "holds"), "failed": ("no", "✗", "holds not")}


def page(work: Data, language: str) -> str:
    """The report in that language ('en', 'zh'). The same work gives the same page, byte for byte."""
    style = (HERE / "page.css").read_text(encoding="utf-8")
    carried = base64.b64encode(json.dumps(work, ensure_ascii=True).encode("ascii")).decode("ascii")
    safe = all_shown(work)
    return str(_template().render(
        work=safe, lang=language, title=title(safe, language), file=f"{file_name(work)}.json", releases=releases(safe),
        style=_raw(style), style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
        carried=carried, say=lambda name, **fields: said(name, language, **fields),
        verdict=lambda verdict: _verdict(verdict, language),
    ))  # fmt: skip


def title(work: Data, language: str) -> str:
    """'Lab report: Lesson 1 · Native networks (ann)'."""
    lessons = ", ".join(lesson["title"][language] for lesson in work["lessons"]) or said("no lesson", language)
    who = f" ({work['student']})" if work["student"] else ""
    return f"{said('report', language)}{said('between', language)}{lessons}{who}"


def releases(work: Data) -> str:
    return ", ".join(dict.fromkeys(session["release"] for session in work["sessions"])) or "–"


def file_name(work: Data) -> str:
    """A name for files: '01-native-networks-ann', with nothing in it but letters, digits, '-' and '_'."""
    words = [lesson["lesson"] for lesson in work["lessons"][:1]] + [work["student"]]
    name = "-".join(word for word in words if word)
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in name)[:80] or "report"


def _raw(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    there = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined,
                        keep_trailing_newline=True)  # fmt: skip
    there.filters |= {"number": lambda number: f"{number:g}", "image": _image, "code": code}
    return there.get_template("page.html.j2")


def _image(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode('utf-8')).decode('ascii')}"


def code(text: str) -> Any:
    """`words` as code, the rest escaped."""
    from markupsafe import Markup, escape

    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def _verdict(verdict: str, language: str) -> Any:
    from markupsafe import Markup

    color, mark, name = _MARKS.get(verdict, ("maybe", "?", "not judged"))
    return Markup('<span class="{}">{} {}</span>').format(color, mark, said(name, language))
