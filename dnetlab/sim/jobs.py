"""What runs beside the lines of a cell: captures. Each tells what it saw when it has ended.

A tool that can run so asks `begun` whether it is started with `&`. It then opens what it listens with and returns; the
job keeps its words, its place and the rest of its pipeline; once it is over, `tell` says what it saw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dnetlab.commands.shell import Pipeline
from dnetlab.model import Line, Where
from dnetlab.model.changed import replace
from dnetlab.model.frame import Capture
from dnetlab.sim import processes
from dnetlab.sim.context import Context, Result
from dnetlab.sim.userland.sh.state import Shell
from dnetlab.sim.world import World

Tell = Callable[[Context, tuple[str, ...], Capture, bool], Result]  # True: it was interrupted
Full = Callable[[Context, tuple[str, ...], Capture], bool]


@dataclass(frozen=True)
class Job:
    """A capture that runs.

    place  where its tool was started, with an empty world;  line: where it was typed;  slot: it is `%1` and so on
    tell, full: of its tool; what it says in the end, and whether it has all it wanted
    """

    number: int
    pid: int
    place: Context
    argv: tuple[str, ...]
    tell: Tell
    full: Full
    pipeline: Pipeline | None = None
    shell: Shell | None = None
    line: Line | None = None
    slot: int = 1

    @property
    def where(self) -> Where:
        return self.place.where


@dataclass
class Starting:
    """A line with `&` is being started; job: what came of it."""

    job: Job | None = field(default=None)


def begun(
    context: Context, argv: tuple[str, ...], capture: Capture, tell: Tell, full: Full, stdin: str | None = None
) -> bool:
    """Was the tool started with `&`? Then its capture (number 0 until now) is open, and it has nothing to say yet.

    stdin: what it has been given to read, kept in its place.
    """
    world = context.world
    if not isinstance(world.starting, Starting):
        return False
    number = world.count("capture", 1)
    space = world.namespace(context.where)
    world.put_namespace(context.where, replace(space, captures=(*space.captures, replace(capture, number=number))))
    pid = processes.spawn(world, context.where, argv, container=context.container)
    place = replace(context, world=World(), budget=None, input=None, stdin=stdin)
    slot = 1 + max((job.slot for job in world.jobs if job.where.host == context.host), default=0)
    world.starting.job = Job(number, pid, place, argv, tell, full, slot=slot)
    return True


def capture_of(world: World, job: Job) -> Capture | None:
    """None when its namespace is gone."""
    host = world.hosts.get(job.where.host)
    space = host.namespaces.get(job.where.namespace) if host else None
    return next((c for c in space.captures if c.number == job.number), None) if space else None


def is_over(world: World, job: Job) -> bool:
    """Has it all it wanted, was it killed, or did its namespace go?"""
    capture = capture_of(world, job)
    if capture is None or is_killed(world, job):
        return True
    if world.clock >= job.place.deadline:
        return True
    return job.full(replace(job.place, world=world), job.argv, capture)


def is_killed(world: World, job: Job) -> bool:
    return capture_of(world, job) is None or processes.find(world, job.where.host, job.pid) is None


def interrupted(world: World, job: Job) -> bool:
    """Is it ended before it has all it wanted?"""
    capture = capture_of(world, job)
    return capture is None or not job.full(replace(job.place, world=world), job.argv, capture)


def end(world: World, job: Job) -> None:
    """Close its capture; its process is gone."""
    world.jobs = tuple(j for j in world.jobs if j.number != job.number)
    processes.end(world, job.where.host, [job.pid])
    if (capture := capture_of(world, job)) is not None:
        space = world.namespace(job.where)
        world.put_namespace(job.where, replace(space, captures=tuple(c for c in space.captures if c is not capture)))


def with_line(world: World, line: Line) -> None:
    """The jobs that this line has started belong to it, and what those had to say that have ended already."""
    if not (world.late or world.jobs):
        return
    if any(output.line.number == 0 for output in world.late):
        world.late = tuple(replace(o, line=line) if o.line.number == 0 else o for o in world.late)
    if any(job.line is None for job in world.jobs):
        world.jobs = tuple(replace(job, line=line) if job.line is None else job for job in world.jobs)
