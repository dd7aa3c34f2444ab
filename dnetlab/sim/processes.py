"""Processes of a lab host: what `ps` lists, and what a signal does to each of them.

The host sees every process, those of containers too; inside a container the same processes are counted from 1.
"""

from __future__ import annotations

import signal as signals
from collections.abc import Iterable
from itertools import takewhile

from dnetlab.model import Process, Socket, Where
from dnetlab.model.changed import replace
from dnetlab.model.rows import with_row, without_rows
from dnetlab.net.routing import is_local
from dnetlab.sim.world import World

FIRST_PID = 1101
SIGNALS = {name.removeprefix("SIG"): int(value) for name, value in vars(signals).items()
           if name.startswith("SIG") and not name.startswith("SIG_") and isinstance(value, int)}  # fmt: skip


def spawn(
    world: World,
    where: Where,
    argv: Iterable[str],
    *,
    ppid: int = 1,
    container: str | None = None,
    user: str = "",
    pid: int | None = None,
) -> int:
    """Start a process; its pid. container: the full id of the container it belongs to, None for the host's own.
    user: as the host names it, '' for its parent's in a container."""
    host = where.host
    parent = find(world, host, ppid) if container and not user else None
    user = user or (parent.user if parent is not None else "root")
    pid = pid or world.count(f"pid:{host}", FIRST_PID)
    _put_last(world, host, Process(pid, ppid, tuple(argv), where.namespace, container, user, world.clock))
    return pid


def _put_last(world: World, host: str, process: Process) -> None:
    rows = world.hosts[host].processes
    world.change_host(host, processes=with_row(rows, len(rows), process))


def find(world: World, host: str, pid: int) -> Process | None:
    """The process with that pid on the host, None when there is none."""
    return next((p for p in reversed(world.hosts[host].processes) if p.pid == pid), None)


def leave_zombie(world: World, host: str, process: Process) -> None:
    """The process has ended and its parent has not asked: it holds nothing any more, but keeps its row and its place
    (a container's own rows are looked for from the end, as long as none is older than its first)."""
    place = world.hosts[host].processes.index(process)
    end(world, host, [process.pid])
    rows = with_row(world.hosts[host].processes, place, replace(process, zombie=True))
    world.change_host(host, processes=rows)


def end(world: World, host: str, pids: Iterable[int]) -> None:
    """The processes are gone, and their sockets with them; no other consequence."""
    gone = set(pids)
    if not gone:
        return
    rows = world.hosts[host].processes
    places = [at for at, p in enumerate(rows) if p.pid in gone]
    spaces = {rows[at].namespace for at in places}
    world.change_host(host, processes=without_rows(rows, places))
    for name in spaces & set(world.hosts[host].namespaces):
        stack = world.namespace(Where(host, name))
        closed = [at for at, s in enumerate(stack.sockets) if s.pid in gone]
        if closed:
            world.put_namespace(Where(host, name), replace(stack, sockets=without_rows(stack.sockets, closed)))


def listen(world: World, where: Where, sockets: Iterable[Socket]) -> None:
    """Open sockets in a namespace; ask `is_taken` first."""
    world.put_namespace(where, world.namespace(where).with_sockets(sockets))


def is_taken(world: World, where: Where, wanted: Socket) -> bool:
    """Would bind() say "Address already in use"? An any-address socket meets every other one of its port and family."""
    return clashes(on_port(world, where, wanted.local_port), wanted)


def why_not_bound(world: World, where: Where, wanted: Socket) -> str:
    """What bind() complains of, '' when all is well."""
    if is_taken(world, where, wanted):
        return "Address already in use"
    local = wanted.local_address
    if local.is_unspecified or is_local(world.namespace(where), local):
        return ""
    return "Cannot assign requested address"


def on_port(world: World, where: Where, port: int) -> list[Socket]:
    """The sockets of that local port, whatever their protocol and address."""
    return world.namespace(where).sockets_on.get(port, [])


def clashes(sockets: Iterable[Socket], wanted: Socket) -> bool:
    """Does one of these sockets of the same port stand in the way of a bind()?"""
    for other in sockets:
        if other.protocol is not wanted.protocol or other.remote_address is not None:
            continue
        if _overlap(wanted, other) or _overlap(other, wanted):
            return True
    return False


def _overlap(wide: Socket, narrow: Socket) -> bool:
    if wide.local_address == narrow.local_address:
        return True
    if not wide.local_address.is_unspecified:
        return False
    same_family = wide.local_address.version == narrow.local_address.version
    both = wide.local_address.version == 6 and not wide.v6only
    return same_family or (both and narrow.local_address.version == 4)


# -- what ps shows ------------------------------------------------------------------------------------------------


def host_rows(world: World, host: str) -> list[Process]:
    """Every process of the host in the order of pids, containers' too."""
    return sorted(world.hosts[host].processes, key=lambda p: p.pid)


def container_rows(world: World, host: str, container_id: str) -> list[tuple[int, Process]]:
    """(pid inside, process) of a container, its first process as 1; empty when it doesn't run."""
    machine = world.hosts[host]
    first = next((c.pid for c in machine.containers if c.id == container_id), None)
    if first is None:
        return []
    since = takewhile(lambda p: p.pid >= first, reversed(machine.processes))  # nothing older is its own
    rows = sorted((p for p in since if p.container == container_id), key=lambda p: p.pid)
    return [(6 + n if n else 1, p) for n, p in enumerate(rows)]  # 2 to 6 were short-lived helpers


def visible_rows(world: World, host: str, container_id: str) -> list[tuple[int, Process]]:
    """What a container sees: its own processes, with --pid also those of another container, or of the host."""
    state = world.daemons.get(host)
    spec = state.containers.get(container_id) if state else None
    mode = spec.config.pid_mode if spec else ""
    if mode == "host":
        return [(p.pid, p) for p in host_rows(world, host)]
    if mode.startswith("container:"):
        others = container_rows(world, host, mode.removeprefix("container:"))
        own = [p for _, p in container_rows(world, host, container_id)]
        return [*others, *((max(6, *(n for n, _ in others)) + n, p) for n, p in enumerate(own, 1))]
    return container_rows(world, host, container_id)


# -- signals ------------------------------------------------------------------------------------------------------


def signal_number(text: str) -> int | None:
    """'9', 'KILL', 'SIGKILL' or 'kill' -> 9; None when there is no such signal."""
    if text.isdecimal():
        return int(text) if 0 <= int(text) <= 64 else None
    return SIGNALS.get(text.upper().removeprefix("SIG"))
