"""Filters answer as GNU grep 3.8 and coreutils 9.1 do at a host, as busybox 1.35 does in a container.

Expected texts were recorded with the same lines on the same file (LC_ALL=C.UTF-8).
"""

from __future__ import annotations

import pytest

from dnetlab.model import Host, Namespace
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.shell import run_text
from dnetlab.sim.tools.by_name import TOOLS
from dnetlab.sim.userland.regex import BadPattern, compile_pattern
from dnetlab.sim.world import World

TEXT = "b\na\nA\nb\n\n10 x\n9 y\n2 z\n"


def at(line: str, userland: str = "host") -> Result:
    """The line where the file t holds TEXT."""
    world = World(hosts={"docker1": Host("docker1", {"host": Namespace("host")})}, tools=TOOLS)
    container = None if userland == "host" else "c" * 64
    world.files["docker1", container or "", "/root/t" if userland == "host" else "/t"] = TEXT
    return run_text(Context(world, "docker1", container=container, userland=userland), line)


@pytest.mark.parametrize(
    ("line", "stdout", "stderr", "code"),
    [
        ("grep b t", "b\nb\n", "", 0),
        ("grep -n -i a t", "2:a\n3:A\n", "", 0),
        ("grep -c b t", "2\n", "", 0),
        ("grep -v b t | wc -l", "6\n", "", 0),
        ("grep -B 1 -n b t", "1:b\n--\n3-A\n4:b\n", "", 0),
        ("grep -E '[[:digit:]]+ [xy]' t", "10 x\n9 y\n", "", 0),
        ("grep 'a\\|A' t", "a\nA\n", "", 0),
        ("grep zz t", "", "", 1),
        ("grep b nosuch", "", "grep: nosuch: No such file or directory\n", 2),
        ("grep -E '(' t", "", "grep: Unmatched ( or \\(\n", 2),
        ("grep", "", "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n", 2),
        ("head -2 t", "b\na\n", "", 0),
        ("head -n -6 t", "b\na\n", "", 0),
        ("head -n x t", "", "head: invalid number of lines: ‘x’\n", 1),
        ("tail -n +7 t", "9 y\n2 z\n", "", 0),
        ("tail nosuch", "", "tail: cannot open 'nosuch' for reading: No such file or directory\n", 1),
        ("wc t", " 8 10 22 t\n", "", 0),
        ("cat t | wc", "      8      10      22\n", "", 0),
        ("sort -n t", "\nA\na\nb\nb\n2 z\n9 y\n10 x\n", "", 0),
        ("sort -u t", "\n10 x\n2 z\n9 y\nA\na\nb\n", "", 0),
        ("sort -k2,2r t | head -1", "2 z\n", "", 0),
        ("sort t | uniq -c | head -2", "      1 \n      1 10 x\n", "", 0),
        ("cat nosuch", "", "cat: nosuch: No such file or directory\n", 1),
    ],
)
def test_at_a_host(line: str, stdout: str, stderr: str, code: int) -> None:
    # given the file, when the line runs at a host, then GNU's answer comes out
    assert at(line) == Result(stdout, stderr, code)


@pytest.mark.parametrize(
    ("line", "stdout", "stderr", "code"),
    [
        ("grep -E '(' t", "", "grep: bad regex '('\n", 2),
        ("wc t", "        8        10        22 t\n", "", 0),
        ("head nosuch", "", "head: nosuch: No such file or directory\n", 1),
        ("tail nosuch", "", "tail: can't open 'nosuch': No such file or directory\ntail: no files\n", 1),
        ("sort -k x t", "", "sort: bad field specification\n", 2),
        ("cat nosuch", "", "cat: can't open 'nosuch': No such file or directory\n", 1),
        ("sleep x", "", "sleep: invalid number 'x'\n", 1),
    ],
)
def test_in_a_container(line: str, stdout: str, stderr: str, code: int) -> None:
    # given the same file, when the line runs in a container, then busybox's answer comes out
    assert at(line, "busybox") == Result(stdout, stderr, code)


def test_a_pattern_that_takes_for_ever_is_refused() -> None:
    # given choices that can be made in 2 ** 60 ways, when they are tried, then the lab gives up in a sentence
    with pytest.raises(Refused):
        compile_pattern("(a|a)*$", extended=True).search("a" * 60 + "c")
    with pytest.raises(Refused):
        compile_pattern("a" * 501)


@pytest.mark.parametrize("pattern", ["\\(", "[a", "a\\", "[[:foo:]]", "\\1"])
def test_patterns_that_are_none(pattern: str) -> None:
    # given text that regcomp refuses, when it is compiled, then BadPattern says so
    with pytest.raises(BadPattern):
        compile_pattern(pattern)
