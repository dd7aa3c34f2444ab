"""Who is in the class: read from a list that an instructor has, and who of them a hand-in is from.

    nbgrader's own   id, first_name, last_name, email, …                          (`nbgrader db student import`)
    Canvas           Student, ID, SIS User ID, SIS Login ID, Section, …           (Grades · Export)
    Moodle           Identifier, Full name, ID number, Email address, Grade, …    (Download grading worksheet)

Any CSV with one of these heads will do; columns that are missing are empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dnetlab.errors import UsageError
from dnetlab.gradebook.handed_in import HandedIn, Person

CANVAS, MOODLE, PLAIN = "canvas", "moodle", "plain"
_IDS = ("id", "student_id", "student id", "username", "user", "login", "学号")
_COLUMNS = {
    "last": ("last_name", "last name", "surname", "姓"), "first": ("first_name", "first name", "given name", "名"),
    "email": ("email", "email address", "e-mail", "电子邮件地址"),
}  # fmt: skip
_POINTS_POSSIBLE = "points possible"  # Canvas: the row below the head


@dataclass(frozen=True)
class Roster:
    """A list of people as a file has it: rows, the head first, and the people in them.

    kind 'canvas', 'moodle' or 'plain'; none of it when there is no list
    """

    kind: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    people: tuple[Person, ...] = ()
    known: dict[str, Person] = field(default_factory=dict)

    @property
    def head(self) -> tuple[str, ...]:
        return self.rows[0] if self.rows else ()

    def person(self, *names: str) -> Person | None:
        """Who is called so: by the first of the names that anybody has and that means one person only."""
        return next((self.known[one] for name in names if (one := _same(name)) and one in self.known), None)


def read_roster(file: Path) -> Roster:
    """UsageError: it can't be read, or nothing in its head names people."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        rows = tuple(tuple(row) for row in csv.reader(io.StringIO(text, newline="")) if row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError("{file} can't be read: {error}", file=file, error=error) from None
    head = [_same(name) for name in rows[0]] if rows else []
    if "identifier" in head or "编号" in head:
        kind, people = MOODLE, _moodle(head, rows)
    elif "student" in head and "id" in head:
        kind, people = CANVAS, _canvas(head, rows)
    elif any(name in head for name in _IDS):
        kind, people = PLAIN, _plain(head, rows)
    else:
        raise UsageError("{file} is no list of students: its first row names no column for their ids",
                         hint="It needs a column `id`, or is an export of Canvas or Moodle.", file=file)  # fmt: skip
    return Roster(kind, rows, tuple(people), _index(people))


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()


def _index(people: Iterable[Person]) -> dict[str, Person]:
    """Every name that means one person only."""
    known: dict[str, Person | None] = {}
    for person in people:
        for name in {_same(one) for one in (person.id, *person.names, person.email) if one}:
            known[name] = None if name in known else person
    return {name: person for name, person in known.items() if person is not None}


def _cell(head: Sequence[str], row: Sequence[str], *names: str) -> str:
    return next((row[head.index(n)].strip() for n in names if n in head and head.index(n) < len(row)), "")


def _canvas(head: list[str], rows: Sequence[Sequence[str]]) -> list[Person]:
    people = []
    for number, row in enumerate(rows):
        key, name = _cell(head, row, "id"), _cell(head, row, "student")
        if number and key and _POINTS_POSSIBLE not in _same(name):
            last, _, first = (part.strip() for part in name.partition(","))
            login, sis = _cell(head, row, "sis login id"), _cell(head, row, "sis user id")
            names = tuple(filter(None, (login, sis, key, login.partition("@")[0])))
            email = login if "@" in login else ""
            people.append(Person(login or sis or key, names, last, first, email, number))
    return people


def _moodle(head: list[str], rows: Sequence[Sequence[str]]) -> list[Person]:
    people = []
    for number, row in enumerate(rows):
        key = "".join(c for c in _cell(head, row, "identifier", "编号") if c.isdigit())
        if number and key:
            name, email = _cell(head, row, "full name", "全名"), _cell(head, row, *_COLUMNS["email"])
            own = _cell(head, row, "id number", "学号", "username")
            first, _, last = name.rpartition(" ")
            names = tuple(filter(None, (own, email.partition("@")[0], key, name)))
            people.append(Person(own or email or key, names, last, first, email, number))
    return people


def _plain(head: list[str], rows: Sequence[Sequence[str]]) -> list[Person]:
    people = []
    for number, row in enumerate(rows):
        key = _cell(head, row, *_IDS)
        if number and key:
            told = {name: _cell(head, row, *columns) for name, columns in _COLUMNS.items()}
            full = f"{told['first']} {told['last']}".strip()
            names = tuple(filter(None, (key, full, told["email"].partition("@")[0])))
            people.append(Person(key, names, **told, row=number))
    return people


def known_as(one: HandedIn, roster: Roster, anybody: bool) -> tuple[HandedIn, Person]:
    """The hand-in with the ids that its work may have been done with, and whose it is.

    Who the roster doesn't know is called as the folder or the platform calls them. anybody: the ids don't matter.
    """
    person = roster.person(one.key, one.who, one.email, one.full_name)
    if person is None:
        first, _, last = one.full_name.rpartition(" ")
        names = tuple(filter(None, (one.who, one.email, one.email.partition("@")[0])))
        certain = names if one.who and (not one.key or one.email) else ()
        told = one.who if certain or not one.key.isdecimal() else one.key
        person = Person(told, certain, last, first, one.email)
    ids = () if anybody else tuple(dict.fromkeys(name for name in (person.id, *person.names) if name))
    return replace(one, students=ids if person.names else ()), person
