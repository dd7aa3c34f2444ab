"""docker-compose 2.40.3 asks older daemons in other words; what comes of it is the same."""

from __future__ import annotations

import pytest

from dnetlab.lab import Lab

FILE = """services:
  web:
    image: nginx
    networks:
      front: {aliases: [page]}
      back: {ipv4_address: 10.9.0.9, priority: 10}
networks:
  front:
  back: {ipam: {config: [{subnet: 10.9.0.0/24}]}}
"""


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5", "29.7"])
def test_a_service_is_in_all_its_networks_whatever_the_daemon_takes_at_once(release):
    # Given a service of two networks, when it is brought up on a daemon that takes one at a time (up to API 1.43) or
    # all (seen with compose on 20.10.24, 26.1.5 and 28.5.2), then it is in both, with what was asked of each.
    with Lab(docker=release) as lab:
        lab.run_cell(f"mkdir shop\ncd shop\ncat > compose.yaml <<'END'\n{FILE}END\ndocker compose up -d")

        shown = lab.run(
            "docker inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{end}}' shop-web-1"
        ).stdout
        assert shown == "shop_back shop_front \n"
        lab.run("docker run -d --name b1 --network shop_front busybox sleep 1000")
        assert "1 packets received" in lab.run("docker exec b1 ping -c 1 page").stdout
        assert "10.9.0.9" in lab.run("docker compose exec -T web ip -4 addr").stdout


@pytest.mark.parametrize("release", ["20.10", "28.5"])
def test_a_command_of_its_own_is_in_all_networks_of_the_service_too(release):
    with Lab(docker=release) as lab:
        lab.run_cell(f"mkdir shop\ncd shop\ncat > compose.yaml <<'END'\n{FILE}END")

        shown = lab.run("docker compose run --rm -T web ip -4 -o addr")

        assert shown.stdout.count("scope global") == 2


MACS = """services:
  a:
    image: busybox
    command: sleep 1000
    networks: {lan: }
  b:
    image: busybox
    command: sleep 1000
    networks:
      lan: {mac_address: "02:42:0a:07:00:14"}
networks: {lan: }
"""


def test_a_mac_of_one_network_is_a_complaint_of_the_client_before_anything_is_made():
    # Given a service that asks for a MAC in its network, when it is brought up on a daemon of API 1.41, then compose
    # says no and neither container is there (docker-compose 2.40.3 on 20.10.24).
    with Lab(docker="20.10") as lab:
        lab.run_cell(f"mkdir shop\ncd shop\ncat > compose.yaml <<'END'\n{MACS}END")
        why = '"specify mac-address per network" requires API version 1.44, but the Docker daemon API version is 1.41'

        came = lab.run("docker compose up -d")

        assert came.stderr.splitlines()[-2:] == [f" Container shop-b-1  {why}", why]
        assert came.exit_code == 1
        assert lab.run("docker ps -aq").stdout == ""


@pytest.mark.parametrize(
    ("release", "wanted"), [("20.10", "02:42:0a:00:00:99 02:42:0a:08:00:02"), ("28.5", "02:42:0a:00:00:99 random")]
)
def test_a_mac_of_the_service_is_that_of_its_main_network(release, wanted):
    # Given mac_address beside two networks, then the one of the most priority has it and the other has its own, made
    # of its address up to 26 (compose 2.40.3 pkg/compose/create.go; moby v20.10.24 daemon/network.go).
    file = FILE.replace("image: nginx", 'image: nginx\n    mac_address: "02:42:0a:00:00:99"').replace(
        "  front:\n", "  front: {ipam: {config: [{subnet: 10.8.0.0/24}]}}\n"
    )
    with Lab(docker=release) as lab:
        lab.run_cell(f"mkdir shop\ncd shop\ncat > compose.yaml <<'END'\n{file}END\ndocker compose up -d")

        found = lab.run(
            "docker inspect -f '{{.NetworkSettings.Networks.shop_back.MacAddress}} "
            "{{.NetworkSettings.Networks.shop_front.MacAddress}}' shop-web-1"
        ).stdout

        main, other = found.split()
        assert [main, other if release == "20.10" else "random"] == wanted.split()
        assert main != other


@pytest.mark.parametrize(
    ("release", "health", "why"),
    [
        (
            "20.10",
            "start_interval: 1s",
            "can't set healthcheck.start_interval as feature require Docker Engine v25 or later",
        ),
        ("28.5", "start_interval: 1s", "healthcheck.start_interval requires healthcheck.start_period to be set"),
    ],
)
def test_a_start_interval_wants_a_daemon_that_knows_it_and_a_start_period(release, health, why):
    # docker-compose 2.40.3, pkg/compose/convert.go
    file = f"services: {{web: {{image: busybox, command: sleep 1000, healthcheck: {{test: 'true', {health}}}}}}}\n"
    with Lab(docker=release) as lab:
        lab.run_cell(f"mkdir shop\ncd shop\ncat > compose.yaml <<'END'\n{file}END")

        came = lab.run("docker compose up -d")

        assert came.stderr.splitlines()[-2:] == [f" Container shop-web-1  {why}", why]
