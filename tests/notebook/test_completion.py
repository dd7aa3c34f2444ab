"""Tab inside a `%%dnet` cell, asked of a real kernel."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("code", "choices"),
    [
        ("%%dnet docker", ["docker1", "docker2"]),
        ("%%dnet --engine ", ["sim", "docker"]),
        ("%%dnet\ndocker netw", ["network"]),
        ("%%dnet\ndocker network disc", ["disconnect"]),
        ("%%dnet\ndocker network create --sub", ["--subnet"]),
        ("%%dnet\ndocker run -d --network ho", ["host"]),
        ("%%dnet\ndocker run -d --network=ho", ["host"]),
        ("%%dnet\nip addr show docke", ["docker0"]),
        ("%%dnet\niptables -t na", ["nat"]),
        ("%%dnet\niptables -t nat -L POST", ["POSTROUTING"]),
        ("%%dnet\nbrctl showm", ["showmacs"]),
        ("%%dnet\ndocker ps | hea", ["head"]),
        ("%%dnet\nclient# systemc", ["systemctl"]),
        ("%%dnet\n/ # nslook", ["nslookup"]),
        ("%%dnet\n/ # systemc", ["systemc"]),  # containers have no systemctl
        ("%dnet topol", ["topology"]),
        ("%dnet rules --ta", ["--table"]),
        ("%dnet rules --host cl", ["client"]),
    ],
)
def test_the_words_that_can_stand_there_are_offered_and_no_others(kernel, code, choices):
    kernel.run("%dnet networks")

    assert kernel.complete(code) == choices


def test_names_of_the_lab_are_offered_once_they_are_there(kernel):
    assert kernel.complete("%%dnet\ndocker network rm my_") == ["my_"]
    kernel.run("%%dnet\ndocker network create my_net1")
    assert kernel.complete("%%dnet\ndocker network rm my_") == ["my_net1"]
    assert kernel.complete("%%dnet\ndocker run --network my_") == ["my_net1"]


def test_python_is_silent_inside_the_cell_and_only_there(kernel):
    kernel.run("docker_is_a_python_name = 1")

    assert "docker_is_a_python_name" not in kernel.complete("%%dnet\ndocker")
    assert "docker_is_a_python_name" in kernel.complete("docker_is")
