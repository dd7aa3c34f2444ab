"""The simulator's `nft` against a real one, text by text; and what iptables' tables look like in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dnetlab import Lab
from dnetlab.engines.simulator import Simulator
from dnetlab.model import Line

FOLDER = Path(__file__).resolve().parent.parent / "recordings" / "tools" / "nft"
RECORDINGS = sorted(FOLDER.glob("*.jsonl"))


class Host:
    """A host without Docker, whose tables nobody has touched."""

    def __init__(self) -> None:
        self.engine = Simulator("29.7")

    def answer(self, command: str):
        return self.engine.run(Line(0, command, "client"))

    def out(self, command: str) -> str:
        output = self.answer(command)
        assert (output.exit_code, output.stderr, output.refused) == (0, "", None), command
        return output.stdout


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_nft_answers_as_the_real_one_did(path):
    # Given what nft 1.0.6 answered in a namespace of its own (record.py beside it made it)
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    host, mismatches = Host(), []

    # When the simulator is asked the same
    for row in rows:
        output = host.answer(row["command"])
        got = output.exit_code, output.stdout, output.stderr
        if got != (row["exit_code"], row["stdout"], row["stderr"]):
            mismatches.append((row["command"], got, output.refused))

    # Then it says the same, byte by byte
    assert len(rows) > 20
    assert mismatches == []


def test_what_nft_can_and_the_lab_cannot_is_refused_and_leaves_nothing():
    host = Host()
    host.out("nft add table ip t")

    output = host.answer("nft 'add chain ip t c; add rule ip t c queue num 1'")

    assert output.refused is not None
    assert str(output.refused.reason) == "The lab's nft doesn't do `queue`."
    assert host.out("nft list ruleset") == "table ip t {\n}\n"


def test_only_iptables_writes_in_the_tables_of_iptables_but_nft_may_empty_them():
    # Given a rule of iptables
    host = Host()
    host.out("iptables -A INPUT -p tcp --dport 23 -j DROP")

    # When nft wants to add one there, then it is refused
    output = host.answer("nft add rule ip filter INPUT tcp dport 22 drop")
    assert output.refused is not None
    assert "iptables' own" in str(output.refused.reason)

    # And when it flushes everything, then iptables has nothing left
    host.out("nft flush ruleset")
    assert host.out("iptables -S") == "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"
    assert host.out("nft list ruleset") == ""


def test_a_container_without_net_admin_may_not_look():
    engine = Simulator("29.7")
    engine.run(Line(0, "docker run -d --name shoot nicolaka/netshoot sleep 1d", "docker1"))

    output = engine.run(Line(0, "docker exec shoot nft list ruleset", "docker1"))

    assert output.exit_code == 1
    assert output.stderr.startswith("Operation not permitted (you must be root)\n")


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("TOS --set-tos 0x10", "ip6 dscp set 0x04"),
        ("DSCP --set-dscp 10", "ip dscp set 0x0a"),
        ("CONNMARK --set-mark 5", "ct mark set 0x5"),
        ("CONNMARK --set-xmark 5/0xff", "ct mark set ct mark xor 0x5 and 0xffffff00"),
        ("CONNMARK --set-xmark 4/4", "ct mark set ct mark or 0x4"),
        ("CONNMARK --save-mark", "ct mark set mark"),
        ("CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff", "meta mark set ct mark and 0xff"),
        ("CONNMARK --save-mark --nfmask 0xf --ctmask 0xff", "xt target CONNMARK"),
        ("MARK --set-mark 0", "meta mark set 0x0"),
        ("MARK --or-mark 4", "meta mark set mark or 0x4"),
        ("MARK --set-mark 1/3", "meta mark set mark and 0xfffffffc xor 0x1"),
        ("MARK --and-mark 0xf", "meta mark set mark and 0xf"),
        ("MARK --xor-mark 3", "meta mark set mark xor 0x3"),
        ("TTL --ttl-set 9", "xt target TTL"),
        ("NFLOG --nflog-prefix hi --nflog-group 5", 'log prefix "hi" group 5'),
    ],
)
def test_targets_that_write_something_are_listed_as_nft_translates_them(target: str, shown: str):
    # Given such a rule of iptables (as recorded with iptables 1.8.9 and nft 1.0.6)
    lab = Lab()
    assert lab.run(f"client# iptables -t mangle -A POSTROUTING -j {target}").exit_code == 0

    # When nft lists it, then it says what the real one says, and no jump to a chain that isn't there
    rows = lab.run("client# nft list table ip mangle").stdout.splitlines()
    assert rows[3] == f"\t\tcounter packets 0 bytes 0 {shown}"
