"""Double redundancy: the simulator's table of who still gets in is that of the real engines, cell for cell."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dnetlab.engines.simulator import Simulator

sys.path.insert(0, str(Path(__file__).resolve().parent / "engines"))
import redundancy  # noqa: E402


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


def test_the_page_is_made_from_the_recordings():
    assert redundancy.PAGE.read_text(encoding="utf-8") == redundancy.page()
