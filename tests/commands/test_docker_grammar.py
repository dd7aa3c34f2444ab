"""docker's command line: what client 28.2.2 reads, and what it says to what it can't. All texts are the real one's."""

from __future__ import annotations

import shlex

import pytest

from dnetlab.commands.docker import Kind, Stop, complete_docker, parse
from dnetlab.commands.docker.grammar import ALIASES, command
from dnetlab.commands.docker.helptexts import all_paths
from dnetlab.commands.docker.ports import PortError, PortSpec, parse_expose, parse_publish

RUN_USAGE = (
    "\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'docker run --help' for more information\n"
)


def read(line: str):
    return parse(shlex.split(line), "Docker version 28.2.2, build e6534b4")


def stopped(line: str) -> Stop:
    with pytest.raises(Stop) as caught:
        read(line)
    return caught.value


def test_clusters_equals_signs_and_separate_values_are_the_same_flags():
    one = read("docker run -dit --name web1 -p 8080:80 -p=53:53/udp -eA=B nginx nginx -g 'daemon off;'")

    assert one.command.operation == ("container", "run")
    assert one.on("detach") and one.on("interactive") and one.on("tty") and not one.on("rm")
    assert one.text("name") == "web1"
    assert one.all("publish") == ("8080:80", "53:53/udp")
    assert one.all("env") == ("A=B",)
    assert one.arguments == ("nginx", "nginx", "-g", "daemon off;")


def test_flags_behind_the_image_belong_to_the_program():
    assert read("docker run --rm busybox ping -c 1 web1").arguments == ("busybox", "ping", "-c", "1", "web1")
    assert read("docker exec web1 ls -l --color").arguments == ("web1", "ls", "-l", "--color")


def test_flags_may_follow_the_arguments_of_other_commands():
    call = read("docker rm web1 -f web2")

    assert call.on("force") and call.arguments == ("web1", "web2")


@pytest.mark.parametrize(
    ("line", "operation"),
    [
        ("docker ps", ("container", "ls")),
        ("docker container ls", ("container", "ls")),
        ("docker container ps", ("container", "ls")),
        ("docker container list", ("container", "ls")),
        ("docker images", ("image", "ls")),
        ("docker image list", ("image", "ls")),
        ("docker rmi nginx", ("image", "rm")),
        ("docker image remove nginx", ("image", "rm")),
        ("docker network list", ("network", "ls")),
        ("docker network remove n1", ("network", "rm")),
        ("docker volume list", ("volume", "ls")),
        ("docker info", ("system", "info")),
        ("docker pull nginx", ("image", "pull")),
        ("docker inspect web1", ("inspect",)),
    ],
)
def test_a_command_is_known_by_all_its_names(line, operation):
    assert read(line).command.operation == operation


def test_hidden_and_old_flag_names_mean_the_present_ones():
    assert read("docker run --net n1 --net-alias www --dns-opt ndots:2 nginx").options == {
        "network": ("n1",),
        "network-alias": ("www",),
        "dns-option": ("ndots:2",),
    }
    old = read("docker stop --time 3 web1")
    assert old.number("timeout") == 3
    assert old.said == "Flag --time has been deprecated, use --timeout instead\n"


@pytest.mark.parametrize(
    ("line", "status", "text"),
    [
        ("docker foo", 1, "docker: unknown command: docker foo\n\nRun 'docker --help' for more information\n"),
        (
            "docker network foo",
            1,
            "docker: unknown command: docker network foo\n\nUsage:  docker network\n\n"
            "Run 'docker network --help' for more information\n",
        ),
        (
            "docker network create",
            1,
            "docker: 'docker network create' requires 1 argument\n\nUsage:  docker network create [OPTIONS] NETWORK\n\n"
            "Run 'docker network create --help' for more information\n",
        ),
        (
            "docker ps x",
            1,
            "docker: 'docker ps' accepts no arguments\n\nUsage:  docker ps [OPTIONS]\n\n"
            "Run 'docker ps --help' for more information\n",
        ),
        (
            "docker run",
            1,
            "docker: 'docker run' requires at least 1 argument\n\n"
            "Usage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nSee 'docker run --help' for more information\n",
        ),
        (
            "docker port",
            1,
            "docker: 'docker port' requires at least 1 and at most 2 arguments\n\n"
            "Usage:  docker port CONTAINER [PRIVATE_PORT[/PROTO]]\n\nRun 'docker port --help' for more information\n",
        ),
        (
            "docker images a b",
            1,
            "docker: 'docker images' requires at most 1 argument\n\nUsage:  docker images [OPTIONS] "
            "[REPOSITORY[:TAG]]\n\n"
            "SRun 'docker images --help' for more information\n",
        ),
        ("docker run --foo nginx", 125, "unknown flag: --foo" + RUN_USAGE),
        ("docker run -dZ nginx", 125, "unknown shorthand flag: 'Z' in -Z" + RUN_USAGE),
        ("docker run --name", 125, "flag needs an argument: --name" + RUN_USAGE),
        ("docker run -p", 125, "flag needs an argument: 'p' in -p" + RUN_USAGE),
        (
            "docker stop -t x web1",
            125,
            'invalid argument "x" for "-t, --timeout" flag: strconv.ParseInt: parsing "x": invalid syntax\n\n'
            "Usage:  docker stop [OPTIONS] CONTAINER [CONTAINER...]\n\nRun 'docker stop --help' for more information\n",
        ),
        (
            "docker ps --filter foo",
            125,
            'invalid argument "foo" for "-f, --filter" flag: bad format of filter (expected name=value)\n\n'
            "Usage:  docker ps [OPTIONS]\n\nRun 'docker ps --help' for more information\n",
        ),
        (
            "docker --foo",
            125,
            "unknown flag: --foo\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help' for "
            "more information\n",
        ),
        ("docker help foo", 1, "unknown help topic: foo\n"),
    ],
)
def test_what_the_client_cannot_read_it_says_in_its_own_words(line, status, text):
    stop = stopped(line)

    assert (stop.stdout, stop.stderr, stop.exit_code) == ("", text, status)


@pytest.mark.parametrize(
    ("flag", "complaint"),
    [
        ("--rm=foo", 'invalid argument "foo" for "--rm" flag: strconv.ParseBool: parsing "foo": invalid syntax'),
        ("--add-host foo", 'invalid argument "foo" for "--add-host" flag: bad format for add-host: "foo"'),
        ("--add-host a:b", 'invalid argument "a:b" for "--add-host" flag: invalid IP address in add-host: "b"'),
        ("--dns foo", 'invalid argument "foo" for "--dns" flag: IP address is not correctly formatted: foo'),
        ("--dns-search a_b!", 'invalid argument "a_b!" for "--dns-search" flag: a_b! is not a valid domain'),
        ("-e =x", 'invalid argument "=x" for "-e, --env" flag: invalid environment variable: =x'),
        ("-l =x", 'invalid argument "=x" for "-l, --label" flag: invalid label \'=x\': empty name'),
        ("--link a:b:c", 'invalid argument "a:b:c" for "--link" flag: bad format for links: a:b:c'),
        ("-m 1x", 'invalid argument "1x" for "-m, --memory" flag: invalid suffix: \'x\''),
        ("--cpus x", 'invalid argument "x" for "--cpus" flag: failed to parse x as a rational number'),
        ("--network name=a,foo=b", 'invalid argument "name=a,foo=b" for "--network" flag: invalid field key foo'),
        (
            "--health-interval 3",
            'invalid argument "3" for "--health-interval" flag: time: missing unit in duration "3"',
        ),
    ],
)
def test_a_value_of_run_that_the_client_refuses(flag, complaint):
    stop = stopped(f"docker run {flag} nginx")

    assert (stop.stderr, stop.exit_code) == (complaint + RUN_USAGE, 125)


def test_help_is_the_clients_own_text():
    text = stopped("docker network --help").stdout

    assert text.startswith(
        "Usage:  docker network COMMAND\n\nManage networks\n\nCommands:\n  connect     Connect a container"
    )
    assert stopped("docker help network").stdout == text
    assert stopped("docker network").stderr == text
    assert stopped("docker container ls --help").stdout.startswith(
        "Usage:  docker container ls [OPTIONS]\n\nList containers\n"
    )
    assert stopped("docker ps --help").stdout.startswith("Usage:  docker ps [OPTIONS]\n\nList containers\n")
    assert stopped("docker ps -h").stdout.startswith("Flag shorthand -h has been deprecated, use --help\nUsage:")


def test_version_of_the_client():
    assert stopped("docker --version").stdout == "Docker version 28.2.2, build e6534b4\n"


def test_every_help_text_gives_a_command_and_every_alias_leads_to_one():
    assert all(command(path) is not None for path in all_paths())
    assert all(command((group, word)) is not None for group, words in ALIASES.items() for word in words)
    run = command(("run",))
    wanted = "detach interactive tty rm name hostname network ip network-alias link publish publish-all expose env dns "
    wanted += "mac-address label restart entrypoint cap-add privileged add-host volume workdir user init pull"
    assert {f.name for f in run.flags} >= set(wanted.split())


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("80", (PortSpec(80),)),
        ("8080:80", (PortSpec(80, host_port=8080),)),
        ("53:53/udp", (PortSpec(53, "udp", host_port=53),)),
        ("127.0.0.1:8080:80", (PortSpec(80, host_ip="127.0.0.1", host_port=8080),)),
        ("127.0.0.1::80", (PortSpec(80, host_ip="127.0.0.1"),)),
        ("[::1]:8080:80", (PortSpec(80, host_ip="::1", host_port=8080),)),
        ("8000-8001:80-81", (PortSpec(80, host_port=8000), PortSpec(81, host_port=8001))),
        ("8000-8002:80", (PortSpec(80, host_port=8000, host_port_end=8002),)),
        ("target=80,published=8080,protocol=udp", (PortSpec(80, "udp", host_port=8080),)),
        ("80/TCP", (PortSpec(80),)),
    ],
)
def test_publish_in_all_its_forms(text, specs):
    assert parse_publish(text) == specs


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("foo", "invalid containerPort: foo"),
        ("foo:80", "invalid hostPort: foo"),
        ("80:80:80", "invalid IP address: 80"),
        ("localhost:80:80", "invalid IP address: localhost"),
        ("70000:80", "invalid hostPort: 70000"),
        ("80:", "no port specified: 80:<empty>"),
        ("", "no port specified: <empty>"),
        ("80:80/foo", "invalid proto: foo"),
        ("8002-8000:80", "invalid hostPort: 8002-8000"),
        ("8000-8002:80-81", "invalid ranges specified for container and host Ports: 80-81 and 8000-8002"),
        ("published=80", "no port specified: 80:/tcp<empty>"),
    ],
)
def test_a_port_that_is_none_is_named(text, complaint):
    with pytest.raises(PortError) as caught:
        parse_publish(text)

    assert str(caught.value) == complaint


def test_expose_takes_a_range_and_a_protocol():
    assert parse_expose("53-54/udp") == ("53/udp", "54/udp")
    with pytest.raises(PortError, match="invalid port format for --expose: 80:90"):
        parse_expose("80:90")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["docker", "run", "--network", ""], Kind.NETWORK),
        (["docker", "run", "-dit", "--name", "x", ""], Kind.IMAGE),
        (["docker", "exec", "-it", ""], Kind.RUNNING),
        (["docker", "exec", "web1", ""], Kind.PROGRAM),
        (["docker", "network", "connect", "n1", ""], Kind.CONTAINER),
        (["docker", "rm", "-f", "a", ""], Kind.CONTAINER),
        (["docker", "network", "rm", ""], Kind.NETWORK),
        (["docker", "run", "--name", ""], Kind.NONE),
    ],
)
def test_completion_knows_what_an_argument_names(words, kind):
    assert complete_docker(words).kind is kind


def test_completion_offers_subcommands_flags_and_fixed_words():
    assert complete_docker(["docker", "network", "cr"]).words == ("create",)
    assert complete_docker(["docker", "run", "--net"]).words == ("--net", "--net-alias", "--network", "--network-alias")
    assert complete_docker(["docker", "run", "--restart", "a"]).words == ("always",)
