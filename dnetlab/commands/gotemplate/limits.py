"""What a template may take: so many steps, so many characters, so many brackets in one another.

A real client has no such limits: `{{range 9999999999}}` keeps it busy until Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Any

from dnetlab.commands.gotemplate.errors import TooMuch

MOST_STEPS = 100_000
MOST_CHARACTERS = 1 << 20  # what one line may say (sim/userland/seam.py)
DEEPEST = 50  # brackets and blocks inside one another


@dataclass
class Limits:
    """What is left for the templates of one command, over all of its rows."""

    steps: int = MOST_STEPS
    characters: int = MOST_CHARACTERS

    def spend(self, steps: int = 1) -> None:
        """Raises TooMuch when nothing is left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooMuch("The template took more than {most:,} steps, so it was ended as by Ctrl-C.", most=MOST_STEPS)

    def say(self, text: str) -> str:
        """The text itself. Raises TooMuch when it is one too many."""
        self.characters -= len(text)
        if self.characters < 0:
            raise TooMuch("The template said more than {size} KiB, so it was ended as by Ctrl-C, "
                          "and nothing of it is shown.", size=MOST_CHARACTERS >> 10)  # fmt: skip
        return text

    def value(self, found: Any) -> Any:
        """The value that a function gave, paid for by its length."""
        if isinstance(found, Sized):
            self.spend(len(found) // 1000)
            fits(len(found))
        return found


def fits(length: int) -> None:
    """Raises TooMuch for a text that is longer than a line may say; asked before it is made."""
    if length > MOST_CHARACTERS:
        raise TooMuch("The template makes a text of more than {size} KiB, so it was ended as by Ctrl-C.",
                      size=MOST_CHARACTERS >> 10)  # fmt: skip
