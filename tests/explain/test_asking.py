"""`%dnet why` finds the last failure, or asks between two places."""

from __future__ import annotations

import pytest

from dnetlab.errors import UsageError
from dnetlab.lab import Lab


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.run_cell(
        "docker network create n1\ndocker network create n2\n"
        "docker run -d --name web1 --network n1 nginx\ndocker run -d --name web2 --network n2 nginx\n"
        "docker run -d --name old1 nginx\ndocker run -d --name old2 nginx"
    )
    return lab


def test_the_last_failing_line_is_asked_again(lab: Lab) -> None:
    lab.run_cell("docker exec web2 ping -c 1 web1\ndocker ps")

    assert lab.why().sentence == "web2 and web1 share no network of your own, so the name isn't known."


def test_what_was_cured_since_is_said_to_work(lab: Lab) -> None:
    lab.run_cell("docker exec web2 ping -c 1 web1\ndocker network connect n1 web2")

    assert lab.why().works


def test_two_places_are_asked_by_address_first(lab: Lab) -> None:
    assert "Docker keeps networks apart (n2 and n1)" in lab.why("web2", "web1:80").sentence
    assert lab.why("docker1", "web1:80").works


def test_when_the_address_works_the_name_may_still_be_the_reason(lab: Lab) -> None:
    assert "the default bridge only, and there Docker has no DNS" in lab.why("old1", "old2").sentence


def test_a_stopped_target_is_the_reason(lab: Lab) -> None:
    lab.run_cell("docker stop web1")

    assert lab.why("web2", "web1").sentence == ("web1 is exited (0): a stopped container has neither address nor name.")


def test_without_a_failure_there_is_nothing_to_explain(lab: Lab) -> None:
    with pytest.raises(UsageError):
        lab.why()
