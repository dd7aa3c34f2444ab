"""`%dnet trace` and `%dnet why`: a packet's journey as text, as a table and on the picture; the reason as a box."""

from __future__ import annotations

import html
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dnetlab.explain.sentences import phrase
from dnetlab.language import say
from dnetlab.model import Crossing, Exchange, Snapshot, Trace
from dnetlab.views import crossings, explain, look, terminal

if TYPE_CHECKING:
    from pandas import DataFrame

    from dnetlab.explain.why import Reason
    from dnetlab.views.diagrams import Topology


class JourneyView:
    """The value of `%dnet trace`, and how it looks.

    exchange   the journey as a value: request, reply, answered
    steps      DataFrame, one row per step (see `dnetlab.views.explain.steps`)
    text       the same in sentences
    topology   the part of the lab that it touched, with the path marked
    crossings  on a real engine: DataFrame, what a capture saw at each interface beside what the journey says
               (see `dnetlab.views.crossings.beside`); None on the simulator
    """

    def __init__(self, exchange: Exchange, snapshot: Snapshot, seen: tuple[Crossing, ...] | None = None) -> None:
        self.exchange = exchange
        self.snapshot = snapshot
        self.seen = seen

    @cached_property
    def crossings(self) -> DataFrame | None:
        return None if self.seen is None else crossings.beside(self.exchange, self.seen, self.snapshot)

    @cached_property
    def steps(self) -> DataFrame:
        return explain.steps(self.exchange, self.snapshot)

    @cached_property
    def text(self) -> str:
        told = explain.text(self.exchange, self.snapshot)
        return f"{told}\n{self._capture}" if self._capture else told

    @cached_property
    def _capture(self) -> str:
        return "" if self.seen is None else crossings.text(self.exchange, self.seen, self.snapshot)

    @cached_property
    def topology(self) -> Topology:
        from dnetlab.views.diagrams import topology

        return topology(self.snapshot, path=self.exchange)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<div>{self._verdict()}{self._journey()}</div>"

    def _verdict(self) -> str:
        first, *more = map(look.inline, explain.verdict(self.exchange, self.snapshot))
        return terminal.note(f"<div><b>{first}</b></div>" + "".join(f"<div>{line}</div>" for line in more))

    def _journey(self) -> str:
        legs = "".join(self._leg(direction, trace) for direction, trace in explain.journeys(self.exchange))
        seen = f'<pre style="{terminal.BLOCK}">{html.escape(self._capture)}</pre>' if self._capture else ""
        table = _folded(say("Every step: {number} rows", number=len(self.steps)), self.steps._repr_html_())
        still = f'<div class="dnetlab-still">{self.topology._repr_html_()}</div>'
        return f"{still}{legs}{seen}{table}"

    def _leg(self, direction: str, trace: Trace) -> str:
        """A journey that arrived is folded; the one that ended early stands open."""
        head, *lines = explain.leg(direction, trace, self.snapshot)
        body = f'<pre style="{terminal.BLOCK}">{html.escape(chr(10).join(lines))}</pre>'
        ended = phrase(f"ends {trace.disposition.value}")
        return _folded(f"{head}{phrase('colon')}{ended}", body, not trace.disposition.arrived)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": self.text}

    def _ipython_display_(self) -> None:
        """The verdict, the player where a page can show one, then the journey as text, picture and table: the same."""
        from IPython.display import display

        from dnetlab.notebook.player import player

        played = player(self)
        if played is None:
            display(self._repr_mimebundle_(), raw=True)
            return
        display({"text/html": self._verdict()}, raw=True)
        display(played)
        display({"text/html": f"<div>{self._journey()}</div>", "text/plain": self.text}, raw=True)


def _folded(title: str, body: str, is_open: bool = False) -> str:
    summary = f'<summary style="cursor:pointer">{html.escape(title)}</summary>'
    return f"<details class='dnetlab'{' open' if is_open else ''}>{summary}{body}</details>"


class ReasonView:
    """The value of `%dnet why`. reason: works, sentence, evidence, remedy, kernel, exchange; str() is its text."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return str(self.reason)

    def _repr_html_(self) -> str:
        because = "".join(
            f'<div style="font-family:{terminal.MONO}">{html.escape(e)}</div>' for e in self.reason.evidence
        )
        called = phrase("kernel calls", reason=f"{look.CODE}{html.escape(self.reason.kernel)}</code>")
        because += f"<div>{called}</div>" if self.reason.kernel else ""
        label = phrase("try").capitalize() + phrase("colon")
        remedy = f"<div><b>{label.strip()}</b> {look.inline(self.reason.remedy)}</div>" if self.reason.remedy else ""
        return terminal.note(f"<div><b>{look.inline(self.reason.sentence)}</b></div>{because}{remedy}")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}
