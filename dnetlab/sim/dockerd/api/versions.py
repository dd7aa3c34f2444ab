"""The version that a client has seen of what it changes: nobody overwrites what another has changed meanwhile."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.dockerd.errors import ApiError

OUT_OF_SEQUENCE = "rpc error: code = Unknown desc = update out of sequence"  # swarmkit store.ErrSequenceConflict


def check_version(seen: int | None, now: dict[str, Any]) -> None:
    """now: the document with its Version. Raises ApiError 500; None: it wasn't said."""
    if seen is not None and seen != now["Version"]["Index"]:
        raise ApiError(OUT_OF_SEQUENCE)
