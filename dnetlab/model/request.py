"""A question to a daemon's Engine API, as a value: what HTTP carries, without HTTP. Its Answer is in answer.py."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from dnetlab.model.changed import quick

SOCKET = "/var/run/docker.sock"


@quick
@dataclass(frozen=True)
class Request:
    """One request of a client.

    path     without the version: '/containers/web1/start'
    query    as it came, the last of two equal names; lists: of a name that may come more often, all
    body     the JSON value of the body, None without one
    data     the body when it is no JSON: an archive
    stdin    what the client sent over a connection of its own until it closed its end, None when it sent nothing
    version  of the API, as the path has it: '1.47'; '' when it names none
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    data: bytes = b""
    stdin: str | None = None
    version: str = ""
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def reads(self) -> bool:
        """Does it only look?"""
        return self.method in ("GET", "HEAD")

    @property
    def text(self) -> str:
        """As one would type it on the host: a call of curl."""
        words = ["curl", "-s", "--unix-socket", SOCKET]
        if self.method != "GET":
            words += ["-X", self.method]
        if self.body is not None:
            words += ["-H", "Content-Type: application/json", "-d", json.dumps(self.body, separators=(",", ":"))]
        version = f"/v{self.version}" if self.version else ""
        query = f"?{urlencode(self.query)}" if self.query else ""
        return shlex.join([*words, f"http://localhost{version}{quote(self.path)}{query}"])
