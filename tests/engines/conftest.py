"""Real lab hosts for tests: skipped, with the reason, where this machine can't make them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import pytest

from dnetlab.engines.providers import netns, records
from dnetlab.engines.providers.namespaces import NamespaceHosts, why_not

AT_ONCE = 3  # a lesson mostly waits (a stopped shell takes ten seconds), so that labs of lessons run side by side
Begun = dict[tuple[Any, ...], Future[Any]]


def pytest_collection_modifyitems(items):
    reason = why_not()
    for item in items:
        if reason and item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def nothing_left_behind():
    """What these tests made is gone when they end; labs of others on this machine are their own."""
    before, makers = set(records.known_labs()), {os.getpid()}
    yield makers
    mine = {record.lab for record in records.records() if record.maker in makers} - before
    assert [netns.leftovers(lab) for lab in mine] == []


@pytest.fixture(scope="module")
def hosts():
    """docker1 and docker2 with the machine's own dockerd, and client; removed after the module."""
    with NamespaceHosts("20.10") as lab:
        yield lab


@pytest.fixture(scope="session")
def side_by_side(nothing_left_behind) -> Iterator[ProcessPoolExecutor]:
    """Processes of their own for work that would wait one after the other."""
    pool = ProcessPoolExecutor(AT_ONCE, mp_context=multiprocessing.get_context("spawn"))
    yield pool
    nothing_left_behind.update(child.pid for child in multiprocessing.active_children())
    pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def begin(side_by_side, request) -> Iterator[Callable[..., Begun]]:
    """begin(work, test, first): work(*parameters) for each case of that test of this module that was chosen to run, all
    begun now, those that take longest (`first` names a parameter of theirs) before the others, so that none of them is
    left alone at the end. A test waits for the result of its case, `begun[parameters].result()`."""
    begun: Begun = {}

    def all_cases(work: Callable[..., Any], test: str, first: tuple[str, ...] = ()) -> Begun:
        items = [i for i in request.session.items if i.path == request.path and i.originalname == test]
        cases = [tuple(item.callspec.params.values()) for item in items]
        cases.sort(key=lambda case: min([first.index(word) for word in case if word in first], default=len(first)))
        begun.update({case: side_by_side.submit(work, *case) for case in cases})
        return begun

    yield all_cases
    for future in begun.values():
        future.cancel()
