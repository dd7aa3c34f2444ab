"""A question for a neighbour goes on after the one who began it has given up; who asks again waits for its end."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt


@pytest.mark.parametrize("address", ["10.20.5.3", "172.25.254.77"], ids=["behind a router", "on the link"])
def test_who_asks_again_waits_only_for_the_rest_of_the_question(address):
    # Given a way to an address that nobody has (28.5.2, Linux 6.18: the second curl ended with 7 after 2.04 and 2.05 s)
    prompt = Prompt("28.5")
    mode = "-o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected"
    prompt.out(f"docker network create --subnet 10.20.5.0/24 {mode} n")
    prompt.out("docker run -d --network n nginx")
    prompt.out("client# ip route add 10.0.0.0/8 via 172.25.254.1")

    # When one asks for a second, and another after him, then the second hears after two more that nobody answers
    output = prompt.type(f"client# curl -s -m 1 {address}; curl -s -m 3 -o /dev/null -w '%{{time_total}}' {address}")

    assert output.exit_code == 7
    assert 2.0 < float(output.stdout) < 2.1


def test_when_the_question_is_over_it_is_begun_anew():
    prompt = Prompt("28.5")

    output = prompt.type("client# curl -s -m 1 172.25.254.77; sleep 3; curl -s -m 3 172.25.254.77")

    assert output.exit_code == 28
