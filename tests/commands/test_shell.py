"""The lab's shell: what it reads, and the sentence with which it refuses the rest."""

from __future__ import annotations

import pytest

from dnetlab.commands.shell import parse_shell, refusal


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("docker ps", ("docker", "ps")),
        ("docker inspect -f '{{.Name}} {{.Id}}' web1", ("docker", "inspect", "-f", "{{.Name}} {{.Id}}", "web1")),
        ('echo "a \\"b\\" c" d\\ e', ("echo", 'a "b" c', "d e")),
        ("curl http://web1/?a=1#x", ("curl", "http://web1/?a=1#x")),
        ("docker ps # all of them", ("docker", "ps")),
        ("docker rm -f `docker ps -aq`", ("docker", "rm", "-f", "$(docker ps -aq)")),
        ("echo ''", ("echo", "")),
    ],
)
def test_words_are_split_and_quotes_taken_off_as_a_shell_does(text, argv):
    assert parse_shell(text).argv == argv


def test_pipes_and_lists_keep_their_order_and_operators():
    script = parse_shell("docker ps | grep web | wc -l && echo yes || echo no; ip addr")

    assert [operator for operator, _ in script.pipelines] == ["", "&&", "||", ";"]
    assert [len(pipeline.commands) for _, pipeline in script.pipelines] == [3, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ip addr > file", "Redirection is not part of the lab's shell."),
        ("ip addr 2>&1", "Redirection is not part of the lab's shell."),
        ("ping web1 &", "Background jobs are not part of the lab's shell."),
        ("for i in 1 2; do echo; done", "Loops and conditions (for) are not part of the lab's shell."),
        ("NAME=web1", "Variables are not part of the lab's shell."),
        ("echo $HOME", "Variables are not part of the lab's shell."),
        ('echo "${HOME}"', "Variables are not part of the lab's shell."),
        ("(ip addr)", "Sub-shells are not part of the lab's shell."),
        ("echo 'web1", "The ' in this line is never closed."),
        ("echo $(docker ps", "The $( in this line is never closed."),
        ("docker ps |", "Nothing stands after |."),
        ("docker ps &&", "Nothing stands after &&."),
    ],
)
def test_what_the_shell_leaves_out_is_refused_with_a_sentence_and_a_hint(text, reason):
    found = refusal(text)

    assert found is not None
    assert found.reason == reason
    assert found.hint


def test_dollars_and_braces_inside_single_quotes_are_plain_text():
    assert parse_shell("docker ps --format '{{.Names}} $HOME > x'").argv[-1] == "{{.Names}} $HOME > x"
