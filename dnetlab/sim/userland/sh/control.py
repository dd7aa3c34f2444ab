"""How a command leaves the loop, the function or the shell that it stands in."""

from __future__ import annotations


class Break(Exception):
    """levels: how many loops are left."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def here(self) -> int:
        """The status of a loop that this ends; of one inside another that is meant, it goes on outwards."""
        if self.levels > 1:
            raise type(self)(self.levels - 1)
        return 0


class Continue(Break):
    pass


class Return(Exception):
    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


class Exit(Exception):
    """asked: by `exit` or `exec`, not by an error, after which a shell at a terminal goes on with its next line."""

    def __init__(self, code: int, asked: bool = False) -> None:
        super().__init__()
        self.code, self.asked = code, asked
