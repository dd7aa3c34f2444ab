"""What containers share with others, and what Docker leaves alone: as 28.5.2 answered, November 2026."""

from __future__ import annotations

import re

import pytest

from tests.sim.prompt import Prompt


@pytest.fixture
def prompt() -> Prompt:
    return Prompt("28.5")


def test_only_a_volume_without_a_name_stands_in_the_container_s_configuration(prompt):
    prompt.out("docker run -d --name vv -v named:/x -v /anon -v /root:/y busybox sleep 1000")

    assert prompt.out("docker inspect -f '{{json .Config.Volumes}}' vv") == '{"/anon":{}}\n'


@pytest.mark.parametrize(("options", "said"), [("-d", "false false false"), ("-d -i", "false true false")])
def test_a_container_in_the_background_is_attached_to_by_nobody(prompt, options, said):
    prompt.out(f"docker run {options} --name ii busybox sh")

    asked = "{{.Config.AttachStdin}} {{.Config.OpenStdin}} {{.Config.StdinOnce}}"
    assert prompt.out(f"docker inspect -f '{asked}' ii") == f"{said}\n"


def test_who_shares_the_processes_of_another_starts_only_while_that_one_runs(prompt):
    prompt.out("docker run -d --name pp busybox sleep 100")
    prompt.out("docker run -d --name qq --pid container:pp busybox sleep 100")
    prompt.out("docker stop -t 0 pp qq")

    said = prompt.err("docker start qq")

    assert re.fullmatch(
        "Error response from daemon: failed to join PID namespace: container [0-9a-f]{64} is not running\n"
        "Error: failed to start containers: qq\n", said
    )  # fmt: skip
    prompt.out("docker start pp")
    assert prompt.out("docker start qq") == "qq\n"


def test_bridges_that_the_user_made_stay_when_their_networks_go(prompt):
    for name in ("br9", "br8"):
        prompt.out(f"ip link add {name} type bridge")
        prompt.out(f"docker network create -o com.docker.network.bridge.name={name} n{name}")
    for name in ("br9", "br8"):
        prompt.out(f"docker network rm n{name}")

    shown = [prompt.out(f"ip -br link show {name}").split()[0] for name in ("br9", "br8")]
    assert shown == ["br9", "br8"]


def test_an_exec_that_was_not_started_has_no_process(prompt):
    # GET /exec/{id}/json of one that was made and not started (docs.docker.com/reference/api/engine)
    from dnetlab.sim.dockerd import api

    prompt.out("docker run -d --name vv busybox sleep 1000")
    made = api.container_exec(prompt.world, "docker1", "vv", {"Cmd": ["true"]})

    told = api.exec_inspect(prompt.world, "docker1", made["Id"])

    assert (told["Pid"], told["Running"], told["ExitCode"]) == (0, False, None)


def test_who_links_to_a_container_is_told_its_new_address(prompt):
    # lesson 6, recorded on 20.10.24, 26.1.5 and 28.5.2
    prompt.out("docker run -d --name web nginx")
    prompt.out("docker run -d --name asker --link web busybox sleep 1000")
    prompt.out("docker stop web")
    prompt.out("docker run -d --name other nginx")
    prompt.out("docker start web")

    (line,) = [row for row in prompt.out("docker exec asker cat /etc/hosts").splitlines() if "web" in row]
    assert re.fullmatch("172.17.0.4\tweb [0-9a-f]{12}", line)
    assert prompt.out("docker exec asker ping -c 1 web").startswith("PING web (172.17.0.4): 56 data bytes\n")


def test_a_new_volume_begins_with_what_the_image_has_there_unless_it_is_to_stay_empty(prompt):
    empty = "type=volume,source=empty,target=/usr/share/nginx/html,volume-nocopy"
    prompt.out("docker run -d --name filled -v html:/usr/share/nginx/html nginx")
    prompt.out(f"docker run -d --name bare --mount {empty} nginx")

    assert "Welcome to nginx!" in prompt.out("docker run --rm -v html:/data alpine cat /data/index.html")
    assert prompt.out("docker run --rm -v empty:/data alpine ls /data") == ""
