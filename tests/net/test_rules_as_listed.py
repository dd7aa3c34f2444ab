"""A rule of a real kernel that the lab can't judge is kept as text, whatever stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnetlab.engines.look.texts import parse_rules
from dnetlab.model import parse_rule
from dnetlab.model.facts import NotJudged
from dnetlab.net.matches import questions
from tests import builder as b
from tests.sim.prompt import Prompt

LISTED = [line for line in Path(__file__).with_name("listed.rules").read_text().splitlines() if line.startswith("-A")]


@pytest.mark.parametrize("line", LISTED)
def test_a_rule_prints_back_as_iptables_listed_it(line: str) -> None:
    assert parse_rule(line).text == line.split(" ", 2)[2]


@pytest.mark.parametrize(
    ("rule", "unknown"),
    [
        ("-A INPUT -m recent --set --name DEFAULT --rsource", "-m recent --set --name DEFAULT --rsource"),
        ("-A INPUT -m set ! --match-set foo src,dst -j DROP", "-m set ! --match-set foo src,dst"),
        ("-A INPUT -m connmark --mark 0x1 -j ACCEPT", ""),
        ("-A INPUT -m socket -j ACCEPT", ""),
        ("-A INPUT -m socket --nowildcard -j ACCEPT", ""),
        ("-A PREROUTING -m rpfilter --loose --invert -j DROP", ""),
        ("-A INPUT -p tcp -m tcpmss --mss 1:535 -j DROP", ""),
        ("-A INPUT -m ttl ! --ttl-eq 64 -j DROP", ""),
        ("-A INPUT -m policy --dir in --pol none", "-m policy --dir in --pol none"),
        ("-A INPUT -f -j DROP", ""),
        ("-A INPUT -s 10.0.0.0/255.0.255.0 -j DROP", "-s 10.0.0.0/255.0.255.0"),
        ("-A INPUT -p tcp -m conntrack --ctorigdstport 80 --ctdir ORIGINAL", ""),
        ("-A INPUT -p tcp -m helper --helper ftp", "-m helper --helper ftp"),
        ("-A INPUT -p tcp -m tcp --dport 80 --syn -j DROP", ""),
        ("-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.9 -j DROP", ""),
    ],
)
def test_what_nobody_can_judge_is_named_as_it_stands_in_the_rule(rule: str, unknown: str) -> None:
    assert questions(parse_rule(rule)).unknown == unknown


def test_a_comment_and_a_prefix_are_read_without_their_quotes() -> None:
    rule = parse_rule(r'-A INPUT -m comment --comment "it\'s \"quoted\" \\ -m x" -j LOG --log-prefix "--odd: "')

    assert rule.matches[0].value == 'it\'s "quoted" \\ -m x'
    assert rule.target.option("--log-prefix") == "--odd: "


def test_a_packet_passes_all_of_them_and_the_trace_says_which_it_could_not_judge() -> None:
    rules = "\n".join(parse_rule(line).text for line in LISTED if "-A INPUT -m recent" in line)
    lab = b.with_rules(b.docker_lab(), "host", "filter", "".join(f"-A INPUT {rule}\n" for rule in rules.splitlines()))

    steps = b.ping(lab, "peer", "172.20.0.1").request.steps

    not_judged = [step.fact.condition for step in steps if isinstance(step.fact, NotJudged)]
    assert not_judged[0].startswith("-m recent --set")


def test_every_listed_rule_can_stand_in_the_way_of_a_packet() -> None:
    for line in LISTED:
        chain, rule = line.split(" ", 2)[1], parse_rule(line)
        table = "filter" if chain in ("INPUT", "FORWARD", "OUTPUT") else "mangle"
        lab = b.with_rules(b.docker_lab(), "host", table, f"-A {chain} {rule.text}\n", first=True)

        assert b.ping(lab, "peer", "10.33.0.2").request.disposition is not None
        assert b.tcp(lab, "peer", "10.33.0.2", 80).request.disposition is not None


def test_a_line_that_is_no_rule_at_all_is_kept_as_text_too() -> None:
    netfilter = parse_rules("*filter\n:INPUT ACCEPT [0:0]\n[0:0] -A INPUT what is this\nCOMMIT\n")

    assert netfilter.table("filter").chain("INPUT").rules[0].text == "what is this"


def test_a_rule_for_the_protocol_of_a_connection_counts_that_protocol_only():
    # iptables-extensions(8), conntrack: "--ctproto l4proto: Layer-4 protocol to match (by number or name)"
    prompt = Prompt("28.5")
    for name in ("icmp", "tcp", "udp"):
        prompt.out(f"iptables -A INPUT -m conntrack --ctproto {name}")

    prompt.out("client# ping -c 2 172.25.254.1")
    prompt.type("client# curl -s -m 1 172.25.254.1:81")

    counted = [row.split()[0] for row in prompt.out("iptables -nvL INPUT").splitlines()[2:]]
    assert counted == ["2", "1", "0"]
