"""python benchmarks/history.py [--count N] [--rm] [--against CHECKOUT]: what a long session with undo costs.

N times (2,000) `docker run -d -p PORT:80 nginx` in one lab, or with --rm `docker run --rm busybox true`, in a process
of its own: by how much the memory grew, and what the commands around the 50th and the last cost. With a checkout of
another version, both run side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
WINDOW = 20  # commands around the 50th and before the last, of which the median counts
CHILD = """
import gc, json, statistics, sys, time
from dnetlab.lab import Lab

def resident():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

count, window, text = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
lab, times = Lab(), []
lab.run("docker run -d nginx")
before = resident()
for port in range(10000, 10000 + count):
    start = time.process_time()
    lab.run(text.format(port=port))
    times.append(time.process_time() - start)
gc.collect()
early = statistics.median(times[50 - window : 50 + window])
print(json.dumps({"grown": resident() - before, "early": early, "late": statistics.median(times[-2 * window :])}))
"""


def measure(checkout: Path, count: int, text: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(count), str(WINDOW), text], cwd=checkout, text=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(checkout), "DNETLAB_JOURNAL": "off"},
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rm", action="store_true", help="containers that come and go, instead of some that stay")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT")
    options = parser.parse_args()
    checkouts = {"this version": HERE} | ({"the other": options.against.resolve()} if options.against else {})
    text = "docker run --rm busybox true" if options.rm else "docker run -d -p {port}:80 nginx"
    running = {name: measure(checkout, options.count, text) for name, checkout in checkouts.items()}
    for name, child in running.items():
        found = json.loads(child.communicate(timeout=3600)[0])
        early, late = found["early"] * 1e3, found["late"] * 1e3
        print(f"{name}: {options.count} commands, memory grew {found['grown']:.0f} MiB; "
              f"a command {early:.2f} ms at the 50th, {late:.2f} ms at the end, {late / early:.1f}×")  # fmt: skip


if __name__ == "__main__":
    main()
