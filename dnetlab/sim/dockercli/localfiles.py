"""The client's own files, those of the host it is typed at: what `-o FILE`, `-i FILE`, `--env-file` and cp use."""

from __future__ import annotations

from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.tarfiles import decoded, encoded


def files_of(session: Session) -> LabFiles:
    return LabFiles(session.context)


def absolute(session: Session, path: str) -> str:
    return files_of(session).absolute(path)


def read(session: Session, path: str) -> str:
    """The text of a file. Raises Failed in Go's words."""
    try:
        return files_of(session).read(absolute(session, path))
    except (FileNotFoundError, NotADirectoryError):
        raise Failed(f"open {path}: no such file or directory") from None
    except IsADirectoryError:
        raise Failed(f"read {path}: is a directory") from None


def read_bytes(session: Session, path: str) -> bytes:
    return encoded(read(session, path))


def write_bytes(session: Session, path: str, content: bytes) -> None:
    """Raises Failed in Go's words."""
    full = absolute(session, path)
    try:
        files_of(session).write(full, decoded(content))
    except OSError as error:
        missing = "is a directory" if isinstance(error, IsADirectoryError) else "no such file or directory"
        why = error.strerror or missing
        raise Failed(f"open {path}: {why.lower()}") from None


def print_archive(session: Session, content: bytes, problem: str) -> None:
    """On the standard output, but never on a terminal. Raises Failed."""
    if session.context.tty:
        raise Failed(problem)
    session.stdout.append(decoded(content))


def from_stdin(session: Session) -> bytes:
    return encoded(session.context.stdin or "")


def variables(session: Session, path: str, what: str = "env") -> list[str]:
    """The lines of an --env-file or --label-file: NAME=VALUE, or NAME alone for the client's own value.

    Raises Failed (docker/cli pkg/kvfile; observed with client 28.2).
    """
    environment = session.context.environment or {}
    found = []
    for line in read(session, path).splitlines():
        text = line.lstrip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if any(char.isspace() for char in name):
            raise Failed(f"invalid {what} file ({path}): variable '{name}' contains whitespaces")
        if not name:
            raise Failed(f"invalid {what} file ({path}): no variable name on line '{line}'")
        if equals:
            found.append(f"{name}={value}")
        elif what == "env" and name in environment:
            found.append(f"{name}={environment[name]}")
        elif what == "env" and name == "HOME":
            found.append("HOME=/root")
    return found

