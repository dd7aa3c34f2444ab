"""Completion inside `%%dnet` cells and on `%dnet` lines; stub until the words of the commands are wired."""

from __future__ import annotations

from typing import Any


def install(shell: Any, magics: Any) -> None:
    """Add the matcher to the shell's completer."""
