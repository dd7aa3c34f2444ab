"""docker ps, network ls, images, volume ls: columns, filters, formats. Observed on 20.10.24 and 28.5.2, client 28.2."""

from __future__ import annotations

import re

import pytest

from dnetlab.commands.docker.units import ago, size
from dnetlab.sim.dockercli.listing import ports_text
from dnetlab.sim.dockercli.table import align
from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")


@pytest.fixture
def prompt():
    return Prompt()


def masked(text: str) -> str:
    return re.sub(r"\b[0-9a-f]{12}\b", "0123456789ab", text)


def test_a_fresh_daemon_has_three_networks_sorted_by_name(prompt):
    assert masked(prompt.out("docker network ls")) == (
        "NETWORK ID     NAME      DRIVER    SCOPE\n"
        "0123456789ab   bridge    bridge    local\n"
        "0123456789ab   host      host      local\n"
        "0123456789ab   none      null      local\n"
    )


def test_a_column_is_as_wide_as_its_longest_cell_and_three_spaces(prompt):
    prompt.out("docker network create a-network-of-a-long-name")

    lines = prompt.out("docker network ls").splitlines()

    assert lines[0] == "NETWORK ID     NAME                       DRIVER    SCOPE"
    assert lines[1].endswith("   a-network-of-a-long-name   bridge    local")


def test_networks_are_filtered_and_sorted_by_number(prompt):
    prompt.out("docker network create n10\ndocker network create n2\ndocker network create --label a=b other")

    assert prompt.out("docker network ls -f name=n1 --format '{{.Name}}'") == "n10\n"
    assert prompt.out("docker network ls --filter type=custom --format '{{.Name}}'") == "n2\nn10\nother\n"
    assert prompt.out("docker network ls --filter driver=null --format '{{.Name}}'") == "none\n"
    assert prompt.out("docker network ls --filter label=a=b --format '{{.Name}} {{.Labels}}'") == "other a=b\n"
    assert prompt.out("docker network ls --filter driver=nosuch") == "NETWORK ID   NAME      DRIVER    SCOPE\n"


@pytest.mark.parametrize(("release", "word"), [("20.10", "Invalid"), ("28.5", "invalid")])
def test_an_unknown_filter_is_the_daemons_business(release, word):
    prompt = Prompt(release)

    assert prompt.err("docker network ls --filter foo=bar") == f"Error response from daemon: {word} filter 'foo'\n"
    assert prompt.err("docker ps --filter foo=bar") == f"Error response from daemon: {word} filter 'foo'\n"


def test_ps_shows_what_runs_newest_first(prompt):
    prompt.out("docker run -d --name web1 -p 8080:80 nginx\ndocker run -d --name box busybox sleep 1000")

    header, box, web1 = prompt.out("docker ps").splitlines()

    assert header.split() == ["CONTAINER", "ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"]
    assert re.fullmatch(r'[0-9a-f]{12}   busybox   "sleep 1000" +\d seconds? ago +Up \d seconds? +box', box) or (
        "Less than a second" in box
    )
    assert '"nginx -g \'daemon of…"' in web1
    assert web1.endswith("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp   web1")


def test_ps_without_containers_is_its_header(prompt):
    assert prompt.out("docker ps") == "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n"
    assert prompt.out("docker ps -q") == ""


def test_ps_filters(prompt):
    prompt.type(
        "docker run -d --name web1 -p 8080:80 nginx\ndocker run --name done busybox false\ndocker "
        "create --name new busybox"
    )

    names = "--format '{{.Names}} {{.State}}'"
    assert prompt.out(f"docker ps {names}") == "web1 running\n"
    assert prompt.out(f"docker ps -a {names}") == "new created\ndone exited\nweb1 running\n"
    assert prompt.out(f"docker ps --filter status=exited {names}") == "done exited\n"
    assert prompt.out(f"docker ps -a --filter exited=1 {names}") == "done exited\n"
    assert prompt.out(f"docker ps -a --filter ancestor=busybox {names}") == "new created\ndone exited\n"
    assert prompt.out(f"docker ps -a --filter publish=8080 {names}") == "web1 running\n"
    assert prompt.out(f"docker ps -a --filter network=bridge --filter name=web {names}") == "web1 running\n"
    assert prompt.out(f"docker ps -n 2 {names}") == "new created\ndone exited\n"
    assert prompt.out(f"docker ps -l {names}") == "new created\n"
    assert prompt.out(f"docker ps -a --filter before=new --filter since=web1 {names}") == "done exited\n"
    assert prompt.err("docker ps --filter status=foo") == (
        "Error response from daemon: invalid filter 'status=foo': invalid value for state (foo): must "
        "be one of created, "
        "running, paused, restarting, removing, exited, dead\n"
    )


def test_a_format_may_be_a_table_or_json_or_wrong(prompt):
    prompt.out("docker run -d --name web1 --label a=b nginx")

    assert prompt.out("docker ps --format 'table {{.Names}}\\t{{upper .State}}\\t{{.Label \"a\"}}'") == (
        "NAMES     STATE     a\nweb1      RUNNING   b\n"
    )
    assert prompt.out("docker ps --format json").startswith(
        '{"Command":"\\"nginx -g \'daemon of…\\"","CreatedAt":"2026-11-23 '
    )
    assert prompt.err("docker ps --format '{{.Foo}}'") == (
        'failed to execute template: template: :1:2: executing "" at <.Foo>: '
        "can't evaluate field Foo in type *formatter.ContainerContext\n"
    )
    assert (
        prompt.err("docker ps --format '{{.Names}'")
        == "failed to parse template: template: :1: bad character U+007D '}'\n"
    )
    assert prompt.err("docker network ls --format '{{.Foo}}'") == (
        'template parsing error: template: :1:2: executing "" at <.Foo>: '
        "can't evaluate field Foo in type *network.networkContext\n"
    )
    assert prompt.type("docker ps -q --format '{{.Names}}'").stderr == (
        "WARNING: Ignoring custom format, because both --format and --quiet are set.\n"
    )


def test_status_words(prompt):
    prompt.type("docker run -d --name web1 nginx\ndocker pause web1\ndocker run --name c3 busybox sh -c 'exit 3'")
    prompt.type("docker create --name new busybox")

    shown = prompt.out("docker ps -a --format '{{.Names}}: {{.Status}}'")

    assert re.fullmatch(
        r"new: Created\nc3: Exited \(3\) (\d seconds?|Less than a second) ago\nweb1: Up (\d "
        r"seconds?|Less than a second) \(Paused\)\n",
        shown,
    )


def test_images_of_the_lab(prompt):
    assert masked(prompt.out("docker images busybox")) == (
        "REPOSITORY   TAG       IMAGE ID       CREATED       SIZE\n"
        "busybox      latest    0123456789ab   3 weeks ago   1.98MB\n"
    )
    assert prompt.out("docker images nosuch") == "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n"
    assert (
        prompt.out("docker images --filter 'reference=nginx:al*' --format '{{.Repository}}:{{.Tag}}'")
        == "nginx:alpine\n"
    )


def test_volumes(prompt):
    prompt.out("docker volume create v1\ndocker volume create v2\ndocker run -d -v v2:/data nginx")

    assert prompt.out("docker volume ls") == "DRIVER    VOLUME NAME\nlocal     v1\nlocal     v2\n"
    assert prompt.out("docker volume ls -q --filter dangling=true") == "v1\n"


def port(inside: int, address: str = "", outside: int = 0) -> dict[str, object]:
    """A row of `Ports` in GET /containers/json."""
    public = {"IP": address, "PublicPort": outside} if address else {}
    return {"PrivatePort": inside, "Type": "tcp", **public}


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        ([port(80)], "80/tcp"),
        ([port(443), port(80)], "80/tcp, 443/tcp"),
        ([port(80, "127.0.0.1", 8080)], "127.0.0.1:8080->80/tcp"),
        (
            [port(9000, "0.0.0.0", 9000), port(9000, "::", 9000), port(9001, "0.0.0.0", 9001), port(9001, "::", 9001)],
            "0.0.0.0:9000-9001->9000-9001/tcp, [::]:9000-9001->9000-9001/tcp",
        ),
        (
            [port(80, "0.0.0.0", 32768), {**port(53, "0.0.0.0", 53), "Type": "udp"}],
            "0.0.0.0:53->53/udp, 0.0.0.0:32768->80/tcp",
        ),
    ],
)
def test_the_ports_column_joins_runs_of_equal_ports(ports, text):
    assert ports_text(ports) == text


def test_ages_and_sizes_in_the_clients_words():
    ages = [0.4, 1.9, 59, 60, 150, 3600, 7300, 172_800, 1_300_000, 6_000_000]
    assert [ago(seconds) for seconds in ages] == [
        "Less than a second", "1 second", "59 seconds", "About a minute", "2 minutes", "About an hour", "2 hours",
        "2 days", "2 weeks", "2 months",
    ]  # fmt: skip
    assert [size(n, 3) for n in (0, 1_984_251, 30_920_626)] == ["0B", "1.98MB", "30.9MB"]


def test_a_tab_ends_a_cell_and_the_last_one_is_not_padded():
    assert align(["A\tB", "longer than ten\tx"]) == "A                 B\nlonger than ten   x\n"


@pytest.mark.parametrize("seconds", [0, 1, 59, 60, 180, 3600, 90_000])
def test_ages_are_the_difference_of_the_clocks_from_the_labs_first_moment_on(prompt, seconds):
    # Given a container that started at clock 0 and one that ended, when time passes, then both ages are arithmetic.
    prompt.out("docker run -d --name up busybox sleep 100000")
    prompt.out("docker run --name over busybox true")
    prompt.out(f"sleep {seconds}")

    now = prompt.world.clock
    over, up = prompt.world.hosts["docker1"].containers
    rows = prompt.out("docker ps -a --format '{{.Names}}: {{.Status}}'").splitlines()

    assert up.started == 0.0
    assert rows == [f"over: Exited (0) {ago(now - over.finished)} ago", f"up: Up {ago(now)}"]


def test_a_container_of_the_first_moment_is_up_for_about_a_minute_after_one(prompt):
    prompt.out("docker run -d --name up busybox sleep 100000")
    prompt.out("sleep 60")

    assert prompt.out("docker ps --format '{{.Status}}'") == "Up About a minute\n"
