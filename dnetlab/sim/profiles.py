"""Every difference between Docker releases that the simulator knows, as data: one profile per release.

Sources in the comments: E20, E25, E27, E28, E29 are observations of the real engines 20.10.24, 25.0.13, 27.5.1,
28.5.2 and 29.7.2; a file name is one of github.com/moby/moby at that release's tag.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dnetlab.errors import UsageError

DEFAULT_RELEASE = "28.5"


@dataclass(frozen=True)
class Firewall:
    """How a release writes its rules.

    forward_chain     rules stand in DOCKER-FORWARD, DOCKER-CT and DOCKER-BRIDGE, not in FORWARD itself
    isolation         DOCKER-ISOLATION-STAGE-1 and -2 keep the networks apart
    returns           DOCKER-USER and the isolation chains end in RETURN
    nat_returns       nat DOCKER lets the network's own containers pass: -i BRIDGE -j RETURN
    default_deny      DOCKER drops what enters a bridge from elsewhere
    raw_drop          raw PREROUTING drops what is sent straight to a container's address
    hairpin_per_port  each published port has a MASQUERADE for the container that calls itself
    repairs_jumps     creating a network puts missing jumps of FORWARD and nat back
    """

    forward_chain: bool
    isolation: bool
    returns: bool
    nat_returns: bool
    default_deny: bool
    raw_drop: bool
    hairpin_per_port: bool
    repairs_jumps: bool
    chains: tuple[str, ...]


_CLASSIC = Firewall(  # E20, E25, E27; drivers/bridge/setup_ip_tables.go
    forward_chain=False, isolation=True, returns=True, nat_returns=True, default_deny=False, raw_drop=False,
    hairpin_per_port=True, repairs_jumps=True,
    chains=("DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"),
)  # fmt: skip
_DEDICATED = Firewall(  # E28; drivers/bridge/internal/iptabler
    forward_chain=True, isolation=True, returns=False, nat_returns=True, default_deny=True, raw_drop=True,
    hairpin_per_port=False, repairs_jumps=False,
    chains=("DOCKER", "DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER-CT",
            "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"),
)  # fmt: skip
_TODAY = replace(  # E29
    _DEDICATED, isolation=False, nat_returns=False,
    chains=("DOCKER", "DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER-CT", "DOCKER-INTERNAL"),
)  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """One release.

    version, api      what `docker version` says of the server
    pool_cursor       the next default pool comes after the last one tried, not the lowest free
    random_mac        container MACs are random at each start, else 02:42 and the address
    veth_in_container the pair is made with its inner end in the container, so that its index is small there
    counts_interfaces ethN only goes up while the container runs; at a start names follow the gateway's order
    internal_default_route  containers on --internal networks still get a default route
    proxy_listen_fd   dockerd opens docker-proxy's socket and hands it over
    link_variables    --link on the default bridge sets variables
    many_networks     `docker run` takes several --network
    address_anywhere  --ip on user networks without a --subnet
    shared_parent     two macvlan networks on one parent
    macvlan_gateway   macvlan without --gateway keeps .1 for one
    auto_gateway_shown  inspect shows the gateway the daemon chose for a --subnet
    resolv_comments   '' none, '26' or '28': which comments stand in a container's /etc/resolv.conf
    zero_prefixes     /etc/hosts says fe00::0 and ff00::0
    loopback_v6       lo has ::1 in containers
    start_prefix      in front of errors of the network at a start
    validates_config  addresses are checked when the container is created
    strict_subnets    a --subnet with host bits set is refused
    ports_ascending   published ports are worked off from the lowest container port up
    ports_per_address the daemon's table of host ports keeps 0.0.0.0 and 127.0.0.1 apart
    hosts_forgets_names disconnecting takes every line for a name of that network out of /etc/hosts
    stop_clears_hosts a container that ends takes its line out of /etc/hosts, which those who joined it see
    default_name      what the default network is called in errors
    fresh_gateway_shown inspect shows docker0's gateway also before the daemon's second start
    proxy_zombies     a docker-proxy that was killed is a zombie until its container stops
    task_before_network  the shim and process 1 are older than the container's docker-proxies
    small_subnets     a /31 and a /32 have no network and broadcast address to keep free
    names_filter_table errors spell `-t filter` out
    texts             sentences that differ, by key
    sets_mtu          the bridge itself gets the network's MTU (else the kernel follows its ports)
    create_forwards   creating a bridge network switches ip_forward on again
    dead_upstream     what 127.0.0.11 says when its own server can't be reached: 'silence', 'half' (nothing to A,
                      an empty answer to AAAA) or 'SERVFAIL'
    default_mode      .HostConfig.NetworkMode of a container without --network
    """

    release: str
    version: str
    api: str
    firewall: Firewall
    pool_cursor: bool
    random_mac: bool
    veth_in_container: bool
    counts_interfaces: bool
    internal_default_route: bool
    proxy_listen_fd: bool
    link_variables: bool
    many_networks: bool
    address_anywhere: bool
    shared_parent: bool
    macvlan_gateway: bool
    auto_gateway_shown: bool
    resolv_comments: str
    zero_prefixes: bool
    loopback_v6: bool
    start_prefix: str
    validates_config: bool
    default_mode: str
    strict_subnets: bool
    ports_ascending: bool
    ports_per_address: bool
    hosts_forgets_names: bool
    default_name: str
    small_subnets: bool
    task_before_network: bool
    fresh_gateway_shown: bool
    names_filter_table: bool
    proxy_zombies: bool
    stop_clears_hosts: bool
    texts: dict[str, str]
    sets_mtu: bool = False
    create_forwards: bool = False
    dead_upstream: str = "silence"

    def text(self, key: str, **values: str) -> str:
        """A sentence of this release's daemon, its {names} filled in."""
        return self.texts[key].format(**values)


_TEXTS_20_10: dict[str, str] = {
    "pools exhausted": "could not find an available, non-overlapping IPv4 address pool among the defaults to assign "
    "to the network",
    "pool overlaps": "Pool overlaps with other one on this address space",
    "bad restart policy": "invalid restart policy '{name}'",
    "negative retries": "maximum retry count cannot be negative",
    "bad subnet": "Invalid subnet {subnet} : invalid CIDR address: {subnet}",
    "empty network name": "network with name  already exists",
    "network in use": "network {name} id {id} has active endpoints",
    "bind failed": "Error starting userland proxy: listen {family} {ip}:{port}: bind: {problem}",
    "join unknown": "No such container: {name}",
    "join itself": "cannot join own network",
    "join stopped": "cannot join network of a non running container: {id}",
    "ip predefined": "user specified IP address is supported on user defined networks only",
    "ip unconfigured": "user specified IP address is supported only when connecting to networks with user configured "
    "subnets",
    "connect host": "container cannot be disconnected from host network or connected to host network",
    "disconnect host": "container cannot be disconnected from host network or connected to host network",
    "port rule failed": "",
    "pool full": "No available addresses on this pool",
    "mode gone": "",
    "bridge missing": "could not find bridge {name}: route ip+net: no such network interface",
    "long name": "failed to check bridge interface existence: numerical result out of range",
    "link elsewhere": "Cannot link to /{name}, as it does not belong to the default network",
    "parent unknown": "-o parent interface does was not found on the host: {name}",
}
_TEXTS_26_1 = _TEXTS_20_10 | {
    "bad restart policy": "invalid restart policy: unknown policy '{name}'; "
    "use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
    "negative retries": "invalid restart policy: maximum retry count cannot be negative",
    "bad subnet": "invalid network config:\ninvalid subnet {subnet}: invalid CIDR block notation",
    "empty network name": "invalid name:",
    "bridge missing": "Device does not exist",
    "long name": "numerical result out of range",
    "parent unknown": "-o parent interface was not found on the host: {name}",
    "pool full": "no available addresses on this pool",
    "mode gone": "could not find a network matching network mode {name}: network {name} not found",
    "ip outside": "no configured subnet or ip-range contain the IP address {ip}",
}
_TEXTS_28_5 = _TEXTS_26_1 | {
    "pools exhausted": "all predefined address pools have been fully subnetted",
    "pool full": "",  # observed on 28.5.2: says that the address is in use
    "pool overlaps": "invalid pool request: Pool overlaps with other one on this address space",
    "empty network name": "invalid name: name is empty",
    "network in use": "network {name} has active endpoints ({users})",
    "bind failed": "failed to bind host port for {ip}:{port}:{target}/{protocol}: {problem}",
    "link elsewhere": "container {id} not attached to default bridge network",
    "port rule failed": "Unable to enable {purpose} rule: ",
    "join unknown": "joining network namespace of container: No such container: {name}",
    "join itself": "cannot join own network namespace",
    "join stopped": "cannot join network namespace of a non running container: container {name} is {state}",
    "connect host": "cannot connect container to host network - container must be created in host network mode",
    "disconnect host": "cannot disconnect container from host network - container was created in host network mode",
}
_TEXTS_29_7 = _TEXTS_28_5 | {
    "bad subnet": "invalid JSON: netip.ParsePrefix(\"{subnet}\"): no '/'",
    "bind failed": "failed to bind host port {ip}:{port}/{protocol}: {problem}",
    "ip predefined": "user-specified IP address is supported on user-defined networks only",
    "ip outside": "no configured subnet contains IP address {ip}",
}

_20_10 = Profile(
    release="20.10",
    version="20.10.24+dfsg1",
    api="1.41",
    firewall=_CLASSIC,
    pool_cursor=True,
    random_mac=False,
    veth_in_container=False,
    counts_interfaces=True,
    internal_default_route=True,
    proxy_listen_fd=False,
    link_variables=True,
    many_networks=False,
    address_anywhere=False,
    shared_parent=False,
    macvlan_gateway=True,
    auto_gateway_shown=False,
    resolv_comments="",
    zero_prefixes=True,
    loopback_v6=False,
    start_prefix="",
    validates_config=False,
    default_mode="default",
    strict_subnets=False,
    ports_ascending=False,
    ports_per_address=True,
    hosts_forgets_names=True,
    default_name="bridge",
    stop_clears_hosts=False,
    names_filter_table=False,
    proxy_zombies=True,  # observed on 20.10.24; portmapper/proxy.go waits for it only when it stops it
    small_subnets=False,
    task_before_network=False,
    fresh_gateway_shown=False,  # observed on 20.10.24
    texts=_TEXTS_20_10,
)
_26_1 = replace(
    _20_10,
    release="26.1",
    version="26.1.5+dfsg1",
    api="1.45",
    internal_default_route=False,  # since 25.0 (E25)
    many_networks=True,  # since 25.0 (E25)
    resolv_comments="26",  # since 26.0, libnetwork/internal/resolvconf
    validates_config=True,  # since 25.0 (E25)
    strict_subnets=True,  # since 25.0 (E25)
    loopback_v6=True,  # observed on 26.1.5
    dead_upstream="half",  # observed on 26.1.5
    proxy_zombies=False,  # observed on 26.1.5
    names_filter_table=True,  # observed on 26.1.5
    fresh_gateway_shown=True,  # observed on 26.1.5
    sets_mtu=True,  # observed on 26.1.5 and 28.5.2, not on 20.10.24
    small_subnets=True,  # since 25.0 (E25); observed on 26.1.5 and 28.5.2
    texts=_TEXTS_26_1,
)
_28_5 = replace(
    _26_1,
    release="28.5",
    version="28.5.2+dfsg4",
    api="1.51",
    firewall=_DEDICATED,
    pool_cursor=False,  # since 27.0, ipams/defaultipam/address_space.go
    random_mac=True,  # since 28.0, drivers/bridge/bridge_linux.go
    veth_in_container=True,  # since 28.0 (E28)
    counts_interfaces=False,
    proxy_listen_fd=True,  # since 28.0, portmapper/proxy_linux.go
    shared_parent=True,  # since 27.0.1
    dead_upstream="SERVFAIL",  # observed on 28.5.2
    resolv_comments="28",
    zero_prefixes=False,
    ports_ascending=True,  # observed on 28.5.2
    ports_per_address=False,  # observed on 28.5.2
    hosts_forgets_names=False,  # observed on 28.5.2
    task_before_network=True,  # observed on 28.5.2
    stop_clears_hosts=True,  # observed on 28.5.2
    create_forwards=True,  # observed on 28.5.2, not on 26.1.5
    start_prefix="failed to set up container networking: ",  # since 28.0.1
    default_mode="bridge",  # since 27
    texts=_TEXTS_28_5,
)
_29_7 = replace(
    _28_5,
    release="29.7",
    version="29.7.2",
    api="1.55",
    firewall=_TODAY,
    link_variables=False,  # E29
    address_anywhere=True,  # since 29.0.4
    macvlan_gateway=False,  # since 29.0.0
    auto_gateway_shown=True,  # E29
    texts=_TEXTS_29_7,
)
PROFILES: dict[str, Profile] = {p.release: p for p in (_20_10, _26_1, _28_5, _29_7)}


def profile(release: str) -> Profile:
    """The profile of a release: '20.10', '26.1', '28.5' or '29.7'. UsageError for another."""
    try:
        return PROFILES[release]
    except KeyError:
        raise UsageError(f"no profile for Docker {release!r}", hint=f"Known releases: {', '.join(PROFILES)}.") from None
