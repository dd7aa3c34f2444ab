"""Real lab hosts for tests: skipped, with the reason, where this machine can't make them."""

from __future__ import annotations

import pytest

from dnetlab.engines.providers.namespaces import NamespaceHosts, why_not


def pytest_collection_modifyitems(items):
    reason = why_not()
    for item in items:
        if reason and item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def hosts():
    """docker1 and docker2 with the machine's own dockerd, and client; removed after the module."""
    with NamespaceHosts("20.10") as lab:
        yield lab
