"""What a command changed, and nothing that moves by itself."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest

from dnetlab.model import Neighbour, Snapshot
from dnetlab.notebook.display import changes_html
from dnetlab.views.difference import Change, Difference, difference

from . import labs


def test_a_lab_compared_with_itself_has_no_changes_and_a_frame_with_the_same_columns():
    nothing = difference(labs.full(), labs.full())
    assert not nothing
    assert nothing.text == ""
    assert nothing.summary == "nothing changed"
    assert list(nothing.frame) == ["what", "where", "change", "key", "before", "after"]
    assert set(nothing.frame.dtypes.astype(str)) == {"string"}


def test_starting_a_published_container_is_told_link_by_link_and_rule_by_rule():
    assert (
        difference(labs.quiet(), labs.published()).text
        == """\
containers
  + docker1: web1  nginx, running, bridge 172.17.0.2, 0.0.0.0:8080->80/tcp
links
  + docker1: veth1a2b3c4  veth, 06:00:00:00:00:05, up, port of docker0, peer if5 in web1
  + docker1/web1: eth0  veth, 02:42:ac:11:00:05, up, peer if6 in docker1
addresses
  + docker1/web1: 172.17.0.2/16 dev eth0
routes
  + docker1/web1: 172.17.0.0/16 dev eth0 proto kernel scope link src 172.17.0.2
rules
  + docker1: nat PREROUTING 1  -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
sockets
  + docker1: tcp LISTEN 0.0.0.0:8080 (docker-proxy)
  + docker1/web1: tcp LISTEN 0.0.0.0:80 (nginx)
processes
  + docker1: 77  /usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 \
-container-port 80
  + docker1/web1: 88  nginx"""
    )


def test_taking_it_away_again_is_the_same_with_minus():
    forth = difference(labs.quiet(), labs.full())
    back = difference(labs.full(), labs.quiet())
    assert sorted((c.what, c.where, c.key) for c in forth.changes) == sorted(
        (c.what, c.where, c.key) for c in back.changes
    )
    assert {c.change for c in forth.changes} == {"+"}
    assert {c.change for c in back.changes} == {"-"}


def test_a_link_set_down_is_one_changed_field():
    before = labs.quiet()
    host = before.hosts["docker1"]
    down = replace(host.stack.interface("eth0"), up=False)
    after = with_stack(before, host.stack.with_interface(down))
    (change,) = difference(before, after).changes
    assert (change.what, change.change, change.key, change.before, change.after) == ("links", "~", "eth0", "up", "down")


def test_counters_and_the_clock_are_no_changes():
    before = labs.published()
    stack = before.hosts["docker1"].stack
    table = stack.netfilter.table("nat")
    chain = table.chain("PREROUTING")
    counted = replace(chain, packets=9, rules=tuple(replace(r, packets=3, bytes=180) for r in chain.rules))
    after = with_stack(before, replace(stack, netfilter=stack.netfilter.with_chain("nat", counted)))
    assert not difference(before, replace(after, clock=99.0))


def test_neighbours_are_compared_only_when_asked_for():
    before = labs.quiet()
    stack = before.hosts["docker1"].stack
    entry = Neighbour(labs.IPv4Address("172.17.0.2"), "docker0", "02:42:ac:11:00:02")
    after = with_stack(before, replace(stack, neighbours=(entry,)))
    assert not difference(before, after)
    assert (
        difference(before, after, neighbours=True).text
        == """\
neighbours
  + docker1: 172.17.0.2 dev docker0  02:42:ac:11:00:02, REACHABLE"""
    )


def test_the_daemon_stopping_is_a_change():
    before = labs.quiet()
    after = replace(before, hosts=before.hosts | {"docker1": replace(before.hosts["docker1"], docker_running=False)})
    assert difference(before, after).text == "docker\n  ~ docker1: dockerd  running → stopped"


def test_what_is_the_same_in_two_snapshots_is_not_looked_at():
    base = labs.quiet()
    host = base.hosts["docker1"]
    many = {f"{n:012x}": labs.space("a") for n in range(500)}
    containers = tuple(replace(labs.container("a", f"c{n}"), id=f"{n:064x}", namespace=f"{n:012x}") for n in range(500))
    before = replace(base, hosts={"docker1": replace(host, namespaces=host.namespaces | many, containers=containers)})
    stack = before.hosts["docker1"].stack
    after = with_stack(before, replace(stack, sysctls={"net.ipv4.ip_forward": "0"}))
    calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        found = difference(before, after)
    finally:
        sys.setprofile(None)
    assert calls < 10 * len(many)
    assert found.text == "sysctls\n  ~ docker1: net.ipv4.ip_forward  1 → 0"


def with_stack(lab: Snapshot, stack) -> Snapshot:
    host = lab.hosts["docker1"]
    return replace(lab, hosts=lab.hosts | {"docker1": replace(host, namespaces=host.namespaces | {"host": stack})})


def test_a_line_is_cut_at_180_characters_and_says_so():
    lines = [Change("volumes", "docker1", "+", "v" * size).text for size in (10, 500)]

    assert lines[0].endswith("v" * 10) and len(lines[0]) < 180
    assert (len(lines[1]), lines[1][-2:]) == (180, "v…")


@pytest.mark.parametrize(("number", "rows", "more"), [(60, 60, False), (61, 60, True)])
def test_a_cell_shows_sixty_changes_of_a_kind_and_says_how_many_more(number, rows, more):
    made = Difference(tuple(Change("volumes", "docker1", "+", f"v{n}", after="local") for n in range(number)))

    shown = changes_html(made)

    assert len(re.findall(r"\bv\d+\b", shown)) == rows
    assert ("… and 1 more" in shown) == more
