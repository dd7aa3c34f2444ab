"""A prompt for tests: type lines at a lab's host and look at what was answered."""

from __future__ import annotations

from dnetlab.commands.cell import parse_cell
from dnetlab.model import Output
from dnetlab.sim.apply import apply
from dnetlab.sim.lab import new_world


class Prompt:
    def __init__(self, release: str = "28.5") -> None:
        self.world = new_world(release)

    def type(self, text: str) -> Output:
        """Run a cell and return what its last line answered."""
        output = None
        for line in parse_cell(text):
            self.world, output = apply(self.world, line)
        assert output is not None
        return output

    def out(self, text: str) -> str:
        """What the last line printed; it must have succeeded in silence on stderr."""
        output = self.type(text)
        assert (output.exit_code, output.stderr, output.refused) == (0, "", None)
        return output.stdout

    def err(self, text: str, status: int = 1) -> str:
        """What the last line complained of, with this exit status."""
        output = self.type(text)
        assert (output.exit_code, output.refused) == (status, None)
        return output.stderr
