"""A compose project of the student's machine comes along as lines that anybody could have typed."""

from __future__ import annotations

import pytest

from dnetlab.commands.compose.carried import MOST, Folder, lines_of
from dnetlab.errors import UsageError
from dnetlab.lab import Lab


def folder(files):
    """A machine on which there are these files."""
    return Folder(files.get, lambda path: tuple(f for f in sorted(files) if f == path or f.startswith(path + "/")))


SHOP = {
    "/home/me/shop/compose.yaml": """services:
  web:
    image: nginx
    env_file: [web.env]
    ports: ["8080:80"]
    volumes: ["./html:/usr/share/nginx/html:ro", "data:/var/lib", "/var/run/docker.sock:/var/run/docker.sock"]
volumes:
  data:
""",
    "/home/me/shop/web.env": "COLOUR=red\n",
    "/home/me/shop/html/index.html": "END\n<p>docker1# no prompt</p>",
    "/home/me/shop/notes.txt": "nothing names this",
    "/var/run/docker.sock": "",
}


def test_what_compose_reads_and_services_name_is_written_in_here_documents():
    text = lines_of("/home/me/shop/compose.yaml", folder(SHOP))

    assert text.split("\n")[:2] == ["mkdir -p ~/shop ~/shop/html", "cd ~/shop"]
    assert "cat > web.env <<'END'\nCOLOUR=red\nEND\n" in text
    assert "cat > html/index.html <<'END1'\nEND\n<p>docker1# no prompt</p>\nEND1\n" in text  # END stands in the file
    assert text.endswith("\ndocker compose up -d")
    assert "nothing names this" not in text
    assert "docker.sock <<" not in text


def test_the_lines_bring_the_project_up_in_a_lab():
    with Lab() as lab:
        lab.run_cell(lines_of("/home/me/shop", folder(SHOP)))

        page = lab.run("curl -s localhost:8080").stdout
        assert page == "END\n<p>docker1# no prompt</p>\n"
        assert lab.run("docker compose exec -T web sh -c 'echo $COLOUR'").stdout == "red\n"


def test_a_file_of_another_name_is_named_and_an_override_beside_a_usual_one_counts():
    other = {"/p/lab.yml": "services: {a: {image: busybox}}", "/p/compose.yaml": "services: {b: {image: busybox}}"}
    assert lines_of("/p/lab.yml", folder(other)).endswith("docker compose -f lab.yml up -d")

    usual = {**other, "/p/compose.override.yaml": "services: {b: {hostname: x}}"}
    assert "cat > compose.override.yaml" in lines_of("/p", folder(usual))


def test_the_file_that_was_said_is_brought_up_where_compose_would_take_another():
    both = {"/p/compose.yml": "services: {a: {image: busybox}}", "/p/compose.yaml": "services: {b: {image: busybox}}"}

    text = lines_of("/p/compose.yml", folder(both))

    assert text.endswith("docker compose -f compose.yml up -d")
    assert "services: {b:" not in text
    assert lines_of("/p/compose.yaml", folder(both)).endswith("docker compose up -d")


def test_a_mistake_in_the_file_is_composes_to_tell():
    text = lines_of("/p", folder({"/p/compose.yaml": "services: {a: {imagee: busybox}}"}))

    with Lab() as lab:
        assert "additional properties 'imagee' not allowed" in lab.run_cell(text).outputs[-1].stderr


def test_what_is_built_comes_along():
    files = {"/p/compose.yaml": "services: {a: {build: ./app}}", "/p/app/Dockerfile": "FROM busybox\nRUN echo $HOME\n"}

    assert "cat > app/Dockerfile <<'END'\nFROM busybox\nRUN echo $HOME\nEND" in lines_of("/p", folder(files))


@pytest.mark.parametrize(("files", "told"), [
    ({"/p/x": ""}, "there is no compose file at /p"),
    ({"/p/compose.yaml": "services: {a: {build: ../b}}", "/b/Dockerfile": "FROM busybox"},
     "/b is not below the compose file's folder"),
    ({"/p/compose.yaml": "services: {a: {image: busybox}}", "/p/.env": "A=" + "x" * MOST}, "may come along"),
])  # fmt: skip
def test_what_can_not_come_along_is_said_before_anything_runs(files, told):
    with pytest.raises(UsageError, match=told):
        lines_of("/p", folder(files))
