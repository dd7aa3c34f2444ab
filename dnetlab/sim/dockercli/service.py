"""docker service create, ls, ps, inspect, scale, update, rollback, rm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dnetlab.commands.gotemplate.values import Row
from dnetlab.sim.dockercli import serviceform, servicetext, tasks
from dnetlab.sim.dockercli.inspect import inspect_each
from dnetlab.sim.dockercli.listing import natural
from dnetlab.sim.dockercli.session import Failed, Session, told
from dnetlab.sim.dockercli.table import Listing
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = Mapping[str, Any]
SERVICES = Listing(
    "*service.serviceContext",
    {"ID": "ID", "Name": "NAME", "Mode": "MODE", "Replicas": "REPLICAS", "Image": "IMAGE", "Ports": "PORTS"},
    "{{.ID}}\t{{.Name}}\t{{.Mode}}\t{{.Replicas}}\t{{.Image}}\t{{.Ports}}",
)
NOT_A_PAIR = (
    "invalid scale specifier '{}'.\nSee 'docker service scale --help'.\n\n"
    "Usage:  docker service scale SERVICE=REPLICAS [SERVICE=REPLICAS...]\n\nScale one or multiple replicated services"
)
STABLE = 5  # seconds for which tasks must stay up (the default of --update-monitor)
START_TICKS = 3  # lines of progress, one each 200 ms, until the first task runs (observed on 29.7.2)
CHANGE_TICKS = 19  # and while one task takes the place of another


def create(session: Session) -> int:
    body = serviceform.body(session)
    made = session.ask(api.service_create, body)
    session.out(made["ID"])
    if not session.call.on("no-resolve-image"):
        session.err(unpinned(body["TaskTemplate"]["ContainerSpec"]["Image"]))
    return watch(session, made["ID"], made["ID"], 0, START_TICKS)


def unpinned(image: str) -> str:
    """The client's own, when no registry answers it (moby client/service_create.go digestWarning)."""
    return (
        f"image {image} could not be accessed on a registry to record\nits digest. Each node will access {image} "
        "independently,\npossibly leading to different nodes running different\nversions of the image.\n"
    )


def watch(
    session: Session, service: str, name: str, before: int = 0, ticks: int = START_TICKS, steps: bool = False
) -> int:
    """The lines that the client prints until the tasks have run for a while, as it does without a terminal.

    before: tasks that ran already; steps: one task after the other is replaced, with as many ticks each.
    """
    if session.call.on("detach") or session.call.on("quiet"):
        return 0
    document = session.ask(api.service_inspect, service)
    status = next(s for s in session.ask(api.service_list, status=True) if s["ID"] == document["ID"])["ServiceStatus"]
    wanted, running = status["DesiredTasks"], status["RunningTasks"]
    head = f"out of {wanted} task{'' if wanted == 1 else 's'}"
    session.out(f"overall progress: {before} {head}" if steps else f"overall progress: 0 {head}")
    if "Replicated" in document["Spec"]["Mode"]:
        for number in range(1, wanted + 1):
            session.out(f"{number}/{wanted}:  ")
    levels = range(wanted) if steps else [before]
    for level in levels:
        session.stdout += [f"overall progress: {level} {head}\n"] * ticks
    if running < wanted:
        session.stdout += [f"overall progress: {running} {head}\n"]
        _never(session, document, name)
    session.out(f"overall progress: {wanted} {head}")
    for second in range(STABLE, 0, -1):
        session.stdout += [f"verify: Waiting {second} seconds to verify that tasks are stable...\n"] * 5
    session.out(f"verify: Service {name} converged")
    session.wait(STABLE + ticks * 0.2 * max(1, len(levels)))
    return 0


def _never(session: Session, document: Json, name: str) -> None:
    """Tasks that don't come up: the real client would print the same lines until Ctrl-C."""
    found = session.ask(api.task_list, {"service": [document["ID"]]})
    errors = [task["Status"]["Err"] for task in found if task["Status"].get("Err")]
    raise Failed("\n".join(dict.fromkeys(errors)) or f"service {name} does not converge", 1)


def ls(session: Session) -> int:
    show(session, session.ask(api.service_list, session.filters(), status=True))
    return 0


def show(session: Session, found: Sequence[Json]) -> None:
    """Print services that were listed with their status, by name."""
    rows = [_row(service) for service in sorted(found, key=lambda s: natural(s["Spec"]["Name"]))]
    session.stdout.append(SERVICES.render(rows, session.call.text("format"), quiet=session.call.on("quiet")))


MODES = {"Replicated": "replicated", "Global": "global", "ReplicatedJob": "replicated job", "GlobalJob": "global job"}


def _replicas(mode: Json, status: Json, most: int) -> str:
    """'2/3', for a job with what was done (docker/cli command/service/list.go)."""
    shown = f"{status['RunningTasks']}/{status['DesiredTasks']}"
    if "ReplicatedJob" in mode:
        return f"{shown} ({status['CompletedTasks']}/{mode['ReplicatedJob']['TotalCompletions']} completed)"
    if "GlobalJob" in mode:
        total = status["DesiredTasks"] + status["CompletedTasks"]
        return f"{shown} ({status['CompletedTasks']}/{total} completed)"
    return shown + (f" (max {most} per node)" if most else "")


def _row(service: Json) -> Row:
    spec, status = service["Spec"], service["ServiceStatus"]
    most = spec["TaskTemplate"].get("Placement", {}).get("MaxReplicas", 0)
    ports = service["Endpoint"].get("Ports", [])
    return SERVICES.row({
        "ID": service["ID"][:12], "Name": spec["Name"],
        "Mode": MODES[next(iter(spec["Mode"]))], "Replicas": _replicas(spec["Mode"], status, most),
        "Image": spec["TaskTemplate"]["ContainerSpec"]["Image"].partition("@")[0],
        "Ports": ", ".join(f"*:{p['PublishedPort']}->{p['TargetPort']}/{p['Protocol']}" for p in ports
                           if p["PublishMode"] == "ingress"),
    })  # fmt: skip


def ps(session: Session) -> int:
    """The tasks of these services; complaints about those that aren't there come last."""
    found, missing = [], []
    session.ask(api.service_list)
    for name in session.call.arguments:
        try:
            found.append(session.ask(api.service_inspect, name)["ID"])
        except ApiError as error:
            if error.status != 404:
                raise
            missing.append(f"no such service: {name}")
    if found:
        tasks.show(session, session.ask(api.task_list, {**session.filters(), "service": found}))
    if missing:
        raise Failed("\n".join(missing))
    return 0


def inspect(session: Session) -> int:
    if session.call.on("pretty"):
        for name in session.call.arguments:
            session.stdout.append(servicetext.pretty(session, _inspected(session, name)) + "\n")
        return 0
    return inspect_each(session, "service")


def _inspected(session: Session, name: str) -> Json:
    try:
        return session.ask(api.service_inspect, name, insert_defaults=True)
    except ApiError as error:
        if error.status != 404:
            raise
        raise Failed(f"Error: no such service: {name}") from None


def scale(session: Session) -> int:
    pairs = []
    for argument in session.call.arguments:
        name, _, number = argument.partition("=")
        if not (name and number):
            raise Failed(NOT_A_PAIR.format(argument))
        pairs.append((name, number))
    before: dict[str, int] = {}
    for name, wanted in pairs:
        try:
            before[name] = _scale(session, name, _count(wanted))
        except (ApiError, Failed) as error:
            session.err(f"{name}: {told(error) if isinstance(error, ApiError) else error.text}")
        else:
            session.out(f"{name} scaled to {wanted}")
    for name, running in before.items():
        watch(session, name, name, running, START_TICKS)
    return 0 if len(before) == len(pairs) else 1


def _count(number: str) -> int:
    """A number of tasks. Failed in the words of Go's strconv."""
    if not number.isdecimal():
        raise Failed(f"invalid replicas value {number}: strconv.ParseUint: parsing \"{number}\": invalid syntax")
    return int(number)


def _scale(session: Session, name: str, number: int) -> int:
    """How many tasks there were before."""
    spec = session.ask(api.service_inspect, name)["Spec"]
    field = {"Replicated": "Replicas", "ReplicatedJob": "TotalCompletions"}.get(next(iter(spec["Mode"])))
    if field is None:
        raise Failed("scale can only be used with replicated or replicated-job mode")
    settings = next(iter(spec["Mode"].values()))
    settings[field], old = number, int(settings[field])
    session.ask(api.service_update, name, spec)
    return min(old, number)


def update(session: Session) -> int:
    name = session.call.arguments[0]
    if session.call.on("rollback"):
        return rollback(session)
    old = session.ask(api.service_inspect, name)["Spec"]
    new = serviceform.changed(session, old)
    template = new["TaskTemplate"] != old["TaskTemplate"] or new.get("EndpointSpec") != old.get("EndpointSpec")
    count = old["Mode"].get("Replicated", {}).get("Replicas", 0)
    session.ask(api.service_update, name, new)
    if session.own.checks_updates and session.call.has("image") and not session.call.on("no-resolve-image"):
        session.err(unpinned(new["TaskTemplate"]["ContainerSpec"]["Image"]))
    session.out(name)
    return watch(session, name, name, 0 if template else count, CHANGE_TICKS if template else START_TICKS, template)


def rollback(session: Session) -> int:
    name = session.call.arguments[0]
    session.ask(api.service_rollback, name)
    session.out(name)
    if session.call.on("detach"):
        return 0
    session.out("rollback: manually requested rollback ")
    return watch(session, name, name, 0, CHANGE_TICKS, True)


def rm(session: Session) -> int:
    def one(name: str) -> str:
        session.ask(api.service_delete, name)
        return name

    return session.each(session.call.arguments, one)
