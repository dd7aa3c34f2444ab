"""--ipam-driver and --ipam-opt, as Engines 26.1.5 and 28.5.2 answered (tests/cases: one-86)."""

from __future__ import annotations

from dnetlab import Lab
from dnetlab.sim.dockerd import api
from dnetlab.sim.lab import new_world


def test_options_of_the_address_manager_are_kept_and_shown() -> None:
    lab = Lab()
    assert lab.run("docker network create --ipam-opt a=b nn2").exit_code == 0
    assert '"Options":{"a":"b"}' in lab.run("docker network inspect -f '{{json .IPAM}}' nn2").stdout


def test_a_bridge_needs_addresses() -> None:
    said = Lab().run("docker network create --ipam-driver null nn")
    assert (said.exit_code, said.stderr) == (1, "Error response from daemon: ipv4 pool is empty\n")


def test_a_client_that_names_no_options_gets_null_back() -> None:
    # given that docker sends an empty object, and compose nothing, then each gets back what it sent
    world = new_world("28.5")
    api.network_create(world, "docker1", {"Name": "one", "IPAM": {"Driver": "default"}})
    api.network_create(world, "docker1", {"Name": "two", "IPAM": {"Driver": "default", "Options": {}}})
    assert api.network_inspect(world, "docker1", "one")["IPAM"]["Options"] is None
    assert api.network_inspect(world, "docker1", "two")["IPAM"]["Options"] == {}


def test_a_client_does_not_wait_for_a_script_that_ends_by_itself() -> None:
    # given a container that sleeps before it exits, when it is started with -d, then the line comes back at once
    lab = Lab()
    said = lab.run("date; docker run -d --name xx busybox sh -c 'echo a; sleep 3; sleep 3'; date").stdout.splitlines()
    assert said[0] == said[2]
    assert lab.run("sleep 3; docker ps -a --format '{{.Status}}'").stdout.startswith("Up ")
    assert lab.run("sleep 3; docker ps -a --format '{{.Status}}'").stdout.startswith("Exited (0) ")
