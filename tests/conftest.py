"""In CI nothing may be skipped for want of an engine or a browser: DNETLAB_REQUIRE_ENGINES=1 makes such a skip fail."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from dnetlab.sim.dockercli import session
from dnetlab.sim.dockerd import api
from dnetlab.sim.world import World

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")
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


@pytest.fixture(params=["in process", "as JSON"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """For tests of the docker command line: its daemon is called in process, and again as from another machine."""
    if request.param == "as JSON":
        monkeypatch.setattr(session, "reach", through_json)
    return str(request.param)


def through_json(
    operation: Callable[..., Any], world: World, host: str, args: Sequence[Any], options: Mapping[str, Any]
) -> Any:
    """`session.reach`, with what is asked, what is answered and how it is refused gone through text and back."""
    words, named = crossed([list(args), dict(options)])
    try:
        return crossed(api.call(operation, world, host, *words, **named))
    except api.NotModelled as missing:
        what, instead = crossed([missing.message, missing.hint])
        raise api.NotModelled("{what}", "{instead}", what=what, instead=instead) from None
    except api.ApiError as error:
        raise api.ApiError(*crossed([error.message, error.status])) from None


def crossed(value: Any) -> Any:
    """The value as it arrives; it must be the same, so it had no tuple, no number for a key, no object of ours."""
    arrived = json.loads(json.dumps(value, allow_nan=False))
    assert arrived == value
    return arrived
