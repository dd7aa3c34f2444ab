"""Lab hosts inside any Docker Engine (docker-in-docker)."""

from __future__ import annotations


def why_not() -> str:
    """Why the lab hosts can't be containers here; '' when they can."""
    return "no Docker Engine answers"


def remove_all() -> list[str]:
    return []
