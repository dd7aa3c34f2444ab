"""What is wrong with a compose file, in compose's words."""

from __future__ import annotations


class ComposeError(Exception):
    """The files can't be used; the text is what compose prints before it ends with status 1, after its warnings."""

    warnings: tuple[str, ...] = ()
