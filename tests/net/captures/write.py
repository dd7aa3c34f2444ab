"""Write the frames of `frames.py` into a file, and what the real tcpdump says of it: python tests/net/captures/write.py

Debian 12, tcpdump 4.99.3 with libpcap 1.10.3, TZ=UTC. The texts are compared by test_tcpdump_text.py.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from frames import link_any, rare, records, six

from dnetlab.net.capture import pcap

HERE = Path(__file__).parent
FEW = ("-nA", "-nAA", "-nx", "-nxx", "-nX", "-nXX", "-nS", "-nt", "-ntt", "-nttt", "-ntttt", "-nttttt", "-n#")
FILTERS = (  # for frames that are rare, and for those of `-i any`
    "pim", "vrrp", "igmp", "esp", "ah", "sctp", "icmp6", "ip proto 103", "len < 42", "len <= 42", "len > 42",
    "len = 42", "len != 42", "less 42", "greater 42", "port 80", "src port 80", "dst port 81", "tcp port 80",
    "udp port 80", "udp port domain", "src port domain", "port domain", "tcp port domain", "tcp port http",
    "portrange 80-81", "portrange 0-79", "src port 0", "tcp[0:2] = 80", "tcp[2:2] = 81", "tcp[0] = 0",
    "udp[0:2] = 53", "udp[2:2] = 80", "ip[20:2] = 80", "ip[6:2] & 0x1fff != 0", "ip[0] & 15 > 5", "ip[2:2] - 20 > 8",
    "ip[2:2] * 2 = 80", "ip[8] / 3 = 21", "ip[8] % 3 = 1", "ip[8] << 1 = 128", "ip[8] ^ 65 = 1", "1 + 2 * 3 = 7",
    "4 | 1 & 3 = 5", "vlan", "vlan 10", "vlan 20", "vlan and vlan", "vlan 10 and vlan 20", "vlan 20 and vlan 10",
    "vlan and vlan and tcp", "vlan and tcp", "vlan and udp", "vlan and vlan and vlan", "vlan and port 80",
    "vlan and vlan and port 80", "net 172.17.0.0/24", "net 172.17.0.9/24", "net nosuch",
    "net 172.17 mask 255.255.0.0", "not net 172.17", "host 172.17.0.2 and (pim or igmp)", "arp", "not ip", "icmp",
    "ip and icmp", "src host 172.17.0.2", "dst host 172.17.0.3", "icmp[0] = 8", "ip[12:4] = 0xac110002",
    "(udp or tcp) and src port 80", "tcp or udp or pim", "tcp and not src port 80", "port 80 and 81",
    "port (80 or 81)", "port 80 or 53", "host 172.17.0.2 or 172.17.0.9", "src 172.17.0.2 or 172.17.0.9", "not 80",
    "and 80", "tcp src port 80", "port tftp", "udp port tftp", "tcp port tftp", "port shell", "udp port shell",
)  # fmt: skip
FILTERS6 = (  # of the frames of IPv6, and of those beside them
    "ip6", "icmp6", "tcp", "udp", "icmp", "icmp or icmp6", "pim", "ip6 and tcp", "ip6 proto 58", "ip6 proto 6",
    "proto 6", "ip proto 6", "port 80", "src port 80", "dst port 80", "tcp port 80", "udp port 53",
    "port 53 or port 80", "portrange 40000-40001", "host fd00:1::2", "src host fd00:1::2", "dst fd00:1::2",
    "ip6 host fd00:1::3", "ip host 172.17.0.2", "not ip6", "host fd00:1::9", "ip6 and not icmp6",
    "icmp6 and dst host fd00:1::3",
)  # fmt: skip
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
    (HERE / "rare.pcap").write_bytes(pcap.write(pcap.CaptureFile(pcap.ETHERNET, tuple(rare()))))
    (HERE / "six.pcap").write_bytes(pcap.write(pcap.CaptureFile(pcap.ETHERNET, tuple(six()))))
    asked = [(name, text) for name in ("rare", "any") for text in FILTERS] + [("six", text) for text in FILTERS6]
    said = [f"{name}: {text} -> {counted(HERE / f'{name}.pcap', text)}\n" for name, text in asked]
    (HERE / "rare.txt").write_text("".join(said))


def counted(file: Path, expression: str) -> str:
    """How many frames tcpdump lets by, or what it says of the filter."""
    done = subprocess.run(["tcpdump", "-nr", str(file), "--count", expression], capture_output=True, text=True)
    problem = [line.removeprefix("tcpdump: ") for line in done.stderr.splitlines() if line.startswith("tcpdump: ")]
    return problem[-1] if problem else done.stdout.split()[0]


if __name__ == "__main__":
    main()
