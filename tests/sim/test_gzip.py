"""Images packed by gzip on their way to another host; words of gzip 1.12 on Debian 12."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt


@pytest.fixture
def prompt():
    return Prompt("28.5")


def test_an_image_goes_packed_to_another_host(prompt):
    # given an image that only one host has
    prompt.out("docker1# docker tag busybox mine:v1")

    # when it is saved, packed, copied and unpacked there
    prompt.out("docker1# docker save mine:v1 | gzip > mine.tar.gz")
    prompt.out("docker1# scp mine.tar.gz docker2:/root/")

    # then both ways of loading it know it
    assert prompt.out("docker2# gunzip -c mine.tar.gz | docker load") == "Loaded image: mine:v1\n"
    assert prompt.out("docker2# docker load -i mine.tar.gz") == "Loaded image: mine:v1\n"


def test_a_file_is_packed_in_its_place_and_unpacked_again(prompt):
    prompt.out("docker1# echo hello > a.txt")

    prompt.out("docker1# gzip a.txt")

    assert prompt.out("docker1# ls; zcat a.txt.gz") == "a.txt.gz\nhello\n"
    prompt.out("docker1# gunzip a.txt")
    assert prompt.out("docker1# ls; cat a.txt") == "a.txt\nhello\n"


@pytest.mark.parametrize(
    ("line", "said", "status"),
    [
        ("gzip nosuch", "gzip: nosuch: No such file or directory\n", 1),
        ("gunzip nosuch", "gzip: nosuch.gz: No such file or directory\n", 1),
        ("gunzip /etc/hostname", "gzip: /etc/hostname: unknown suffix -- ignored\n", 2),
        ("gunzip -c /etc/hostname", "\ngzip: /etc/hostname: not in gzip format\n", 1),
        ("echo x | gunzip", "\ngzip: stdin: not in gzip format\n", 1),
        ("printf '' | gunzip", "\ngzip: stdin: unexpected end of file\n", 1),
        ("gzip -z", "gzip: invalid option -- 'z'\nTry `gzip --help' for more information.\n", 1),
        ("echo x > z.gz; gzip z.gz", "gzip: z.gz already has .gz suffix -- unchanged\n", 2),
        ("echo x > y; gzip -k y; gzip -k y", "gzip: y.gz already exists;\tnot overwritten\n", 2),
        ("gzip /tmp", "gzip: /tmp is a directory -- ignored\n", 2),
    ],
)
def test_its_complaints_are_gzips(prompt, line, said, status):
    assert prompt.err(f"docker1# {line}", status) == said
