"""The lab's clock in the words of a calendar: second 0 is one fixed morning, so the same script gives the same page."""

from __future__ import annotations

import hashlib
import math

from dnetlab.model.calendar import EPOCH, moment

_BEGAN = EPOCH.timestamp()
ZERO = "0001-01-01T00:00:00Z"  # what the daemon writes for "never"


def rfc3339(seconds: float | None, salt: str = "") -> str:
    """'2026-11-23T08:00:01.123456789Z' as the daemon writes times; None: never.

    The digits below a second are made from salt, for the clock only knows tenths.
    """
    if seconds is None:
        return ZERO
    digits = int.from_bytes(hashlib.sha256(f"{salt}:{seconds}".encode()).digest()[:4], "big") % 100_000_000
    now = moment(seconds)
    tenth = now.microsecond // 100_000
    return f"{now.isoformat()[:19]}.{tenth}{digits:08d}".rstrip("0").rstrip(".") + "Z"


def logtime(seconds: float) -> str:
    """'23/Nov/2026:08:00:01 +0000' as in access logs."""
    return f"{moment(seconds):%d/%b/%Y:%H:%M:%S} +0000"


def since_1970(seconds: float) -> float:
    """That second of the lab as the API counts time."""
    return _BEGAN + seconds


def unix(seconds: float) -> int:
    """The same, whole seconds."""
    return math.floor(since_1970(seconds))


__all__ = ["EPOCH", "ZERO", "logtime", "moment", "rfc3339", "since_1970", "unix"]
