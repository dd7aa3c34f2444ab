"""What a task earns, and why: shares, conditions, tasks that come first, known mistakes."""

from __future__ import annotations

import pytest

from dnetlab.checks.judge import judge_task
from dnetlab.model import Check, Evidence, Task
from dnetlab.model.lesson import Text, Wrong
from tests.checks.labs import evidence_after

SAME = Text("x", "x")


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return evidence_after("docker run -d --name web1 nginx")


def task(*checks: Check, points: float = 3, **more: object) -> Task:
    return Task("t", SAME, SAME, checks, points, **more)


def there(name: str, weight: float = 1, **more: object) -> Check:
    return Check("container", {"name": name}, weight, **more)


@pytest.mark.parametrize(
    ("checks", "earned", "credit", "verdict"),
    [
        ((there("web1"),), 3, "all", "passed"),
        ((there("web1"), there("web2", 2)), 1, "part", "failed"),
        ((there("web1", 2), there("web2")), 2, "part", "failed"),
        ((there("web2"), there("web3")), 0, "nothing", "failed"),
        ((there("web2", 0), there("web1")), 0, "condition", "failed"),
        ((there("web1", 0), there("web1")), 3, "all", "passed"),
        ((there("web1"), there("web1", engine="docker")), 1.5, "unjudged", "could not be judged"),
    ],
)
def test_a_task_earns_the_share_that_holds_and_says_why(evidence, checks, earned, credit, verdict):
    found = judge_task(task(*checks), evidence)

    assert (found.earned, found.credit.value, found.verdict.value) == (earned, credit, verdict)


def test_a_task_waits_for_those_that_come_first(evidence):
    waiting = task(there("web1"), needs=("before",))

    assert judge_task(waiting, evidence).waits == ("before",)
    assert judge_task(waiting, evidence).earned == 0
    assert judge_task(waiting, evidence, ("before",)).passed


def test_a_known_mistake_is_recognised_by_what_is_found_and_only_while_the_task_is_open(evidence):
    mistake = Wrong("other-name", (there("web1"), Check("container", {"name": "web2"}, negated=True)), SAME)

    assert judge_task(task(there("web2"), wrong=(mistake,)), evidence).wrong is mistake
    assert judge_task(task(there("web1"), wrong=(mistake,)), evidence).wrong is None
    assert judge_task(task(there("web3"), wrong=()), evidence).wrong is None
