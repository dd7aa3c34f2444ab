"""Which engine commands run on, in words."""

from __future__ import annotations

from dnetlab.language import say


def engine_text(name: str, release: str) -> str:
    """'the simulator as Docker 28.5' or 'real Docker Engines 20.10'."""
    simulated = name == "sim"
    return say("the simulator as Docker {release}" if simulated else "real Docker Engines {release}", release=release)
