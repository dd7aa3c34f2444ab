"""What real ones tell of packets, line by line: python tests/recordings/tools/nft/trace.py trace > trace.out

Linux, root; hosts in network namespaces of their own, without Docker. NAME.cell is what is typed there; of trace what
its last line prints is kept, of xtables what its last three print. The .out here were written by nft 1.0.6 and
xtables-monitor 1.8.9 on Linux 6.18.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dnetlab import Lab
from dnetlab.engines.docker import DockerEngine
from dnetlab.engines.providers.namespaces import NamespaceHosts

KEPT = {"trace": 1, "xtables": 3}


def main(name: str) -> None:
    cell = Path(__file__).with_name(f"{name}.cell").read_text(encoding="utf-8")
    with NamespaceHosts("28.5", daemons=()) as hosts:
        lab = Lab()
        lab.engine = DockerEngine("28.5", hosts=hosts)
        lab.shape = lab.engine.shape
        for output in lab.run_cell(cell).outputs[-KEPT[name] :]:
            print(output.stdout, end="")


if __name__ == "__main__":
    main(sys.argv[1])
