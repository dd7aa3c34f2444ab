"""A lab host as a value: what its kernel, its processes and its dockerd say, put together."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dnetlab.engines.look import api
from dnetlab.engines.look.netlink import Owners
from dnetlab.engines.look.processes import Task
from dnetlab.engines.providers import Sight
from dnetlab.model import Container, Host, Namespace
from dnetlab.model.host import PREDEFINED

# What dockerd keeps beside its containers' namespaces: an overlay network's, its load balancer's, and the mesh's
# (moby libnetwork/drivers/overlay: initSandbox; libnetwork/controller.go: NewSandbox).
OVERLAY = re.compile(r"\d+-\w{10}$|lb_|ingress_sbox$")


def seen(
    name: str, has_docker: bool, sight: Sight, known: dict[str, api.Known], clock: Callable[[float], float]
) -> Host:
    """The host now; one whose dockerd is stopped shows no containers.

    known: what earlier looks learned of its containers, brought up to date;  clock: seconds since 1970 -> the lab's
    """
    host, documents = Host(name, has_docker=has_docker), []
    tasks = sight.tasks(clock)
    lists = sight.read(list(api.LISTS)) if has_docker else None
    if lists is not None and len(lists) == len(api.LISTS):
        starts = {task.process.pid: task.process.started for task in tasks}
        rows, networks, images, volumes = (lists[name] for name in api.LISTS)
        documents = api.inspect_containers(rows, known, starts, lambda asked: sight.read(asked) or {})
        host = replace(
            host,
            docker_running=True,
            networks=api.networks(networks, clock, lambda asked: sight.read(asked) or {}),
            images=api.images(images, clock),
            volumes=api.volumes(volumes),
        )
    containers = _with_heirs(_with_makers([api.container(data, clock) for data in documents]), tasks)
    names = _names_by_inode(sight.host_net, containers, tasks)
    spaces = _namespaces(sight, names, containers, tasks)
    host = replace(host, networks=tuple(api.with_gateway(n, spaces["host"]) for n in host.networks))
    running = tuple(replace(t.process, namespace=names.get(t.net, "host")) for t in tasks)
    return replace(
        host,
        namespaces=spaces,
        processes=running,
        containers=tuple(api.with_interfaces(c, spaces) for c in containers),
    )


def gone(name: str, has_docker: bool) -> Host:
    """A host that was ended from inside: nothing runs there, and it is on no network."""
    return Host(name, namespaces={"host": Namespace("host")}, has_docker=has_docker)


def _names_by_inode(host_net: int, containers: list[Container], tasks: list[Task]) -> dict[int, str]:
    """Network namespace's inode -> its name in the snapshot."""
    nets = {task.process.pid: task.net for task in tasks}
    names = {
        nets[c.pid]: c.namespace for c in containers if c.pid in nets and c.namespace and c.namespace == c.short_id
    }
    names[host_net] = "host"
    return names


def _namespaces(
    sight: Sight, names: dict[int, str], containers: list[Container], tasks: list[Task]
) -> dict[str, Namespace]:
    first = {names[task.net]: task.process.pid for task in reversed(tasks) if task.net in names}
    kept = sorted(name for name in sight.named.values() if OVERLAY.match(name))
    dns = {c.short_id for c in containers if any(e.network not in PREDEFINED for e in c.endpoints)}
    talkers = {names[task.net] for task in tasks if task.net in names and task.sockets} | dns
    places = [("host", 1, True)] + [(n, pid, n in talkers) for n, pid in first.items() if n != "host"]
    places += [(name, 0, True) for name in kept]
    owners: Owners = {}
    for task in reversed(tasks):
        holder = task.process.pid, Path(task.process.argv[0].split(":")[0]).name
        owners.update(dict.fromkeys(task.sockets, holder))
    return sight.namespaces(places, lambda name: name == "host" or name in {*dns, *kept}, owners)


def _with_makers(containers: list[Container]) -> list[Container]:
    """Who joined a container that had itself joined another lives where that one lives, however long the chain."""
    place = {c.short_id: c.namespace for c in containers}
    found = []
    for container in containers:
        name = container.namespace
        while name is not None and place.get(name) not in (None, name):
            name = place[name]
        found.append(container if name == container.namespace else replace(container, namespace=name))
    return found


def _with_heirs(containers: list[Container], tasks: list[Task]) -> list[Container]:
    """A network namespace whose maker has ended is its joiners' own: it is called by the newest of them."""
    nets = {task.process.pid: task.net for task in tasks}
    places = {c.short_id: nets.get(c.pid or 0) for c in containers if c.is_running} | {"host": None}
    heirs: dict[int, str] = {}
    found = []
    for container in containers:
        place = nets.get(container.pid or 0)
        left = container.is_running and container.namespace not in ("host", None) and place is not None
        if left and place != places.get(container.namespace or ""):
            container = replace(container, namespace=heirs.setdefault(place or 0, container.short_id))
        found.append(container)
    return found
