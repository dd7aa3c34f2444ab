"""`ip rule`: which table a packet is looked up in, its own or a passing one's (source, mark, link)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_interface

import tests.builder as b
from dnetlab.explain.sentences import words
from dnetlab.model import Asked, LinkKind, PolicyRule, Route
from dnetlab.model.route import DEFAULT_RULES
from dnetlab.net.routing import lookup

ETH0 = b.link("eth0", 2, LinkKind.PHYSICAL, "172.25.254.1/24")
SPACE = b.namespace("host", ETH0, gateway="172.25.254.254")
SECOND = Route(IPv4Network("0.0.0.0/0"), "eth0", IPv4Address("172.25.254.9"), table=100)


def ruled(*rules, routes=(SECOND,)):
    rows = tuple(sorted((*DEFAULT_RULES, *rules), key=lambda r: (r.version, r.priority)))
    return replace(SPACE, rules=rows, routes=(*SPACE.routes, *routes))


def via(space, asked, to="8.8.8.8"):
    found = lookup(space, IPv4Address(to), asked)
    return found and str(found.via or found.kind)


def test_a_rule_asks_another_table_for_those_whom_it_means():
    """GIVEN rules by source, by mark and by the link a packet came in by
    WHEN a packet is looked up
    THEN the first rule that means it decides; one without a source yet is meant by no rule about sources
    """
    by_source = PolicyRule(100, source=ip_interface("172.25.254.1/32"), table=100)
    by_mark = PolicyRule(101, mark=1, mask=0xFFFFFFFF, table=100)
    by_link = PolicyRule(102, iif="eth1", table=100)
    space = ruled(by_source, by_mark, by_link)

    assert via(space, Asked()) == "172.25.254.254"
    assert via(space, Asked(IPv4Address("172.25.254.1"))) == "172.25.254.9"
    assert via(space, Asked(mark=1)) == "172.25.254.9"
    assert via(space, Asked(mark=2)) == "172.25.254.254"
    assert via(space, Asked(IPv4Address("10.1.1.1"), iif="eth1")) == "172.25.254.9"


def test_a_table_without_a_way_and_one_that_throws_leave_it_to_the_next_rule():
    rule = PolicyRule(100, table=100)
    thrown = Route(IPv4Network("8.8.8.0/24"), None, kind="throw", table=100)

    assert via(ruled(rule, routes=()), Asked()) == "172.25.254.254"
    assert via(ruled(rule, routes=(SECOND, thrown)), Asked()) == "172.25.254.254"
    assert via(ruled(rule, routes=(SECOND, thrown)), Asked(), "9.9.9.9") == "172.25.254.9"


def test_a_rule_may_refuse_and_what_is_ours_is_ours_whatever_it_says():
    space = ruled(PolicyRule(50, action="prohibit"))

    assert via(space, Asked()) == "prohibit"
    assert via(space, Asked(), "172.25.254.1") == "local"


def test_a_mark_of_the_firewall_routes_a_packet_again():
    """GIVEN OUTPUT marks pings, and a rule sends marked packets by another gateway
    WHEN a machine pings
    THEN the trace names both: the way of the main table, then that of the rule (ip_route_me_harder)
    """
    rule = PolicyRule(100, mark=1, mask=0xFFFFFFFF, table=100)
    lab = b.with_rules(b.docker_lab(), "web1", "mangle", "-A OUTPUT -p icmp -j MARK --set-mark 1")
    other = replace(SECOND, dev="eth0", via=IPv4Address("172.20.0.9"))
    lab = b.change(lab, "web1", lambda ns: replace(
        ns, rules=(*DEFAULT_RULES[:1], rule, *DEFAULT_RULES[1:]), routes=(*ns.routes, other)
    ))  # fmt: skip

    trace = b.ping(lab, "web1", "8.8.8.8").request

    assert [words(step.fact) for step in trace.steps if step.kind.value == "routed"] == [
        "8.8.8.8 matches default via 172.20.0.1 dev eth0",
        "8.8.8.8 matches default via 172.20.0.9 dev eth0 in table 100, by the rule "
        "`100: from all fwmark 0x1 lookup 100`",
    ]
