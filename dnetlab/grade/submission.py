"""What somebody hands in: a journal, or a report that carries its journals and claims a score."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from dnetlab.report.data import FORMAT

MEGABYTES = 64  # larger than any session that somebody typed
_CARRIED = re.compile(rb'href="data:application/json;base64,([A-Za-z0-9+/=]+)"')


@dataclass(frozen=True)
class Submission:
    """journals  bytes of journals that belong together
    claim     what the report says, None for a journal alone
    page      the report as HTML, None when it came as JSON
    signature  of the claim, None without one
    """

    journals: tuple[bytes, ...]
    claim: dict[str, Any] | None = None
    page: bytes | None = None
    signature: dict[str, Any] | None = None


def submission(data: bytes) -> Submission:
    """Whatever the bytes are: nothing in them raises. What can't be read is a submission without a journal."""
    start = data.lstrip()[:1000]
    if start.startswith(b'{"session":"'):
        return Submission((data,))
    page = data if start[:15].lower().startswith(b"<!doctype html") else None
    carried = _CARRIED.search(data) if page else None
    document = _json(_decoded(carried[1]) if carried else data)
    claim, signature = document, None
    if isinstance(document, dict) and isinstance(document.get("work"), dict):
        claim, signature = document["work"], document.get("signature")
    if not isinstance(claim, dict) or claim.get("format") != FORMAT:
        return Submission((data,))
    return Submission(_journals(claim), claim, page, signature if isinstance(signature, dict) else None)


def _journals(claim: dict[str, Any]) -> tuple[bytes, ...]:
    listed = claim.get("journals")
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
