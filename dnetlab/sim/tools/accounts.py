"""/etc/passwd and /etc/group of a place: who `-u nobody` is, and what `id`, `ps` and `whoami` call a number.

The rules are those of moby's user.GetExecUser (github.com/moby/sys/user); observed on 20.10.24, 26.1.5 and 28.5.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dnetlab.model.changed import replace
from dnetlab.sim.context import Context
from dnetlab.sim.tools import tree
from dnetlab.sim.user import User

MOST = 2**31 - 1
_OF_HOSTS = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
RANGE = f"uids and gids must be in range 0-{MOST}"


class UnknownAccount(Exception):
    """Nobody of that name is there; the text is what the daemon says."""


@dataclass(frozen=True)
class _Entry:
    """A row of /etc/passwd (home) or of /etc/group (members)."""

    name: str
    id: int
    gid: int = 0
    home: str = "/"
    members: tuple[str, ...] = ()


def resolved(context: Context, wanted: str, added: Sequence[str] = ()) -> User:
    """Who `docker run -u WANTED` is in that container: USER, UID, USER:GROUP, :GROUP. added: --group-add.

    Raises UnknownAccount for a name without an entry, and for a number out of range.
    """
    name, _, group = wanted.partition(":")
    entry = _found(_users(context), name or "0")
    if entry is None and not _is_number(name):
        raise UnknownAccount(f"unable to find user {name}: no matching entries in passwd file")
    user = User(_in_range(name), 0, (), "/") if entry is None else User(entry.id, entry.gid, (), entry.home)
    if group:
        user = replace(user, gid=_gid(context, group))
    elif entry is not None:
        user = replace(user, groups=tuple(g.id for g in _groups(context) if entry.name in g.members))
    more = tuple(_gid(context, one) for one in added)
    return replace(user, groups=(*user.groups, *more))


def _gid(context: Context, text: str) -> int:
    found = _found(_groups(context), text)
    if found is not None:
        return found.id
    if not _is_number(text):
        raise UnknownAccount(f"unable to find group {text}: no matching entries in group file")
    return _in_range(text)


def id_in(text: str, name: str) -> int | None:
    """The id that a name or a number has in the text of /etc/passwd or /etc/group; None for nobody."""
    found = next((int(fields[2]) for fields in _fields(text, 3) if fields[0] == name), None)
    return int(name) if name.isdecimal() else found


def uid_called(context: Context, text: str) -> int | None:
    """The id that a name or a number stands for, None for nobody."""
    return _id(_users(context), text)


def gid_called(context: Context, text: str) -> int | None:
    """The same of a group."""
    return _id(_groups(context), text)


def _id(entries: Iterator[_Entry], text: str) -> int | None:
    found = _found(entries, text)
    return found.id if found is not None else int(text) if text.isdecimal() else None


def name_of(context: Context, uid: int) -> str | None:
    """The name of a user, None without an entry."""
    return _name(_users(context), uid)


def group_name(context: Context, gid: int) -> str | None:
    """The name of a group, None without an entry."""
    return _name(_groups(context), gid)


def _name(entries: Iterator[_Entry], number: int) -> str | None:
    found = _found(entries, str(number))
    return found.name if found is not None else None


def _found(entries: Iterator[_Entry], text: str) -> _Entry | None:
    """A number is always taken for an id."""
    if _is_number(text):
        return next((entry for entry in entries if entry.id == int(text)), None)
    return next((entry for entry in entries if entry.name == text), None)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _in_range(text: str) -> int:
    number = int(text)
    if not 0 <= number <= MOST:
        raise UnknownAccount(RANGE)
    return number


def _users(context: Context) -> Iterator[_Entry]:
    for fields in _rows(context, "/etc/passwd", 6):
        yield _Entry(fields[0], int(fields[2]), int(fields[3] if fields[3].isdecimal() else 0), fields[5] or "/")


def _groups(context: Context) -> Iterator[_Entry]:
    for fields in _rows(context, "/etc/group", 3):
        members = fields[3].split(",") if len(fields) > 3 else []
        yield _Entry(fields[0], int(fields[2]), members=tuple(one for one in members if one))


def _rows(context: Context, path: str, least: int) -> Iterator[list[str]]:
    if context.container is None:
        text = _OF_HOSTS[path]
    else:
        try:
            text = tree.read(context, path)
        except OSError:
            return
    yield from _fields(text, least)


def _fields(text: str, least: int) -> Iterator[list[str]]:
    for line in text.splitlines():
        fields = line.strip().split(":")
        if len(fields) >= least and fields[2].isdecimal():
            yield fields
