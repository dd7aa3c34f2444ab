"""Programs in containers that aren't root's (`docker run -u`, `docker exec -u`, `USER`).

The words are those of real engines (tests/recordings/*/pair_user.jsonl); here stand the claims, and what a recording
can't hold.
"""

from __future__ import annotations

import pytest

from dnetlab import Lab
from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")


def typed(*lines: str, release: str = "28.5") -> Prompt:
    """A prompt at docker1 at which these lines were typed."""
    at = Prompt(release)
    for line in lines:
        at.type(line)
    return at


def test_a_number_is_its_own_user_and_a_name_is_looked_up_in_the_image():
    at = typed()

    assert at.type("docker run --rm -u 1000 busybox id").stdout == "uid=1000 gid=0(root) groups=0(root)\n"
    assert at.type("docker run --rm -u nobody busybox whoami").stdout == "nobody\n"
    assert at.type("docker run --rm -u 1000:2000 busybox id -g").stdout == "2000\n"


def test_somebody_whom_the_image_does_not_know_cannot_start():
    # Given a name without a row in /etc/passwd, when its container starts, then the daemon says so and it stays created
    at = typed("docker create --name c1 -u somebody busybox id")

    said = at.type("docker start c1")

    assert "unable to find user somebody: no matching entries in passwd file" in said.stderr
    assert said.exit_code == 1
    assert at.type("docker ps -a --format '{{.Status}}'").stdout == "Created\n"


def test_who_is_not_root_writes_only_where_he_may():
    at = typed("docker run -d --name c1 -u 1000 busybox sleep 1000")

    assert at.type("docker exec c1 touch /file").stderr == "touch: /file: Permission denied\n"
    assert at.type("docker exec c1 touch /tmp/file").exit_code == 0
    assert at.type("docker exec -u nobody c1 rm -f /tmp/file").stderr == (
        "rm: can't remove '/tmp/file': Operation not permitted\n")  # fmt: skip
    assert at.type("docker exec -u 0 c1 rm /tmp/file").exit_code == 0


def test_a_volume_is_roots_until_somebody_gives_it_away():
    at = typed("docker volume create data")

    assert at.type("docker run --rm -u 1000 -v data:/data busybox touch /data/x").exit_code == 1
    at.type("docker run --rm -v data:/data busybox chown 1000 /data")

    assert at.type("docker run --rm -u 1000 -v data:/data busybox touch /data/x").exit_code == 0


def test_nobody_but_root_changes_the_network_whatever_was_added():
    at = typed()

    said = at.type("docker run --rm -u 1000 --cap-add NET_ADMIN busybox ip link set lo down")

    assert said.stderr == "ip: SIOCSIFFLAGS: Operation not permitted\n"


@pytest.mark.parametrize(("options", "said"), [("", ""), ("--network host", "httpd: bind: Permission denied\n")])
def test_low_ports_are_everybodys_in_a_network_of_ones_own_and_roots_in_the_hosts(options, said):
    # Given ip_unprivileged_port_start, 0 in a container's namespace and 1024 in the host's, when a user listens at 81
    at = typed(f"docker run -d --name web1 -u 1000 {options} busybox httpd -f -p 81")

    assert at.type("docker logs web1").stderr == said


def test_ps_shows_the_user_on_the_host_and_inside():
    at = typed("docker run -d --name c1 -u 1000 busybox sleep 1000")

    assert at.type("docker exec c1 ps -o user,args").stdout.splitlines()[1] == "1000     sleep 1000"
    assert at.type("ps -o user= -C sleep").stdout == "1000\n"
    at.type("docker exec -u 0 c1 sh -c 'echo me:x:1000:1000:me:/tmp:/bin/sh >> /etc/passwd'")
    assert at.type("docker exec c1 ps -o user,args").stdout.splitlines()[1] == "me       sleep 1000"


def test_another_users_process_is_not_his_to_end():
    at = typed("docker run -d --name c1 -u 1000 busybox sleep 1000")

    said = at.type("docker exec -u nobody c1 kill -9 1")

    assert said.stderr == "kill: can't kill pid 1: Operation not permitted\n"


@pytest.mark.parametrize(("release", "code"), [("20.10", 126), ("26.1", 126), ("28.5", 1)])
def test_exec_as_somebody_unknown_fails_as_the_release_has_it(release, code):
    at = typed("docker run -d --name c1 busybox sleep 1000", release=release)

    assert at.type("docker exec -u somebody c1 id").exit_code == code


def test_a_terminal_of_a_user_has_the_dollar_prompt_and_undo_takes_its_files_back():
    # Given a shell of user 1000 at a terminal, then lines typed there are his
    with Lab(docker="28.5") as lab:
        lab.run("docker run -it --name c1 -u 1000 busybox")

        assert lab.run_cell("/ # id -u").outputs[-1].stdout == "1000\n"
        assert lab.run_cell("/ $ touch /x").outputs[-1].stderr == "touch: /x: Permission denied\n"
        assert lab.run_cell("/ $ id -u").outputs[-1].prompt == "/ $ "


def test_a_server_whose_words_nobody_recorded_is_refused():
    with Lab(docker="28.5") as lab:
        said = lab.run("docker run -d --name db -u 1000 -e MYSQL_ROOT_PASSWORD=x mysql")

        assert said.refused is not None
        assert said.refused.reason == "mysqld of a user other than root is not part of the lab."


def test_the_last_program_of_a_script_runs_where_the_others_left_it():
    # Given `sh -c` that changes the directory, when its last program reads a file, then it is that directory's
    at = typed()

    assert at.type("docker run --rm busybox sh -c 'cd /tmp; echo hello > page; cat page'").stdout == "hello\n"


def test_a_server_started_by_a_script_serves_what_the_script_made():
    at = typed("docker run -d --name web1 busybox sh -c 'mkdir /w; echo hello > /w/index.html; httpd -f -h /w'")

    assert at.type("docker exec web1 wget -qO- http://127.0.0.1/").stdout == "hello\n"


def test_a_working_directory_that_is_not_there_is_made_and_roots():
    at = typed()

    assert at.type("docker run --rm -w /work/deep busybox sh -c 'touch x; ls'").stdout == "x\n"
    assert at.type("docker run --rm -u 1000 -w /work busybox touch x").stderr == "touch: x: Permission denied\n"
