"""A check asks one question of the lab and answers passed, failed, or could not be judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dnetlab.model.line import Line, Output
from dnetlab.model.snapshot import Snapshot


class Verdict(Enum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_JUDGED = "could not be judged"


@dataclass(frozen=True)
class Check:
    """name identifies it; probe is a line to run after the snapshot was taken, None for a question of state."""

    name: str
    claim: str
    points: float = 1.0
    probe: Line | None = None


@dataclass(frozen=True)
class Evidence:
    """All that a check may look at: the snapshot, and the probe's output if it had one."""

    snapshot: Snapshot
    probe: Output | None = None


@dataclass(frozen=True)
class CheckResult:
    check: Check
    verdict: Verdict
    expected: str = ""
    found: str = ""
    because: str = ""
    hint: str = ""
