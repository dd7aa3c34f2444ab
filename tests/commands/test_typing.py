"""Characters of another keyboard are named: which stands where the tool wants which, and the line as it is meant."""

from __future__ import annotations

import pytest

from dnetlab.commands.typing import sentence


@pytest.mark.parametrize(
    ("typed", "named", "meant"),
    [
        ("docker network create —subnet 10.0.0.0/24 n", "— (em dash, U+2014) where docker wants two hyphens",
         "docker network create --subnet 10.0.0.0/24 n"),
        ("docker network create –-subnet 10.0.0.0/24 n", "– (en dash, U+2013) where docker wants a hyphen",
         "docker network create --subnet 10.0.0.0/24 n"),
        ("docker　ps", "(ideographic space, U+3000) where the shell wants a space", "docker ps"),
        ("ｄocker ps", "ｄ (fullwidth latin small letter d, U+FF44) where the shell wants d", "docker ps"),
        ("docker ps；docker ps", "； (fullwidth semicolon, U+FF1B) where the shell wants ;", "docker ps;docker ps"),
        ("curl http：//172.17.0.2", "： (fullwidth colon, U+FF1A) where the shell wants :", "curl http://172.17.0.2"),
        ("docker ps -f “name=web1”", "“ (left double quotation mark, U+201C) where the shell wants \"",
         'docker ps -f "name=web1"'),
    ],
)  # fmt: skip
def test_a_character_of_another_keyboard_is_named_with_the_line_as_it_is_meant(typed, named, meant):
    said = sentence(typed, failed=True)

    assert named in said
    assert said.endswith(f"Type it as: {meant}")


def test_quotes_that_are_none_are_named_although_the_command_succeeded():
    # given `docker inspect -f ‘{{.Name}}’ web1`, which prints ‘/web1’ and ends with 0
    assert "‘ (left single quotation mark, U+2018)" in sentence("docker inspect -f ‘{{.Name}}’ web1", failed=False)


def test_text_in_quotes_and_text_that_worked_are_left_alone():
    assert sentence('echo "你好：世界"', failed=True) == ""
    assert sentence("echo 你好：世界", failed=False) == ""
    assert sentence("docker ps", failed=True) == ""
