"""apt-get and apk on the simulator: what is installed is there afterwards, and where there is no way out it isn't."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt


@pytest.fixture
def prompt() -> Prompt:
    return Prompt("28.5")


def test_a_tool_that_was_installed_is_there(prompt):
    # given a Debian container, which has no tools of the network
    prompt.type("docker run -dit --name deb debian")
    prompt.type("docker exec deb apt-get update")

    # when some are installed
    said = prompt.out("docker exec deb apt-get install -y iproute2 curl")

    # then they answer, and the others still don't
    assert "2 newly installed" in said
    assert "172.17.0.2/16" in prompt.out("docker exec deb ip -4 addr show eth0")
    assert prompt.out("docker exec deb which curl") == "/usr/bin/curl\n"
    assert prompt.type("docker exec deb apt-get install -y curl").stdout.startswith("Reading package lists...\n")


def test_without_lists_debian_knows_no_package(prompt):
    prompt.type("docker run -dit --name deb debian")

    output = prompt.type("docker exec deb apt-get install -y curl")

    assert (output.exit_code, output.stderr) == (100, "E: Unable to locate package curl\n")


def test_alpine_installs_with_apk_and_a_commit_keeps_it(prompt):
    prompt.type("docker run -dit --name alp alpine")

    prompt.out("docker exec alp apk add --no-cache curl tcpdump")
    prompt.out("docker commit alp mine")
    prompt.out("docker run -d --name web nginx")

    assert "Welcome to nginx!" in prompt.out("docker run --rm mine curl -s 172.17.0.3")


def test_an_internal_network_has_no_way_to_a_mirror(prompt):
    prompt.out("docker network create --internal shut")
    prompt.type("docker run -dit --name alp --network shut alpine")

    output = prompt.type("docker exec alp apk add curl")

    assert output.exit_code == 1
    assert "temporary error (try again later)" in output.stderr


def test_an_image_is_built_with_its_tools(prompt):
    prompt.out("mkdir site; printf 'FROM alpine\\nRUN apk add --no-cache jq\\n' > site/Dockerfile")
    prompt.type("docker build -t tools site")

    assert prompt.out("docker run --rm tools sh -c 'echo 7 | jq .'") == "7\n"


def test_whoami_tells_who_asks(prompt):
    prompt.type("docker run -d --name who -p 8080:80 traefik/whoami")

    said = prompt.out("curl -s localhost:8080/path")

    assert "\nRemoteAddr: 172.17.0.1:" in said
    assert "\nGET /path HTTP/1.1\nHost: localhost:8080\n" in said


def test_a_database_without_a_password_ends_and_with_one_listens(prompt):
    prompt.type("docker run -d --name bad postgres")
    prompt.type("docker run -d --name good -e POSTGRES_PASSWORD=x postgres")
    prompt.type("docker run -dit --name net nicolaka/netshoot")

    assert prompt.out("docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' bad good") == "exited 1\nrunning 0\n"
    assert "5432/tcp open" in prompt.out("docker exec net nmap -p 5432 172.17.0.2")


def test_a_script_that_was_copied_in_is_the_containers_program(prompt):
    prompt.out("mkdir app; printf '#!/bin/sh\\necho started\\nsleep 5\\n' > app/run.sh; chmod +x app/run.sh")
    prompt.out("printf 'FROM busybox\\nWORKDIR /app\\nCOPY run.sh .\\nCMD [\"./run.sh\"]\\n' > app/Dockerfile")
    prompt.type("docker build -t app app")

    assert prompt.out("docker run --rm app") == "started\n"
