"""A packet's journey: what `forward` says crosses each interface is what tcpdump sees there.

The snapshot is the real engine's, so that `forward` explains the packets that really went. Captures run in every
network namespace of the lab; the first packet each way is compared (echo and its answer, SYN and its answer).
"""

from __future__ import annotations

import re
import select
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

from dnetlab.commands.cell import parse_cell
from dnetlab.engines.docker import DockerEngine
from dnetlab.model import Exchange, IcmpType, Packet, Protocol, Snapshot, StepKind, Trace, Where
from dnetlab.model.facts import HandedUp
from dnetlab.net.forward import forward

pytestmark = pytest.mark.engine
FILTER = "icmp or (tcp and tcp[tcpflags] & (tcp-syn|tcp-rst) != 0)"
END = r"(\d+\.\d+\.\d+\.\d+)(?:\.(\d+))?"
LINE = re.compile(rf"^\S+ (\S+) +(In|Out|P|M|B) +IP {END} > {END}:")
SETUP = """\
docker1# docker network create net1
docker1# docker network create net2
docker1# docker network create --internal inner
docker1# docker run -d --name web1 --network net1 -p 8080:80 nginx
docker1# docker run -d --name web2 --network net1 nginx
docker1# docker run -d --name web3 --network net2 nginx
docker1# docker run -d --name lone --network inner nginx
docker1# docker run -d --name plain nginx
"""
# (name, who asks, where to, port or None for an echo, the line that really asks)
JOURNEYS = [
    ("neighbours on one bridge", "web1", "172.18.0.3", None, "docker exec web1 ping -c 1 -W 1 172.18.0.3"),
    ("isolation drops it", "web1", "172.19.0.2", None, "docker exec web1 ping -c 1 -W 1 172.19.0.2"),
    ("out through MASQUERADE", "web1", "172.25.254.38", None, "docker exec web1 ping -c 1 -W 1 172.25.254.38"),
    ("a published port from outside", "client", "172.25.254.1", 8080, "curl -s -m 2 172.25.254.1:8080"),
    ("docker-proxy on loopback", "docker1", "127.0.0.1", 8080, "curl -s -m 2 127.0.0.1:8080"),
    ("docker-proxy for a stranger", "web3", "172.25.254.1", 8080, "docker exec web3 curl -s -m 2 172.25.254.1:8080"),
    ("hairpin to oneself", "web1", "172.25.254.1", 8080, "docker exec web1 curl -s -m 2 172.25.254.1:8080"),
    ("the host to a container", "docker1", "172.18.0.2", None, "ping -c 1 -W 1 172.18.0.2"),
    ("a container to its gateway", "plain", "172.17.0.1", None, "docker exec plain ping -c 1 -W 1 172.17.0.1"),
    ("a port nobody listens on", "client", "172.25.254.1", 9, "curl -s -m 2 172.25.254.1:9"),
    ("an internal network keeps it in", "lone", "172.25.254.38", None, "docker exec lone ping -c 1 -W 1 172.25.254.38"),
]
Crossing = tuple[str, str, str, str, str]  # place, interface, 'in' or 'out', 'source > destination', what


@pytest.fixture(scope="module")
def engine(hosts) -> Iterator[DockerEngine]:
    made = DockerEngine(hosts=hosts)
    for line in parse_cell(SETUP):
        assert made.run(line).exit_code == 0, line.text
    yield made
    made.close()


def places(engine: DockerEngine, snapshot: Snapshot) -> dict[str, tuple[str, str]]:
    """Place -> (host, name of its namespace in the snapshot)."""
    found = {host: (host, "host") for host in ("docker1", "client")}
    return found | {c.name: ("docker1", c.short_id) for c in snapshot.hosts["docker1"].containers if c.is_running}


def captured(engine: DockerEngine, snapshot: Snapshot, host: str, text: str) -> set[Crossing]:
    """Run the line with tcpdump in each namespace; everything that tcpdump saw."""
    running = {}
    for place in places(engine, snapshot):
        container = snapshot.hosts["docker1"].container(place)
        root = engine.hosts.root("docker1" if container else place)
        words = ["nsenter", f"--net={root}/proc/{container.pid if container else 1}/ns/net"]
        words += ["tcpdump", "-i", "any", "-n", "-l", "--immediate-mode", FILTER]
        running[place] = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        for process in running.values():
            while "listening on" not in process.stderr.readline():
                pass
        engine.run(parse_cell(f"{host}# {text}")[0])
        select.select([], [], [], 0.3)  # for the last lines to be written
    finally:
        for process in running.values():
            process.terminate()
    return {seen for place, process in running.items() for seen in read(place, process.communicate(timeout=5)[0])}


def read(place: str, text: str) -> Iterator[Crossing]:
    for line in text.splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        interface, way, source, sport, destination, dport = found.groups()
        kind = "echo request" if "echo request" in line else "echo reply" if "echo reply" in line else ""
        flags = re.search(r"Flags \[([^]]+)\]", line)
        if flags:
            kind = {"S": "S", "S.": "SA", "R.": "R", "R": "R"}.get(flags[1], "")
            kind += f" port {dport if kind == 'S' else sport}"
        if kind and not kind.startswith(" "):
            yield place, interface, "out" if way == "Out" else "in", f"{source} > {destination}", kind


def foretold(exchange: Exchange, names: dict[tuple[str, str], str]) -> set[Crossing]:
    """What the traces of an exchange, and of the one that docker-proxy opens, say."""
    found: set[Crossing] = set()
    for trace in (exchange.request, exchange.reply):
        if trace is not None:
            found |= crossings(trace, names)
    return found | (foretold(exchange.proxied, names) if exchange.proxied else set())


def crossings(trace: Trace, names: dict[tuple[str, str], str]) -> set[Crossing]:
    packet, found = trace.packet, set()
    for hop in trace.hops:
        for step in hop.steps:
            if step.after is not None:
                packet = step.after
            up = isinstance(step.fact, HandedUp)  # the bridge itself receives it
            if (up or step.kind in (StepKind.SENT, StepKind.RECEIVED)) and step.interface:
                way = "out" if step.kind is StepKind.SENT else "in"
                pair = f"{packet.source} > {packet.destination}"
                found.add((names[hop.where], step.interface, way, pair, what(packet)))
    return found


def what(packet: Packet) -> str:
    if packet.protocol is Protocol.ICMP:
        return {IcmpType.ECHO_REQUEST: "echo request", IcmpType.ECHO_REPLY: "echo reply"}.get(packet.icmp, "other")
    flags = "R" if "R" in packet.flags else packet.flags
    return f"{flags} port {packet.dport if flags == 'S' else packet.sport}"


@pytest.mark.parametrize(("name", "who", "to", "port", "text"), JOURNEYS, ids=[row[0] for row in JOURNEYS])
def test_a_journey_is_the_one_that_captures_saw(engine, name, who, to, port, text):
    # Given a real lab with captures in all its namespaces, when somebody asks somebody for real, then each packet was
    # seen at exactly the interfaces, and with the addresses, that `forward` says of the snapshot taken before.
    snapshot = engine.snapshot()
    where = places(engine, snapshot)
    host, namespace = where[who]
    source = next(
        link.ipv4[0].ip
        for link in snapshot.namespace(host, namespace).interfaces
        if link.ipv4 and link.name.startswith("eth")
    )
    if host == "docker1" and namespace == "host":
        source = IPv4Address("172.18.0.1") if to.startswith("172.18") else IPv4Address("127.0.0.1")
    packet = Packet(source, IPv4Address(to), Protocol.ICMP, sport=7, icmp=IcmpType.ECHO_REQUEST)
    if port is not None:
        packet = Packet(source, IPv4Address(to), Protocol.TCP, 43210, port, flags="S", size=60)

    seen = captured(engine, snapshot, "client" if who == "client" else "docker1", text)

    said = foretold(
        forward(snapshot, Where(host, namespace), packet, 0.0), {pair: place for place, pair in where.items()}
    )
    assert seen == said, f"only seen: {sorted(seen - said)}\nonly said: {sorted(said - seen)}"
    assert seen
