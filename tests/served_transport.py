"""The way of our own docker command through the server: its operations as requests over HTTP, on a socket.

A test's world is lent to a served lab, so that all of dnetlab.serve is in between: the socket, HTTP, the routes, and
for attach, exec and wait the connections that stay. Four things have no request: two refusals (`docker swarm ca` and
`docker stack`, of which a real client asks something else), and shells that wait for what is typed, whose lines are the
lab's own at this prompt; tests/serve/test_served_terminals.py types into served ones.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

from dnetlab.model import Answer, Refusal, Request, Snapshot
from dnetlab.serve.thread import Served
from dnetlab.sim import due, sessions
from dnetlab.sim.dockerd import api, books
from dnetlab.sim.dockerd.http import answer, common_headers
from dnetlab.sim.passing import come
from dnetlab.sim.programs.launch import stays_for_a_terminal
from dnetlab.sim.world import World
from tests.serve.served_lab import Http, Raw

Json = dict[str, Any]
IN_PROCESS = ("swarm_ca",)


class Lent:
    """What the server sees of a lab (dnetlab.clients), and of its daemons: the world that a test lends it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lock, self.changed, self.lab_time = threading.RLock(), [], None
        self.refused: Refusal | None = None  # the last that was
        self.engine = SimpleNamespace(snapshot=self._snapshot, sockets=dict)
        self.daemons = SimpleNamespace(hosts=tuple(world.daemons), headers=common_headers(world), next_due=self._due,
                                       prompt=lambda session: None)  # fmt: skip

    def _snapshot(self) -> Snapshot:
        return self.world.snapshot()

    def _due(self, only: Any = None) -> float | None:
        return due.next_due(self.world, only)

    def time_passes(self, goes_on: bool) -> None:
        """Only a line moves the clock of a test's world, and who waits for an end."""

    def ask(self, host: str, request: Request, *, waits: bool = False) -> Answer:
        found = answer(self.world, host, request)
        self.refused = found.refused or self.refused
        if not request.reads:
            for tell in self.changed:
                tell()
        return found

    def stay(self, host: str, container: str, attaches: bool = False) -> None:
        sessions.stay(self.world, host, container, attaches)

    def let_go(self, host: str, container: str) -> None:
        sessions.let_go(self.world, host, container)

    def pass_time(self, to: float | None = None) -> None:
        come(self.world, to)


@dataclass
class Doors:
    """One served lab for each release and set of hosts, while the tests last.

    A lab belongs to the test but while it asks: a server that leaves a container a moment later waits for the next.
    """

    labs: dict[tuple[str, ...], tuple[Lent, Served]] = field(default_factory=dict)
    connections: dict[Path, Http] = field(default_factory=dict)

    def reach(
        self, operation: Callable[..., Any], world: World, host: str, args: Sequence[Any], options: Mapping[str, Any]
    ) -> Any:
        """`session.reach`, by HTTP."""
        name = operation.__name__
        if name in IN_PROCESS:
            return api.call(operation, world, host, *args, **options)
        lab, doors = self._lab(world)
        lab.world = world
        client = Client(self, lab, doors.sockets[host], host)
        lab.lock.release()
        try:
            return getattr(client, name)(*args, **options)
        finally:
            lab.lock.acquire()

    def _lab(self, world: World) -> tuple[Lent, Served]:
        key = (world.release, *world.daemons)
        if key not in self.labs:
            lab = Lent(world)
            lab.lock.acquire()
            self.labs[key] = lab, Served(lab, Path(tempfile.mkdtemp(prefix="dnet")), skips=True)  # type: ignore[arg-type]
        return self.labs[key]

    def connection(self, path: Path) -> Http:
        if path not in self.connections:
            self.connections[path] = Http(path)
        return self.connections[path]

    def close(self) -> None:
        for connection in self.connections.values():
            connection.close()
        for lab, doors in self.labs.values():
            lab.lock.release()
            folder = next(iter(doors.sockets.values())).parent
            doors.close()
            folder.rmdir()


def query_of(named: Mapping[str, Any]) -> str:
    """As clients write it: nothing of what isn't said."""
    said: list[tuple[str, str]] = []
    for name, value in named.items():
        if isinstance(value, (list, tuple)):
            said += [(name, one) for one in value]
        elif isinstance(value, dict):
            said += [(name, json.dumps(value))] if value else []
        elif value not in (None, False, ""):
            said.append((name, "1" if value is True else str(value)))
    return f"?{urlencode(said)}" if said else ""


@dataclass
class Client:
    """The operations of `dockerd.api` as requests: the same arguments, the same answers."""

    doors: Doors
    lab: Lent
    path: Path
    host: str

    # -- what travels -------------------------------------------------------------------------------------------------

    def send(self, method: str, path: str, body: Any = None, data: bytes = b"", /, **named: Any) -> tuple[Any, bytes]:
        """(headers, body). Raises what the operation raises."""
        connection, headers = self.doors.connection(self.path), {}
        if body is not None:
            data, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
        self.lab.refused = None
        connection.request(method, quote(path) + query_of(named), data or None, headers)
        response = connection.getresponse()
        content = response.read()
        self._check(response.status, content)
        return response.headers, content

    def _check(self, status: int, content: bytes) -> None:
        if status >= 400:
            message = json.loads(content)["message"] if content else ""  # HEAD has none
            assert not message.startswith("dnetlab has a fault"), message
            refused = self.lab.refused
            if status == 501 and refused is not None:
                assert message == str(refused)
                raise api.NotModelled(refused.why, refused.instead)
            raise api.ApiError(message, status)

    def value(self, method: str, path: str, body: Any = None, data: bytes = b"", /, **named: Any) -> Any:
        content = self.send(method, path, body, data, **named)[1]
        return json.loads(content) if content else None

    def lines(self, method: str, path: str, data: bytes = b"", /, **named: Any) -> list[Json]:
        """An answer of one JSON value a line."""
        return [json.loads(line) for line in self.send(method, path, None, data, **named)[1].splitlines()]

    def tar(self, method: str, path: str, /, **named: Any) -> str:
        return base64.b64encode(self.send(method, path, **named)[1]).decode()

    def stays(self, path: str, body: Any = None) -> Raw:
        """A connection that is taken over. Raises what the operation raises."""
        wire = Raw(self.path, path, body)
        status = int(wire.head.split()[1])
        if status >= 400:
            with wire.socket:
                self._check(status, wire.socket.recv(length_of(wire.head), socket.MSG_WAITALL))
        return wire

    def waits_here(self, operation: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """What has no answer over a connection: a shell that sits at the lab's own prompt, an end that never comes."""
        with self.lab.lock:
            return api.call(operation, self.lab.world, self.host, *args, **options)

    # -- containers ---------------------------------------------------------------------------------------------------

    def container_list(self, every: bool = False, limit: int = 0, size: bool = False, filters: Any = None) -> Any:
        return self.value("GET", "/containers/json", all=every, limit=limit or None, size=size, filters=filters)

    def container_inspect(self, name: str, size: bool = False) -> Any:
        return self.value("GET", f"/containers/{name}/json", size=size)

    def container_create(self, body: Json, name: str = "") -> Any:
        return self.value("POST", "/containers/create", body, name=name)

    def container_start(self, name: str) -> Any:
        return self.value("POST", f"/containers/{name}/start")

    def container_stop(self, name: str, t: int | None = None, signal: str = "") -> Any:
        return self.value("POST", f"/containers/{name}/stop", t=t, signal=signal)

    def container_restart(self, name: str, t: int | None = None, signal: str = "") -> Any:
        return self.value("POST", f"/containers/{name}/restart", t=t, signal=signal)

    def container_kill(self, name: str, signal: str = "") -> Any:
        return self.value("POST", f"/containers/{name}/kill", signal=signal)

    def container_rename(self, name: str, new: str) -> Any:
        return self.value("POST", f"/containers/{name}/rename", name=new)

    def container_pause(self, name: str) -> Any:
        return self.value("POST", f"/containers/{name}/pause")

    def container_unpause(self, name: str) -> Any:
        return self.value("POST", f"/containers/{name}/unpause")

    def container_update(self, name: str, body: Json) -> Any:
        return self.value("POST", f"/containers/{name}/update", body)

    def container_wait(self, name: str) -> Any:
        found = self.container_inspect(name)
        if never_ends(self.lab.world, self.host, found["Id"]):
            return self.waits_here(api.container_wait, name)
        return self.value("POST", f"/containers/{name}/wait")

    def container_delete(self, name: str, v: bool = False, force: bool = False, link: bool = False) -> Any:
        return self.value("DELETE", f"/containers/{name}", v=v, force=force, link=link)

    def container_prune(self, filters: Any = None) -> Any:
        return self.value("POST", "/containers/prune", filters=filters)

    def container_top(self, name: str, options: Sequence[str] = ()) -> Any:
        return self.value("GET", f"/containers/{name}/top", ps_args=" ".join(options))

    def container_stats(self, name: str) -> Any:
        return self.value("GET", f"/containers/{name}/stats", stream="0")

    def container_logs(
        self, name: str, *, since: float | None = None, until: float | None = None, timestamps: bool = False,
        tail: int | None = None, details: bool = False,
    ) -> list[Json]:  # fmt: skip
        headers, content = self.send("GET", f"/containers/{name}/logs", stdout=True, stderr=True, since=_moment(since),
                                     until=_moment(until), timestamps=timestamps, details=details,
                                     tail=None if tail is None else str(tail))  # fmt: skip
        return frames(content, "raw-stream" in headers["Content-Type"])

    def container_attach(self, name: str, *, start: bool = False, stdin: str | None = None) -> Json:
        """As the docker command does it: attached, it waits for the end, and then starts it."""
        found = self.container_inspect(name)
        tty, condition = found["Config"]["Tty"], "next-exit" if start else "not-running"
        config = books.spec(self.lab.world, self.host, found["Id"]).config
        if stdin is not None and stays_for_a_terminal(config):
            if start:
                self.container_start(name)
            return self.waits_here(api.container_attach, name, stdin=stdin)
        wire = self.stays(f"/containers/{name}/attach?stream=1&stdout=1&stderr=1&stdin={int(stdin is not None)}")
        with wire.socket, contextlib.closing(Http(self.path)) as waiting:
            waiting.request("POST", f"/containers/{name}/wait?condition={condition}")
            ended = waiting.getresponse()
            if start:
                self.container_start(name)
            reads = stdin is not None and config.argv[:1] == ("cat",)
            if never_ends(self.lab.world, self.host, found["Id"]) and not reads:
                return self.waits_here(api.container_attach, name)
            said, code = exchanged(wire, stdin), json.loads(ended.read())["StatusCode"]
        return {"Frames": frames(said, tty), "StatusCode": code, "Terminal": None}

    def container_exec(self, name: str, body: Json) -> Any:
        return self.value("POST", f"/containers/{name}/exec", body)

    def exec_start(self, name: str, body: Json, stdin: str | None = None) -> Json:
        known = self.exec_inspect(name)
        if body.get("Detach"):
            self.send("POST", f"/exec/{name}/start", body)
            return {"Frames": [], "Terminal": None}
        if known["OpenStdin"] and body["Tty"]:
            return self.waits_here(api.exec_start, name, body, stdin)
        wire = self.stays(f"/exec/{name}/start", body)
        with wire.socket:
            return {"Frames": frames(exchanged(wire, stdin), body["Tty"]), "Terminal": None}

    def exec_inspect(self, name: str) -> Any:
        return self.value("GET", f"/exec/{name}/json")

    # -- files --------------------------------------------------------------------------------------------------------

    def container_archive_info(self, name: str, path: str) -> Any:
        headers, _ = self.send("HEAD", f"/containers/{name}/archive", path=path)
        return json.loads(base64.b64decode(headers["X-Docker-Container-Path-Stat"]))

    def container_archive(self, name: str, path: str) -> Any:
        headers, content = self.send("GET", f"/containers/{name}/archive", path=path)
        stat = json.loads(base64.b64decode(headers["X-Docker-Container-Path-Stat"]))
        return {"Stat": stat, "Archive": base64.b64encode(content).decode()}

    def put_container_archive(self, name: str, path: str, content: str) -> Any:
        return self.value("PUT", f"/containers/{name}/archive", None, base64.b64decode(content), path=path)

    def container_changes(self, name: str) -> Any:
        return self.value("GET", f"/containers/{name}/changes") or []

    def container_export(self, name: str) -> str:
        return self.tar("GET", f"/containers/{name}/export")

    # -- networks and volumes -----------------------------------------------------------------------------------------

    def network_list(self, filters: Any = None) -> Any:
        return self.value("GET", "/networks", filters=filters)

    def network_inspect(self, name: str, scope: str = "") -> Any:
        return self.value("GET", f"/networks/{name}", scope=scope)

    def network_create(self, body: Json) -> Any:
        return self.value("POST", "/networks/create", body)

    def network_delete(self, name: str) -> Any:
        return self.value("DELETE", f"/networks/{name}")

    def network_connect(self, name: str, body: Json) -> Any:
        return self.value("POST", f"/networks/{name}/connect", body)

    def network_disconnect(self, name: str, body: Json) -> Any:
        return self.value("POST", f"/networks/{name}/disconnect", body)

    def network_prune(self, filters: Any = None) -> Any:
        return self.value("POST", "/networks/prune", filters=filters)

    def volume_list(self, filters: Any = None) -> Any:
        return self.value("GET", "/volumes", filters=filters)

    def volume_inspect(self, name: str) -> Any:
        return self.value("GET", f"/volumes/{name}")

    def volume_create(self, body: Json) -> Any:
        return self.value("POST", "/volumes/create", body)

    def volume_delete(self, name: str, force: bool = False) -> Any:
        return self.value("DELETE", f"/volumes/{name}", force=force)

    def volume_prune(self, filters: Any = None) -> Any:
        return self.value("POST", "/volumes/prune", filters=filters)

    # -- images -------------------------------------------------------------------------------------------------------

    def image_list(self, filters: Any = None, manifests: bool = False, every: bool = False) -> Any:
        return self.value("GET", "/images/json", filters=filters, manifests=manifests, all=every)

    def image_inspect(self, name: str) -> Any:
        return self.value("GET", f"/images/{name}/json")

    def image_create(self, from_image: str, tag: str = "") -> Any:
        return self.lines("POST", "/images/create", fromImage=from_image, tag=tag)

    def image_push(self, name: str, tag: str = "") -> Any:
        return self.lines("POST", f"/images/{name}/push", tag=tag)

    def image_tag(self, name: str, repo: str, tag: str = "") -> Any:
        return self.value("POST", f"/images/{name}/tag", repo=repo, tag=tag)

    def image_delete(self, name: str, force: bool = False) -> Any:
        return self.value("DELETE", f"/images/{name}", force=force)

    def image_prune(self, filters: Any = None) -> Any:
        return self.value("POST", "/images/prune", filters=filters)

    def image_history(self, name: str) -> Any:
        return self.value("GET", f"/images/{name}/history")

    def image_get(self, names: Sequence[str]) -> str:
        return self.tar("GET", "/images/get", names=names)

    def image_load(self, content: str) -> Any:
        return self.lines("POST", "/images/load", base64.b64decode(content))

    def image_import(self, content: str, **named: Any) -> Any:
        return self.lines("POST", "/images/create", base64.b64decode(content), fromSrc="-", **named)

    def image_commit(self, name: str, body: Json | None = None, *, pause: bool = True, **named: Any) -> Any:
        return self.value("POST", "/commit", body, container=name, pause=str(pause).lower(), **named)

    def image_build(self, content: str, **named: Any) -> Any:
        return self.lines("POST", "/build", base64.b64decode(content), **named)

    def build_prune(self) -> Any:
        return self.value("POST", "/build/prune")

    # -- the daemon ---------------------------------------------------------------------------------------------------

    def system_ping(self) -> Json:
        headers, _ = self.send("GET", "/_ping")
        return {name: headers[name] for name in ("Api-Version", "Ostype")}

    def system_version(self) -> Any:
        return self.value("GET", "/version")

    def system_info(self) -> Any:
        return self.value("GET", "/info")

    def system_data_usage(self) -> Any:
        return self.value("GET", "/system/df")

    def system_events(self, *, since: float | None = None, until: float | None = None, filters: Any = None) -> Any:
        return self.lines("GET", "/events", since=_moment(since), until=_moment(until), filters=filters)

    # -- swarms -------------------------------------------------------------------------------------------------------

    def swarm_init(self, body: Json) -> Any:
        return self.value("POST", "/swarm/init", body)

    def swarm_join(self, body: Json) -> Any:
        return self.value("POST", "/swarm/join", body)

    def swarm_leave(self, force: bool = False) -> Any:
        return self.value("POST", "/swarm/leave", force=force)

    def swarm_inspect(self) -> Any:
        return self.value("GET", "/swarm")

    def swarm_update(
        self, *, rotate_worker: bool = False, rotate_manager: bool = False, rotate_key: bool = False,
        body: Json | None = None, version: int | None = None,
    ) -> Any:  # fmt: skip
        now = self.swarm_inspect()
        return self.value("POST", "/swarm/update", now["Spec"] if body is None else body,
                          version=str(now["Version"]["Index"]), rotateWorkerToken=rotate_worker,
                          rotateManagerToken=rotate_manager, rotateManagerUnlockKey=rotate_key)  # fmt: skip

    def swarm_unlock(self, body: Json) -> Any:
        return self.value("POST", "/swarm/unlock", body)

    def swarm_unlock_key(self) -> Any:
        return self.value("GET", "/swarm/unlockkey")

    def node_list(self, filters: Any = None) -> Any:
        return self.value("GET", "/nodes", filters=filters)

    def node_inspect(self, name: str) -> Any:
        return self.value("GET", f"/nodes/{name}")

    def node_update(self, name: str, spec: Json) -> Any:
        version = self.node_inspect(name)["Version"]["Index"]
        return self.value("POST", f"/nodes/{name}/update", spec, version=str(version))

    def node_delete(self, name: str, force: bool = False) -> Any:
        return self.value("DELETE", f"/nodes/{name}", force=force)

    def service_list(self, filters: Any = None, status: bool = False) -> Any:
        return self.value("GET", "/services", filters=filters, status=status)

    def service_inspect(self, name: str, insert_defaults: bool = False) -> Any:
        return self.value("GET", f"/services/{name}", insertDefaults=insert_defaults)

    def service_create(self, body: Json) -> Any:
        return self.value("POST", "/services/create", body)

    def service_update(self, name: str, body: Json) -> Any:
        version = self.service_inspect(name)["Version"]["Index"]
        return self.value("POST", f"/services/{name}/update", body, version=str(version))

    def service_rollback(self, name: str) -> Any:
        found = self.service_inspect(name)
        return self.value("POST", f"/services/{name}/update", found["Spec"], version=str(found["Version"]["Index"]),
                          rollback="previous")  # fmt: skip

    def service_delete(self, name: str) -> Any:
        return self.value("DELETE", f"/services/{name}")

    def service_logs(self, name: str) -> list[Json]:
        return self._told(f"/services/{name}/logs")

    def task_logs(self, name: str) -> list[Json]:
        return self._told(f"/tasks/{name}/logs")

    def _told(self, path: str) -> list[Json]:
        """Whose a line is, the details in front of it say, and names are asked for (docker/cli service/logs.go)."""
        _, content = self.send("GET", path, stdout=True, stderr=True, details=True, timestamps=True)
        return [self._row(frame) for frame in frames(content, False)]

    def _row(self, frame: Json) -> Json:
        at, details, text = frame["text"].split(" ", 2)
        who = dict(pair.split("=", 1) for pair in details.split(","))
        task = self.task_inspect(who["com.docker.swarm.task.id"])
        service = self.service_inspect(task["ServiceID"])["Spec"]["Name"]
        node = self.node_inspect(who["com.docker.swarm.node.id"])["Description"]["Hostname"]
        seconds = datetime.fromisoformat(at[:19] + "+00:00").timestamp()
        return {"stream": frame["stream"], "text": text, "node": node, "task": task["ID"], "service": service, "at": at,
                "slot": task.get("Slot") or task["NodeID"], "details": details, "since_1970": seconds}  # fmt: skip

    def task_list(self, filters: Any = None) -> Any:
        return self.value("GET", "/tasks", filters=filters)

    def task_inspect(self, name: str) -> Any:
        return self.value("GET", f"/tasks/{name}")

    def content_create(self, kind: str, body: Json) -> Any:
        return self.value("POST", f"/{kind}s/create", body)

    def content_update(self, kind: str, name: str, body: Json) -> Any:
        version = self.content_inspect(kind, name)["Version"]["Index"]
        return self.value("POST", f"/{kind}s/{name}/update", body, version=str(version))

    def content_list(self, kind: str, filters: Any = None) -> Any:
        return self.value("GET", f"/{kind}s", filters=filters)

    def content_inspect(self, kind: str, name: str) -> Any:
        return self.value("GET", f"/{kind}s/{name}")

    def content_delete(self, kind: str, name: str) -> Any:
        return self.value("DELETE", f"/{kind}s/{name}")


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:.9f}"


def length_of(head: str) -> int:
    return int(head.lower().partition("content-length: ")[2].split()[0])


def exchanged(wire: Raw, sent: str | None) -> bytes:
    """All that comes over a connection, once all was sent; a program may have ended before."""
    with contextlib.suppress(BrokenPipeError):
        wire.send((sent or "").encode())
        wire.socket.shutdown(socket.SHUT_WR)
    return wire.rest()


def frames(content: bytes, raw: bool) -> list[Json]:
    """What programs printed, cut at its headers; of a terminal, its lines as our own client prints them."""
    if raw:
        text = content.decode().replace("\r\n", "\n")
        return [{"stream": "stdout", "text": text}] if text else []
    found = []
    while content:
        number, length = struct.unpack(">BxxxL", content[:8])
        found.append({"stream": ("", "stdout", "stderr")[number], "text": content[8 : 8 + length].decode()})
        content = content[8 + length :]
    return found


def never_ends(world: World, host: str, full: str) -> bool:
    """Does its program run, and nothing will end it?"""
    container = world.hosts[host].container(full)
    return container is not None and container.is_running and due.next_due(world, [(host, full)]) is None


@contextlib.contextmanager
def opened() -> Iterator[Doors]:
    doors = Doors()
    try:
        yield doors
    finally:
        doors.close()
