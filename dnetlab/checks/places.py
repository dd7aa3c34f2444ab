"""What the kinds of checks ask alike: who is meant by a name, and the answers that all of them give."""

from __future__ import annotations

from typing import Any

from dnetlab.errors import UnknownName, UsageError
from dnetlab.explain.names import find_container, find_where
from dnetlab.model import Container, Finding, Host, Said, Snapshot, Verdict, Where
from dnetlab.model.check import Claim, Found

PASSED, FAILED, NOT_JUDGED = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_JUDGED


def claim(what: Claim, **fields: Any) -> Said:
    return Said(what, fields)


def found(what: Found, **fields: Any) -> Said:
    return Said(what, fields)


def as_expected(expected: Said, *because: Any) -> Finding:
    return Finding(PASSED, expected, found(Found.AS_EXPECTED), because)


def but(expected: Said, what: Found, *because: Any, **fields: Any) -> Finding:
    """It is otherwise: what was found instead."""
    return Finding(FAILED, expected, found(what, **fields), because)


def unjudged(expected: Said, what: Found, **fields: Any) -> Finding:
    return Finding(NOT_JUDGED, expected, found(what, **fields))


def container_called(snapshot: Snapshot, name: str) -> tuple[Host, Container] | None:
    """'web1' on whichever host, or 'docker2/web1'."""
    return find_container(snapshot, name)


def place_called(snapshot: Snapshot, name: str) -> Where | None:
    """Where a host or container is; None for one that is not there or not running."""
    try:
        return find_where(snapshot, name)
    except (UnknownName, UsageError):
        return None


def host_called(snapshot: Snapshot, name: str) -> Host | None:
    """A host by name; '' is the lab's first."""
    return snapshot.hosts.get(name) if name else next(iter(snapshot.hosts.values()), None)


def first_host(snapshot: Snapshot, name: str) -> str:
    """The host's name as a claim says it."""
    return name or next(iter(snapshot.hosts), "")
