"""`docker events` beside the lines of a cell, with an end of its own; real engines are asked in tests/engines."""

from __future__ import annotations

from dnetlab import Lab

FORM = "--format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}'"


def heard(line: str) -> str:
    """What it said, while a network came at once and went after four seconds."""
    lab = Lab()
    lab.run("docker network create n0")
    cell = f"{line} {FORM} &\ndocker network create n1\nsleep 4\ndocker network rm n1\n"
    return lab.run_cell(cell).outputs[0].stdout


def test_until_ends_it_and_tells_what_was_before_too():
    # given no --since, when --until is given, then the daemon tells all that it keeps up to then
    assert heard("docker events --until $(( $(date +%s) + 3 ))") == "network create n0\nnetwork create n1\n"


def test_an_end_that_is_over_is_no_job():
    assert heard("docker events --since 1h --until 0s") == "network create n0\n"


def test_without_an_end_the_end_of_the_cell_is_its_end():
    assert heard("docker events") == "network create n1\nnetwork destroy n1\n"
    assert heard("timeout 3 docker events") == "network create n1\n"


def test_since_is_told_beside_a_cell_as_well():
    assert heard("docker events --since 1h") == "network create n0\nnetwork create n1\nnetwork destroy n1\n"
