"""Long rows that share what they have in common with the rows they were made from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dnetlab.model.rows import with_row

STEPS = st.lists(st.tuples(st.sampled_from(["first", "last", "instead", "between"]), st.integers(0, 400)), max_size=150)


@given(st.integers(0, 300), STEPS)
def test_they_are_what_a_tuple_would_be(count, steps):
    ours, plain = tuple(range(count)), tuple(range(count))
    before = []
    for number, (step, place) in enumerate(steps, 1000):
        at = {"first": 0, "last": len(plain)}.get(step, place % (len(plain) or 1))
        instead = step == "instead" and bool(plain)
        before.append((ours, plain))
        ours = with_row(ours, at, number, instead)
        plain = (*plain[:at], number, *plain[at + instead :])
        assert ours == plain
        assert plain == ours
        assert list(reversed(ours)) == list(reversed(plain))
        assert [ours[n] for n in range(len(plain))] == list(plain)
        assert (len(ours), ours[-1], ours[1:3], repr(ours)) == (len(plain), plain[-1], plain[1:3], repr(plain))
    for rows, then in before:
        assert rows == then
