"""`grep -r` over the lab's files: GNU grep 3.8 on hosts, busybox 1.35 in containers (recorded with both)."""

from __future__ import annotations

import pytest

from dnetlab import Lab

TREE = (
    "mkdir -p /root/g/d/e; cd /root/g; echo foo > d/a.conf; echo 'foo bar' > d/e/b.txt; echo foo > top; "
    "ln -s /root/g/top d/link; ln -s /root/g/d/e d/le; "
)


@pytest.fixture(scope="module")
def lab() -> Lab:
    made = Lab()
    made.run("docker run -d --name box busybox sleep 1000")
    return made


def asked(lab: Lab, words: str, where: str = "") -> tuple[list[str], int]:
    """The lines of a grep where those files are, in the order of their names."""
    line = f'docker exec box sh -c "{TREE}grep {words}"' if where else f"{TREE}grep {words}"
    output = lab.run(f"{line}")
    lab.run("rm -r /root/g" if not where else "docker exec box rm -r /root/g")
    return sorted((output.stdout + output.stderr).splitlines()), output.exit_code


@pytest.mark.parametrize(
    ("words", "lines", "code"),
    [
        ("-r foo d", ["d/a.conf:foo", "d/e/b.txt:foo bar"], 0),
        ("-r foo", ["d/a.conf:foo", "d/e/b.txt:foo bar", "top:foo"], 0),
        ("-rn foo .", ["./d/a.conf:1:foo", "./d/e/b.txt:1:foo bar", "./top:1:foo"], 0),
        ("-r foo top", ["foo"], 0),
        ("-rH foo top", ["top:foo"], 0),
        ("-rh foo d", ["foo", "foo bar"], 0),
        ("-rl foo d top", ["d/a.conf", "d/e/b.txt", "top"], 0),
        ("-r foo d top", ["d/a.conf:foo", "d/e/b.txt:foo bar", "top:foo"], 0),
        ("-R foo d", ["d/a.conf:foo", "d/e/b.txt:foo bar", "d/le/b.txt:foo bar", "d/link:foo"], 0),
        ("-rc foo d/", ["d/a.conf:1", "d/e/b.txt:1"], 0),
        ("-r foo d/link", ["foo"], 0),
        ("-r foo d/le", ["d/le/b.txt:foo bar"], 0),
        ("-r zzz d", [], 1),
        ("-r foo nope d", ["d/a.conf:foo", "d/e/b.txt:foo bar", "grep: nope: No such file or directory"], 2),
        ("-r --include='*.conf' foo d", ["d/a.conf:foo"], 0),
        ("-r --exclude='*.conf' foo d", ["d/e/b.txt:foo bar"], 0),
        ("-r --exclude-dir=e foo d", ["d/a.conf:foo"], 0),
        ("-r --include='*.conf' foo d/e/b.txt", [], 1),
        ("--recursive foo d/e", ["d/e/b.txt:foo bar"], 0),
    ],
)
def test_what_gnu_grep_finds_below_a_directory(lab: Lab, words: str, lines: list[str], code: int):
    assert asked(lab, words) == (lines, code)


@pytest.mark.parametrize(
    ("words", "lines", "code"),
    [
        ("-r foo d", ["d/a.conf:foo", "d/e/b.txt:foo bar", "d/link:foo"], 0),
        ("-r foo < top", ["foo"], 0),
        ("-r foo top", ["foo"], 0),
        ("-rc foo d/", ["d/a.conf:1", "d/e/b.txt:1", "d/link:1"], 0),
        ("-R foo d", ["d/a.conf:foo", "d/e/b.txt:foo bar", "d/le/b.txt:foo bar", "d/link:foo"], 0),
        ("-r foo nope d",
         ["d/a.conf:foo", "d/e/b.txt:foo bar", "d/link:foo", "grep: nope: No such file or directory"], 2),
    ],
)  # fmt: skip
def test_what_busybox_finds_below_a_directory(lab: Lab, words: str, lines: list[str], code: int):
    assert asked(lab, words, "box") == (lines, code)
