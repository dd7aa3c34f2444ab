"""Printed, a journey is a few lines for a person, its outcome first."""

from __future__ import annotations

from dnetlab.explain.reach import reach
from dnetlab.model import Snapshot
from tests import builder as b


def test_a_journey_is_printed_as_its_outcome_and_a_line_each_way():
    assert str(b.ping(b.docker_lab(), "peer", "172.20.0.2")) == (
        "answered\n"
        "  request delivered: 172.20.0.3 > 172.20.0.2 echo request, by dock/peer → dock → dock/web1\n"
        "  reply delivered: 172.20.0.2 > 172.20.0.3 echo reply, by dock/web1 → dock → dock/peer"
    )


def test_a_journey_that_ends_early_has_one_line():
    assert repr(b.ping(b.docker_lab(), "peer", "172.20.0.9")).splitlines()[:2] == [
        "not answered",
        "  request no neighbour: 172.20.0.3 > 172.20.0.9 echo request, by dock/peer",
    ]


def test_reach_is_printed_as_numbers():
    assert str(reach(b.docker_lab())).startswith("5 askers, 8 targets, by classes: ")
    assert str(reach(Snapshot())) == "0 askers, 0 targets, by classes: nobody to ask"
