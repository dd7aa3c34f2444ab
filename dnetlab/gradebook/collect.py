"""What somebody names on the command line, as hand-ins: files, folders, archives of a learning platform."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dnetlab.errors import UsageError
from dnetlab.grade.child import USUAL, Limits
from dnetlab.gradebook.children import listed
from dnetlab.gradebook.handed_in import HandedIn, Part
from dnetlab.gradebook.layouts import METADATA, TIMESTAMP, gradescope_people, hand_ins, is_junk, is_platforms
from dnetlab.gradebook.reading import open_file
from dnetlab.model.grade import FindingKind

DEEP = 12  # folders in folders that anybody looks into
_DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[A-Z]{2,5}|Z|[+-]\d\d:?\d\d)?")


def collect(paths: Sequence[Path], limits: Limits = USUAL, out: Path | None = None) -> tuple[HandedIn, ...]:
    """In the order of the paths, and in each of their names. out: a folder that nobody handed in.

    UsageError for a path that isn't there; an archive that can't be read is a hand-in with nothing in it.
    """
    found: list[HandedIn] = []
    for path in paths:
        if not path.exists():
            raise UsageError("there is no file or folder {path}", path=path)
        if not path.is_dir() and not path.is_file():
            raise UsageError("{path} is neither a file nor a folder", path=path)
        if path.is_dir():
            found += _folder(path / "submitted" if (path / "submitted").is_dir() else path, limits, out)
        elif zipfile.is_zipfile(path):
            found += _archive(path, limits)
        else:
            found.append(HandedIn("", "", (Part(path.name, str(path.resolve())),), key=path.name))
    return tuple(found)


def _folder(root: Path, limits: Limits, out: Path | None) -> list[HandedIn]:
    """A folder's hand-ins, and those of archives that lie in it as a platform gave them."""
    parts, odd, archives = [], {}, []
    for name, path, kind in _walk(root, str(out.resolve()) if out else ""):
        if kind:
            odd[name] = kind
        elif is_platforms(name) and zipfile.is_zipfile(path):
            archives.append(Path(path))
        else:
            parts.append(Part(name, path))
    told = _text(next((part for part in parts if part.name.rpartition("/")[2] == METADATA), None))
    found = hand_ins(parts, root.resolve().name, False, odd)
    here = [_stamped(one) for one in _named(found, told)]
    return here + [one for archive in archives for one in _archive(archive, limits)]


def _walk(root: Path, out: str) -> Iterator[tuple[str, str, str]]:
    """(name, path, kind of finding or '') of all that lies in a folder but in `out`; no link is followed."""
    waiting = [("", str(root.resolve()))]
    while waiting:
        prefix, folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            yield prefix.rstrip("/"), folder, FindingKind.UNREADABLE_FILE.value
            continue
        for entry in entries:
            name = f"{prefix}{entry.name}".encode("utf-8", "replace").decode()
            if is_junk(name) or entry.path == out:
                continue
            if entry.is_dir(follow_symlinks=False) and name.count("/") < DEEP:
                waiting.append((f"{name}/", entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield name, entry.path, ""
            else:
                yield name, entry.path, FindingKind.LINK.value


def _archive(path: Path, limits: Limits) -> list[HandedIn]:
    """An archive's hand-ins; its names are read by a child."""
    whole = str(path.resolve())
    names, trouble = listed(whole, limits)
    if trouble:
        return [HandedIn("", "", (Part(path.name, whole),), key=path.name)]
    odd = {name: kind for name, kind in names if kind}
    parts = [Part(name, whole, name) for name, kind in names if not kind]
    told = _text(next((part for part in parts if part.name.rpartition("/")[2] == METADATA), None))
    found = [one for one in hand_ins(parts, path.stem, True, odd) if one.parts or one.left_out]
    found = [replace(one, key=one.key or ("" if one.who else path.name)) for one in found]
    return list(_named(found, told)) or [HandedIn("", "", (), key=path.name)]


def _text(part: Part | None) -> str:
    from dnetlab.gradebook.reading import read

    files = read([part]).files if part else []
    return files[0][1].decode("utf-8", "replace") if files else ""


def _named(found: Sequence[HandedIn], told: str) -> Iterator[HandedIn]:
    """With the people that an export of Gradescope tells of."""
    people = {key: rest for key, *rest in gradescope_people(told)} if told else {}
    for one in found:
        name, sid, email = people.get(one.key, ("", "", ""))
        yield replace(one, who=sid or email, full_name=name, email=email) if one.key in people else one


def _stamped(one: HandedIn) -> HandedIn:
    """With the time that `nbgrader submit` wrote beside it."""
    stamp = next((part for part in one.parts if part.name == TIMESTAMP), None)
    if stamp is None:
        return one
    try:
        with open_file(stamp.path) as file:
            told = _DATE.match(file.read(100).decode("ascii", "replace").strip())
    except OSError:
        told = None
    parts = tuple(part for part in one.parts if part is not stamp)
    return replace(one, parts=parts, timestamp=told[0] if told else "")


