"""Ctrl-C while hosts come up or a lab is removed: heard, but only after what was begun."""

from __future__ import annotations

import concurrent.futures
import threading

import pytest

from dnetlab.engines.providers import starting
from dnetlab.engines.providers.starting import finished, side_by_side
from dnetlab.model.topology import HostPlan


def test_ctrl_c_a_second_and_a_third_time_still_waits_for_the_host_that_comes_up(monkeypatch):
    # given a host that is up only after three presses of Ctrl-C, the first of them when it says that it has begun
    pressed, up = threading.Event(), []
    presses = iter([KeyboardInterrupt, KeyboardInterrupt])

    def come_up(plan, heard):
        heard("begun")
        pressed.wait(60)
        up.append(plan.name)

    def press(said):
        raise KeyboardInterrupt

    def waited(futures):
        for again in presses:
            raise again
        pressed.set()
        return concurrent.futures.wait(futures)

    monkeypatch.setattr(starting, "wait", waited)

    # when it is started
    with pytest.raises(KeyboardInterrupt):
        side_by_side((HostPlan("docker1"),), come_up, press)

    # then it is up before anybody removes it
    assert up == ["docker1"]


def test_a_removal_that_ctrl_c_interrupts_is_begun_again_and_ctrl_c_is_not_forgotten():
    left = ["network", "client", "docker1"]

    def remove():
        while left:
            left.pop()
            if len(left) in (2, 1):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finished(remove)

    assert left == []


def test_whoever_goes_on_pressing_is_let_out():
    presses = []

    def never():
        presses.append("^C")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finished(never)

    assert len(presses) == 10
