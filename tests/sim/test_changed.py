"""`replace` for frozen values does what the standard one does, only quicker."""

from __future__ import annotations

import dataclasses
from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from dnetlab.model import Host, Process
from dnetlab.model.changed import quick, replace


def test_a_changed_value_is_the_one_that_the_standard_replace_gives():
    old = Host("docker1", processes=(Process(7, 1, ("sleep", "9")),), has_docker=False)
    assert replace(old, name="docker2") == dataclasses.replace(old, name="docker2")
    assert old.name == "docker1"


def test_what_was_worked_out_from_the_old_fields_is_worked_out_anew():
    old = Host("docker1", processes=(Process(7, 1, ("sleep", "9")),))
    assert list(old.by_pid) == [7]
    assert list(replace(old, processes=(Process(8, 1, ("true",)),)).by_pid) == [8]


def test_a_field_that_is_not_there_is_an_error():
    with pytest.raises(TypeError, match="Host has no field 'proceses'"):
        replace(Host("docker1"), proceses=())


@quick
@dataclass(frozen=True)
class Made:
    name: str
    size: int = 3
    parts: list[str] = field(default_factory=list)


def test_a_quick_class_takes_what_any_dataclass_takes():
    one, two = Made("a"), Made("a", parts=[], size=3)

    assert (one, one.parts) == (two, [])
    assert one.parts is not Made("b").parts
    assert repr(one) == "Made(name='a', size=3, parts=[])"
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Made()
    with pytest.raises(FrozenInstanceError):
        one.size = 4
