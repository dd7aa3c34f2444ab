"""Rules of nft in tables, differences, traces and reasons, called by family, table and handle."""

from __future__ import annotations

import pytest

from dnetlab import Lab
from dnetlab.language import speaking


@pytest.fixture
def lab():
    with Lab() as made:
        made.run_cell("docker2# nft add table ip mine")
        made.run_cell("docker2# nft 'add chain ip mine before { type filter hook input priority -1; policy accept; }'")
        yield made


def test_a_rule_of_nft_is_a_row_beside_those_of_iptables(lab):
    lab.run_cell("docker2# nft add rule ip mine before ip saddr 172.25.254.38 tcp dport 22 counter drop")

    rows = lab.table("rules", host="docker2", table="ip mine")

    columns = ["table", "chain", "number", "target", "protocol", "source", "rule"]
    assert rows[columns].values.tolist() == [
        ["ip mine", "before", 0, "ACCEPT", "all", "0.0.0.0/0",
         "type filter hook input priority filter - 1; policy accept;"],
        ["ip mine", "before", 1, "DROP", "tcp", "172.25.254.38", "ip saddr 172.25.254.38 tcp dport 22 counter drop"],
    ]  # fmt: skip


def test_what_a_command_changed_names_the_chain_and_the_rule(lab):
    result = lab.run_cell("docker2# nft add rule ip mine before icmp type echo-request counter drop")

    columns = ["what", "where", "change", "key", "after"]
    assert result.changes[columns].values.tolist() == [
        ["rules", "docker2", "+", "nft ip mine before 1", "icmp type echo-request counter drop"],
    ]


def test_a_trace_and_a_reason_name_the_rule_and_how_to_take_it_away_in_both_languages(lab):
    # Given a rule of nft that drops echo requests
    lab.run_cell("docker2# nft add rule ip mine before icmp type echo-request counter drop")

    # When somebody asks why
    reason = str(lab.why("client", "docker2"))

    # Then the rule is named, and the command that takes it away
    assert "A firewall rule on docker2 drops the packet (table ip mine, chain before)." in reason
    assert "nft list chain ip mine before: icmp type echo-request counter drop" in reason
    assert "nft delete rule ip mine before handle 2" in reason
    with speaking("zh"):
        assert "没有这条规则就能通过：nft delete rule ip mine before handle 2" in str(lab.why("client", "docker2"))

    # And when it is typed, then the way is free
    lab.run_cell("docker2# nft delete rule ip mine before handle 2")
    assert lab.why("client", "docker2").works


def test_a_policy_of_nft_that_drops_is_told_with_nfts_own_commands(lab):
    lab.run_cell("docker2# nft 'add chain ip mine before { type filter hook input priority -1; policy drop; }'")

    reason = str(lab.why("client", "docker2"))

    assert "nft list chain ip mine before: policy drop" in reason
    assert "nft insert rule ip mine before … accept" in reason
