"""The doors of a lab: a socket for each host, opened by its owner only, and loopback TCP when asked."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.server import ServerState

from dnetlab.errors import UsageError
from dnetlab.serve.app import App
from dnetlab.serve.desk import Desk
from dnetlab.serve.door import Door
from dnetlab.serve.relay import Relay
from dnetlab.serve.sockets import unix_socket

if TYPE_CHECKING:
    from dnetlab.clients import Clients


@dataclass(frozen=True)
class Tcp:
    """Doors on this machine's loopback: the first host's at `port`, the next one's a port higher; 0: any free ones.

    token   what a client must say (`Authorization: Bearer TOKEN`)
    tls     (certificate of the authority that signed the clients', own certificate, own key), as dockerd's --tlsverify;
            None: without
    """

    port: int
    address: str = "127.0.0.1"
    token: str = ""
    tls: tuple[str, str, str] | None = None

    def check(self) -> None:
        """Raises UsageError for an address that others reach, and for a door that is open to everybody."""
        try:
            here = ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            here = self.address == "localhost"
        if not here:
            raise UsageError("{address} is not this machine's loopback", hint="Use 127.0.0.1.", address=self.address)
        if not self.token and not self.tls:
            raise UsageError("a port is open to everybody on this machine", hint="Give it a token or certificates.")

    def context(self) -> ssl.SSLContext | None:
        """Raises UsageError for files that are no certificates."""
        if self.tls is None:
            return None
        authority, certificate, key = self.tls
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(certificate, key)
            context.load_verify_locations(authority)
        except OSError as error:
            raise UsageError("the certificates can't be used: {problem}", problem=error.strerror or error) from None
        context.verify_mode = ssl.CERT_REQUIRED
        return context


class Server:
    """Serves a lab in the loop that runs: `await start()`, then `await close()`.

    folder   where the sockets are: folder/HOST.sock
    skips    who waits for what will happen by itself in the lab needn't
    sockets  host -> the path of its socket;  urls: host -> what DOCKER_HOST has to be
    """

    def __init__(self, lab: Clients, folder: Path, *, skips: bool = False, tcp: Tcp | None = None) -> None:
        self.lab, self.folder, self._skips, self._tcp = lab, folder.absolute(), skips, tcp
        self.sockets: dict[str, Path] = {}
        self.urls: dict[str, str] = {}
        self._servers: list[asyncio.Server] = []
        self._states: list[ServerState] = []
        self._clock: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises UsageError for a folder, a socket or a port that can't be used, NotHere where nobody can be served."""
        hosts = self.lab.daemons.hosts
        context = None
        if self._tcp:
            self._tcp.check()
            context = self._tcp.context()
        self.desk = Desk(self.lab, self._skips)
        self.lab.time_passes(True)
        self._clock = asyncio.create_task(self.desk.keep_time())
        for number, host in enumerate(hosts):
            await self._open(host)
            if self._tcp:
                await self._open_port(host, self._tcp, number, context)

    async def _open(self, host: str) -> None:
        path = self.folder / f"{host}.sock"
        made = unix_socket(path)
        self.sockets[host], self.urls[host] = path, f"unix://{path}"
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_unix_server(self._maker(host), sock=made))

    async def _open_port(self, host: str, tcp: Tcp, number: int, context: ssl.SSLContext | None) -> None:
        port = tcp.port and tcp.port + number
        loop = asyncio.get_running_loop()
        try:
            made = await loop.create_server(self._maker(host, tcp.token), tcp.address, port, ssl=context)
        except OSError as error:
            raise UsageError("port {port} can't be used: {problem}", port=port, problem=error.strerror) from None
        self._servers.append(made)
        self.urls[f"{host} tcp"] = f"tcp://{tcp.address}:{made.sockets[0].getsockname()[1]}"

    def _maker(self, host: str, token: str = "") -> type[Door]:
        """What makes a connection of a client of that host."""
        app = App(self.desk, host, token)
        config = uvicorn.Config(app, ws="none", lifespan="off", log_config=None,
                                proxy_headers=False, access_log=False, timeout_keep_alive=600)  # fmt: skip
        config.load()
        state = ServerState()
        self._states.append(state)
        return lambda: Door(app, config, state, {}, self.desk.loop)  # type: ignore[return-value]

    async def close(self) -> None:
        """Connections are closed, sockets are gone; the lab stays."""
        if self._clock is None:
            return
        self._clock.cancel()
        for server in self._servers:
            server.close()
        for connection in [one for state in self._states for one in state.connections]:
            connection.forget()  # type: ignore[union-attr]
        tasks = [task for state in self._states for task in state.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(self._clock, *tasks, return_exceptions=True)
        for state in self._states:
            for connection in list(state.connections):
                connection.transport.abort()
        self.desk.close()
        self.lab.time_passes(False)
        for path in self.sockets.values():
            path.unlink(missing_ok=True)


def opened(lab: Clients, folder: Path, *, skips: bool = False, tcp: Tcp | None = None) -> Server | Relay:
    """The doors of a lab: its simulated daemons answer, or clients are passed on to the real ones.

    Raises UsageError for what only a simulated lab does, NotHere where a host's daemon can't be reached from here.
    """
    behind = lab.engine.sockets()
    if not behind:
        return Server(lab, folder, skips=skips, tcp=tcp)
    if skips or tcp:
        raise UsageError("real engines are served on sockets, and in their own time",
                         hint="Leave --no-waiting and --tcp out.")  # fmt: skip
    return Relay(behind, folder)
