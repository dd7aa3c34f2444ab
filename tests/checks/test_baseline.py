"""A lab held against what it was like before it was broken."""

from __future__ import annotations

from dataclasses import replace

from dnetlab.explain.baseline import baseline
from dnetlab.model import Evidence
from tests.checks.labs import evidence_after, result, verdict

TWO = ("docker run -d --name web nginx", "docker network create back", "docker run -d --name db --network back nginx")


def compared(*commands: str) -> Evidence:
    """The lab after more commands, beside what it was like after the first three."""
    before, after = evidence_after(*TWO), evidence_after(*TWO, *commands)
    return replace(after, before=baseline("x", before.snapshot), now=baseline("x", after.snapshot))


def test_nothing_has_changed():
    evidence = compared()

    assert [verdict(evidence, kind) for kind in ("nothing_lost", "nothing_opened", "rules_kept")] == ["passed"] * 3


def test_who_is_gone_is_lost_and_is_named():
    found = result(compared("docker stop web"), "nothing_lost")

    assert found.verdict.value == "failed"
    assert (found.found.fields["source"], found.found.fields["target"]) == ("db", "web") or found.found.fields["number"]


def test_another_address_is_as_good():
    evidence = compared("docker rm -f web", "docker run -d --name other nginx", "docker run -d --name web nginx")

    assert verdict(evidence, "nothing_lost") == "passed"


def test_a_way_that_was_not_there_is_opened():
    found = result(compared("docker network connect back web"), "nothing_opened")

    assert found.verdict.value == "failed"
    assert found.found.fields["number"] == 4  # each pings the other and gets its page


def test_a_helper_of_ones_own_opens_nothing():
    assert verdict(compared("docker run -d --name helper -p 8080:80 nginx"), "nothing_opened") == "passed"


def test_flushed_rules_are_missed_even_where_all_works():
    evidence = compared("iptables -F DOCKER-USER", "iptables -D FORWARD -j DOCKER-USER")

    assert verdict(evidence, "nothing_lost") == "passed"
    assert verdict(evidence, "rules_kept") == "failed"


def test_without_a_before_nothing_can_be_judged():
    assert verdict(evidence_after(*TWO), "nothing_lost") == "could not be judged"
