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
