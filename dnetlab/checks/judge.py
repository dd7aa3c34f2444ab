"""A task is judged: each check by its kind, then what it earned and why, and whether it is a wrong answer one knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from dnetlab.checks.kinds import KINDS
from dnetlab.checks.places import found
from dnetlab.model import Check, CheckResult, Evidence, Said, Task, TaskResult, Verdict
from dnetlab.model.check import Claim, Credit, Found
from dnetlab.model.lesson import Wrong

_OTHER = {Verdict.PASSED: Verdict.FAILED, Verdict.FAILED: Verdict.PASSED, Verdict.NOT_JUDGED: Verdict.NOT_JUDGED}


def judge(check: Check, evidence: Evidence) -> CheckResult:
    """One check. What only another engine can tell could not be judged."""
    finding = KINDS[check.kind].function(evidence, **check.fields)
    expected, verdict = finding.expected, finding.verdict
    if check.negated:
        expected, verdict = Said(Claim.OPPOSITE, {"claim": finding.expected}), _OTHER[verdict]
    if check.engine not in ("", evidence.snapshot.engine):
        return CheckResult(check, Verdict.NOT_JUDGED, expected, found(Found.OTHER_ENGINE))
    return CheckResult(check, verdict, expected, finding.found, finding.because)


def judge_task(task: Task, evidence: Evidence, done: Collection[str] = ()) -> TaskResult:
    """A task; done: ids of the tasks that have passed. One that waits for others is not judged, and earns nothing."""
    waits = tuple(name for name in task.needs if name not in done)
    if waits:
        return TaskResult(task, Verdict.NOT_JUDGED, 0.0, Credit.FIRST, waits=waits)
    results = tuple(judge(check, evidence) for check in task.checks)
    verdict = verdict_of(results)
    earned, credit = credit_of(task, results)
    wrong = None if verdict is Verdict.PASSED else known_wrong(task.wrong, evidence)
    return TaskResult(task, verdict, earned, credit, results, wrong=wrong)


def verdict_of(results: Sequence[CheckResult]) -> Verdict:
    """Failed when any failed, passed when all passed, else it could not be judged."""
    verdicts = {result.verdict for result in results}
    if Verdict.FAILED in verdicts:
        return Verdict.FAILED
    return Verdict.NOT_JUDGED if Verdict.NOT_JUDGED in verdicts else Verdict.PASSED


def credit_of(task: Task, results: Sequence[CheckResult]) -> tuple[float, Credit]:
    """Points, rounded to 1/100, and why: the share of the weights that hold, none while a condition doesn't."""
    if any(r.check.weight == 0 and r.verdict is not Verdict.PASSED for r in results):
        return 0.0, Credit.CONDITION
    total = sum(r.check.weight for r in results)
    held = sum(r.check.weight for r in results if r.verdict is Verdict.PASSED)
    earned = round(task.points * held / total, 2) if total else task.points
    if held == total:
        return earned, Credit.ALL
    if any(r.verdict is Verdict.NOT_JUDGED for r in results):
        return earned, Credit.UNJUDGED
    return earned, Credit.PART if held else Credit.NOTHING


def known_wrong(wrong: Sequence[Wrong], evidence: Evidence) -> Wrong | None:
    """The first known wrong answer that the lab shows; None when it is none of them."""
    return next((w for w in wrong if verdict_of([judge(c, evidence) for c in w.when]) is Verdict.PASSED), None)


def probes(task: Task) -> Iterator[str]:
    """The lines to run for a task's checks, each once."""
    checks = [*task.checks, *(check for wrong in task.wrong for check in wrong.when)]
    yield from dict.fromkeys(str(c.fields["line"]) for c in checks if c.kind == "command")
