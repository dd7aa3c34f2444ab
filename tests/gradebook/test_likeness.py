"""Who did what few others did is found, with the evidence; who only solved the same tasks is left alone."""

from __future__ import annotations

from dnetlab.gradebook.likeness import Pair, Prints, beside, marks_of
from dnetlab.gradebook.rows import replaced

USUAL = ["docker run -d --name ‹first› nginx", "docker run -d --name ‹second› nginx", "docker stop ‹first›",
         "docker start ‹second›", "docker start ‹first›"]  # fmt: skip
OWN = ["ls /tmp", "docker inspect ‹first› | grep -i gw", "ip -br a", "cat /etc/hosts", "docker top ‹second›", "uptime",
       "sysctl -a | grep forward", "date"]  # fmt: skip


def row(commands: list[str], pauses: list[float] | None = None, sessions: list[str] | None = None) -> dict:
    pauses = pauses or [7.0 * n for n in range(len(commands))]
    return {"commands": [[pause, text, text] for pause, text in zip(pauses, commands, strict=True)],
            "sessions": sessions or []}  # fmt: skip


def pairs(rows: list[dict], usual: frozenset[int] = frozenset()) -> list[Pair]:
    prints = Prints()
    for who, one in enumerate(rows):
        prints.add(who, one)
    return prints.pairs(usual)


def others(number: int) -> list[dict]:
    """People who solve the tasks, each with something of their own between."""
    return [row([*USUAL, f"echo {n}", *USUAL[::-1], f"ping -c {n} client"], [1.0 + n + m / 9 for m in range(12)])
            for n in range(number)]  # fmt: skip


def test_people_who_solve_the_same_tasks_are_not_alike():
    assert pairs(others(12)) == []


def test_two_who_did_what_nobody_else_did_are_alike():
    first, second = row([*USUAL, *OWN]), row([*OWN, *USUAL], [3.0 * n for n in range(13)])

    (found,) = pairs([*others(10), first, second])

    assert (found.one, found.other, found.share >= 0.5, found.common) == (10, 11, True, 6)


def test_two_with_the_same_pauses_are_alike_although_they_typed_otherwise():
    pauses = [0.0, 3.21, 8.94, 2.02, 11.4, 5.55, 9.01, 1.47, 6.6, 4.18, 2.9, 7.77]
    first = row([f"docker ps -n {n}" for n in range(12)], pauses)
    second = row([f"docker ps --last {n}" for n in range(12)], pauses)

    (found,) = pairs([*others(10), first, second])

    assert (found.one, found.other, found.common) == (10, 11, 8)


def test_what_the_lesson_itself_has_people_type_says_nothing():
    rows = [*others(10), row(OWN, [2.0 * n for n in range(8)]), row(OWN, [9.0 * n for n in range(8)])]

    assert pairs(rows, marks_of(OWN)) == []


def test_a_session_in_two_hand_ins_was_copied():
    one, other = row(USUAL, sessions=["a 2026-11-20T10:00:00Z"]), row(USUAL[:2], sessions=["a 2026-11-20T10:00:00Z"])

    assert [(p.one, p.other, p.share, p.sessions) for p in pairs([one, other])] == [(0, 1, 1.0, ("a",))]


def test_the_evidence_stands_side_by_side():
    assert beside(row(["a", "b", "c"]), row(["a", "x", "y", "c"])) == [
        ("a", "a", True), ("b", "x", False), ("", "y", False), ("c", "c", True),
    ]  # fmt: skip


def test_a_students_own_names_and_numbers_are_replaced():
    names = {"shop": "‹first›", "172.17.0.2": "‹address›", "8080": "‹port›"}

    assert replaced("docker  exec shop curl 172.17.0.2:8080", names) == "docker exec ‹first› curl ‹address›:‹port›"
    assert replaced("docker exec shop2 curl 172.17.0.22", names) == "docker exec shop2 curl 172.17.0.22"
