"""From what services were asked to be to containers on nodes (swarmkit manager/orchestrator, scheduler, agent).

`reconcile` looks at what there is and does what is missing; calling it again changes nothing.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from dnetlab.model import Protocol
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim.dockerd import books, contents, create, lifecycle, swarmnets
from dnetlab.sim.dockerd.cluster import addresses, identity, specs
from dnetlab.sim.dockerd.cluster.membership import has_quorum
from dnetlab.sim.dockerd.cluster.state import (
    Node,
    Rollout,
    Service,
    ServiceSpec,
    Swarm,
    Task,
    change_task,
    drop_tasks,
    is_up,
    members,
    put_service,
    put_task,
)
from dnetlab.sim.dockerd.config import ContainerConfig, NetworkAttachment, PortRequest
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.services import networks_of, tasks_of
from dnetlab.sim.world import World

LABEL = "com.docker.swarm."
Held = dict[str, IpAddress]  # by the network's id
KILLED = 137
_BRACES = re.compile(r"\{\{\s*([.A-Za-z]+)\s*\}\}")
ENDED = ("complete", "failed", "rejected", "shutdown")
WANTED = ("running", "complete")  # what a task is for: to run, or, of a job, to come to its end


def reconcile(world: World, swarm_id: str) -> None:
    """Notice what has ended, end what is not wanted, start what is missing. Nothing without a majority of managers."""
    if not has_quorum(world, world.swarms[swarm_id]):
        return
    _notice_ends(world, swarm_id)
    for task in list(world.swarms[swarm_id].tasks.values()):
        if task.service not in world.swarms[swarm_id].services:
            _remove(world, swarm_id, task)
    _vacate(world, swarm_id)
    for service in list(world.swarms[swarm_id].services.values()):
        if service.spec.is_job:
            _end_old_runs(world, swarm_id, service)
            _run_job(world, swarm_id, service)
        else:
            _replace_old(world, swarm_id, service)
            _fill(world, swarm_id, service)
        _trim(world, swarm_id, service)


def live(swarm: Swarm, service_id: str) -> list[Task]:
    """The tasks of a service that are to run."""
    return [task for task in tasks_of(swarm, service_id) if task.desired in WANTED and task.state not in ENDED]


# -- what has ended ---------------------------------------------------------------------------------------------------


def _notice_ends(world: World, swarm_id: str) -> None:
    swarm: Swarm = world.swarms[swarm_id]
    there = {node.id: node.host for node in members(world, swarm)}
    for task in swarm.tasks.values():
        if task.state != "running" or task.node not in there:
            continue
        container = books.by_id(world, there[task.node], task.container)
        if container is not None and container.is_running:
            continue
        code = container.exit_code if container is not None else KILLED  # `docker rm -f` took it away
        state = "complete" if code == 0 else "failed"
        error = "" if code == 0 else f"task: non-zero exit ({code})"
        desired = task.desired if task.desired == "complete" and code == 0 else "shutdown"
        change_task(world, swarm_id, task.id, state=state, exit_code=code, error=error, desired=desired)


def _vacate(world: World, swarm_id: str) -> None:
    """Nodes that are drained, down or gone, or that the service may no longer be on, lose their tasks."""
    swarm: Swarm = world.swarms[swarm_id]
    there = {node.id for node in members(world, swarm)}
    for task in swarm.tasks.values():
        node = swarm.nodes.get(task.node)
        if task.desired not in WANTED or task.state in ENDED or not task.node:
            continue
        if node is None or node.left or node.availability == "drain" or not is_up(swarm, node, world.clock):
            if task.node in there:
                _stop(world, swarm_id, task)
            else:
                change_task(world, swarm_id, task.id, desired="shutdown")


def _stop(world: World, swarm_id: str, task: Task) -> None:
    """The container ends and stays, as a task that was shut down does."""
    node = world.swarms[swarm_id].nodes.get(task.node)  # none for one that no node would do for
    container = books.by_id(world, node.host, task.container) if node is not None else None
    if node is not None and container is not None and container.is_running:
        clock = world.clock
        lifecycle.stop(world, node.host, container.id)
        world.clock = clock  # nodes stop their tasks side by side, while the manager waits for nobody
    state = task.state if task.state in ENDED else "shutdown"
    change_task(world, swarm_id, task.id, desired="shutdown", state=state)


def _remove(world: World, swarm_id: str, task: Task) -> None:
    node = world.swarms[swarm_id].nodes.get(task.node)
    if node is not None and books.by_id(world, node.host, task.container) is not None:
        lifecycle.remove(world, node.host, task.container, force=True, volumes=True)
    drop_tasks(world, swarm_id, [task.id])


# -- what is missing --------------------------------------------------------------------------------------------------


def same_template(one: ServiceSpec, other: ServiceSpec) -> bool:
    """Would their tasks be alike? How many there are to be doesn't count, nor where they may be."""
    placed = {"Placement": None}
    return one.config == other.config and {**one.task, **placed} == {**other.task, **placed} and (
        one.written.get("Networks"), one.written.get("EndpointSpec"), one.name
    ) == (other.written.get("Networks"), other.written.get("EndpointSpec"), other.name)  # fmt: skip


def _replace_old(world: World, swarm_id: str, service: Service) -> None:
    """Tasks of an earlier specification end; too many go, the youngest first."""
    old = [task for task in live(world.swarms[swarm_id], service.id) if not same_template(task.spec, service.spec)]
    for task in old:
        _stop(world, swarm_id, task)
    if old:
        back = service.rollout is not None and service.rollout.back
        rollout = Rollout(world.clock, world.clock + _seconds_to_change(service, len(old)), back)
        put_service(world, swarm_id, replace(service, rollout=rollout))
    if service.spec.replicas is None:
        return
    running = sorted(live(world.swarms[swarm_id], service.id), key=lambda task: task.slot)
    for task in running[service.spec.replicas :]:
        _remove(world, swarm_id, task)


def _seconds_to_change(service: Service, number: int) -> float:
    """Two seconds and the delay for each round of tasks, then the time for which they are watched (observed on 28.5.2:
    11 seconds for two tasks and --update-delay 1s)."""
    back = service.rollout is not None and service.rollout.back
    given = service.spec.written.get("RollbackConfig" if back else "UpdateConfig") or {}
    at_once = given.get("Parallelism", 1) or number
    rounds = -(-number // at_once)
    return float(rounds * (2 + given.get("Delay", 0) / 1e9) + given.get("Monitor", specs.UPDATES["Monitor"]) / 1e9)


def _fill(world: World, swarm_id: str, service: Service) -> None:
    now = live(world.swarms[swarm_id], service.id)
    if service.spec.replicas is None:
        nodes = _eligible(world, world.swarms[swarm_id], service.spec)
        missing: Missing = [(0, n) for n in nodes if all(task.node != n.id for task in now)]
    else:
        slots = {task.slot for task in now}
        missing = [(slot, None) for slot in range(1, service.spec.replicas + 1) if slot not in slots]
    _start_missing(world, swarm_id, service, missing)
    for task in now:
        if task.state == "pending" and (free := _choose(world, swarm_id, service)):
            _launch(world, swarm_id, task, free, _hold(world, swarm_id, service))


Missing = list[tuple[int, Node | None]]  # slots, and the node where it is said


def _start_missing(world: World, swarm_id: str, service: Service, missing: Missing) -> None:
    missing = [(slot, node) for slot, node in missing if _may_start(world, swarm_id, service, slot, node)]
    held = [_hold(world, swarm_id, service) for _ in missing]
    for (slot, node), own in zip(missing, held, strict=True):
        _start(world, swarm_id, service, slot, node, own)


# -- jobs (swarmkit manager/orchestrator/jobs) ------------------------------------------------------------------------


def _end_old_runs(world: World, swarm_id: str, service: Service) -> None:
    """Tasks of an earlier run that are still at it end."""
    for task in live(world.swarms[swarm_id], service.id):
        if task.run < service.runs:
            _stop(world, swarm_id, task)


def _run_job(world: World, swarm_id: str, service: Service) -> None:
    """Start what is to be done; where a task has come to its end at once, the next one takes its place."""
    before = -1
    while (done := _number_ended(world, swarm_id, service)) > before:
        before = done
        _start_missing(world, swarm_id, service, _to_do(world, swarm_id, service))
        _notice_ends(world, swarm_id)


def _number_ended(world: World, swarm_id: str, service: Service) -> int:
    return sum(t.state in ENDED for t in tasks_of(world.swarms[swarm_id], service.id))


def _to_do(world: World, swarm_id: str, service: Service) -> Missing:
    """Slots, or nodes, whose task has not come to its end in this run and isn't at it, as many as may run at once."""
    swarm: Swarm = world.swarms[swarm_id]
    run = [t for t in tasks_of(swarm, service.id) if t.run == service.runs]
    busy = [t for t in run if t.state not in ENDED]
    if service.spec.replicas is None:
        seen = {t.node for t in run if t.state == "complete" or t in busy}
        return [(0, n) for n in _eligible(world, swarm, service.spec) if n.id not in seen]
    taken = {t.slot for t in run if t.state == "complete" or t in busy}
    free = [slot for slot in range(service.spec.replicas) if slot not in taken]
    return [(slot, None) for slot in free[: max(0, service.spec.at_once - len(busy))]]


# -- a task begins ----------------------------------------------------------------------------------------------------


def _hold(world: World, swarm_id: str, service: Service) -> Held:
    """The addresses of a task. The manager gives those of all tasks away before a node opens a network, whose load
    balancer takes one as well (observed on 20.10.24 and 28.5.2: tasks .3 and .4, then the balancers)."""
    found = {}
    for network in networks_of(world.swarms[swarm_id], service.spec):
        if network.id in world.swarms[swarm_id].networks and network.subnets:
            with contextlib.suppress(ApiError):  # none is left: the daemon will say so
                found[network.id] = addresses.request(world, world.swarms[swarm_id], network)
    return found


def _let_go(world: World, swarm_id: str, held: Held) -> None:
    for address in held.values():
        addresses.release(world, world.swarms[swarm_id], address)


def _may_start(world: World, swarm_id: str, service: Service, slot: int, node: Node | None) -> bool:
    """A slot whose last task failed waits a while, and one that shall not be restarted stays empty."""
    past = [t for t in tasks_of(world.swarms[swarm_id], service.id)
            if t.slot == slot and (not node or t.node == node.id)]  # fmt: skip
    ended = [t for t in past if t.state in ("failed", "rejected", "complete")]
    last = max(past, key=lambda t: t.created, default=None)
    if last is None or last not in ended or last.run != service.runs:
        return True
    if not service.spec.is_job and not same_template(last.spec, service.spec):
        return True
    if service.spec.restart == "none" or (service.spec.restart == "on-failure" and last.state == "complete"):
        return False
    if 0 < service.spec.attempts < len([t for t in ended if same_template(t.spec, service.spec)]):
        return False
    return world.clock - last.since >= service.spec.delay


def _start(world: World, swarm_id: str, service: Service, slot: int, node: Node | None, held: Held) -> None:
    desired = "complete" if service.spec.is_job else "running"
    task = Task(identity.new_id(world, "task"), service.id, slot, "", service.spec.image, world.clock, world.clock,
                service.spec, desired, "pending", run=service.runs)  # fmt: skip
    put_task(world, swarm_id, task)
    chosen = node or _choose(world, swarm_id, service)
    if chosen is not None:
        _launch(world, swarm_id, task, chosen, held)
        return
    _let_go(world, swarm_id, held)
    change_task(world, swarm_id, task.id, error=_why_none(world, swarm_id, service))


def _why_none(world: World, swarm_id: str, service: Service) -> str:
    """What the scheduler says when no node will do (swarmkit scheduler/pipeline.go)."""
    swarm: Swarm = world.swarms[swarm_id]
    up = _available(world, swarm)
    if not up:
        number = len(swarm.nodes)
        return f"no suitable node ({number} node{'s' if number != 1 else ''} not available for new tasks)"
    if not _eligible(world, swarm, service.spec):
        number = len(up)
        return f"no suitable node (scheduling constraints not satisfied on {number} node{'s' if number != 1 else ''})"
    more = f"{len(up)} node{'s' if len(up) != 1 else ''}"
    if service.spec.most_per_node:
        return f"no suitable node (max replicas per node limit exceed on {more})"
    return f"no suitable node (host-mode port already in use on {more})"


def _available(world: World, swarm: Swarm) -> list[Node]:
    return [n for n in members(world, swarm) if n.availability == "active" and is_up(swarm, n, world.clock)]


def _eligible(world: World, swarm: Swarm, spec: ServiceSpec) -> list[Node]:
    """The nodes that may have a task of it, in the order they joined."""
    return [n for n in _available(world, swarm) if all(_meets(n, text) for text in spec.constraints)]


def _meets(node: Node, constraint: str) -> bool:
    key, equal, value = (p.strip() for p in constraint.partition("!=" if "!=" in constraint else "=="))
    known = {"node.id": node.id, "node.hostname": node.host, "node.role": node.role, "node.ip": str(node.address),
             "node.platform.os": "linux", "node.platform.arch": "x86_64"}  # fmt: skip
    label = key.removeprefix("node.labels.")
    own = node.labels.get(label, "") if key.startswith("node.labels.") else known.get(key, "")
    return (own.lower() == value.lower()) is (equal == "==")


def _choose(world: World, swarm_id: str, service: Service) -> Node | None:
    """The node with the fewest tasks of this service, then the fewest at all (scheduler/nodeset.go).

    Where two are alike the scheduler takes either; here they take turns.
    """
    swarm: Swarm = world.swarms[swarm_id]
    mine = [task.node for task in live(swarm, service.id)]
    every = [task.node for task in swarm.tasks.values() if task.desired in WANTED and task.state not in ENDED]
    most = service.spec.most_per_node
    fit = [n for n in _eligible(world, swarm, service.spec) if not _port_taken(swarm, service, n)
           and (not most or mine.count(n.id) < most)]  # fmt: skip
    if not fit:
        return None
    if min(mine.count(n.id) for n in fit) % 2 == 0:
        fit.reverse()
    return min(fit, key=lambda n: (mine.count(n.id), every.count(n.id)))


def _port_taken(swarm: Swarm, service: Service, node: Node) -> bool:
    wanted = {(p.published, p.protocol) for p in service.ports if p.mode == "host" and p.published}
    others = (p for t in swarm.tasks.values() if t.node == node.id and t.desired == "running" for p in t.spec.ports)
    return any((p.published, p.protocol) in wanted for p in others if p.mode == "host")


# -- a task's container -----------------------------------------------------------------------------------------------


def task_name(swarm: Swarm, task: Task) -> str:
    """'web.1'; of a global service 'web.NODE'"""
    return f"{task.spec.name}.{task.slot or task.node}"


def _launch(world: World, swarm_id: str, task: Task, node: Node, held: Held) -> None:
    """Make and start the container of a task on a node; what the daemon there says no to is the task's error."""
    task = change_task(world, swarm_id, task.id, node=node.id, error="")
    for network_id, address in held.items():
        addresses.promise(world, world.swarms[swarm_id], network_id, address)
    try:
        for network in networks_of(world.swarms[swarm_id], task.spec):
            swarmnets.prepared(world, node.host, network)
        made = create.create(world, node.host, _config(world, world.swarms[swarm_id], task))
        contents.put_files(world, node.host, made.id, world.swarms[swarm_id], task.spec)
        change_task(world, swarm_id, task.id, container=made.id)
        lifecycle.start(world, node.host, made.id)
    except ApiError as error:
        text = f"No such image: {task.image}" if error.message.startswith("No such image") else error.message
        change_task(world, swarm_id, task.id, state="rejected", error=text, desired="shutdown")
        return
    change_task(world, swarm_id, task.id, state="running")


def _config(world: World, swarm: Swarm, task: Task) -> ContainerConfig:
    spec, service = task.spec, swarm.services[task.service]
    networks = tuple(NetworkAttachment(n.name, aliases=spec.aliases.get(n.id, ()) if n.scope == "swarm" else ())
                     for n in networks_of(swarm, spec))  # fmt: skip
    published = (p for p in service.ports if p.mode == "host")
    return replace(
        spec.config,
        name=f"{task_name(swarm, task)}.{task.id}",
        labels={**spec.config.labels, **dict(_labels(swarm, service, task))},
        hostname=_filled(swarm, service, task, spec.config.hostname),
        env=tuple(_filled(swarm, service, task, row) for row in spec.config.env),
        network_mode=networks[0].name if networks else "default",
        networks=networks,
        publish=tuple(PortRequest(p.target, Protocol(p.protocol), None, p.published or None) for p in published),
        given=contents.paths(spec),
    )


def _filled(swarm: Swarm, service: Service, task: Task, text: str) -> str:
    """Names of a task's own that its hostname and its variables may hold (swarmkit template/context.go)."""
    known = {
        ".Service.ID": service.id, ".Service.Name": service.spec.name, ".Node.ID": task.node,
        ".Node.Hostname": swarm.nodes[task.node].host, ".Node.Platform.Architecture": "x86_64",
        ".Node.Platform.OS": "linux", ".Task.ID": task.id, ".Task.Slot": str(task.slot or task.node),
        ".Task.Name": f"{task_name(swarm, task)}.{task.id}",
    }  # fmt: skip
    return _BRACES.sub(lambda found: known.get(found[1], found[0]), text)


def _labels(swarm: Swarm, service: Service, task: Task) -> Iterator[tuple[str, str]]:
    yield LABEL + "node.id", task.node
    yield LABEL + "service.id", service.id
    yield LABEL + "service.name", service.spec.name
    yield LABEL + "task", ""
    yield LABEL + "task.id", task.id
    yield LABEL + "task.name", f"{task_name(swarm, task)}.{task.id}"


def _trim(world: World, swarm_id: str, service: Service) -> None:
    """Old tasks are kept as a history, up to the limit for each slot (swarmkit taskreaper)."""
    swarm: Swarm = world.swarms[swarm_id]
    for key in {(t.slot, t.node if not t.slot else "") for t in tasks_of(swarm, service.id)}:
        rows = [t for t in tasks_of(swarm, service.id) if (t.slot, t.node if not t.slot else "") == key]
        old = sorted((t for t in rows if t.desired != "running" and not service.spec.is_job), key=lambda t: t.created)
        for task in old[: max(0, len(rows) - swarm.history)]:
            _remove(world, swarm_id, task)
        if service.spec.replicas is not None and key[0] > service.spec.replicas:
            for task in old:
                if task.id in world.swarms[swarm_id].tasks:
                    _remove(world, swarm_id, task)
