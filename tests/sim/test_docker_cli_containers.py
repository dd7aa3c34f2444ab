"""docker run and the life of a container at the prompt, as client 28.2 frames it. Observed on 20.10.24 and 28.5.2."""

from __future__ import annotations

import re

import pytest

from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")

MORE = "\n\nRun 'docker run --help' for more information\n"


@pytest.fixture
def prompt():
    return Prompt()


def test_run_in_the_background_prints_the_id(prompt):
    assert re.fullmatch(r"[0-9a-f]{64}\n", prompt.out("docker run -d --name web1 nginx"))


def test_run_in_the_foreground_is_the_program_itself(prompt):
    assert prompt.out("docker run --rm busybox echo hello") == "hello\n"
    assert prompt.type("docker run --name c1 busybox sh -c 'exit 3'").exit_code == 3
    assert prompt.out("docker run -it --rm busybox echo hi") == "hi\n"
    assert prompt.out("docker run -i --rm busybox cat") == ""
    assert prompt.out("docker ps -a --format '{{.Names}}'") == "c1\n"


def test_an_interactive_shell_is_a_terminal_until_exit(prompt):
    assert prompt.out("docker run -it --rm --name box busybox") == ""
    inside = prompt.type("/ # hostname")
    assert (inside.prompt, len(inside.stdout)) == ("/ # ", 13)
    prompt.type("/ # exit")

    assert prompt.out("docker ps -aq") == ""
    assert prompt.world.terminals == ()


def test_exec_opens_a_second_terminal_that_leaves_the_container_running(prompt):
    prompt.out("docker run -d --name web1 nginx\ndocker exec -it web1 sh")
    assert prompt.type("/ # exit 3").exit_code == 3

    assert prompt.out("docker ps --format '{{.Names}}'") == "web1\n"


def test_what_the_daemon_refuses_comes_with_its_frame(prompt):
    prompt.out("docker run -d --name web1 nginx")

    text = prompt.err("docker run -d --name web1 nginx", 125)

    assert re.sub("[0-9a-f]{64}", "ID", text) == (
        'docker: Error response from daemon: Conflict. The container name "/web1" is already in use by container "ID". '
        "You have to remove (or rename) that container to be able to reuse that name." + MORE
    )


def test_a_program_that_the_image_lacks_is_status_127(prompt):
    assert prompt.err("docker run busybox nosuchcmd", 127) == (
        "docker: Error response from daemon: failed to create task for container: failed to create shim "
        "task: OCI runtime "
        "create failed: runc create failed: unable to start container process: error during container init: exec: "
        '"nosuchcmd": executable file not found in $PATH' + MORE
    )


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ("-p foo", "invalid containerPort: foo"),
        ("--network-alias x", "network-scoped aliases are only supported for user-defined networks"),
        ("--mac-address zz", "zz is not a valid mac address"),
        ("--restart on-failure:x", "invalid restart policy format: maximum retry count must be an integer"),
        ("--rm --restart always", "conflicting options: cannot specify both --restart and --rm"),
        ("--network a --network a", 'network "a" is specified multiple times'),
        (
            "--network a --network host",
            "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
        ),
        ("--expose 80-70", "invalid range format for --expose: 80-70, error: invalid range specified for port: 80-70"),
        (
            "--network name=x,ip=1.2.3.4 --ip 1.2.3.5",
            "conflicting options: cannot specify both --ip and per-network IPv4 address",
        ),
        ("--pull foo", 'invalid pull option: \'foo\': must be one of "always", "missing" or "never"'),
        ("--env-file nosuch", "open nosuch: no such file or directory"),
    ],
)
def test_what_the_client_refuses_before_it_asks(prompt, flags, complaint):
    assert prompt.err(f"docker run {flags} nginx", 125) == f"docker: {complaint}{MORE}"
    assert prompt.out("docker ps -aq") == ""


def test_an_address_that_is_none_is_named_by_each_release_in_its_words():
    assert Prompt("20.10").err("docker run --ip foo nginx", 125) == (
        "docker: Error response from daemon: invalid IPv4 address: foo" + MORE
    )
    assert Prompt("28.5").err("docker run --ip foo nginx", 125) == (
        "docker: Error response from daemon: invalid config for network bridge: invalid endpoint settings:\n"
        "* user specified IP address is supported on user defined networks only\n* invalid IPv4 address: foo\n"
        "* user specified IP address is supported only when connecting to networks with user configured subnets" + MORE
    )


def test_every_name_is_tried_and_the_status_tells_that_one_failed(prompt):
    prompt.out("docker run -d --name web1 nginx")

    stopped = prompt.type("docker stop nosuch web1")
    assert (stopped.stdout, stopped.stderr, stopped.exit_code) == (
        "web1\n", "Error response from daemon: No such container: nosuch\n", 1,
    )  # fmt: skip
    started = prompt.type("docker start web1 nosuch")
    assert (started.stdout, started.stderr, started.exit_code) == (
        "web1\n",
        "Error response from daemon: No such container: nosuch\nError: failed to start containers: nosuch\n",
        1,
    )


@pytest.mark.parametrize(
    ("release", "words"),
    [
        (
            "28.5",
            'Error response from daemon: cannot remove container "web1": container is running: stop the '
            "container before "
            "removing or force remove\n",
        ),
        (
            "20.10",
            "Error response from daemon: You cannot remove a running container ID. Stop the container "
            "before attempting "
            "removal or force remove\n",
        ),
    ],
)
def test_a_running_container_is_removed_by_force_only(release, words):
    prompt = Prompt(release)
    prompt.out("docker run -d --name web1 nginx")

    assert re.sub("[0-9a-f]{64}", "ID", prompt.err("docker rm web1")) == words
    assert prompt.out("docker rm -f web1") == "web1\n"
    forced = prompt.type("docker rm -f web1")
    assert (forced.stderr, forced.exit_code) == ("Error response from daemon: No such container: web1\n", 0)


def test_rename_says_twice_what_failed(prompt):
    assert prompt.err("docker rename nosuch x1") == (
        "Error response from daemon: No such container: nosuch\nError: failed to rename container named nosuch\n"
    )


def test_port_lists_addresses_or_one_port(prompt):
    prompt.out("docker run -d --name web1 -p 8080:80 -p 127.0.0.1:8443:443 nginx")

    assert prompt.out("docker port web1") == (
        "80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n443/tcp -> 127.0.0.1:8443\n"
    )
    assert prompt.out("docker port web1 80") == "0.0.0.0:8080\n[::]:8080\n"
    assert prompt.err("docker port web1 81") == "Error: No public port '81' published for web1\n"
    assert prompt.err("docker port web1 foo") == (
        'Error: invalid port (foo): strconv.ParseUint: parsing "foo": invalid syntax\n'
    )


def test_exec_runs_and_says_what_is_missing_on_stdout():
    for release, status, end in (("28.5", 127, ""), ("20.10", 126, ": unknown")):
        prompt = Prompt(release)
        prompt.out("docker run -d --name web1 nginx")
        missing = prompt.type("docker exec web1 nosuchcmd")
        assert (missing.stdout, missing.exit_code) == (
            'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuchcmd": executable '
            f"file not found in $PATH{end}\r\n",
            status,
        )
        assert prompt.type("docker exec web1 false").exit_code == 1
        assert "\nA=B\n" in prompt.out("docker exec -e A=B web1 env")


def test_what_would_never_come_back_is_refused_and_changes_nothing(prompt):
    prompt.out("docker run -d --name web1 nginx")
    before = prompt.world

    for line in ("docker logs -f web1", "docker run nginx", "docker wait web1"):
        assert prompt.type(line).refused is not None, line
    assert prompt.world is before


def test_to_wait_for_a_program_without_an_end_names_the_program(prompt):
    prompt.out("docker run -d --name web1 nginx")

    assert str(prompt.type("docker wait web1").refused).startswith("web1 runs on (nginx does not end by itself)")


def test_what_lies_in_a_volume_is_no_change_of_the_container(prompt):
    """A mount point is made in the container's own layer, what is mounted there is not part of it."""
    prompt.out("docker run -d --name box -v data:/data alpine sleep 1000")
    prompt.out("docker exec box sh -c 'echo kept > /data/f; echo own > /g'")

    assert prompt.out("docker diff box") == "A /data\nA /g\n"


@pytest.mark.parametrize(
    "line",
    [
        "docker stack config -c stack.yml",
        "docker compose watch",
        "docker build https://example.com/repo.git",
        "docker -H tcp://x ps",
        "docker push nginx",
    ],
)
def test_what_is_not_modelled_is_refused_with_something_to_do_instead(prompt, line):
    refusal = prompt.type(line).refused

    assert refusal is not None and refusal.hint.endswith((".", "ps"))


def test_without_a_daemon_every_command_says_so(prompt):
    from dnetlab.sim.dockerd.system import stop_daemon

    words = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
    prompt.world = prompt.world.copy()
    stop_daemon(prompt.world, "docker1")

    assert prompt.err("docker ps") == f"{words}\n"
    assert prompt.err("docker run nginx", 125) == f"docker: {words}{MORE}"
    assert prompt.err("docker network rm n1") == f"{words}\nexit status 1\n"
    version = prompt.type("docker version")
    assert version.stdout.startswith("Client:\n Version:           28.2.2\n") and version.stderr == f"{words}\n"


def test_a_host_without_docker_has_no_such_command(prompt):
    answer = prompt.type("client$ docker ps")

    assert (answer.stderr, answer.exit_code) == ("bash: docker: command not found\n", 127)


def test_top_shows_the_hosts_view_of_its_processes(prompt):
    prompt.out("docker run -d --name box busybox sleep 1000")

    titles, row = prompt.out("docker top box").splitlines()

    assert titles.split() == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    assert titles.index("PID") == 20  # the client's columns are twenty wide (docker/cli command/container/top.go)
    assert row.split()[-2:] == ["sleep", "1000"]


def test_a_tool_that_only_the_lab_lacks_is_refused_by_exec_too(prompt):
    # busybox has dd, the lab hasn't: "executable file not found" would be a wrong answer
    prompt.out("docker run -d --name box busybox sleep 1000")

    refused = prompt.type("docker exec box dd if=x").refused

    assert refused is not None
    assert refused.reason == "`dd` is not part of this lab."


@pytest.mark.parametrize(
    "line",
    ["docker exec web apk add curl", "docker exec web apt-get update", "docker run --rm ubuntu dpkg -l"],
)
def test_a_package_manager_is_refused_by_the_lab_and_never_missing(prompt, line):
    prompt.out("docker run -d --name web nginx")

    refused = prompt.type(line).refused

    assert refused is not None
    assert refused.reason == "The containers of this lab can't install packages: there is no way out to a mirror."
    assert "busyboxplus, alpine and nginx have curl, ping, ip and nslookup" in refused.hint


def test_exec_privileged_may_change_the_network_stack_of_a_container_that_may_not(prompt):
    """Observed on 28.5.2 (20.10 as well, where the lab host itself has the capabilities to give)."""
    prompt.out("docker run -d --name plain busybox sleep 1000")
    plain = prompt.type("docker exec plain ip route del default")
    assert (plain.stderr, plain.exit_code) == ("ip: RTNETLINK answers: Operation not permitted\n", 2)

    assert prompt.type("docker exec --privileged plain ip route del default").exit_code == 0

    assert prompt.out("docker exec plain ip route") == "172.17.0.0/16 dev eth0 scope link  src 172.17.0.2 \n"


def test_nc_listens_beside_process_1_when_exec_leaves_it_in_the_background(prompt):
    prompt.out("docker run -d --name box busybox sleep 1000")

    prompt.out("docker exec -d box nc -lk -p 8080 -e cat")

    assert "0 :::8080 " in " ".join(prompt.out("docker exec box netstat -tln").split()) + " "
    assert prompt.type("nc -z 172.17.0.2 8080").exit_code == 0


def test_title_makes_a_word_begin_after_any_sign(prompt):
    prompt.out("docker run -d --name web_one busybox sleep 1000")

    assert prompt.out("docker inspect -f '{{title .Name}}' web_one") == "/Web_one\n"


def test_what_the_real_ubuntu_image_lacks_is_still_not_found(prompt):
    answer = prompt.type("docker run --rm ubuntu ping -c 1 web")

    assert 'exec: "ping": executable file not found in $PATH' in answer.stderr
    assert answer.exit_code == 127


@pytest.mark.parametrize("line", ["mount", "file a", "df -h", "free", "lsblk", "iotop", "htop"])
def test_a_program_of_linux_that_the_lab_lacks_is_refused_never_unknown_to_bash(prompt, line):
    refused = prompt.type(line).refused

    assert refused is not None
    assert refused.reason == f"`{line.split()[0]}` is not part of this lab."
    assert refused.hint


def test_start_with_input_that_ends(prompt):
    prompt.out("docker create -i --name c1 busybox cat")

    assert prompt.type("echo hi | docker start -ai c1").stdout == "hi\n"
    assert prompt.out("docker ps -q") == ""


def test_a_shell_of_exec_privileged_may_change_routes_line_after_line(prompt):
    # Given a container without --privileged, when a shell is opened in it with --privileged, then its lines may.
    prompt.out("docker run -d --name web nginx")

    prompt.out("docker exec -it --privileged web sh")
    prompt.out("ip route add 10.9.9.0/24 via 172.17.0.1")
    prompt.out("exit")
    prompt.out("docker exec -it web sh")

    refused = prompt.type("ip route del 10.9.9.0/24")
    assert refused.stderr == "ip: RTNETLINK answers: Operation not permitted\n"


def test_a_variable_without_a_value_is_told_and_takes_the_images_away(prompt):
    """28.5.2 as docker-py's tests ask it; moby container/env.go."""
    body = '{"Image":"nginx","Env":["NJS_VERSION","A=1"]}'
    made = "curl -s --unix-socket /var/run/docker.sock -H 'Content-Type: application/json' -d"
    prompt.out(f"{made} '{body}' 'http://localhost/containers/create?name=c1'\ndocker start c1")

    assert prompt.out("docker inspect -f '{{json .Config.Env}}' c1").startswith('["NJS_VERSION","A=1","PATH=/')
    assert "NJS_VERSION" not in prompt.out("docker exec c1 env")
