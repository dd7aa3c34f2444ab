"""Who did what few others did: hand-ins that are alike, with the evidence laid side by side.

Everybody solves the same tasks, so most of what two students typed is the same. What counts is what is the same and
rare: three commands in a row (each student's own names and numbers replaced) that only a few typed, and four pauses in
a row that are the same to a hundredth of a second. A session that lies in two hand-ins was copied.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations, groupby, zip_longest

from dnetlab.gradebook.rows import Row

IN_A_ROW = 3  # commands
PAUSES = 4
FEW = 6  # who share something rare at most; in a class of fewer than three times as many a third of them
ENOUGH = 6  # rare things that two must share, and
SHARE = 0.5  # how much of what is rare in either
SHOWN = 50  # pairs
_BITS = 20  # of a number that holds who; the rest is the print


@dataclass(frozen=True)
class Pair:
    """Two hand-ins (numbers, the lower first) that are alike.

    share  of what is rare in the one that has less of it, 0 to 1; sessions: those that lie in both
    """

    one: int
    other: int
    share: float
    common: int
    sessions: tuple[str, ...] = ()


class Prints:
    """Collects what each hand-in did, a number for each thing."""

    def __init__(self) -> None:
        self.commands: list[int] = []
        self.pauses: list[int] = []
        self.people = 0
        self.sessions: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, who: int, row: Row) -> None:
        self.people += 1
        self.commands += [mark << _BITS | who for mark in set(_commands(row))]
        self.pauses += [mark << _BITS | who for mark in set(_pauses(row))]
        for session in row["sessions"]:
            self.sessions[session].append(who)

    def pairs(self, usual: frozenset[int] = frozenset()) -> list[Pair]:
        """The most alike first. usual: prints of the lesson's own text, which say nothing."""
        found: dict[tuple[int, int], Pair] = {}
        for marks in (self.commands, self.pauses):
            shared, rare = self._rare(marks, usual)
            for (one, other), number in shared.items():
                share = number / min(rare[one], rare[other])
                before = found.get((one, other))
                if number >= ENOUGH and share >= SHARE and (before is None or share > before.share):
                    found[one, other] = Pair(one, other, round(share, 3), number)
        for (one, other), names in self._copied():
            common = found[one, other].common if (one, other) in found else 0
            found[one, other] = Pair(one, other, 1.0, common, tuple(names))
        order = found.values()
        return sorted(order, key=lambda pair: (-len(pair.sessions), -pair.share, -pair.common, pair.one, pair.other))

    def _rare(self, marks: list[int], usual: frozenset[int]) -> tuple[Counter[tuple[int, int]], Counter[int]]:
        """(how many rare things two have in common, how many each has)."""
        few = min(FEW, self.people // 3)
        shared: Counter[tuple[int, int]] = Counter()
        rare: Counter[int] = Counter()
        marks.sort()
        for mark, group in groupby(marks, key=lambda number: number >> _BITS):
            owners = [number & ((1 << _BITS) - 1) for number in group]
            if mark not in usual and len(owners) <= few:
                rare.update(owners)
                shared.update(combinations(owners, 2))
        return shared, rare

    def _copied(self) -> Iterable[tuple[tuple[int, int], list[str]]]:
        found: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
        for name, owners in sorted(self.sessions.items()):
            for pair in combinations(sorted(set(owners))[:FEW], 2):
                found[pair].append(name.partition(" ")[0])
        return found.items()


def _commands(row: Row) -> Iterator[int]:
    plain = [command[2] for command in row["commands"]]
    for place in range(len(plain) - IN_A_ROW + 1):
        yield mark("\n".join(plain[place : place + IN_A_ROW]))


def _pauses(row: Row) -> Iterator[int]:
    pauses = [command[0] for command in row["commands"]]
    for place in range(1, len(pauses) - PAUSES + 1):
        some = pauses[place : place + PAUSES]
        if all(0 < pause < 1e6 for pause in some) and len(set(some)) > 1:
            yield mark(f"{some}")


def mark(text: str) -> int:
    """Forty bits of it."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=5).digest(), "big")


def marks_of(commands: Iterable[str]) -> frozenset[int]:
    """Of commands in a row that say nothing when somebody types them: a lesson's own."""
    plain = [" ".join(command.split()) for command in commands]
    return frozenset(mark("\n".join(plain[n : n + IN_A_ROW])) for n in range(len(plain) - IN_A_ROW + 1))


def beside(one: Row, other: Row) -> list[tuple[str, str, bool]]:
    """Commands of both, the same ones on one line: (of the one, of the other, whether they are the same)."""
    plain: list[list[str]] = [[command[2] for command in row["commands"]] for row in (one, other)]
    shown: list[tuple[str, str, bool]] = []
    for kind, a, b, c, d in SequenceMatcher(a=plain[0], b=plain[1], autojunk=False).get_opcodes():
        ours = [command[1] for command in one["commands"][a:b]]
        theirs = [command[1] for command in other["commands"][c:d]]
        shown += [(left, right, kind == "equal") for left, right in zip_longest(ours, theirs, fillvalue="")]
    return shown
