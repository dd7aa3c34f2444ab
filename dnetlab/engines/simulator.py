"""The embedded engine: pure Python, the same answer every time, and every older world still there for undo."""

from __future__ import annotations

from dnetlab.engines.daemons import Daemons
from dnetlab.errors import NotHere
from dnetlab.model import Crossing, Line, Output, Packet, Snapshot, Topology, Where, default_topology
from dnetlab.model.ip import IpAddress
from dnetlab.model.releases import DEFAULT_RELEASE
from dnetlab.sim.apply import apply, name_of, open_terminal, prompt_of, reap
from dnetlab.sim.context import Context
from dnetlab.sim.dockerd.resolver import resolve
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.userland.seam import absolute
from dnetlab.sim.world import World

PCAP = "\xd4\xc3\xb2\xa1"  # how a capture begins; its bytes are kept as characters of the same numbers


class Simulator:
    """release: one of RELEASES, UsageError for another; topology: None for the default lab.

    The same seed and lines give the same output, byte for byte.
    """

    name = "sim"

    def __init__(
        self, release: str = DEFAULT_RELEASE, seed: int = 0, topology: Topology | None = None
    ) -> None:
        from dnetlab.sim.lab import new_world

        self.release = release
        self.seed = seed
        self.shape = topology or default_topology()
        self.world: World = new_world(release, seed, topology)

    def run(self, line: Line) -> Output:
        self.world, output = apply(self.world, line)
        return output

    def reap(self, everything: bool) -> list[Output]:
        self.world, outputs = reap(self.world, everything)
        return outputs

    def snapshot(self) -> Snapshot:
        return self.world.snapshot()

    def prompt(self, host: str) -> str:
        return prompt_of(self.world, host, open_terminal(self.world, host))

    def terminal(self, host: str) -> str | None:
        found = open_terminal(self.world, host)
        return name_of(self.world, found) if found else None

    def lookup(self, snapshot: Snapshot, where: Where, name: str) -> IpAddress | None:
        from dnetlab.explain.asking import owner_of

        owner = owner_of(snapshot, where)
        found = resolve(self.world.copy(), where, owner.id if owner else None, name)
        return found[0] if found else None

    def checkpoint(self) -> object:
        return self.world  # `apply` leaves it as it is

    def restore(self, mark: object) -> None:
        assert isinstance(mark, World)
        self.world = mark

    def capture(self, snapshot: Snapshot, where: Where, packet: Packet) -> tuple[Crossing, ...]:
        raise NotHere("nothing is sent on the simulator: a packet's journey is the telling itself")

    def lacks(self, feature: str) -> bool:
        return False

    def file(self, host: str, path: str) -> bytes:
        context = Context(self.world, host)
        try:
            text = LabFiles(context).read(absolute("/root", path))
        except OSError:
            raise FileNotFoundError(path) from None
        return text.encode("latin-1", "replace") if text.startswith(PCAP) else text.encode()

    def daemons(self) -> Daemons:
        return Daemons(self)

    def sockets(self) -> dict[str, str]:
        return {}

    def reset(self, seed: int) -> None:
        from dnetlab.sim.lab import new_world

        self.seed = seed
        self.world = new_world(self.release, self.seed, self.shape)

    def close(self) -> None:
        """Nothing to end."""
