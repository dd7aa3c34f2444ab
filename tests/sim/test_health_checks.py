"""When a container's health is looked at, as moby's daemon/health.go has it."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt

RUN = (
    "docker run -d --name web --health-cmd 'test -f /ready' --health-interval 30s --health-start-period 60s "
    "--health-start-interval 2s busybox sleep 1000"
)
STATUS = "docker inspect -f '{{.State.Health.Status}}' web"


@pytest.mark.parametrize(("release", "status"), [("20.10", "starting"), ("26.1", "healthy"), ("28.5", "healthy")])
def test_while_a_container_starts_its_health_is_looked_at_more_often_since_25(release, status):
    prompt = Prompt(release)
    prompt.out(RUN)

    prompt.out("docker exec web touch /ready")
    prompt.out("sleep 3")

    assert prompt.out(STATUS) == f"{status}\n"


def test_after_its_start_the_usual_interval_counts():
    # given a container that was healthy while it started, and is no more
    prompt = Prompt("28.5")
    prompt.out(RUN)
    prompt.out("docker exec web touch /ready")
    prompt.out("sleep 3")
    prompt.out("docker exec web rm /ready")

    prompt.out("sleep 20")

    assert prompt.out("docker inspect -f '{{.State.Health.FailingStreak}}' web") == "0\n"


def test_a_service_of_compose_without_its_images_check_has_none():
    prompt = Prompt("28.5")
    prompt.type("mkdir /tmp/p && cd /tmp/p && printf 'services:\\n  a:\\n    image: busybox\\n    command: sleep 100\\n"
                "    healthcheck:\\n      disable: true\\n' > compose.yaml && docker compose up -d")  # fmt: skip

    assert prompt.out("docker inspect -f '{{json .Config.Healthcheck.Test}}' p-a-1") == '["NONE"]\n'
    assert "healthy" not in prompt.out("docker ps")
