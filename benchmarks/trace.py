"""python benchmarks/trace.py: what one traced connection costs, by the number of containers in the lab.

Each row has two journeys through a lab of that many published nginx containers on one network: from outside through
DNAT, and between two containers; the ratio is to the row with the fewest.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import lab_with, paired  # noqa: E402

COUNTS = (50, 500, 2000)


def main() -> None:
    labs = {count: lab_with(count) for count in COUNTS}
    few = labs[COUNTS[0]]
    print("containers  client → docker1:port      ratio   container → container:80    ratio")
    for count, lab in labs.items():
        row = f"{count:>10}"
        for source, small, large, width in (
            ("client", f"docker1:{9999 + COUNTS[0]}", f"docker1:{9999 + count}", 20),
            ("c0", f"c{COUNTS[0] - 1}:80", f"c{count - 1}:80", 24),
        ):
            base, ours = paired(
                lambda s=source, d=small: few.trace(s, d), lambda s=source, d=large, on=lab: on.trace(s, d), 15
            )
            assert lab.trace(source, large).answered
            row += f" {ours * 1e3:>{width}.1f} ms {ours / base:>7.2f}×"
        print(row, flush=True)


if __name__ == "__main__":
    main()
