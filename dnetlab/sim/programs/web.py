"""The web servers of the lab: nginx, and busybox's httpd behind `httpd` and `webserver:v3`: their answers and logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import format_datetime
from ipaddress import IPv4Address, IPv6Address

from dnetlab.model import Container, ContainerState, Process, Protocol, Socket, SocketState, Where
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim import clock, processes
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import books
from dnetlab.sim.dockerd.mounts import below, key_of
from dnetlab.sim.programs import kinds, logs, registry, registryfiles
from dnetlab.sim.world import World

NGINX_VERSION = "nginx/1.22.1"
PID_FILE = "/var/run/nginx.pid"
ANY4, ANY6 = IPv4Address("0.0.0.0"), IPv6Address("::")
NGINX_ROOT = "/usr/share/nginx/html"
NGINX_REASONS = {200: "OK", 301: "Moved Permanently", 403: "Forbidden", 404: "Not Found", 405: "Not Allowed"}
NGINX_ERROR = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    f"<hr><center>{NGINX_VERSION}</center>\r\n</body>\r\n</html>\r\n"
)
BUSYBOX_ERRORS = {
    404: ("404 Not Found", "The requested URL was not found"),
    501: ("501 Not Implemented", "The requested method is not recognized"),
}


@dataclass(frozen=True)
class Served:
    """Unpacks as (status, headers, body)."""

    status: int
    headers: dict[str, str]
    body: str
    reason: str = ""

    def __iter__(self) -> Iterator[int | dict[str, str] | str]:
        return iter((self.status, self.headers, self.body))


# -- nginx --------------------------------------------------------------------------------------------------------


def nginx_sockets(pid: int) -> tuple[Socket, Socket]:
    """`listen 80; listen [::]:80;`"""
    four = Socket(Protocol.TCP, ANY4, 80, SocketState.LISTEN, pid, "nginx", backlog=511)
    return four, replace(four, local_address=ANY6, v6only=True)


def start_nginx(world: World, where: Where, container: str, pid: int) -> float | None:
    """Bind, log, start the worker: None. Or the seconds after which it gives up, because the port is taken."""
    wanted = nginx_sockets(pid)
    taken = [s for s in wanted if processes.is_taken(world, where, s)]
    if taken:
        return _cannot_bind(world, where.host, container, taken)
    processes.listen(world, where, wanted)
    world.files[where.host, container, PID_FILE] = "1\n"
    begin = _stamp(world.clock)
    for line in ('using the "epoll" event method', NGINX_VERSION, "OS: Linux 6.1.0-32-amd64",
                 "getrlimit(RLIMIT_NOFILE): 1048576:1048576", "start worker processes"):  # fmt: skip
        logs.write(world, where.host, container, "stderr", f"{begin}{line}\n")
    _start_worker(world, where, container, pid)
    return None


def refuse_user(world: World, host: str, container: str) -> None:
    """What nginx 1.22.1 says when its master isn't root and may not write /var/run (observed on 28.5.2)."""
    begin, pid_file = _stamp(world.clock), 'open() "/var/run/nginx.pid" failed (13: Permission denied)'
    told = ('the "user" directive makes sense only if the master process runs with super-user privileges, ignored in '
            "/etc/nginx/nginx.conf:1")  # fmt: skip
    notices = ('using the "epoll" event method', NGINX_VERSION, "OS: Linux 6.1.0-32-amd64",
               "getrlimit(RLIMIT_NOFILE): 1048576:1048576")  # fmt: skip
    logs.write(world, host, container, "stderr", f"{_stamp(world.clock, 'warn')}{told}\n")
    for line in notices:
        logs.write(world, host, container, "stderr", f"{begin}{line}\n")
    logs.write(world, host, container, "stderr",
               f"{_stamp(world.clock, 'emerg')}{pid_file}\nnginx: [emerg] {pid_file}\n")  # fmt: skip


def _stamp(seconds: float, level: str = "notice", pid: int = 1) -> str:
    now = clock.moment(seconds).isoformat(" ")[:19].replace("-", "/")
    return f"{now} [{level}] {pid}#{pid}: "


def _notice(world: World, host: str, container: str, text: str, pid: int = 1) -> None:
    logs.write(world, host, container, "stderr", f"{_stamp(world.clock, pid=pid)}{text}\n")


def _cannot_bind(world: World, host: str, container: str, taken: list[Socket]) -> float:
    for at, text in bind_failures(world.clock, taken):
        logs.write(world, host, container, "stderr", text, at)
    return 2.5


def bind_failures(start: float, taken: Iterable[Socket], pid: int = 1) -> list[tuple[float, str]]:
    """(second, lines) of five attempts half a second apart, and of the end (observed with nginx 1.22.1)."""
    found = []
    for attempt in range(5):
        now = start + attempt * 0.5
        text = ""
        for socket in taken:
            address = f"[{socket.local_address}]" if socket.local_address.version == 6 else str(socket.local_address)
            line = f"bind() to {address}:{socket.local_port} failed (98: Address already in use)"
            text += f"{_stamp(now, 'emerg', pid)}{line}\nnginx: [emerg] {line}\n"
        found.append((now, f"{text}{_stamp(now, pid=pid)}try again to bind() after 500ms\n"))
    end = f"{_stamp(start + 2.5, 'emerg', pid)}still could not bind()\nnginx: [emerg] still could not bind()\n"
    return [*found, (start + 2.5, end)]


def _start_worker(world: World, where: Where, container: str, master: int) -> None:
    worker = processes.spawn(world, where, ("nginx: worker process",), ppid=master, container=container)
    inside = next((i for i, p in processes.container_rows(world, where.host, container) if p.pid == worker), 7)
    _notice(world, where.host, container, f"start worker process {inside}")


def nginx_child_died(world: World, host: str, container: str, master: int, child: Process, signal: int) -> None:
    """The master starts another worker at once."""
    _notice(world, host, container, "signal 17 (SIGCHLD) received from 7")
    _notice(world, host, container, f"worker process 7 exited on signal {signal}")
    _start_worker(world, Where(host, child.namespace), container, master)


def nginx_reload(world: World, where: Where, container: str, master: int) -> None:
    """New workers with the new configuration, the old ones leave."""
    host = where.host
    _notice(world, host, container, "signal 1 (SIGHUP) received, reconfiguring")
    _notice(world, host, container, "reconfiguring")
    workers = [p.pid for p in world.hosts[host].processes if p.container == container and p.ppid == master]
    processes.end(world, host, workers)
    _start_worker(world, where, container, master)


def nginx_goodbye(world: World, host: str, container: str, signal: int, sender: int | None = None) -> None:
    """What it logs at its end. sender: the pid of who asked, as seen inside; None for a signal from outside."""
    name, word = {3: ("SIGQUIT", "shutting down"), 15: ("SIGTERM", "exiting"), 2: ("SIGINT", "exiting")}.get(
        signal, (f"SIG{signal}", "exiting")
    )
    origin = f" from {sender}" if sender else ""
    _notice(world, host, container, f"signal {signal} ({name}) received{origin}, {word}")
    if signal == 3:
        _notice(world, host, container, "gracefully shutting down", 7)
    _notice(world, host, container, "exiting", 7)
    _notice(world, host, container, "exit", 7)
    _notice(world, host, container, "signal 17 (SIGCHLD) received from 7")
    _notice(world, host, container, "worker process 7 exited with code 0")
    _notice(world, host, container, "exit")
    world.files.pop((host, container, PID_FILE), None)


# -- answers ------------------------------------------------------------------------------------------------------


def serve_http(
    world: World,
    machine: str,
    pid: int | None,
    path: str = "/",
    host: str = "",
    client: IpAddress | str = "127.0.0.1",
    *,
    method: str = "GET",
    agent: str = "curl/7.88.1",
) -> Served | None:
    """What the process behind a listening socket answers to one request; the access log gets its line.

    machine and pid say who listens; host is the request's header, client the address the server sees.
    None when it doesn't speak HTTP (a database) and only hangs up. Raises Refused for a paused container.
    """
    process = processes.find(world, machine, pid) if pid is not None else None
    owner = books.by_id(world, machine, process.container) if process is not None and process.container else None
    if process is None or owner is None:
        return None
    container = owner.id
    if owner.state is ContainerState.PAUSED:
        raise Refused(
            "{name} is paused: the connection opens, but nobody answers, and the line would never come back.",
            "docker unpause {name}",
            name=owner.name,
        )
    argv = kinds.last_program(tuple(process.argv))  # `sh -c 'mkdir /w; httpd -f -h /w'` answers as httpd does
    first = argv[0].rsplit("/", 1)[-1] if argv else ""
    file = path.partition("?")[0] or "/"
    if first.startswith("nginx:"):
        return _nginx_answer(world, machine, container, file, path, str(client), method, agent, host or str(client))
    if first == "entrypoint.sh":
        return _registry_answer(world, machine, container, path, method)
    if first in ("whoami", "catalina.sh"):
        return _simple_answer(world, owner, first, path, str(client), method, agent, host or str(client))
    if first == "httpd":
        return _busybox_answer(world, machine, container, argv, file, str(client), method)
    return None


def _date(world: World) -> str:
    return format_datetime(clock.moment(world.clock), usegmt=True)


def _page(world: World, host: str, container: str, directory: str, path: str) -> str | None:
    """The text of a file under a server's directory; None when there is none."""
    name = f"{directory.rstrip('/')}/{path.lstrip('/')}"
    if path.endswith("/"):
        name += "index.html"
    return world.files.get(key_of(world, host, container, name))


def _is_folder(world: World, host: str, container: str, path: str) -> bool:
    key = key_of(world, host, container, path.rstrip("/"))
    return (*key[:2], key[2] + "/") in world.files or bool(below(world, key))


def _nginx_status(world: World, host: str, container: str, file: str, page: str | None, method: str) -> int:
    if page is not None:
        return 200 if method in ("GET", "HEAD") else 405
    if not _is_folder(world, host, container, f"{NGINX_ROOT}{file}"):
        return 404
    return 403 if file.endswith("/") else 301


def _nginx_trouble(status: int, file: str) -> str:
    """What the error log says of a page that isn't served."""
    if status == 403:
        return f'directory index of "{NGINX_ROOT}{file}" is forbidden'
    if file.endswith("/"):
        return f'"{NGINX_ROOT}{file}index.html" is not found (2: No such file or directory)'
    return f'open() "{NGINX_ROOT}{file}" failed (2: No such file or directory)'


def _nginx_answer(
    world: World, host: str, container: str, file: str, path: str, client: str, method: str, agent: str, header: str
) -> Served:
    page = _page(world, host, container, NGINX_ROOT, file)
    status = _nginx_status(world, host, container, file, page, method)
    reason = NGINX_REASONS[status]
    body = page or "" if status == 200 else NGINX_ERROR.format(f"{status} {reason}")
    headers = {"Server": NGINX_VERSION, "Date": _date(world),
               "Content-Type": _nginx_type(file) if status == 200 else "text/html",
               "Content-Length": str(len(body.encode()))}  # fmt: skip
    if status == 200:
        headers |= {"Last-Modified": "Sat, 01 Nov 2025 00:00:00 GMT", "Connection": "keep-alive",
                    "ETag": f'"{1761955200:x}-{len(body.encode()):x}"', "Accept-Ranges": "bytes"}  # fmt: skip
    else:
        if status == 301:
            headers["Location"] = f"http://{header.rpartition(':')[0] if ':' in header else header}{file}/"
        headers["Connection"] = "keep-alive"
    if status in (403, 404):
        error = (f"{clock.moment(world.clock):%Y/%m/%d %H:%M:%S} [error] 7#7: *1 {_nginx_trouble(status, file)}, "
                 f"client: {client}, server: localhost, "
                 f'request: "{method} {path} HTTP/1.1", host: "{header}"\n')  # fmt: skip
        logs.write(world, host, container, "stderr", error)
    sent = 0 if method == "HEAD" else len(body.encode())
    line = (f'{client} - - [{clock.logtime(world.clock)}] "{method} {path} HTTP/1.1" {status} {sent} '
            f'"-" "{agent}" "-"\n')  # fmt: skip
    logs.write(world, host, container, "stdout", line)
    return Served(status, headers, "" if method == "HEAD" else body, reason)


def _nginx_type(file: str) -> str:
    ending = file.rsplit("/", 1)[-1].rpartition(".")[2]
    known = {"": "text/html", "html": "text/html", "htm": "text/html", "txt": "text/plain"}
    return known.get(ending, "application/octet-stream")


def _simple_answer(
    world: World, owner: Container, server: str, path: str, client: str, method: str, agent: str, header: str
) -> Served:
    """traefik/whoami tells what it was asked, by whom; a Tomcat without applications has nothing but its front door."""
    if server == "whoami":
        own = [str(e.address) for e in owner.endpoints if e.address is not None]
        port = 32768 + world.count(f"source-port:{owner.name}") % 28000
        body = "".join(f"{line}\n" for line in (
            f"Hostname: {owner.hostname}", "IP: 127.0.0.1", "IP: ::1", *(f"IP: {address}" for address in own),
            f"RemoteAddr: {client}:{port}", f"{method} {path} HTTP/1.1", f"Host: {header}", f"User-Agent: {agent}",
            "Accept: */*", ""))  # fmt: skip
        status, kind = 200, "text/plain; charset=utf-8"
    else:
        status, kind = 404, "text/html;charset=utf-8"
        body = '<!doctype html><html lang="en"><head><title>HTTP Status 404 – Not Found</title></head></html>'
    headers = {"Content-Type": kind, "Date": _date(world), "Content-Length": str(len(body.encode()))}
    return Served(status, headers, "" if method == "HEAD" else body, "OK" if status == 200 else "Not Found")


def _registry_answer(world: World, host: str, container: str, path: str, method: str) -> Served:
    status, headers, body, reason = registry.answer(method, path, registryfiles.shelf(world, host, container))
    headers |= {"Date": _date(world), "Content-Length": str(len(body))}
    return Served(status, headers, "" if method == "HEAD" else body, reason)


def _busybox_answer(
    world: World, host: str, container: str, argv: tuple[str, ...], file: str, client: str, method: str
) -> Served:
    home = argv[argv.index("-h") + 1] if "-h" in argv[:-1] else "/"
    page = _page(world, host, container, home, file)
    status = 200 if page is not None else 404
    if method not in ("GET", "HEAD"):
        status = 501
    headers = {"Date": _date(world), "Connection": "close", "Content-type": "text/html"}
    if status == 200:
        body, reason = page or "", "OK"
        headers |= {"Accept-Ranges": "bytes", "Last-Modified": "Sat, 01 Nov 2025 00:00:00 GMT",
                    "ETag": f'"{1761955200:x}-{len(body):x}"', "Content-Length": str(len(body))}  # fmt: skip
    else:
        title, sentence = BUSYBOX_ERRORS[status]
        reason = title[4:]
        body = f"<HTML><HEAD><TITLE>{title}</TITLE></HEAD>\n<BODY><H1>{title}</H1>\n{sentence}\n</BODY></HTML>\n"
    if "-v" in argv:
        port = 32768 + world.count(f"source-port:{host}") % 28000
        logs.write(world, host, container, "stderr", f"[::ffff:{client}]:{port}: response:{status}\n")
    return Served(status, headers, "" if method == "HEAD" else body, reason)
