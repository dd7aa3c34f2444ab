"""What was handed in, by whom, as values. Nothing here opens a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """One file of a hand-in.

    name    as it is called in the hand-in, with '/' between folders
    path    on this machine: the file, or the archive that it lies in
    member  its name in the archive, '' for a file that lies in a folder
    base64  its bytes, for a machine that does not see `path`; '' otherwise
    """

    name: str
    path: str = ""
    member: str = ""
    base64: str = ""


@dataclass(frozen=True)
class Person:
    """Somebody who is to have a grade.

    id     by which the gradebook calls them
    names  what else they may be called, in a journal, in a learning platform, in the name of a file
    row    where they stand in the roster that they come from, counted from 0
    """

    id: str
    names: tuple[str, ...] = ()
    last: str = ""
    first: str = ""
    email: str = ""
    row: int = -1


@dataclass(frozen=True)
class HandedIn:
    """One person's work for one assignment.

    who         as the folder, the platform or the file's name says; '' when nothing does
    key         of the person or submission in the platform (Gradescope's: 'submission_NUMBER'); of a file, its name
    students    ids that the work may have been done with, the likeliest first; () for anybody's
    parts       its files
    left_out    (kind of finding, file) of what lies there and is no file to be read
    timestamp   when it was handed in, as the platform wrote it; late: it says that it was late
    """

    who: str
    assignment: str
    parts: tuple[Part, ...]
    key: str = ""
    full_name: str = ""
    students: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    timestamp: str = ""
    late: bool = False
    email: str = ""

    def as_job(self, lesson: str, lessons: tuple[str, ...], seconds: float, megabytes: int) -> dict[str, Any]:
        """What a child is asked: JSON values. lesson: the one that counts, '' for all of them."""
        return {
            "parts": [asdict(part) for part in self.parts], "students": list(self.students), "lesson": lesson,
            "lessons": list(lessons), "seconds": seconds, "megabytes": megabytes,
            "left_out": [list(one) for one in self.left_out],
        }  # fmt: skip
