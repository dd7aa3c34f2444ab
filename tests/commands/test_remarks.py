"""Under a tool's own message the lab says one sentence: the word that was nearest, or where to look."""

from __future__ import annotations

import pytest

from dnetlab.commands.cell import parse_cell
from dnetlab.commands.remarks import remark
from dnetlab.language import Words
from dnetlab.model import Output, Refusal


def answered(text: str, exit_code: int) -> Output:
    return Output(parse_cell(text)[0], exit_code=exit_code)


@pytest.mark.parametrize(
    ("typed", "exit_code", "said"),
    [
        ("dokcer ps", 127, "Did you mean docker?"),
        ("docker pss", 1, "Did you mean docker ps?"),
        ("docker network crate n", 1, "Did you mean docker network create?"),
        ("docker run -d --nmae web1 nginx", 125, "Did you mean --name?"),
        ("docker run -d -name web1 nginx", 125, "Did you mean --name?"),
        ("sudo dokcer ps", 127, "Did you mean docker?"),
        ("ip adrr", 1, "Did you mean ip addr?"),
        ("brctl shwo", 1, "Did you mean brctl show?"),
        ("iptables -A FORWARD --dprot 80", 2, "Did you mean --dport?"),
        ("history", 127, "`%dnet journal` lists the commands of this session."),
    ],
)
def test_a_mistyped_word_is_answered_with_the_nearest(typed, exit_code, said):
    assert remark(answered(typed, exit_code)) == said


@pytest.mark.parametrize(
    ("typed", "exit_code"),
    [
        ("docker ps", 0),
        ("docker run -d --nmae web1 nginx", 0),  # it worked, so nothing was wrong
        ("docker run busybox ping --cuont 1 web1", 1),  # the container's command, not an option of docker
        ("docker rm web9", 1),
        ("ping -c 1 172.17.0.9", 1),
        ("xyzzy", 127),
    ],
)
def test_where_nothing_is_near_or_nothing_failed_nothing_is_said(typed, exit_code):
    assert remark(answered(typed, exit_code)) == ""


def test_a_refusal_has_its_own_hint():
    (line,) = parse_cell("history")

    assert remark(Output(line, refused=Refusal(Words("no"), Words("look there")))) == ""
