"""Client 29: what its recordings don't show. They are replayed by tests/test_recordings.py."""

from __future__ import annotations

import pytest

from .prompt import Prompt


@pytest.fixture
def prompt() -> Prompt:
    return Prompt("29.7")


def test_an_image_in_use_has_a_mark(prompt):
    """docker/cli command/image/tree.go at v29.7.2."""
    prompt.type("docker run -d --name web1 nginx")

    rows = [line.split() for line in prompt.out("docker images").splitlines()]

    assert rows[0] == ["IMAGE", "ID", "DISK", "USAGE", "CONTENT", "SIZE", "EXTRA"]
    assert [row[0] for row in rows[1:] if row[-1] == "U"] == ["nginx:alpine", "nginx:latest"]


def test_an_image_without_a_name_is_hidden_until_asked_for(prompt):
    prompt.type("docker run -d --name web1 httpd\ndocker tag httpd mine:1\ndocker tag busybox httpd:latest")
    prompt.type("docker tag busybox mine:1")

    assert "<untagged>" not in prompt.out("docker images")
    assert prompt.out("docker images -a").splitlines()[-1].startswith("<untagged>")


@pytest.mark.parametrize(("flag", "name"), [("-q", "quiet"), ("--no-trunc", "no-trunc"), ("--format json", "format")])
def test_a_tree_takes_no_flags_of_the_table(prompt, flag, name):
    assert prompt.err(f"docker images --tree {flag}") == f"--{name} is not yet supported with --tree\n"


@pytest.mark.parametrize(("subnet", "problem"), [
    ("10.5.0.0", "no '/'"), ("10.5/16", 'ParseAddr("10.5"): unable to parse IP'),
    ("10.5.0.0/x", 'bad bits after slash: "x"'), ("10.5.0.0/33", "prefix length out of range"),
])  # fmt: skip
def test_a_subnet_is_read_before_the_daemon_is_asked(prompt, subnet, problem):
    """Go's net/netip."""
    text = prompt.err(f"docker network create --subnet {subnet} n1")

    assert text == f'netip.ParsePrefix("{subnet}"): {problem}\n'


def test_an_address_flag_that_is_none_is_a_usage_error(prompt):
    """spf13/pflag's ip.go."""
    text = prompt.err("docker run --ip here busybox", 125)

    assert text.splitlines()[0] == 'invalid argument "here" for "--ip" flag: failed to parse IP: "here"'


def test_an_empty_address_is_invalid_in_a_template_and_empty_in_json(prompt):
    prompt.type("docker create --name idle busybox")
    one = ".NetworkSettings.Networks.bridge.IPAddress"

    assert prompt.out(f"docker inspect -f '{{{{{one}}}}}' idle") == "invalid IP\n"
    assert prompt.out(f"docker inspect -f '{{{{json {one}}}}}' idle") == '""\n'


def test_an_updated_restart_policy_counts_at_the_daemon_s_next_start(prompt):
    prompt.type("docker run -d --name web1 nginx")

    assert prompt.out("docker update --restart always web1") == "web1\n"
    prompt.type("systemctl restart docker")

    assert prompt.out("docker ps --format '{{.Names}}'") == "web1\n"


def test_a_failed_renaming_is_one_sentence(prompt):
    """docker/cli command/container/rename.go at v29.7.2."""
    text = prompt.err("docker rename nosuch other")

    assert text == "failed to rename container: Error response from daemon: No such container: nosuch\n"
