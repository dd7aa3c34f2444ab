"""Where something is or happens: a network namespace of a lab host, the one value that every layer passes on."""

from __future__ import annotations

from typing import NamedTuple


class Where(NamedTuple):
    """A network namespace. namespace 'host' is the host's own stack, else the short id of a container that made it."""

    host: str
    namespace: str = "host"

    @property
    def is_host(self) -> bool:
        """Is this the host's own stack (ip netns identify answers nothing)?"""
        return self.namespace == "host"

    def __str__(self) -> str:
        return self.host if self.is_host else f"{self.host}/{self.namespace}"
