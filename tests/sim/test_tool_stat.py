"""`stat -c` of coreutils 9.1 and of busybox 1.35 (Debian 12), typed in a directory of such files."""

from __future__ import annotations

import pytest

from dnetlab import Lab

MADE = "echo hello > /tmp/f; ln -s f /tmp/l; mkdir /tmp/d; chmod 640 /tmp/f; : > /tmp/e; cd /tmp"
COREUTILS = """\
'f'|regular file|640|-rw-r-----
'l' -> 'f'|symbolic link|777|lrwxrwxrwx
'e'|regular empty file|644|-rw-r--r--
'd'|directory|755|drwxr-xr-x
'/tmp'|directory|1777|drwxrwxrwt
'/dev/null'|character special file|666|crw-rw-rw-
"""
BUSYBOX = """\
f|regular file|640|-rw-r-----
'l' -> 'f'|symbolic link|777|lrwxrwxrwx
e|regular empty file|644|-rw-r--r--
"""


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.run(MADE)
    return lab


def test_kinds_permissions_and_where_links_point(lab):
    assert lab.run("stat -c '%N|%F|%a|%A' f l e d /tmp /dev/null").stdout == COREUTILS
    assert lab.run("stat -L -c '%N %F' l").stdout == "'l' regular file\n"


def test_size_owner_width_and_printf(lab):
    assert lab.run("stat -c '%n %s %a %A %U %G %F %u %g' f").stdout == "f 6 640 -rw-r----- root root regular file 0 0\n"
    assert lab.run("stat --format='[%5a][%-12n][%05s][%%]' f").stdout == "[  640][f           ][00006][%]\n"
    assert lab.run("stat --printf '%n\\t%s\\n' f e").stdout == "f\t6\ne\t0\n"


def test_busybox_quotes_links_only():
    lab = Lab()
    lab.run("docker run -d --name box busybox sleep 1000")
    there = lab.run(f"docker exec box sh -c \"{MADE}; stat -c '%N|%F|%a|%A' f l e; stat -c %n nothere\"")
    assert (there.stdout, there.stderr) == (BUSYBOX, "stat: can't stat 'nothere': No such file or directory\n")


def test_complaints(lab):
    missing = lab.run("stat -c %n f nothere")
    assert missing.stdout == "f\n"
    assert (missing.stderr, missing.exit_code) == ("stat: cannot statx 'nothere': No such file or directory\n", 1)
    assert lab.run("stat").stderr == "stat: missing operand\nTry 'stat --help' for more information.\n"
    assert lab.run("stat -x f").stderr == "stat: invalid option -- 'x'\nTry 'stat --help' for more information.\n"


def test_dates_and_inodes_are_refused(lab):
    assert lab.run("stat f").refused.reason.startswith("The lab's files have no dates and no inodes")
    assert lab.run("stat -c %i f").refused.reason == "stat's %i of this file is not part of the lab."


def test_ss_says_why_it_counts_nothing_and_where_unix_sockets_are():
    assert Lab().run("ss -s").refused.reason.startswith("ss -s counts sockets")
    assert Lab().run("ss -x").refused.reason == "Unix sockets are no part of the lab's network."
