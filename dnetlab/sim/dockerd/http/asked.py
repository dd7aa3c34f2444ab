"""One request on its way to an operation: what its path, its query and its body say, read as moby reads them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from dnetlab.model import Answer, Request
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError
from dnetlab.sim.world import World

P = ParamSpec("P")
T = TypeVar("T")
Json = dict[str, Any]
_NO = ("", "0", "no", "false", "none")  # moby api/server/httputils/form.go BoolValue


@dataclass(frozen=True)
class Asked:
    """world: may be changed. names: what stood in the path where the route has a name."""

    world: World
    host: str
    request: Request
    names: dict[str, str]

    def do(self, operation: Callable[Concatenate[World, str, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """An operation of the daemon's API. Raises ApiError."""
        return api.call(operation, self.world, self.host, *args, **kwargs)

    @property
    def name(self) -> str:
        return self.names["name"]

    def text(self, name: str, default: str = "") -> str:
        return self.request.query.get(name, default)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.request.query.get(name)
        return default if value is None else value.strip().lower() not in _NO

    def number(self, name: str) -> int | None:
        """None when it isn't there. Raises ApiError for what is no number."""
        value = self.text(name)
        try:
            return int(value) if value else None
        except ValueError:
            raise ApiError(f'strconv.Atoi: parsing "{value}": invalid syntax') from None

    def filters(self) -> dict[str, list[str]]:
        """`filters`: {'label': ['a=b']}, or {'label': {'a=b': true}} as clients of old write it."""
        text = self.text("filters")
        if not text:
            return {}
        try:
            found = json.loads(text)
            return {str(name): [str(v) for v in values] for name, values in dict(found).items()}
        except (ValueError, TypeError):
            raise ApiError("invalid filter", 400) from None

    def body(self) -> Json:
        """The JSON object of the body. Raises ApiError 400 for anything else."""
        body = self.request.body
        if body is None:
            return {}
        if not isinstance(body, dict):
            raise ApiError("invalid JSON: the body has to be an object", 400)
        return capital(body)

    def wanted_body(self) -> Json:
        """The same, where there has to be one."""
        if self.request.body is None:
            raise ApiError("invalid JSON: got EOF while reading request body", 400)
        return self.body()


def capital(body: Json) -> Json:
    """Names as the API has them: Go reads `detachKeys` for DetachKeys, too (encoding/json), and docker-py writes so."""
    return {name[:1].upper() + name[1:]: value for name, value in body.items()}


def done(status: int = 204) -> Answer:
    """Nothing to say."""
    return Answer(status, None, "nothing")
