"""The backend that writes iptables rules (moby daemon/libnetwork/drivers/bridge/internal/iptabler)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dnetlab.model import PortBinding, Where
from dnetlab.model.ip import IpAddress
from dnetlab.sim.dockerd.books import daemon, release_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import rules
from dnetlab.sim.dockerd.firewall.nftmirror import drop_tables
from dnetlab.sim.dockerd.firewall.protocol import Firewaller, NetworkConfig
from dnetlab.sim.dockerd.firewall.tables import Entry, MissingChain, Tables, edit, last
from dnetlab.sim.profiles import Firewall
from dnetlab.sim.world import World


def writes_ip6tables(world: World, host: str) -> bool:
    """Does the daemon write rules for IPv6? Up to 26 only when it was told to, as an experiment."""
    config, always = daemon(world, host).config, release_of(world).ip6tables
    asked = always if config.ip6tables is None else config.ip6tables
    return asked and (always or config.experimental)


def families(world: World, host: str) -> tuple[int, ...]:
    """The families whose rules the daemon writes: iptables=false is of IPv4 alone (observed on 28.5.2)."""
    return (4,) * daemon(world, host).config.iptables + (6,) * writes_ip6tables(world, host)


class Iptables(Firewaller):
    """See Firewaller. Which rules they are is in rules.py; here they are written and taken away."""

    def __init__(self, world: World, host: str) -> None:
        self.world = world
        self.where = Where(host)
        self.layout: Firewall = release_of(world).firewall
        self.proxy = daemon(world, host).userland_proxy
        self.direct = daemon(world, host).config.allow_direct_routing  # nothing is dropped in raw for endpoints
        self.mark = daemon(world, host).config.accept_mark
        self.raw = daemon(world, host).config.raw_rules
        self.families = families(world, host)

    def start(self) -> None:
        drop_tables(self.world, self.where)
        for version in self.families:
            self._start(version)

    def _start(self, version: int) -> None:
        """DOCKER-USER is made when missing and never emptied (2.4 of the notes; E20, E28, E29)."""
        with edit(self.world, self.where, version) as tables:
            for table in ("nat", "filter"):
                if tables.has_chain("nat", "DOCKER") or not self.layout.forward_chain:
                    tables.in_unknown_order(table)
            for table, chain in (("nat", "DOCKER"), *(("filter", name) for name in self.layout.chains)):
                tables.new_chain(table, chain)
                tables.flush(table, chain)
            if self.layout.forward_chain:  # the jump to it comes before what it holds
                _put_on_top(tables, rules.forward_jumps(self.layout, version)[0])
            _write(tables, rules.own_chains(self.layout))
            self._lead_forward(tables, version)
            tables.delete(rules.nat_jumps(not self.proxy, version)[-1])  # of an earlier daemon with the other setting
            if self.layout.repairs_jumps:  # they come with the first network, whose masquerading is written before
                tables.need("nat", "POSTROUTING")
            _write(tables, rules.nat_jumps(self.proxy, version))
            if version == 6 and not release_of(self.world).ip6tables:  # observed on 20.10.24 and 26.1.5
                tables.policy("filter", "FORWARD", "DROP")

    def drop_forwarded(self, version: int = 4) -> None:
        if version not in self.families:
            return
        with edit(self.world, self.where, version) as tables:
            tables.policy("filter", "FORWARD", "DROP")

    def _lead_forward(self, tables: Tables, version: int) -> None:
        """Put the jumps of FORWARD where they belong, whatever stood there."""
        for jump in rules.forward_jumps(self.layout, version)[self.layout.forward_chain :]:
            tables.new_chain("filter", jump.rule.target.name)
            _put_on_top(tables, jump)
        if self.layout.returns and (version == 4 or self.layout.user_chain6):
            tables.write(last("filter", "DOCKER-USER", "-j RETURN"))

    def add_network(self, network: NetworkConfig) -> None:
        """An internal one doesn't touch nat, so that its missing jumps stay missing (observed on 20.10.24, 26.1.5)."""
        version = network.subnet.version
        if version not in self.families:
            return
        with edit(self.world, self.where, version) as tables:
            if self.proxy and self.layout.clears_hairpin:
                tables.delete(rules.local_hairpin(network.bridge))
            for entry in rules.of_network(self.layout, self.proxy, network, self.mark):
                self._write_or_complain(tables, entry, version)
            if not self.layout.repairs_jumps:
                return
            for entry in rules.nat_jumps(self.proxy, version) if not network.internal else ():
                self._write_or_complain(tables, entry, version)
            self._lead_forward(tables, version)

    def remove_network(self, network: NetworkConfig) -> None:
        self._delete(network, rules.of_network(self.layout, self.proxy, network, self.mark))

    def add_endpoint(self, network: NetworkConfig, address: IpAddress) -> None:
        entries = rules.of_endpoint(self.layout, network, address) if self.raw and not self.direct else []
        if entries and address.version in self.families:
            with edit(self.world, self.where, address.version) as tables:
                _write(tables, entries)

    def remove_endpoint(self, network: NetworkConfig, address: IpAddress) -> None:
        self._delete(network, rules.of_endpoint(self.layout, network, address))

    def add_ports(self, network: NetworkConfig, address: IpAddress, bindings: Sequence[PortBinding]) -> None:
        if address.version not in self.families:
            return
        with edit(self.world, self.where, address.version) as tables:
            for entry in self._of_ports(network, address, bindings):
                try:
                    tables.write(entry)
                except MissingChain as error:
                    prefix = release_of(self.world).text("port rule failed", purpose=entry.purpose)
                    call = f"{_tool(address.version)} --wait -t {entry.table} {entry.call}"
                    raise ApiError(f"{prefix} (iptables failed: {call}: {error}\n (exit status 1))") from None

    def remove_ports(self, network: NetworkConfig, address: IpAddress, bindings: Sequence[PortBinding]) -> None:
        self._delete(network, self._of_ports(network, address, bindings))

    def add_link(
        self, network: NetworkConfig, asking: IpAddress, asked: IpAddress, ports: Sequence[tuple[int, str]]
    ) -> None:
        if 4 not in self.families:
            return
        with edit(self.world, self.where) as tables:
            _write(tables, rules.of_link(network, asking, asked, ports))

    def remove_link(
        self, network: NetworkConfig, asking: IpAddress, asked: IpAddress, ports: Sequence[tuple[int, str]]
    ) -> None:
        self._delete(network, rules.of_link(network, asking, asked, ports))

    def lead_to_resolver(self, where: Where, tcp: int, udp: int) -> None:
        with edit(self.world, where) as tables:
            entries = rules.of_resolver(tcp, udp)
            for way_in in entries[:2]:
                tables.new_chain("nat", way_in.rule.target.name)
                tables.flush("nat", way_in.rule.target.name)  # an earlier daemon's, who had other ports
                tables.write(way_in)
            _write(tables, entries[2:])

    def _of_ports(
        self, network: NetworkConfig, address: IpAddress, bindings: Sequence[PortBinding]
    ) -> list[Entry]:
        return [
            entry for binding in bindings
            for entry in rules.of_port(self.layout, self.proxy, network, address, binding)
            if self.raw or entry.table != "raw"
        ]  # fmt: skip

    def _delete(self, network: NetworkConfig, entries: Iterable[Entry]) -> None:
        if network.subnet.version not in self.families:
            return
        with edit(self.world, self.where, network.subnet.version) as tables:
            for entry in entries:
                tables.delete(entry)

    def _write_or_complain(self, tables: Tables, entry: Entry, version: int) -> None:
        try:
            tables.write(entry)
        except MissingChain as error:
            raise ApiError(self._complaint(entry, str(error), _tool(version))) from None

    def _complaint(self, entry: Entry, error: str, tool: str) -> str:
        """What the daemon says when a rule of a network can't be written (observed on 20.10, 26.1, 28.5)."""
        if entry.chain == "FORWARD":
            return (
                f"Failed to program FILTER chain: iptables failed: {tool} --wait {entry.call}: {tool} v1.8.9 "
                f"(nf_tables): Chain '{entry.rule.target.name}' does not exist\n"
                f"Try `{tool} -h' or '{tool} --help' for more information.\n (exit status 2)"
            )
        named = entry.table == "nat" or release_of(self.world).names_filter_table
        call = f"{tool} --wait {f'-t {entry.table} ' if named else ''}{entry.call}"
        return f"Failed to Setup IP tables: {entry.purpose}:  (iptables failed: {call}: {error}\n (exit status 1))"


def _tool(version: int) -> str:
    return "iptables" if version == 4 else "ip6tables"


def _put_on_top(tables: Tables, jump: Entry) -> None:
    """Whatever stood there."""
    tables.delete(jump)
    tables.write(jump)


def _write(tables: Tables, entries: Iterable[Entry]) -> None:
    for entry in entries:
        tables.write(entry)
