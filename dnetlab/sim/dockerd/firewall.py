"""The rules a daemon writes, in the order its release writes them: ordinary rules that `iptables -S` shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network

from dnetlab.model import Chain, Netfilter, Rule, Where, parse_rule
from dnetlab.sim.dockerd.books import daemon, release_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.profiles import EngineProfile, Firewall
from dnetlab.sim.world import World

STAGE_1, STAGE_2 = "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"
LOCAL = "-m addrtype --dst-type LOCAL -j DOCKER"


@lru_cache(maxsize=4096)
def rule(text: str) -> Rule:
    """The rule of that text; equal texts are one value."""
    return parse_rule(text)


class MissingChain(Exception):
    """What iptables says when a chain, or the target of a jump, isn't there."""


class Tables:
    """The tables of one namespace while they are changed. Each method is one call of iptables."""

    def __init__(self, netfilter: Netfilter) -> None:
        self.netfilter = netfilter

    def rules(self, table: str, chain: str) -> list[Rule]:
        found = self.netfilter.table(table).chain(chain)
        if found is None:
            raise MissingChain("iptables: No chain/target/match by that name.")
        return list(found.rules)

    def has_chain(self, table: str, chain: str) -> bool:
        return self.netfilter.table(table).chain(chain) is not None

    def new_chain(self, table: str, chain: str) -> None:
        """-N, nothing when it is there."""
        if not self.has_chain(table, chain):
            self.netfilter = self.netfilter.with_chain(table, Chain(chain))

    def _put(self, table: str, chain: str, rules: list[Rule]) -> None:
        found = self.netfilter.table(table).chain(chain)
        assert found is not None
        self.netfilter = self.netfilter.with_chain(table, replace(found, rules=tuple(rules)))

    def flush(self, table: str, chain: str) -> None:
        if self.has_chain(table, chain):
            self._put(table, chain, [])

    def has(self, table: str, chain: str, text: str) -> bool:
        wanted = rule(text)
        return self.has_chain(table, chain) and any(r.same_as(wanted) for r in self.rules(table, chain))

    def append(self, table: str, chain: str, text: str) -> None:
        """-A, nothing when the rule is there already (the daemon asks with -C first)."""
        self._check_target(table, text)
        if not self.has(table, chain, text):
            self._put(table, chain, [*self.rules(table, chain), rule(text)])

    def insert(self, table: str, chain: str, text: str, position: int = 1) -> None:
        """-I, nothing when the rule is there already."""
        self._check_target(table, text)
        if not self.has(table, chain, text):
            rules = self.rules(table, chain)
            rules.insert(position - 1, rule(text))
            self._put(table, chain, rules)

    def delete(self, table: str, chain: str, text: str) -> None:
        """-D of the first such rule, nothing when there is none."""
        if not self.has_chain(table, chain):
            return
        rules, wanted = self.rules(table, chain), rule(text)
        for number, found in enumerate(rules):
            if found.same_as(wanted):
                del rules[number]
                self._put(table, chain, rules)
                return

    def policy(self, table: str, chain: str, policy: str) -> None:
        found = self.netfilter.table(table).chain(chain)
        if found is not None:
            self.netfilter = self.netfilter.with_chain(table, replace(found, policy=policy))

    def _check_target(self, table: str, text: str) -> None:
        target = rule(text).target.name
        if target.startswith("DOCKER") and not self.has_chain(table, target):
            raise MissingChain("iptables: No chain/target/match by that name.")


@contextmanager
def edit(world: World, where: Where) -> Iterator[Tables]:
    """Change the tables of a namespace. They are put back at the end, after an error too: each call of iptables
    that succeeded has happened."""
    stack = world.namespace(where)
    tables = Tables(stack.netfilter)
    try:
        yield tables
    finally:
        if tables.netfilter is not stack.netfilter:
            world.put_namespace(where, replace(world.namespace(where), netfilter=tables.netfilter))


# -- the daemon's start ---------------------------------------------------------------------------------------------


def set_up_chains(world: World, host: str) -> None:
    """What a starting daemon does before its first network: its chains, emptied, and the jumps into them.

    DOCKER-USER is made when missing and never emptied (2.4 of the notes; E20, E28, E29).
    """
    layout = release_of(world).firewall
    with edit(world, Where(host)) as tables:
        tables.new_chain("nat", "DOCKER")
        tables.flush("nat", "DOCKER")
        for chain in layout.chains:
            tables.new_chain("filter", chain)
            tables.flush("filter", chain)
        if layout.forward_chain:
            _dedicated_chains(tables, layout)
        else:
            for chain in (STAGE_1, STAGE_2):
                tables.append("filter", chain, "-j RETURN")
    ensure_jumps(world, host)
    with edit(world, Where(host)) as tables:
        _nat_jumps(world, host, tables)


def _dedicated_chains(tables: Tables, layout: Firewall) -> None:
    for target in ("DOCKER-CT", STAGE_1 if layout.isolation else "DOCKER-INTERNAL", "DOCKER-BRIDGE"):
        tables.append("filter", "DOCKER-FORWARD", f"-j {target}")


def ensure_jumps(world: World, host: str) -> None:
    """Put the jumps of FORWARD where they belong: DOCKER-USER first, the daemon's own chain second."""
    layout = release_of(world).firewall
    with edit(world, Where(host)) as tables:
        second = "DOCKER-FORWARD" if layout.forward_chain else STAGE_1
        for target in (second, "DOCKER-USER"):
            tables.new_chain("filter", target)
            tables.delete("filter", "FORWARD", f"-j {target}")
            tables.insert("filter", "FORWARD", f"-j {target}")
        if layout.returns:
            tables.append("filter", "DOCKER-USER", "-j RETURN")


def _nat_jumps(world: World, host: str, tables: Tables) -> None:
    proxy = daemon(world, host).userland_proxy
    tables.append("nat", "PREROUTING", LOCAL)
    tables.append("nat", "OUTPUT", f"! -d 127.0.0.0/8 {LOCAL}" if proxy else LOCAL)


def forwarding(world: World, host: str) -> None:
    """Switch ip_forward on; only a daemon that had to do so sets the policy of FORWARD to DROP.

    drivers/bridge/setup_ip_forwarding.go; E20: a policy ACCEPT beside ip_forward=1 stays.
    """
    if world.namespace(Where(host)).forwards:
        return
    sysctls = dict(world.namespace(Where(host)).sysctls)
    for key in ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv4.conf.default.forwarding"):
        sysctls[key] = "1"
    world.put_namespace(Where(host), replace(world.namespace(Where(host)), sysctls=sysctls))
    with edit(world, Where(host)) as tables:
        tables.policy("filter", "FORWARD", "DROP")


# -- one bridge network ---------------------------------------------------------------------------------------------


def network_rules(
    world: World, host: str, bridge: str, subnet: IPv4Network, *,
    internal: bool = False, icc: bool = True, masquerade: bool = True, source: IPv4Address | None = None,
) -> list[tuple[str, str, str, str]]:  # fmt: skip
    """(operation, table, chain, rule) in the order the daemon runs them; operation is 'insert' or 'append'."""
    layout = release_of(world).firewall
    proxy = daemon(world, host).userland_proxy
    if internal:
        return _internal_rules(layout, bridge, subnet, icc)
    rules: list[tuple[str, str, str, str]] = []
    if masquerade:
        target = f"SNAT --to-source {source}" if source else "MASQUERADE"
        rules.append(("insert", "nat", "POSTROUTING", f"-s {subnet} ! -o {bridge} -j {target}"))
        if proxy and layout.nat_returns:
            rules.append(("insert", "nat", "DOCKER", f"-i {bridge} -j RETURN"))
    if not proxy:
        local = f"-o {bridge} -m addrtype --src-type LOCAL -j MASQUERADE"
        rules.append(("insert", "nat", "POSTROUTING", local))
    if layout.forward_chain:
        return rules + _dedicated_rules(layout, bridge, icc)
    return rules + _classic_rules(bridge, icc)


def _classic_rules(bridge: str, icc: bool) -> list[tuple[str, str, str, str]]:
    """20.10 to 27: the block in FORWARD (each rule inserted, so the last one stands first) and the isolation."""
    same = f"-i {bridge} -o {bridge} -j"
    return [
        ("insert", "filter", "FORWARD", f"{same} ACCEPT") if icc else ("append", "filter", "FORWARD", f"{same} DROP"),
        ("insert", "filter", "FORWARD", f"-i {bridge} ! -o {bridge} -j ACCEPT"),
        ("insert", "filter", "FORWARD", f"-o {bridge} -j DOCKER"),
        ("insert", "filter", "FORWARD", f"-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
        ("insert", "filter", STAGE_1, f"-i {bridge} ! -o {bridge} -j {STAGE_2}"),
        ("insert", "filter", STAGE_2, f"-o {bridge} -j DROP"),
    ]


def _dedicated_rules(layout: Firewall, bridge: str, icc: bool) -> list[tuple[str, str, str, str]]:
    """28 and later: one rule per bridge in each of the daemon's own chains."""
    if icc:
        rules = [("append", "filter", "DOCKER-FORWARD", f"-i {bridge} -j ACCEPT")]
    else:
        rules = [
            ("append", "filter", "DOCKER-FORWARD", f"-i {bridge} -o {bridge} -j DROP"),
            ("append", "filter", "DOCKER-FORWARD", f"-i {bridge} ! -o {bridge} -j ACCEPT"),
        ]
    rules += [
        ("append", "filter", "DOCKER-CT", f"-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
        ("append", "filter", "DOCKER-BRIDGE", f"-o {bridge} -j DOCKER"),
        ("append", "filter", "DOCKER", f"! -i {bridge} -o {bridge} -j DROP"),
    ]
    if layout.isolation:
        rules.append(("append", "filter", STAGE_1, f"-i {bridge} ! -o {bridge} -j {STAGE_2}"))
        rules.append(("insert", "filter", STAGE_2, f"-o {bridge} -j DROP"))
    return rules


def _internal_rules(layout: Firewall, bridge: str, subnet: IPv4Network, icc: bool) -> list[tuple[str, str, str, str]]:
    chain = STAGE_1 if layout.isolation else "DOCKER-INTERNAL"
    forward = "DOCKER-FORWARD" if layout.forward_chain else "FORWARD"
    verdict, how = ("ACCEPT", "append" if layout.forward_chain else "insert") if icc else ("DROP", "append")
    return [
        ("insert", "filter", chain, f"! -d {subnet} -i {bridge} -j DROP"),
        ("insert", "filter", chain, f"! -s {subnet} -o {bridge} -j DROP"),
        (how, "filter", forward, f"-i {bridge} -o {bridge} -j {verdict}"),
    ]


def add_network(world: World, host: str, rules: list[tuple[str, str, str, str]], *, internal: bool = False) -> None:
    """Write a new bridge network's rules. ApiError in the daemon's words when a chain of its own has gone.

    An internal one doesn't touch nat, so that its missing jumps stay missing (observed on 20.10.24 and 26.1.5).
    """
    repairs = release_of(world).firewall.repairs_jumps
    with edit(world, Where(host)) as tables:
        for how, table, chain, text in rules:
            try:
                if how == "insert":
                    tables.insert(table, chain, text)
                else:
                    tables.append(table, chain, text)
            except MissingChain as error:
                raise ApiError(_complaint(release_of(world), how, table, chain, text, str(error))) from None
        if repairs and not internal:
            _nat_jumps(world, host, tables)
    if repairs:
        ensure_jumps(world, host)


def _complaint(release: EngineProfile, how: str, table: str, chain: str, text: str, error: str) -> str:
    """What the daemon says when a rule of a network can't be written (observed on 20.10, 26.1, 28.5)."""
    words = text.split()
    if chain == "FORWARD":
        return (
            f"Failed to program FILTER chain: iptables failed: iptables --wait -I FORWARD {text}: iptables v1.8.9 "
            f"(nf_tables): Chain '{words[-1]}' does not exist\n"
            "Try `iptables -h' or 'iptables --help' for more information.\n (exit status 2)"
        )
    if words[:1] == ["!"]:  # an internal network's: the daemon spells the interface first
        text = " ".join([*words[3:5], *words[:3], *words[5:]])
    where = f"-t {table} " if table == "nat" or release.names_filter_table else ""
    call = f"iptables --wait {where}-{how[0].upper()} {chain} {text}"
    if "-i" in words and "-o" in words and words[-1] == "DROP":
        what = "Unable to prevent intercontainer communication"
    else:
        what = f"Unable to enable {_purpose(table, chain, text)} rule"
    return f"Failed to Setup IP tables: {what}:  (iptables failed: {call}: {error}\n (exit status 1))"


def _purpose(table: str, chain: str, text: str) -> str:
    if table == "nat":
        return "SKIP DNAT" if chain == "DOCKER" else "NAT"
    if text.endswith("-j ACCEPT"):
        return "ACCEPT OUTGOING"
    return "DROP INCOMING" if " -d " in text else "DROP OUTGOING"


def remove_network(world: World, host: str, rules: list[tuple[str, str, str, str]]) -> None:
    """Take a network's rules away again; those already gone are no matter."""
    with edit(world, Where(host)) as tables:
        for _, table, chain, text in rules:
            tables.delete(table, chain, text)


# -- rules of endpoints ---------------------------------------------------------------------------------------------


def apply_rules(world: World, host: str, rules: list[tuple[str, str, str, str]]) -> None:
    """Write the rules of an endpoint: (operation, table, chain, rule)."""
    if not rules:
        return
    with edit(world, Where(host)) as tables:
        for how, table, chain, text in rules:
            if how == "insert":
                tables.insert(table, chain, text)
            else:
                tables.append(table, chain, text)


def withdraw_rules(world: World, host: str, rules: list[tuple[str, str, str, str]]) -> None:
    """Take them away again; those already gone are no matter."""
    if rules:
        remove_network(world, host, rules)


def resolver_rules(world: World, where: Where, tcp_port: int, udp_port: int) -> None:
    """In a container's own namespace: port 53 of 127.0.0.11 leads to the sockets of dockerd (resolver_unix.go)."""
    with edit(world, where) as tables:
        tables.new_chain("nat", "DOCKER_OUTPUT")
        tables.new_chain("nat", "DOCKER_POSTROUTING")
        tables.append("nat", "OUTPUT", "-d 127.0.0.11/32 -j DOCKER_OUTPUT")
        tables.append("nat", "POSTROUTING", "-d 127.0.0.11/32 -j DOCKER_POSTROUTING")
        for protocol, port in (("tcp", tcp_port), ("udp", udp_port)):
            proto = f"-p {protocol} -m {protocol}"
            tables.append("nat", "DOCKER_OUTPUT",
                          f"-d 127.0.0.11/32 {proto} --dport 53 -j DNAT --to-destination 127.0.0.11:{port}")
            tables.append("nat", "DOCKER_POSTROUTING",
                          f"-s 127.0.0.11/32 {proto} --sport {port} -j SNAT --to-source :53")
