"""Rows as they come, in a file that a grader who was stopped goes on with: results.jsonl.

    {"key": "…", "row": {…}}

A key is the digest of all that a row depends on. Rows are only appended, each in one write; a torn one is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.gradebook.handed_in import Part
from dnetlab.gradebook.reading import open_file
from dnetlab.gradebook.rows import Row
from dnetlab.version import __version__


class Results:
    """The rows of a class by their keys; only where they stand is kept in memory."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.places: dict[bytes, int] = {}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._out = file.open("ab", buffering=0)
            self._in = file.open("rb")
        except OSError as error:
            why = error.strerror
            raise UsageError("{file} can't be written: {error}", file=file, error=why) from None
        self._alone()
        self._read()

    def _alone(self) -> None:
        with contextlib.suppress(ImportError):
            import fcntl

            try:
                fcntl.flock(self._out, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UsageError("somebody grades into {folder} already", hint="Wait for it, or name another --out.",
                                 folder=self.file.parent) from None  # fmt: skip

    def _read(self) -> None:
        place = 0
        for line in self._in:
            if line.startswith(b'{"key": "') and line.endswith(b"}\n"):
                with contextlib.suppress(ValueError):
                    self.places[bytes.fromhex(line[9:49].decode("ascii", "replace"))] = place
            place += len(line)
        self._end = place
        if place and not line.endswith(b"\n"):  # torn while it was written
            self._append(b"\n")

    def _append(self, data: bytes) -> None:
        try:
            self._out.write(data)
        except OSError as error:
            raise UsageError("{file} can't be written: {error}", hint="Make room, and call it again: it goes on.",
                             file=self.file, error=error.strerror) from None  # fmt: skip
        self._end += len(data)

    def __contains__(self, key: str) -> bool:
        return bytes.fromhex(key) in self.places

    def put(self, key: str, row: Row) -> None:
        place = self._end
        self._append(json.dumps({"key": key, "row": row}, ensure_ascii=True).encode("ascii") + b"\n")
        self.places[bytes.fromhex(key)] = place

    def row(self, key: str) -> Row:
        """Raises KeyError for one that isn't there."""
        self._in.seek(self.places[bytes.fromhex(key)])
        found: Row = json.loads(self._in.readline())["row"]
        return found

    def close(self) -> None:
        self._out.close()
        self._in.close()


def key_of(job: dict[str, Any]) -> str:
    """40 hex digits of a job, the bytes of its files among it, and of the dnetlab that does it."""
    told = hashlib.sha256(__version__.encode())
    told.update(json.dumps({name: job[name] for name in sorted(job) if name != "parts"}).encode())
    for part in job["parts"]:
        told.update(json.dumps([part["name"], part["member"]]).encode())
        for block in _blocks(Part(**part)):
            told.update(block)
    return told.hexdigest()[:40]


def _blocks(part: Part) -> Iterator[bytes]:
    """What tells a file from another: its bytes; of what lies in an archive, the archive's size and time."""
    with contextlib.suppress(OSError):
        if part.member:
            told = os.stat(part.path)
            yield f"{part.path}\0{told.st_size}\0{told.st_mtime_ns}".encode("utf-8", "replace")
            return
        with open_file(part.path) as file:
            while block := file.read(1 << 20):
                yield block
