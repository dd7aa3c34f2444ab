"""docker compose build, and what `up` builds first: images of services that have a `build:`.

Recorded from docker-compose 2.40.3 on 28.5.2: the plugin's warning, ` web  Built`. What BuildKit prints between is left
out, as the lab builds with the daemon's own builder.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from dnetlab.sim.dockercli.build import packed
from dnetlab.sim.dockercli.compose import body
from dnetlab.sim.dockercli.compose.call import Call
from dnetlab.sim.dockercli.compose.warning import warn
from dnetlab.sim.dockercli.session import Failed
from dnetlab.sim.dockerd import api

Json = dict[str, Any]
WITHOUT_BUILDX = "Docker Compose is configured to build using Bake, but buildx isn't installed"


def build(call: Call) -> int:
    build_all(call, call.services(), anew=True)
    return 0


def build_all(call: Call, names: Sequence[str], *, anew: bool) -> None:
    """Build the images of these services; without `anew` those that aren't there. Raises Failed, ApiError."""
    wanted = [name for name in sorted(names) if call.project.services[name].get("build")
              and (anew or not body.image_id(call, body.image_of(call, name)))]  # fmt: skip
    if wanted:
        warn(call, WITHOUT_BUILDX)
    for name in wanted:
        _build(call, name, call.project.services[name]["build"])
        call.session.err(f" {name}  Built")


def _build(call: Call, name: str, told: Json) -> None:
    arguments = told.get("args") or {}
    if isinstance(arguments, list):
        arguments = dict(str(row).partition("=")[::2] for row in arguments)
    content = packed(call.session, told["context"], {})
    answer = call.session.ask(
        api.image_build, base64.b64encode(content).decode(), dockerfile=told["dockerfile"],
        t=[body.image_of(call, name)], buildargs={key: str(value) for key, value in arguments.items()},
        target=told.get("target", ""), nocache=call.words.on("no-cache"), labels={},
    )  # fmt: skip
    failed = next((row for row in answer if "error" in row), None)
    if failed is not None:
        raise Failed(failed["error"])
