"""Journals in, a `Work` out: read, run again session by session, scored. No files, no processes, no words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from dnetlab.errors import DnetError
from dnetlab.grade.known import known_lessons, lesson_of
from dnetlab.grade.replay import Clock, Heard, Replay
from dnetlab.grade.score import scores
from dnetlab.journal import parse_journal
from dnetlab.lab import Lab
from dnetlab.model import Journal, Lesson, Loss, LossKind, Topology, default_topology
from dnetlab.model.grade import Finding, FindingKind, Replayed, Work
from dnetlab.model.journal import Attend, Judged, Looked, Resume

_LOSSES = {
    LossKind.UNREADABLE: FindingKind.UNREADABLE, LossKind.INCOMPLETE: FindingKind.INCOMPLETE,
    LossKind.BROKEN: FindingKind.BROKEN, LossKind.JOINED: FindingKind.JOINED,
}  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """How work is to be run again.

    student   whose it should be; None: whoever it says
    lessons   more lessons, as `known_lessons` takes them; only: the one that is looked at, '' for all
    engine    'sim', or 'docker' for real engines; docker: their release, None for each session's own
    topology  of the lab it must have been done in; None for the usual one
    key       public key, as `dnetlab.grade.sign.read_public` gives it, that must have signed it; '' for none
    heard, look  as `Replay` calls them; noted: as `notebook_journals` calls what it takes
    """

    student: str | None = None
    lessons: tuple[str, ...] = ()
    only: str = ""
    engine: str = "sim"
    docker: str | None = None
    topology: Topology | None = None
    key: str = ""
    heard: Heard | None = None
    look: Callable[[Lab, Looked], Any] | None = None
    noted: Callable[[Lesson, Judged], None] | None = None
    known: dict[str, Path] = field(default_factory=dict)


ANYBODY = Terms()


def run_again(journals: Sequence[bytes], terms: Terms = ANYBODY) -> Work:
    """What is in these bytes, run again. Journals that are given together belong together.

    Nothing in them can raise: what they hold is in `findings`. A bug of dnetlab's can, and does.
    """
    known = terms.known or known_lessons(terms.lessons)
    terms = replace(terms, known=known)
    done: dict[str, Replayed] = {}
    findings: list[Finding] = []
    recorded: list[Journal] = []
    for data in journals:
        found = parse_journal(data)
        findings += [_loss(loss) for loss in found.lost]
        findings += [] if found.sessions else [Finding(FindingKind.NO_JOURNAL)]
        recorded += found.sessions
    for session in _wanted(_in_order(recorded), terms.only):
        done[session.session] = _session(session, terms, done)
    sessions = tuple(done.values())
    findings += [finding for one in sessions for finding in one.findings]
    worth = tuple(s for s in scores(sessions, known, terms.student) if terms.only in ("", s.lesson.name))
    waiting = [t.task.id for s in worth for t in s.tasks if t.needs_engine]
    findings += [Finding(FindingKind.NEEDS_ENGINE, fields={"tasks": ", ".join(waiting)})] if waiting else []
    return Work(sessions, worth, tuple(findings), terms.engine)


def _in_order(sessions: Sequence[Journal]) -> Sequence[Journal]:
    """As they began, each behind those that it went on from, which may lie in another file."""
    named = {one.session: one for one in sorted(sessions, key=lambda one: one.began)}
    before = {name: _from(one) & named.keys() for name, one in named.items()}
    try:
        return [named[name] for name in TopologicalSorter(before).static_order()]
    except CycleError:  # nobody goes on from what went on from it
        return list(named.values())


def _from(session: Journal) -> set[str]:
    return {event.session for event in session.events if isinstance(event, Resume)}


def _wanted(sessions: Sequence[Journal], lesson: str) -> Sequence[Journal]:
    """Those in which that lesson was open, and those that they went on from; all when it is ''."""
    if not lesson:
        return sessions
    names: set[str] = set()
    for session in reversed(sessions):
        attends = any(isinstance(event, Attend) and event.lesson == lesson for event in session.events)
        if attends or session.session in names:
            names |= {session.session} | _from(session)
    return [session for session in sessions if session.session in names]


def _loss(loss: Loss) -> Finding:
    return Finding(_LOSSES[loss.kind], loss.session, {"row": loss.row})


def _session(session: Journal, terms: Terms, done: dict[str, Replayed]) -> Replayed:
    """One session in a clean lab, as its head says; one that can't be run has a finding that says why."""
    if not session.engine:
        return _not_run(session, FindingKind.NO_HEAD)
    usual = terms.topology or default_topology()
    shapes = [usual, *(lesson.shape for lesson in _attended(session, terms.known))]
    if session.topology is None or session.topology not in shapes:
        return _not_run(session, FindingKind.OTHER_LAB)
    release = terms.docker or session.release
    clock = Clock()
    try:
        lab = Lab(terms.engine, release, session.seed, topology=session.topology, clock=clock)
    except DnetError:
        if terms.engine == "docker":
            raise
        return _not_run(session, FindingKind.UNKNOWN_RELEASE, release=session.release)
    with lab:
        return Replay(lab, session, clock, terms.known, done, usual, terms.student, terms.heard, terms.look).run()


def _attended(session: Journal, known: dict[str, Path]) -> Iterator[Lesson]:
    for name, student in {(e.lesson, e.student): None for e in session.events if isinstance(e, Attend)}:
        lesson = lesson_of(known, name, student)
        if lesson is not None:
            yield lesson


def _not_run(session: Journal, kind: FindingKind, **fields: Any) -> Replayed:
    return Replayed(session, findings=(Finding(kind, session.session, fields),))
