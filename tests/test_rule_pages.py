"""moby documents the rules of nine situations, eight of them with nftables too: the simulator writes them, in order."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dnetlab.engines.simulator import Simulator

sys.path.insert(0, str(Path(__file__).resolve().parent / "engines"))
import rule_pages  # noqa: E402

# The pages are moby's and stay there: DNETLAB_MOBY names a git directory of github.com/moby/moby that has the tag.
TAG = "docker-v29.7.2"
GENERATED = "integration/network/bridge/iptablesdoc/generated"
NFT_GENERATED = "integration/network/bridge/nftablesdoc/generated"
MOBY = os.environ.get("DNETLAB_MOBY")
RECORDED = [(release, page) for release in ("20.10", "26.1", "28.5") for page in rule_pages.pages(release)]


@pytest.mark.skipif(MOBY is None, reason="DNETLAB_MOBY names no git directory of moby with the tag docker-v29.7.2")
@pytest.mark.parametrize("page", rule_pages.PAGES)
def test_the_simulator_of_29_writes_the_rules_of_mobys_page(page):
    # Given moby's page of a situation
    show = ["git", "-C", str(MOBY), "show", f"{TAG}:{GENERATED}/{page}.md"]
    text = subprocess.run(show, capture_output=True, text=True, check=True).stdout

    # When the simulator is brought into it
    with closing(Simulator("29.7")) as engine:
        found = rule_pages.rules(engine, page)

    # Then each listing of the page is what the simulator lists
    listings = rule_pages.facts(text)
    assert len(listings) >= 2
    for table, listing in listings:
        assert rule_pages.of_page(found, table, listing) == listing, table


@pytest.mark.skipif(MOBY is None, reason="DNETLAB_MOBY names no git directory of moby with the tag docker-v29.7.2")
@pytest.mark.parametrize("page", rule_pages.NFT_PAGES)
def test_the_simulator_of_29_writes_the_nftables_of_mobys_page(page):
    # Given moby's page of a situation with the nftables backend
    show = ["git", "-C", str(MOBY), "show", f"{TAG}:{NFT_GENERATED}/{page}.md"]
    text = subprocess.run(show, capture_output=True, text=True, check=True).stdout

    # When the simulator is brought into it
    with closing(Simulator("29.7")) as engine:
        found = rule_pages.nft_table(engine, page)

    # Then it has the page's table
    assert rule_pages.nft_fact(text) == found


@pytest.mark.parametrize(("release", "page"), RECORDED)
def test_the_simulator_writes_the_rules_that_a_real_engine_wrote(release, page):
    with closing(Simulator(release)) as engine:
        found = rule_pages.rules(engine, page)

    # the kernel of the machine that was asked has no IPVS
    assert rule_pages.without_mesh(found) == rule_pages.recorded(release)[page]
