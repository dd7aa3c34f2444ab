"""Secrets, configs, jobs and locked managers, by the docker command. Values as 28.5.2 gave them
(tests/recordings/28.5/pair_objects.jsonl holds the words)."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")

JOIN = "docker2# docker swarm join --token $(ssh docker1 docker swarm join-token -q manager) 172.25.254.1:2377"


@pytest.fixture
def prompt() -> Prompt:
    """One manager."""
    found = Prompt("28.5")
    found.out("docker1# docker swarm init --advertise-addr eth0")
    return found


def test_a_secret_is_a_file_of_the_tasks_that_ask_for_it_and_of_no_other(prompt):
    prompt.out("docker1# printf s3cret | docker secret create word -")
    prompt.type("docker1# docker service create -d --name app --secret word busybox sleep 1000")
    prompt.type("docker1# docker service create -d --name bare busybox sleep 1000")

    assert prompt.out("docker1# docker exec $(docker ps -q -f name=app) cat /run/secrets/word") == "s3cret"
    assert prompt.type("docker1# docker exec $(docker ps -q -f name=bare) cat /run/secrets/word").exit_code == 1


def test_a_secret_is_never_told_again_and_a_config_is(prompt):
    prompt.out("docker1# printf s3cret | docker secret create word -")
    prompt.out("docker1# printf 'listen 80' | docker config create app.conf -")

    assert "Data" not in prompt.out("docker1# docker secret inspect word")
    assert '"Data": "bGlzdGVuIDgw"' in prompt.out("docker1# docker config inspect app.conf")


def test_what_a_swarm_gave_is_no_part_of_a_containers_own_layer(prompt):
    prompt.out("docker1# printf 'listen 80' | docker config create app.conf -")
    asked = "--config source=app.conf,target=/etc/app.conf"
    prompt.type(f"docker1# docker service create -d --name app {asked} busybox sleep 1000")

    assert "app.conf" not in prompt.out("docker1# docker diff $(docker ps -q -f name=app)")


def test_other_managers_know_a_secret_too_and_workers_are_not_asked(prompt):
    prompt.out("docker1# printf s3cret | docker secret create word -")
    prompt.out(JOIN)

    assert "word" in prompt.out("docker2# docker secret ls")
    prompt.out("docker1# docker node demote docker2")
    assert "This node is not a swarm manager" in prompt.type("docker2# docker secret ls").stderr


def test_a_job_runs_to_its_end_once_and_again_with_each_change(prompt):
    prompt.type("docker1# docker service create -d --name job --mode replicated-job --replicas 3 busybox echo done")
    assert prompt.out("docker1# docker service ls --format '{{.Replicas}}'") == "0/3 (3/3 completed)\n"

    prompt.out("docker1# docker service update -d --force job")

    assert prompt.out("docker1# docker service logs --raw job") == "done\n" * 6


def test_what_a_changed_job_was_at_is_ended(prompt):
    prompt.type("docker1# docker service create -d --name job --mode replicated-job busybox sleep 300")

    prompt.out("docker1# docker service update -d --force job")

    states = prompt.out("docker1# docker service ps job --format '{{.DesiredState}}'").splitlines()
    assert sorted(states) == ["Complete", "Shutdown"]


def test_a_manager_that_starts_again_is_locked_until_somebody_knows_the_key(prompt):
    prompt.out("docker1# docker swarm update --autolock=true")
    prompt.out("docker1# docker swarm unlock-key -q > /root/key")
    prompt.out("docker1# systemctl restart docker")
    assert "needs to be unlocked" in prompt.type("docker1# docker node ls").stderr

    assert prompt.type("docker1# echo SWMKEY-1-wrong | docker swarm unlock").exit_code == 1
    prompt.out("docker1# docker swarm unlock < /root/key")

    assert "Ready" in prompt.out("docker1# docker node ls")


def test_a_task_that_fails_is_tried_again_as_often_as_was_said(prompt):
    asked = "--restart-max-attempts 2 --restart-delay 1s"
    prompt.type(f"docker1# docker service create -d --name bad {asked} busybox false")

    for _ in range(5):
        prompt.out("docker1# sleep 2")

    assert prompt.out("docker1# docker service ps -q bad").count("\n") == 3


def test_no_node_has_more_tasks_of_a_service_than_it_may(prompt):
    prompt.type("docker1# docker service create -d --name web --replicas 2 --replicas-max-per-node 1 nginx")

    assert prompt.out("docker1# docker service ls --format '{{.Replicas}}'") == "1/2 (max 1 per node)\n"
