"""What there is to say about a journal's file: that it can't be written, what of it is lost, what was brought back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from dnetlab.language import say
from dnetlab.model import Journal, Loss, LossKind, Resumed

_WHAT = {
    LossKind.UNREADABLE: "row {row} can't be read",
    LossKind.INCOMPLETE: "row {row} is not complete",
    LossKind.BROKEN: "what stood before row {row} was changed or is gone",
    LossKind.JOINED: "row {row} begins a session of another file",
}


def unwritten_text(path: Path, error: OSError) -> str:
    return say(
        "The journal {path} can't be written: {error}. "
        "Commands run as ever; what they were is kept for as long as this session lasts.",
        path=path,
        error=error.strerror or error,
    )


def lost_text(lost: Sequence[Loss]) -> str:
    """'' when nothing is lost."""
    if not lost:
        return ""
    rows = "; ".join(say(_WHAT[loss.kind], row=loss.row) for loss in lost)
    return say("The journal is damaged: {rows}. All that can be read of it ran.", rows=rows)


def resumed_text(resumed: Resumed) -> str:
    number = resumed.commands
    back = "The lab is back: 1 command ran again." if number == 1 else "The lab is back: {number} commands ran again."
    sentences = [say(back, number=number), lost_text(resumed.lost)]
    if resumed.longer:
        sentences.append(_longer_text(resumed.longer))
    return " ".join(filter(None, sentences))


def _longer_text(other: Journal) -> str:
    when = datetime.fromtimestamp(other.began).strftime("%Y-%m-%d %H:%M")
    return say(
        "An earlier session, begun {when}, has {number} commands: "
        "`%dnet resume --session {session}` brings that one back.",
        when=when,
        number=len(other.entries),
        session=other.session,
    )
