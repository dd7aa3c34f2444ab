"""What there is to say about a journal's file: that it can't be written, what of it is lost, what was brought back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from dnetlab.model import Journal, Loss, LossKind, Resumed

_WHAT = {
    LossKind.UNREADABLE: "row {} can't be read",
    LossKind.INCOMPLETE: "row {} is not complete",
    LossKind.BROKEN: "what stood before row {} was changed or is gone",
    LossKind.JOINED: "row {} begins a session of another file",
}


def unwritten_text(path: Path, error: OSError) -> str:
    return (
        f"The journal {path} can't be written: {error.strerror or error}. "
        "Commands run as ever; what they were is kept for as long as this session lasts."
    )


def lost_text(lost: Sequence[Loss]) -> str:
    """'' when nothing is lost."""
    if not lost:
        return ""
    rows = "; ".join(_WHAT[loss.kind].format(loss.row) for loss in lost)
    return f"The journal is damaged: {rows}. All that can be read of it ran."


def resumed_text(resumed: Resumed) -> str:
    number = resumed.commands
    sentences = [f"The lab is back: {number} command{'' if number == 1 else 's'} ran again.", lost_text(resumed.lost)]
    if resumed.longer:
        sentences.append(_longer_text(resumed.longer))
    return " ".join(filter(None, sentences))


def _longer_text(other: Journal) -> str:
    when = datetime.fromtimestamp(other.began).strftime("%Y-%m-%d %H:%M")
    return (
        f"An earlier session, begun {when}, has {len(other.entries)} commands: "
        f"`%dnet resume --session {other.session}` brings that one back."
    )
