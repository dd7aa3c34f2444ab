"""A real IPython kernel in a process of its own, started once for the tests that talk to one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager


@dataclass
class Ran:
    """What a cell left in the notebook: the last result or display, streams, and the error output if there was one."""

    data: dict[str, str] = field(default_factory=dict)
    streams: dict[str, str] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    results: int = 0

    @property
    def plain(self) -> str:
        return self.data.get("text/plain", "")

    @property
    def html(self) -> str:
        return self.data.get("text/html", "")


class Kernel:
    """run(code) waits for the cell's outputs; complete(code) asks for completions at its end."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def run(self, code: str) -> Ran:
        ran = Ran()

        def hear(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind in ("execute_result", "display_data"):
                ran.data = content["data"]
                ran.results += 1
            elif kind == "stream":
                ran.streams[content["name"]] = ran.streams.get(content["name"], "") + content["text"]
            elif kind == "error":
                ran.error = content

        self.client.execute_interactive(code, output_hook=hear, timeout=60, allow_stdin=False)
        return ran

    def complete(self, code: str) -> list[str]:
        reply = self.client.complete(code, len(code), reply=True, timeout=60)
        return reply["content"]["matches"]


@contextmanager
def a_kernel(folder: Path, journal: str = "off") -> Iterator[Kernel]:
    """A kernel of its own with the extension loaded; killed at the end."""
    manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(folder / "k"))
    environment = dict(os.environ, DNETLAB_JOURNAL=journal, IPYTHONDIR=str(folder / "ipython"))
    manager.start_kernel(cwd=str(folder), env=environment)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        kernel = Kernel(client)
        assert kernel.run("%load_ext dnetlab").error is None
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="session")
def _kernel(tmp_path_factory) -> Iterator[Kernel]:
    with a_kernel(tmp_path_factory.mktemp("kernel")) as kernel:
        yield kernel


@pytest.fixture
def kernel(_kernel) -> Kernel:
    """The kernel with a fresh lab."""
    _kernel.run("%dnet reset")
    return _kernel


@pytest.fixture
def start_kernel():
    """Kernels of a test's own: `with start_kernel(folder, journal) as kernel`."""
    return a_kernel
