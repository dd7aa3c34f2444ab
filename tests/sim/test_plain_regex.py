"""Patterns where the library `regex` is missing: the longest of the leftmost, as POSIX wants, by Python's `re`."""

from __future__ import annotations

import random

import pytest
import regex

from dnetlab.sim.userland import plain_regex
from dnetlab.sim.userland.regex import compile_pattern

PIECES = ["a", "b", "c", "ab", "(a|ab)", "(b|bc)?", "a*", "b?", "[ab]", "(ab)*", "|", "^", "$", ".", "(a|b)*", "a{1,2}"]


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a|ab|abc", "xabcd", "abc"),  # re alone takes the first, "a"
        ("(a|ab)(c|bcd)", "abcd", "abcd"),
        ("a?(ab)?", "ab", "ab"),
        ("ab*$", "abbb", "abbb"),
    ],
)
def test_the_longest_of_the_leftmost_matches_counts(pattern, text, found):
    assert plain_regex.compile(pattern, plain_regex.POSIX).search(text)[0] == found


def test_it_finds_what_the_library_finds():
    # given 3,000 random patterns and texts, then both say the same place, or the same that it is no pattern
    chance = random.Random(7)
    for _ in range(3000):
        pattern = "".join(chance.choices(PIECES, k=chance.randint(1, 5)))
        text = "".join(chance.choices("abcx", k=chance.randint(0, 9)))
        theirs = regex.compile(pattern, regex.V0 | regex.POSIX).search(text)
        ours = plain_regex.compile(pattern, plain_regex.POSIX).search(text)

        assert (ours and ours.span()) == (theirs and theirs.span()), (pattern, text)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a*b*)*c", "((ab)*c)+", "(a{2,})*"])
def test_repeated_repetition_takes_too_long_from_the_beginning(pattern):
    with pytest.raises(TimeoutError):
        plain_regex.search(pattern, "a" * 50)


def test_matches_follow_one_another_and_an_empty_one_is_no_end():
    found = plain_regex.compile("x*", plain_regex.POSIX).finditer("axxb")

    assert [match.span() for match in found] == [(0, 0), (1, 3), (3, 3), (4, 4)]


def test_the_seam_takes_it_where_the_library_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "regex", None)
    compile_pattern.cache_clear()

    assert compile_pattern("one|oneself", extended=True).search("by oneself")[0] == "oneself"
    compile_pattern.cache_clear()
