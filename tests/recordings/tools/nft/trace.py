"""What a real `nft monitor trace` tells while packets come by: python tests/recordings/tools/nft/trace.py > trace.out

Linux, root; hosts in network namespaces of their own, without Docker. trace.cell is what is typed there; what its last
line prints is kept. The trace.out here was written by nft 1.0.6 on Linux 6.18.
"""

from __future__ import annotations

from pathlib import Path

from dnetlab import Lab
from dnetlab.engines.docker import DockerEngine
from dnetlab.engines.providers.namespaces import NamespaceHosts

CELL = Path(__file__).with_name("trace.cell")


def main() -> None:
    with NamespaceHosts("28.5", daemons=()) as hosts:
        lab = Lab()
        lab.engine = DockerEngine("28.5", hosts=hosts)
        lab.shape = lab.engine.shape
        print(lab.run_cell(CELL.read_text(encoding="utf-8")).outputs[-1].stdout, end="")


if __name__ == "__main__":
    main()
