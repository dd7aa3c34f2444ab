"""Frames on the wire between hosts: a capture at a port of the switch has what the simulator's frames say, byte for
byte of their headers."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest

from dnetlab.engines.providers.records import SWITCH, netns_name
from dnetlab.engines.store import ready_releases
from dnetlab.lab import Lab
from dnetlab.looking import packet_between
from dnetlab.model import Where
from dnetlab.net.capture import pcap
from dnetlab.net.capture.everywhere import taken
from dnetlab.net.capture.text import Style, Teller

pytestmark = pytest.mark.engine

# Since 28.0 a daemon says a new container's address three times, a second apart; a capture would have that, too.
QUIET = "-o com.docker.network.advertise_addr_nmsgs=0"
START = f"""\
docker1# docker swarm init --advertise-addr eth0
docker2# docker swarm join --token $(ssh docker1 docker swarm join-token -q worker) 172.25.254.1:2377
docker1# docker network create -d overlay --attachable {QUIET} net
docker1# docker run -d --name aa --network net nginx
docker2# docker run -d --name bb --network net nginx
docker2# for i in 1 2 3 4 5 6 7 8 9; do docker exec bb ping -c 1 -W 1 aa && break; sleep 1; done
docker1# docker network create -d macvlan {QUIET} --subnet 192.168.34.0/24 -o parent=enp7s0 mv
docker2# docker network create -d macvlan {QUIET} --subnet 192.168.34.0/24 -o parent=enp7s0 mv
docker1# docker run -d --name m1 --network mv --ip 192.168.34.16 nginx
docker2# docker run -d --name m2 --network mv --ip 192.168.34.32 nginx
"""
PORTS = {"eth0": "h1n0", "enp7s0": "h1n1"}  # where docker1's cables end at the switch
OUTER = 50  # bytes of Ethernet, IPv4, UDP and VXLAN before the inner frame


@pytest.fixture(scope="module")
def lab():
    """Two nodes with a container each in an overlay network and in a macvlan network."""
    if "28.5" not in ready_releases():
        pytest.skip("the engine 28.5 is not prepared on this machine")
    with Lab("docker", "28.5") as made:
        result = made.run_cell(START)
        assert [o.refused for o in result.outputs] == [None] * 10
        yield made


def headers(record: pcap.Record) -> tuple[str, str, str, int, str]:
    """Both MACs and those inside a VXLAN, the outer time to live, the length, and what tcpdump says but for the numbers
    that are chance: the source port of a tunnel, the number of an echo."""
    told = Teller(Style(numeric=True, time=1), pcap.ETHERNET).one(record).strip()
    inner = record.data[OUTER : OUTER + 12].hex() if "VXLAN" in told else ""
    told = re.sub(r"\.\d+ > (\S+)\.4789:", r".PORT > \1.4789:", re.sub(r"id \d+,", "id ID,", told))
    return record.data[:12].hex(), inner, record.data[22:23].hex() if "IP " in told else "", record.length, told


def captured(lab: Lab, port: str, file: Path, host: str, command: str) -> list[pcap.Record]:
    """What a real tcpdump at that port of the switch wrote while a command ran; echoes and ARP only."""
    inside = ["ip", "netns", "exec", netns_name(lab.engine.hosts.lab, SWITCH)]
    with subprocess.Popen([*inside, "tcpdump", "-U", "--immediate-mode", "-i", port, "-w", str(file)],
                          stderr=subprocess.PIPE, text=True) as capture:  # fmt: skip
        assert "listening" in next(line for line in capture.stderr if "listening" in line)
        lab.run(command, host)
        capture.send_signal(signal.SIGINT)
    return [r for r in pcap.read(file.read_bytes()).records if re.search(r"ICMP echo|ARP", headers(r)[4])]


@pytest.mark.parametrize(("who", "to", "nic", "number"), [
    ("bb", "aa", "eth0", 2),  # a request and an answer, each in a packet of the hosts
    ("m2", "192.168.34.16", "enp7s0", 4),  # and a question for the MAC before them, with its answer
])  # fmt: skip
def test_a_capture_at_the_switch_has_the_frames_that_the_simulator_says(lab, who, to, nic, number, tmp_path):
    # Given the real lab as it is, what would captures see at docker1's card?
    snapshot = lab.snapshot()
    foretold = [one.record for one in taken(snapshot, *packet_between(snapshot, who, to), 0.0)
                if (one.where, one.sighting.interface) == (Where("docker1"), nic)]  # fmt: skip

    # When somebody really asks, then the port of the switch that this card is plugged into has those frames.
    seen = captured(lab, PORTS[nic], tmp_path / "port.pcap", "docker2", f"docker exec {who} ping -c 1 -W 2 {to}")
    assert [headers(record) for record in seen] == [headers(record) for record in foretold]
    assert len(seen) == number
