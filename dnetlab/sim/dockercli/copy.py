"""docker cp, both ways; docker diff, docker export."""

from __future__ import annotations

import base64
import posixpath

from dnetlab.sim import tarfiles
from dnetlab.sim.dockercli import localfiles
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

TERMINAL = "cowardly refusing to save to a terminal. Use the -o flag or redirect"
DIRECTORY = 1 << 31  # in the mode of a path, as Go counts it
_KINDS = {0: "C", 1: "A", 2: "D"}


def cp(session: Session) -> int:
    """docker/cli command/container/cp.go: who is a container's path is told by its colon."""
    source, target = session.call.arguments
    source_of, source_path = parted(source)
    target_of, target_path = parted(target)
    if source_of and target_of:
        raise Failed("copying between containers is not supported")
    if not source_of and not target_of:
        raise Failed("must specify at least one container source")
    if source_of:
        return from_container(session, source_of, source_path, target)
    return to_container(session, source, target_of, target_path)


def parted(text: str) -> tuple[str, str]:
    """'web1:/etc' -> ('web1', '/etc'); a path of the host has no container."""
    if text.startswith(("/", ".")) or ":" not in text:
        return "", text
    name, _, path = text.partition(":")
    return name, path


def from_container(session: Session, container: str, path: str, target: str) -> int:
    if target != "-":  # where it is to go is looked at first (docker/cli command.ValidateOutputPath)
        parent = posixpath.dirname(localfiles.absolute(session, target))
        if not localfiles.files_of(session).kind(parent):
            raise Failed(f'invalid output path: directory "{parent}" does not exist')
    answer = session.ask(api.container_archive, container, path)
    content = base64.b64decode(answer["Archive"])
    if target == "-":
        localfiles.print_archive(session, content, TERMINAL)
        return 0
    files, full = localfiles.files_of(session), localfiles.absolute(session, target)
    inside = path.endswith("/.")
    is_directory = bool(answer["Stat"]["mode"] & DIRECTORY)
    if files.kind(full) == "directory":
        folder, name = full, "" if inside else posixpath.basename(posixpath.normpath(path))
    elif target.endswith("/") and not is_directory:
        raise Failed(f"invalid output path: directory {posixpath.dirname(full)!r} does not exist".replace("'", '"'))
    elif is_directory and files.kind(full) == "file":
        raise Failed("cannot copy directory")
    else:
        folder, name = posixpath.split(full)
        if files.kind(folder) != "directory":
            raise Failed(f'invalid output path: directory "{folder}" does not exist')
    tarfiles.spread(files, folder, tarfiles.renamed(content, name))
    return 0


def to_container(session: Session, source: str, container: str, path: str) -> int:
    if source == "-":
        return _unpack(session, container, path, localfiles.from_stdin(session))
    files, full = localfiles.files_of(session), localfiles.absolute(session, source)
    kind = files.kind(full)
    if not kind:
        if not api.is_up(session.context.world, session.context.host):
            session.connect()
        session.ask(api.container_inspect, container)
        raise Failed(f"lstat {full}: no such file or directory")
    folder, name = _place(session, container, path, kind == "directory")
    if not name and not (kind == "directory" and source.endswith("/.")):
        name = posixpath.basename(full)
    content = tarfiles.pack(files, full, "x", session.now)
    return _unpack(session, container, folder, tarfiles.renamed(content, name))


def _place(session: Session, container: str, path: str, of_directory: bool) -> tuple[str, str]:
    """Where to unpack, and the name that the thing gets there, '' for its own."""
    whole = posixpath.normpath("/" + path.lstrip("/"))
    try:
        there = session.ask(api.container_archive_info, container, whole)
    except ApiError:  # HEAD has no words; what is wrong, the copy is told (docker/cli container/cp.go)
        if path.endswith(("/", "/.")) and not of_directory:
            raise Failed("no such directory") from None
        folder, name = posixpath.split(whole)
        return folder, name
    if there["mode"] & DIRECTORY:
        return whole, ""
    if of_directory:
        raise Failed("cannot copy directory")
    return posixpath.split(whole)[0], posixpath.split(whole)[1]


def _unpack(session: Session, container: str, path: str, content: bytes) -> int:
    session.ask(api.put_container_archive, container, path, base64.b64encode(content).decode())
    return 0


def diff(session: Session) -> int:
    for row in session.ask(api.container_changes, session.call.arguments[0]):
        session.out(f"{_KINDS[row['Kind']]} {row['Path']}")
    return 0


def export(session: Session) -> int:
    target = session.call.text("output")
    if not target and session.context.tty:
        raise Failed(TERMINAL)
    content = base64.b64decode(session.ask(api.container_export, session.call.arguments[0]))
    if target:
        localfiles.write_bytes(session, target, content)
    else:
        localfiles.print_archive(session, content, "")
    return 0
