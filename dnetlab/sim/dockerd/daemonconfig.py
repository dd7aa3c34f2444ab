"""What a dockerd was told at its start, in /etc/docker/daemon.json or on its command line: what the lab models."""

from __future__ import annotations

from dataclasses import dataclass, field

from dnetlab.model.changed import quick
from dnetlab.model.ip import IpNetwork


@dataclass(frozen=True)
class AddressPool:
    """One of default-address-pools: networks of that size are cut out of the base."""

    base: IpNetwork
    size: int


@quick
@dataclass(frozen=True)
class DaemonConfig:
    """The daemon's options, each with dockerd's own default (docs.docker.com/reference/cli/dockerd).

    bip, fixed_cidr, default_gateway  of docker0: its address, the part of its subnet for containers, their gateway
    pools            where networks without a --subnet get theirs; () the built-in ones
    mtu              of docker0 and its containers
    dns, dns_search, dns_options  for containers that name none
    icc              containers on docker0 may talk to each other
    iptables         the daemon writes rules
    firewall_backend  'iptables', or since 29 'nftables'
    ip6tables        for IPv6 too; None: as the release does
    ipv6, fixed_cidr_v6, default_gateway_v6  of docker0: has it IPv6, from where, and which gateway its containers take
    ip_forward       it switches net.ipv4.ip_forward on
    ip_forward_no_drop  and then leaves the policy of FORWARD alone
    allow_direct_routing  the addresses of containers may be asked from elsewhere, where their ports are published
    accept_mark      of packets with that firewall mark, and mask, none is kept from the containers of bridge networks
    raw_rules        it writes into the table raw; not with DOCKER_INSECURE_NO_IPTABLES_RAW=1 in its environment
    ip_masq          what leaves docker0's subnet wears the host's address
    ip               where a port is published that names no address; '' everywhere
    userland_proxy   each published port has a docker-proxy
    network_options  driver -> options of networks that are made with it
    insecure_registries, registry_mirrors, debug, experimental  `docker info` shows them
    live_restore     containers outlive the daemon, and the next one takes them over (liverestore.py)
    """

    bip: str = ""
    fixed_cidr: str = ""
    default_gateway: str = ""
    pools: tuple[AddressPool, ...] = ()
    mtu: int = 1500
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()
    icc: bool = True
    iptables: bool = True
    ip6tables: bool | None = None
    ipv6: bool = False
    fixed_cidr_v6: str = ""
    default_gateway_v6: str = ""
    ip_forward: bool = True
    ip_forward_no_drop: bool = False
    allow_direct_routing: bool = False
    accept_mark: tuple[int, int | None] | None = None
    raw_rules: bool = True
    ip_masq: bool = True
    ip: str = ""
    userland_proxy: bool = True
    network_options: dict[str, dict[str, str]] = field(default_factory=dict)
    insecure_registries: tuple[str, ...] = ()
    registry_mirrors: tuple[str, ...] = ()
    debug: bool = False
    experimental: bool = False
    firewall_backend: str = "iptables"
    live_restore: bool = False
