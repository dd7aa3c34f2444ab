"""What a client stays for: the end of a container, its log as it grows, its program at the other end of a connection.

Whoever waits looks at the lab after each change and stands in nobody's way; when he goes, nothing of him is left.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from dnetlab.model import Answer, Container, ContainerState, Request
from dnetlab.model.changed import replace
from dnetlab.serve import terminal
from dnetlab.serve.wire import MULTIPLEXED, RAW, framed

if TYPE_CHECKING:
    from dnetlab.serve.app import App
    from dnetlab.serve.desk import Desk
    from dnetlab.serve.door import Door, Wire


@dataclass
class Visit:
    """A client that stays, and what he asked. upgrade: he wants to leave HTTP, and says so."""

    app: App
    door: Door
    upgrade: bool
    request: Request

    @property
    def desk(self) -> Desk:
        return self.app.desk

    @property
    def host(self) -> str:
        return self.app.host

    @property
    def name(self) -> str:
        """Of the container or the exec, as the path has it."""
        return self.request.path.split("/", 2)[2].rpartition("/")[0]

    def flag(self, name: str) -> bool:
        return self.request.query.get(name, "").lower() not in ("", "0", "no", "false", "none")

    async def ask(self, method: str, path: str, query: dict[str, str] | None = None, body: Any = None,
                  stdin: str | None = None, waits: bool = False) -> Answer:  # fmt: skip
        asked = Request(method, path, query or {}, body, stdin=stdin, version=self.request.version)
        return await self.desk.ask(self.host, asked, waits=waits)

    async def inspect(self) -> Answer:
        return await self.ask("GET", f"/containers/{self.name}/json")

    def streaming(self, parts: AsyncIterator[bytes], kind: str) -> StreamingResponse:
        return StreamingResponse(parts, 200, {**self.app.headers, "Content-Type": kind})

    async def take(self, raw: bool) -> Wire:
        """The connection, once the client has heard that it is his (moby api/server/router/container)."""
        kind = RAW if raw else MULTIPLEXED
        wire = self.door.take()
        first = "101 UPGRADED" if self.upgrade else "200 OK"
        more = "Connection: Upgrade\r\nUpgrade: tcp\r\n" if self.upgrade else ""
        wire.write(f"HTTP/1.1 {first}\r\nContent-Type: {kind}\r\n{more}\r\n".encode())
        wire.on_gone = self.desk.beat
        await wire.heard()
        return wire


START = 0.2  # seconds
DEATH = 0.02  # seconds from the last words of a program until a real engine says that it has ended
Said = Answer | StreamingResponse | None  # None: nothing more by way of HTTP
Handler = Callable[[Visit], Awaitable[Said]]


def handler(request: Request) -> Handler | None:
    """Who sees to a request that stays; None for one that is answered at once."""
    for method, path, found in _STAY:
        if method == request.method and path.fullmatch(request.path):
            if found is logs and request.query.get("follow", "0").lower() not in ("1", "true"):
                return None
            if found is exec_start and isinstance(request.body, dict) and request.body.get("Detach"):
                return None
            if found is stats and request.query.get("stream", "1").lower() in ("0", "false"):
                return None
            return found
    return None


# -- the end of a container -------------------------------------------------------------------------------------------


async def wait(visit: Visit) -> Said:
    """The headers at once, the status when it has come: clients wait for the headers before they start it."""
    found = await visit.inspect()
    condition = visit.request.query.get("condition") or "not-running"
    if condition not in ("not-running", "next-exit", "removed"):
        return Answer(400, {"message": f'invalid condition: "{condition}"'})
    if found.status != 200:
        return found
    full = found.value["Id"]
    return visit.streaming(_end(visit, full, condition, visit.desk.container(visit.host, full)), "application/json")


async def _end(visit: Visit, full: str, condition: str, before: Container | None) -> AsyncIterator[bytes]:
    yield b""
    async with visit.desk.staying(visit.host, full, reads=False):
        last = await _ended(visit.desk, visit.host, full, before, condition == "not-running")
    if condition == "removed":
        await _gone(visit.desk, visit.host, full)
    code = last.exit_code if last else 0
    yield json.dumps({"StatusCode": code}).encode() + b"\n"


async def _ended(desk: Desk, host: str, full: str, before: Container | None, at_once: bool) -> Container | None:
    """When its program has ended once more; at_once: or when it doesn't run. None when it was removed."""
    while True:
        pulse, now = desk.pulse, desk.container(host, full)
        if now is None or now.finished != (before.finished if before else None) or (at_once and has_ended(now)):
            return now
        await desk.next_change(pulse)


def has_ended(container: Container) -> bool:
    """It doesn't run, and no policy is about to start it again."""
    return not container.is_running and container.state is not ContainerState.RESTARTING


def ran_since(now: Container, before: Container) -> bool:
    """Has its program ended since then?"""
    return now.finished != before.finished


async def _gone(desk: Desk, host: str, full: str) -> None:
    while True:
        pulse = desk.pulse
        if desk.container(host, full) is None:
            return
        await desk.next_change(pulse)


# -- logs -------------------------------------------------------------------------------------------------------------


async def logs(visit: Visit) -> Said:
    """GET /containers/{id}/logs?follow=1"""
    first = await visit.desk.ask(visit.host, visit.request)
    if first.status != 200:
        return first
    found = await visit.inspect()
    return visit.streaming(_grows(visit, found.value["Id"], first), RAW if first.raw else MULTIPLEXED)


async def _grows(visit: Visit, full: str, first: Answer) -> AsyncIterator[bytes]:
    query = {name: value for name, value in visit.request.query.items() if name != "tail"}
    everything = replace(visit.request, query=query)
    async with visit.desk.staying(visit.host, full, lingers=True):
        seen = len((await visit.desk.ask(visit.host, everything, waits=True)).value) - len(first.value)
        async for frame in _new_frames(visit.desk, visit.host, everything, full, seen):
            yield framed(frame, first.raw)


async def _new_frames(
    desk: Desk, host: str, request: Request, full: str, seen: int, before: Container | None = None,
    gone: asyncio.Event | None = None,
) -> AsyncIterator[dict[str, Any]]:  # fmt: skip
    """What a log says from its n-th entry on, until the container has ended (once more than `before`)."""
    while gone is None or not gone.is_set():
        pulse, now = desk.pulse, desk.container(host, full)
        answer = await desk.ask(host, request, waits=True)
        if answer.status != 200:
            return
        frames = answer.value
        for frame in frames[seen:]:
            yield frame
        seen = len(frames)
        if now is None or (has_ended(now) and (before is None or ran_since(now, before))):
            return
        await desk.next_change(pulse)


# -- attach -----------------------------------------------------------------------------------------------------------


async def attach(visit: Visit) -> Said:
    """POST /containers/{id}/attach: its output, and its input if it has one."""
    found = await visit.inspect()
    if found.status != 200:
        return found
    config, full = found.value["Config"], found.value["Id"]
    if found.value["State"]["Paused"]:
        text = f"container {full} is paused, unpause the container before attach"
        return Answer(409, {"message": text})
    raw = config["Tty"]
    query = {name: "1" for name in ("stdout", "stderr") if visit.flag(name)}
    everything = Request(
        "GET", f"/containers/{full}/logs", query or {"stdout": "1", "stderr": "1"}, version=visit.request.version
    )
    async with visit.desk.staying(visit.host, full, attaches=True):  # before the client hears of it and starts it
        before = visit.desk.container(visit.host, full)
        said = (await visit.desk.ask(visit.host, everything, waits=True)).value
        wire = await visit.take(raw)
        sends = visit.flag("stdin") and config["OpenStdin"] and visit.flag("stream")
        await _attached(visit, full, wire, raw, sends, everything, said, before)
    wire.close()
    return None


async def _attached(
    visit: Visit, full: str, wire: Wire, raw: bool, sends: bool, everything: Request, said: list[dict[str, Any]],
    before: Container | None,
) -> None:  # fmt: skip
    """said: what its log had when the client came; before: the container then."""
    desk, host = visit.desk, visit.host
    seen = 0 if visit.flag("logs") else len(said)
    if not visit.flag("stream"):
        for frame in said[seen:]:
            wire.write(framed(frame, raw))
        return
    keys = visit.request.query.get("detachKeys", "")
    session = terminal.Session(desk, host, f"{host} {full}", wire, raw, raw, keys)
    reading = asyncio.create_task(session.serve(full) if sends else session.look_out())
    writing = asyncio.create_task(_shown(desk, host, everything, full, seen, before, wire, raw))
    await asyncio.wait([reading, writing], return_when=asyncio.FIRST_COMPLETED)
    failed = reading.done() and reading.exception() is not None
    if sends and not failed and not wire.gone.is_set() and not session.detached and not writing.done():
        await writing  # all was sent; what comes is still read
    for task in (reading, writing):
        task.cancel()
    for ended in await asyncio.gather(reading, writing, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


async def _shown(desk: Desk, host: str, request: Request, full: str, seen: int, before: Container | None, wire: Wire,
                 raw: bool) -> None:  # fmt: skip
    before = None if before is not None and before.is_running else before
    async for frame in _new_frames(desk, host, request, full, seen, before, wire.gone):
        wire.write(framed(frame, raw))
        await wire.drained()


# -- exec -------------------------------------------------------------------------------------------------------------


async def exec_start(visit: Visit) -> Said:
    """POST /exec/{id}/start with a connection: the program runs, or a shell waits for what is typed."""
    known = await visit.ask("GET", f"/exec/{visit.name}/json")
    if known.status != 200:
        return known
    one, body = known.value, visit.request.body
    tty, raw = one["ProcessConfig"]["tty"], bool(isinstance(body, dict) and body.get("Tty"))
    argv = [one["ProcessConfig"]["entrypoint"], *one["ProcessConfig"]["arguments"]]
    wire, stdin = None, None
    session = f"{visit.host} exec {one['ID']}"
    if one["OpenStdin"] and (argv == ["cat"] if tty else terminal.reads(argv)):
        wire = await visit.take(raw)
        if tty:
            stdin = await terminal.Session(visit.desk, visit.host, session, wire, raw, tty, one["DetachKeys"]).echo()
        else:
            stdin = await terminal.everything(wire)
    answer = await visit.ask("POST", visit.request.path, body=body, stdin=stdin)
    if wire is None and answer.status != 200:
        return answer
    shown = answer.value if answer.kind == "frames" and not (wire and tty) else ()
    wire = wire or await visit.take(raw)
    for frame in shown:
        wire.write(framed(frame, raw, tty))
    if answer.headers.get("Shell"):
        there = terminal.Session(visit.desk, visit.host, session, wire, raw, tty, one["DetachKeys"])
        await there.serve(one["ContainerID"])
    wire.close()
    return None


# -- what happens, what is used ---------------------------------------------------------------------------------------


async def events(visit: Visit) -> Said:
    """GET /events: those asked for, then each as it happens; with `until`, which only the past has, no more."""
    everything = replace(visit.request, query={**visit.request.query, "since": "0"})
    known = await visit.desk.ask(visit.host, everything, waits=True)  # from here on nothing is missed
    first = await visit.desk.ask(visit.host, visit.request)
    if first.status != 200 or visit.request.query.get("until"):
        return first
    last = max((one["timeNano"] for one in known.value or () if not _is_still_starting(visit, one)), default=0)
    return visit.streaming(_happens(visit, everything, first.value, last), "application/json")


def _is_still_starting(visit: Visit, one: dict[str, Any]) -> bool:
    """A real engine takes START to start a container: who asks meanwhile, as `docker compose up` does, hears of it."""
    part_of_it = one["Type"] == "container" and one["Action"] != "create" or one["Action"] in ("connect", "disconnect")
    lab = visit.desk.lab
    return part_of_it and lab.lab_time is not None and one["timeNano"] > lab.daemons.nano(lab.lab_time - START)


async def _happens(
    visit: Visit, everything: Request, first: list[dict[str, Any]], last: int
) -> AsyncIterator[bytes]:
    """first: those asked for; last: when the newest happened that the client hasn't asked to hear of as it comes."""
    yield b"".join(_line(one) for one in first)
    while True:
        pulse = visit.desk.pulse
        found = (await visit.desk.ask(visit.host, everything, waits=True)).value or []
        fresh = [one for one in found if one["timeNano"] > last]
        if fresh:
            last = fresh[-1]["timeNano"]
            if any(one["Action"] == "die" for one in fresh):
                await asyncio.sleep(DEATH)
            yield b"".join(_line(one) for one in fresh)
        await visit.desk.next_change(pulse)


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


async def stats(visit: Visit) -> Said:
    """GET /containers/{id}/stats: a reading each second until the container has ended."""
    first = await visit.desk.ask(visit.host, visit.request)
    if first.status != 200:
        return first
    return visit.streaming(_readings(visit, first), "application/json")


async def _readings(visit: Visit, found: Answer) -> AsyncIterator[bytes]:
    while found.status == 200:
        yield _line(found.value)
        await asyncio.sleep(1)
        found = await visit.desk.ask(visit.host, visit.request)


_STAY: tuple[tuple[str, re.Pattern[str], Handler], ...] = (
    ("POST", re.compile(r"/containers/.+/wait"), wait),
    ("GET", re.compile(r"/containers/.+/logs"), logs),
    ("GET", re.compile(r"/containers/.+/stats"), stats),
    ("GET", re.compile(r"/events"), events),
    ("POST", re.compile(r"/containers/.+/attach"), attach),
    ("POST", re.compile(r"/exec/.+/start"), exec_start),
)
