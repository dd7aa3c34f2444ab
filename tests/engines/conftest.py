"""Real lab hosts for tests: skipped, with the reason, where this machine can't make them."""

from __future__ import annotations

import os

import pytest

from dnetlab.engines.providers import netns, records
from dnetlab.engines.providers.namespaces import NamespaceHosts, why_not


def pytest_collection_modifyitems(items):
    reason = why_not()
    for item in items:
        if reason and item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def nothing_left_behind():
    """What these tests made is gone when they end; labs of others on this machine are their own."""
    before = set(records.known_labs())
    yield
    mine = {record.lab for record in records.records() if record.maker == os.getpid()} - before
    assert [netns.leftovers(lab) for lab in mine] == []


@pytest.fixture(scope="module")
def hosts():
    """docker1 and docker2 with the machine's own dockerd, and client; removed after the module."""
    with NamespaceHosts("20.10") as lab:
        yield lab
