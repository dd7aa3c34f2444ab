"""Names of files, as folders and learning platforms lay them out, into hand-ins. No file is opened here.

    nbgrader    submitted/STUDENT/ASSIGNMENT/FILE…
    Canvas      NAME_[LATE_]PERSON_ATTACHMENT_FILE, all in one folder           ("Download Submissions")
    Moodle      FULL NAME_PERSON_assignsubmission_file[_]/FILE…, or with '_' in place of '/'
    Gradescope  submission_NUMBER/FILE…, and submission_metadata.yml            ("Export Submissions")
    a folder    STUDENT/FILE…, or FILE… alone: whoever's each says it is
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dnetlab.gradebook.handed_in import HandedIn, Part

_CANVAS = re.compile(r"(?P<who>[^_/]{1,200})_(?P<late>LATE_)?(?P<key>\d{1,20})_\d{1,20}_[^/]+")
_MOODLE = re.compile(r"(?P<who>[^/]{1,200}?)_(?P<key>\d{1,20})_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)")
_GRADESCOPE = re.compile(r"submission_\d{1,20}")
METADATA = "submission_metadata.yml"
TIMESTAMP = "timestamp.txt"  # nbgrader's
KEPT = (".dnetlab",)  # of the folders that begin with a dot, the one with journals
NEVER = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Where:
    """What the name of a file says of whose it is. rest: the file's name within the hand-in."""

    who: str
    rest: str
    assignment: str = ""
    key: str = ""
    late: bool = False
    full_name: str = ""


def is_junk(name: str) -> bool:
    """What systems and editors leave behind, and nobody hands in."""
    parts = name.split("/")
    return any((part.startswith(".") and part not in (*KEPT, ".", "..")) or part in NEVER for part in parts)


def is_platforms(name: str) -> bool:
    """An archive that lies in a folder by itself, and is nobody's by its name."""
    alone = "/" not in name and name.lower().endswith(".zip")
    return alone and not _CANVAS.fullmatch(name) and not _MOODLE.match(name)


def hand_ins(
    parts: Sequence[Part], root: str, alone: bool, left_out: Mapping[str, str] | None = None
) -> list[HandedIn]:
    """The hand-ins of one folder or archive, in the order of their names.

    root: what it is called; alone: files that nothing says anything about are one hand-in together, as in an archive
    that a student made. left_out: name -> kind of finding, of what lies there and will not be read.
    """
    odd = dict(left_out or {})
    names = [part.name for part in parts if not is_junk(part.name)] + list(odd)
    shared, place = _reader(names, root, alone)
    groups: dict[tuple[str, str, str], list[tuple[Where, Part]]] = {}
    for part in [*parts, *(Part(name) for name in odd)]:
        if is_junk(part.name) or part.name.rpartition("/")[2] == METADATA:
            continue
        where = place(part.name[len(shared):])
        groups.setdefault((where.assignment, where.key or where.who, where.full_name), []).append((where, part))
    return [_hand_in(members, odd) for _, members in sorted(groups.items(), key=lambda one: one[0])]


def _hand_in(members: list[tuple[Where, Part]], odd: Mapping[str, str]) -> HandedIn:
    first = members[0][0]
    read = tuple(replace(part, name=where.rest) for where, part in members if part.name not in odd)
    return HandedIn(
        first.who, first.assignment, tuple(sorted(read, key=lambda part: part.name)), first.key, first.full_name,
        left_out=tuple((odd[part.name], where.rest) for where, part in members if part.name in odd),
        late=any(where.late for where, _ in members),
    )  # fmt: skip


def _reader(names: Sequence[str], root: str, alone: bool):  # type: ignore[no-untyped-def]
    """(what all names begin with and says nothing, the function that tells whose a file is)."""
    shared = _shared(names)
    rest = [name[len(shared):] for name in names]
    top = shared.rstrip("/").rpartition("/")[2] or root
    if any(_MOODLE.match(name) for name in rest):
        return shared, _moodle
    if any(name.rpartition("/")[2] == METADATA for name in rest):
        return shared, _gradescope
    if rest and all("/" not in name for name in rest) and sum(bool(_CANVAS.fullmatch(n)) for n in rest) * 2 > len(rest):
        return shared, _canvas
    if any(name.split("/")[0] in KEPT for name in rest):
        return shared, lambda name: Where("", name)
    if top == "submitted" or _is_nbgrader(rest):
        return shared, _nbgrader
    if any("/" in name for name in rest):
        return shared, _folder
    return shared, (lambda name: Where("", name)) if alone else (lambda name: Where("", name, key=name))


def _shared(names: Iterable[str]) -> str:
    """Folders that everything lies in and that say nothing of whose it is: 'assignment_7_export/', 'submitted/'."""
    shared = ""
    while True:
        firsts = {name[len(shared):].partition("/")[0] if "/" in name[len(shared):] else "" for name in names}
        first = firsts.pop() if len(firsts) == 1 else ""
        if not first or _MOODLE.match(first) or _GRADESCOPE.fullmatch(first) or first in KEPT:
            return shared
        if shared.endswith("submitted/") or not (first == "submitted" or first.endswith("_export")):
            return shared
        shared += f"{first}/"


def _is_nbgrader(names: Sequence[str]) -> bool:
    """STUDENT/ASSIGNMENT/FILE everywhere; a timestamp that `nbgrader submit` wrote says it alone."""
    deep = [name.split("/") for name in names]
    if any(len(one) == 3 and one[2] == TIMESTAMP for one in deep):
        return True
    return bool(deep) and all(len(one) >= 3 and one[1] not in KEPT for one in deep)


def _nbgrader(name: str) -> Where:
    parts = name.split("/")
    if len(parts) < 3:
        return _folder(name)
    return Where(parts[0], "/".join(parts[2:]), parts[1])


def _folder(name: str) -> Where:
    who, slash, rest = name.partition("/")
    return Where(who, rest) if slash else Where("", name, key=name)


def _canvas(name: str) -> Where:
    found = _CANVAS.fullmatch(name)
    return Where(found["who"], name, key=found["key"], late=bool(found["late"])) if found else _folder(name)


def _moodle(name: str) -> Where:
    found = _MOODLE.match(name)
    if not found:
        return _folder(name)
    return Where("", found["rest"].lstrip("/") or name, key=found["key"], full_name=found["who"])


def _gradescope(name: str) -> Where:
    first, _, rest = name.partition("/")
    found = _GRADESCOPE.fullmatch(first)
    return Where("", rest, key=first) if found and rest else _folder(name)


def gradescope_people(text: str) -> Iterator[tuple[str, str, str, str]]:
    """('submission_NUMBER', name, student id, email) of an export's submission_metadata.yml.

    What isn't readable as such has nobody in it. Of a group the first one counts.
    """
    import yaml

    try:
        told = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    for name, one in told.items() if isinstance(told, dict) else ():
        found = _GRADESCOPE.fullmatch(str(name))
        people = one.get(":submitters") if isinstance(one, dict) else None
        if found and isinstance(people, list) and people and isinstance(people[0], dict):
            first = {str(k).lstrip(":"): str(v) for k, v in people[0].items() if v is not None}
            yield str(name), first.get("name", ""), first.get("sid", ""), first.get("email", "")
