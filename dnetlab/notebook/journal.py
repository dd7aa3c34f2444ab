"""Which journal a notebook's commands go to, and which of them was written last."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnetlab import journal
from dnetlab.language import speak
from dnetlab.model import Journal
from dnetlab.model.journal import Attend

if TYPE_CHECKING:
    from dnetlab.notebook.magic import DnetMagics


def journal_file(engine: str, release: str | None, notebook: str = "") -> Path | None:
    """.dnetlab/NOTEBOOK.ENGINE.journal beside the notebook, else as `dnetlab.journal.journal_file` says.

    notebook: its name or path, '' when nobody knows it. Notebooks without a name share one file, each kernel a session.
    """
    return journal.journal_file(Path(notebook).stem or "session", engine, release)


def notebook_name(shell: Any) -> str:
    """The notebook's path as the server (JPY_SESSION_NAME) or VS Code tells it, or its name as `dnetlab site` wrote it
    into its cells; '' when none of them does.

    shell is None at `dnetlab shell`, and that is its name.
    """
    if shell is None:
        return "shell"
    known = os.environ.get("JPY_SESSION_NAME") or str(shell.user_ns.get("__vsc_ipynb_file__") or "")
    return known or _of_cell(shell)


def _of_cell(shell: Any) -> str:
    """In a browser no server tells: the cell that runs does, by metadata that the page sends along. Once it has, the
    kernel knows it for cells that somebody adds, as it does where a server says it: by JPY_SESSION_NAME.
    """
    sent = getattr(getattr(shell, "kernel", None), "_parent_header", None)
    metadata = sent.get("metadata") if isinstance(sent, dict) else None
    ours = metadata.get("dnetlab") if isinstance(metadata, dict) else None
    name = ours.get("notebook") if isinstance(ours, dict) else None
    if not isinstance(name, str):
        return ""
    os.environ["JPY_SESSION_NAME"] = name
    return name


def hear_the_name(shell: Any) -> None:
    """From any cell that tells it, so that it is known where a cell that somebody added opens the lab."""
    shell.events.register("pre_run_cell", lambda info: notebook_name(shell))


def may_be_loaded_again(shell: Any) -> None:
    """In a page the lab is there before the first cell: a notebook's own `%load_ext dnetlab` needs no answer then."""
    shell.events.register("pre_run_cell", lambda info: shell.extension_manager.loaded.discard("dnetlab"))


def kernel_name(shell: Any) -> str:
    """The kernel as its server calls it, the same after a restart; '' outside a kernel."""
    parent = getattr(getattr(shell, "kernel", None), "parent", None)
    return Path(str(getattr(parent, "connection_file", "") or "")).stem


def back_to(magics: DnetMagics) -> None:
    """Choose engine, release, shape and language of what was done last in this notebook, unless its labs are in use.

    A kernel's own sessions come before others: notebooks without a name share a folder. Nothing is found: nothing is
    chosen.
    """
    if any(lab.entries or lab.lesson for lab in magics.labs.values()):
        return
    kernel = kernel_name(magics.shell)
    found = max(_sessions(magics), key=lambda one: (one[1].kernel == kernel, one[1].began), default=None)
    if found is None:
        return
    magics.current, session = found
    if session.topology not in (None, magics.topology):
        magics.topology = session.topology
        magics.close()
    spoke = [event.language for event in session.events if isinstance(event, Attend) and event.language]
    if spoke:
        speak(spoke[-1])


def _sessions(magics: DnetMagics) -> Iterator[tuple[tuple[str, str | None], Journal]]:
    """((engine, release), session) of this notebook's journals, those that nothing ran in left out."""
    usual = journal_file("", None, notebook_name(magics.shell))
    if usual is None:
        return
    stem = usual.name.removesuffix(".journal")
    for file in usual.parent.glob(f"{glob.escape(stem)}*.journal"):
        engine, _, release = file.name.removeprefix(stem).removesuffix(".journal").partition("-")
        yield from (((engine, release or None), one) for one in journal.read_journal(file).sessions if one.entries)
