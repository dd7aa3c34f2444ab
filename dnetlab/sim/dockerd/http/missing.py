"""What real daemons answer and the lab's don't: each is 501 with a sentence of ours, never a guess."""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.model import Answer
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd.http.asked import Asked

_PATHS = """
GET /containers/{name}/attach/ws
GET /containers/{name}/checkpoints
POST /containers/{name}/checkpoints
DELETE /containers/{name}/checkpoints/{part}
POST /build/cancel
POST /session
POST /grpc
GET /images/search
GET /distribution/{name}/json
POST /auth
PUT /volumes/{name}
GET /plugins/privileges
POST /plugins/pull
POST /plugins/create
DELETE /plugins/{name}
POST /plugins/{name}/enable
POST /plugins/{name}/disable
POST /plugins/{name}/upgrade
POST /plugins/{name}/push
POST /plugins/{name}/set
"""


def _missing(a: Asked) -> Answer:
    raise Refused(
        "{method} {path} of the Engine API is not modelled.",
        "The lab's daemon knows containers, exec, networks, volumes, images, swarm, nodes, services and tasks.",
        method=a.request.method, path=a.request.path,
    )  # fmt: skip


def _answered(a: Asked) -> Answer:
    return a.do(lambda world, host: _missing(a))


ROUTES: dict[tuple[str, str], Callable[[Asked], Answer]] = {
    (row.split()[0], row.split()[1].replace("{part}", "[^/]+")): _answered for row in _PATHS.split("\n") if row
}
