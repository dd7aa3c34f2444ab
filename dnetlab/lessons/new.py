"""A new lesson that runs as it is: a folder with one task, its solution, a wrong answer and a page, to be changed."""

from __future__ import annotations

import re
from pathlib import Path

from dnetlab.errors import UsageError

PATTERN = Path(__file__).resolve().parent / "_new"  # in its files TITLE stands for the lesson's title


def new_lesson(name: str, under: Path = Path()) -> Path:
    """Write the folder. Raises UsageError for a name that can't be a folder's, or is one already."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise UsageError(
            "{name!r} can't be a lesson's name", hint="Lower-case letters, digits and dashes: 13-vlans.", name=name
        )
    folder = under / name
    if folder.exists():
        raise UsageError("{folder} is there already", hint="Choose another name, or remove it first.", folder=folder)
    title = re.sub(r"^\d+-", "", name).replace("-", " ").capitalize()
    for file in sorted(path for path in PATTERN.rglob("*") if path.is_file()):
        path = folder / file.relative_to(PATTERN)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.read_text(encoding="utf-8").replace("TITLE", title), encoding="utf-8")
    return folder
