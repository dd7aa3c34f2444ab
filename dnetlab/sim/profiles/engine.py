"""What the engines (dockerd) do differently from release to release: one value each, the source beside it.

Sources in the comments: E20, E25, E27, E28, E29 are observations of the real engines 20.10.24, 25.0.13, 27.5.1,
28.5.2 and 29.7.2; a file name is one of github.com/moby/moby at that release's tag.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from dnetlab.model.changed import quick, replace
from dnetlab.sim.profiles import sentences
from dnetlab.sim.profiles.telling import TELLING_20_10, TELLING_26_1, TELLING_28_5, TELLING_29_7, Telling


@dataclass(frozen=True)
class Firewall:
    """How a release writes its rules.

    forward_chain     rules stand in DOCKER-FORWARD, DOCKER-CT and DOCKER-BRIDGE, not in FORWARD itself
    isolation         DOCKER-ISOLATION-STAGE-1 and -2 keep the networks apart
    returns           DOCKER-USER and the isolation chains end in RETURN
    nat_returns       nat DOCKER lets the network's own containers pass: -i BRIDGE -j RETURN
    raw_drop          raw PREROUTING drops what is sent straight to a container's address
    hairpin_per_port  each published port has a MASQUERADE for the container that calls itself
    repairs_jumps     creating a network puts missing jumps of FORWARD and nat back
    chains            the chains of its own in the filter table
    spares_link_local  clients with link-local addresses are left to docker-proxy: ! -s fe80::/10
    user_chain6       ip6tables has a DOCKER-USER too
    clears_hairpin    a daemon with docker-proxies takes away what one without them wrote for each bridge
    state_match       DOCKER-INGRESS knows answers by `-m state`, not by `-m conntrack`
    """

    forward_chain: bool
    isolation: bool
    returns: bool
    nat_returns: bool
    raw_drop: bool
    hairpin_per_port: bool
    repairs_jumps: bool
    chains: tuple[str, ...]
    clears_hairpin: bool = True
    spares_link_local: bool = False
    user_chain6: bool = True
    state_match: bool = False


_CLASSIC = Firewall(  # E20, E25, E27; drivers/bridge/setup_ip_tables.go
    forward_chain=False, isolation=True, returns=True, nat_returns=True, raw_drop=False,
    hairpin_per_port=True, repairs_jumps=True,
    chains=("DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"),
)  # fmt: skip
_OLDEST = replace(  # E20; libnetwork's setup_ip_tables.go, service_linux.go
    _CLASSIC, clears_hairpin=False, user_chain6=False, state_match=True,
)  # fmt: skip
_DEDICATED = Firewall(  # E28; drivers/bridge/internal/iptabler
    forward_chain=True, isolation=True, returns=False, nat_returns=True, raw_drop=True,
    hairpin_per_port=False, repairs_jumps=False, spares_link_local=True,
    chains=("DOCKER", "DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER-CT",
            "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"),
)  # fmt: skip
_TODAY = replace(  # E29
    _DEDICATED, isolation=False, nat_returns=False,
    chains=("DOCKER", "DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER-CT", "DOCKER-INTERNAL"),
)  # fmt: skip


@dataclass(frozen=True)
class Documents:
    """The keys of the documents of `docker inspect`, in their order, and the few values that differ.

    container          a container
    settings           .NetworkSettings
    endpoint           an entry of .NetworkSettings.Networks
    graph              .GraphDriver.Data of a container
    network            a network
    image              an image
    image_config_short  .Config of an image has only what images have, sorted
    console_early      .HostConfig.ConsoleSize stands behind VolumesFrom, else behind Runtime
    kernel_memory      .HostConfig has KernelMemory and KernelMemoryTCP
    empty_containers   .Containers of a swarm's network that is not in use here is {}, else null
    null_config        .IPAM.Config of a network without a subnet is null, else []
    on_build           .Config of a container has OnBuild, and that of an image what is empty
    null_dns           .HostConfig.Dns without --dns is null, else []
    """

    container: tuple[str, ...]
    settings: tuple[str, ...]
    endpoint: tuple[str, ...]
    graph: tuple[str, ...]
    network: tuple[str, ...]
    image: tuple[str, ...]
    image_config_short: bool
    console_early: bool
    kernel_memory: bool
    null_config: bool
    on_build: bool = True
    null_dns: bool = False
    empty_containers: bool = False


_ADDRESSES = ("NetworkID", "EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "IPv6Gateway", "GlobalIPv6Address",
              "GlobalIPv6PrefixLen")  # fmt: skip
_CONTAINER = ("Id", "Created", "Path", "Args", "State", "Image", "ResolvConfPath", "HostnamePath", "HostsPath",
              "LogPath", "Name", "RestartCount", "Driver", "Platform", "MountLabel", "ProcessLabel", "AppArmorProfile",
              "ExecIDs", "HostConfig")  # fmt: skip
_ON_BRIDGE = ("SecondaryIPAddresses", "SecondaryIPv6Addresses", "EndpointID", "Gateway", "GlobalIPv6Address",
              "GlobalIPv6PrefixLen", "IPAddress", "IPPrefixLen", "IPv6Gateway", "MacAddress", "Networks")  # fmt: skip
_DOCUMENTS_20_10 = Documents(  # observed on 20.10.24
    container=(*_CONTAINER, "GraphDriver", "Mounts", "Config", "NetworkSettings"),
    settings=("Bridge", "SandboxID", "HairpinMode", "LinkLocalIPv6Address", "LinkLocalIPv6PrefixLen", "Ports",
              "SandboxKey", *_ON_BRIDGE),
    endpoint=("IPAMConfig", "Links", "Aliases", *_ADDRESSES, "MacAddress", "DriverOpts"),
    graph=("LowerDir", "MergedDir", "UpperDir", "WorkDir"),
    network=("Name", "Id", "Created", "Scope", "Driver", "EnableIPv6", "IPAM", "Internal", "Attachable", "Ingress",
             "ConfigFrom", "ConfigOnly", "Containers", "Options", "Labels"),
    image=("Id", "RepoTags", "RepoDigests", "Parent", "Comment", "Created", "Container", "ContainerConfig",
           "DockerVersion", "Author", "Config", "Architecture", "Os", "Size", "VirtualSize", "GraphDriver", "RootFS",
           "Metadata"),
    image_config_short=False, console_early=False, kernel_memory=True, null_config=False,
)  # fmt: skip
_DOCUMENTS_26_1 = replace(  # observed on 26.1.5
    _DOCUMENTS_20_10,
    settings=("Bridge", "SandboxID", "SandboxKey", "Ports", "HairpinMode", "LinkLocalIPv6Address",
              "LinkLocalIPv6PrefixLen", *_ON_BRIDGE),
    endpoint=("IPAMConfig", "Links", "Aliases", "MacAddress", *_ADDRESSES, "DriverOpts", "DNSNames"),
    image=("Id", "RepoTags", "RepoDigests", "Parent", "Comment", "Created", "DockerVersion", "Author", "Config",
           "Architecture", "Os", "Size", "GraphDriver", "RootFS", "Metadata"),
    console_early=True, kernel_memory=False, null_config=True,
)  # fmt: skip
_DOCUMENTS_28_5 = replace(  # observed on 28.5.2
    _DOCUMENTS_26_1,
    endpoint=("IPAMConfig", "Links", "Aliases", "MacAddress", "DriverOpts", "GwPriority", *_ADDRESSES, "DNSNames"),
    graph=("ID", "LowerDir", "MergedDir", "UpperDir", "WorkDir"),
    network=("Name", "Id", "Created", "Scope", "Driver", "EnableIPv4", "EnableIPv6", "IPAM", "Internal", "Attachable",
             "Ingress", "ConfigFrom", "ConfigOnly", "Containers", "Options", "Labels"),
    image=("Id", "RepoTags", "RepoDigests", "Parent", "Comment", "Created", "DockerVersion", "Author", "Architecture",
           "Os", "Size", "GraphDriver", "RootFS", "Metadata", "Config"),
    image_config_short=True,
)  # fmt: skip
_DOCUMENTS_29_7 = replace(  # recorded from 29.7.2; an image as in moby's api/types/image at v29.7.2
    _DOCUMENTS_28_5, empty_containers=True,
    container=(*_CONTAINER, "Storage", "Mounts", "Config", "NetworkSettings", "ImageManifestDescriptor"),
    settings=("SandboxID", "SandboxKey", "Ports", "Networks"),
    endpoint=("IPAMConfig", "Links", "Aliases", "DriverOpts", "GwPriority", "NetworkID", "EndpointID", "Gateway",
              "IPAddress", "MacAddress", "IPPrefixLen", "IPv6Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen",
              "DNSNames"),
    image=("Id", "RepoTags", "RepoDigests", "Created", "Config", "Architecture", "Os", "Size", "RootFS", "Metadata",
           "Descriptor"),
    on_build=False, null_dns=True,
    network=("Name", "Id", "Created", "Scope", "Driver", "EnableIPv4", "EnableIPv6", "IPAM", "Internal", "Attachable",
             "Ingress", "ConfigFrom", "ConfigOnly", "Options", "Labels", "Containers", "Status"),
)  # fmt: skip


@dataclass(frozen=True)
class Build:
    """What an engine says of itself in `docker version` and `docker info`.

    least_api        the least version of the API that it speaks
    go               the compiler
    commit           of its source
    built            when
    containerd       its containerd: version, and the package's own name for it
    runc             its runc: version, and the package's own name for it
    system           Operating System: what it runs on
    loggers          Plugins: Log:
    metacopy         says `Using metacopy: false`
    runtimes         Runtimes:
    seccomp          the name of its seccomp profile
    v6_insecure      ::1/128 is among the insecure registries
    cdi              names the directories of its device specifications
    tells_firewall   names its firewall backend and its docker-proxy
    warnings         the last lines of `docker info`
    """

    least_api: str
    go: str
    commit: str
    built: str
    containerd: tuple[str, str]
    runc: tuple[str, str]
    system: str
    loggers: tuple[str, ...]
    metacopy: bool
    runtimes: str
    seccomp: str
    v6_insecure: bool
    cdi: bool = False
    tells_firewall: bool = False
    warnings: tuple[str, ...] = ()


_BUILD_20_10 = Build(  # `docker version`, `docker info` of 20.10.24+dfsg1 on Debian 12
    "1.12", "go1.19.8", "5d6db84", "Thu May  7 21:09:36 2026", ("1.6.20~ds1", "1.6.20~ds1-1+deb12u3"),
    ("1.1.5+ds1", "1.1.5+ds1-1+deb12u1"), "Debian GNU/Linux 12 (bookworm)",
    loggers=("awslogs", "fluentd", "gcplogs", "gelf", "journald", "json-file", "local", "logentries", "splunk",
             "syslog"),
    metacopy=False, runtimes="io.containerd.runc.v2 io.containerd.runtime.v1.linux runc", seccomp="default",
    v6_insecure=False,
)  # fmt: skip
_BUILD_26_1 = replace(  # of 26.1.5+dfsg1 on Debian 13
    _BUILD_20_10, least_api="1.24", go="go1.24.4", commit="411e817", built="Thu Aug 13 05:35:48 2026",
    containerd=("1.7.24~ds1", "1.7.24~ds1-6+deb13u1"), runc=("1.1.15+ds1", "1.1.15+ds1-2+b4"),
    system="Debian GNU/Linux 13 (trixie)",
    loggers=("awslogs", "fluentd", "gcplogs", "gelf", "journald", "json-file", "local", "splunk", "syslog"),
    metacopy=True, runtimes="io.containerd.runc.v2 runc", seccomp="builtin",
)  # fmt: skip
_BUILD_28_5 = replace(  # of 28.5.2+dfsg4 on Debian sid
    _BUILD_26_1, go="go1.27.1", commit="3ef3c07c883be49a2e8097bcf6d2952fce1d70eb", built="Tue Sep 15 11:02:57 2026",
    containerd=("2.1.9+unknown", ""), runc=("1.3.6+ds1", "1.3.6+ds1-1"), system="Debian GNU/Linux forky/sid",
    loggers=("awslogs", "fluentd", "gelf", "journald", "json-file", "local", "splunk", "syslog"),
    v6_insecure=True,
)  # fmt: skip
_BUILD_29_7 = replace(  # of 29.7.2, as recorded
    _BUILD_28_5, least_api="1.40", go="go1.26.6", commit="library-import", built="library-import",
    loggers=("awslogs", "fluentd", "gcplogs", "gelf", "journald", "json-file", "local", "splunk", "syslog"),
    runtimes="runc io.containerd.runc.v2", cdi=True, tells_firewall=True,
    warnings=("WARNING: Support for cgroup v1 is deprecated and planned to be removed by no later than May 2029 "
              "(https://github.com/moby/moby/issues/51111)",),
)  # fmt: skip
_MASKED_20_10 = ("/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                 "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware")  # fmt: skip
_MASKED_26_1 = (*_MASKED_20_10, "/sys/devices/virtual/powercap")
_MASKED_28_5 = (*_MASKED_26_1[:2], "/proc/interrupts", *_MASKED_26_1[2:])
_MASKED_29_7 = tuple(sorted(_MASKED_28_5))


@quick
@dataclass(frozen=True)
class EngineProfile:
    """One release of the engine.

    release                   20.10, 26.1, 28.5 or 29.7
    version                   what `docker version` says of the server
    api                       the version of the Engine API that it speaks
    firewall                  how it writes its rules
    overlay_asks_first        whether the host manages a swarm is asked of an overlay network first
    pool_cursor               the next default pool comes after the last one tried, not the lowest free
    random_mac                container MACs are random at each start, else 02:42 and the address
    veth_in_container         the pair is made with its inner end in the container, so that its index is small there
    names_links               the driver option com.docker.network.endpoint.ifname names a container's link
    counts_interfaces         ethN only goes up while the container runs; at a start names follow the gateway's order
    internal_default_route    containers on --internal networks still get a default route
    proxy_fds                 the file descriptor that docker-proxy listens on: (TCP, UDP)
    proxy_listen_fd           dockerd opens docker-proxy's socket and hands it over
    link_variables            --link on the default bridge sets variables
    links_follow_connect      `docker network connect bridge` rewrites lines of links to the container, as a start does
    many_networks             `docker run` takes several --network
    endpoint_macs             a container's MAC is told for each network; before, for the one of its mode only
    start_interval            checks of health come sooner while a container starts (--health-start-interval)
    address_anywhere          --ip on user networks without a --subnet
    shared_parent             two macvlan networks on one parent
    macvlan_gateway           macvlan without --gateway keeps .1 for one
    auto_gateway_shown        inspect shows the gateway the daemon chose for a --subnet
    resolv_comments           comments in a container's /etc/resolv.conf: '' none, 'bare' with addresses, 'host' with
                              host(ADDRESS) for servers of the host
    zero_prefixes             /etc/hosts says fe00::0 and ff00::0
    advertises                a container's links tell the neighbours their addresses (ARP, NA)
    hosts_without_ipv6        nothing of IPv6 is in /etc/hosts of a container that has it switched off
    loopback_v6               lo has ::1 in containers
    start_prefix              in front of errors of the network at a start
    validates_config          addresses are checked when the container is created
    finds_configuration       a network of a swarm needs its --config-from where it is typed, too
    strict_subnets            a --subnet with host bits set is refused
    unread_option             status of an option or a subnet that can't be read
    ports_ascending           published ports are worked off from the lowest container port up
    ports_per_address         the daemon's table of host ports keeps 0.0.0.0 and 127.0.0.1 apart
    hosts_forgets_names       disconnecting takes every line for a name of that network out of /etc/hosts
    stop_clears_hosts         a container that ends takes its line out of /etc/hosts, which those who joined it see
    fresh_gateway_shown       inspect shows docker0's gateway also before the daemon's second start
    proxy_zombies             a docker-proxy that was killed is a zombie until its container stops
    task_before_network       the shim and process 1 are older than the container's docker-proxies
    small_subnets             a /31 and a /32 have no network and broadcast address to keep free
    names_filter_table        errors spell `-t filter` out
    texts                     sentences that differ, by key
    sets_mtu                  the bridge itself gets the network's MTU (else the kernel follows its ports)
    create_forwards           creating a bridge network switches ip_forward on again
    dead_upstream             what 127.0.0.11 says when its own server can't be reached: 'silence', 'half' (nothing
                              to A, an empty answer to AAAA) or 'SERVFAIL'
    default_mode              what the default network is called in errors about a container's addresses
    lists_routed_ports        the list of containers has ports of routed networks, which have no number on the host
    ipvlan_modes              what -o ipvlan_mode may be
    elects_families           the default gateway and published ports: '' one endpoint for both families, 'both first'
                              one that has both, else one for each, 'each' one for each family, and routed ports always
    gateway_modes             bridge networks have a gateway mode; before, the option says nothing
    lends_default_bridge      a network may take docker0 by its name, which then loses its own address
    looks_at_forwarding_once  is ip_forward on? is looked at when the daemon first needs to know, and not again
    deprecates_links          --link on the default bridge is created with a warning
    mac_with_joined           --mac-address is no conflict with --network container:NAME
    exec_checks_user          `docker exec -u` of nobody fails as the exec is made, else as it starts
    tells_cause_of_exec       a program that `docker exec` can't start: 127 and 126 by the cause, else always 126
    addresses_in_json         an address that is none is refused where the JSON of the request is read
    prunes_named_volumes      `docker volume prune` takes volumes with a name too
    labels_anonymous_volumes  an anonymous volume has the label com.docker.volume.anonymous
    ambiguous_id              the HTTP status when several ids begin so
    tells_default_bridge      .HostConfig.NetworkMode of a container without --network is bridge, else default
    aliases_of_its_own        .Aliases of an endpoint ends in the container's short id and host name
    remembers_sandbox         .SandboxID stays when a container has ended
    shows_asked_mac           .NetworkSettings.MacAddress is the one asked for, also of a container that doesn't run
    ports_of_internal         .Ports shows the exposed ports of a container that is on --internal networks only
    masked_paths              .HostConfig.MaskedPaths
    documents                 the keys of `docker inspect`
    build                     what `docker version` and `docker info` say of the server
    telling                   what its events say
    directives                what /etc/docker/daemon.json may say beyond 20.10's
    validates_file            dockerd has --validate
    ula_pools                 an IPv6 network without --subnet gets a /64 of the daemon's own unique local prefix
    lists_asked_first         inspect lists the subnets asked for before those that the daemon chose
    optional_ipv4             a network may be without IPv4; before, --ipv4=false says nothing
    bridge_link_local         the bridge of an IPv6 network has fe80::1 too
    ip6tables                 it writes rules for IPv6, too; before, with `experimental` and `ip6tables` only
    icc_asks_ip6tables        `icc: false` with `ipv6` and without `ip6tables` keeps it from starting
    forgets_unseen_ends       of a container that ended while the daemon and its containerd were away: 255
    keeps_removable           a new daemon takes a container with --rm over, too; before, it removed it
    restarts_health           a container that is taken over is `starting` again until its next check
    image_store               containerd keeps the images: their content counts beside what is unpacked of it
    """

    release: str
    version: str
    api: str
    firewall: Firewall
    overlay_asks_first: bool
    pool_cursor: bool
    random_mac: bool
    veth_in_container: bool
    names_links: bool
    counts_interfaces: bool
    internal_default_route: bool
    proxy_fds: tuple[int, int]
    proxy_listen_fd: bool
    link_variables: bool
    links_follow_connect: bool
    many_networks: bool
    endpoint_macs: bool
    start_interval: bool
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
    finds_configuration: bool
    strict_subnets: bool
    unread_option: int
    ports_ascending: bool
    ports_per_address: bool
    hosts_forgets_names: bool
    small_subnets: bool
    task_before_network: bool
    fresh_gateway_shown: bool
    names_filter_table: bool
    proxy_zombies: bool
    stop_clears_hosts: bool
    documents: Documents
    build: Build
    telling: Telling
    masked_paths: tuple[str, ...]
    texts: dict[str, str]
    prunes_named_volumes: bool
    ambiguous_id: int
    aliases_of_its_own: bool
    remembers_sandbox: bool
    gateway_modes: bool
    ipvlan_modes: tuple[str, ...]
    lists_routed_ports: bool
    lends_default_bridge: bool
    forgets_unseen_ends: bool
    keeps_removable: bool
    restarts_health: bool
    looks_at_forwarding_once: bool
    mac_with_joined: bool = False
    labels_anonymous_volumes: bool = False
    tells_default_bridge: bool = False
    shows_asked_mac: bool = False
    tells_cause_of_exec: bool = False
    exec_checks_user: bool = False
    deprecates_links: bool = False
    addresses_in_json: bool = False
    ports_of_internal: bool = False
    sets_mtu: bool = False
    create_forwards: bool = False
    dead_upstream: str = "silence"
    directives: tuple[str, ...] = ()
    validates_file: bool = False
    image_store: bool = False
    ula_pools: bool = False
    lists_asked_first: bool = False
    optional_ipv4: bool = False
    bridge_link_local: bool = False
    ip6tables: bool = False
    icc_asks_ip6tables: bool = False
    elects_families: str = ""
    hosts_without_ipv6: bool = False
    advertises: bool = False

    def text(self, key: str, **values: str) -> str:
        """A sentence of this release's daemon, its {names} filled in."""
        return self.texts[key].format(**values)


@functools.lru_cache(maxsize=64)
def numbers(version: str) -> tuple[int, ...]:
    """'1.44' -> (1, 44), for comparing; what follows the numbers is left out."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


_DIRECTIVES_26_1 = ("cdi-spec-dirs", "default-network-opts", "http-proxy", "https-proxy", "log-format", "no-proxy")
_DIRECTIVES_28_5 = (*_DIRECTIVES_26_1, "allow-direct-routing", "bip6", "host-gateway-ips", "ip-forward-no-drop")
_DIRECTIVES_29_7 = (*_DIRECTIVES_28_5, "bridge-accept-fwmark", "default-stop-timeout", "firewall-backend",
                    "min-api-version", "nri-opts")  # fmt: skip
_20_10 = EngineProfile(
    release="20.10",
    version="20.10.24+dfsg1",
    api="1.41",
    firewall=_OLDEST,
    overlay_asks_first=False,
    pool_cursor=True,
    random_mac=False,
    veth_in_container=False,
    names_links=False,
    counts_interfaces=True,
    internal_default_route=True,
    proxy_fds=(5, 4),  # observed on 20.10.24 and 26.1.5
    proxy_listen_fd=False,
    link_variables=True,
    links_follow_connect=False,  # observed on 20.10.24
    many_networks=False,
    endpoint_macs=False,  # moby daemon/network.go at v20.10.24, buildCreateEndpointOptions
    start_interval=False,
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
    finds_configuration=False,  # observed on 20.10.24
    strict_subnets=False,
    unread_option=500,
    ports_ascending=False,
    ports_per_address=True,
    hosts_forgets_names=True,
    stop_clears_hosts=False,
    names_filter_table=False,
    proxy_zombies=True,  # observed on 20.10.24; portmapper/proxy.go waits for it only when it stops it
    small_subnets=False,
    task_before_network=False,
    fresh_gateway_shown=False,  # observed on 20.10.24
    documents=_DOCUMENTS_20_10,
    build=_BUILD_20_10,
    telling=TELLING_20_10,
    masked_paths=_MASKED_20_10,  # observed on 20.10.24
    texts=sentences.TEXTS_20_10,
    prunes_named_volumes=True,  # up to API 1.41
    ambiguous_id=500,  # observed on 20.10.24
    aliases_of_its_own=True,  # up to 25.0 (E25)
    remembers_sandbox=True,  # observed on 20.10.24
    gateway_modes=False,  # observed on 20.10.24
    ipvlan_modes=("l2", "l3"),  # moby drivers/ipvlan at v20.10.24; l3s since 23.0
    lists_routed_ports=True,
    lends_default_bridge=True,  # observed on 20.10.24
    forgets_unseen_ends=False,  # observed on 20.10.24, as the two that follow
    keeps_removable=False,
    restarts_health=False,
    looks_at_forwarding_once=False,  # observed on 20.10.24
    bridge_link_local=True,  # observed on 20.10.24 and 26.1.5, not on 28.5.2
)
_26_1 = replace(
    _20_10,
    release="26.1",
    version="26.1.5+dfsg1",
    overlay_asks_first=True,  # daemon/network.go; observed on 28.5.2
    api="1.45",
    firewall=_CLASSIC,
    internal_default_route=False,  # since 25.0 (E25)
    directives=_DIRECTIVES_26_1,  # cmd/dockerd/config.go
    validates_file=True,  # since 23.0
    many_networks=True,  # since 25.0 (E25)
    endpoint_macs=True,  # since 25.0, API 1.44
    start_interval=True,  # since 25.0, moby daemon/health.go
    resolv_comments="bare",  # since 26.0, libnetwork/internal/resolvconf
    validates_config=True,  # since 25.0 (E25)
    strict_subnets=True,  # since 25.0 (E25)
    unread_option=400,  # observed on 26.1.5
    loopback_v6=True,  # observed on 26.1.5
    hosts_without_ipv6=True,  # since 26.0, libnetwork/etchosts BuildNoIPv6; observed on 26.1.5 and 28.5.2
    dead_upstream="half",  # observed on 26.1.5
    proxy_zombies=False,  # observed on 26.1.5
    names_filter_table=True,  # observed on 26.1.5
    fresh_gateway_shown=True,  # observed on 26.1.5
    sets_mtu=True,  # observed on 26.1.5 and 28.5.2, not on 20.10.24
    small_subnets=True,  # since 25.0 (E25); observed on 26.1.5 and 28.5.2
    documents=_DOCUMENTS_26_1,
    build=_BUILD_26_1,
    telling=TELLING_26_1,
    masked_paths=_MASKED_26_1,  # observed on 26.1.5
    texts=sentences.TEXTS_26_1,
    prunes_named_volumes=False,  # since 23.0, API 1.42
    ambiguous_id=400,  # observed on 26.1.5
    aliases_of_its_own=False,  # observed on 26.1.5
    remembers_sandbox=False,  # observed on 26.1.5
    lends_default_bridge=False,  # observed on 26.1.5
    forgets_unseen_ends=True,  # observed on 26.1.5 and 28.5.2, as the two that follow
    keeps_removable=True,
    restarts_health=True,
    looks_at_forwarding_once=True,  # since 23.0, daemon.go RawSysInfo; observed on 26.1.5 and 28.5.2
    mac_with_joined=True,  # observed on 26.1.5
    labels_anonymous_volumes=True,  # since 23.0
    tells_default_bridge=True,  # observed on 26.1.5
    shows_asked_mac=True,  # observed on 26.1.5 and 28.5.2
    ipvlan_modes=("l2", "l3", "l3s"),  # since 23.0
    lists_asked_first=True,  # observed on 26.1.5 and 28.5.2
)
_28_5 = replace(
    _26_1,
    release="28.5",
    version="28.5.2+dfsg4",
    api="1.51",
    firewall=_DEDICATED,
    directives=_DIRECTIVES_28_5,
    elects_families="both first",  # since 28.0, libnetwork/default_gateway.go
    pool_cursor=False,  # since 27.0, ipams/defaultipam/address_space.go
    random_mac=True,  # since 28.0, drivers/bridge/bridge_linux.go
    advertises=True,  # since 28.0, osl/interface_linux.go; observed on 28.5.2, not on 20.10.24
    veth_in_container=True,  # since 28.0 (E28)
    names_links=True,  # since 28.1; observed on 28.5.2, not on 26.1.5
    counts_interfaces=False,
    proxy_fds=(7, 7),
    proxy_listen_fd=True,  # since 28.0, portmapper/proxy_linux.go
    shared_parent=True,  # since 27.0.1
    dead_upstream="SERVFAIL",  # observed on 28.5.2
    resolv_comments="host",
    zero_prefixes=False,
    ports_ascending=True,  # observed on 28.5.2
    ports_per_address=False,  # observed on 28.5.2
    hosts_forgets_names=False,  # observed on 28.5.2
    task_before_network=True,  # observed on 28.5.2
    stop_clears_hosts=True,  # observed on 28.5.2
    gateway_modes=True,  # since 27.0; observed on 28.5.2
    ula_pools=True,  # since 27.0; observed on 28.5.2
    optional_ipv4=True,  # since 28.0; observed on 28.5.2
    bridge_link_local=False,  # observed on 28.5.2
    ip6tables=True,  # since 27.0; observed on 28.5.2
    icc_asks_ip6tables=True,  # observed on 28.5.2; 26.1.5 and 20.10.24 started
    create_forwards=True,  # observed on 28.5.2, not on 26.1.5
    finds_configuration=True,  # observed on 28.5.2
    start_prefix="failed to set up container networking: ",  # since 28.0.1
    links_follow_connect=True,  # observed on 28.5.2
    default_mode="bridge",  # since 27
    documents=_DOCUMENTS_28_5,
    build=_BUILD_28_5,
    telling=TELLING_28_5,
    masked_paths=_MASKED_28_5,  # observed on 28.5.2
    exec_checks_user=True,  # observed on 28.5.2: POST /containers/{id}/exec answers 400
    tells_cause_of_exec=True,  # observed on 28.5.2; api/server/router/container/exec.go
    texts=sentences.TEXTS_28_5,
)
_29_7 = replace(
    _28_5,
    release="29.7",
    version="29.7.2",
    api="1.55",
    firewall=_TODAY,
    directives=_DIRECTIVES_29_7,
    link_variables=False,  # E29
    address_anywhere=True,  # since 29.0.4
    macvlan_gateway=False,  # since 29.0.0
    auto_gateway_shown=True,  # E29
    documents=_DOCUMENTS_29_7,
    build=_BUILD_29_7,
    telling=TELLING_29_7,
    masked_paths=_MASKED_29_7,  # recorded from 29.7.2
    elects_families="each",  # 29.7.2, daemon/libnetwork/default_gateway.go
    image_store=True,  # recorded from 29.7.2: the default since 29.0
    deprecates_links=True,  # E29
    addresses_in_json=True,  # E29
    ports_of_internal=True,  # E29
    lists_routed_ports=False,  # recorded from 29.7.2
    texts=sentences.TEXTS_29_7,
)
ENGINES: dict[str, EngineProfile] = {p.release: p for p in (_20_10, _26_1, _28_5, _29_7)}
