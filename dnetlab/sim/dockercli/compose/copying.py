"""docker compose cp: files of a service's container, both ways (observed with 2.40.3)."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli import copy
from dnetlab.sim.dockercli.compose import ask
from dnetlab.sim.dockercli.compose.call import Call
from dnetlab.sim.dockercli.session import Failed

Json = dict[str, Any]


def cp(call: Call) -> int:
    if len(call.words.arguments) != 2:
        raise Refused("docker compose {name} is not simulated.", "docker cp copies between a host and a container.",
                      name="cp")  # fmt: skip
    source, target = call.words.arguments
    (source_of, source_path), (target_of, target_path) = copy.parted(source), copy.parted(target)
    if source_of and target_of:
        raise Failed("copying between services is not supported")
    if not source_of and not target_of:
        raise Failed("unknown copy direction")
    rows = _containers(call, source_of or target_of)
    for row in rows[:1] if source_of else rows:
        own = ask.name_of(row)
        ways = f"{own}:{source_path} to {target}" if source_of else f"{source} to {own}:{target_path}"
        shown = f" {own} copy {ways}"
        call.session.err(f"{shown} Copying")
        if source_of:
            copy.from_container(call.session, row["Id"], source_path, target)
        else:
            copy.to_container(call.session, source, row["Id"], target_path)
        call.session.err(f"{shown} Copied")
    return 0


def _containers(call: Call, service: str) -> list[Json]:
    number = call.words.number("index") or 0
    rows = [row for row in ask.of_service(call, service) if number in (0, ask.number_of(row))]
    if not rows:
        raise Failed(f'no container found for service "{service}"')
    return rows
