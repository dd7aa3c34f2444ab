"""Which journal a notebook's commands go to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from dnetlab import journal


def journal_file(engine: str, release: str | None, notebook: str = "") -> Path | None:
    """.dnetlab/NOTEBOOK.ENGINE.journal beside the notebook, else as `dnetlab.journal.journal_file` says.

    notebook: its name or path, '' when nobody knows it. Notebooks without a name share one file, each kernel a session.
    """
    return journal.journal_file(Path(notebook).stem or "session", engine, release)


def notebook_name(shell: Any) -> str:
    """The notebook's path as the server (JPY_SESSION_NAME) or VS Code tells it; '' when neither does.

    shell is None at `dnetlab shell`, and that is its name.
    """
    if shell is None:
        return "shell"
    return os.environ.get("JPY_SESSION_NAME") or str(shell.user_ns.get("__vsc_ipynb_file__") or "")


def kernel_name(shell: Any) -> str:
    """The kernel as its server calls it, the same after a restart; '' outside a kernel."""
    parent = getattr(getattr(shell, "kernel", None), "parent", None)
    return Path(str(getattr(parent, "connection_file", "") or "")).stem
