"""The unmodified docker command at the served simulator: its text is that of our own command line (real_client.py)."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine import works
from real_client import DOCKER, Terminal, compare

from dnetlab.lab import Lab

pytestmark = pytest.mark.skipif(DOCKER is None, reason="no docker command here")
NAMESPACES = pytest.mark.skipif(not works(), reason="no mount namespaces here")
RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"
# The lessons, a swarm, files of the client, users; `python tests/serve/real_client.py` takes all recordings.
SCRIPTS = ["28.5/lessons_1_3", "28.5/lessons_4_7", "28.5/pair_swarm", "28.5/pair_objects", "28.5/pair_user",
           "20.10/lessons_1_3"]  # fmt: skip


@NAMESPACES
@pytest.mark.parametrize("script", SCRIPTS)
def test_the_real_client_says_what_ours_says(script):
    number, differences = compare(RECORDINGS / f"{script}.jsonl")

    assert number >= 10
    unknown = [one for one in differences if not one.reason]
    assert not unknown, "\n".join(str(one) for one in unknown)


def test_docker_run_it_gives_a_prompt_on_a_real_terminal(folder):
    with Lab(docker="28.5") as lab, lab.serve(folder) as doors:
        terminal = Terminal(doors.urls["docker1"], "docker run -it --name c1 --hostname box busybox")
        terminal.until("/ # ")

        terminal.type("hostnaem\x7f\x7fme\r")
        assert "box\r\n" in terminal.until("/ # ")
        terminal.type("sleep 1000\x03")
        assert terminal.until("/ # ").endswith("sleep 1000^C\r\n/ # ")
        terminal.type("\x04")

        assert terminal.end() == 0
        assert lab.snapshot().hosts["docker1"].container("c1").state.value == "exited"


def test_a_shell_beside_and_its_status(folder):
    with Lab(docker="28.5") as lab, lab.serve(folder) as doors:
        lab.run("docker run -d --name web1 nginx")
        terminal = Terminal(doors.urls["docker1"], "docker exec -it web1 sh")
        terminal.until("/ # ")

        terminal.type("exit 7\r")

        assert terminal.end() == 7
