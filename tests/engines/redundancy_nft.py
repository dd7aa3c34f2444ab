"""Double redundancy with 29's nftables backend: few cells a recording of 29.7.2 answers, the others are simulated.

No engine of that release could be asked here, so the page says of each cell which of the two it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from functools import cache

import redundancy_ways as ways
from redundancy import ROOT, Table, outcome

from dnetlab.commands.cell import parse_cell
from dnetlab.engines import Engine
from dnetlab.engines.simulator import Simulator

RECORDING = ROOT / "tests" / "recordings" / "daemon" / "29.7" / "nftables.jsonl"
FLUSHED, KILLED = "nft flush ruleset", "pkill docker-proxy"
EXPERIMENTS: dict[str, tuple[str, ...]] = {
    "nothing broken": (),
    "ruleset flushed": (FLUSHED,),
    "docker-proxy killed": (KILLED,),
    "both": (FLUSHED, KILLED),
    "both, then the container restarted": (FLUSHED, KILLED, "docker restart -t 1 demo"),
    "ruleset flushed, then the daemon restarted and the containers started": (
        FLUSHED, "systemctl restart docker", "docker start demo peer stranger",
    ),
}  # fmt: skip
# (family, experiment, asker) -> line of the recording: a published port asked there, or the same ping.
RECORDED: dict[tuple[str, str, str], int] = {
    (ways.FOUR, "nothing broken", "client → host:80"): 12,
    (ways.FOUR, "nothing broken", "container → client"): 14,
    (ways.FOUR, "ruleset flushed", "client → host:80"): 29,
    (ways.FOUR, "ruleset flushed, then the daemon restarted and the containers started", "client → host:80"): 35,
}


def recorded() -> dict[tuple[str, str, str], str]:
    """What 29.7.2 answered."""
    rows = [json.loads(row) for row in RECORDING.read_text(encoding="utf-8").splitlines()]
    return {
        cell: outcome(rows[number - 1]["command"], rows[number - 1]["exit_code"]) for cell, number in RECORDED.items()
    }


def tables(fresh: Callable[[], Engine]) -> dict[str, Table]:
    """family -> experiment -> asker -> outcome, each experiment in a lab of its own."""
    told = json.dumps({"ipv6": True, "fixed-cidr-v6": "fd00:17::/64", "firewall-backend": "nftables"})
    before = "docker1# iptables -P FORWARD ACCEPT\ndocker1# ip6tables -P FORWARD ACCEPT\n"
    before += "docker1# sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1\n"
    found: dict[str, Table] = {ways.FOUR: {}, ways.SIX: {}}
    for name, texts in EXPERIMENTS.items():
        with closing(fresh()) as engine:
            script = before + ways.START.replace("{told}", told) + "".join(f"docker1# {text}\n" for text in texts)
            for line in parse_cell(script):
                output = engine.run(line)
                assert output.exit_code == 0 and not output.refused, (line.text, output)
            for family, row in found.items():
                row[name] = {
                    asker: outcome(command, engine.run(parse_cell(command + "\n")[0]).exit_code)
                    for asker, command in ways.ASKERS[family].items()
                }
    return found


@cache
def simulated() -> dict[str, Table]:
    return tables(lambda: Simulator("29.7"))


HEAD = """
## With nftables

29.7 with `"firewall-backend": "nftables"`, forwarding on and the policy of FORWARD accepting. Words in *slanted
letters* are the simulator's: no recording of 29.7.2 answers them. The others a recording answers
(`daemon/29.7/nftables`), and the simulator alike. *ruleset flushed* is `nft flush ruleset`, all tables at once.

"""


def page() -> str:
    head = ["way", "experiment", *ways.ASKERS4]
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    real = recorded()
    for family, table in simulated().items():
        for name, row in table.items():
            cells = [real.get((family, name, asker), f"*{word}*") for asker, word in row.items()]
            rows.append(f"| {family}, {ways.NFT} | {name} | {' | '.join(cells)} |")
    return HEAD + "\n".join(rows) + "\n"
