"""docker build on the simulator: what a course builds, and what it prints (recorded: tests/recordings/*/pair_build)."""

from __future__ import annotations

import base64
import io
import json
import tarfile

import pytest

from dnetlab.sim.dockerd import api, madeimages
from dnetlab.sim.dockerd.errors import ApiError
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


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ("", 0, "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n"
                "            Install the buildx component to build images with BuildKit:\n"
                "            https://docs.docker.com/go/buildx/\n\n"),
        ("DOCKER_BUILDKIT=0 ", 0,
                "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n"
                "            BuildKit is currently disabled; enable it by removing the DOCKER_BUILDKIT=0\n"
                "            environment-variable.\n\n"),
        ("DOCKER_BUILDKIT=1 ", 1, "ERROR: BuildKit is enabled but the buildx component is missing or broken.\n"
                "       Install the buildx component to build images with BuildKit:\n"
                "       https://docs.docker.com/go/buildx/\n"),
        ("DOCKER_BUILDKIT=x ", 1, "DOCKER_BUILDKIT environment variable expects boolean value: "
                'strconv.ParseBool: parsing "x": invalid syntax\n'),
    ],
)  # fmt: skip
def test_the_client_says_which_builder_it_has(prompt, asked, status, says):
    # as docker 28.2.2 without buildx says it
    written(prompt, "FROM busybox\n")

    output = prompt.type(f"{asked}docker build /root/site")

    assert (output.exit_code, output.stderr) == (status, says)


def test_the_client_that_lacks_its_builder_reads_no_options(prompt):
    output = prompt.type("DOCKER_BUILDKIT=1 docker build --nosuch .")

    assert (output.exit_code, output.stdout) == (1, "")
    assert output.stderr.startswith("ERROR: BuildKit is enabled but the buildx component is missing or broken.\n")


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

    volumes = prompt.out("docker inspect -f '{{json .Config.Volumes}}' kept")
    assert volumes == '{"/data":{},"/var/db":{},"/var/log":{}}\n'
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


def test_a_mistake_is_told_with_the_line_that_its_instruction_begins_on(prompt):
    # 28.5.2: a Dockerfile of five lines, whose fourth begins an instruction that is none and goes on in the fifth
    written(prompt, "FROM busybox\nRUN true \\\n && true\nFOO a \\\n  b\n")

    said = prompt.err("docker build -q /root/site")

    assert "dockerfile parse error on line 4: unknown instruction: FOO (did you mean FROM?)" in said


def test_a_star_stays_in_its_folder(prompt):
    # 28.5.2: of sub/a.txt, sub/b.txt and sub/deep/c.txt, sub/*.txt takes the first two
    written(prompt, "FROM busybox\nCOPY sub/*.txt /in/\nRUN ls /in\n", a_txt="a")
    prompt.out("mkdir -p /root/site/sub/deep")
    prompt.out("cd /root/site && echo 1 > sub/a.txt && echo 2 > sub/b.txt && echo 3 > sub/deep/c.txt")

    said = prompt.type("docker build -t x /root/site").stdout

    assert "\na.txt\nb.txt\n ---> Removed" in said


def test_dockerignore_has_comments_empty_lines_and_exceptions(prompt):
    # 28.5.2
    written(prompt, "FROM busybox\nCOPY . /in/\nRUN find /in -type f | sort\n")
    prompt.out("mkdir -p /root/site/sub/deep")
    prompt.out("cd /root/site && echo 1 > sub/a.txt && echo 2 > sub/b.txt && echo 3 > sub/deep/c.txt")
    prompt.out("printf '# a comment\\n\\nsub/b.txt\\n!sub/deep\\n' > /root/site/.dockerignore")

    said = prompt.type("docker build -t x /root/site").stdout

    assert "/in/.dockerignore\n/in/Dockerfile\n/in/sub/a.txt\n/in/sub/deep/c.txt\n ---> Removed" in said


@pytest.mark.parametrize(("names", "missing"), [((), "repositories"), (("bin/sh", "etc/passwd"), "bin/json")])
def test_what_is_no_archive_of_an_image_is_not_loaded(prompt, names, missing):
    # 28.5.2, of an archive without files and of what docker export wrote
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))

    with pytest.raises(ApiError, match=f"open /var/lib/docker/tmp/docker-import-[0-9]+/{missing}: no such file"):
        madeimages.load(prompt.world, "docker1", buffer.getvalue())


@pytest.mark.parametrize(
    ("dockerfile", "problem"),
    [
        ("RUN true\nFROM busybox\n", "no build stage in current context"),
        ("ARG a=b\nFROM busybox\nCOPI a b\n",
         "dockerfile parse error on line 3: unknown instruction: COPI (did you mean COPY?)"),
        ("FROM busybox\nXYZZY a b\n", "dockerfile parse error on line 2: unknown instruction: XYZZY"),
    ],
)  # fmt: skip
def test_what_is_no_dockerfile_is_said_as_28_5_does(prompt, dockerfile, problem):
    written(prompt, dockerfile)

    assert prompt.err("docker build -q /root/site").endswith(f"\nError response from daemon: {problem}\n")


def test_a_layer_holds_the_folders_that_it_made(prompt):
    # what overlay2 keeps of a COPY into folders that were not there, as docker save writes it
    written(prompt, "FROM busybox\nCOPY a.txt /in/deep/x.txt\n", a_txt="a")
    prompt.out("docker build -q -t x /root/site 2>/dev/null")

    saved = base64.b64decode(api.image_get(prompt.world, "docker1", ["x"]))

    with tarfile.open(fileobj=io.BytesIO(saved)) as tar:
        (image,) = json.load(tar.extractfile("manifest.json"))
        with tarfile.open(fileobj=io.BytesIO(tar.extractfile(image["Layers"][-1]).read())) as layer:
            assert sorted(layer.getnames()) == ["in", "in/deep", "in/deep/x.txt"]
