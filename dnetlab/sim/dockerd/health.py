"""Health checks: a command that the daemon runs in a container from time to time, and what it makes of the answers.

Moby daemon/health.go; recorded from 20.10.24, 26.1.5 and 28.5.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dnetlab.model import Container, ContainerState
from dnetlab.model.changed import quick, replace
from dnetlab.sim.clock import rfc3339
from dnetlab.sim.context import Result
from dnetlab.sim.dockerd import books, happenings
from dnetlab.sim.dockerd.environment import context_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.faults import Apart
from dnetlab.sim.shell import run_command
from dnetlab.sim.world import World

Json = dict[str, Any]
STARTING, HEALTHY, UNHEALTHY = "starting", "healthy", "unhealthy"
INTERVAL, START_INTERVAL, RETRIES, KEPT, MOST = 30.0, 5.0, 3, 5, 50


@quick
@dataclass(frozen=True)
class Probe:
    """One answer of the check."""

    start: float
    end: float
    exit_code: int
    output: str


@quick
@dataclass(frozen=True)
class Health:
    """How a container is. due: the clock of the next check."""

    status: str = STARTING
    streak: int = 0
    log: tuple[Probe, ...] = ()
    due: float = 0.0


def check(settings: Mapping[str, Any]) -> None:
    """Raises ApiError for what the daemon refuses (moby daemon/container.go validateHealthCheck)."""
    for field in ("Interval", "Timeout", "StartPeriod", "StartInterval"):
        if 0 != (settings.get(field) or 0) < 1_000_000:
            raise ApiError(f"{field} in Healthcheck cannot be less than 1ms", 400)
    if (settings.get("Retries") or 0) < 0:
        raise ApiError("Retries in Healthcheck cannot be negative", 400)


def command_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The words of the check; () where there is none."""
    test = list(settings.get("Test") or ())
    if not test or test[0] == "NONE":
        return ()
    return ("/bin/sh", "-c", *test[1:]) if test[0] == "CMD-SHELL" else tuple(test[1:])


def seconds(settings: Mapping[str, Any], field: str, usual: float) -> float:
    return float(settings.get(field) or 0) / 1e9 or usual


def begin(world: World, host: str, container_id: str) -> None:
    """A container has started: its first check comes after an interval."""
    settings = dict(books.spec(world, host, container_id).config.health or ())
    fresh = Health(due=world.clock + _pause(world, settings, STARTING, 0.0)) if command_of(settings) else None
    books.change_spec(world, host, container_id, health=fresh)


def begin_again(world: World, host: str, container_id: str) -> None:
    """A new daemon watches over a container that outlived the last one (moby daemon/health.go, initHealthMonitor)."""
    spec = books.spec(world, host, container_id)
    if spec.health is None:
        return
    status = STARTING if books.release_of(world).restarts_health else spec.health.status
    due = world.clock + _pause(world, dict(spec.config.health or ()), status, 0.0)
    books.change_spec(world, host, container_id, health=replace(spec.health, status=status, streak=0, due=due))


def _pause(world: World, settings: Mapping[str, Any], status: str, age: float) -> float:
    """Seconds until the next check: while it starts there are more of them (moby daemon/health.go, monitor)."""
    early = status == STARTING and age < seconds(settings, "StartPeriod", 0.0)
    if early and books.release_of(world).start_interval:
        return seconds(settings, "StartInterval", START_INTERVAL)
    return seconds(settings, "Interval", INTERVAL)


def keep_watch(world: World, apart: Apart) -> None:
    """The checks that were due by now, each at its time."""
    for host, daemon in list(world.daemons.items()):
        if not daemon.running or not daemon.waiting:
            continue
        for container_id, spec in list(daemon.containers.items()):
            if spec.health is not None and spec.health.due < world.clock:
                apart(world, host, container_id, partial(_catch_up, world, host, container_id))


def _catch_up(world: World, host: str, container_id: str) -> None:
    now = world.clock
    for _ in range(MOST):
        container = books.by_id(world, host, container_id)
        spec = books.spec(world, host, container_id) if container else None
        if container is None or spec is None or spec.health is None or spec.health.due > now:
            break
        if container.state is not ContainerState.RUNNING:
            break
        world.clock = spec.health.due
        books.change_spec(world, host, container_id, health=replace(spec.health, due=now + 1e9))
        _probe(world, host, container, spec.health)
    world.clock = now
    spec = books.daemon(world, host).containers.get(container_id)
    if spec is not None and spec.health is not None and spec.health.due <= now:
        late = replace(spec.health, due=now + seconds(dict(spec.config.health or ()), "Interval", INTERVAL))
        books.change_spec(world, host, container_id, health=late)


def _probe(world: World, host: str, container: Container, before: Health) -> None:
    settings: dict[str, Any] = dict(books.spec(world, host, container.id).config.health or ())
    words, started = command_of(settings), world.clock
    tell = {"execID": world.hex_id(f"exec:{host}")}
    for action in ("exec_create", "exec_start"):
        happenings.of_container(world, host, container, f"{action}: {words[0]} {' '.join(words[1:])}", **tell)
    result = _run(world, host, container, words, started + seconds(settings, "Timeout", INTERVAL))
    happenings.of_container(world, host, container, "exec_die", exitCode=str(result.exit_code), **tell)
    probe = Probe(started, world.clock, result.exit_code, (result.stdout + result.stderr)[:4096])
    begun = container.started or 0.0
    patient = before.status == STARTING and started - begun < seconds(settings, "StartPeriod", 0.0)
    after = _judged(before, probe, int(settings.get("Retries") or RETRIES), patient)
    due = max(world.clock, started) + _pause(world, settings, after.status, world.clock - begun)
    if books.by_id(world, host, container.id) is None:
        return
    books.change_spec(world, host, container.id, health=replace(after, due=due))
    if after.status != before.status:
        happenings.of_container(world, host, container, f"health_status: {after.status}")


def _run(world: World, host: str, container: Container, words: tuple[str, ...], until: float) -> Result:
    context = replace(context_of(world, host, container.id, tty=False), tty=False)
    result = run_command(context, words)
    if world.clock <= until:
        return result
    world.clock = until
    return Result("Health check exceeded timeout", "", -1)


def _judged(before: Health, probe: Probe, retries: int, patient: bool) -> Health:
    log = (*before.log, probe)[-KEPT:]
    if probe.exit_code == 0:
        return replace(before, status=HEALTHY, streak=0, log=log)
    if patient:
        return replace(before, log=log)
    streak = before.streak + 1
    status = UNHEALTHY if streak >= retries else before.status
    return replace(before, status=status, streak=streak, log=log)


def as_json(health: Health, container_id: str) -> Json:
    """`.State.Health`"""
    rows = [{"Start": rfc3339(p.start, container_id), "End": rfc3339(p.end, container_id + "e"),
             "ExitCode": p.exit_code, "Output": p.output} for p in health.log]  # fmt: skip
    return {"Status": health.status, "FailingStreak": health.streak, "Log": rows}
