"""Containers that outlive their daemon ("live-restore"): what ends when dockerd goes, and how the next one takes over.

While no daemon is there its docker-proxies and its resolver are gone, all else stands: programs, interfaces, rules.
Observed on 20.10.24, 26.1.5 and 28.5.2 (tests/recordings/*/pair_live_restore.jsonl); 29.7.2 by its source, where
daemon/daemon.go (restore, Shutdown) is as 28.5.2's.
"""

from __future__ import annotations

from dnetlab.model import Container, ContainerState, Where
from dnetlab.model.changed import replace
from dnetlab.sim import processes
from dnetlab.sim.dockerd import answering, books, endpoints, health, ipam, lifecycle, resolver
from dnetlab.sim.dockerd.books import change_daemon, daemon, release_of
from dnetlab.sim.dockerd.drivers.table import driver_of
from dnetlab.sim.dockerd.happenings import Event
from dnetlab.sim.dockerd.ports import PROXY
from dnetlab.sim.world import World

FORGOTTEN = 255  # the code of a container of which the daemon knows only that it has ended


def lives_on(world: World, host: str) -> bool:
    """Does a container outlive the daemon, if it goes now?"""
    return daemon(world, host).config.live_restore and bool(_running(world, host))


def _running(world: World, host: str) -> list[Container]:
    return [c for c in world.hosts[host].containers if c.is_running or c.state is ContainerState.RESTARTING]


def leave(world: World, host: str) -> None:
    """dockerd is gone: its proxies end with it, and nothing of it listens any more, in the containers either."""
    processes.end(world, host, [p.pid for p in world.hosts[host].processes if p.argv[:1] == (PROXY,)])
    for name, stack in world.hosts[host].namespaces.items():
        kept = tuple(s for s in stack.sockets if s.program != "dockerd")
        if len(kept) != len(stack.sockets):
            world.put_namespace(Where(host, name), replace(stack, sockets=kept))
    world.terminals = tuple(t for t in world.terminals if t.host != host or not t.container)
    change_daemon(world, host, away=True)


# -- the next daemon ------------------------------------------------------------------------------------------------


def settle(world: World, host: str) -> tuple[Event, ...]:
    """The first that a new daemon does: what ended meanwhile is written off; without live-restore all the others are
    ended. What it tells of that."""
    change_daemon(world, host, away=False)
    for container in _running(world, host):
        if books.spec(world, host, container.id).unseen is not None or not container.is_running:
            _write_off(world, host, container)
    if not release_of(world).keeps_removable:
        for container in _running(world, host):
            if books.spec(world, host, container.id).config.auto_remove:
                lifecycle.remove(world, host, container.id, force=True, volumes=True)
    change_daemon(world, host, events=())
    if not daemon(world, host).config.live_restore:
        lifecycle.containers_of_daemon_stopping(world, host, told=True)
    return tuple(event for event in daemon(world, host).events if event.kind == "container")


def _write_off(world: World, host: str, container: Container) -> None:
    processes.end(world, host, [p.pid for p in world.hosts[host].processes if container.id in p.argv])
    endpoints.close_sandbox(world, host, container.id)
    spec = books.spec(world, host, container.id)
    forgotten = spec.unseen is None or release_of(world).forgets_unseen_ends
    books.change(
        world, host, container.id, state=ContainerState.EXITED, pid=None,
        exit_code=FORGOTTEN if forgotten else spec.unseen,
        finished=world.clock if forgotten else container.finished,
    )  # fmt: skip
    books.change_spec(world, host, container.id, unseen=None, restart_at=None, health=None)
    if spec.config.auto_remove:
        lifecycle.remove(world, host, container.id, force=True, volumes=True)


def take_over(world: World, host: str) -> None:
    """The networks stand again: addresses, rules, ports and resolvers of the containers that live on, as they were."""
    for container in _running(world, host):
        for endpoint in container.endpoints:
            network = books.network_by_id(world, host, endpoint.network_id)
            if network is None or not endpoint.is_placed:
                continue
            for address in endpoint.addresses:
                ipam.request_address(world, host, network, address, address.version)
            bound = daemon(world, host).published.get(endpoint.endpoint_id)
            driver_of(network).restore_endpoint(world, host, endpoint, network, bound[1] if bound else ())
        _answer_again(world, host, container)
        health.begin_again(world, host, container.id)


def _answer_again(world: World, host: str, container: Container) -> None:
    where = Where(host, container.short_id)
    named = any(e.is_placed and e.network != "bridge" for e in container.endpoints)
    if named and container.namespace == container.short_id and not resolver.answers_here(world, where):
        answering.answer_names(world, where)
