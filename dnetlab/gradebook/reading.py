"""The files of a hand-in as bytes, within limits. Archives are read in memory: nothing of them is ever written.

Runs in a child: what is in an archive can be anything.
"""

from __future__ import annotations

import base64
import io
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from dnetlab.grade.submission import MEGABYTES
from dnetlab.gradebook.handed_in import Part
from dnetlab.gradebook.layouts import is_junk
from dnetlab.model.grade import Finding, FindingKind

FILES = 200  # of one hand-in; nobody's work has more
LISTED = 1_000_000  # names of one archive
# What zipfile raises over archives that are damaged, locked, or packed in a way that nobody knows.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, KeyError, RuntimeError, NotImplementedError, EOFError, ValueError,
    struct.error, OverflowError,
)  # fmt: skip
_ZIP = b"PK\3\4"
_LINK = 0xA000  # of the file type in an archive's member


@dataclass
class Read:
    """files: (name, bytes) in the order of their names; findings: what was not read, and why."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    room: int = MEGABYTES * 1_000_000  # bytes that may still be read

    def lacks(self, kind: FindingKind, file: str, **fields: object) -> None:
        found = Finding(kind, fields={"file": file[:200], **fields})
        if len(self.findings) < 50 and found not in self.findings:
            self.findings.append(found)


def read(parts: Sequence[Part]) -> Read:
    """All files of a hand-in; what lies in an archive among them, too, one archive deep."""
    found = Read()
    for part in parts:
        if len(found.files) >= FILES:
            found.lacks(FindingKind.TOO_MANY, part.name, limit=FILES)
            break
        data = _bytes(part, found)
        if data is None:
            continue
        if data.startswith(_ZIP):
            _unpack(part.name, data, found)
        else:
            found.files.append((part.name, data))
    return found


def _bytes(part: Part, found: Read) -> bytes | None:
    """None for what can't be read; a finding says why."""
    try:
        data = base64.b64decode(part.base64) if part.base64 else _raw(part, found.room + 1)
    except OSError as error:
        found.lacks(FindingKind.UNREADABLE_FILE, part.name, error=error.strerror or str(error))
        return None
    except DAMAGED as error:
        found.lacks(FindingKind.ARCHIVE, part.name, error=str(error)[:200])
        return None
    return _fitting(part.name, data, found, FindingKind.INFLATES if part.member else FindingKind.TOO_BIG)


def _raw(part: Part, most: int) -> bytes:
    if part.member:
        with zipfile.ZipFile(part.path) as archive, archive.open(part.member) as file:
            return file.read(most)
    with open_file(part.path) as file:
        return file.read(most)


def raw(part: Part) -> bytes:
    """A file's bytes, one more at most than are ever read; b'' when it can't be read."""
    try:
        return _raw(part, MEGABYTES * 1_000_000 + 1)
    except (OSError, *DAMAGED):
        return b""


def _fitting(name: str, data: bytes, found: Read, kind: FindingKind) -> bytes | None:
    if len(data) > found.room:
        found.lacks(kind, name, limit=MEGABYTES)
        return None
    found.room -= len(data)
    return data


def open_file(path: str) -> IO[bytes]:
    """A regular file, opened without following a link and without waiting. OSError for anything else."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("no regular file")
    return os.fdopen(handle, "rb")


def _unpack(name: str, data: bytes, found: Read) -> None:
    """The members of an archive that somebody handed in."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if len(found.files) >= FILES:
                    return found.lacks(FindingKind.TOO_MANY, name, limit=FILES)
                _member(name, archive, member, found)
    except (OSError, *DAMAGED) as error:
        found.lacks(FindingKind.ARCHIVE, name, error=str(error)[:200])
    return None


def _member(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, found: Read) -> None:
    called = f"{name}/{member.filename}"
    if kind := odd_kind(member):
        return found.lacks(FindingKind(kind), called)
    if member.is_dir() or is_junk(member.filename):
        return None
    if member.file_size > found.room:
        return found.lacks(FindingKind.INFLATES, called, limit=MEGABYTES)
    try:
        with archive.open(member) as file:
            data = _fitting(called, file.read(found.room + 1), found, FindingKind.INFLATES)
    except (OSError, *DAMAGED) as error:
        return found.lacks(FindingKind.ARCHIVE, called, error=str(error)[:200])
    if data is not None and data.startswith(_ZIP):
        return found.lacks(FindingKind.NESTED, called)
    if data is not None:
        found.files.append((called, data))
    return None


def odd_kind(member: zipfile.ZipInfo) -> str:
    """The kind of finding that a member is which is never read: 'link', 'outside'; '' for others."""
    if (member.external_attr >> 16) & 0xF000 == _LINK:
        return FindingKind.LINK.value
    parts = member.filename.replace("\\", "/").split("/")
    drive = len(parts[0]) == 2 and parts[0][1] == ":"
    if ".." in parts or parts[0] == "" and len(parts) > 1 or drive or "\0" in member.filename:
        return FindingKind.OUTSIDE.value
    return ""


def members(path: str) -> Iterator[tuple[str, str]]:
    """(name, kind of finding or '') of what lies in an archive. BadZipFile and OSError when it is none."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist()[:LISTED]:
            if not member.is_dir():
                yield member.filename, odd_kind(member)
