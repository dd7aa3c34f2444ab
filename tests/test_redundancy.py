"""Double redundancy: the simulator's table of who still gets in is that of the real engines, cell for cell."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dnetlab.engines.simulator import Simulator

sys.path.insert(0, str(Path(__file__).resolve().parent / "engines"))
import redundancy  # noqa: E402
import redundancy_nft as nft  # noqa: E402
import redundancy_ways as ways  # noqa: E402


@pytest.mark.parametrize("release", redundancy.RELEASES)
def test_the_simulators_table_is_that_of_the_real_engine(release):
    assert redundancy.table(lambda: Simulator(release)) == redundancy.recorded(release)


def test_either_door_is_enough_and_only_the_process_serves_127_0_0_1():
    table = redundancy.recorded("20.10")

    client = {name: table[name]["client → host:80"] for name in table}
    assert client["nat table flushed"] == client["docker-proxy killed"] == "page"
    assert client["both"] == "refused"
    assert table["docker-proxy killed"]["host → 127.0.0.1"] == "refused"
    assert table["both"]["same network, ping"] == "answer"
    assert table["nat table flushed"]["container → client"] == "silence"


@pytest.mark.parametrize("release", redundancy.RELEASES)
def test_every_way_is_the_simulators_too(release):
    table = {way.name: ways.recorded(release)[way.name] for way in ways.OWN}

    assert ways.tables(lambda: Simulator(release)) == table


def test_what_recordings_of_29_answer_is_the_simulators():
    cells = ways.of_29()
    found = ways.tables(lambda: Simulator("29.7"))
    first = redundancy.table(lambda: Simulator("29.7"), ways.WITH_PROXY)
    found[ways.WAYS[0].name] = {name: ways.renamed(row) for name, row in first.items()}

    assert {cell: found[cell[0]][cell[1]][cell[2]] for cell in cells} == cells


def test_with_nftables_either_door_is_enough_too_as_far_as_recordings_answer():
    found, real = nft.simulated(), nft.recorded()

    assert {cell: found[cell[0]][cell[1]][cell[2]] for cell in real} == real
    assert real[ways.FOUR, "ruleset flushed", "client → host:80"] == "page"
    client = {name: row["client → host:80"] for name, row in found[ways.FOUR].items()}
    assert client["docker-proxy killed"] == "page"
    assert client["both"] == "refused"


def test_without_docker_proxy_a_flushed_nat_table_leaves_no_door_at_all():
    table = ways.recorded("28.5")

    for family in (ways.FOUR, ways.SIX):
        assert table[f"{family}, no docker-proxy"]["nothing broken"]["client → host:80"] == "page"
        assert table[f"{family}, no docker-proxy"]["nat table flushed"]["client → host:80"] == "timeout"


def test_the_page_is_made_from_the_recordings():
    assert redundancy.PAGE.read_text(encoding="utf-8") == redundancy.page()
