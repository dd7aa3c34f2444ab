"""One HTTP request over a connection that `wire` opened: what curl and wget have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dnetlab.model import ContainerState, Listener
from dnetlab.model.changed import quick
from dnetlab.model.ip import IpAddress
from dnetlab.sim.context import Context
from dnetlab.sim.tools import wire


class NotHttp(ConnectionResetError):
    """Something came back, but no answer of HTTP."""


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


@quick
@dataclass(frozen=True)
class Reply:
    """What a web server answered; headers in its order."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    reason: str

    @property
    def words(self) -> bytes:
        """As it is on the wire."""
        return asked([self.first_line, *(f"{name}: {value}" for name, value in self.headers)], self.body)

    @property
    def first_line(self) -> str:
        return f"HTTP/1.1 {self.status} {self.reason}"

    def header(self, name: str) -> str:
        """Its value, '' without one."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def reads_nothing(context: Context, server: Listener) -> bool:
    """The program at the other end is frozen by docker pause, or it is dockerd, which holds the ports that are
    published without docker-proxy, and takes no connection (observed on 20.10.24 and 26.1.5)."""
    machine = context.world.hosts[server.where.host]
    process = next((p for p in machine.processes if p.pid == server.pid), None)
    if process is not None and process.argv[0].endswith("dockerd"):
        return True
    container = machine.container(process.container) if process and process.container else None
    return container is not None and container.state is ContainerState.PAUSED


@quick
@dataclass(frozen=True)
class Question:
    """An HTTP request. words: as on the wire; keeps: the client lets the connection stand, and closes it first."""

    method: str = "GET"
    agent: str = "curl/7.88.1"
    words: bytes = b"GET / HTTP/1.1\r\n\r\n"
    keeps: bool = True


def asked(lines: list[str], body: str = "") -> bytes:
    """The bytes of a request, or of an answer, with these lines."""
    return ("".join(f"{line}\r\n" for line in [*lines, ""]) + body).encode()


def request(
    context: Context, answer: wire.Attempt, url: Url, question: Question, patience: float = wire.FOREVER
) -> Reply | None:
    """Ask the program at the other end; None when it is no web server (it closes the connection without a word).

    patience: seconds from the connection's SYN on. Raises wire.Silent when no answer comes in that time, and
    ConnectionResetError when somebody on the way resets the connection.
    """
    if answer.server is None or url.scheme != "http":
        return None
    from dnetlab.sim.programs import netcat
    from dnetlab.sim.programs.web import serve_http

    wire.ask(context, answer, question.words, patience)
    server, seen_from = program(answer)
    if reads_nothing(context, server):
        wire.left_behind(context, answer)
        raise wire.Silent(wire.FOREVER)
    if netcat.listens(context.world, server):
        return _of_netcat(context, answer, server, question)
    served = serve_http(
        context.world, server.where.host, server.pid, url.path, url.host_header, seen_from,
        method=question.method, agent=question.agent,
    )  # fmt: skip
    if served is None or not served.status:
        wire.hang_up(context, answer, by_server=True)
        return None
    reply = Reply(served.status, tuple(served.headers.items()), served.body, served.reason or REASONS[served.status])
    by_server = not question.keeps or reply.header("Connection").lower() == "close"
    wire.hear(context, answer, reply.words, by_server)
    return reply


def _of_netcat(context: Context, answer: wire.Attempt, server: Listener, question: Question) -> Reply | None:
    """What an nc that listens was given to say, read as an answer of HTTP; None when it says nothing."""
    from dnetlab.sim.programs import netcat

    sender = f"{answer.seen_from} {answer.local[1] if answer.local else 0}"
    said = netcat.hear(context.world, server, question.words)
    if not said:
        wire.hang_up(context, answer, by_server=True)
        netcat.keep(context.world, server, question.words, sender)
        return None
    found = re.match(r"HTTP/1\.[01] (\d{3}) ?([^\r\n]*)\r?\n((?:[^\r\n]+\r?\n)*)(?:\r?\n)?", said)
    if found is None:
        wire.hear(context, answer, said.encode(), by_server=True)
        netcat.keep(context.world, server, question.words, sender)
        raise NotHttp
    rows = (row.partition(":") for row in found[3].splitlines())
    headers = tuple((name, value.strip()) for name, _, value in rows)
    reply = Reply(int(found[1]), headers, said[found.end() :], found[2])
    wire.hear(context, answer, said.encode(), by_server=True)
    netcat.keep(context.world, server, question.words, sender)
    return reply


def program(answer: wire.Attempt) -> tuple[Listener, IpAddress | str]:
    """Who reads the request, and the address it comes from for him."""
    opening = answer.talk.last.opening if answer.talk else None
    if opening is not None and opening.listener is not None:
        return opening.listener, (opening.request.final or opening.request.packet).source
    assert answer.server is not None
    return answer.server, answer.seen_from or "127.0.0.1"
