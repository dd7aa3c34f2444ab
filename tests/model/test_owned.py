"""Files by whose they are: equal to a plain dictionary, and an older copy never sees what a newer one writes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dnetlab.model.owned import Owned

KEYS = st.tuples(st.sampled_from(["docker1", "docker2"]), st.sampled_from(["", "web", "db"]), st.sampled_from("abc"))
STEPS = st.lists(st.tuples(st.sampled_from(["set", "del", "copy", "drop", "give"]), KEYS, st.integers(0, 9)))


@given(STEPS)
def test_it_holds_what_a_dictionary_would_and_copies_stay_as_they_were(steps):
    book: Owned[int] = Owned()
    plain: dict[tuple[str, str, str], int] = {}
    kept = []
    for what, key, number in steps:
        mine = [k for k in plain if k[:2] == key[:2]]
        if what == "set":
            book[key] = plain[key] = number
        elif what == "del":
            assert book.pop(key, None) == plain.pop(key, None)
        elif what == "copy":
            kept.append((book, dict(plain)))
            book = book.copy()
        elif what == "drop":
            book.drop(*key[:2])
            for k in mine:
                del plain[k]
        elif not mine:
            book.give(*key[:2], {key[2]: number})
            plain[key] = number
    for one, expected in [*kept, (book, plain)]:
        assert dict(one) == expected
        assert len(one) == len(expected)
        assert all(dict(one.of(*k[:2])) == {p[2]: v for p, v in expected.items() if p[:2] == k[:2]} for k in expected)


def test_what_a_container_was_given_stays_as_it_was_for_others():
    image = {"/index.html": "hello"}
    book: Owned[str] = Owned()
    book.give("docker1", "web", image)
    book["docker1", "web", "/index.html"] = "mine"
    assert (book["docker1", "web", "/index.html"], image) == ("mine", {"/index.html": "hello"})
    assert ("docker1", "db", "/index.html") not in book
    assert book.of("docker1", "db") == {}
