"""The doors of a real lab: a socket for each host that passes every byte on to the dockerd of that host, and back.

Nothing is read on the way. Whose socket stands behind a door, the lab's own provider of hosts has said.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from dnetlab.serve.sockets import unix_socket

PIECE = 1 << 16
Visitor = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Relay:
    """Passes clients on in the loop that runs: `await start()`, then `await close()`.

    behind   host -> the path of its dockerd's socket, as this process can open it
    sockets  host -> the path of its door;  urls: host -> what DOCKER_HOST has to be
    """

    def __init__(self, behind: Mapping[str, str], folder: Path) -> None:
        self._behind, self.folder = dict(behind), folder.absolute()
        self.sockets: dict[str, Path] = {}
        self.urls: dict[str, str] = {}
        self._servers: list[asyncio.Server] = []
        self._visits: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Raises UsageError for a folder or a socket that can't be used."""
        for host, path in self._behind.items():
            door = self.folder / f"{host}.sock"
            made = unix_socket(door)
            self.sockets[host], self.urls[host] = door, f"unix://{door}"
            self._servers.append(await asyncio.start_unix_server(self._visitor(path), sock=made))

    def _visitor(self, path: str) -> Visitor:
        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._visits.add(task)
            try:
                await _pass_on(path, reader, writer)
            finally:
                self._visits.discard(task)

        return visit

    async def close(self) -> None:
        """Connections are closed, sockets are gone; the lab stays."""
        for server in self._servers:
            server.close()
        visits = list(self._visits)
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        for path in self.sockets.values():
            path.unlink(missing_ok=True)


async def _pass_on(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, until both sides have said all; nobody behind the door: it is closed."""
    try:
        inner_reader, inner_writer = await asyncio.open_unix_connection(path)
    except OSError:
        writer.close()
        return
    try:
        await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))
    finally:
        for end in (writer, inner_writer):
            end.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that comes, as it comes; then the other side hears that no more will."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
