"""In CI nothing may be skipped for want of an engine or a browser: DNETLAB_REQUIRE_ENGINES=1 makes such a skip fail."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

NEED_REAL_PARTS = ("engines", "browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    wanted = os.environ.get("DNETLAB_REQUIRE_ENGINES") == "1"
    folder = Path(item.path).parent.name
    if wanted and report.skipped and folder in NEED_REAL_PARTS and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"must run here, but was skipped: {reason}"
    return report
