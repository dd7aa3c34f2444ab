"""The settings of a bridge's port: who hears whom, and what a trace names when nobody does."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

import tests.builder as b
from dnetlab.explain.why import why
from dnetlab.model import Where


def with_port(lab, name, **settings):
    """web1 and peer stand behind two ports of br-n1."""

    def edit(space):
        link = space.interface(name)
        return space.with_interface(replace(link, port=replace(link.port, **settings)))

    return b.change(lab, "host", edit)


def ports(lab):
    return [i.name for i in lab.at(Where("dock")).ports_of("br-n1")]


def answers(lab):
    return b.ping(lab, "web1", "172.20.0.3").answered


def test_isolated_ports_hear_the_bridge_and_not_each_other():
    """GIVEN two ports of a bridge
    WHEN one of them is isolated, then both
    THEN one alone changes nothing, and of two each reaches the bridge but not the other
    """
    lab = b.docker_lab()
    one, other = ports(lab)

    assert answers(lab)
    lab = with_port(lab, one, isolated=True)
    assert answers(lab)
    lab = with_port(lab, other, isolated=True)
    assert not answers(lab)
    assert b.ping(lab, "web1", "172.20.0.1").answered


@pytest.mark.parametrize("setting", [{"state": "disabled"}, {"state": "listening"}, {"locked": True}])
def test_a_port_may_let_nothing_in(setting):
    lab = b.docker_lab()
    lab = with_port(lab, ports(lab)[0], **setting)

    assert not answers(lab)
    assert not b.ping(lab, "web1", "172.20.0.1").answered


def test_a_port_may_get_no_questions_for_everybody_and_still_ask():
    """GIVEN the second port without bcast_flood
    WHEN each asks for the other
    THEN the question goes out by that port only when the bridge itself has it, and the one behind it is not asked
    """
    lab = b.docker_lab()
    lab = with_port(lab, ports(lab)[1], bcast_flood=False)

    assert not answers(lab)
    assert b.ping(lab, "peer", "172.20.0.2").answered
    assert b.ping(lab, "host", "172.20.0.3").answered


def test_a_port_that_learns_nothing_is_in_no_table():
    lab = b.docker_lab()
    one, other = ports(lab)
    lab = with_port(lab, one, learning=False)

    after = b.ping(lab, "web1", "172.20.0.3").after

    assert [entry.port for entry in after.at(Where("dock")).fdb if not entry.permanent] == [other]


def test_why_names_the_port_that_keeps_a_question_back():
    lab = b.docker_lab()
    for name in ports(lab):
        lab = with_port(lab, name, isolated=True)

    found = why(lab, b.WHERE["web1"], IPv4Address("172.20.0.3"))

    assert found.sentence == (
        f"{ports(lab)[1]}, a port of dock's bridge br-n1, keeps it back: isolated is on, and isolated ports don't hear "
        "each other (`bridge -d link`)."
    )
    assert found.remedy == f"bridge link set dev {ports(lab)[1]} isolated off"
