"""docker build on the simulator: what a course builds, and what it prints (recorded: tests/recordings/*/pair_build)."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt


@pytest.fixture
def prompt() -> Prompt:
    return Prompt("28.5")


def written(prompt: Prompt, dockerfile: str, **files: str) -> None:
    prompt.out("mkdir -p /root/site")
    for name, text in {"Dockerfile": dockerfile, **files}.items():
        quoted = text.replace("\\", "\\\\").replace("\n", "\\n").replace("'", "'\\''")
        prompt.out(f"printf '{quoted}' > '/root/site/{name.replace('_', '.')}'")


def test_a_page_of_ones_own_is_served(prompt):
    # given a Dockerfile that puts a page into nginx
    written(prompt, "FROM nginx\nCOPY index.html /usr/share/nginx/html/\n", index_html="<h1>mine</h1>\n")

    # when it is built and run
    said = prompt.type("docker build -t site /root/site").stdout
    prompt.out("docker run -d -p 8080:80 site")

    # then the page is there, and the build said so
    assert prompt.out("curl -s localhost:8080") == "<h1>mine</h1>\n"
    first = "Sending build context to Docker daemon  3.072kB\nStep 1/2 : FROM nginx\n ---> b1b396d8d467\n"
    assert said.startswith(first)
    assert said.endswith("Successfully tagged site:latest\n")


def test_a_step_that_fails_ends_the_build_with_its_status(prompt):
    written(prompt, "FROM busybox\nRUN exit 3\n")

    output = prompt.type("docker build /root/site")

    assert output.exit_code == 3
    assert output.stderr.endswith("The command '/bin/sh -c exit 3' returned a non-zero code: 3\n")
    assert prompt.out("docker ps -a --format '{{.Command}} {{.State}}'") == "\"/bin/sh -c 'exit 3'\" exited\n"


def test_a_volume_may_be_told_as_words_or_as_a_list(prompt):
    # docs.docker.com/reference/dockerfile: VOLUME ["/data"], and VOLUME /var/log /var/db
    written(prompt, "FROM busybox\nVOLUME /var/log \"/var/db\"\nVOLUME [\"/data\", \"/var/log\"]\n")

    said = prompt.type("docker build -t kept /root/site").stdout

    assert prompt.out("docker inspect -f '{{json .Config.Volumes}}' kept") == '{"/data":{},"/var/db":{},"/var/log":{}}\n'
    assert "Step 2/3 : VOLUME /var/log" in said


def test_files_named_in_dockerignore_are_not_sent_and_stars_choose(prompt):
    written(prompt, "FROM busybox\nCOPY *.txt /in/\nRUN ls /in\n", a_txt="a", b_txt="b", c_txt="c")
    prompt.out("echo b.txt > /root/site/.dockerignore")

    said = prompt.type("docker build /root/site").stdout

    assert "\na.txt\nc.txt\n" in said


def test_what_did_not_change_comes_from_the_cache(prompt):
    written(prompt, "FROM busybox\nRUN echo one > /one\nCOPY page /page\n", page="old")
    prompt.type("docker build -t first /root/site")
    prompt.out("echo new > /root/site/page")

    said = prompt.type("docker build -t second /root/site").stdout

    assert said.count("Using cache") == 1
    assert prompt.out("docker run --rm second cat /page /one") == "new\none\n"
    assert prompt.out("docker run --rm first cat /page") == "old"


def test_a_health_check_of_an_image_runs_in_its_containers(prompt):
    written(prompt, "FROM busybox\nHEALTHCHECK --interval=2s CMD test -e /tmp/well\nCMD sleep 1000\n")
    prompt.type("docker build -t checked /root/site")
    prompt.out("docker run -d --name cc checked")

    prompt.out("docker exec cc touch /tmp/well")
    prompt.out("sleep 3")

    assert prompt.out("docker inspect -f '{{.State.Health.Status}}' cc") == "healthy\n"


def test_ctrl_p_ctrl_q_leaves_a_shell_and_attach_comes_back(prompt):
    # given a shell in which a variable was set
    prompt.out("docker run -it --name box busybox")
    prompt.type("/ # x=7")

    # when its terminal is left
    left = prompt.type("/ # ^P^Q")

    # then it runs on, and attach finds it again
    assert left.stderr == "read escape sequence\n"
    assert "Up" in prompt.out("docker ps")
    assert prompt.type("docker attach box").exit_code == 0
    assert prompt.type("/ # hostname").exit_code == 0


def test_events_beside_a_cell_tell_what_happened_meanwhile(prompt):
    prompt.type("docker events &")
    prompt.out("docker network create n1")
    prompt.out("kill $!")

    (output,) = prompt.world.late

    assert output.stdout.split(" ", 1)[1].startswith("network create ")
