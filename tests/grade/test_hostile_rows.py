"""Whatever a row says, verifying ends with a result: no value of any kind raises, or earns what was not done."""

from __future__ import annotations

import json

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dnetlab.grade.verify import verify
from dnetlab.grade.work import Terms
from dnetlab.report.page import page
from dnetlab.report.schema import schema
from tests.grade.works import chained, rows, solved

ANN = Terms(student="ann")
KINDS = ["undo", "reset", "checkpoint", "goto", "resume", "look", "hint", "baseline"]
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.just(10**30), st.just(-(10**30)), st.floats(), st.text(max_size=5),
    st.sampled_from(["", "\x00", "\ud800", "docker1", "docker2", "client", "terminal", "host", "none", "web1", "news",
                     "../..", "a" * 5000, "{x}", "%s", "exit", "docker exec -it news sh", "(a+)+$", "passed"]),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> list[dict]:
    return rows(solved(tmp_path_factory.mktemp("work") / "a.journal"))


@settings(deadline=None, max_examples=120, phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False)
@given(st.data())
def test_rows_of_any_value_in_any_order_have_a_result(told, data):
    changed = [dict(row) for row in told]
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        what = data.draw(st.sampled_from(["value", "value", "value", "drop", "twice", "move", "kind"]))
        if what == "value":
            changed[place][data.draw(st.sampled_from(sorted(changed[place])))] = data.draw(ODD)
        elif what == "drop":
            changed[place].pop(data.draw(st.sampled_from(sorted(changed[place]))))
        elif what == "twice":
            changed.insert(data.draw(st.integers(0, len(changed))), dict(changed[place]))
        elif what == "move":
            changed.insert(data.draw(st.integers(0, len(changed) - 1)), changed.pop(place))
        else:
            kind = data.draw(st.sampled_from(KINDS))
            changed[place] |= {"kind": kind, "commands": data.draw(ODD), "name": data.draw(ODD), "what": "rules",
                               "from": "ann00000", "args": {"host": "x"}, "degree": 1, "wrong": "", "task": "two",
                               "lesson": "01-native-networks", "open": [], "rules": []}  # fmt: skip

    result = json.loads(json.dumps(verify(_file(changed), ANN, tell=True)))

    assert 0 <= result["earned"] <= 9.0
    assert "</html>" in page(result, "zh")
    assert [error.message for error in Draft202012Validator(schema()).iter_errors(result)] == []


def _file(changed: list[dict]) -> bytes:
    """Rows as a file; those that have no session any more stand in it as they are."""
    try:
        return chained(changed)
    except (KeyError, TypeError):
        return b"\n".join(json.dumps(row, separators=(",", ":")).encode("ascii") for row in changed)
