"""Words are made last: whatever the physics and `why` find has words in every language that the package has."""

from __future__ import annotations

from importlib import import_module
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from dnetlab.explain import reasons, sentences, setting_reasons
from dnetlab.explain.ending import Ending
from dnetlab.explain.sentences import LANGUAGES, en, remedy, words
from dnetlab.lab import Lab
from dnetlab.language import speak, spoken
from dnetlab.model import Disposition, Part, Protocol, Route, StepKind, facts
from dnetlab.model.check import Claim, Found
from dnetlab.model.facts import Keeper, LinkDown, NotListening, OwnAddress, RouteMatches, RuleStops

FACTS = get_args(facts.Fact)
ALL = {*FACTS, *get_args(reasons.Cause), *get_args(reasons.Clue), *get_args(reasons.Remedy)}
ENUMS = (Disposition, StepKind, Ending, Part)


def classes_of(module):
    return {v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__}


def test_every_language_module_is_listed():
    folder = Path(sentences.__file__).parent

    assert sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__") == sorted(LANGUAGES)


def test_the_unions_hold_every_value_that_is_defined():
    assert classes_of(facts) == {*FACTS, facts.Author, facts.Keeper}
    assert classes_of(reasons) | classes_of(setting_reasons) == ALL - set(FACTS)


def test_english_has_words_for_every_value():
    assert set(en.WORDS) == ALL | set(ENUMS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_words_for_what_there_is_and_nothing_else(language):
    table = import_module(f"dnetlab.explain.sentences.{language}")

    assert set(table.WORDS) <= ALL | set(ENUMS)
    assert set(table.REMEDIES) <= set(sentences.en.REMEDIES) <= set(FACTS)


def test_what_a_language_has_no_words_for_yet_is_said_in_english(monkeypatch):
    monkeypatch.delitem(sentences.zh.WORDS, OwnAddress)
    to = OwnAddress(IPv4Address("192.0.2.1"))

    assert words(to, "zh") == words(to, "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("member", [member for enum in ENUMS for member in enum], ids=str)
def test_a_language_has_words_for_every_member_of_an_enum(language, member):
    assert words(member, language)


def test_english_words_are_those_the_course_uses():
    route = Route(IPv4Network("0.0.0.0/0"), "eth0", via=IPv4Address("10.0.0.1"))
    to = IPv4Address("192.0.2.1")
    stops = RuleStops("DROP", "filter", "INPUT", 2, "-p icmp -j DROP")

    assert words(OwnAddress(to)) == "192.0.2.1 is an address of this machine: through lo"
    assert words(RouteMatches(to, route)) == "192.0.2.1 matches default via 10.0.0.1 dev eth0"
    assert words(stops) == "Rule 2 of table filter, chain INPUT drops it: -p icmp -j DROP"
    assert remedy(stops) == "Without that rule it goes on: iptables -D INPUT 2"


def test_a_rule_of_dockers_is_answered_with_dockers_own_means():
    stops = RuleStops("DROP", "raw", "PREROUTING", 1, "…", Keeper.DIRECT_ACCESS, "br-n1")

    assert "only from its own bridge br-n1" in remedy(stops)


def test_open_ports_are_told_in_the_order_of_their_text():
    others = ((IPv4Address("0.0.0.0"), 80), (IPv4Address("0.0.0.0"), 22))
    to = NotListening(Protocol.TCP, 8080, IPv4Address("10.0.0.1"), others)

    assert words(to).endswith("no program listens on tcp port 8080 of 10.0.0.1. It listens on 0.0.0.0:22, 0.0.0.0:80.")


def test_nothing_has_no_words_and_a_good_end_needs_no_remedy():
    assert words(None) == ""
    assert remedy(None) == ""
    assert remedy(facts.AnswerArrived()) == ""
    assert remedy(LinkDown("eth0")) == "ip link set eth0 up"


# -- the course's words -----------------------------------------------------------------------------------------------


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_the_courses_words_are_in_both_languages_with_the_same_fields():
    english, chinese = sentences.COURSE["en"], sentences.COURSE["zh"]

    assert set(english.CLAIMS) == set(chinese.CLAIMS) == set(Claim)
    assert set(english.FOUND) == set(chinese.FOUND) == set(Found)
    assert set(english.PHRASES) == set(chinese.PHRASES)
    for table in ("CLAIMS", "FOUND", "PHRASES"):
        for name, text in getattr(english, table).items():
            assert holes(text) == holes(getattr(chinese, table)[name]), name


def test_the_language_is_what_was_said_last_else_the_environments_else_english(monkeypatch):
    monkeypatch.setenv("DNETLAB_LANG", "zh_CN.UTF-8")
    assert spoken() == "zh"
    speak("en")
    assert spoken() == "en"
    speak("")
    monkeypatch.setenv("DNETLAB_LANG", "fr")
    assert spoken() == "en"


def test_chinese_words_are_those_a_teacher_uses():
    stops = RuleStops("DROP", "filter", "INPUT", 2, "-p icmp -j DROP")

    assert words(OwnAddress(IPv4Address("192.0.2.1")), "zh") == "192.0.2.1 是这台机器自己的地址：走 lo"
    assert words(stops, "zh") == "filter 表 INPUT 链的第 2 条规则丢弃了它：-p icmp -j DROP"
    assert remedy(stops, "zh") == "没有这条规则就能通过：iptables -D INPUT 2"


def test_every_end_of_a_journey_has_a_short_name_in_both_languages():
    for end in Disposition:
        assert sentences.phrase(f"ends {end.value}", "en") == end.value
        assert sentences.phrase(f"ends {end.value}", "zh") not in ("", end.value)


def test_the_answer_to_why_is_in_the_language_that_is_spoken(monkeypatch):
    lab = Lab()
    lab.run_cell("docker run -d --name web1 nginx\ndocker stop web1")
    monkeypatch.setenv("DNETLAB_LANG", "zh")

    reason = lab.why("docker1", "web1")

    assert str(reason) == (
        "web1 已停止（退出状态 0）：没有运行的容器既没有地址，也没有名字。\n  办法：docker start web1"
    )
