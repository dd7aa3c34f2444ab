"""What Linux says in words of a form that never changes: `iptables-save -c`, and the kernel's list of conntrack."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

from dnetlab.model import Chain, Connection, Flow, Match, Netfilter, Protocol, Rule, Table
from dnetlab.model.netfilter import BUILTIN, parse_rule
from dnetlab.model.packet import ConnState, TcpState


def parse_rules(text: str) -> Netfilter:
    """The output of `iptables-save -c` as tables; an empty text is tables that nobody touched.

    A rule that can't be read is one condition that nobody can judge, with the rule's words as its text.
    """
    netfilter = Netfilter()
    name = ""
    chains: dict[str, Chain] = {}
    rules: dict[str, list[Rule]] = {}
    for line in text.splitlines():
        if line.startswith("*"):
            name, chains, rules = line[1:].strip(), {}, {}
        elif line.startswith(":"):
            chain, policy, counters = line[1:].split()
            packets, size = (int(number) for number in counters.strip("[]").split(":"))
            chains[chain] = Chain(chain, (), None if policy == "-" else policy, packets, size)
            rules[chain] = []
        elif line.startswith(("[", "-A")):
            chain = line.partition("-A ")[2].split()[0]
            rules[chain].append(_rule(line))
        elif line == "COMMIT" and name in BUILTIN:
            whole = tuple(replace(chain, rules=tuple(rules[key])) for key, chain in chains.items())
            netfilter = netfilter.with_table(Table(name, _ordered(name, whole)))
    return netfilter


def _rule(line: str) -> Rule:
    try:
        return parse_rule(line)
    except ValueError:
        return Rule((Match(line.partition("-A ")[2].partition(" ")[2]),))


def _ordered(table: str, chains: tuple[Chain, ...]) -> tuple[Chain, ...]:
    """Built-in chains in hook order, then the others as listed; a built-in chain that was never used has its policy."""
    listed = {chain.name: chain for chain in chains}
    first = tuple(listed.get(name) or Chain(name, policy="ACCEPT") for name in BUILTIN[table])
    return first + tuple(chain for chain in chains if chain.name not in BUILTIN[table])


def connections(folder: str) -> list[Connection]:
    """The entries of conntrack of a process's namespace (its /proc folder); [] where the kernel lists none."""
    try:
        lines = Path(f"{folder}/net/nf_conntrack").read_text().splitlines()
    except OSError:
        return []
    return [found for line in lines if (found := connection(line)) is not None]


def connection(line: str) -> Connection | None:
    """A line of nf_conntrack; None for one of a protocol that the lab has no name for."""
    words = line.split()
    name = words[2].removesuffix("v6")  # icmpv6
    if words[0] not in ("ipv4", "ipv6") or name not in ("icmp", "tcp", "udp"):
        return None
    pairs = [word.split("=", 1) for word in words if "=" in word]
    tuples: list[dict[str, str]] = []
    for key, value in pairs:
        if key == "src":
            tuples.append({})
        if tuples:
            tuples[-1].setdefault(key, value)
    if len(tuples) < 2:
        return None
    protocol = Protocol(name)
    flows = [
        Flow(
            protocol,
            ip_address(t["src"]),
            ip_address(t["dst"]),
            int(t.get("sport", t.get("id", 0))),
            int(t.get("dport", 0)),
        )
        for t in tuples[:2]
    ]
    state = ConnState.NEW if "[UNREPLIED]" in words else ConnState.ESTABLISHED
    tcp = next((s for s in TcpState if s.value == words[5]), None) if protocol is Protocol.TCP else None
    return Connection(flows[0], flows[1], state, tcp=tcp, assured="[ASSURED]" in words)
