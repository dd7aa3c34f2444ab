"""Where lab hosts come from: one protocol, and a file for each way to make them.

`namespaces` needs Linux and root, `containers` any Docker Engine. What neither can do is said in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from dnetlab.engines.look.netlink import Owners
from dnetlab.engines.running import Progress, Ran
from dnetlab.model import Namespace, Topology
from dnetlab.model.where import Where


@dataclass(frozen=True)
class Standing:
    """A host of a lab that is there. state: 'up', 'starting' or 'gone'; daemon: 'started', 'stopped' or '-' for none.

    kept  whether the lab outlives its maker (`dnetlab up` made it); in use otherwise
    """

    lab: str
    provider: str
    release: str
    host: str
    address: str
    daemon: str
    state: str
    kept: bool


class Sight(Protocol):
    """A lab host as it is looked at once.

    named       inode -> name of each network namespace that dockerd keeps in /run/docker/netns
    read        documents of its dockerd by their paths, None where that doesn't answer
    namespaces  the stacks of places (name, pid of a process there, whether it talks) by name; pid 0: it is one that
                dockerd keeps, by that name
    """

    host_net: int

    @property
    def named(self) -> dict[int, str]: ...

    def tasks(self, clock: Callable[[float], float]) -> list[Any]: ...

    def read(self, asked: list[str]) -> dict[str, Any] | None: ...

    def namespaces(
        self, places: list[tuple[str, int, bool]], wants_rules: Callable[[str], bool], owners: Owners
    ) -> dict[str, Namespace]: ...


class Hosts(Protocol):
    """The hosts of one lab.

    version  the release of their Docker;  created  seconds since 1970;  shape  the lab they were made from
    run      a shell text verbatim on a host;  look  a host as it is now;  client  of a host's dockerd
    socket   the path of a host's dockerd's socket as this process can open it, '' where it can't
    listens  whether a TCP socket listens there; True when that can't be told
    spots    the files of a host's namespaces (name -> pid there, 0 for one that dockerd keeps), to capture in; None
             where they can't be entered
    missing  the hosts that were ended from inside;  heal  makes those anew;  renew  makes all of them anew
    keep     lets the lab outlive this process;  down  removes it
    """

    @property
    def lab(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def created(self) -> float: ...

    @property
    def shape(self) -> Topology: ...

    def run(self, host: str, text: str, timeout: float = 120.0, stdin: str | None = None) -> Ran: ...

    def look(self, host: str) -> Sight: ...

    def client(self, host: str) -> Any: ...

    def socket(self, host: str) -> str: ...

    def listens(self, host: str, pid: int, port: int) -> bool: ...

    def spots(self, host: str, pids: dict[str, int]) -> dict[Where, str] | None: ...

    def missing(self) -> list[str]: ...

    def heal(self) -> list[str]: ...

    def renew(self) -> None: ...

    def keep(self) -> None: ...

    def down(self) -> None: ...


class HostProvider(Protocol):
    """A way to get lab hosts.

    why_not  why it can't be used here, '' when it can;  offer  what it takes, when it can
    up       makes a lab of that shape and name; on any failure all of it is removed again
    attach   the hosts of a lab that stands;  standing  what stands, a row per host
    down     removes a lab;  sweep  removes what crashed labs left behind, and names them
    """

    @property
    def name(self) -> str: ...

    def why_not(self) -> str: ...

    def offer(self) -> str: ...

    def up(self, shape: Topology, release: str | None, lab: str, progress: Progress | None) -> Hosts: ...

    def attach(self, lab: str) -> Hosts: ...

    def standing(self) -> list[Standing]: ...

    def down(self, lab: str) -> None: ...

    def sweep(self, progress: Progress | None) -> list[str]: ...
