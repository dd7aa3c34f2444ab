"""Two doors lead to a published port: this asks, for each way to break one, who still gets in.

    python tests/engines/redundancy.py 20.10 …   ask real engines (root, Linux): tests/recordings/redundancy/*.json
    python tests/engines/redundancy.py           write docs/double-redundancy.md from those

An experiment is a few lines in a fresh lab; an asker is one line whose exit status says how it went. The simulator
runs the same lines, so `table(engine)` is the same function for both.
"""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from dnetlab.commands.cell import parse_cell
from dnetlab.engines import Engine

ROOT = Path(__file__).resolve().parent.parent.parent
RECORDINGS = ROOT / "tests" / "recordings" / "redundancy"
PAGE = ROOT / "docs" / "double-redundancy.md"
RELEASES = ("20.10", "26.1", "28.5")

START = """\
docker1# docker network create other
docker1# docker run -d --name demo -p 80:80 nginx
docker1# docker run -d --name peer busyboxplus sleep 100000
docker1# docker run -d --name stranger --network other busyboxplus sleep 100000
"""
BOTH = ("iptables -t nat -F", "pkill docker-proxy")
EXPERIMENTS: dict[str, tuple[str, ...]] = {
    "nothing broken": (),
    "nat table flushed": BOTH[:1],
    "docker-proxy killed": BOTH[1:],
    "both": BOTH,
    "both, then the container restarted": (*BOTH, "docker restart -t 1 demo"),
    "both, then the daemon restarted and the containers started": (
        *BOTH,
        "systemctl restart docker",
        "docker start demo peer stranger",
    ),
    "filter table flushed": ("iptables -F",),
    "filter table flushed, FORWARD policy ACCEPT": ("iptables -F", "iptables -P FORWARD ACCEPT"),
    "FORWARD policy ACCEPT": ("iptables -P FORWARD ACCEPT",),
    "FORWARD policy DROP": ("iptables -P FORWARD DROP",),
    "ip_forward = 0": ("sysctl -w net.ipv4.ip_forward=0",),
    "ip_forward = 0 and nat table flushed": ("sysctl -w net.ipv4.ip_forward=0", BOTH[0]),
    "DOCKER-USER drops all": ("iptables -I DOCKER-USER -j DROP",),
    "DOCKER-USER drops what comes from the LAN": ("iptables -I DOCKER-USER -i eth0 -j DROP",),
}
CURL = "curl -s -o /dev/null -m 2"
ASKERS: dict[str, str] = {
    "client → host:80": f"client$ {CURL} 172.25.254.1",
    "host → own address": f"docker1# {CURL} 172.25.254.1",
    "host → 127.0.0.1": f"docker1# {CURL} 127.0.0.1",
    "host → gateway": f"docker1# {CURL} 172.17.0.1",
    "same network → host:80": f"docker1# docker exec peer {CURL} 172.25.254.1",
    "other network → host:80": f"docker1# docker exec stranger {CURL} 172.25.254.1",
    "itself → host:80": f"docker1# docker exec demo {CURL} 172.25.254.1",
    "container → client": "docker1# docker exec peer ping -c 1 -W 1 172.25.254.38",
    "same network, ping": "docker1# docker exec peer ping -c 1 -W 1 172.17.0.2",
}
CURL_SAYS = {0: "page", 7: "refused", 28: "timeout", 52: "empty", 56: "reset"}
PING_SAYS = {0: "answer", 1: "silence", 2: "error"}
Table = dict[str, dict[str, str]]


def outcome(command: str, exit_code: int) -> str:
    """A word for an exit status; statuses of curl and ping mean different things."""
    return (PING_SAYS if " ping " in command else CURL_SAYS).get(exit_code, f"exit {exit_code}")


def experiment(engine: Engine, lines: tuple[str, ...]) -> dict[str, str]:
    """asker -> outcome, after the lines ran on a fresh lab. Fails when one of them does."""
    for line in parse_cell(START + "".join(f"docker1# {text}\n" for text in lines)):
        output = engine.run(line)
        assert output.exit_code == 0 and not output.refused, (line.text, output)
    return {
        name: outcome(command, engine.run(parse_cell(command + "\n")[0]).exit_code) for name, command in ASKERS.items()
    }


def table(fresh: Callable[[], Engine], names: tuple[str, ...] = tuple(EXPERIMENTS)) -> Table:
    """experiment -> asker -> outcome, each experiment in a lab of its own."""
    found: Table = {}
    for name in names:
        with closing(fresh()) as engine:
            found[name] = experiment(engine, EXPERIMENTS[name])
    return found


def recorded(release: str) -> Table:
    """What a real engine of that release answered."""
    return json.loads((RECORDINGS / f"{release}.json").read_text(encoding="utf-8"))["table"]


def record(release: str) -> None:
    """Ask a real engine and write its table, with where it comes from."""
    from dnetlab.engines.docker import DockerEngine

    def fresh() -> Engine:
        return DockerEngine(release)

    with closing(DockerEngine(release)) as engine:
        asked = "docker version -f '{{.Server.Version}}'", "docker version -f '{{.Client.Version}}'", "iptables -V"
        server, client, iptables = (engine.hosts.run("docker1", text).stdout.strip() for text in asked)
    head = {
        "recorded": datetime.date.today().isoformat(),
        "from": f"a real Docker Engine {server}, client {client}, {iptables}, on lab hosts in namespaces",
        "made by": f"python tests/engines/redundancy.py {release}",
    }
    RECORDINGS.mkdir(parents=True, exist_ok=True)
    rows = json.dumps({**head, "table": table(fresh)}, ensure_ascii=False, indent=1)
    (RECORDINGS / f"{release}.json").write_text(rows + "\n", encoding="utf-8")


# -- the page ------------------------------------------------------------------------------------------------------

HEAD = """\
# Double redundancy

Made by `python tests/engines/redundancy.py` from what real engines answered (`tests/recordings/redundancy`). The
simulator's table is the same, cell for cell: `tests/test_redundancy.py`.

`demo` (nginx) and `peer` are on the default bridge, `stranger` is on the network `other`; port 80 of the host is
published for `demo`. Each row is a fresh lab. The askers with *host:80* open `172.25.254.1:80`.

"""
WORDS = """
*page*: nginx answered. *refused*: the kernel says that nobody listens. *timeout*: nothing comes back.
*answer*, *silence*: of a ping.
"""


def page() -> str:
    """The tables as Markdown: one for all releases; a cell in which they differ names them."""
    tables = {release: recorded(release) for release in RELEASES}
    lines = ["| experiment | " + " | ".join(ASKERS) + " |", "|---|" + "---|" * len(ASKERS)]
    for name in EXPERIMENTS:
        cells = [cell({release: tables[release][name][asker] for release in RELEASES}) for asker in ASKERS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    how = ["", "## The lines", "", "| experiment | lines at docker1 |", "|---|---|"]
    how += [f"| {name} | {'<br>'.join(f'`{t}`' for t in texts) or '–'} |" for name, texts in EXPERIMENTS.items()]
    how += ["", "| asker | line |", "|---|---|"]
    how += [f"| {name} | `{command}` |" for name, command in ASKERS.items()]
    import redundancy_nft
    import redundancy_ways

    ways = redundancy_ways.page() + redundancy_nft.page()
    return HEAD + "\n".join(lines) + "\n" + WORDS + "\n".join(how) + "\n" + ways


def cell(answers: dict[str, str]) -> str:
    """What the releases answered: one word, or each with its releases."""
    if len(set(answers.values())) == 1:
        return next(iter(answers.values()))
    said: dict[str, list[str]] = {}
    for release, word in answers.items():
        said.setdefault(word, []).append(release)
    return "; ".join(f"{word} ({', '.join(releases)})" for word, releases in said.items())


def main(releases: list[str]) -> None:
    for release in releases:
        record(release)
        print(RECORDINGS / f"{release}.json")
    if not releases:
        PAGE.write_text(page(), encoding="utf-8")
        print(PAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
