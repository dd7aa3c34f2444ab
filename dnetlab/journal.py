"""The journal's file: JSON Lines beside the notebook, only ever appended to, one row for each event.

    {"session":"5f0c2a91","after":"","at":1764244853.1,"kind":"head","format":1,"engine":"sim","release":"28.5", …}
    {"session":"5f0c2a91","after":"9b1d…","at":1764244860.5,"kind":"line","cell":1,"text":"docker ps", …}

`after` is the SHA-256 of the session's row before (of the file's last row, for a head). Rows are ASCII and begin with
the session's name, so that a row is found whatever stands before it: a half-written one, or another kernel's.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dnetlab.commands.cell import first_words
from dnetlab.errors import DnetError, UsageError
from dnetlab.journal_clients import client_data, client_of
from dnetlab.language import Words
from dnetlab.model import Line, Output, Prompt, Topology
from dnetlab.model.journal import (
    Attend,
    Baseline,
    Checkpoint,
    CourseEvent,
    Entry,
    Event,
    Goto,
    Hinted,
    Journal,
    JournalFile,
    Judged,
    Looked,
    Loss,
    LossKind,
    Predicted,
    Reset,
    Resume,
    Resumed,
    Undo,
)
from dnetlab.model.labfile import as_data, topology_of

FORMAT = 1
_ROW = re.compile(rb'(?=\{"session":")')
_SESSION = re.compile(rb'\{"session":"(\w+)"')
_DECODER = json.JSONDecoder()
_COURSE: dict[type, str] = {
    Attend: "lesson", Predicted: "prediction", Hinted: "hint", Judged: "judged", Baseline: "baseline",
}  # fmt: skip


class JournalWriter:
    """Appends one session to a file. A file that can't be written never stops a command.

    trouble  why rows wait to be written, None when none does; the next write tries them again
    """

    def __init__(self, path: Path, head: Journal, session: str | None = None) -> None:
        self.path = path
        self.head = replace(head, session=session or secrets.token_hex(4))
        self.trouble: OSError | None = None
        self._told = False
        self._last = ""  # digest of this session's last row
        self._head = b""
        self._waiting = b""

    @property
    def session(self) -> str:
        return self.head.session

    def write(self, event: Event) -> None:
        """Append an event. Where that fails, it waits for the next write, and `trouble` says why."""
        with contextlib.nullcontext() if self._head else _alone(self.path):
            if not self._head:
                self._begin()
            self._waiting += self._row(event.at, event_data(event))
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._flush()
            except OSError as error:
                self.trouble = error
            else:
                self.trouble = None

    def news(self) -> OSError | None:
        """The trouble, for somebody to say: the first time it is asked for, and None ever after."""
        news = None if self._told else self.trouble
        self._told = self._told or news is not None
        return news

    def _begin(self) -> None:
        """The head, chained to whatever the file ends with; a newline first, where its last row was cut off."""
        found = b""
        with contextlib.suppress(OSError):
            found = self.path.read_bytes() if self.path.is_file() else b""
        self._last = next((digest(row) for _, row in reversed(list(_rows(found))) if row is not None), "")
        self._head = self._row(self.head.began, head_data(self.head))
        self._waiting = self._head if found[-1:] in (b"", b"\n") else b"\n" + self._head

    def _row(self, at: float, data: dict[str, Any]) -> bytes:
        row = json.dumps(
            {"session": self.session, "after": self._last, "at": at} | data, ensure_ascii=True, separators=(",", ":")
        ).encode("ascii")
        self._last = digest(row)
        return row + b"\n"

    def _flush(self) -> None:
        """One write for what waits; what a full disk didn't take waits on. A file that was removed begins anew."""
        with open(self.path, "ab", buffering=0, opener=_at_once) as file:
            if file.tell() == 0 and not self._waiting.lstrip().startswith(self._head):
                self._waiting = self._head + self._waiting
            while self._waiting:
                taken = file.write(self._waiting)
                if not taken:
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
                self._waiting = self._waiting[taken:]


def _at_once(path: str, flags: int) -> int:
    """Open without waiting: a pipe that nobody reads is an error, not a cell that hangs."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """While a session begins no other one does, or two would follow the same row. Where nothing can be locked, as well
    as when the lock isn't free soon, it goes on without."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError, OSError):
            # In a browser fcntl is empty, and nothing may be open twice: whoever closes last lays its own copy down.
            from fcntl import LOCK_EX, LOCK_NB, flock

            path.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(open(path, "ab", buffering=0, opener=_at_once))
            for _ in range(50):
                try:
                    flock(file, LOCK_EX | LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(0.01)
        yield


def journal_bytes(journal: Journal) -> bytes:
    """A session as a file of its own; for one that was never written."""
    writer = JournalWriter(Path(), journal, journal.session or None)
    rows = [(writer.head.began, head_data(writer.head)), *((event.at, event_data(event)) for event in journal.events)]
    return b"".join([writer._row(at, data) for at, data in rows])


def journal_file(name: str, engine: str, release: str | None) -> Path | None:
    """Where commands are written down that nobody named a file for: .dnetlab/NAME.ENGINE.journal in this folder.

    None, and nothing is written, while a grader runs a notebook, or when DNETLAB_JOURNAL is 'off'. DNETLAB_JOURNAL may
    name the folder.
    """
    wish = os.environ.get("DNETLAB_JOURNAL", "")
    if wish == "off" or os.environ.get("NBGRADER_EXECUTION"):
        return None
    suffix = f"{engine}-{release}" if release else engine
    return (Path(wish) if wish else Path.cwd() / ".dnetlab") / f"{name}.{suffix}.journal"


def digest(row: bytes) -> str:
    return hashlib.sha256(row).hexdigest()


def output_digest(output: Output) -> str:
    """16 hex digits that tell what a line printed, on either stream, from anything else."""
    return digest(f"{output.stdout}\0{output.stderr}".encode("utf-8", "surrogatepass"))[:16]


# -- reading ----------------------------------------------------------------------------------------------------------


def read_journal(path: Path) -> JournalFile:
    """What is left of a journal's file. UsageError when it can't be read at all; a damaged one has `lost`."""
    try:
        return parse_journal(path.read_bytes())
    except OSError as error:
        raise UsageError("{path} can't be read: {strerror}", path=path, strerror=error.strerror) from None


def parse_journal(data: bytes) -> JournalFile:
    """The sessions in these bytes, whatever bytes they are. A row that can't be used is left out, and is in `lost`."""
    sessions: dict[str, Journal] = {}
    events: dict[str, list[Event]] = {}
    last: dict[str, str] = {}
    known = {""}
    lost: list[Loss] = []
    excused = 0  # unreadable rows that nobody has missed yet
    for number, (piece, row) in enumerate(_rows(data), 1):
        content = _content(row) if row is not None else None
        if row is None or content is None:
            lost.append(Loss(number, LossKind.UNREADABLE, _session(piece)))
            excused += 1
            continue
        session, after = content["session"], content["after"]
        is_joined = session not in last and not after and len(known) > 1
        follows = after == last[session] if session in last else after in known
        if is_joined:
            lost.append(Loss(number, LossKind.JOINED, session))
        elif not follows and excused:
            excused -= 1
        elif not follows:
            lost.append(Loss(number, LossKind.BROKEN, session))
        last[session] = digest(row)
        known.add(last[session])
        try:
            if content["kind"] == "head":
                sessions[session] = _head(content)
            else:
                events.setdefault(session, []).append(event_of(content))
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError, UsageError):
            lost.append(Loss(number, LossKind.INCOMPLETE, session))
    found = (replace(sessions.get(name) or Journal("", "", 0, session=name), events=tuple(events.get(name, ())))
             for name in last)  # fmt: skip
    return JournalFile(tuple(found), tuple(lost))


def _rows(data: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    """What should be the rows of a file, each with the row without what separates it; None for what is none."""
    for piece in _ROW.split(data):
        if not piece.strip():
            continue
        text = piece.decode("ascii", "surrogateescape")
        try:
            _, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            yield piece, None
            continue
        yield piece, piece[:end] if text[:end].isascii() else None
        if text[end:].strip():
            yield piece[end:], None


def _session(piece: bytes) -> str:
    """Whose row was begun there; '' when that can't be read."""
    found = _SESSION.match(piece)
    return found[1].decode("ascii", "replace") if found else ""


def _content(row: bytes) -> dict[str, Any] | None:
    """What a row says; None for one that isn't a journal's."""
    content = json.loads(row)
    known = isinstance(content, dict) and isinstance(content.get("session"), str)
    return content if known and isinstance(content.get("after"), str) and isinstance(content.get("kind"), str) else None


def choose(path: Path, own: str = "", session: str | None = None, kernel: str = "") -> Resumed:
    """What `resume` brings back from a file: its last session, one of this kernel's own if there is any.

    own      the session that asks, which is none of them
    session  the one that is wanted
    Raises UsageError when there is no such session, DnetError when the file is no journal.
    """
    if not path.exists():
        raise UsageError("there is no journal {path}", hint="A journal begins with the first command.", path=path)
    found = read_journal(path)
    if not found.sessions:
        raise DnetError("{path} is no journal of dnetlab", hint="Name a file that %%dnet cells wrote.", path=path)
    others = [s for s in found.sessions if s.session != own]
    fitting = [s for s in others if session in (None, s.session)]
    if not fitting:
        known = ", ".join(s.session for s in others) or Words("none but this one")
        raise UsageError(
            "there is no session {session} in {path}" if session else "there is no earlier session in {path}",
            hint="Its sessions: {known}.", session=session, path=path, known=known,
        )  # fmt: skip
    mine = [s for s in fitting if kernel and s.kernel == kernel and s.entries]
    chosen = (mine or fitting)[-1]
    lost = tuple(loss for loss in found.lost if loss.session in ("", chosen.session))
    return Resumed(chosen, lost, _longer(chosen, others))


def fits(journal: Journal, engine: str, release: str, shape: Topology) -> None:
    """Raises UsageError when a journal was written on another engine, or in a lab of another shape."""
    if journal.engine and (journal.engine, journal.release) != (engine, release):
        raise UsageError(
            "the journal was written on engine {engine} {release}",
            hint="Choose it first: %dnet engine {engine} --docker {release}",
            engine=journal.engine,
            release=journal.release,
        )
    if journal.topology not in (None, shape):
        raise UsageError(
            "the journal was written in another lab, of {topology}",
            hint="Choose it first: %dnet lab FILE",
            topology=", ".join(journal.topology.names),
        )


def _longer(chosen: Journal, others: list[Journal]) -> Journal | None:
    """The last of the others that has more entries, unless the chosen one went on from it."""
    known = {chosen.session} | {event.session for event in chosen.events if isinstance(event, Resume)}
    more = [s for s in others if s.session not in known and len(s.entries) > len(chosen.entries)]
    return more[-1] if more else None


def with_past(journal: Journal, path: Path) -> tuple[Event, ...]:
    """A session's events, and before those that it resumed what they say of lessons: answers, hints, judgements.

    The commands of a resumed session are this session's own, which ran them again. One of another engine or release
    has a file of its own: it is looked for in the journals beside this one. UsageError when the file can't be read.
    """
    sessions = list(read_journal(path).sessions)
    named = {event.session for one in sessions for event in one.events if isinstance(event, Resume)}
    if named - {one.session for one in sessions}:
        for other in sorted(path.parent.glob("*.journal")):
            with contextlib.suppress(UsageError):
                sessions += read_journal(other).sessions if other != path else ()
    return _with_past(journal, {one.session: one for one in reversed(sessions)}, {journal.session})


def _with_past(journal: Journal, known: Mapping[str, Journal], seen: set[str]) -> tuple[Event, ...]:
    """seen: sessions that are told already; a damaged file may say that two resumed each other."""
    events: list[Event] = []
    for event in journal.events:
        before = known.get(event.session) if isinstance(event, Resume) else None
        if before is not None and before.session not in seen:
            seen.add(before.session)
            events += [e for e in _with_past(before, known, seen) if isinstance(e, CourseEvent)]
        events.append(event)
    return tuple(events)


# -- events and their rows -------------------------------------------------------------------------------------------


def head_data(head: Journal) -> dict[str, Any]:
    return {
        "kind": "head", "format": FORMAT, "engine": head.engine, "release": head.release, "seed": head.seed,
        "topology": as_data(head.topology) if head.topology else None, "dnetlab": head.version, "kernel": head.kernel,
    }  # fmt: skip


def _head(data: dict[str, Any]) -> Journal:
    shape = data["topology"]
    return Journal(
        _text(data["engine"]), _text(data["release"]), _number(data["seed"]),
        topology=None if shape is None else topology_of(shape, "the journal"), session=data["session"],
        version=_text(data["dnetlab"]), kernel=_text(data.get("kernel", "")), began=float(data["at"]),
    )  # fmt: skip


def event_data(event: Event) -> dict[str, Any]:
    """An event as the keys of its row, beside session, after and at."""
    if isinstance(event, Entry):
        line = event.line
        return {
            "kind": "line", "cell": event.cell, "number": line.number, "host": line.host, "container": line.container,
            "prompt": line.prompt.value, "text": line.text, "answer": line.answer, "exit_code": event.exit_code,
            "refused": event.refused, "output": event.output,
        } | client_data(line)  # fmt: skip
    if isinstance(event, CourseEvent):
        return {"kind": _COURSE[type(event)]} | {k: v for k, v in vars(event).items() if k != "at"}
    if isinstance(event, Undo):
        return {"kind": "undo", "commands": event.commands}
    if isinstance(event, Reset):
        return {"kind": "reset"}
    if isinstance(event, Resume):
        return {"kind": "resume", "from": event.session}
    if isinstance(event, Looked):
        return {"kind": "look", "what": event.what, "args": dict(event.args)}
    return {"kind": "checkpoint" if isinstance(event, Checkpoint) else "goto", "name": event.name}


def event_of(data: dict[str, Any]) -> Event:
    """The event of a row. KeyError, TypeError or ValueError when it lacks something or holds what it can't."""
    kind, at = data["kind"], float(data["at"])
    if kind == "line":
        return _entry(data, at)
    if kind == "undo":
        return Undo(_number(data["commands"]), at)
    if kind == "reset":
        return Reset(at)
    if kind == "resume":
        return Resume(_text(data["from"]), at)
    if kind in ("checkpoint", "goto"):
        return (Checkpoint if kind == "checkpoint" else Goto)(_text(data["name"]), at)
    if kind == "look":
        return Looked(_text(data["what"]), _arguments(data["args"]), at)
    if kind in _COURSE.values():
        return _course_event(kind, data, at)
    raise ValueError(kind)


def _course_event(kind: str, data: dict[str, Any], at: float) -> Event:
    lesson = _text(data["lesson"])
    if kind == "lesson":
        language = _text(data.get("language", ""))
        return Attend(lesson, _text(data["student"]), _text(data["edition"]), bool(data["started"]), at, language)
    if kind == "prediction":
        return Predicted(lesson, _text(data["question"]), _text(data["answer"]), bool(data["right"]), at)
    if kind == "baseline":
        return Baseline(lesson, tuple(map(_text, data["open"])), tuple(map(_text, data["rules"])), at)
    task = _text(data["task"])
    if kind == "hint":
        return Hinted(lesson, task, _number(data["degree"]), _text(data["wrong"]), at)
    scores = float(data["earned"]), float(data["points"])
    return Judged(lesson, task, _text(data["verdict"]), *scores, bool(data["asked"]), at)


def _entry(data: dict[str, Any], at: float) -> Entry:
    container, answer = data["container"], data["answer"]
    text = _text(data["text"])
    line = Line(
        _number(data["number"]), text, _text(data["host"]), None if container is None else _text(container),
        first_words(text), Prompt(data["prompt"]), None if answer is None else _text(answer), None,
        *client_of(data),
    )  # fmt: skip
    outcome = _number(data["exit_code"]), bool(data["refused"])
    return Entry(line, _number(data["cell"]), *outcome, at, _text(data.get("output", "")))


def _arguments(value: object) -> dict[str, Any]:
    """Of a look: texts, numbers, or lists of texts by name."""
    if not isinstance(value, dict):
        raise TypeError(value)
    for one in value.values():
        texts = one if isinstance(one, list) else ()
        if not isinstance(one, str | int | list | None) or not all(isinstance(text, str) for text in texts):
            raise TypeError(one)
    return {_text(name): one for name, one in value.items()}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):  # JSON tells true from 1, Python doesn't
        raise TypeError(value)
    return value
