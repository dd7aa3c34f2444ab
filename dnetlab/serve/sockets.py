"""A socket that only its owner opens."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from dnetlab.errors import UsageError

LONGEST = 103  # bytes of a socket's path (unix(7): 108 with its end on Linux, 104 on macOS)


def unix_socket(path: Path) -> socket.socket:
    """A socket that only its owner opens. One left by a server that died is replaced; UsageError for anything else."""
    if len(os.fsencode(path)) > LONGEST:
        raise UsageError("{path} is too long for a socket", hint="Choose a shorter folder: --dir DIR", path=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_room(path)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.bind(str(path))
        os.chmod(path, 0o600)  # nobody is let in before it listens
    except OSError as error:
        raise UsageError("no socket can be made at {path}: {problem}", hint="Choose another folder: --dir DIR",
                         path=path, problem=error.strerror or error) from None  # fmt: skip
    made.listen(128)
    made.setblocking(False)
    return made


def _make_room(path: Path) -> None:
    if not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise FileExistsError(0, "something else is there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        try:
            asked.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise FileExistsError(0, "a server answers there already")
