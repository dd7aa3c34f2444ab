"""A lab that is served while a notebook goes on: the server's loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from dnetlab.serve.loop import new_loop
from dnetlab.serve.relay import Relay
from dnetlab.serve.server import Server, Tcp, opened

if TYPE_CHECKING:
    from dnetlab.clients import Clients


class Served:
    """The doors of a lab's hosts. Close it, or use it in a `with`.

    sockets   host -> the path of its socket; None where there is none
    urls      host -> what DOCKER_HOST has to be
    """

    def __init__(self, lab: Clients, folder: Path, *, skips: bool = False, tcp: Tcp | None = None) -> None:
        self._loop = new_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="dnetlab serve", daemon=True)
        self._thread.start()
        self._server: Server | Relay | None = None
        try:
            self._server = self._do(_started(lab, folder, skips, tcp))
        except BaseException:
            self._end()
            raise
        self.sockets, self.urls = self._server.sockets, self._server.urls

    def _do(self, work: object) -> Server | Relay:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()  # type: ignore[arg-type]

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def close(self) -> None:
        """The lab stays, its doors are shut; again, it does nothing."""
        if self._server is not None:
            asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result()
            self._server = None
            self._end()

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return "\n".join(f"{host}  export DOCKER_HOST={url}" for host, url in self.urls.items())


async def _started(lab: Clients, folder: Path, skips: bool, tcp: Tcp | None) -> Server | Relay:
    server = opened(lab, folder, skips=skips, tcp=tcp)
    try:
        await server.start()
    except BaseException:
        await server.close()
        raise
    return server
