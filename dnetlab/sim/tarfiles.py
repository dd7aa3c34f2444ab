"""Tar archives of a lab's files, written and read in memory; the bytes of an archive are kept as a file's text."""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterator

from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.userland.seam import decoded, encoded

__all__ = ["NotATar", "decoded", "encoded", "entries", "pack", "renamed", "spread"]


class NotATar(ValueError):
    """These bytes are no archive."""


def pack(files: LabFiles, path: str, name: str, now: float) -> bytes:
    """A file, or a directory with all in it, as an archive whose entries begin with that name; now: since 1970."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, text in _entries(files, path, name):
            entry.mtime, entry.uname, entry.gname = int(now), "root", "root"
            content = encoded(text)
            entry.size = len(content) if entry.isreg() else 0
            tar.addfile(entry, io.BytesIO(content) if entry.isreg() else None)
    return out.getvalue()


def _entries(files: LabFiles, path: str, name: str) -> Iterator[tuple[tarfile.TarInfo, str]]:
    entry = tarfile.TarInfo(name)
    target, kind = files.target(path), files.kind(path)
    entry.mode = files.mode(path) if kind and target is None else 0o777
    if target is not None:
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        yield entry, ""
    elif kind == "directory":
        entry.type = tarfile.DIRTYPE
        yield entry, ""
        for inner in files.names(path):
            yield from _entries(files, posixpath.join(path, inner), f"{name}/{inner}")
    else:
        yield entry, files.read(path)


def entries(content: bytes) -> list[tuple[tarfile.TarInfo, str]]:
    """The entries of an archive, each with its text. Raises NotATar."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as tar:
            return [(entry, decoded(inner.read()) if (inner := tar.extractfile(entry)) else "") for entry in tar]
    except (tarfile.TarError, EOFError, OSError):
        raise NotATar from None


def renamed(content: bytes, name: str) -> bytes:
    """The same archive, whose entries begin with another name instead of their first."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry, text in entries(content):
            _, _, rest = entry.name.partition("/")
            entry.name = f"{name}/{rest}".rstrip("/") if name else rest or "."
            tar.addfile(entry, io.BytesIO(encoded(text)) if entry.isreg() else None)
    return out.getvalue()


def spread(files: LabFiles, directory: str, content: bytes) -> None:
    """Write an archive's entries below a directory, parents too. Raises NotATar, OSError, Refused."""
    for entry, text in entries(content):
        path = posixpath.normpath(posixpath.join(directory, entry.name.lstrip("/")))
        if not path.startswith(directory.rstrip("/") + "/"):
            continue
        make_parents(files, path)
        if entry.isdir():
            if files.kind(path) != "directory":
                files.make_directory(path)
        elif entry.issym():
            files.link(entry.linkname, path)
        elif entry.isreg():
            files.write(path, text)
            if entry.mode & 0o7777 != 0o644:
                files.set_mode(path, entry.mode & 0o7777)


def make_parents(files: LabFiles, path: str) -> None:
    """The directories on the way to it, as `mkdir -p` makes them."""
    parent = posixpath.dirname(path)
    if parent not in ("", "/") and not files.kind(parent):
        make_parents(files, parent)
        files.make_directory(parent)
