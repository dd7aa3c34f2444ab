"""In CI nothing may be skipped for want of an engine or a browser: DNETLAB_REQUIRE_ENGINES=1 makes such a skip fail.

`python -m pytest` alone, which is all tests, runs them in two processes side by side; a run of less stays in one."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from dnetlab.language import speak
from dnetlab.sim.dockercli import session
from dnetlab.sim.dockerd import api
from dnetlab.sim.world import World

settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")
NEED_REAL_PARTS = ("engines", "browser")
LESS = ("keyword", "markexpr", "lf", "stepwise", "stepwise_skip", "usepdb", "trace", "collectonly")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Two processes for all tests, unless `-n` says how many, or an option says that it will be fewer tests."""
    option = config.option
    unnamed = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not hasattr(config, "workerinput")
    everything = unnamed and not any(vars(option).get(name) for name in LESS)
    if everything and getattr(option, "numprocesses", 0) is None:
        option.numprocesses = 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each process takes file by file. What needs a real engine is one piece of work, the longest, so that one process
    begins with it and engines never run beside engines; what needs a browser is one, too, and shares a JupyterLab."""
    from xdist.scheduler import LoadScopeScheduling

    class FileByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return piece_of(nodeid)

    config.option.loadscopereorder = False  # pieces in the order of the collection, not the one of most tests first
    return FileByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        first = {name: place for place, name in enumerate(NEED_REAL_PARTS)}
        items.sort(key=lambda item: first.get(piece_of(item.nodeid), len(first)))


def piece_of(nodeid: str) -> str:
    """What one process runs from beginning to end: a folder that needs real parts, or a file."""
    folders = nodeid.partition("::")[0].split("/")
    return next((part for part in folders if part in NEED_REAL_PARTS), "/".join(folders))


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


@pytest.fixture(params=["in process", "as JSON", "served"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """For tests of the docker command line: its daemon is called in process, again as from another machine, and once
    more through the server."""
    if request.param == "as JSON":
        monkeypatch.setattr(session, "reach", through_json)
    if request.param == "served":
        monkeypatch.setattr(session, "reach", request.getfixturevalue("served_doors").reach)
    return str(request.param)


@pytest.fixture(scope="session")
def served_doors() -> Generator[Any]:
    """Where worlds of tests are served: dnetlab.serve on sockets, while the tests last."""
    from tests.served_transport import opened

    with opened() as doors:
        yield doors


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


class Raises(logging.Handler):
    """A fault that is told is one: the lab goes on with it, a test doesn't."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            raise record.exc_info[1]


@pytest.fixture(autouse=True)
def told_faults() -> Generator[logging.Handler]:
    """Who hears of them. A test that makes one on purpose takes him away from the logger `dnetlab`."""
    heard = Raises()
    logging.getLogger("dnetlab").addHandler(heard)
    yield heard
    logging.getLogger("dnetlab").removeHandler(heard)


@pytest.fixture(autouse=True)
def _nobody_has_said_which_language() -> Generator[None]:
    """A test that speaks another language leaves none to the next."""
    yield
    speak("")
