"""The lab's calendar: second 0 of its clock is one fixed morning, so the same script gives the same page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)


def moment(seconds: float) -> datetime:
    """The date of that second of the lab."""
    return EPOCH + timedelta(seconds=seconds)
