"""A dictionary whose copies share what they had when they parted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dnetlab.model.layers import Layers, with_item

STEPS = st.lists(st.tuples(st.sampled_from(["set", "delete", "copy"]), st.integers(0, 60)), max_size=120)


@given(STEPS)
def test_it_is_what_a_dictionary_would_be_and_copies_do_not_hear_of_each_other(steps):
    ours, plain = Layers({n: -1 for n in range(0, 40, 3)}), {n: -1 for n in range(0, 40, 3)}
    parted = []
    for number, (step, key) in enumerate(steps):
        if step == "set":
            ours[key] = plain[key] = number
        elif step == "copy":
            parted.append((ours, dict(plain)))
            ours = ours.copy()
        elif key in plain:
            del ours[key], plain[key]
        assert list(ours.items()) == list(plain.items())
        assert (len(ours), key in ours, ours.get(key)) == (len(plain), key in plain, plain.get(key))
    for copy, then in parted:
        assert list(copy.items()) == list(then.items())
        assert copy == then


def test_a_new_item_leaves_the_old_entries_as_they_were():
    many = {n: n for n in range(100)}
    more = with_item(with_item(many, 100, 100), 7, 0)
    assert more == {**many, 7: 0, 100: 100}
    assert many[7] == 7
    assert 100 not in many
