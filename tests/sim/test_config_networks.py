"""Networks that only hold a configuration, as Docker 20.10.24 answered."""

from __future__ import annotations

import json

import pytest

from tests.sim.prompt import Prompt

TEMPLATE = (
    "docker network create --config-only --subnet 10.58.44.0/24 --gateway 10.58.44.1 --ip-range 10.58.44.192/28 "
    "-o parent=enp7s0 cfg"
)


@pytest.fixture
def prompt() -> Prompt:
    prompt = Prompt("20.10")
    prompt.out(TEMPLATE)
    return prompt


def test_it_is_listed_as_one_of_the_null_driver(prompt: Prompt) -> None:
    listed = prompt.out("docker network ls --format '{{.Name}} {{.Driver}} {{.Scope}}'")

    assert listed == "bridge bridge local\ncfg null local\nhost host local\nnone null local\n"


def test_a_network_made_from_it_has_its_addresses_and_options(prompt: Prompt) -> None:
    prompt.out("docker network create --config-from cfg net")

    found = json.loads(prompt.out("docker network inspect net"))[0]
    assert found["IPAM"]["Config"] == [
        {"Subnet": "10.58.44.0/24", "IPRange": "10.58.44.192/28", "Gateway": "10.58.44.1"}
    ]
    assert (found["ConfigFrom"], found["ConfigOnly"]) == ({"Network": "cfg"}, False)
    assert found["Options"] == {"parent": "enp7s0"}
    assert prompt.err("docker network create -d macvlan --config-from cfg other") == (
        "Error response from daemon: Pool overlaps with other one on this address space\n"
    )


def test_no_container_can_be_in_it(prompt: Prompt) -> None:
    assert prompt.err("docker run --rm --network cfg busybox true", 125).startswith(
        "docker: Error response from daemon: cannot create endpoint on configuration-only network"
    )


def test_it_stays_while_a_network_is_made_from_it(prompt: Prompt) -> None:
    prompt.out("docker network create --config-from cfg net")

    assert prompt.err("docker network rm cfg") == (
        'Error response from daemon: error while removing network: configuration network "cfg" is in use\n'
        "exit status 1\n"
    )
    assert prompt.out("docker network rm net cfg") == "net\ncfg\n"


def test_a_configuration_takes_no_addresses_after_a_restart_either(prompt: Prompt) -> None:
    # Given a configuration that nothing was made of yet, when the daemon starts again, then its gateway is free.
    prompt.out("systemctl restart docker")

    prompt.out("docker network create --config-from cfg net")
    assert prompt.out("docker network inspect -f '{{range .IPAM.Config}}{{.Gateway}}{{end}}' net") == "10.58.44.1\n"
