"""`%dnet trace` as something to step through: a widget where a browser shows it, nothing anywhere else.

What it plays stands beside it as text, table and picture, so a page without JavaScript (GitHub, paper) loses nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dnetlab.errors import DnetError
from dnetlab.explain.sentences import phrase
from dnetlab.notebook.page import files, nowhere
from dnetlab.views.player import frames

if TYPE_CHECKING:
    from dnetlab.notebook.journey import JourneyView

LABELS = ("first", "back", "play", "pause", "step", "last", "steps", "packet", "was", "rule", "keys")


def player(view: JourneyView) -> Any:
    """The widget that plays a journey; None where none can be shown: no kernel, no anywidget, no Graphviz."""
    shown = None if nowhere() else played(view)
    return _widget()(**shown) if shown else None


def played(view: JourneyView) -> dict[str, Any] | None:
    """What the page is sent to play a journey: picture, alt, frames, labels; None without Graphviz."""
    try:
        picture = view.topology.svg()
    except DnetError:
        return None
    return {
        "picture": picture,
        "alt": view.topology.summary,
        "frames": [asdict(f) for f in frames(view.exchange, view.topology.scene, view.snapshot)],
        "labels": {name: phrase(f"player {name}") for name in LABELS},
    }


@lru_cache(maxsize=1)
def _widget() -> Any:
    """The class, made when a kernel can speak to a page."""
    import anywidget
    import traitlets

    class Player(anywidget.AnyWidget):
        """picture: SVG; frames: dictionaries of `dnetlab.views.player.Frame`; at: the number of the one shown."""

        _esm = files("journey.js", "player.js")
        _css = files("player.css")
        picture = traitlets.Unicode().tag(sync=True)
        alt = traitlets.Unicode().tag(sync=True)
        frames: Any = traitlets.List().tag(sync=True)
        labels = traitlets.Dict().tag(sync=True)
        at = traitlets.Int(0).tag(sync=True)

        def __repr__(self) -> str:
            return ""

    return Player
