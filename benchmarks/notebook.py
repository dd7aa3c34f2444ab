"""python benchmarks/notebook.py [LESSON…]: how long somebody waits in a notebook, from a kernel that is ready.

The first commands, table and picture of a new kernel, and each cell of each lesson. Each figure is the wait as the
notebook sees it, and the kernel's processor time, which other work on the machine does not lengthen (much).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parent.parent
Wait = tuple[float, float]  # seconds: on the clock, of the kernel's processor


@contextmanager
def kernel() -> Iterator[Any]:
    """A new kernel that is ready, with the extension loaded, as `dnetlab lab` and Binder start it."""
    manager = KernelManager(kernel_name="python3")
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"DNETLAB_JOURNAL": home, "IPYTHONDIR": home, "PYTHONPATH": str(ROOT)}
        loaded = ['--IPKernelApp.exec_lines=["%load_ext dnetlab"]']
        manager.start_kernel(cwd=home, env=environment, stderr=subprocess.DEVNULL, extra_arguments=loaded)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=120)
            yield client
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def processor(client: Any) -> float:
    asked = client.execute("import time as _t", user_expressions={"used": "_t.process_time()"}, store_history=False)
    while True:
        reply = client.get_shell_msg(timeout=120)
        if reply["parent_header"]["msg_id"] == asked:
            return float(reply["content"]["user_expressions"]["used"]["data"]["text/plain"])


def wait(client: Any, cell: str) -> Wait:
    before, start = processor(client), time.perf_counter()
    client.execute_interactive(cell, timeout=300, output_hook=lambda message: None, allow_stdin=False)
    return time.perf_counter() - start, processor(client) - before


def first(cell: str, rounds: int = 3) -> Wait:
    """Medians of a cell that is the first one of its kernel."""
    waits = []
    for _ in range(rounds):
        with kernel() as client:
            waits.append(wait(client, cell))
    return statistics.median(w[0] for w in waits), statistics.median(w[1] for w in waits)


def cells(notebook: Path) -> list[Wait]:
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in found if cell["cell_type"] == "code"]
    with kernel() as client:
        return [wait(client, text) for text in texts]


def row(name: str, waited: Wait) -> None:
    print(f"{name:<62} {waited[0] * 1e3:6.0f} ms  ({waited[1] * 1e3:.0f} ms of processor)", flush=True)


def main(*wanted: str) -> None:
    row("the first cell of commands: docker run", first("%%dnet\ndocker run -d nginx"))
    row("the first table", first("%dnet ips"))
    row("the first picture", first("%dnet topology"))
    all_cells: list[Wait] = []
    for notebook in sorted((ROOT / "notebooks").glob("[01]*.ipynb")):
        if not wanted or notebook.name.split("-")[0].lstrip("0") in wanted:
            _, *others = cells(notebook)
            slowest = max(others)
            all_cells += others
            row(f"{notebook.stem}: the slowest of {len(others)} cells behind the first", slowest)
    for share in (0.5, 0.95, 1.0):
        name = f"of all {len(all_cells)} cells {share:.0%} take at most"
        rank = max(0, round(share * len(all_cells)) - 1)
        row(name, (sorted(w[0] for w in all_cells)[rank], sorted(w[1] for w in all_cells)[rank]))
    slow = [sum(w[n] > 0.3 for w in all_cells) for n in (0, 1)]
    print(f"cells over 300 ms: {slow[0]} on the clock, {slow[1]} of processor")


if __name__ == "__main__":
    main(*sys.argv[1:])
