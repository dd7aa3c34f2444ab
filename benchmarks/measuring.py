"""A plugin of pytest for benchmarks/mutants.py, in two parts; which one, its environment says.

DNETLAB_MEASURED=FOLDER: note which lines each test executes, in processes that it starts too, and how long it takes.
Before each test all that functools.cache remembers is forgotten, so that the first test is not the only one that
executes what is remembered. What a fixture for several tests executes belongs to all that use it.

DNETLAB_CHOSEN=FILE (JSON: test -> seconds it takes): run those, in that order; end with 77 when one takes ten times as
long, and ten seconds, of the processor; what takes more memory than 6 GiB fails.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import pkgutil
import shutil
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

TOO_SLOW = 77
MEMORY = 6 << 30
HERE = Path(__file__).resolve().parent.parent
CHILD = """
import atexit, os, threading, time
import coverage
cov = coverage.Coverage(
    data_file=os.environ["DNETLAB_MEASURED_AT"], data_suffix=True, config_file=False,
    include=os.environ["DNETLAB_MEASURED_FILES"].split(","), context=os.environ["DNETLAB_MEASURED_TEST"],
)
cov.start()
def save():
    while True:  # a kernel is killed, it has no end at which to save
        time.sleep(1)
        cov.save()
threading.Thread(target=save, daemon=True).start()
atexit.register(cov.save)
"""


class Measuring:
    """Which lines each test executes. A context is a test, '@' and a fixture, or '' for what runs at import."""

    def __init__(self, keep: Path, parts: list[str]) -> None:
        import coverage

        self.keep, self.item = keep, ""
        self.seconds: dict[str, float] = {}
        self.uses: dict[str, list[str]] = defaultdict(list)  # '@fixture' -> the tests that use it
        self.failed: set[str] = set()
        self.caches: list[Any] = []
        self.folder = Path(tempfile.mkdtemp(prefix="dnetlab-measured-"))
        (self.folder / "sitecustomize.py").write_text(CHILD, encoding="utf-8")
        files = [f"{HERE / part}/*" for part in parts]
        self.coverage = coverage.Coverage(data_file=str(self.folder / "data"), include=files, config_file=False)
        os.environ |= {"DNETLAB_MEASURED_AT": str(self.folder / "data"), "DNETLAB_MEASURED_FILES": ",".join(files)}
        os.environ["PYTHONPATH"] = f"{os.environ['PYTHONPATH']}{os.pathsep}{self.folder}"
        self.coverage.start()
        for part in parts:
            package = part.replace("/", ".")
            for module in pkgutil.walk_packages([str(HERE / part)], package + "."):
                importlib.import_module(module.name)
        self.among("between tests")

    def among(self, context: str) -> None:
        self.coverage.switch_context(context)
        os.environ["DNETLAB_MEASURED_TEST"] = context

    def pytest_collection_finish(self) -> None:
        self.caches = [each for each in gc.get_objects() if isinstance(each, functools._lru_cache_wrapper)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        for each in self.caches:
            each.cache_clear()
        self.item = item.nodeid
        for name, definitions in item._fixtureinfo.name2fixturedefs.items():
            if definitions[-1].scope != "function":
                self.uses[f"@{definitions[-1].baseid}::{name}"].append(item.nodeid)
        self.among(item.nodeid)
        begun = time.perf_counter()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = round(time.perf_counter() - begun, 3)
            self.among("between tests")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, Any, Any]:
        if fixturedef.scope != "function":
            self.among(f"@{fixturedef.baseid}::{fixturedef.argname}")
        try:
            return (yield)
        finally:
            self.among(self.item)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        self.coverage.save()
        self.coverage.combine([str(self.folder)], keep=True)
        for test in self.failed:
            self.seconds.pop(test, None)
        found = self.found()
        file = self.keep / "tests.json"
        before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"seconds": {}, "lines": {}}
        for module, by_test in found.items():
            old = before["lines"].setdefault(module, {})
            old |= {
                test: sorted(numbers | (set(old.get(test, ())) if not test else set()))
                for test, numbers in by_test.items()
            }
        before["seconds"] |= self.seconds
        file.write_text(json.dumps(before), encoding="utf-8")
        shutil.rmtree(self.folder, ignore_errors=True)
        print(
            f"measured {len(self.seconds)} tests; failed while measured, and left out: {sorted(self.failed) or 'none'}"
        )

    def found(self) -> dict[str, dict[str, set[int]]]:
        """module -> test, '' for the import -> lines."""
        data, found = self.coverage.get_data(), {}
        for file in data.measured_files():
            by_test: dict[str, set[int]] = defaultdict(set)
            for line, contexts in data.contexts_by_lineno(file).items():
                for context in contexts:
                    for test in self.uses.get(context, [context]):
                        by_test[test].add(line)
            found[str(Path(file).relative_to(HERE))] = {t: by_test[t] for t in by_test if not t or t in self.seconds}
        return found


class Choosing:
    """Run the tests that were chosen, in their order, and end when one takes too long."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = seconds
        self.order = {test: number for number, test in enumerate(seconds)}
        self.until = time.process_time() + 120  # until the first test begins
        threading.Thread(target=self.watch, daemon=True).start()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((each for each in items if each.nodeid in self.order), key=lambda i: self.order[i.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self.until = time.process_time() + 10 + 10 * self.seconds[item.nodeid]
        return (yield)

    def watch(self) -> None:
        """By the processor's clock: on a busy machine a second is short."""
        while time.process_time() < self.until:
            time.sleep(0.2)
        os._exit(TOO_SLOW)


def pytest_configure(config: pytest.Config) -> None:
    if "DNETLAB_CHOSEN" in os.environ and sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        chosen = json.loads(Path(os.environ["DNETLAB_CHOSEN"]).read_text(encoding="utf-8"))
        config.pluginmanager.register(Choosing(chosen))


if "DNETLAB_MEASURED" in os.environ and "DNETLAB_CHOSEN" not in os.environ:
    _measuring = Measuring(Path(os.environ.pop("DNETLAB_MEASURED")), os.environ["DNETLAB_PARTS"].split(","))

    def pytest_plugin_registered(plugin: object, manager: pytest.PytestPluginManager) -> None:
        if plugin is sys.modules[__name__] and not manager.is_registered(_measuring):
            manager.register(_measuring)
