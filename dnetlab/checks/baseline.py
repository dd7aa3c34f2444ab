"""Kinds of checks that hold a lab against what it was like before it was broken. They tell no cause."""

from __future__ import annotations

from dnetlab.checks.places import as_expected, but, claim, unjudged
from dnetlab.explain.baseline import lost, opened
from dnetlab.model import Evidence, Finding, Said
from dnetlab.model.check import Claim, Found


def nothing_lost(evidence: Evidence) -> Finding:
    """Who reached whom before the lab was broken, by ping and by open port, does so now."""
    expected = claim(Claim.NOTHING_LOST)
    if evidence.before is None or evidence.now is None:
        return unjudged(expected, Found.NO_BEFORE)
    return _pairs(expected, Found.LOST, lost(evidence.before.open, evidence.now.open))


def nothing_opened(evidence: Evidence) -> Finding:
    """Nobody who was there before the lab was broken reaches more of what was there then."""
    expected = claim(Claim.NOTHING_OPENED)
    if evidence.before is None or evidence.now is None:
        return unjudged(expected, Found.NO_BEFORE)
    return _pairs(expected, Found.OPENED, opened(evidence.before.open, evidence.now.open))


def _pairs(expected: Said, what: Found, pairs: list[str]) -> Finding:
    if not pairs:
        return as_expected(expected)
    source, target, service = pairs[0].split(" ")
    return but(expected, what, source=source, target=target, service=service, number=len(pairs))


def rules_kept(evidence: Evidence) -> Finding:
    """What stood in the hosts' firewalls before the lab was broken stands there: in each chain rules of each target."""
    expected = claim(Claim.RULES_KEPT)
    if evidence.before is None or evidence.now is None:
        return unjudged(expected, Found.NO_BEFORE)
    missing = lost(evidence.before.rules, evidence.now.rules)
    return but(expected, Found.RULES_MISSING, host=missing[0].split(" ")[0]) if missing else as_expected(expected)
