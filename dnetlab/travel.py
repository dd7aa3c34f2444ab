"""Going back in a lab: undo, and moments that have a name. It works on the simulator only."""

from __future__ import annotations

from dnetlab.clients import Clients, alone
from dnetlab.errors import NotHere
from dnetlab.history import Way
from dnetlab.model import Entry
from dnetlab.model.journal import Checkpoint, Goto, Undo


class Travelling(Clients):
    """The part of a lab that goes back in time."""

    def _now(self, what: str) -> object:
        """A mark of the world as it is. NotHere, in a sentence about `what`, where the engine has none."""
        try:
            return self.engine.checkpoint()
        except NotHere as error:
            raise NotHere(
                "{what} works on the simulator only: {error}.", hint=error.hint, what=what, error=error.message
            ) from None

    @alone
    def undo(self, commands: int = 1) -> list[Entry]:
        """Take back the last commands and return them, oldest first; [] when there is nothing to take back."""
        self._now("undo")
        undone, way = self.history.undo(commands)
        if undone:
            self._take(way)
            self._note(Undo(len(undone), self._clock()))
        return undone

    @alone
    def checkpoint(self, name: str) -> None:
        """Remember this moment under a name."""
        self.history.checkpoint(name, self._now("checkpoint"))
        self._note(Checkpoint(name, self._clock()))

    @property
    def checkpoints(self) -> tuple[str, ...]:
        return self.history.names

    @alone
    def goto(self, name: str) -> None:
        """Go back (or forward again) to a checkpoint. Raises UsageError for a name that was never given."""
        self._now("goto")
        self._take(self.history.goto(name))
        self._note(Goto(name, self._clock()))

    def _take(self, way: Way) -> None:
        self.engine.restore(way.mark)
        for line in way.again:
            self.engine.run(line)
