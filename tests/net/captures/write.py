"""Write the frames of `frames.py` into a file, and what the real tcpdump says of it: python tests/net/captures/write.py

Debian 12, tcpdump 4.99.3 with libpcap 1.10.3, TZ=UTC. The texts are compared by test_tcpdump_text.py.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from frames import link_any, records

from dnetlab.net.capture import pcap

HERE = Path(__file__).parent
FEW = ("-nA", "-nAA", "-nx", "-nxx", "-nX", "-nXX", "-nS", "-nt", "-ntt", "-nttt", "-ntttt", "-nttttt", "-n#")
OPTIONS = (*("-n", "-ne", "-nv", "-nvv", "-nve", "-nq", "-neq"), *(f"{option} -c 12" for option in FEW))


def main() -> None:
    (HERE / "ethernet.pcap").write_bytes(pcap.write(pcap.CaptureFile(pcap.ETHERNET, tuple(records()))))
    (HERE / "any.pcap").write_bytes(pcap.write(pcap.CaptureFile(pcap.LINUX_SLL2, tuple(link_any()))))
    for name, options in (("ethernet", OPTIONS), ("any", ("-n", "-ne", "-nv"))):
        said = []
        for option in options:
            words = ["tcpdump", *option.split(), "-r", str(HERE / f"{name}.pcap")]
            done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "TZ": "UTC"}, check=True)
            said.append(f"$ tcpdump {option} -r {name}.pcap\n{done.stdout}")
        (HERE / f"{name}.txt").write_text("".join(said))


if __name__ == "__main__":
    main()
