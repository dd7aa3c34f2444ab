"""No test leaves a journal where it was started; one that wants a journal says where."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_journal_here(monkeypatch):
    monkeypatch.setenv("DNETLAB_JOURNAL", "off")
