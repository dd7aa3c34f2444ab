"""Checks that send a packet: who reaches whom, by which name, what rules do to it; and never by what was printed."""

from __future__ import annotations

from dnetlab.explain.sentences import words
from dnetlab.model import Evidence
from tests.checks.labs import evidence_after, result, verdict

APART = (
    "docker network create net1", "docker network create net2",
    "docker run -d --name aa --network net1 nginx", "docker run -d --name bb --network net2 nginx",
    "docker run -d --name cc --network net1 nginx",
)  # fmt: skip


def test_one_reaches_another_by_address_by_port_and_by_name():
    evidence = evidence_after(*APART)

    assert verdict(evidence, "reaches", source="aa", target="cc") == "passed"
    assert verdict(evidence, "reaches", source="aa", target="cc:80", by_name=True) == "passed"
    assert verdict(evidence, "reaches", source="aa", target="cc:81") == "failed"
    assert verdict(evidence, "reaches", source="docker1", target="aa:80") == "passed"
    assert verdict(evidence, "reaches", source="docker1", target="aa:80", by_name=True) == "failed"


def test_one_that_does_not_reach_is_told_why():
    found = result(evidence_after(*APART), "reaches", source="aa", target="bb")

    assert words(found.found, "en") == "aa does not reach bb"
    assert words(found.because[0], "en") == (
        "aa and bb (172.19.0.2) are on different Docker networks, and Docker keeps networks apart (net1 and net2)."
    )


def test_cut_off_needs_a_baseline_or_it_proves_nothing():
    # given two networks apart, then the same with the asker's cable pulled
    apart = evidence_after(*APART)
    broken = evidence_after(*APART, "docker network disconnect net1 aa")

    assert verdict(apart, "cut_off", source="aa", target="bb", baseline="cc") == "passed"
    assert verdict(apart, "cut_off", source="aa", target="cc", baseline="cc") == "failed"
    found = result(broken, "cut_off", source="aa", target="bb", baseline="cc")
    assert found.verdict.value == "failed"
    assert words(found.found, "en") == "aa does not reach cc either, so this proves nothing"


def test_a_target_that_is_not_there_is_not_cut_off():
    evidence = evidence_after(*APART, "docker stop bb")

    assert verdict(evidence, "cut_off", source="aa", target="bb", baseline="cc") == "failed"


def test_a_rule_is_judged_by_what_it_does_however_it_is_written():
    # given the same effect by two rules
    web = ("docker run -d --name aa nginx", "docker run -d --name bb nginx")
    by_address = evidence_after(*web, "iptables -I DOCKER-USER -s 172.17.0.2 -d 172.17.0.3 -j DROP",
                                "sysctl -w net.bridge.bridge-nf-call-iptables=1")  # fmt: skip
    out = evidence_after(*web, "iptables -I DOCKER-USER -i docker0 -o eth0 -j REJECT")

    assert verdict(by_address, "filtered", source="aa", target="bb") == "passed"
    assert verdict(by_address, "filtered", source="aa", target="client", dropped=False) == "passed"
    assert verdict(out, "filtered", source="bb", target="client", verdict="REJECT") == "passed"
    assert verdict(out, "filtered", source="bb", target="client", verdict="DROP") == "failed"


def test_a_name_is_found_where_the_lab_finds_it():
    evidence = evidence_after(*APART, "docker run -d --name dd nginx", "docker run -d --name ee --link dd:web nginx")

    assert verdict(evidence, "resolves", place="aa", name="cc", to="cc") == "passed"
    assert verdict(evidence, "resolves", place="aa", name="cc", to="bb") == "failed"
    assert verdict(evidence, "resolves", place="aa", name="bb") == "failed"
    assert verdict(evidence, "resolves", place="ee", name="web", to="dd") == "passed"
    assert verdict(evidence, "resolves", place="dd", name="ee") == "failed"


def test_a_published_port_leads_to_its_container_by_either_door():
    # given a published port, then without its NAT rules, then without docker-proxy, then without both
    run = ("docker run -d --name web -p 8080:80 nginx", "docker run -d --name other -p 8081:80 nginx")
    flush, kill = "iptables -t nat -F", "pkill docker-proxy"

    for commands in ((), (flush,), (kill,)):
        evidence = evidence_after(*run, *commands)
        assert verdict(evidence, "published", port=8080, container="web") == "passed"
        assert verdict(evidence, "published", port=8081, container="web") == "failed"
    assert verdict(evidence_after(*run, flush, kill), "published", port=8080, container="web") == "failed"


def test_what_only_a_command_can_tell_is_not_judged_before_it_was_run():
    evidence = evidence_after()

    assert verdict(evidence, "command", line="true") == "could not be judged"


def test_an_answer_is_missing_wrong_or_right():
    snapshot = evidence_after().snapshot

    assert verdict(Evidence(snapshot), "answer", question="what") == "failed"
    assert verdict(Evidence(snapshot, answers={"what": False}), "answer", question="what") == "failed"
    assert verdict(Evidence(snapshot, answers={"what": True}), "answer", question="what") == "passed"
