"""What a report tells beside the score: each step of each session, and what it answered or showed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dnetlab.explain.sentences import said
from dnetlab.language import LANGUAGES, speaking
from dnetlab.model import Entry, Output
from dnetlab.model.grade import Replayed, Work
from dnetlab.model.journal import (
    Attend,
    Baseline,
    Checkpoint,
    Event,
    Goto,
    Hinted,
    Judged,
    Looked,
    Predicted,
    Reset,
    Resume,
    Undo,
    fold,
)
from dnetlab.report.data import Data, time_text
from dnetlab.views.terminal import plain, prompt_of

LONGEST = 20_000  # characters of one answer


def steps(work: Work) -> list[Data]:
    """One for each event of each session, in order. Commands that a session ran again to go on are one step."""
    lengths = {one.session.session: len(one.session.entries) for one in work.sessions}
    return [step for one in work.sessions for step in _session(one, work.engine, lengths)]


def _session(one: Replayed, engine: str, lengths: dict[str, int]) -> Iterator[Data]:
    kept = {id(entry) for entry in fold(one.session.events)}
    again = 0  # commands that follow and were run again from another session
    outputs: tuple[Any, ...] = one.outputs or (None,) * len(one.session.events)
    for event, output in zip(one.session.events, outputs, strict=True):
        if isinstance(event, Entry) and again:
            again -= 1
            continue
        if isinstance(event, Entry) and not event.cell:
            continue  # what broke the lab is for the student to find
        again = lengths.get(event.session, 0) if isinstance(event, Resume) else again
        step = {"session": one.session.session, "at": time_text(event.at), "cell": 0, "taken_back": False}
        if isinstance(event, Entry):
            step |= {"cell": event.cell, "taken_back": id(event) not in kept}
            yield step | _command(event, output if one.session.engine == engine else None)
        elif isinstance(event, Looked):
            shown: Data = dict(output or {})
            yield step | {"kind": "look", "command": _look_text(event)} | shown
        else:
            yield step | {"kind": "event", "command": "", "told": event_words(event)}


def _command(entry: Entry, output: Output | None) -> Data:
    line = entry.line
    step: Data = {
        "kind": "command", "prompt": prompt_of(output) if output else f"[root@{line.host} ~]# ",
        "command": plain(line.text), "exit_code": entry.exit_code, "refused": dict.fromkeys(LANGUAGES, ""),
        "stdout": "", "stderr": "",
    }  # fmt: skip
    if output is not None:
        step |= {"stdout": _cut(output.stdout), "stderr": _cut(output.stderr)}
        step |= {"exit_code": output.exit_code, "refused": {one: _refusal(output, one) for one in LANGUAGES}}
    return step


def _refusal(output: Output, language: str) -> str:
    with speaking(language):
        return plain(str(output.refused or ""))


def _cut(text: str) -> str:
    text = plain(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n…"


def _look_text(event: Looked) -> str:
    """'%dnet trace web1 web2', as it was typed or as good as."""
    words = [str(w) for value in event.args.values() for w in (value if isinstance(value, list) else [value])]
    return plain(" ".join(["%dnet", event.what, *words]))


def event_words(event: Event) -> dict[str, str]:
    """What happened, in every language."""
    name, fields = _event(event)
    return {language: said(name, language, **{k: plain(str(v)) for k, v in fields.items()}) for language in LANGUAGES}


def _event(event: Event) -> tuple[str, dict[str, Any]]:
    match event:
        case Attend():
            return ("did begin" if event.started else "did open"), {"lesson": event.lesson}
        case Predicted():
            return "did answer", {"question": event.question, "answer": event.answer}
        case Hinted():
            return "did take a hint", {"task": event.task}
        case Judged():
            return "did earn", {"task": event.task, "earned": f"{event.earned:g}", "points": f"{event.points:g}"}
        case Undo():
            return "did undo", {"number": event.commands}
        case Checkpoint():
            return "did mark", {"mark": event.name}
        case Goto():
            return "did go to", {"mark": event.name}
        case Resume():
            return "did go on", {"session": event.session}
        case Reset():
            return "did reset", {}
        case Baseline():
            return "did break", {}
    raise TypeError(event)
