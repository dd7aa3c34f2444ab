"""`docker run -it` on a real engine is run detached, and its lines go inside."""

from __future__ import annotations

import shlex

import pytest

from dnetlab.engines.providers.login import asks
from dnetlab.engines.terminals import Terminal, detached, line_inside, read_attachment, without_sudo, without_terminal


@pytest.mark.parametrize(
    ("text", "subject", "command"),
    [
        ("docker run -it --rm busybox", "busybox", ()),
        ("docker run -it --rm --network container:web3 busyboxplus", "busyboxplus", ()),
        ("docker run --name a -e X=1 -it -p 80:80 nginx sh", "nginx", ("sh",)),
        ("docker container run -ti -ea=1 --link=web1:nginx busybox sh -c 'ip a'", "busybox", ("sh", "-c", "ip a")),
        ("docker exec -it web1 sh", "web1", ("sh",)),
        ("docker exec --interactive --tty -w /tmp web1 /bin/sh", "web1", ("/bin/sh",)),
    ],
)
def test_the_image_and_its_command_are_found_behind_the_options(text, subject, command):
    found = read_attachment(tuple(shlex.split(text)))

    assert (found.interactive, found.tty, found.detached) == (True, True, False)
    assert (found.subject, found.command) == (subject, command)


@pytest.mark.parametrize("text", ["docker ps", "ip addr", "docker run", "docker run --rm", "docker start -i web"])
def test_other_lines_open_no_terminal(text):
    assert read_attachment(tuple(text.split())) is None


def test_detached_and_terminal_options_are_told_apart():
    assert read_attachment(tuple(["docker", "run", "-d", "--name", "web", "nginx"])).detached
    assert read_attachment(tuple(["docker", "run", "-dit", "busybox"])).detached
    assert not read_attachment(tuple(["docker", "run", "--detach=false", "busybox"])).detached


def test_a_terminal_is_run_detached_and_a_command_without_one():
    assert detached("docker run -it --rm busybox") == "docker run -d -it --rm busybox"
    assert without_terminal("docker run -it --rm busybox ip addr").split() == [
        "docker",
        "run",
        "--rm",
        "busybox",
        "ip",
        "addr",
    ]
    assert without_terminal("docker run --rm -ti busybox ip addr").split() == [
        "docker",
        "run",
        "--rm",
        "busybox",
        "ip",
        "addr",
    ]


def test_a_line_inside_a_containers_own_shell_keeps_its_quotes_and_the_shells_variables():
    terminal = Terminal("docker1", "c0ffee", main=True)

    words = shlex.split(line_inside(terminal, "echo 'a  b' | wc -c"))

    assert words[-8:] == [
        "runc",
        "--root",
        "/run/docker/runtime-runc/moby",
        "exec",
        "c0ffee",
        "sh",
        "-c",
        "echo 'a  b' | wc -c",
    ]


def test_a_line_inside_an_exec_goes_by_docker_exec():
    terminal = Terminal("docker1", "c0ffee", main=False, shell="/bin/sh")

    assert shlex.split(line_inside(terminal, "ip addr", 3)) == [
        "docker", "exec", "-e", "TERM=xterm", "c0ffee", "timeout", "-s", "INT", "3", "/bin/sh", "-c", "ip addr",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ("docker exec -it --privileged web sh", ("--privileged",)),
        ("docker exec -it -u nobody -e A=1 -w /tmp web sh", ("-u", "nobody", "-e", "A=1", "-w", "/tmp")),
        ("docker exec --interactive --tty web sh", ()),
        ("docker run -it --privileged busybox", ()),
    ],
)
def test_what_a_shell_was_opened_with_holds_for_its_lines(typed: str, again: tuple[str, ...]):
    found = read_attachment(tuple(typed.split()))

    assert found is not None and found.options == again
    inside = line_inside(Terminal("docker1", "c0ffee", main=False, options=found.options), "ip link")
    assert inside == shlex.join(["docker", "exec", "-e", "TERM=xterm", *again, "c0ffee", "sh", "-c", "ip link"])


def test_sudo_in_front_of_a_command_is_left_out_where_everybody_is_root():
    assert without_sudo("sudo docker run -it busybox") == "docker run -it busybox"
    assert without_sudo("sudo -i") == "sudo -i"
    assert without_sudo("echo sudo docker ps") == "echo sudo docker ps"


@pytest.mark.parametrize(
    ("text", "files", "calls"),
    [
        ("ssh docker2 hostname", {}, True),
        ("cat /root/join.sh", {"/root/join.sh": "ssh docker2 hostname"}, False),
        ("sh join.sh", {"join.sh": "ssh docker2 hostname\n"}, True),
        ("bash -x ./join.sh && echo done", {"./join.sh": "set -e\nx=$(ssh docker2 hostname)\n"}, True),
        ("for n in 1 2; do ./all.sh; done", {"./all.sh": ". /root/one.sh\n", "/root/one.sh": "scp f docker2:"}, True),
        ("echo $(/root/one.sh)", {"/root/one.sh": "docker ps\n"}, False),
        ("./me.sh", {"./me.sh": "./me.sh\n"}, False),
    ],
)
def test_ssh_is_found_in_a_script_that_a_line_runs(text, files, calls):
    assert asks(text, lambda file: files.get(file, "")) is calls


@pytest.mark.parametrize(("options", "user", "prompt"), [
    ((), "", "/ # "), ((), "root:root", "/ # "), ((), "1000", "/ $ "), (("-u", "nobody"), "", "/ $ "),
    (("--user=0",), "1000", "/ # "), (("-unobody",), "", "/ $ "), (("-e", "A=1", "--user", "1000:0"), "", "/ $ "),
])  # fmt: skip
def test_the_prompt_of_a_terminal_says_whether_it_is_roots(options, user, prompt):
    terminal = Terminal("docker1", "c0ffee", main=not options, options=options, user=user)

    assert terminal.prompt == prompt
