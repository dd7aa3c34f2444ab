"""`%dnet terminal docker1`: a seat at the lab's prompt in the notebook's page.

What is typed goes the road of every command: journal, what changed, undo. The kernel answers between cells, so a line
typed while a cell runs waits for it. Nothing of the state is the page's: another view of it, or a page that is loaded
again, shows the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from dnetlab.errors import DnetError
from dnetlab.language import say, spoken
from dnetlab.notebook.interrupt import Interruptible
from dnetlab.notebook.page import files, nowhere
from dnetlab.notebook.seat import Said, Seat, Voice, banner, wrong
from dnetlab.views import terminal

if TYPE_CHECKING:
    from dnetlab.notebook.magic import DnetMagics

KEPT = 300  # answers that stay in sight; the journal keeps all
REMEMBERED = 200  # lines that the arrow keys go back through


class PageSeat(Seat):
    """A seat in a notebook's page. typed: the lines that the arrow keys go back through, oldest first."""

    def __init__(self, magics: DnetMagics, host: str) -> None:
        super().__init__(host)
        self._magics = magics
        self.running = Interruptible()
        here = [entry.line for entry in self.lab.entries if entry.line.host == host and not entry.line.session]
        self.typed = [line.text for line in here]

    @property
    def magics(self) -> DnetMagics:
        return self._magics

    @property
    def prompt(self) -> str:
        return self.lab.prompt(self.host)

    def answer(self, text: str) -> list[dict[str, str]]:
        """Everything that is said about a line, or several that were pasted: `{voice, text}`, the line itself first."""
        prompt = self.prompt
        pieces: list[Said] = []
        try:
            with self.running.while_it_runs():
                for piece in self.says(text):
                    pieces.append(piece)
        except DnetError as error:
            pieces.append(wrong(error))
        except KeyboardInterrupt:
            pieces.append(Said(Voice.ERR, "^C"))
        if not pieces or pieces[0].voice is not Voice.PROMPT:
            pieces[:0] = [Said(Voice.PROMPT, prompt), Said(Voice.COMMAND, text.rstrip("\n"))]
        self._remember(text)
        self.magics.typed_at(self.host)
        return [{"voice": piece.voice.value, "text": terminal.plain(piece.text)} for piece in pieces]

    def come(self, message: dict[str, Any], hear: Callable[[dict[str, Any]], None]) -> None:
        """What a page asks for; a Ctrl-C at once, because what it is to end has the kernel's loop."""
        if message.get("ask") == "interrupt":
            self.running.interrupt()
        else:
            self.magics.news.hear(lambda: hear(message))

    def _remember(self, text: str) -> None:
        new = [line for line in text.split("\n") if line.strip()]
        self.typed = [*self.typed, *new][-REMEMBERED:]

    def completions(self, text: str) -> tuple[str, Sequence[str]]:
        """The fragment before the cursor and what may replace it; nothing where that can't be said."""
        try:
            return self.complete(text)
        except DnetError:
            return "", ()


def labels(host: str) -> dict[str, str]:
    """The words of the page around the terminal."""
    return {
        "name": say("Terminal of {host}", host=host),
        "line": say("Command for {host}", host=host),
        "keys": say(
            "Enter runs the line, Tab completes it, the arrow keys go through earlier ones, Ctrl-C leaves it. "
            "Escape and then Tab goes on to what stands behind the terminal."
        ),
        "running": say("running …"),
        "several": say("{number} words can stand here:", number="{number}"),
        "closed": say("This terminal is closed: `%dnet terminal {host}` opens it again.", host=host),
    }


def open_terminal(magics: DnetMagics, host: str) -> Any:
    """The terminal of that host, the same each time; the sentence that says why there is none, as text."""
    why = nowhere()
    if why:
        return say("{why} `dnetlab shell {host}` in a terminal of the system is the same.", why=why, host=host)
    magics.news.at_home()
    name = f"terminal {host}"
    if name not in magics.shown:
        magics.shown[name] = _widget()(PageSeat(magics, host))
    shown = magics.shown[name]
    shown.refresh()
    return shown


@lru_cache(maxsize=1)
def _widget() -> Any:
    """The class; made when a kernel can speak to a page."""
    import anywidget
    import traitlets

    class Terminal(anywidget.AnyWidget):
        """answers: `{number, pieces}` of each line, oldest first; prompt: what stands before the next one.

        The page sends `{ask: 'run', text}`, `{ask: 'interrupt'}`, and `{ask: 'complete', text, number}`, which is
        answered by `{number, fragment, choices}`.
        """

        _esm = files("terminal.js")
        _css = files("terminal.css")
        answers: Any = traitlets.List().tag(sync=True)
        prompt = traitlets.Unicode().tag(sync=True)
        typed: Any = traitlets.List().tag(sync=True)
        labels = traitlets.Dict().tag(sync=True)
        language = traitlets.Unicode().tag(sync=True)
        closed = traitlets.Bool(False).tag(sync=True)
        ran = traitlets.Int(0).tag(sync=True)

        def __init__(self, seat: PageSeat) -> None:
            super().__init__()
            self.seat = seat
            self.on_msg(lambda widget, message, buffers: seat.come(message, self._hear))
            self._add([{"voice": Voice.LAB.value, "text": banner(seat.lab)}])

        def __repr__(self) -> str:
            return say("A terminal of {host}; `%dnet journal` lists what was typed there.", host=self.seat.host)

        def refresh(self) -> None:
            """Show it, with words in the language that is spoken now."""
            with self.hold_sync():
                self.labels, self.language, self.closed = labels(self.seat.host), spoken(), False
                self.prompt, self.typed = self.seat.prompt, self.seat.typed

        def _hear(self, message: dict[str, Any]) -> None:
            if message.get("ask") == "run":
                self._run(str(message["text"]))
            elif message.get("ask") == "complete":
                fragment, choices = self.seat.completions(str(message["text"]))
                self.send({"number": message["number"], "fragment": fragment, "choices": list(choices)})

        def _run(self, text: str) -> None:
            with self.hold_sync():
                if self.seat.is_the_end(text):
                    self.closed = True
                else:
                    self._add(self.seat.answer(text))
                self.prompt, self.typed, self.language = self.seat.prompt, self.seat.typed, spoken()
                self.ran += 1

        def _add(self, pieces: list[dict[str, str]]) -> None:
            number = self.answers[-1]["number"] + 1 if self.answers else 0
            self.answers = [*self.answers, {"number": number, "pieces": pieces}][-KEPT:]

    return Terminal
