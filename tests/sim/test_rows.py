"""Long rows that share what they have in common with the rows they were made from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dnetlab.model.rows import with_row, without_rows

KINDS = ["first", "last", "instead", "between", "gone", "last gone"]
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 400)), max_size=150)


@given(st.integers(0, 300), STEPS)
def test_they_are_what_a_tuple_would_be(count, steps):
    ours, plain = tuple(range(count)), tuple(range(count))
    before = []
    for number, (step, place) in enumerate(steps, 1000):
        at = {"first": 0, "last": len(plain)}.get(step, place % (len(plain) or 1))
        instead = step == "instead" and bool(plain)
        before.append((ours, plain))
        if "gone" in step and len(plain) > 3:
            places = [len(plain) - 1] if step == "last gone" else sorted({0, at, at // 2, at // 3})
            ours, plain = without_rows(ours, places), tuple(row for n, row in enumerate(plain) if n not in places)
        else:
            ours, plain = with_row(ours, at, number, instead), (*plain[:at], number, *plain[at + instead :])
        assert ours == plain
        assert plain == ours
        assert list(reversed(ours)) == list(reversed(plain))
        assert [ours[n] for n in range(len(plain))] == list(plain)
        assert (len(ours), ours[-1], ours[1:3], repr(ours)) == (len(plain), plain[-1], plain[1:3], repr(plain))
    for rows, then in before:
        assert rows == then


def test_what_an_end_loses_leaves_the_other_chunks_shared():
    long = with_row(tuple(range(300)), 300, 300)

    shorter = without_rows(without_rows(long, [0, 1]), [297, 298])

    assert list(shorter) == list(range(2, 299))
    assert shorter._chunks[1:4] == long._chunks[1:4]
    assert all(ours is theirs for ours, theirs in zip(shorter._chunks[1:4], long._chunks[1:4], strict=True))
