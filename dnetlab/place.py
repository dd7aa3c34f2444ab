"""Where this Python runs: on a computer, or in a page of a browser (Pyodide), which has no threads and no processes."""

from __future__ import annotations

import sys


def in_browser() -> bool:
    """Pyodide's `sys.platform` is 'emscripten' (pyodide.org, "How to detect that code is run with Pyodide")."""
    return sys.platform == "emscripten"
