"""The student's working folder: notebooks are copied into it once, and never over what a student wrote."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dnetlab.errors import DnetError, UsageError

FOLDER = "dnetlab-notebooks"


@dataclass(frozen=True)
class Copied:
    """What `copy_notebooks` did: file names that are new, unchanged, or the student's own and so left alone."""

    new: tuple[str, ...]
    same: tuple[str, ...]
    kept: tuple[str, ...]


def shipped_notebooks() -> Path:
    """Where this installation keeps its notebooks: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_notebooks", package.parent / "notebooks"):
        if any(folder.glob("*.ipynb")):
            return folder
    raise DnetError("the notebooks are not installed", hint="Install dnetlab again: pip install --force-reinstall")


def copy_notebooks(target: Path) -> Copied:
    """Copy what is missing in `target` (made if need be); an existing file is never touched."""
    new: list[str] = []
    same: list[str] = []
    kept: list[str] = []
    source = shipped_notebooks()
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(p for p in source.rglob("*") if p.is_file() and not p.name.startswith(".")):
            name = path.relative_to(source)
            goal = target / name
            if goal.exists():
                (same if goal.read_bytes() == path.read_bytes() else kept).append(str(name))
                continue
            goal.parent.mkdir(parents=True, exist_ok=True)
            with goal.open("xb") as file:  # 'x': even a file that appeared this instant is not overwritten
                file.write(path.read_bytes())
            new.append(str(name))
    except OSError as error:
        raise DnetError(f"the notebooks can't be copied to {target}: {error}", hint="Choose another --dir.") from None
    return Copied(tuple(new), tuple(same), tuple(kept))


def find_notebook(target: Path, lesson: str | None) -> str:
    """The file to open: lesson '2', '02' or a part of its name; without one, lesson 1. Raises UsageError."""
    names = sorted(p.name for p in target.glob("*.ipynb"))
    wanted = lesson or "1"
    number = wanted.zfill(2) if wanted.isdecimal() else None
    for name in names:
        if (number and name.startswith(f"{number}-")) or (not number and wanted in name):
            return name
    raise UsageError(f"there is no lesson {wanted!r}", hint=f"The notebooks are: {', '.join(names)}.")


def free_port(first: int = 8888) -> int:
    """The first port from 8888 on that nobody listens at on loopback, else one the system picks."""
    for port in [*range(first, first + 50), 0]:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DnetError("no free port on 127.0.0.1", hint="Close another JupyterLab first, or pass --port.")


def open_lab(
    lesson: str | None, folder: Path, port: int | None, browser: bool, say: Callable[[str], None]
) -> int:
    """Copy, start JupyterLab on loopback, print its URL, and wait until it ends. Returns its exit status."""
    copied = copy_notebooks(folder)
    notebook = find_notebook(folder, lesson)
    if copied.new:
        say(f"Copied {len(copied.new)} files to {folder}")
    if copied.kept:
        say(f"Left your own versions as they are: {', '.join(copied.kept)}")
    port = port or free_port()
    token = secrets.token_hex(24)
    url = f"http://127.0.0.1:{port}/lab/tree/{notebook}?token={token}"
    command = [
        sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url=/lab/tree/{notebook}", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=", "--ServerApp.log_level=WARN",
    ]  # fmt: skip
    if not browser:
        command.append("--ServerApp.open_browser=False")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--ServerApp.allow_root=True")
    say(f"JupyterLab: {url}")
    say("Stop it with Ctrl-C.")
    environment = {**os.environ, "JUPYTER_TOKEN": token}
    server = subprocess.Popen(command, env=environment)
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        return server.wait()
