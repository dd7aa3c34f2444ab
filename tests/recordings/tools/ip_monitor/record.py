"""What `ip monitor all &` says on a lab host of a real engine: `python …/ip_monitor/record.py 28.5`.

Each NAME.cell becomes VERSION/NAME.out beside it. Linux, root, docker.io; a minute. Recorded 28 Nov 2026 with iproute2
6.1.0 on Linux 6.18.44, Docker Engine 28.5.2 and 20.10.24.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dnetlab import Lab

HERE = Path(__file__).parent


def main(version: str) -> None:
    (HERE / version).mkdir(exist_ok=True)
    for cell in sorted(HERE.glob("*.cell")):
        with Lab("docker", version) as lab:
            lab.run("docker version")
            said = lab.run_cell(cell.read_text(encoding="utf-8")).outputs[0]
        (HERE / version / f"{cell.stem}.out").write_text(said.stdout, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
