"""docker compose exec and run: a command in a service's container, or in one of its own."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.dockercli.compose import body, up
from dnetlab.sim.dockercli.compose.call import Call
from dnetlab.sim.dockercli.compose.looks import one_container
from dnetlab.sim.dockercli.exec import start
from dnetlab.sim.dockercli.run import attach
from dnetlab.sim.dockerd import api

Json = dict[str, Any]


def execute(call: Call) -> int:
    words, session = call.words, call.session
    service, *argv = words.arguments
    row = one_container(call, service)
    tty, detached = not words.on("no-tty"), words.on("detach")
    asked = {
        "User": words.text("user"),
        "WorkingDir": words.text("workdir"),
        "Tty": tty,
        "AttachStdin": not detached,
        "AttachStdout": not detached,
        "AttachStderr": not detached,
        "Cmd": argv,
        "Privileged": words.on("privileged"),
        "Env": [value for value in words.all("env") if "=" in value],
    }
    sent = None if detached else session.context.stdin
    return start(session, row["Id"], asked, sent, detached=detached)


def run(call: Call) -> int:
    words, session = call.words, call.session
    service, *argv = words.arguments
    call.services([service])
    _ready(call, service)
    own = words.text("name") or f"{call.project.name}-{service}-run-{session.context.world.hex_id('compose', 12)}"
    asked = body.container(
        call, service, 1, one_off=True, over=_over(call, service, argv), aliases=words.on("use-aliases")
    )
    for told in asked["NetworkingConfig"]["EndpointsConfig"].values():
        told["Aliases"] = [own, *told["Aliases"][1:]]
    detached = words.on("detach")
    asked["HostConfig"]["AutoRemove"] = words.on("rm")
    asked["Tty"] = asked["OpenStdin"] = not detached and not words.on("no-TTY")
    container = up.make_container(call, asked, own)
    if detached:
        session.ask(api.container_start, container)
        session.out(container)
        return 0
    return attach(session, container, True)


def _ready(call: Call, service: str) -> None:
    """What it depends on runs; its networks are there."""
    needs = [name for name in up.with_needs(call, [service]) if name != service]
    up.prepare(call, [] if call.words.on("no-deps") else needs, service)


def _over(call: Call, service: str, argv: list[str]) -> Json:
    words, found = call.words, call.project.services[service]
    over: Json = {"restart": "no", "container_name": ""}
    if not words.on("service-ports"):
        over["ports"] = []
    if words.all("publish"):
        from dnetlab.commands.compose.canonical import ports_of

        over["ports"] = [row for text in words.all("publish") for row in ports_of(text)]
    if argv:
        over["command"] = argv
    if words.has("entrypoint"):
        over["entrypoint"] = words.text("entrypoint").split()
    if words.all("env"):
        over["environment"] = {**found.get("environment", {}), **dict(v.partition("=")[::2] for v in words.all("env"))}
    over |= {key: words.text(flag) for key, flag in (("user", "user"), ("working_dir", "workdir")) if words.has(flag)}
    if words.all("label"):
        over["labels"] = {**found.get("labels", {}), **dict(v.partition("=")[::2] for v in words.all("label"))}
    return over
