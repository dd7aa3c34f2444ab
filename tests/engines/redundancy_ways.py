"""Double redundancy, way by way: with and without docker-proxy, over IPv4 and IPv6, with iptables and nftables.

    python tests/engines/redundancy_ways.py 28.5 …   ask real engines (root, Linux): tests/recordings/redundancy_ways

`redundancy.py` holds the first way, IPv4 with docker-proxy, whose recordings are its own. The others run in labs whose
docker0 has IPv6 as well. No engine 29.7 can be asked here: its cells are those that recordings of it answer.
"""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import redundancy
from redundancy import EXPERIMENTS, RELEASES, ROOT, Table, outcome

from dnetlab.commands.cell import parse_cell
from dnetlab.engines import Engine

RECORDINGS = ROOT / "tests" / "recordings" / "redundancy_ways"
FOUR, SIX = "IPv4", "IPv6"
PROXY, BARE, NFT = "docker-proxy", "no docker-proxy", "docker-proxy, nftables"

START = """\
docker1# systemctl stop docker
docker1# iptables -t nat -F
docker1# echo '{told}' > /etc/docker/daemon.json
docker1# systemctl start docker
docker1# ip addr add fd01::1/64 dev eth0 nodad
client# ip addr add fd01::38/64 dev eth0 nodad
docker1# docker network create --ipv6 --subnet 172.30.1.0/24 --subnet fd00:18::/64 other
docker1# docker run -d --name demo -p 80:80 nginx
docker1# docker run -d --name peer busyboxplus sleep 100000
docker1# docker run -d --name stranger --network other busyboxplus sleep 100000
"""
CURL = "curl -g -s -o /dev/null -m 2"
DEMO6 = "$(docker inspect -f '{{.NetworkSettings.Networks.bridge.GlobalIPv6Address}}' demo)"
ASKERS6: dict[str, str] = {  # the same as redundancy.ASKERS, over IPv6
    "client → host:80": f"client$ {CURL} [fd01::1]",
    "host → own address": f"docker1# {CURL} [fd01::1]",
    "host → loopback": f"docker1# {CURL} [::1]",
    "host → gateway": f"docker1# {CURL} [fd00:17::1]",
    "same network → host:80": f"docker1# docker exec peer {CURL} [fd01::1]",
    "other network → host:80": f"docker1# docker exec stranger {CURL} [fd01::1]",
    "itself → host:80": f"docker1# docker exec demo {CURL} [fd01::1]",
    "container → client": "docker1# docker exec peer ping -c 1 -W 1 fd01::38",
    "same network, ping": f"docker1# docker exec peer ping -c 1 -W 1 {DEMO6}",
}
ASKERS4 = {name.replace("127.0.0.1", "loopback"): line for name, line in redundancy.ASKERS.items()}
ASKERS = {FOUR: ASKERS4, SIX: ASKERS6}

WITH_PROXY = (
    "nothing broken", "nat table flushed", "docker-proxy killed", "both", "both, then the container restarted",
    "filter table flushed", "FORWARD policy ACCEPT", "ip_forward = 0", "DOCKER-USER drops all",
)  # fmt: skip
WITHOUT = tuple(name for name in WITH_PROXY if name not in ("docker-proxy killed", "both"))


@dataclass(frozen=True)
class Way:
    """One row of ways: with or without docker-proxy, over which family; asked: who is asked in its own labs."""

    proxy: str
    family: str

    @property
    def name(self) -> str:
        return f"{self.family}, {self.proxy}"

    @property
    def experiments(self) -> tuple[str, ...]:
        return WITHOUT if self.proxy == BARE else WITH_PROXY


WAYS = tuple(Way(proxy, family) for proxy in (PROXY, BARE) for family in (FOUR, SIX))
OWN = WAYS[1:]  # those whose labs are made here

# Cells that recordings of 29.7.2 answer: (way, experiment, asker) -> (file, line of the answer).
LESSONS, OPTIONS = "29.7/lessons_4_7", "daemon/29.7/daemon_options"
OF_29: dict[tuple[str, str, str], tuple[str, int]] = {
    ("IPv4, docker-proxy", "nothing broken", "other network → host:80"): (LESSONS, 7),
    ("IPv4, docker-proxy", "nat table flushed", "client → host:80"): (LESSONS, 21),
    ("IPv4, docker-proxy", "both", "client → host:80"): (LESSONS, 25),
    ("IPv4, docker-proxy", "docker-proxy killed", "client → host:80"): (LESSONS, 33),
    ("IPv4, docker-proxy", "docker-proxy killed", "host → loopback"): (LESSONS, 34),
    ("IPv4, no docker-proxy", "nothing broken", "client → host:80"): (OPTIONS, 7),
    ("IPv4, no docker-proxy", "nothing broken", "host → loopback"): (OPTIONS, 8),
    ("IPv4, no docker-proxy", "nothing broken", "host → own address"): (OPTIONS, 9),
    ("IPv4, no docker-proxy", "nothing broken", "itself → host:80"): (OPTIONS, 10),
}


def lines(name: str, proxy: str) -> list[str]:
    """What is typed for an experiment: each rule in both families, nobody killed who doesn't run."""
    found = []
    for text in EXPERIMENTS[name]:
        if text.startswith("iptables "):
            found += [text, f"ip6{text.removeprefix('ip')} || true"]  # 20.10 has no DOCKER-USER there
        elif text.startswith("sysctl "):
            found += [text, "sysctl -w net.ipv6.conf.all.forwarding=0"]
        elif proxy != BARE or not text.startswith("pkill"):
            found.append(text)
    return found


def experiment(engine: Engine, proxy: str, name: str, families: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """family -> asker -> outcome, after the lines ran on a fresh lab. Fails when one of them does."""
    told = {"ipv6": True, "fixed-cidr-v6": "fd00:17::/64", "userland-proxy": proxy != BARE}
    script = START.replace("{told}", json.dumps(told)) + "".join(f"docker1# {text}\n" for text in lines(name, proxy))
    for line in parse_cell(script):
        output = engine.run(line)
        assert output.exit_code == 0 and not output.refused, (line.text, output)
    return {family: {asker: outcome(command, engine.run(parse_cell(command + "\n")[0]).exit_code)
                     for asker, command in ASKERS[family].items()} for family in families}  # fmt: skip


def asked(way: Way) -> tuple[str, ...]:
    """The families that the labs of a kind of daemon are asked over: with docker-proxy, IPv4 is redundancy.py's."""
    return (SIX,) if way.proxy == PROXY else (FOUR, SIX)


def tables(fresh: Callable[[], Engine], jobs: int = 1) -> dict[str, Table]:
    """way -> experiment -> asker -> outcome, each experiment in a lab of its own."""

    def one(pair: tuple[Way, str]) -> dict[str, dict[str, str]]:
        with closing(fresh()) as engine:
            return experiment(engine, pair[0].proxy, pair[1], asked(pair[0]))

    labs = [(way, name) for way in (WAYS[1], WAYS[3]) for name in way.experiments]
    found: dict[str, Table] = {way.name: {} for way in OWN}
    with ThreadPoolExecutor(jobs) as pool:
        for (way, name), answers in zip(labs, pool.map(one, labs), strict=True):
            for family, row in answers.items():
                found[f"{family}, {way.proxy}"][name] = row
    return found


def recorded(release: str) -> dict[str, Table]:
    """What a real engine of that release answered, all ways."""
    own = json.loads((RECORDINGS / f"{release}.json").read_text(encoding="utf-8"))["tables"]
    first = redundancy.recorded(release)
    return {WAYS[0].name: {name: renamed(first[name]) for name in WITH_PROXY}, **own}


def renamed(row: dict[str, str]) -> dict[str, str]:
    """A row of redundancy.py under this table's names: loopback is 127.0.0.1 or ::1."""
    return {asker.replace("127.0.0.1", "loopback"): word for asker, word in row.items()}


def of_29() -> dict[tuple[str, str, str], str]:
    """(way, experiment, asker) -> outcome: what recordings of 29.7.2 answer."""
    found = {}
    for cell, (name, number) in OF_29.items():
        text = (ROOT / "tests" / "recordings" / f"{name}.jsonl").read_text(encoding="utf-8")
        row = json.loads(text.splitlines()[number - 1])
        found[cell] = outcome(row["command"], row["exit_code"])
    return found


def record(release: str) -> None:
    """Ask a real engine and write its tables, with where they come from."""
    from dnetlab.engines.docker import DockerEngine

    with closing(DockerEngine(release)) as engine:
        words = "docker version -f '{{.Server.Version}}'", "docker version -f '{{.Client.Version}}'", "iptables -V"
        server, client, iptables = (engine.hosts.run("docker1", text).stdout.strip() for text in words)
    head = {
        "recorded": datetime.date.today().isoformat(),
        "from": f"a real Docker Engine {server}, client {client}, {iptables}, on lab hosts in namespaces",
        "made by": f"python tests/engines/redundancy_ways.py {release}",
    }
    RECORDINGS.mkdir(parents=True, exist_ok=True)
    found = tables(lambda: DockerEngine(release), jobs=2)
    text = json.dumps({**head, "tables": found}, ensure_ascii=False, indent=1)
    (RECORDINGS / f"{release}.json").write_text(text + "\n", encoding="utf-8")


# -- the part of the page that redundancy.py puts under its own ------------------------------------------------------

HEAD = """
## Every way

The same by release, with and without docker-proxy, over IPv4 and IPv6, on a docker0 that has both. A cell in which
releases differ names them. 29.7 stands where a recording of it answers (`tests/recordings/29.7`, `daemon/29.7`):
no engine of it could be asked again. Made by `python tests/engines/redundancy_ways.py`.

"""


def page() -> str:
    """One table: a row for each way and experiment, a column for each asker."""
    found, newest = {release: recorded(release) for release in RELEASES}, of_29()
    head = ["way", "experiment", *ASKERS4]
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for way in WAYS:
        for name in way.experiments:
            cells = []
            for asker in ASKERS4:
                said = {release: found[release][way.name][name][asker] for release in RELEASES}
                if (way.name, name, asker) in newest:
                    said["29.7"] = newest[way.name, name, asker]
                cells.append(redundancy.cell(said))
            typed = name.replace("both", "nat table flushed") if way.proxy == BARE else name
            rows.append(f"| {way.name} | {typed} | {' | '.join(cells)} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    for version in sys.argv[1:]:
        record(version)
        print(RECORDINGS / f"{version}.json", flush=True)
    if not sys.argv[1:]:
        redundancy.main([])
