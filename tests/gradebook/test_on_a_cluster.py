"""On a Dask cluster a class comes to the same bytes, also when a worker is killed half way."""

from __future__ import annotations

import os
import signal

import pytest

distributed = pytest.importorskip("distributed", reason="distributed is not installed")

from dnetlab.errors import DnetError  # noqa: E402
from dnetlab.gradebook.cluster import connected, ship  # noqa: E402
from dnetlab.gradebook.grade import Order, grade, write_books  # noqa: E402
from tests.gradebook.classes import LESSON, graded, lay, work, zipped  # noqa: E402

BOOKS = ("gradebook.csv", "findings.csv", "class.json", "alike.json", "overview.html")


def test_a_cluster_whose_worker_is_killed_half_way_comes_to_the_same_bytes(tmp_path):
    # given a class in folders and one in an archive, graded here
    students = [f"s{n:02}" for n in range(10)]
    root = lay(tmp_path / "submitted", {f"{one}/{LESSON}/a.journal": work(one, tmp_path / "made") for one in students})
    lay(root, {f"bad/{LESSON}/a.journal": b"nothing", f"zip/{LESSON}/a.zip": zipped({"a.journal": b"{", "../x": "x"})})
    graded(tmp_path / "here", root)

    # when it is graded on a cluster of two processes, one of which is killed once a few are done
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        workers = [nanny.pid for nanny in cluster.workers.values()]
        killed = []

        def progress(done: int, of: int) -> None:
            if done >= 3 and not killed:
                killed.append(workers[0])
                os.kill(workers[0], signal.SIGKILL)

        order = Order((root,), tmp_path / "there", jobs=2)
        with connected(cluster.scheduler_address) as executor:
            made, results = grade(order, progress, executor, ship)
        write_books(made, results, order, "en")
        results.close()

    # then every file has the same bytes
    assert (made.judged, len(killed)) == (12, 1)
    for name in BOOKS:
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_a_cluster_that_is_not_there_is_a_sentence():
    with pytest.raises(DnetError, match="no Dask scheduler answers"), connected("tcp://127.0.0.1:9", 0.3):
        pass
