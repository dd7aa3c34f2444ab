"""A lab whose hosts come from two providers: some are made for it, others are there. Each is asked by its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dnetlab.engines.providers import Hosts, Sight
from dnetlab.engines.running import Ran
from dnetlab.model import Topology
from dnetlab.model.where import Where


class MixedHosts:
    """`Hosts` over several others. shape: of the whole lab, whose order of hosts is the lab's."""

    def __init__(self, shape: Topology, parts: list[Hosts]) -> None:
        self.shape, self._parts = shape, parts
        self._of = {name: part for part in parts for name in part.shape.names}

    @property
    def lab(self) -> str:
        return self._parts[0].lab

    @property
    def version(self) -> str:
        return next((part.version for part in self._parts if part.version), "")

    @property
    def created(self) -> float:
        return self._parts[0].created

    def run(self, host: str, text: str, timeout: float = 120.0, stdin: str | None = None) -> Ran:
        return self._of[host].run(host, text, timeout, stdin)

    def look(self, host: str) -> Sight:
        return self._of[host].look(host)

    def client(self, host: str) -> Any:
        return self._of[host].client(host)

    def socket(self, host: str) -> str:
        return self._of[host].socket(host)

    def listens(self, host: str, pid: int, port: int) -> bool:
        return self._of[host].listens(host, pid, port)

    def spots(self, host: str, pids: dict[str, int]) -> dict[Where, str] | None:
        return self._of[host].spots(host, pids)

    def missing(self) -> list[str]:
        return [name for part in self._parts for name in part.missing()]

    def heal(self) -> list[str]:
        return [name for part in self._parts for name in part.heal()]

    def renew(self) -> None:
        self._each(lambda part: part.renew())

    def keep(self) -> None:
        self._each(lambda part: part.keep())

    def down(self) -> None:
        self._each(lambda part: part.down())

    def _each(self, work: Callable[[Hosts], None]) -> None:
        """Those that are there first: what can't be done for them isn't done for the others."""
        for part in reversed(self._parts):
            work(part)
