"""`ip monitor` beside the lines of a cell: what the kernel says of each change, in real iproute2's words and order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dnetlab import Lab

FOLDER = Path(__file__).resolve().parent.parent / "recordings" / "tools" / "ip_monitor"
FOREVER = "       valid_lft forever preferred_lft forever"
SHAPES = (  # what no two runs have in common, and what the recording machine has: network cards that are veths
    (r"fe80::(?!/)[0-9a-f:]+", "fe80::EUI"), (r"(?!ff:ff|00:00|02:00)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "MAC"),
    (r"netnsid \d+", "netnsid N"), (r"new-ifindex \d+", "new-ifindex N"),
    (r"(?m)^(\[\w+\](?:Deleted )?)\d+: ", r"\1N: "), (r"eth0@if\d+", "eth0"), (r"@if\d+", "@ifN"),
    (r"(eth0: .*) qdisc \w+(.*\n.*?)(?: link-netnsid N)?$", r"\1 qdisc Q\2"),
    (r"state (?:LOWERLAYER)?DOWN", "state DOWN"), (r"(?m) +$", ""),
)  # fmt: skip


def news(text: str) -> list[str]:
    """What was said, one thing each, without what no two runs have in common."""
    said = re.split(r"\n(?=\[[A-Z]+\])", text.rstrip("\n"))
    names: dict[str, str] = {}
    kept = set(re.findall(r"(veth[0-9a-f]{7})@.* master", text))  # others are the inner ends, for a moment
    found = []
    for one in said:
        veth = re.search(r"veth[0-9a-f]{7}", one)
        if veth and veth[0] not in kept:
            continue
        for pattern, shape in SHAPES:
            one = re.sub(pattern, shape, one)
        one = re.sub(r"veth[0-9a-f]{7}|br-[0-9a-f]{12}", lambda m: names.setdefault(m[0], f"L{len(names)}"), one)
        found.append(one)
    return found


def device(one: str) -> str:
    found = re.search(r"N: ([\w-]+)|dev ([\w-]+)|inet6? ([\w-]+)", one)
    return next(name for name in found.groups() if name) if found else ""


def stands_in(said: list[str], real: list[str]) -> list[str]:
    """What of `said` is not among `real` in that order."""
    at, missing = 0, []
    for one in said:
        if one in real[at:]:
            at = real.index(one, at) + 1
        else:
            missing.append(one)
    return missing


@pytest.mark.parametrize("release", ["20.10", "28.5"])
@pytest.mark.parametrize(("cell", "count"), [("hand", 190), ("docker", 70)])
def test_all_that_is_said_a_real_kernel_said_of_the_same_lines_link_by_link_in_this_order(release, cell, count):
    # Given links, addresses, routes, neighbours and rules by hand; then networks and containers by docker
    # When `ip monitor all` listens beside them
    said = news(Lab(docker=release).run_cell((FOLDER / f"{cell}.cell").read_text()).outputs[0].stdout)

    # Then each link's news are among those of the real one, in order: that says more, of moments between
    real = news((FOLDER / release / f"{cell}.out").read_text())
    assert len(said) == count
    for link in dict.fromkeys(map(device, said)):
        mine, theirs = ([one for one in some if device(one) == link] for some in (said, real))
        assert stands_in(mine, theirs) == []


@pytest.mark.parametrize("what", ["ROUTE", "ADDR", "RULE", "NETCONF"])
def test_of_routes_addresses_and_rules_nothing_is_left_out(what):
    real, said = (
        [one for one in news(text) if one.startswith(f"[{what}]")]
        for text in ((FOLDER / "28.5" / "hand.out").read_text(),
                     Lab(docker="28.5").run_cell((FOLDER / "hand.cell").read_text()).outputs[0].stdout)
    )  # fmt: skip
    more = list(real)
    for one in said:
        more.remove(one)

    # but that an IPv6 address is asked about first, and a multicast route when all addresses were flushed
    assert more == {
        "ADDR": [f"[ADDR]N: v1    inet6 fd00:5::1/64 scope global tentative\n{FOREVER}"],
        "ROUTE": ["[ROUTE]Deleted multicast ff00::/8 dev br0 table local proto kernel metric 256 linkdown pref medium"],
    }.get(what, [])  # fmt: skip


def heard(line: str, *lines: str) -> str:
    return Lab().run_cell("\n".join([f"{line} &", *lines])).outputs[0].stdout


def test_one_object_has_no_labels_and_several_may_be_named():
    # as `ip monitor address route` of iproute2 6.1.0 in a namespace with an eth0 that is up
    assert heard("ip monitor address route", "ip addr add 10.8.0.1/24 dev eth0", "ip link set eth0 promisc on") == (
        "2: eth0    inet 10.8.0.1/24 scope global eth0\n"
        "       valid_lft forever preferred_lft forever\n"
        "local 10.8.0.1 dev eth0 table local proto kernel scope host src 10.8.0.1 \n"
        "10.8.0.0/24 dev eth0 proto kernel scope link src 10.8.0.1 \n"
        "broadcast 10.8.0.255 dev eth0 table local proto kernel scope link src 10.8.0.1 \n"
    )


def test_dev_leaves_the_others_out_and_its_own_name_from_routes():
    assert heard("ip monitor dev eth0", "ip addr add 10.8.0.1/32 dev eth0", "ip link add d0 type dummy") == (
        "2: eth0    inet 10.8.0.1/32 scope global eth0\n"
        "       valid_lft forever preferred_lft forever\n"
        "local 10.8.0.1 table local proto kernel scope host src 10.8.0.1 \n"
    )


def test_on_one_line_with_the_time_and_of_one_family():
    lines = "ip addr add 10.8.0.1/32 dev eth0", "ip -6 addr add fd00:8::1/128 dev eth0 nodad"
    assert re.sub(r"\d\d:\d\d:\d\d\.\d{6}", "TIME", heard("ip -o -ts -4 monitor addr", *lines)) == (
        f"[2026-11-23TTIME] 2: eth0    inet 10.8.0.1/32 scope global eth0\\{FOREVER}\n"
    )
    assert re.sub(r"\d\d:\d\d:\d\d|\d{6} usec", "N", heard("ip -t -6 monitor route", *lines)).splitlines()[0] == (
        "Timestamp: Mon Nov 23 N 2026 N"
    )


def test_a_packet_finds_a_neighbour():
    said = heard("ip monitor neigh", "ping -c 1 172.25.254.2", "ping -c 1 -W 1 172.25.254.77")
    assert re.sub(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "MAC", said) == (
        "172.25.254.2 dev eth0 lladdr MAC REACHABLE \n172.25.254.77 dev eth0 FAILED \n"
    )


def test_it_listens_in_the_namespace_it_was_started_in():
    lab = Lab()
    lab.run("ip netns add box")
    said = lab.run_cell("ip -n box monitor link &\nip link add d0 type dummy\nip -n box link set lo up").outputs[0]
    assert said.stdout == (
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default \n"
        "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
    )


def test_a_pipe_behind_it_and_its_end_by_kill_and_by_timeout():
    assert heard("ip monitor link | grep -o d0", "ip link add d0 type dummy") == "d0\n"
    assert heard("ip monitor rule", "kill $!", "ip rule add from 10.0.0.0/8 table 9") == ""
    assert heard("timeout 2 ip monitor rule", "sleep 3", "ip rule add from 10.0.0.0/8 table 9") == ""


def test_in_the_foreground_nothing_can_come_and_it_says_what_to_write():
    quiet = Lab().run("ip monitor link")
    assert (quiet.stdout, quiet.exit_code) == ("^C\n", 130)
    assert quiet.stderr.startswith("dnetlab: nothing can come while this line waits")
    assert Lab().run("timeout 2 ip monitor").stderr == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [  # iproute2 6.1.0
        ("foo", 'Argument "foo" is unknown, try "ip monitor help".\n'),
        ("link s", 'Argument "s" is unknown, try "ip monitor help".\n'),
        ("dev", 'Command line is not complete. Try option "help"\n'),
        ("dev nothere", 'Error: argument "nothere" is wrong: Device does not exist\n\n'),
    ],
)
def test_words_that_it_does_not_know(words, said):
    output = Lab().run(f"ip monitor {words}")
    assert (output.stderr, output.exit_code) == (said, 255)


def test_what_is_not_modelled_is_refused():
    lines = "ip monitor nsid", "ip -br monitor", "ip monitor file x"
    refused = [Lab().run(line).refused for line in lines]
    assert [one and one.reason for one in refused] == [
        "`ip monitor nsid` is not modelled.",
        "`ip monitor` with -br, -d, -s or -c is not modelled.",
        "`ip monitor file` is not modelled.",
    ]
