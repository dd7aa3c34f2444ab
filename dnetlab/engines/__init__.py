"""The only door to the world: an engine runs a line and shows a snapshot. Two engines need an `if`, no registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from dnetlab.model import Crossing, Line, Output, Packet, Snapshot, Topology, Where
from dnetlab.model.ip import IpAddress
from dnetlab.model.releases import DEFAULT_RELEASE

if TYPE_CHECKING:
    from dnetlab.engines.daemons import Daemons


class Engine(Protocol):
    """run    one line, for real or simulated; a failing command is an Output, a refused one has `refused`
    snapshot  the world now
    reset     the lab as it was at first, with this seed where there is chance
    close     end what was started; safe to call twice

    An engine that can't do what a method asks raises NotHere, with a sentence.
    """

    name: str
    release: str
    shape: Topology

    def run(self, line: Line) -> Output: ...

    def reap(self, everything: bool) -> list[Output]:
        """What ran beside the lines (`tcpdump … &`) and is over, or with `everything` all of it, which ends then.

        Each Output is of the line that started it, and holds what was said since.
        """
        ...

    def snapshot(self) -> Snapshot: ...

    def prompt(self, host: str) -> str:
        """What stands in front of the next unprompted line typed for that host: '[root@docker1 ~]# ' or '/ # '."""
        ...

    def terminal(self, host: str) -> str | None:
        """The name of the container whose terminal takes the unprompted lines typed for that host; None: the host."""
        ...

    def lookup(self, snapshot: Snapshot, where: Where, name: str) -> IpAddress | None:
        """What a program in that place gets for a name; None for "bad address". Nothing changes."""
        ...

    def checkpoint(self) -> object:
        """A mark of the world as it is now, which only `restore` looks into."""
        ...

    def restore(self, mark: object) -> None:
        """The world is as it was at that mark."""
        ...

    def capture(self, snapshot: Snapshot, where: Where, packet: Packet) -> tuple[Crossing, ...]:
        """Send a packet from that place: what crossed which interface of the lab, in order of time."""
        ...

    def lacks(self, feature: str) -> bool:
        """Whether the hosts' kernel is without it: one of `model.lesson.FEATURES`."""
        ...

    def file(self, host: str, path: str) -> bytes:
        """A file of a host. FileNotFoundError when there is none."""
        ...

    def daemons(self) -> Daemons:
        """The hosts' daemons as clients of their API reach them. NotHere where they have sockets of their own."""
        ...

    def sockets(self) -> dict[str, str]:
        """host -> the path of its own dockerd's socket, as this process can open it; {} where `daemons` answers.

        NotHere for a host that can't be reached so.
        """
        ...

    def reset(self, seed: int) -> None: ...

    def close(self) -> None: ...


def open_engine(
    name: str = "sim", release: str | None = None, seed: int = 0, progress: Callable[[str], None] | None = None,
    topology: Topology | None = None, attach: str | None = None,
) -> Engine:  # fmt: skip
    """'sim' or 'docker'. Raises UsageError for another name or release, EngineError when it can't start.

    topology is the lab's shape, None the default lab's. attach names real hosts that `dnetlab up` left standing, to be
    used as they are and left so; without it real hosts are made anew, and removed by close.

    progress is called with a sentence for each step while real hosts come up.
    """
    from dnetlab.errors import UsageError

    if name == "sim":
        if attach is not None:
            raise UsageError("only real hosts can be attached to", hint="Say so: --engine docker.")
        from dnetlab.engines.simulator import Simulator

        return Simulator(release or DEFAULT_RELEASE, seed, topology)
    if name == "docker":
        from dnetlab.engines.docker import DockerEngine

        return DockerEngine(release, progress=progress, shape=topology, attach=attach)
    raise UsageError("no engine is called {name!r}", hint="The engines are: sim, docker.", name=name)
