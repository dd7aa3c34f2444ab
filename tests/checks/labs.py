"""Labs for the tests of checks: what commands made of a simulated one."""

from __future__ import annotations

from dnetlab.checks.judge import judge
from dnetlab.lab import Lab
from dnetlab.model import Check, CheckResult, Evidence


def evidence_after(*commands: str) -> Evidence:
    lab = Lab()
    if commands:
        lab.run_cell("\n".join(commands))
    return Evidence(lab.snapshot(), lab.engine.lookup)


def result(evidence: Evidence, kind: str, negated: bool = False, **fields: object) -> CheckResult:
    return judge(Check(kind, fields, negated=negated), evidence)


def verdict(evidence: Evidence, kind: str, **fields: object) -> str:
    return result(evidence, kind, **fields).verdict.value
