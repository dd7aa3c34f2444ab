"""Hosts use the same private networks: containers with one address on several hosts are still told apart by classes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dnetlab.explain.reach import Outcome, Relation, pair_by_pair, reach
from dnetlab.lab import Lab
from dnetlab.model import Snapshot, Where

NETS = "\n".join(f"{host}# docker network create n1" for host in ("docker1", "docker2"))


def lab(*runs: str) -> Snapshot:
    """The default lab after `docker run -d` on hosts: 'docker1 --network n1 nginx', …"""
    lines = [f"{host}# docker run -d {rest}" for host, _, rest in (run.partition(" ") for run in runs)]
    made = Lab()
    made.run_cell("\n".join([NETS, *lines]))
    return made.snapshot()


ALIKE = [f"docker{h} --name c{n}-{h} --network n1 nginx" for h in (1, 2) for n in range(4)]
LABS = {
    "alike": ALIKE,
    "one more on docker1": [*ALIKE, "docker1 --name more --network n1 nginx"],
    "another image on docker2": [*ALIKE[:-1], "docker2 --name idle --network n1 busybox sleep 1d"],
    "published": [*ALIKE, "docker1 --name pub1 -p 80:80 nginx", "docker2 --name pub2 -p 80:80 nginx"],
    "on two networks": [*ALIKE, "docker1 --name both nginx", "docker2 --name plain nginx"],
}


@pytest.mark.parametrize("runs", LABS.values(), ids=LABS.keys())
def test_classes_say_what_pairs_say_where_hosts_share_addresses(runs):
    snapshot = lab(*runs)

    found = reach(snapshot)

    assert {pair: found.outcome(*pair) for pair in found_pairs(found)} == pair_by_pair(snapshot)


def found_pairs(found):
    return [(asker, target) for asker in found.askers for target in found.targets]


def test_twins_of_one_kind_are_one_class_and_few_packets_are_sent():
    found = reach(lab(*ALIKE))

    assert len({found.asker_class[where] for where in found.askers}) == 5  # three hosts, and a class on each of two
    assert len(found.askers) == 11


def test_a_container_that_asks_its_twin_is_answered_by_itself():
    snapshot = lab(*ALIKE)
    found = reach(snapshot)
    one, other = (snapshot.hosts[f"docker{h}"].container(f"c0-{h}") for h in (1, 2))
    target = next(t for t in found.targets if t.where == Where("docker2", other.short_id) and t.port is None)
    asker = Where("docker1", one.short_id)

    assert found.relation(asker, target) is Relation.TWIN
    assert found.outcome(asker, target) is Outcome.SOMEBODY_ELSE


def test_twins_that_may_meet_on_a_wire_stand_alone():
    snapshot = lab(*ALIKE)
    host = snapshot.hosts["docker1"]
    bridge = host.network("n1").bridge
    cabled = host.stack.with_interface(replace(host.stack.interface("enp7s0"), master=bridge))
    snapshot = replace(
        snapshot,
        hosts=snapshot.hosts | {"docker1": replace(host, namespaces=host.namespaces | {"host": cabled})},
    )

    found = reach(snapshot)

    assert len({found.asker_class[where] for where in found.askers}) == 11
