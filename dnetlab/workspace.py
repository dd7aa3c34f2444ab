"""The student's working folder: notebooks are copied into it once, and never over what a student wrote."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dnetlab.errors import DnetError, UsageError
from dnetlab.language import say, spoken


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
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            name = path.relative_to(source)
            if any(part.startswith(".") for part in name.parts):  # somebody's journals and checkpoints
                continue
            goal = target / name
            if goal.exists():
                (same if goal.read_bytes() == path.read_bytes() else kept).append(str(name))
                continue
            goal.parent.mkdir(parents=True, exist_ok=True)
            with goal.open("xb") as file:  # 'x': even a file that appeared this instant is not overwritten
                file.write(path.read_bytes())
            new.append(str(name))
    except OSError as error:
        raise DnetError(
            "the notebooks can't be copied to {target}: {error}",
            hint="Choose another --dir.",
            target=target,
            error=error,
        ) from None
    return Copied(tuple(new), tuple(same), tuple(kept))


def find_notebook(target: Path, lesson: str | None) -> str:
    """The file to open: lesson '2', '02' or a part of its name; without one, the tour. Raises UsageError.

    In Chinese ('zh/02-…') where that is the session's language and there is one.
    """
    name = _by_name(target, lesson)
    chinese = f"zh/{name}"
    return chinese if spoken() == "zh" and (target / chinese).is_file() else name


def _by_name(target: Path, lesson: str | None) -> str:
    names = sorted(p.name for p in target.glob("*.ipynb"))
    wanted = lesson or "0"
    number = wanted.zfill(2) if wanted.isdecimal() else None
    for name in names:
        if (number and name.startswith(f"{number}-")) or (not number and wanted in name):
            return name
    raise UsageError(
        "there is no lesson {wanted!r}", hint="The notebooks are: {names}.", wanted=wanted, names=", ".join(names)
    )


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


def chosen_port(wish: int | None) -> int:
    """The port that was asked for, or a free one. Raises UsageError for one where somebody listens already."""
    if wish is None:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: a port just left is free
        try:
            probe.bind(("127.0.0.1", wish))
        except OSError as error:
            raise UsageError(
                "port {wish} on 127.0.0.1 can't be used: {strerror}",
                hint="Choose another --port, or leave it out: then a free one is found.",
                wish=wish,
                strerror=error.strerror,
            ) from None
    return wish


def environment_of(token: str) -> dict[str, str]:
    """The server's: its kernels have %%dnet without %load_ext, and no popup about news covers the first page.

    The kernel and the setting are files of `notebook/jupyter`, beside whatever the student has configured.
    """
    ours = str(Path(__file__).resolve().parent / "notebook" / "jupyter")
    paths = {
        name: os.pathsep.join([ours, *filter(None, [os.environ.get(name)])])
        for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")
    }
    return {**os.environ, **paths, "JUPYTER_TOKEN": token}


def wait_until_it_answers(server: subprocess.Popen[bytes], port: int, token: str, seconds: float = 120) -> bool:
    """Whether the server answered before it ended or the time was over."""
    address = f"http://127.0.0.1:{port}/api/status?token={token}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < until:
        try:
            with direct.open(address, timeout=5):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def open_lab(
    lesson: str | None,
    folder: Path,
    port: int | None,
    browser: bool,
    tell: Callable[[str], None],
    meanwhile: Callable[[], object] = lambda: None,
) -> int:
    """Copy, start JupyterLab on loopback, print its URL once it answers, and wait until it ends.

    meanwhile is done while the server comes up. Returns its exit status. Raises UsageError for a lesson that isn't
    there or a port that is taken.
    """
    port = chosen_port(port)
    copied = copy_notebooks(folder)
    notebook = find_notebook(folder, lesson)
    if copied.new:
        tell(say("Copied {number} files to {folder}", number=len(copied.new), folder=folder))
    if copied.kept:
        tell(say("Left your own versions as they are: {names}", names=", ".join(copied.kept)))
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
    server = subprocess.Popen(command, env=environment_of(token))
    try:
        meanwhile()
        if wait_until_it_answers(server, port, token):
            tell(f"JupyterLab: {url}")
            tell(say("Stop it with Ctrl-C."))
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        return server.wait()
