"""The situations of moby's own pages of rules, on an engine: which rules stand in which table, in order.

    python tests/engines/rule_pages.py 28.5 …   ask real engines (root, Linux): tests/recordings/rule_pages/*.json

moby's integration tests document the rules of nine situations (integration/network/bridge/iptablesdoc at tag
docker-v29.7.2, a page each), and of all but the swarm's those of nftables (nftablesdoc). The situations are told here
in lines of the lab; the rules are the engine's.
"""

from __future__ import annotations

import datetime
import json
import re
import sys
from contextlib import closing
from pathlib import Path

from dnetlab.commands.cell import parse_cell
from dnetlab.engines import Engine

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings" / "rule_pages"
TABLES = ("filter", "nat", "raw")

# A daemon that starts on a host without rules and with forwarding on, so that it leaves FORWARD's policy alone.
EMPTY = """\
systemctl stop docker
iptables -F
iptables -X
iptables -t nat -F
iptables -t nat -X
iptables -t raw -F
sysctl -w net.ipv4.ip_forward=1
iptables -P FORWARD ACCEPT
{told}systemctl start docker
"""
NETWORK = (
    "docker network create -o com.docker.network.bridge.name={name} {options}"
    "--subnet {net}.0/24 --gateway {net}.1 {name}"
)
OPTION = "-o com.docker.network.bridge."


def network(name: str, net: str = "192.0.2", options: str = "") -> str:
    """The line that makes one of the pages' networks."""
    return NETWORK.format(name=name, net=net, options=options)


def published(options: str = "", port: str = "8080:80") -> tuple[str, ...]:
    """A network with a container that publishes a port: what most pages are about."""
    return network("bridge1", options=options), f"docker run -d --network bridge1 -p {port} --name c1 busybox top"


PAGES: dict[str, tuple[str, ...]] = {  # moby's name of the page -> lines
    "new-daemon": (),
    "usernet-portmap": published(),
    "usernet-portmap-noproxy": ('{"userland-proxy": false}', *published()),
    "usernet-portmap-noicc": published(f"{OPTION}enable_icc=false "),
    "usernet-internal": (
        network("bridgeICC", options="--internal "),
        "docker run -d --network bridgeICC --name c1 busybox top",
        network("bridgeNoICC", "198.51.100", f"--internal {OPTION}enable_icc=false "),
        "docker run -d --network bridgeNoICC --name c2 busybox top",
    ),
    "usernet-portmap-routed": published(f"{OPTION}gateway_mode_ipv4=routed "),
    "usernet-portmap-natunprot": published(f"{OPTION}gateway_mode_ipv4=nat-unprotected "),
    "swarm-portmap": (
        "docker swarm init --advertise-addr eth0",
        "docker service create --detach=false --name c1 -p 8080:80 busybox top",
    ),
    "usernet-portmap-lo": published(port="127.0.0.1:8080:80"),
}
SINCE = {"usernet-portmap-routed": "28", "usernet-portmap-natunprot": "28"}  # gateway modes, as the pages use them

Rules = dict[str, list[str]]  # table -> its lines of `iptables -S`


def script(page: str) -> str:
    """The lines that lead from a fresh lab to the situation of a page."""
    lines = PAGES[page]
    told = [line for line in lines if line.startswith("{")]
    write = "".join(f"echo '{text}' > /etc/docker/daemon.json\n" for text in told)
    return EMPTY.format(told=write) + "".join(f"{line}\n" for line in lines if line not in told)


def rules(engine: Engine, page: str) -> Rules:
    """What `iptables -S` lists, table by table, after the lines of a page on a fresh lab."""
    for line in parse_cell("".join(f"docker1# {text}\n" for text in script(page).splitlines())):
        output = engine.run(line)
        assert output.exit_code == 0 and not output.refused, (line.text, output)
    listings = {t: parse_cell(f"docker1# iptables -t {t} -S\n")[0] for t in TABLES}
    return {table: engine.run(line).stdout.splitlines() for table, line in listings.items()}


NFT_PAGES = [page for page in PAGES if page != "swarm-portmap"]  # a swarm is not to be had with nftables


def nft_table(engine: Engine, page: str) -> str:
    """`nft -s list table ip docker-bridges` after the lines of a page, told to a daemon with the nftables backend."""
    text = script(page)
    told = {"firewall-backend": "nftables", "userland-proxy": "userland-proxy" not in text}
    write = f"echo '{json.dumps(told)}' > /etc/docker/daemon.json"
    lines = [line for line in text.splitlines() if not line.startswith("echo ")]
    lines.insert(lines.index("systemctl start docker"), write)
    for line in parse_cell("".join(f"docker1# {line}\n" for line in lines)):
        output = engine.run(line)
        assert output.exit_code == 0 and not output.refused, (line.text, output)
    return engine.run(parse_cell("docker1# nft -s list table ip docker-bridges\n")[0]).stdout


def nft_fact(text: str) -> str:
    """A page's table, without its indent; what the page shows again of it is not looked at.

    The pages were made with a newer nft, which calls the priority -100 of the output hook by its name as well.
    """
    block = re.search(r"(?m)^    table (?:.*\n(?:    |$))*", text)
    assert block is not None
    table = "".join(line[4:] or "\n" for line in block[0].splitlines(keepends=True)).strip()
    return table.replace("hook output priority dstnat", "hook output priority -100") + "\n"


def facts(text: str) -> list[tuple[str, list[str]]]:
    """A page's listings of rules as (table, lines), in the page's order; other words of the page are not looked at."""
    blocks = re.findall(r"(?m)(?:^    -[PNA] .*\n)+", text)
    listings = [[line.strip() for line in block.splitlines()] for block in blocks]
    return [(_table(lines), lines) for lines in listings]


def _table(lines: list[str]) -> str:
    """Which table a listing is of, by the built-in chains that it names; one of a single chain is of filter."""
    if "-P POSTROUTING ACCEPT" in lines:
        return "nat"
    return "raw" if lines[0].startswith("-P PREROUTING") else "filter"


def of_page(found: Rules, table: str, listing: list[str]) -> list[str]:
    """What an engine lists where the page lists `listing`: a table, or its one chain DOCKER."""
    whole = found[table]
    return whole if listing[0].startswith("-P") else [row for row in whole if row.split()[:2][1] == "DOCKER"]


def without_mesh(found: Rules) -> Rules:
    """What doesn't belong to a swarm's routing mesh: without IPVS in its kernel an engine sets none up."""
    mesh = re.compile(r"DOCKER-INGRESS|docker_gwbridge -m addrtype")
    return {table: [line for line in lines if not mesh.search(line)] for table, lines in found.items()}


def recorded(release: str) -> dict[str, Rules]:
    """What a real engine of that release listed, page by page."""
    return json.loads((RECORDINGS / f"{release}.json").read_text(encoding="utf-8"))["pages"]


def pages(release: str) -> list[str]:
    """The pages whose options that release knows."""
    return [page for page in PAGES if int(release.split(".")[0]) >= int(SINCE.get(page, "0"))]


def record(release: str) -> None:
    """Ask a real engine for every page that applies, each in a lab of its own."""
    from dnetlab.engines.docker import DockerEngine

    found: dict[str, Rules] = {}
    said = ""
    for page in pages(release):
        with closing(DockerEngine(release)) as engine:
            asked = "docker version -f '{{.Server.Version}}'", "docker version -f '{{.Client.Version}}'", "iptables -V"
            server, client, iptables = (engine.hosts.run("docker1", text).stdout.strip() for text in asked)
            said = f"a real Docker Engine {server}, client {client}, {iptables}, on lab hosts in namespaces"
            found[page] = rules(engine, page)
        print(f"{release}/{page}", flush=True)
    head = {
        "recorded": datetime.date.today().isoformat(),
        "from": said,
        "made by": f"python tests/engines/rule_pages.py {release}",
    }
    RECORDINGS.mkdir(parents=True, exist_ok=True)
    rows = json.dumps({**head, "pages": found}, ensure_ascii=False, indent=1)
    (RECORDINGS / f"{release}.json").write_text(rows + "\n", encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        record(name)
