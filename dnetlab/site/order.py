"""What is to be built, and what building it needs on this computer."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from dnetlab.errors import UsageError

NEEDS = ("jupyterlite_core", "jupyterlite_pyodide_kernel", "pyodide_lock", "uv", "jupyter_server")
MARK = "dnetlab-site.json"  # in the folder: what it was made of, and that we made it


@dataclass(frozen=True)
class Order:
    """out     the folder, made anew
    pyodide   a distribution of Pyodide, packed or unpacked; None: npm's package of it
    base      the path under which a server has the folder, '/' or '/course/'; the folder's own links are relative
    """

    out: Path
    pyodide: Path | None = None
    base: str = "/"


def check(order: Order) -> None:
    """Raises UsageError for what can't be built: a package is missing, a folder isn't ours."""
    missing = [name for name in NEEDS if find_spec(name) is None]
    if missing:
        raise UsageError(
            "a site needs {names}, which are not installed", hint="pip install 'dnetlab[site]'",
            names=", ".join(missing),
        )  # fmt: skip
    if order.pyodide is not None and not order.pyodide.exists():
        raise UsageError("there is no {file}", hint="--pyodide takes what pyodide.org or npm gives.",
                         file=order.pyodide)  # fmt: skip
    if not order.base.startswith("/") or not order.base.endswith("/"):
        raise UsageError("{base} is no path of a server", hint="Such as /course/, or / alone.", base=order.base)
    if order.out.exists() and not order.out.is_dir():
        raise UsageError("{out} is a file", hint="Name a folder.", out=order.out)
    if order.out.is_dir() and any(order.out.iterdir()) and not (order.out / MARK).is_file():
        raise UsageError(
            "{out} holds something else than a site", hint="Name a new folder, or an empty one.", out=order.out
        )
