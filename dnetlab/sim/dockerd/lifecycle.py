"""The life of a container: start, stop, kill, exit, restart policies, and what time and the daemon's own restart do.

    created ── start ──▶ running ── its program ends, stop, kill ──▶ exited ── start ──▶ running …
                            │  ▲                                       │
                         pause unpause                    a restart policy: restarting, then running
                            ▼  │
                          paused
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from operator import attrgetter

from dnetlab.model import Container, ContainerState, Process, Where
from dnetlab.model.changed import replace
from dnetlab.sim import processes
from dnetlab.sim.dockerd import archive, books, endpoints, faults, happenings, health, sharing
from dnetlab.sim.dockerd import volumes as storage
from dnetlab.sim.dockerd.config import ContainerSpec, RestartPolicy
from dnetlab.sim.dockerd.environment import user_of, variables
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.images import recipe_of
from dnetlab.sim.kernel import sysctls
from dnetlab.sim.processes import SIGNALS
from dnetlab.sim.programs import kinds, launch, logs
from dnetlab.sim.shell import refuse_left_out
from dnetlab.sim.user import name_on_host
from dnetlab.sim.world import World

SHIM = "/usr/bin/containerd-shim-runc-v2 -namespace moby -id {id} -address /var/run/docker/containerd/containerd.sock"
DEFAULT_STOP_TIMEOUT = 10
KILLED = 128 + SIGNALS["KILL"]


def start(world: World, host: str, reference: str) -> Container:
    """`docker start`: the network first, then the program. Starting a running one does nothing.

    Raises ApiError with everything undone; the error stays in `.State.Error`, and a `--rm` container goes.
    """
    container = books.find(world, host, reference)
    if container.state is ContainerState.PAUSED:
        raise ApiError("cannot start a paused container, try unpause instead", 409)
    if container.state is ContainerState.RUNNING:
        return container
    try:
        _bring_up(world, host, container)
    except ApiError as error:
        _note_failure(world, host, container, error)
        raise
    return books.by_id(world, host, container.id) or container


def _bring_up(world: World, host: str, container: Container) -> None:
    spec = books.spec(world, host, container.id)
    check_links(world, host, container, spec)
    user = user_of(world, host, container)
    sharing.check_start(world, host, spec.config)
    archive.make_working_directory(world, host, container)
    pids: tuple[int | None, int | None] = (None, None)
    if books.release_of(world).task_before_network:  # the task is there, not yet started, when the network is made
        pids = world.count(f"pid:{host}", processes.FIRST_PID), world.count(f"pid:{host}", processes.FIRST_PID)
    mounts_first = books.release_of(world).telling.mounts_first
    if mounts_first:
        happenings.of_mounts(world, host, container, "mount")
    endpoints.open_sandbox(world, host, container.id)
    if not mounts_first:
        happenings.of_mounts(world, host, container, "mount")
    fresh = books.by_id(world, host, container.id) or container
    problem = _runc_refuses(world, host, container, spec)
    if problem:
        endpoints.close_sandbox(world, host, container.id)
        raise ApiError(problem, 400)
    where = Where(host, fresh.namespace or "host")
    shim = processes.spawn(world, Where(host), SHIM.format(id=container.id).split(), pid=pids[0])
    pid = processes.spawn(
        world, where, kinds.process_title(spec.config), ppid=shim, container=container.id, pid=pids[1],
        user=name_on_host(user.uid),
    )
    books.change(world, host, container.id, state=ContainerState.RUNNING, pid=pid, started=world.clock, exit_code=0)
    books.change_spec(
        world, host, container.id, error="", has_run=True, restart_at=None, ends_at=None, stopped_by_user=False,
        half_attached=False,
    )  # fmt: skip
    _note_environment(world, host, container.id)
    outcome = launch.launch(world, host, container.id)
    happenings.of_container(world, host, container, "start")
    health.begin(world, host, container.id)
    if outcome.exit_code is None:
        return
    if outcome.after <= 0:
        exited(world, host, container.id, outcome.exit_code)
    else:
        books.change_spec(
            world, host, container.id, ends_at=world.clock + outcome.after, exit_when_ended=outcome.exit_code
        )


_OF_LINK = re.compile(r"net\.ipv[46]\.conf\.(?!(all|default|lo)\.)")


def _runc_refuses(world: World, host: str, container: Container, spec: ContainerSpec) -> str:
    """Why runc can't make the container, in the daemon's words; '' when it can. Observed on 26.1.5 and 28.5.2."""
    ours = [name for name in spec.config.sysctls if name.startswith("net.")]
    if spec.config.network_mode == "host" and ours:
        return books.release_of(world).text("sysctl of host", name=min(ours))
    space = world.namespace(Where(host, container.namespace or "host"))
    unknown = next((name for name in ours if not _OF_LINK.match(name) and sysctls.lacks(space, name)), "")
    if unknown:
        release = books.release_of(world)
        problem = release.text("no sysctl", name=unknown, path=unknown.replace(".", "/"))
        return release.text("create failed", problem=problem)
    wrong = next((name for name in ours if sysctls.refuses(space, name, spec.config.sysctls[name])), "")
    if wrong:
        release, value = books.release_of(world), spec.config.sysctls[wrong]
        problem = release.text("bad sysctl", name=wrong, value=value, path=wrong.replace(".", "/"))
        return release.text("create failed", problem=problem)
    missing = kinds.missing(world, spec.config, spec.image_id)
    if missing is None:
        return ""
    if "/" not in missing.word:
        refuse_left_out(recipe_of(world, spec.image_id).userland, missing.word)
    return kinds.runc_error(world, missing)


def _note_environment(world: World, host: str, container_id: str) -> None:
    """Process 1 keeps the variables it was started with; `cat /proc/1/environ` shows them."""
    pairs = variables(world, host, container_id)
    world.files[host, container_id, "/proc/1/environ"] = "".join(f"{pair}\0" for pair in pairs)


def _note_failure(world: World, host: str, container: Container, error: ApiError) -> None:
    if books.by_id(world, host, container.id) is None:
        return
    half = len(container.endpoints) > 1 and container.endpoint("bridge") is not None
    half = half and not books.release_of(world).validates_config  # 20.10 begins with the default network
    spec = books.change_spec(
        world, host, container.id, error=error.message, restart_at=None, half_attached=half
    )
    code = kinds.start_failure_code(error.message)
    if code == 128 and container.exit_code:  # only a zero is made 128 (moby daemon/start.go; observed on 20.10.24)
        code = container.exit_code
    keep = ContainerState.EXITED if spec.has_run else ContainerState.CREATED
    books.change(world, host, container.id, state=keep, exit_code=code, pid=None)
    if spec.config.auto_remove:
        remove(world, host, container.id, force=True, volumes=True)


def check_links(world: World, host: str, container: Container, spec: ContainerSpec, plugged: bool = False) -> None:
    """A link of the default bridge needs its other end running (moby daemon/container_operations_unix.go).

    plugged: and on the default bridge itself, as for the variables of `docker exec` (observed on 20.10.24, 28.5.2)."""
    if spec.config.network_mode not in ("default", "bridge"):
        return
    for other, alias in spec.config.links:
        found = world.hosts[host].container(other)
        if found is None or not found.is_running:
            name = books.name_of_link(world, host, other)
            raise ApiError(
                f"Cannot link to a non running container: /{name} AS /{container.name}/{alias}", 409
            )
        if plugged and found.endpoint("bridge") is None:
            raise ApiError(f"container {found.id} not attached to default bridge network", 500)


# -- the end ------------------------------------------------------------------------------------------------------


def exited(world: World, host: str, container_id: str, code: int, stopped: bool = False) -> None:
    """Process 1 has ended: the network goes, the policy decides whether it comes back, --rm removes it.

    stopped: by `docker stop`, which is told, too.
    """
    container = books.by_id(world, host, container_id)
    if container is None or not container.is_running:
        return
    if books.daemon(world, host).away:
        _ended_unseen(world, host, container, code)
        return
    _tear_down(world, host, container, code, stopped)
    spec = books.spec(world, host, container_id)
    if _comes_back(spec, code):
        ran = world.clock - (container.started or 0.0)
        step = 0 if ran >= 10 else spec.restart_count
        delay = min(0.1 * 2**step, 60.0)  # moby restartmanager: 100 ms, doubled each time, a minute at most
        books.change(world, host, container_id, state=ContainerState.RESTARTING)
        count = spec.restart_count + 1
        books.change_spec(world, host, container_id, restart_at=world.clock + delay, restart_count=count)
    elif spec.config.auto_remove and not spec.kept:
        remove(world, host, container_id, force=True, volumes=True)


def _ended_unseen(world: World, host: str, container: Container, code: int) -> None:
    """No daemon is there to tidy up: the processes are gone, the network stays, and the shim waits with the code."""
    processes.end(world, host, [p.pid for _, p in processes.container_rows(world, host, container.id)])
    books.change(world, host, container.id, finished=world.clock)
    books.change_spec(world, host, container.id, unseen=code, ends_at=None, loop=None, pings=())


def let_go(world: World, host: str, container_id: str) -> None:
    """Nobody stays with it any more: with --rm it goes if it has ended."""
    container = books.by_id(world, host, container_id)
    if container is None or not books.spec(world, host, container_id).kept:
        return
    spec = books.change_spec(world, host, container_id, kept=False)
    if spec.config.auto_remove and container.state is ContainerState.EXITED:
        remove(world, host, container_id, force=True, volumes=True)


def _tear_down(world: World, host: str, container: Container, code: int, stopped: bool) -> None:
    mine = [p for _, p in processes.container_rows(world, host, container.id)]
    parents = [processes.find(world, host, p.ppid) for p in mine if p.pid == container.pid and p.ppid > 1]
    shims = [p.pid for p in parents if p is not None and container.id in p.argv]
    processes.end(world, host, [*(p.pid for p in mine), *shims])
    die_last = books.release_of(world).telling.die_last
    if not die_last:
        _tell_end(world, host, container, code)
    endpoints.close_sandbox(world, host, container.id)
    happenings.of_mounts(world, host, container, "unmount")
    if stopped:
        happenings.of_container(world, host, container, "stop")
    if die_last:
        _tell_end(world, host, container, code)
    logs.forget_future(world, host, container.id)
    books.change(
        world, host, container.id, state=ContainerState.EXITED, exit_code=code, finished=world.clock, pid=None
    )
    books.change_spec(world, host, container.id, ends_at=None, health=None)
    kept = tuple(t for t in world.terminals if (t.host, t.container) != (host, container.id))
    if len(kept) != len(world.terminals):
        world.terminals = kept


def _tell_end(world: World, host: str, container: Container, code: int) -> None:
    ran = world.clock - (world.clock if container.started is None else container.started)
    more = {"execDuration": str(int(ran))} if books.release_of(world).telling.duration else {}
    happenings.of_container(world, host, container, "die", exitCode=str(code), **more)


def _comes_back(spec: ContainerSpec, code: int) -> bool:
    policy = spec.config.restart
    if spec.stopped_by_user:
        return False
    if policy is RestartPolicy.ON_FAILURE:
        return code != 0 and (spec.config.restart_max == 0 or spec.restart_count < spec.config.restart_max)
    return policy in (RestartPolicy.ALWAYS, RestartPolicy.UNLESS_STOPPED)


def stop(world: World, host: str, reference: str, timeout: int | None = None, signal: str = "") -> Container:
    """`docker stop`: the stop signal, then SIGKILL after the timeout (-1: never). A stopped one stays as it is."""
    container = books.find(world, host, reference)
    spec = books.change_spec(world, host, container.id, stopped_by_user=True)
    if container.state is ContainerState.RESTARTING:
        books.change(world, host, container.id, state=ContainerState.EXITED)
        books.change_spec(world, host, container.id, restart_at=None)
        return container
    if not container.is_running:
        return container
    name = signal or spec.config.stop_signal or "TERM"
    number = processes.signal_number(name)
    if number is None:
        raise ApiError(books.release_of(world).text("bad signal", signal=name), 400)
    if timeout is None:
        timeout = spec.config.stop_timeout if spec.config.stop_timeout is not None else DEFAULT_STOP_TIMEOUT
    _end_by_signal(world, host, container, number, timeout, stopped=True)
    return container


def _end_by_signal(
    world: World, host: str, container: Container, number: int, timeout: int, stopped: bool = False
) -> None:
    if container.state is ContainerState.PAUSED:  # frozen processes take no signal; the daemon thaws them to kill
        books.change(world, host, container.id, state=ContainerState.RUNNING)
    happenings.of_container(world, host, container, "kill", signal=str(number))
    code = kinds.answer_to(books.spec(world, host, container.id).config, number)
    spec = books.spec(world, host, container.id)
    if code is None:
        left = None if spec.ends_at is None else spec.ends_at - world.clock
        if left is not None and (timeout < 0 or left <= timeout):
            world.clock += left
            code = spec.exit_when_ended
        elif timeout < 0:
            return
        else:
            world.clock += timeout
            code = KILLED
            happenings.of_container(world, host, container, "kill", signal=str(SIGNALS["KILL"]))
    else:
        launch.say_goodbye(world, host, container.id, number)
    exited(world, host, container.id, code, stopped)


def kill(world: World, host: str, reference: str, signal: str = "KILL") -> None:
    """`docker kill -s SIGNAL`. Raises ApiError for a container that doesn't run, in the words of its release."""
    release = books.release_of(world)
    number = processes.signal_number(signal)
    if number is None or number == 0:
        key = "kill by unknown number" if re.fullmatch(r"[1-9]\d*", signal) else "kill by bad signal"
        raise ApiError(release.text(key, reference=reference, signal=signal), 400)
    try:
        container = books.find(world, host, reference)
        not_running(world, container)
    except ApiError as error:
        raise ApiError(release.text("kill failed", reference=reference, problem=error.message), error.status) from None
    stops = {SIGNALS["KILL"], SIGNALS["TERM"], processes.signal_number(_stop_signal(world, host, container))}
    if number in stops:
        books.change_spec(world, host, container.id, stopped_by_user=True)
    if number == SIGNALS["KILL"]:
        _end_by_signal(world, host, container, number, 0)
        return
    happenings.of_container(world, host, container, "kill", signal=str(number))
    process = processes.find(world, host, container.pid or 0)
    if process is not None and container.state is not ContainerState.PAUSED:
        process_got_signal(world, host, process, number, inside=False)


def _stop_signal(world: World, host: str, container: Container) -> str:
    return books.spec(world, host, container.id).config.stop_signal or "TERM"


def not_running(world: World, container: Container) -> None:
    """Raises ApiError when process 1 isn't there: 'Container … is not running' on 20.10, 'container …' later."""
    if not container.is_running:
        raise ApiError(books.release_of(world).text("not running", id=container.id), 409)


def process_got_signal(world: World, host: str, process: Process, signal: int, *, inside: bool) -> None:
    """A signal reached a process of a container: from the host, or from within (where process 1 is immune)."""
    container = books.by_id(world, host, process.container or "")
    if container is None:
        processes.end(world, host, [process.pid])
        return
    if process.pid != container.pid:
        _child_got_signal(world, host, container, process, signal)
        return
    spec = books.spec(world, host, container.id)
    if signal == SIGNALS["KILL"]:
        if not inside:
            exited(world, host, container.id, KILLED)
        return
    if signal == SIGNALS["HUP"] and kinds.reloads(spec.config):
        launch.reload(world, host, container.id)
        return
    code = kinds.answer_to(spec.config, signal)
    if code is not None:
        sender = len(processes.container_rows(world, host, container.id)) + 6 if inside else None
        launch.say_goodbye(world, host, container.id, signal, sender)
        exited(world, host, container.id, code)


def _child_got_signal(world: World, host: str, container: Container, process: Process, signal: int) -> None:
    if signal in (SIGNALS["CHLD"], SIGNALS["CONT"], SIGNALS["URG"], SIGNALS["WINCH"]):
        return
    processes.end(world, host, [process.pid])
    if launch.child_died(world, host, container.id, process, signal):
        exited(world, host, container.id, 128 + signal)


def restart(world: World, host: str, reference: str, timeout: int | None = None, signal: str = "") -> Container:
    """`docker restart`: stop, then start; errors say 'Cannot restart container …'."""
    container = books.find(world, host, reference)
    spec = books.spec(world, host, container.id)
    keeps = spec.config.auto_remove
    if keeps:  # a restart doesn't remove a --rm container
        books.change_spec(world, host, container.id, config=replace(spec.config, auto_remove=False))
    try:
        if container.is_running or container.state is ContainerState.RESTARTING:
            stop(world, host, container.id, timeout, signal)
        start(world, host, container.id)
        happenings.of_container(world, host, container, "restart")
    except ApiError as error:
        raise ApiError(f"Cannot restart container {reference}: {error.message}", error.status) from None
    finally:
        if keeps and books.by_id(world, host, container.id) is not None:
            now = books.spec(world, host, container.id)
            books.change_spec(world, host, container.id, config=replace(now.config, auto_remove=True))
    return container


# -- the end of all -----------------------------------------------------------------------------------------------


def remove(world: World, host: str, reference: str, force: bool = False, volumes: bool = False) -> str:
    """`docker rm [-f] [-v]`: the full id. Raises ApiError for a running one without force, in its release's words."""
    container = books.find(world, host, reference)
    if container.is_running or container.state is ContainerState.RESTARTING:
        if not force:
            raise ApiError(_still_running(world, container, reference), 409)
        books.change_spec(world, host, container.id, stopped_by_user=True)
        if container.is_running:
            happenings.of_container(world, host, container, "kill", signal=str(SIGNALS["KILL"]))
            exited(world, host, container.id, KILLED)
    if books.by_id(world, host, container.id) is None:  # --rm was quicker
        return container.id
    mounts = books.spec(world, host, container.id).config.mounts
    happenings.of_container(world, host, books.get(world, host, container.id), "destroy")
    books.drop(world, host, container.id)
    if volumes:
        _drop_anonymous(world, host, [m.source for m in mounts if m.kind == "volume"])
    return container.id


def _still_running(world: World, container: Container, reference: str) -> str:
    """Observed on 20.10.24, 26.1.5, 28.5.2 and 29.7.2; moby daemon/delete.go."""
    key = "remove paused" if container.state is ContainerState.PAUSED else "remove running"
    shown = {"id": container.id, "name": container.name, "reference": reference.removeprefix("/")}
    return books.release_of(world).text(key, state=container.state.value, **shown)


def _drop_anonymous(world: World, host: str, names: list[str]) -> None:
    for volume in world.hosts[host].volumes:
        if volume.name in names and volume.anonymous and not storage.users(world, host, volume.name):
            storage.remove(world, host, volume.name, force=True)


# -- time, and the daemon's own restart -----------------------------------------------------------------------------


def let_time_pass(world: World) -> None:
    """Programs whose time is over have ended, and restarts that are due have happened, in the order of time."""
    if not any(map(attrgetter("waiting"), world.daemons.values())):
        return
    _end_and_restart(world)
    launch.keep_talking(world, _apart)
    health.keep_watch(world, _apart)
    _end_and_restart(world)  # a loop may have been left


def _apart(world: World, host: str, container_id: str, work: Callable[[], None]) -> None:
    faults.apart(world, host, container_id, work, exited)


def _end_and_restart(world: World) -> None:
    now = world.clock
    while True:
        due = _next_event(world, now)
        if due is None:
            break
        at, host, container_id = due
        world.clock = max(at, 0.0)
        _apart(world, host, container_id, partial(_end_or_start, world, host, container_id, at))
        world.clock = now


def _end_or_start(world: World, host: str, container_id: str, at: float) -> None:
    spec = books.spec(world, host, container_id)
    if spec.ends_at is not None and spec.ends_at <= at:
        exited(world, host, container_id, spec.exit_when_ended)
    else:
        _start_again(world, host, container_id)


def _next_event(world: World, now: float) -> tuple[float, str, str] | None:
    found: tuple[float, str, str] | None = None
    for host, daemon in world.daemons.items():
        if not (daemon.running or daemon.away) or not daemon.waiting:
            continue
        for container_id, spec in daemon.containers.items():
            if spec.ends_at is None and spec.restart_at is None:
                continue
            for at in (spec.ends_at, None if daemon.away else spec.restart_at):
                if at is not None and at <= now and (found is None or at < found[0]):
                    found = (at, host, container_id)
    return found


def _start_again(world: World, host: str, container_id: str) -> None:
    books.change_spec(world, host, container_id, restart_at=None)
    container = books.by_id(world, host, container_id)
    if container is None:
        return
    try:
        _bring_up(world, host, container)
    except ApiError as error:
        _note_failure(world, host, container, error)
        books.change(world, host, container_id, state=ContainerState.EXITED)


def containers_of_daemon_stopping(world: World, host: str, told: bool = False) -> None:
    """dockerd is told to stop: every container ends first, and no policy brings it back before the next start.

    told: each as by `docker stop`, by a daemon that finds containers running that it didn't expect.
    """
    begun = latest = world.clock
    for container in world.hosts[host].containers:
        fresh = books.by_id(world, host, container.id)
        if fresh is None:
            continue
        if fresh.state is ContainerState.RESTARTING:
            books.change(world, host, fresh.id, state=ContainerState.EXITED)
            books.change_spec(world, host, fresh.id, restart_at=None)
        if not fresh.is_running:
            continue
        spec = books.spec(world, host, fresh.id)
        before = spec.stopped_by_user
        books.change_spec(world, host, fresh.id, stopped_by_user=True)  # no policy while it goes down
        number = processes.signal_number(spec.config.stop_signal or "TERM") or SIGNALS["TERM"]
        _end_by_signal(world, host, fresh, number, spec.config.stop_timeout or DEFAULT_STOP_TIMEOUT, told)
        latest, world.clock = max(latest, world.clock), begun  # all of them are stopped side by side
        if books.by_id(world, host, fresh.id) is not None:
            books.change_spec(world, host, fresh.id, stopped_by_user=before)
    world.clock = latest if told else begun


def autostart(world: World, host: str) -> None:
    """dockerd has started: containers whose policy says so run again, those they link to first.

    always: every one that ever ran; unless-stopped: but for those the user stopped; on-failure: those that failed.
    """
    wanted = [c for c in reversed(world.hosts[host].containers) if _starts_with_daemon(world, host, c)]
    for container in wanted:
        if container.is_running:  # it outlived the last daemon
            continue
        books.change_spec(world, host, container.id, restart_count=0)
        try:
            start(world, host, container.id)
        except ApiError:
            continue  # the reason stands in .State.Error


def _starts_with_daemon(world: World, host: str, container: Container) -> bool:
    spec = books.daemon(world, host).containers[container.id]
    policy = spec.config.restart
    if not spec.has_run or policy is RestartPolicy.NO:
        return False
    if policy is RestartPolicy.ALWAYS:
        return True
    if policy is RestartPolicy.UNLESS_STOPPED:
        return not spec.stopped_by_user
    return container.exit_code != 0 and not spec.stopped_by_user
