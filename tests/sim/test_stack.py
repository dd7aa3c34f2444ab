"""Stacks: services, networks and contents under one name, from compose files, by the docker command. The words stand in
tests/recordings/*/pair_stack.jsonl (28.5.2, 26.1.5 and 20.10.24 with client 28.2.2), where no other source is named."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")

TOLD = (
    "Since --detach=false was not specified, tasks will be created in the background.\n"
    "In a future release, --detach=false will become the default.\n"
)
WEB = """\
services:
  web:
    image: nginx
    ports: ["8080:80"]
  asker:
    image: busybox
    command: sleep 100000
    depends_on: [web]
"""


@pytest.fixture(params=["28.5", "29.7"])
def prompt(request) -> Prompt:
    """A manager and a worker."""
    found = Prompt(request.param)
    found.out("docker1# docker swarm init --advertise-addr eth0")
    found.out("docker2# docker swarm join --token $(ssh docker1 docker swarm join-token -q worker) 172.25.254.1:2377")
    found.out("docker1# sleep 5")
    return found


def written(prompt: Prompt, text: str, name: str = "stack.yml") -> None:
    prompt.out(f"docker1# cat > {name} <<'END'\n{text}END")


def deployed(prompt: Prompt, text: str, stack: str = "app") -> str:
    written(prompt, text)
    return prompt.out(f"docker1# docker stack deploy -d -c stack.yml {stack}")


def test_a_service_is_called_by_its_short_name_in_the_network_of_its_stack_and_published_on_every_node(prompt):
    # given a compose file of two services, when it is deployed
    said = deployed(prompt, WEB)

    # then each is a service under the stack's name, and one network is theirs
    assert said == "Creating network app_default\nCreating service app_asker\nCreating service app_web\n"
    assert prompt.out("docker1# docker stack ls") == "NAME      SERVICES\napp       2\n"
    asked = "docker1# docker stack services --format '{{.Name}} {{.Mode}} {{.Replicas}} {{.Ports}}' app"
    assert prompt.out(asked) == "app_asker replicated 1/1 \napp_web replicated 1/1 *:8080->80/tcp\n"

    # then the short name is the service's virtual address, and the port is open on both nodes
    virtual = prompt.out(
        "docker1# docker service inspect -f '{{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}' app_web"
    ).split()[-1].partition("/")[0]  # fmt: skip
    host = prompt.out("docker1# docker stack ps --filter name=app_asker --format '{{.Node}}' app").strip()
    inside = f"{host}# docker exec $(docker ps -q -f name=app_asker)"
    assert prompt.out(f"{inside} ping -c 1 web | head -1") == f"PING web ({virtual}): 56 data bytes\n"
    for node in ("172.25.254.1", "172.25.254.2"):
        assert prompt.out(f"client# curl -s -o /dev/null -w '%{{http_code}}' {node}:8080") == "200"


def test_what_is_there_is_changed_and_what_is_no_longer_named_goes_only_when_pruned(prompt):
    # given a stack, when another file is deployed under its name
    deployed(prompt, WEB)
    written(prompt, WEB.partition("  asker")[0].replace("nginx", "nginx\n    deploy: {replicas: 2}"))
    said = prompt.type("docker1# docker stack deploy -c stack.yml app | sed 's/id: .*/id: ID)/'")

    # then its services are updated, and the one that the file lacks stays
    assert said.stdout == "Updating service app_web (id: ID)\n"
    assert said.stderr.startswith(TOLD + "image nginx:latest could not be accessed on a registry")
    assert prompt.out("docker1# docker service ls --format '{{.Name}} {{.Replicas}}'") == "app_asker 1/1\napp_web 2/2\n"

    # until it is pruned
    said = prompt.type("docker1# docker stack deploy -d --prune -c stack.yml app").stdout
    assert said.splitlines()[0] == "Removing service app_asker"
    assert prompt.out("docker1# docker service ls --format '{{.Name}}'") == "app_web\n"


def test_a_stack_goes_with_all_that_it_made_and_nothing_else(prompt):
    # given a stack with a secret, a config and a network, and a service of its own beside it
    prompt.out("docker1# echo text > page.txt")
    deployed(prompt, WEB + (
        "    secrets: [key]\n    configs:\n      - {source: page, target: /page}\n"
        "secrets:\n  key: {file: page.txt}\nconfigs:\n  page: {file: ./page.txt}\n"))  # fmt: skip
    prompt.type("docker1# docker service create -d --name other busybox sleep 1000")
    host = prompt.out("docker1# docker stack ps --filter name=app_asker --format '{{.Node}}' app").strip()
    read = f"{host}# docker exec $(docker ps -q -f name=app_asker) cat /page /run/secrets/key"
    assert prompt.out(read) == "text\ntext\n"

    # when it is removed
    said = prompt.out("docker1# docker stack rm app")

    # then it says each, services first
    assert said == (
        "Removing service app_asker\nRemoving service app_web\nRemoving secret app_key\nRemoving config app_page\n"
        "Removing network app_default\n"
    )
    assert prompt.out("docker1# docker service ls --format '{{.Name}}'") == "other\n"
    assert prompt.out("docker1# docker network ls -q -f label=com.docker.stack.namespace") == ""


def test_networks_that_others_made_are_only_used(prompt):
    written(prompt, "services:\n  web:\n    image: nginx\n    networks: [out]\nnetworks:\n  out: {external: true}\n")
    deploy = "docker1# docker stack deploy -d -c stack.yml app"

    # given none of that name, or one of this host alone
    problem = 'network "out" is declared as external, but '
    assert prompt.err(deploy) == (
        f"{problem}could not be found. You need to create a swarm-scoped network before the stack is deployed\n"
    )
    prompt.out("docker1# docker network create out")
    assert prompt.err(deploy) == f'{problem}it is not in the right scope: "local" instead of "swarm"\n'

    # when there is one for all nodes
    prompt.out("docker1# docker network rm out")
    prompt.out("docker1# docker network create -d overlay out")

    # then the stack uses it, and leaves it
    assert prompt.out(deploy) == "Creating service app_web\n"
    prompt.out("docker1# docker stack rm app")
    assert prompt.out("docker1# docker network ls --filter name=out --format '{{.Name}}'") == "out\n"


def test_what_a_stack_has_no_use_for_is_told_and_left_out(prompt):
    written(prompt, "services:\n  web:\n    image: nginx\n    restart: always\n    build: .\n    container_name: me\n")
    answer = prompt.type("docker1# docker stack deploy -d -c stack.yml app")
    assert answer.stderr == (
        "Ignoring unsupported options: build, restart\n\nIgnoring deprecated options:\n\n"
        "container_name: Setting the container name is not supported.\n\n"
    )


@pytest.mark.parametrize(("text", "problem"), [
    ("services:\n  web: {image: nginx, foo: 1}\n", "services.web Additional property foo is not allowed"),
    ("foo: 1\n", "(root) Additional property foo is not allowed"),
    ("services:\n  web: {image: nginx, depends_on: {a: {}}}\n", "services.web.depends_on must be a list"),
    ("services:\n  web: {image: 1}\n", "services.web.image must be a string"),
    ("services:\n  web: {image: nginx, deploy: {replicas: two}}\n", "services.web.deploy.replicas must be a integer"),
    ("services:\n  web: {deploy: {replicas: 1}}\n", "invalid image reference for service web: no image specified"),
    ("version: '2'\nservices:\n  web: {image: nginx}\n", "unsupported Compose file version: 2"),
    ("- a\n", "top-level object must be a mapping"),
    ("services:\n  web: {image: nginx, mem_limit: 1g, extends: a}\n",
     "Compose file contains unsupported options:\n\nextends: Support for `extends` is not implemented yet.\n\n"
     "mem_limit: Set resource limits using deploy.resources\n"),
])  # fmt: skip
def test_a_mistake_in_the_file_is_the_clients_to_tell(prompt, text, problem):
    """Words of docker/cli at v28.2.2 and v29.7.2 (cli/compose/schema, loader); nothing is made."""
    written(prompt, text)
    assert prompt.err("docker1# docker stack deploy -c stack.yml app") == f"{problem}\n"
    assert prompt.out("docker1# docker stack ls") == "NAME      SERVICES\n"


def test_what_the_lab_does_not_model_is_refused_before_anything_is_made(prompt):
    written(prompt, "services:\n  web: {image: nginx, ulimits: {nofile: 10}}\n")
    refused = prompt.type("docker1# docker stack deploy -d -c stack.yml app").refused
    assert str(refused) == (
        "`ulimits` in a stack's file is not simulated. Leave it out: the lab is about networks, ports and names."
    )
    assert prompt.out("docker1# docker network ls -q -f label=com.docker.stack.namespace") == ""


@pytest.mark.parametrize(("release", "word"), [("28.5", "Specify"), ("29.7", "specify")])
def test_a_file_has_to_be_named(release, word):
    prompt = Prompt(release)
    prompt.out("docker1# docker swarm init --advertise-addr eth0")
    assert prompt.err("docker1# docker stack deploy app") == f"{word} a Compose file (with --compose-file)\n"


def test_a_name_in_a_swarm_is_one_of_dns(prompt):
    """Observed on 28.5.2."""
    problem = "Error response from daemon: rpc error: code = InvalidArgument desc = name must be "
    for command in ("docker service create -d --name 'a b' nginx", "docker network create -d overlay a_"):
        assert prompt.err(f"docker1# {command}") == f"{problem}valid as a DNS name component\n"
    assert prompt.err(f"docker1# docker network create -d overlay {'n' * 64}") == f"{problem}63 characters or fewer\n"
