"""What goes wrong in one container while time passes: it ends, its log says why, and the lab goes on."""

from __future__ import annotations

import logging

import pytest

from dnetlab.sim.dockerd import health, lifecycle
from dnetlab.sim.programs import launch
from tests.sim.prompt import Prompt


@pytest.fixture
def prompt(told_faults):
    logging.getLogger("dnetlab").removeHandler(told_faults)
    return Prompt()


def fails(*_: object) -> None:
    raise ZeroDivisionError("of ours")


STATES = "docker ps -a --format '{{.Names}} {{.Status}}'"
CHECK = "docker run -d --name bad --restart always --health-cmd true --health-interval 1s busybox sleep 1000"


@pytest.mark.parametrize(
    ("part", "name", "line"),
    [
        (launch, "_loop_on", "docker run -d --name bad --restart always busybox sh -c 'while true; do sleep 1; done'"),
        (launch, "_ping_on", "docker run -d --name bad --restart always busybox ping 127.0.0.1"),
        (health, "_probe", CHECK),
        (lifecycle, "_start_again", "docker run -d --name bad --restart always busybox sh -c 'sleep 1; exit 1'"),
    ],
)
def test_a_fault_in_one_container_is_its_own(prompt, monkeypatch, caplog, part, name, line):
    # given a container that goes on by itself, and one beside it
    prompt.out(f"docker run -d --name good nginx\n{line}")

    # when a fault of ours meets it there
    monkeypatch.setattr(part, name, fails)
    prompt.out("sleep 5")

    # then it has ended, stays so, and says why; the lab goes on
    states = prompt.out(STATES).splitlines()
    assert [state.split(" (70)")[0] for state in states] == ["bad Exited", states[1]]
    assert states[1].startswith("good Up")
    assert prompt.type("docker logs bad").stderr == "dnetlab has a fault here, not you: ZeroDivisionError('of ours')\n"
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_a_container_that_can_not_even_end_is_taken_for_ended(prompt, monkeypatch):
    prompt.out("docker run -d --name bad busybox sleep 20\ndocker run -d --name good nginx")

    monkeypatch.setattr(lifecycle, "_tear_down", fails)
    prompt.out("sleep 60")

    assert [row.split(" (70)")[0] for row in prompt.out(STATES).splitlines()][1] == "bad Exited"
    assert "Welcome" in prompt.out("docker exec good curl -s localhost")


def test_what_is_not_modelled_ends_a_script_that_comes_to_it_later(prompt, caplog):
    prompt.out("docker run -d --name bad busybox sh -c 'while true; do test -e /f && dd if=x; sleep 1; done'")

    prompt.out("docker exec bad touch /f\nsleep 5")

    assert prompt.out(STATES).startswith("bad Exited (70)")
    assert prompt.type("docker logs bad").stderr.startswith("dnetlab: `dd` is not part of this lab.")
    assert caplog.records == []
