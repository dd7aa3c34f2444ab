"""One HTTP request over a connection that `wire` opened: what curl and wget have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dnetlab.model import ContainerState
from dnetlab.sim.context import Context
from dnetlab.sim.tools import wire


class BadUrl(Exception):
    """The text is no URL that the tool takes."""


@dataclass(frozen=True)
class Url:
    scheme: str
    host: str
    port: int
    path: str
    explicit_port: bool = False

    @property
    def host_header(self) -> str:
        return (
            f"{self.host}:{self.port}" if self.explicit_port and self.port != DEFAULT_PORTS[self.scheme] else self.host
        )

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host_header}{self.path}"


DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}
REASONS = {200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
           400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Not Allowed", 500: "Internal Server Error",
           501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable"}  # fmt: skip


def parse_url(text: str) -> Url:
    """'web1', 'web1:8080/x' or 'http://…'. Raises BadUrl; an unknown scheme is kept, its port 0."""
    match = re.fullmatch(r"(?:([A-Za-z][A-Za-z0-9+.-]*):/{1,3})?(?:[^/@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/:?#\[\]]*)"
                         r"(:[^/?#]*)?([/?#].*)?", text, re.S)  # fmt: skip
    if not match:
        raise BadUrl(text)
    scheme = (match[1] or "http").lower()
    host = match[2].strip("[]")
    port_text = match[3]
    if not host or any(c.isspace() or ord(c) < 33 or ord(c) == 127 for c in text):
        raise BadUrl(text)
    if port_text is not None and (not port_text[1:].isdecimal() or not 0 <= int(port_text[1:]) <= 65535):
        raise BadUrl(text)
    path = (match[4] or "/").split("#", 1)[0] or "/"
    if not path.startswith("/"):
        path = "/" + path
    port = int(port_text[1:]) if port_text else DEFAULT_PORTS.get(scheme, 0)
    return Url(scheme, host, port, path, bool(port_text))


@dataclass(frozen=True)
class Reply:
    """What a web server answered; headers in its order."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    reason: str

    @property
    def first_line(self) -> str:
        return f"HTTP/1.1 {self.status} {self.reason}"

    def header(self, name: str) -> str:
        """Its value, '' without one."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def is_paused(context: Context, answer: wire.Answer) -> bool:
    """The program at the other end is frozen by docker pause."""
    if answer.server is None:
        return False
    machine = context.world.hosts[answer.server.where.host]
    process = next((p for p in machine.processes if p.pid == answer.server.pid), None)
    container = machine.container(process.container) if process and process.container else None
    return container is not None and container.state is ContainerState.PAUSED


def request(
    context: Context, answer: wire.Answer, url: Url, method: str = "GET", agent: str = "curl/7.88.1"
) -> Reply | None:
    """Ask the program at the other end; None when it is no web server (it closes the connection without a word)."""
    if answer.server is None or url.scheme != "http":
        return None
    from dnetlab.sim.programs.web import serve_http

    (host, _), pid = answer.server
    served = serve_http(
        context.world, host, pid, url.path, url.host_header, answer.seen_from or "127.0.0.1",
        method=method, agent=agent,
    )  # fmt: skip
    if served is None or not served.status:
        return None
    return Reply(served.status, tuple(served.headers.items()), served.body, served.reason or REASONS[served.status])
