"""A plugin of pytest for benchmarks/mutants.py: many faults in one session, as a start costs more than most tests.

DNETLAB_TRIED=FILE (a JSON line for each fault: module, source, tests -> seconds they take): all tests are collected
once. For each fault the session is copied (fork); in the copy the functions of the module get the code of the faulty
source, what was remembered is forgotten, and the tests run in their order until one fails. The faulty source also
stands in the file meanwhile, for processes that tests start. FILE.found gets a JSON line for each: the test that
failed, 'too slow', '' when all passed, or None when that could not be: a fault outside functions must be imported.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import resource
import signal
import threading
import time
import traceback
import types
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent.parent
MEMORY, TOO_SLOW = 6 << 30, 77
Code = types.CodeType


def inside(code: Code) -> Iterator[Code]:
    """All code in a code, itself included."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, Code):
            yield from inside(constant)


def by_place(codes: Iterator[Code]) -> dict[tuple[str, int], list[Code]]:
    """(qualified name, first line) -> the codes there, in the order of the source."""
    found: dict[tuple[str, int], list[Code]] = defaultdict(list)
    for code in codes:
        found[code.co_qualname, code.co_firstlineno].append(code)
    return found


def is_only_inside_functions(before: Code, after: Code) -> bool:
    """Is all that is executed at import the same, in the module and in the bodies of its classes?"""
    one, two = list(inside(before)), list(inside(after))
    if [code.co_qualname for code in one] != [code.co_qualname for code in two]:
        return False
    at_import = [(a, b) for a, b in zip(one, two, strict=True) if not a.co_flags & 0x02]  # CO_NEWLOCALS: functions
    return all(
        a.co_code == b.co_code and a.co_names == b.co_names
        and [c for c in a.co_consts if not isinstance(c, Code)] == [c for c in b.co_consts if not isinstance(c, Code)]
        for a, b in at_import
    )  # fmt: skip


def put_in(functions: list[types.FunctionType], file: Path, before: str, after: str) -> bool:
    """Give those of the functions that are a module's the code of its faulty source; False when it is not possible."""
    old, new = (compile(text, str(file), "exec", dont_inherit=True) for text in (before, after))
    if not is_only_inside_functions(old, new):
        return False
    places = by_place(inside(new))
    changed = {place: codes for place, codes in by_place(inside(old)).items() if codes != places[place]}
    done = 0
    for function in functions:
        place = function.__code__.co_qualname, function.__code__.co_firstlineno
        if function.__code__.co_filename == str(file) and place in changed:
            if len(changed[place]) > 1:
                return False  # two lambdas on a line: which is which?
            function.__code__ = places[place][0]
            done += 1
    return done > 0


class Trying:
    def __init__(self, asked: Path) -> None:
        self.jobs = [json.loads(row) for row in asked.read_text(encoding="utf-8").splitlines()]
        self.found = Path(f"{asked}.found")
        self.failed = ""
        self.until = 0.0  # of this process's processor time, when a test has taken too long
        self.functions: list[types.FunctionType] = []
        self.caches: list[Any] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.functions = [each for each in gc.get_objects() if isinstance(each, types.FunctionType)]
        self.caches = [each for each in gc.get_objects() if isinstance(each, functools._lru_cache_wrapper)]
        gc.freeze()  # what stands here is shared with every copy
        for job in self.jobs:
            file = HERE / job["module"]
            before = file.read_text(encoding="utf-8")
            file.write_text(job["source"], encoding="utf-8")
            try:
                noticed = self.in_a_copy(session, file, before, job)
            finally:
                file.write_text(before, encoding="utf-8")
            with self.found.open("a", encoding="utf-8") as found:
                found.write(json.dumps({"number": job["number"], "noticed": noticed}) + "\n")
        return True

    def in_a_copy(self, session: pytest.Session, file: Path, before: str, job: dict[str, Any]) -> str | None:
        """What a copy of this process says; it ends when it has not after the time that the tests may take at most."""
        coming, going = os.pipe()
        child = os.fork()
        if child == 0:
            os.setsid()
            os.close(coming)
            try:
                os.write(going, json.dumps(self.tried(session, file, before, job)).encode())
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(going)
        longest = time.monotonic() + 60 + 11 * sum(10 + seconds for seconds in job["tests"].values())
        is_slow = False
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > longest:
                os.killpg(child, signal.SIGKILL)
                is_slow = True
            time.sleep(0.05)
        with os.fdopen(coming, "rb") as pipe:
            said = pipe.read()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # what its tests left running
        if is_slow or os.waitstatus_to_exitcode(ended[1]) == TOO_SLOW:
            return "too slow"
        answer: str | None = json.loads(said) if said else None
        return answer

    def watch(self) -> None:
        """By the processor's clock: on a busy machine a second is short."""
        while time.process_time() < self.until:
            time.sleep(0.2)
        os._exit(TOO_SLOW)

    def tried(self, session: pytest.Session, file: Path, before: str, job: dict[str, Any]) -> str | None:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        if not put_in(self.functions, file, before, job["source"]):
            return None
        for each in self.caches:
            each.cache_clear()
        self.until = time.process_time() + 60
        threading.Thread(target=self.watch, daemon=True).start()
        by_name = {item.nodeid: item for item in session.items}
        chosen = [by_name[test] for test in job["tests"] if test in by_name]
        for item, after in zip(chosen, [*chosen[1:], None], strict=True):
            self.until = time.process_time() + 10 + 10 * job["tests"][item.nodeid]
            item.ihook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.failed:
                return self.failed
        return ""


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Trying(Path(os.environ["DNETLAB_TRIED"])))
