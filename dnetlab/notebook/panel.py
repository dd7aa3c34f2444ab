"""`%dnet panel`: the picture of the lab in the page. It follows each command; a box shows its tables, two a trace.

`Watch` knows what is shown and what a press means, and needs no page; the widget carries it there and back.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dnetlab.errors import DnetError
from dnetlab.language import say, spoken
from dnetlab.model import Snapshot
from dnetlab.notebook.page import files, nowhere
from dnetlab.notebook.player import played
from dnetlab.views import explain, panel
from dnetlab.views.diagrams import NO_GRAPHVIZ, Topology, topology

if TYPE_CHECKING:
    from dnetlab.notebook.journey import JourneyView
    from dnetlab.notebook.magic import DnetMagics


class Watch:
    """What the panel shows of the lab that cells run in.

    pressed   the boxes that are chosen, none, one or two, by their places
    port      of the second one that is asked: '80'; '' for an echo request
    """

    def __init__(self, magics: DnetMagics) -> None:
        self.magics = magics
        self.pressed: list[panel.Box] = []
        self.port = ""
        self.now: Snapshot | None = None
        self.before: Snapshot | None = None
        self.journey: JourneyView | None = None
        self.told = ""
        self._drawn: tuple[int, str, Topology] | None = None

    def look(self) -> dict[str, Any]:
        """Everything that is shown, of the lab as it is now."""
        snapshot = self.magics.lab.snapshot()
        if self.now is None or snapshot.hosts != self.now.hosts:
            self.now, self.before = snapshot, self.now
            self._follow()
        return self.shown()

    def hear(self, message: dict[str, Any]) -> dict[str, Any]:
        """What the page asks for, and everything that is shown then. What it can't have is said in `told`."""
        self.told = ""
        self.look()
        boxes = {box.node: box for box in self._boxes()}
        try:
            if message.get("ask") == "press" and message.get("node") in boxes:
                self._press(boxes[message["node"]])
            elif message.get("ask") == "trace" and {message.get("source"), message.get("destination")} <= set(boxes):
                self._trace(boxes[message["source"]], boxes[message["destination"]], str(message.get("port", "")))
        except DnetError as error:
            self.told = str(error)
        return self.shown()

    def _press(self, box: panel.Box) -> None:
        """The first shows its tables, the second a trace from the first; once more leaves it, a third begins anew."""
        if box in self.pressed:
            self._choose([one for one in self.pressed if one != box])
        elif len(self.pressed) == 1:
            self._trace(self.pressed[0], box, "")
        else:
            self._choose([box])

    def _choose(self, boxes: list[panel.Box]) -> None:
        self.pressed, self.port, self.journey = boxes, "", None

    def _trace(self, source: panel.Box, destination: panel.Box, port: str) -> None:
        """As `%dnet trace` does, written down as something that was looked at."""
        self._choose([source, destination])
        self.port = port
        self.journey = self.magics.look(f"trace {source.name} {self._end(destination)}")

    def _end(self, destination: panel.Box) -> str:
        return f"{destination.name}:{self.port}" if self.port else destination.name

    def _trace_again(self) -> None:
        """The trace that is shown, in the lab as it is now."""
        from dnetlab.notebook.journey import JourneyView

        source, destination = self.pressed
        try:
            snapshot, exchange, _ = self.magics.lab.observed(source.name, self._end(destination), capture=False)
            self.journey = JourneyView(exchange, snapshot)
        except DnetError as error:
            self._choose([source])
            self.told = str(error)

    def _follow(self) -> None:
        """What was chosen is chosen still where it is there still; a trace is told again in the lab as it is now."""
        here = {box.where: box for box in self._boxes()}
        boxes = [here[box.where] for box in self.pressed if box.where in here]
        if boxes != self.pressed:
            self._choose(boxes)
        if self.journey is not None and self.magics.lab.is_simulated:
            self._trace_again()

    def _picture(self) -> Topology:
        """Drawn once for a lab and a language."""
        assert self.now is not None
        if self._drawn is None or self._drawn[:2] != (id(self.now), spoken()):
            self._drawn = (id(self.now), spoken(), topology(self.now))
        return self._drawn[2]

    def _boxes(self) -> tuple[panel.Box, ...]:
        assert self.now is not None
        return panel.boxes(self._picture().scene, self.now)

    def _tables(self) -> tuple[panel.Shown, ...]:
        assert self.now is not None
        if self.journey is not None:
            return panel.rules_met(self.journey.exchange, self.now, self.before)
        return panel.tables(self.pressed[0], self.now, self.before) if self.pressed else ()

    def shown(self) -> dict[str, Any]:
        """The values that the page is sent; `picture` is '' where no Graphviz can be used, and `text` is the same."""
        picture = self._picture()
        try:
            svg, text = picture.svg(), ""
        except DnetError:
            svg, text = "", f"{NO_GRAPHVIZ}\n{picture.text}"
        return {
            "picture": svg, "text": text, "alt": picture.summary, "note": picture.scene.note,
            "boxes": [asdict(box) for box in self._boxes()], "pressed": [box.node for box in self.pressed],
            "port": self.port, "tables": [asdict(one) for one in self._tables()], "journey": self._journey(),
            "told": self.told or self._said(), "labels": labels(), "language": spoken(),
        }  # fmt: skip

    def _journey(self) -> dict[str, Any]:
        return (played(self.journey) or {}) if self.journey else {}

    def _said(self) -> str:
        """A sentence on what is chosen, heard when it changes."""
        if self.journey is not None:
            return " ".join(explain.verdict(self.journey.exchange, self.journey.snapshot))
        if self.pressed:
            return say("{name} is chosen; its tables stand below. Press another for a trace to it.",
                       name=self.pressed[0].text)  # fmt: skip
        return say("Press a host or a container for its tables, and then another for a trace between the two.")


def labels() -> dict[str, str]:
    """The words of the page around what is shown."""
    return {
        "name": say("Live panel of the lab"),
        "keys": say("In the picture the arrow keys go from box to box, and Enter presses one."),
        "source": say("From"),
        "destination": say("To"),
        "port": say("Port"),
        "echo": say("no port: ping"),
        "trace": say("Trace"),
        "rules": say("Arrow keys go from rule to rule; Enter goes to the step of the trace that it decides."),
        "met": say("The traced packet meets it at step {step}:", step="{step}"),
    }


def open_panel(magics: DnetMagics) -> Any:
    """The panel, the same each time; the sentence that says why there is none, as text."""
    why = nowhere()
    if why:
        return say("{why} `%dnet topology` draws the same picture.", why=why)
    if "panel" not in magics.shown:
        magics.shown["panel"] = _widget()(Watch(magics))
        magics.news.follow(magics.shown["panel"].look)
    magics.shown["panel"].look()
    return magics.shown["panel"]


@lru_cache(maxsize=1)
def _widget() -> Any:
    """The class; made when a kernel can speak to a page."""
    import anywidget
    import traitlets

    class Panel(anywidget.AnyWidget):
        """What `Watch.shown` gives. The page sends `{ask: 'press', node}` and `{ask: 'trace', source, destination,
        port}`, with boxes by their nodes."""

        _esm = files("journey.js", "panel.js")
        _css = files("player.css", "panel.css")
        picture = traitlets.Unicode().tag(sync=True)
        text = traitlets.Unicode().tag(sync=True)
        alt = traitlets.Unicode().tag(sync=True)
        note = traitlets.Unicode().tag(sync=True)
        boxes: Any = traitlets.List().tag(sync=True)
        pressed: Any = traitlets.List().tag(sync=True)
        port = traitlets.Unicode().tag(sync=True)
        tables: Any = traitlets.List().tag(sync=True)
        journey = traitlets.Dict().tag(sync=True)
        told = traitlets.Unicode().tag(sync=True)
        labels = traitlets.Dict().tag(sync=True)
        language = traitlets.Unicode().tag(sync=True)
        shown = traitlets.Int(0).tag(sync=True)

        def __init__(self, watch: Watch) -> None:
            super().__init__()
            self.watch = watch
            self.on_msg(lambda widget, message, buffers: watch.magics.news.hear(lambda: self._hear(message)))

        def __repr__(self) -> str:
            return say("The live panel of the lab; `%dnet topology` draws the picture as it is now.")

        def _hear(self, message: dict[str, Any]) -> None:
            self._show(self.watch.hear(message))

        def look(self) -> None:
            """Show the lab as it is now."""
            self._show(self.watch.look())

        def _show(self, values: dict[str, Any]) -> None:
            """All at once, so that the page draws once; it is told when it has all of it."""
            with self.hold_sync():
                for name, value in values.items():
                    setattr(self, name, value)
                self.shown += 1

    return Panel
