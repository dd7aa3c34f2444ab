"""The lab's shell: what it reads, and the sentence with which it refuses the rest."""

from __future__ import annotations

import pytest

from dnetlab.commands.shell import NotModelled, is_unfinished, parse_shell, refusal


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
        ("ping web1 &", "Background jobs are not part of the lab's shell."),
        ("sleep 9 & wait", "Background jobs are not part of the lab's shell."),
        ("fg", "Background jobs are not part of the lab's shell."),
        ("for i in 1 2; do echo $i", "The for in this line is never closed."),
        ("if true; then echo; ", "The if in this line is never closed."),
        ("cat <<EOF", "The here-document in this line is never closed."),
        ("done", "`done` stands here without its beginning."),
        ("echo )", "A ) stands here without its (."),
        ("docker ps | | wc", "Nothing stands after |."),
        ("ip addr >", "Nothing stands after >."),
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


@pytest.mark.parametrize(
    "text", ["a=(1 2)", "for ((i=0; i<3; i++)); do echo; done", "diff <(ls) <(ls)", "select x in a; do :; done"]
)
def test_what_only_a_real_shell_reads_is_no_reason_to_refuse_it_there(text):
    # given bash's own words, when the simulator reads them, then it says that it can't
    with pytest.raises(NotModelled):
        parse_shell(text)

    # and a real engine is not kept from running them
    assert refusal(text) is None


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [
        ("while true; do", True), ("echo 'a", True), ("cat <<E\nx", True), ("docker ps |", True), ("f() {", True),
        ("case $x in a)", True), ("[[ -n $x", True), ("echo $((1 +", True), ("docker ps", False), ("echo )", False),
        ("cat <<E\nx\nE", False), ("for i in 1; do :; done", False),
    ],
)  # fmt: skip
def test_a_terminal_asks_for_more_while_something_is_open(text, unfinished):
    assert is_unfinished(text) is unfinished


def test_dollars_and_braces_inside_single_quotes_are_plain_text():
    assert parse_shell("docker ps --format '{{.Names}} $HOME > x'").argv[-1] == "{{.Names}} $HOME > x"


@pytest.mark.parametrize("line", ["docker ps -a", "curl  -s\t10.0.0.1 ", "ls *.txt ~ {a,b} [x] NAME=value !", "exit"])
def test_a_line_of_plain_words_is_read_as_with_a_comment_behind_it(line):
    """The comment takes the line on the long road of the grammar."""
    (_, short), (_, long) = parse_shell(line).pipelines[0], parse_shell(f"{line} # why").pipelines[0]

    assert (short.commands, short.negated) == (long.commands, long.negated)
    assert short.source == line.rstrip()
