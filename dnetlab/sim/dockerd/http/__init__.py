"""The Docker Engine API as paths: which request is which operation of `dockerd.api`, and what its answer says.

No logic of its own, and no HTTP either: a Request is a value and so is its Answer. Who serves it to real clients is
`dnetlab.serve`; `curl --unix-socket /var/run/docker.sock` on a host of the lab comes here, too.

    asked.py       a request on its way: its query and body read as moby reads them
    containers.py, files.py, things.py, swarm.py   the routes: (method, path) -> function
    missing.py     paths that real daemons have and the lab's have not: 501
"""

from __future__ import annotations

import re
from collections.abc import Callable

from dnetlab.model import Answer, Refusal, Request
from dnetlab.model.answer import nobody_listens
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError, NotModelled
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.http import containers, files, missing, swarm, things
from dnetlab.sim.dockerd.http.asked import Asked
from dnetlab.sim.profiles.engine import numbers
from dnetlab.sim.world import World

Route = tuple[re.Pattern[str], Callable[[Asked], Answer]]


def _pattern(path: str) -> re.Pattern[str]:
    """'/containers/{name}/json'; a name may hold slashes, as names of images and links do."""
    return re.compile(path.replace("{name}", "(?P<name>.+)"))


def _table() -> dict[tuple[str, str], list[Route]]:
    """(method, first word of the path) -> its routes."""
    found: dict[tuple[str, str], list[Route]] = {}
    for routes in (files.ROUTES, containers.ROUTES, things.ROUTES, swarm.ROUTES, missing.ROUTES):
        for (method, path), function in routes.items():
            found.setdefault((method, path.split("/")[1]), []).append((_pattern(path), function))
    return found


_ROUTES = _table()


def answer(world: World, host: str, request: Request) -> Answer:
    """Do what a request asks. The world may be half changed after a status of 501, so throw it away then."""
    if not api.is_up(world, host):
        return nobody_listens()
    try:
        check_version(world, request.version)
        return _answer(world, host, request)
    except NotModelled as error:
        refusal = Refusal(error.why, error.instead)
        return Answer(501, {"message": str(refusal)}, refused=refusal)
    except ApiError as error:
        return Answer(error.status, {"message": error.message})


def _answer(world: World, host: str, request: Request) -> Answer:
    first = request.path.partition("?")[0].split("/")[1:2]
    for pattern, function in _ROUTES.get((request.method, "".join(first)), ()):
        if found := pattern.fullmatch(request.path):
            return function(Asked(world, host, request, found.groupdict()))
    raise ApiError("page not found", 404)


def check_version(world: World, version: str) -> None:
    """Raises ApiError 400 for a version that this release doesn't speak (moby api/server/middleware/version.go)."""
    if not version:
        return
    release = release_of(world)
    least, most = release.build.least_api, release.api
    if numbers(version) > numbers(most):
        raise ApiError(f"client version {version} is too new. Maximum supported API version is {most}", 400)
    if numbers(version) < numbers(least):
        text = (f"client version {version} is too old. Minimum supported API version is {least}, please upgrade your "
                "client to a newer version")  # fmt: skip
        raise ApiError(text, 400)


def common_headers(world: World) -> dict[str, str]:
    """Those that every answer of the daemon has (moby api/server/middleware/version.go)."""
    release = release_of(world)
    return {"Api-Version": release.api, "Docker-Experimental": "false", "Ostype": "linux",
            "Server": f"Docker/{release.version} (linux)"}  # fmt: skip
