"""`nft monitor trace` against a real one, line by line: what packets of both families meet, rule by rule."""

from __future__ import annotations

import re
from pathlib import Path

from dnetlab import Lab

FOLDER = Path(__file__).resolve().parent.parent / "recordings" / "tools" / "nft"
SHAPES = (  # what no two runs have in common
    (r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "MAC"), (r"\b(ip|icmp) id \d+", r"\1 id N"), (r"flowlabel \d+", "flowlabel N"),
    (r"parameter-problem \d+", "parameter-problem N"), (r"(@th,64,\d+) 0x[0-9a-f]+", r"\1 BYTES"),
    (r"port (3[2-9]|[45]\d|6[0-5])\d{3}\b", "port N"),
)  # fmt: skip


def shaped(text: str) -> list[str]:
    """The lines with packets numbered in the order they came, and without what is another in each run."""
    numbers: dict[str, int] = {}
    rows = []
    for row in text.splitlines():
        for pattern, shape in SHAPES:
            row = re.sub(pattern, shape, row)
        rows.append(re.sub(r"trace id ([0-9a-f]{8})", lambda m: f"#{numbers.setdefault(m[1], len(numbers))}", row))
    return rows


def test_what_a_real_nft_told_of_the_same_packets():
    # Given rules of nft and of iptables on a router, and packets through it, to it, from it, and within it
    cell = (FOLDER / "trace.cell").read_text(encoding="utf-8")

    # When nft listens beside them
    told = Lab().run_cell(cell).outputs[-1].stdout

    # Then it tells of 22 packets what nft 1.0.6 told
    real = shaped((FOLDER / "trace.out").read_text(encoding="utf-8"))
    assert len(real) == 146
    assert real[-1].startswith("#21 inet tr in rule meta l4proto vmap")
    assert shaped(told) == real


def test_it_tells_which_rule_of_docker_dropped_a_packet_and_is_told_with_its_line():
    lab = Lab(docker="29.7")
    lab.run("docker run -d --name web nginx")
    lab.run("client# ip route add 172.17.0.0/16 via 172.25.254.1")
    lab.run("nft 'add table ip mine; add chain ip mine first { type filter hook prerouting priority -400; }'")
    lab.run("nft add rule ip mine first tcp dport 80 meta nftrace set 1")

    listener, asked = lab.run_cell("nft monitor trace &\nclient# curl -s -m 0.5 172.17.0.2").outputs

    assert asked.exit_code == 28
    assert shaped(listener.stdout)[-1] == (
        '#0 ip raw PREROUTING rule iifname != "docker0" ip daddr 172.17.0.2 counter packets 0 bytes 0 drop '
        "(verdict drop)"
    )


def test_alone_it_waits_for_nothing_and_other_events_are_refused():
    lab = Lab()

    bounded, alone, others, options = (
        lab.run(line)
        for line in ("timeout 3 nft monitor trace", "nft monitor trace", "nft monitor", "nft -a monitor trace")
    )

    assert (bounded.stdout, bounded.exit_code) == ("", 124)
    assert "nothing can come while this line waits" in alone.stderr
    assert str(others.refused.reason) == "The lab's nft doesn't do `nft monitor`."
    assert str(options.refused.reason) == "The lab's `nft monitor trace` has no options."


def test_a_packet_that_iptables_marked_with_trace_is_told_of_as_well():
    # Given TRACE for pings, a mark, and a chain of one's own, as on a real host with iptables 1.8.9 and nft 1.0.6
    lab = Lab()
    for rule in ("-t raw -A PREROUTING -p icmp -j TRACE", "-t mangle -A PREROUTING -p icmp -j MARK --set-mark 7",
                 "-N foo", "-A INPUT -p icmp -j foo", "-A foo -j RETURN"):  # fmt: skip
        lab.run(f"client# iptables {rule}")

    # When somebody pings while nft listens
    cell = "client# nft monitor trace &\ndocker1# ping -c 1 -W 1 172.25.254.38"
    told = shaped(lab.run_cell(cell).outputs[0].stdout)

    # Then it tells what the real one told
    rows = [row.partition(" packet: ")[0] if " packet: " in row else row for row in told]
    assert rows == [
        "#0 ip raw PREROUTING",
        "#0 ip raw PREROUTING rule meta l4proto icmp counter packets 0 bytes 0 meta nftrace set 1 (verdict continue)",
        "#0 ip raw PREROUTING policy accept ",
        "#0 ip mangle PREROUTING",
        "#0 ip mangle PREROUTING rule meta l4proto icmp counter packets 0 bytes 0 meta mark set 0x7 "
        "(verdict continue)",
        "#0 ip mangle PREROUTING policy accept meta mark 0x00000007 ",
        "#0 ip filter INPUT",
        "#0 ip filter INPUT rule meta l4proto icmp counter packets 0 bytes 0 jump foo (verdict jump foo)",
        "#0 ip filter foo rule counter packets 0 bytes 0 return (verdict return)",
        "#0 ip filter INPUT policy accept meta mark 0x00000007 ",
    ]
