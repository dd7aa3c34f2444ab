"""The outputs of a cell while it runs: what was started with `&` is told with its own line, once it has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dnetlab.commands.shell import starts_beside
from dnetlab.commands.transcript import difference, has_no_order, is_reattached, plug_numbers
from dnetlab.model import Entry, Line, Output
from dnetlab.model.changed import replace
from dnetlab.result import TranscriptDifference
from dnetlab.sim.profiles import like


class Outputs:
    """In the order of the lines. heard is called for each in that order, once all of it is known."""

    def __init__(self, heard: Callable[[Output], None] | None) -> None:
        self.all: list[Output] = []
        self._heard = heard
        self._open: set[int] = set()  # places in `all` whose jobs go on
        self._told = 0

    def add(self, output: Output) -> None:
        if output.refused is None and starts_beside(output.line.text):
            self._open.add(len(self.all))
        self.all.append(output)
        self._tell()

    def late(self, outputs: Iterable[Output]) -> None:
        """What jobs said: with the line that started them, or behind all when that was in an earlier cell."""
        for output in outputs:
            place = next((n for n in sorted(self._open) if _same(self.all[n].line, output.line)), None)
            if place is None:
                self.all.append(output)
                continue
            first = self.all[place]
            said, complained = first.stdout + output.stdout, first.stderr + output.stderr
            self.all[place] = replace(first, stdout=said, stderr=complained)
        self._tell()

    def close(self) -> None:
        """Nothing more comes."""
        self._open.clear()
        self._tell()

    def _tell(self) -> None:
        while self._told < len(self.all) and not any(place <= self._told for place in self._open):
            if self._heard:
                self._heard(self.all[self._told])
            self._told += 1


def _same(one: Line, other: Line) -> bool:
    return (one.number, one.host, one.text) == (other.number, other.host, other.text)


def against_transcript(output: Output, entries: Sequence[Entry], release: str) -> list[TranscriptDifference]:
    """Nothing when the line answered what stands under it, or nothing stands there; else the difference."""
    line = output.line
    if line.expected is None:
        return []
    said = [e.line.text for e in entries]
    restarted = any("restart docker" in text for text in said)
    again = not like(release).counts_interfaces and any(map(is_reattached, said))
    loose = has_no_order(line.text, restarted, again), plug_numbers(line.text, again)
    rows = difference(line.expected, output.stdout, output.stderr, *loose)
    return [TranscriptDifference(output, rows)] if rows else []
