"""less and more where no terminal is: less 590, util-linux 2.38.1 (Debian 12), busybox 1.35, typed with < /dev/null."""

from __future__ import annotations

import pytest

from dnetlab import Lab


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.run("echo one > /tmp/1; echo two > /tmp/2; mkdir /tmp/d")
    return lab


def said(lab: Lab, line: str) -> tuple[str, str, int]:
    output = lab.run(line)
    return output.stdout, output.stderr, output.exit_code


def test_a_pager_behind_a_pipe_passes_on_what_comes(lab):
    assert said(lab, "cat /tmp/1 | less -R") == ("one\n", "", 0)
    assert said(lab, "cat /tmp/1 | more") == ("one\n", "", 0)


def test_less_prints_files_and_its_complaints_among_them(lab):
    assert said(lab, "less -N /tmp/1 /tmp/2") == ("one\ntwo\n", "", 0)
    assert said(lab, "less /tmp/1 /nothere") == ("one\n/nothere: No such file or directory\n", "", 0)
    assert said(lab, "less /tmp/d") == ("/tmp/d is a directory\n", "", 0)


def test_more_puts_their_names_above_them(lab):
    frame = "::::::::::::::"
    assert said(lab, "more /tmp/1") == (f"{frame}\n/tmp/1\n{frame}\none\n", "", 0)
    assert said(lab, "more /nothere") == ("", "more: cannot open /nothere: No such file or directory\n", 0)
    assert said(lab, "more /tmp/d") == ("\n*** /tmp/d: directory ***\n\n", "", 0)


def test_busybox_prints_as_cat_does():
    lab = Lab()
    lab.run("docker run -d --name box busybox sleep 1000")
    assert said(lab, "docker exec box sh -c 'echo one > /1; less /1; more /1'") == ("one\none\n", "", 0)
    missing = "less: can't open '/nothere': No such file or directory\n"
    assert said(lab, "docker exec box less /nothere") == ("", missing, 1)


def test_nobody_has_made_a_nexthop(lab):
    assert said(lab, "ip nexthop") == said(lab, "ip nexthop list") == ("", "", 0)
    assert lab.run("ip nexthop add id 1 via 172.25.254.2 dev eth0").refused is not None
