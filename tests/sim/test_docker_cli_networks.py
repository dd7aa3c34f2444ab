"""docker network, inspect and prune at the prompt. Texts observed on 20.10.24 and 28.5.2 with client 28.2."""

from __future__ import annotations

import re

import pytest

from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")


@pytest.fixture
def prompt():
    return Prompt()


def test_create_prints_the_id_and_rm_the_name(prompt):
    assert re.fullmatch(r"[0-9a-f]{64}\n", prompt.out("docker network create my_net1"))
    assert prompt.out("docker network rm my_net1") == "my_net1\n"


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ("--gateway 10.1.1.1", "every ip-range or gateway must have a corresponding subnet"),
        ("--subnet 10.5.0.0/16 --gateway 10.6.0.1", "no matching subnet for gateway 10.6.0.1"),
        ("--subnet 10.5.0.0/16 --ip-range 10.6.0.0/24", "no matching subnet for range 10.6.0.0/24"),
        ("--subnet 10.5.0.0/16 --ip-range foo", "invalid CIDR address: foo"),
        ("--subnet 10.5.0.0/16 --aux-address x=10.6.0.1", "no matching subnet for aux-address 10.6.0.1"),
        ("--subnet 10.5.0.0/16 --subnet 10.5.1.0/24", "multiple overlapping subnet configuration is not supported"),
        ("--subnet foo --gateway x", "invalid subnet: invalid CIDR address: foo"),
    ],
)
def test_subnets_that_do_not_fit_are_refused_by_the_client(prompt, flags, complaint):
    assert prompt.err(f"docker network create {flags} n1") == f"{complaint}\n"


def test_the_daemons_refusals_carry_its_name(prompt):
    prompt.out("docker network create n1")

    assert prompt.err("docker network create n1") == "Error response from daemon: network with name n1 already exists\n"
    removed = prompt.type("docker network rm nosuch n1")
    assert (removed.stdout, removed.stderr) == (
        "n1\n", "Error response from daemon: network nosuch not found\nexit status 1\n",
    )  # fmt: skip
    assert prompt.err("docker network rm bridge") == (
        "Error response from daemon: bridge is a pre-defined network and cannot be removed\nexit status 1\n"
    )


def test_inspect_is_the_daemons_json_in_four_columns(prompt):
    prompt.out("docker network create --subnet 172.20.0.0/24 --gateway 172.20.0.1 --label a=b my_net2")

    text = prompt.out("docker network inspect my_net2")

    assert text.startswith('[\n    {\n        "Name": "my_net2",\n        "Id": "')
    assert '"Config": [\n                {\n                    "Subnet": "172.20.0.0/24",\n' in text
    assert text.endswith('        "Options": {},\n        "Labels": {\n            "a": "b"\n        }\n    }\n]\n')


def test_inspect_with_a_template(prompt):
    prompt.out(
        "docker network create --subnet 10.1.0.0/24 n1\ndocker run -d --name web1 --network n1 --ip 10.1.0.9 nginx"
    )

    one = "{{$k}}={{$v.IPAddress}}/{{$v.IPPrefixLen}} gw={{$v.Gateway}}"
    each = f"{{{{range $k, $v := .NetworkSettings.Networks}}}}{one} {{{{end}}}}"
    assert prompt.out(f"docker inspect -f '{each}' web1") == "n1=10.1.0.9/24 gw=10.1.0.1 \n"
    assert prompt.out("docker network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}' n1") == (
        "web1 10.1.0.9/24\n"
    )
    assert prompt.out("docker inspect -f '{{.NetworkSettings.Networks.nosuch}}' web1") == "<no value>\n"
    assert prompt.out("docker inspect -f '{{.Name}}' web1 n1") == "/web1\nn1\n"
    assert prompt.out("docker inspect -f '{{json .NetworkSettings.Networks.n1.IPAMConfig}}' web1") == (
        '{"IPv4Address":"10.1.0.9"}\n'
    )


@pytest.mark.parametrize(
    ("line", "status", "stdout", "stderr"),
    [
        ("docker inspect nosuch", 1, "[]\n", "Error: No such object: nosuch\n"),
        ("docker inspect -f '{{.Name}}' nosuch", 1, "\n", "Error: No such object: nosuch\n"),
        ("docker network inspect nosuch", 1, "[]\n", "Error response from daemon: network nosuch not found\n"),
        ("docker container inspect nosuch", 1, "[]\n", "Error response from daemon: No such container: nosuch\n"),
        ("docker image inspect nosuch", 1, "[]\n", "Error response from daemon: No such image: nosuch:latest\n"),
        ("docker volume inspect nosuch", 1, "[]\n", "Error response from daemon: get nosuch: no such volume\n"),
        (
            "docker inspect -f '{{.Foo}}' bridge",
            1,
            "\n",
            'template parsing error: template: :1:2: executing "" at <.Foo>: map has no entry for key "Foo"\n',
        ),
        ("docker inspect -f '{{.Name' bridge", 64, "", "template parsing error: template: :1: unclosed action\n"),
        (
            "docker inspect --type foo x",
            1,
            "",
            'unknown type: "foo": must be one of "config", "container", "image", "network", "node", '
            '"plugin", "secret", '
            '"service", "task", "volume"\n',
        ),
    ],
)
def test_inspect_of_what_is_not_there(prompt, line, status, stdout, stderr):
    answer = prompt.type(line)

    assert (answer.stdout, answer.stderr, answer.exit_code) == (stdout, stderr, status)


def test_json_of_an_old_daemon_has_the_fields_of_the_new_client():
    prompt = Prompt("20.10")
    prompt.out("docker run -d --name web1 nginx")

    text = prompt.out("docker inspect -f '{{json .NetworkSettings.Networks}}' web1")

    keys = re.findall(r'"(\w+)":', text)
    assert keys == [
        "bridge", "IPAMConfig", "Links", "Aliases", "MacAddress", "DriverOpts", "GwPriority", "NetworkID", "EndpointID",
        "Gateway", "IPAddress", "IPPrefixLen", "IPv6Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen", "DNSNames",
    ]  # fmt: skip


def test_connect_and_disconnect_are_silent(prompt):
    prompt.out("docker network create n1\ndocker run -d --name web1 nginx")

    assert prompt.out("docker network connect --alias www n1 web1") == ""
    assert prompt.out("docker ps --format '{{.Networks}}'") == "bridge,n1\n"
    assert prompt.out("docker network disconnect n1 web1") == ""
    assert prompt.err("docker network connect n1 nosuch") == "Error response from daemon: No such container: nosuch\n"


QUESTION = (
    "WARNING! This will remove all custom networks not used by at least one container.\n"
    "Are you sure you want to continue? [y/N] "
)


def test_prune_asks_and_takes_no_for_silence(prompt):
    prompt.out("docker network create n1\ndocker network create n2")

    assert prompt.out("docker network prune") == QUESTION
    assert prompt.out("docker network prune\nn") == QUESTION + "n\n"
    assert prompt.out("docker network prune\ny") == QUESTION + "y\nDeleted Networks:\nn1\nn2\n\n"
    assert prompt.out("docker network prune -f") == ""


def test_container_prune_counts_what_it_freed(prompt):
    prompt.type("docker run --name done busybox true")

    assert re.fullmatch(
        r"Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: 0B\n", prompt.out("docker container prune -f")
    )
    assert prompt.out("docker container prune -f") == "Total reclaimed space: 0B\n"


def test_system_prune_lists_what_it_will_remove(prompt):
    prompt.out("docker network create n1")

    assert prompt.out("docker system prune\ny") == (
        "WARNING! This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n"
        "  - all dangling images\n  - unused build cache\n\nAre you sure you want to continue? [y/N] y\n"
        "Deleted Networks:\nn1\n\nTotal reclaimed space: 0B\n"
    )


def test_volume_prune_means_less_since_23():
    new, old = Prompt("28.5"), Prompt("20.10")
    for prompt in (new, old):
        prompt.out("docker volume create v1")

    assert new.out("docker volume prune -f") == "Total reclaimed space: 0B\n"
    assert new.out("docker volume prune -af") == "Deleted Volumes:\nv1\n\nTotal reclaimed space: 0B\n"
    assert (
        old.err("docker volume prune -a")
        == '"--all" requires API version 1.42, but the Docker daemon API version is 1.41\n'
    )
    assert old.out("docker volume prune -f") == "Deleted Volumes:\nv1\n\nTotal reclaimed space: 0B\n"


def test_pull_tag_and_rmi(prompt):
    assert prompt.out("docker tag busybox bb:v1") == ""
    assert prompt.out("docker rmi bb:v1") == "Untagged: bb:v1\n"
    assert prompt.err("docker tag busybox B") == (
        'Error parsing reference: "B" is not a valid repository/tag: invalid reference format: '
        "repository name (library/B) must be lowercase\n"
    )
    assert prompt.err("docker rmi nosuch") == "Error response from daemon: No such image: nosuch:latest\n"
    assert prompt.err("docker run -d Nginx", 125).startswith(
        "docker: invalid reference format: repository name (library/Nginx) must be lowercase\n"
    )
    assert prompt.out("docker pull busybox").endswith(
        "Status: Image is up to date for busybox:latest\ndocker.io/library/busybox:latest\n"
    )
