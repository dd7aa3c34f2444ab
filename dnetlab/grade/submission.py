"""What somebody hands in: a journal, a report that carries its journals and claims a score, a notebook, or several.

Several files that belong together, such as all of a student's folder, are one submission (`together`):

    {"format": "dnetlab-files-1", "files": [{"name": "a.journal", "base64": "…"}, {"name": "a.ipynb", "base64": "…"}]}
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dnetlab.grade.notebook import sources
from dnetlab.report.data import FORMAT

FILES = "dnetlab-files-1"  # the format of several files
MEGABYTES = 64  # larger than any session that somebody typed
_CARRIED = re.compile(rb'href="data:application/json;base64,([A-Za-z0-9+/=]+)"')


@dataclass(frozen=True)
class Submission:
    """journals  bytes of journals that belong together
    claim     what the report says, None for a journal alone
    page      the report as HTML, None when it came as JSON
    signature  of the claim, None without one
    notebooks  the code cells of each notebook
    """

    journals: tuple[bytes, ...]
    claim: dict[str, Any] | None = None
    page: bytes | None = None
    signature: dict[str, Any] | None = None
    notebooks: tuple[tuple[str, ...], ...] = ()


def together(files: Mapping[str, bytes]) -> bytes:
    """Journals and notebooks by name, as the bytes of one submission."""
    rows = [{"name": name, "base64": base64.b64encode(data).decode("ascii")} for name, data in files.items()]
    return json.dumps({"format": FILES, "files": rows}).encode("ascii")


def submission(data: bytes) -> Submission:
    """Whatever the bytes are: nothing in them raises. What can't be read is a submission without a journal."""
    if _is_journal(data):
        return Submission((data,))
    page = data if data.lstrip()[:15].lower().startswith(b"<!doctype html") else None
    carried = _CARRIED.search(data) if page else None
    document = _json(_decoded(carried[1]) if carried else data)
    if isinstance(document, dict) and document.get("format") == FILES:
        return _several(_carried(document, "files"))
    if cells := sources(document):
        return Submission((), notebooks=(cells,))
    claim, signature = document, None
    if isinstance(document, dict) and isinstance(document.get("work"), dict):
        claim, signature = document["work"], document.get("signature")
    if not isinstance(claim, dict) or claim.get("format") != FORMAT:
        return Submission((data,))
    return Submission(_carried(claim, "journals"), claim, page, signature if isinstance(signature, dict) else None)


def _several(files: tuple[bytes, ...]) -> Submission:
    """The journals of all of them, those that reports carry as well, and the notebooks; what reports claim is left."""
    found = [submission(data) for data in files]
    journals = dict.fromkeys(journal for one in found for journal in one.journals)
    return Submission(tuple(journals), notebooks=tuple(cells for one in found for cells in one.notebooks))


def _is_journal(data: bytes) -> bool:
    return data.lstrip()[:1000].startswith(b'{"session":"')


def _carried(document: dict[str, Any], name: str) -> tuple[bytes, ...]:
    """The files in that list of a document."""
    listed = document.get(name)
    rows = listed if isinstance(listed, list) else []
    texts = [row.get("base64") for row in rows if isinstance(row, dict)]
    return tuple(_decoded(text.encode("ascii", "replace")) for text in texts if isinstance(text, str))


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
