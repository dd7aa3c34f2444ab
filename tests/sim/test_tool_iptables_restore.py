"""iptables-restore and iptables-legacy, in the words of iptables 1.8.9 (recorded in a network namespace)."""

from __future__ import annotations

import pytest

from dnetlab import Lab

SAVED = """*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:web - [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -m comment --comment "two words" -j web
-A web -j DROP
COMMIT
"""


@pytest.fixture
def lab():
    with Lab() as made:
        yield made


def restore(lab: Lab, text: str, words: str = "") -> object:
    """`iptables-restore WORDS` of that text, on the client."""
    cell = f"client# cat > /root/rules <<'END'\n{text}END\nclient# iptables-restore {words} /root/rules"
    return lab.run_cell(cell, "client").outputs[-1]


def rules(lab: Lab, table: str = "filter") -> list[str]:
    return lab.run(f"client# iptables -t {table} -S").stdout.splitlines()


def test_what_was_saved_comes_back_whole(lab):
    assert restore(lab, SAVED).exit_code == 0

    assert rules(lab) == [
        "-P INPUT ACCEPT", "-P FORWARD ACCEPT", "-P OUTPUT ACCEPT", "-N web",
        "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT", '-A INPUT -m comment --comment "two words" -j web',
        "-A web -j DROP",
    ]  # fmt: skip
    assert lab.run("client# iptables-save | iptables-restore").exit_code == 0
    assert len(rules(lab)) == 7


def test_what_docker_wrote_survives_being_saved_flushed_and_restored(lab):
    lab.run("docker run -d -p 80:80 --name web nginx")
    before = lab.run("docker1# iptables -t nat -S").stdout

    lab.run("docker1# iptables-save > /root/all")
    lab.run("docker1# iptables -t nat -F")
    assert lab.run("docker1# iptables-restore < /root/all").exit_code == 0

    assert lab.run("docker1# iptables -t nat -S").stdout == before
    assert lab.run("client# curl -s http://172.25.254.1").exit_code == 0


def test_tables_that_are_not_named_stay(lab):
    lab.run("client# iptables -t nat -A POSTROUTING -j MASQUERADE")

    restore(lab, "*filter\n:INPUT DROP [5:500]\n-A INPUT -p icmp -j ACCEPT\nCOMMIT\n")

    assert rules(lab)[0] == "-P INPUT DROP"
    assert rules(lab, "nat")[-1] == "-A POSTROUTING -j MASQUERADE"
    assert "policy DROP 0 packets" in lab.run("client# iptables -nvL INPUT").stdout


def test_counters_come_back_on_demand(lab):
    restore(lab, "*filter\n:INPUT ACCEPT [7:700]\n[3:300] -A INPUT -p icmp -j ACCEPT\nCOMMIT\n", "-c")

    listed = lab.run("client# iptables -nvL INPUT").stdout
    assert "policy ACCEPT 7 packets, 700 bytes" in listed
    assert "    3   300 ACCEPT     1    --" in listed


def test_noflush_adds_and_test_changes_nothing(lab):
    restore(lab, SAVED)

    more = "*filter\n:mine - [0:0]\n-A mine -j ACCEPT\n-I INPUT -j mine\nCOMMIT\n"
    assert restore(lab, more, "--noflush").exit_code == 0
    assert rules(lab)[3:6] == ["-N mine", "-N web", "-A INPUT -j mine"]
    before = rules(lab)
    assert restore(lab, "*filter\nCOMMIT\n", "--test").exit_code == 0
    assert rules(lab) == before


@pytest.mark.parametrize(
    ("text", "words", "said", "status"),
    [
        ("*filter\n-A nowhere -j ACCEPT\nCOMMIT\n", "",
         "iptables-restore: line 2 failed: No chain/target/match by that name.", 1),
        ("*filter\n-A INPUT -j nowhere\nCOMMIT\n", "",
         "iptables-restore v1.8.9 (nf_tables): Chain 'nowhere' does not exist\nError occurred at line: 3\n"
         "Try `iptables-restore -h' or 'iptables-restore --help' for more information.", 2),
        ("*filter\n-A INPUT --bad x\nCOMMIT\n", "",
         'iptables-restore v1.8.9 (nf_tables): unknown option "--bad"\nError occurred at line: 2\n'
         "Try `iptables-restore -h' or 'iptables-restore --help' for more information.", 2),
        ("*filter\n-A INPUT -j ACCEPT\n", "", "iptables-restore: COMMIT expected at line 3", 1),
        ("-A INPUT -j ACCEPT\nCOMMIT\n", "", "iptables-restore: line 1 failed", 1),
        ("*foo\nCOMMIT\n", "",
         "iptables-restore v1.8.9 (nf_tables): iptables-restore: line 1 table name 'foo' invalid\n"
         "Error occurred at line: 1\n"
         "Try `iptables-restore -h' or 'iptables-restore --help' for more information.", 2),
        ("*filter\n:INPUT FOO [0:0]\nCOMMIT\n", "",
         "iptables-restore: line 2 failed: Bad policy name.", 1),
        ("*filter\nhello\nCOMMIT\n", "",
         "Bad argument `hello'\nError occurred at line: 2\n"
         "Try `iptables-restore -h' or 'iptables-restore --help' for more information.", 2),
        ("*filter\n-t nat -A POSTROUTING -j MASQUERADE\nCOMMIT\n", "",
         "iptables-restore v1.8.9 (nf_tables): The -t option cannot be used in iptables-restore.\n\n"
         "Error occurred at line: 2\n"
         "Try `iptables-restore -h' or 'iptables-restore --help' for more information.", 2),
        ("", "/root/nofile", "Can't open /root/nofile: No such file or directory", 1),
    ],
)  # fmt: skip
def test_a_text_that_is_wrong_is_answered_as_by_the_real_one_and_changes_nothing(lab, text, words, said, status):
    lab.run("client# iptables -A INPUT -p udp -j DROP")

    output = restore(lab, text, words)

    assert (output.stderr, output.exit_code) == (f"{said}\n", status)
    assert rules(lab)[3:] == ["-A INPUT -p udp -j DROP"]


def test_the_tables_of_iptables_legacy_are_another_firewall_and_empty(lab):
    lab.run("client# iptables -A INPUT -p udp -j DROP")

    assert lab.run("client# iptables-legacy -S").stdout == "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"
    assert lab.run("client# iptables-legacy -V").stdout == "iptables v1.8.9 (legacy)\n"
    assert lab.run("client# iptables-nft -S INPUT").stdout.endswith("-A INPUT -p udp -j DROP\n")
    refused = lab.run("client# iptables-legacy -A INPUT -j DROP").refused
    assert "iptables-legacy, is not modelled" in str(refused.reason)
