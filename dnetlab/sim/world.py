"""The simulated world between two commands: hosts as frozen values, and what only their daemons know.

`apply` copies the world, changes the copy and returns it, so every older world stays as it was: undo and checkpoints
are just keeping one. The copy is cheap because everything inside is frozen and shared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dnetlab.model import Host, Interface, Namespace, Output, Snapshot, Topology, Where, default_topology
from dnetlab.model.changed import quick, replace
from dnetlab.model.layers import Layers
from dnetlab.model.owned import Owned
from dnetlab.model.releases import DEFAULT_RELEASE

if TYPE_CHECKING:
    from dnetlab.sim.context import Tool
    from dnetlab.sim.jobs import Job, Starting
    from dnetlab.sim.userland.sh.state import Shell

FileKey = tuple[str, str, str]  # host, container id or '', path


@quick
@dataclass(frozen=True)
class Terminal:
    """An open `docker run -it` or `docker exec -it`: lines at `/ #` go to this container until `exit`.

    main is True when the shell is the container's own process (run), so that `exit` ends the container.
    environment: the variables it was opened with ('NAME=value', …); a running shell never hears of later ones.
    shell: what the shell remembers of the lines typed so far, None before the first.
    privileged: opened with `docker exec --privileged`.
    user: of `docker exec -u`, '' for the container's own.
    session: '' for the lab's own; else a client of the daemon opened it, and only that client's lines go there.
    """

    host: str
    container: str  # full id
    main: bool
    directory: str = "/"
    environment: tuple[str, ...] = ()
    shell: Shell | None = None
    privileged: bool = False
    user: str = ""
    session: str = ""


@quick
@dataclass
class World:
    """hosts are frozen and replaced whole; daemons[host] is the private state of that host's dockerd (frozen too).

    swarms    id -> what the managers of that swarm know (dockerd/cluster)
    clock     seconds since the lab began; each command moves it on
    counters  one number per kind of identity already given out; with the seed it makes ids, MACs and ports repeatable
    files     contents that students can read or that the daemon writes: (host, container id or '', path) -> text;
              a path that ends with a slash is a directory that somebody made
    links     symbolic links, by the same keys -> where they point
    modes     permissions that somebody changed, by the same keys
    owners    uid and gid of what isn't root's, by the same keys (of a directory without the slash)
    shells    host -> what the shell at its prompt remembers (never changed: each line works on a copy)
    topology  the lab's shape, which never changes
    tools     name -> what answers to it at a prompt: handed over when the world is made, because the daemon starts
              programs that call tools, and tools call the daemon
    jobs      what runs beside the lines of a cell; starting: one is being started (sim/jobs.py); late: what those
              that have ended had to say, with the lines that started them
    made      image id -> the recipe of an image that was built, committed, imported or loaded in this lab
    logs      (host, container id) -> what its programs printed, as (stream, text, clock); see programs/logs.py
    """

    hosts: dict[str, Host] = field(default_factory=dict)
    daemons: dict[str, Any] = field(default_factory=dict)
    swarms: dict[str, Any] = field(default_factory=dict)
    release: str = DEFAULT_RELEASE
    seed: int = 0
    clock: float = 0.0
    counters: dict[str, int] = field(default_factory=dict)
    files: Owned[str] = field(default_factory=Owned)
    links: Owned[str] = field(default_factory=Owned)
    modes: Owned[int] = field(default_factory=Owned)
    owners: Owned[tuple[int, int]] = field(default_factory=Owned)
    shells: dict[str, Shell] = field(default_factory=dict)
    logs: Layers[tuple[str, str], tuple[tuple[str, str, float], ...]] = field(default_factory=Layers)
    made: dict[str, Any] = field(default_factory=dict)
    terminals: tuple[Terminal, ...] = ()
    jobs: tuple[Job, ...] = ()
    starting: Starting | None = None
    late: tuple[Output, ...] = ()
    topology: Topology = field(default_factory=default_topology)
    tools: Mapping[str, Tool] = field(default_factory=dict)

    def copy(self) -> World:
        return replace(
            self,
            hosts=dict(self.hosts),
            daemons=dict(self.daemons),
            swarms=dict(self.swarms),
            counters=dict(self.counters),
            files=self.files.copy(),
            links=self.links.copy(),
            modes=self.modes.copy(),
            owners=self.owners.copy(),
            made=dict(self.made),
            shells=dict(self.shells),
            logs=self.logs.copy(),
        )

    def snapshot(self) -> Snapshot:
        return Snapshot(dict(self.hosts), "sim", self.release, self.clock, self.topology)

    def adopt(self, snapshot: Snapshot) -> None:
        """Take over what packets left behind (`Exchange.after`): counters, connections, neighbours, learned MACs."""
        self.hosts = dict(snapshot.hosts)

    def forget_files(self, host: str, container: str) -> None:
        """A container is gone, and its files with it."""
        books: tuple[Owned[Any], ...] = (self.files, self.links, self.modes, self.owners)
        for book in books:
            book.drop(host, container)

    # -- identity -----------------------------------------------------------------------------------------------

    def count(self, kind: str, first: int = 0) -> int:
        """The next number of its kind: first, first + 1, …"""
        number = self.counters.get(kind, first)
        self.counters[kind] = number + 1
        return number

    def hex_id(self, kind: str, digits: int = 64) -> str:
        """A new id of its kind, derived from the seed: the same script gives the same ids."""
        number = self.count(f"id:{kind}")
        text = hashlib.sha256(f"{self.seed}:{kind}:{number}".encode()).hexdigest()
        if text[:12].isdecimal():  # docker never gives an id whose short form is a number (moby stringid)
            text = "a" + text[1:]
        return text[:digits]

    def random_mac(self, kind: str) -> str:
        """A locally administered unicast MAC, derived from the seed."""
        raw = bytearray.fromhex(self.hex_id(f"mac:{kind}", 12))
        raw[0] = (raw[0] & 0xFC) | 0x02
        return raw.hex(":")

    # -- replacing values ---------------------------------------------------------------------------------------

    def put_host(self, host: Host) -> None:
        self.hosts[host.name] = host

    def change_host(self, name: str, **changes: Any) -> Host:
        """Replace fields of a host and return the new one."""
        self.hosts[name] = replace(self.hosts[name], **changes)
        return self.hosts[name]

    def namespace(self, where: Where) -> Namespace:
        return self.hosts[where.host].namespaces[where.namespace]

    def put_namespace(self, where: Where, namespace: Namespace) -> None:
        """Add or replace the namespace there."""
        self.put_host(self.hosts[where.host].with_namespace(where.namespace, namespace))

    def drop_namespace(self, where: Where) -> None:
        self.put_host(self.hosts[where.host].without_namespace(where.namespace))

    def change_namespace(self, where: Where, change: Callable[[Namespace], Namespace]) -> None:
        """world.change_namespace(Where('docker1'), lambda ns: replace(ns, routes=…))"""
        host = self.hosts[where.host]
        self.hosts[where.host] = host.with_namespace(where.namespace, change(host.namespaces[where.namespace]))

    def put_interface(self, where: Where, interface: Interface) -> None:
        self.change_namespace(where, lambda ns: ns.with_interface(interface))
