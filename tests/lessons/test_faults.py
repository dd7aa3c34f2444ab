"""Labs broken on purpose: each is mended by its repairs only, whoever's it is; and nobody gets round the looking."""

from __future__ import annotations

import os

import pytest

from dnetlab.errors import UsageError
from dnetlab.journal import read_journal
from dnetlab.lab import Lab
from dnetlab.lessons.fault import kinds, read_fault
from dnetlab.model.journal import Baseline
from dnetlab.model.releases import RELEASES
from dnetlab.model.study import TooSoon
from dnetlab.proof import prove
from dnetlab.study import is_right

NAMES = [kind.name for kind in kinds()]
EVERYTHING = os.environ.get("DNETLAB_ALL_FAULTS")  # every release and more seeds: half an hour


def cases() -> list[tuple[str, int, str]]:
    """(kind, seed, release): each kind with two seeds, on two releases that take turns."""
    if EVERYTHING:
        return [(name, seed, release) for name in NAMES for seed in (1, 2, 3) for release in RELEASES]
    return [(name, seed, RELEASES[(place + 2 * seed) % 4]) for place, name in enumerate(NAMES) for seed in (1, 2)]


@pytest.mark.parametrize(("kind", "seed", "release"), cases())
def test_the_untouched_lab_fails_every_repair_passes_and_mistakes_get_their_hints(kind, seed, release):
    proofs = list(prove(f"fault-{kind}-{seed}", release=release, students=("ann",)))

    assert [proof for proof in proofs if proof.trouble] == []
    assert {"start", "solution.dnet"} <= {proof.what for proof in proofs}


def test_there_are_faults_of_more_than_thirty_kinds_and_of_every_degree():
    assert len(NAMES) > 30
    assert all(sum(kind.level == level for kind in kinds()) >= 8 for level in (1, 2, 3))
    assert {
        "masquerade-gone", "flushed-nat", "dead-proxy", "wrong-gateway", "duplicate-address", "forwarding-off",
        "bridge-down", "forged-macs", "wrong-parent", "wrong-vlan", "wrong-network", "overlapping-subnet", "stale-link",
        "stale-arp", "small-mtu", "default-bridge", "published-on-localhost", "icc-off", "docker-user-drop",
        "vxlan-blocked", "join-blocked", "not-attachable",
    } <= set(NAMES)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_a_fault_is_said_to_be_would_pass_as_an_answer_in_either_language(name):
    lesson = read_fault(f"fault-{name}-1", "ann")
    cause, in_words = lesson.predictions

    assert is_right(in_words, cause.explain.en)
    assert is_right(in_words, cause.explain.zh)
    assert not is_right(in_words, "it is broken")
    assert len(cause.choices) == 5
    assert len({choice.text.en for choice in cause.choices}) == 5
    assert all("{{" not in choice.text.en + choice.text.zh for choice in cause.choices)


def test_a_student_and_a_seed_have_one_fault_for_ever_and_others_have_others():
    mine = read_fault("fault-7", "ann")

    assert read_fault("fault-7", "ann").scripts == mine.scripts
    assert len({read_fault("fault-7", who).scripts["break.dnet"] for who in ("ann", "bob", "eve", "kim", "lee")}) >= 4
    assert len({read_fault(f"fault-{seed}", "ann").scripts["break.dnet"] for seed in range(1, 11)}) >= 8


def test_a_level_draws_among_its_own():
    for seed in range(1, 9):
        found = read_fault(f"fault-{seed}-level-3", "ann")
        cause = found.predictions[0]
        right = next(choice.text.en for choice in cause.choices if choice.id in cause.right)
        assert [kind.level for kind in kinds() if kind.data["cause"]["en"] == right] == [3]


@pytest.mark.parametrize("name", ["fault-", "fault-nothing-1", "fault-1-level-9", "fault-dead-proxy-1-level-1"])
def test_what_is_no_fault_is_answered_in_one_sentence(name):
    with pytest.raises(UsageError, match=r"no fault"):
        read_fault(name)


# -- as one works ---------------------------------------------------------------------------------------------------


@pytest.fixture
def lab() -> Lab:
    """Somebody stands before a host whose nat table was flushed."""
    lab = Lab(docker="28.5")
    lab.open_lesson("fault-flushed-nat-3", "ann")
    lab.start_lesson()
    return lab


def right_choice(lab: Lab) -> str:
    return lab.answer_to("cause").question.right[0]


def wrong_choice(lab: Lab) -> str:
    asked = lab.answer_to("cause").question
    return next(choice.id for choice in asked.choices if choice.id not in asked.right)


def test_what_broke_the_lab_is_not_to_be_seen_and_not_to_be_taken_back(lab):
    lab.run_cell("docker ps")

    assert [entry.line.text for entry in lab.undo(5)] == ["docker ps"]
    assert lab.entries == []
    assert lab.check("repair").results[0].earned == 0


def test_a_lab_that_is_reset_is_not_mended(lab):
    lab.reset()
    cell = lab.run_cell("docker ps")

    assert cell.ticks == ()
    with pytest.raises(UsageError, match="the tasks of this lesson begin in a lab of their own"):
        lab.check("repair")


def test_mending_it_ticks_whichever_way_it_is_done(lab):
    cell = lab.run_cell("systemctl restart docker\ndocker start $(docker ps -aq)")

    assert [tick.task.id for tick in cell.ticks] == ["repair"]


def test_opening_everything_by_hand_does_not_count(lab):
    lab.run_cell("iptables -P FORWARD ACCEPT\niptables -F\niptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE")

    result = lab.judge(lab.tasks().lesson.tasks[1])

    assert [r.check.kind for r in result.results if r.verdict.value == "failed"] == ["rules_kept"]
    assert result.earned == 0


def test_a_diagnosis_is_chosen_and_written_and_guessing_costs_looks(lab):
    first = lab.predict("cause", wrong_choice(lab))
    at_once = lab.predict("cause", right_choice(lab))
    lab.run_cell("iptables -t nat -S")
    then = lab.predict("cause", right_choice(lab))
    lab.predict("words", "the nat table is empty")

    assert (first.right, at_once, then.right) == (False, TooSoon("answer", 1), True)
    assert lab.answer_to("words").given == "the nat table is empty"
    assert [tick.task.id for tick in lab.ticks()] == ["diagnose"]


def test_the_choice_alone_earns_two_thirds(lab):
    lab.predict("cause", right_choice(lab))
    lab.predict("words", "something is wrong")

    result = lab.check("diagnose").results[0]

    assert (result.passed, result.earned) == (False, 1.33)


def test_why_is_shut_until_the_fault_was_named(lab):
    with pytest.raises(UsageError, match="you find out why yourself"):
        lab.why("client", "docker1")

    lab.predict("cause", right_choice(lab))

    assert lab.why("client", "docker1").works


def test_a_check_tells_what_is_missing_and_never_the_cause(lab):
    result = lab.check("repair").results[0]

    assert all(one.because == () for one in result.results)


def test_a_fault_is_resumed_as_it_was_left_and_its_baseline_with_it(tmp_path):
    file = tmp_path / "j"
    before = Lab(docker="28.5", journal=file)
    before.open_lesson("fault-flushed-nat-3", "ann")
    before.start_lesson()
    before.run_cell("docker ps")

    after = Lab(docker="28.5", journal=file)
    after.resume()

    written = [e for e in read_journal(file).sessions[0].events if isinstance(e, Baseline)]
    assert len(written) == 1
    assert "client docker1 ping" in written[0].open
    assert "docker1 nat POSTROUTING MASQUERADE" in written[0].rules
    assert [entry.line.text for entry in after.entries] == ["docker ps"]
    cell = after.run_cell("systemctl restart docker\ndocker start $(docker ps -aq)")
    assert [tick.task.id for tick in cell.ticks] == ["repair"]
