"""What a container was asked to be: the answer to every flag of `docker run`, kept by the daemon until `docker rm`.

The image's own part (command, variables, exposed ports) is already merged in by `containers.create`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from dnetlab.model import Protocol
from dnetlab.model.changed import quick
from dnetlab.model.ip import IpAddress

if TYPE_CHECKING:
    from dnetlab.sim.dockerd.health import Health
    from dnetlab.sim.programs.loops import Loop

class RestartPolicy(Enum):
    """`--restart`; the number of on-failure:N stands beside it."""

    NO = "no"
    ON_FAILURE = "on-failure"
    ALWAYS = "always"
    UNLESS_STOPPED = "unless-stopped"


@dataclass(frozen=True)
class PortRequest:
    """One `-p` value: `[host_ip:][host_port[-host_port_end]:]container_port/protocol`.

    host_ip None: none was named (the daemon binds every address, IPv6 too). host_port None: any free port.
    host_port_end: the last of a range to choose from, None for a single port.
    """

    container_port: int
    protocol: Protocol = Protocol.TCP
    host_ip: IpAddress | None = None
    host_port: int | None = None
    host_port_end: int | None = None

    @property
    def key(self) -> str:
        """'80/tcp'"""
        return f"{self.container_port}/{self.protocol.value}"


@quick
@dataclass(frozen=True)
class NetworkAttachment:
    """A network the container is to be in, from `--network`, `--ip`, `--network-alias`, `--link` or `network connect`.

    name     what the user typed: a name or an id ('default' when nothing was said)
    links    (other container, alias) pairs, on user-defined networks
    gw_priority  28+: who gives the default route
    address6 what --ip6 asked for
    link_local, driver_options  of --link-local-ip and --driver-opt
    empty    settings that the client named and left empty: inspect shows them so
    """

    name: str
    address: IpAddress | None = None
    aliases: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    mac: str | None = None
    gw_priority: int = 0
    address6: IpAddress | None = None
    link_local: tuple[IpAddress, ...] = ()
    driver_options: tuple[tuple[str, str], ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[IpAddress, ...]:
        """What --ip and --ip6 asked for."""
        return tuple(a for a in (self.address, self.address6) if a is not None)


@quick
@dataclass(frozen=True)
class Mount:
    """One `-v`, `--mount`, `--tmpfs` or an image's own volume. source '' is an anonymous volume.

    kind      'volume', 'bind' or 'tmpfs';  long: it was given with --mount
    borrowed  it is another container's (--volumes-from);  options: of a tmpfs
    settings  BindOptions, VolumeOptions or TmpfsOptions as they came
    """

    destination: str
    source: str = ""
    kind: str = "volume"
    read_only: bool = False
    long: bool = False
    borrowed: bool = False
    options: str = ""
    settings: tuple[tuple[str, Any], ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        """Of the volume that is made for it."""
        return dict(dict(self.settings).get("VolumeOptions", {}).get("Labels") or {})


@quick
@dataclass(frozen=True)
class Limits:
    """What a container may use; 0 and '' are no limit. In bytes, shares, billionths of a CPU and microseconds."""

    memory: int = 0
    memory_swap: int = 0
    reservation: int = 0
    kernel_memory: int = 0
    nano_cpus: int = 0
    cpu_shares: int = 0
    cpu_period: int = 0
    cpu_quota: int = 0
    cpu_rt_period: int = 0
    cpu_rt_runtime: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    blkio_weight: int = 0
    pids: int = 0


@quick
@dataclass(frozen=True)
class ContainerConfig:
    """One container's configuration.

    command, entrypoint  None: the image's. entrypoint () with a command: cleared with --entrypoint ''.
    env           ('NAME=value', …); after create the image's come first
    network_mode  'default', 'bridge', 'host', 'none', 'container:<name or full id>' or a network's name
    networks      attachments in the order asked; () means one of `network_mode`
    links         (other container, alias) pairs on the default bridge (`--link` without a user-defined network)
    expose        ('53/udp', …) asked with --expose; after create the image's and published ones are in too
    """

    image: str
    name: str = ""
    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    hostname: str = ""
    domainname: str = ""
    user: str = ""
    working_dir: str = ""
    tty: bool = False
    interactive: bool = False
    attach: bool = False  # the client stays attached (run without -d, start -a)
    env: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    network_mode: str = "default"
    networks: tuple[NetworkAttachment, ...] = ()
    publish: tuple[PortRequest, ...] = ()
    publish_all: bool = False
    expose: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()
    add_hosts: tuple[tuple[str, str], ...] = ()  # (name, address or 'host-gateway')
    links: tuple[tuple[str, str], ...] = ()
    mac_address: str | None = None
    restart: RestartPolicy = RestartPolicy.NO
    restart_max: int = 0
    auto_remove: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    privileged: bool = False
    mounts: tuple[Mount, ...] = ()
    sysctls: dict[str, str] = field(default_factory=dict)
    stop_signal: str = ""
    stop_timeout: int | None = None
    read_only: bool = False
    init: bool = False
    limits: Limits = Limits()
    volumes_from: tuple[str, ...] = ()
    pid_mode: str = ""
    ipc_mode: str = ""
    uts_mode: str = ""
    ulimits: tuple[tuple[str, int, int], ...] = ()  # name, soft, hard
    log_driver: str = ""
    log_options: tuple[tuple[str, str], ...] = ()
    id_file: str = ""  # --cidfile, which the client writes
    health: tuple[tuple[str, object], ...] | None = None  # .Config.Healthcheck, as pairs
    groups: tuple[str, ...] = ()  # --group-add
    cgroupns: str = ""
    isolation: str = ""
    device_rules: tuple[str, ...] = ()  # --device-cgroup-rule
    volume_driver: str = ""
    given: tuple[str, ...] = ()  # paths of what a swarm gave: secrets and configs, no part of its own layer

    @property
    def path(self) -> str:
        """The program that becomes process 1."""
        words = self.argv
        return words[0] if words else ""

    @property
    def argv(self) -> tuple[str, ...]:
        """Entrypoint and command together, as process 1 is started."""
        return (self.entrypoint or ()) + (self.command or ())

    @property
    def joins(self) -> str | None:
        """The container whose namespace this one shares (`--network container:X`), None when it has its own."""
        return self.network_mode.removeprefix("container:") if self.network_mode.startswith("container:") else None

    @property
    def switches_ipv6_off(self) -> bool:
        """Has its loopback no ::1? That is how the daemon asks (libnetwork sandbox_linux.go, IPv6Enabled)."""
        return any(self.sysctls.get(f"net.ipv6.conf.{link}.disable_ipv6", "0") != "0" for link in ("all", "lo"))

    @property
    def environment(self) -> dict[str, str]:
        """env as a mapping; the last of two equal names wins. A name alone is no variable."""
        return dict(pair.partition("=")[::2] for pair in self.env if "=" in pair)


@quick
@dataclass(frozen=True)
class ContainerSpec:
    """What only the daemon knows of one container, in `Daemon.containers[full id]`; tables show `model.Container`.

    error         `.State.Error`: why the last start failed, '' after a good one
    image_id      the image it was made from, also when the tag has moved on
    restart_count how often the policy started it again
    restart_at    clock of a pending restart by the policy, None without one
    stopped_by_user  `docker stop` or `docker kill` ended it: unless-stopped keeps it down at a daemon start
    ends_at       clock at which its program will end by itself, None: it stays
    has_run       it was started at least once
    watched       somebody stays with it until it ends
    kept          a client of the API stays with it, or waits for its end: with --rm it goes only when he has read all
    sent          what its client sends to its program (docker run -i), until the program reads it; None for nobody's
    half_attached its last start failed when its first network was already there
    pings         the command line of a ping that runs on as its program, () for none
    pinged        clock at which that ping last asked
    unheard       clock since which it has looked for its neighbour in vain, None while it knows him
    loop          the rounds of a script that runs on as its program (programs/loops.py), None for none
    unseen        the code with which its program ended while no daemon was there, None: it didn't (liverestore.py)
    health        what its check has found (health.py), None without one and while it doesn't run
    """

    config: ContainerConfig
    image_id: str = ""
    error: str = ""
    restart_count: int = 0
    restart_at: float | None = None
    stopped_by_user: bool = False
    ends_at: float | None = None
    exit_when_ended: int = 0
    has_run: bool = False
    pings: tuple[str, ...] = ()
    pinged: float = 0.0
    unheard: float | None = None
    loop: Loop | None = None
    watched: bool = False
    kept: bool = False
    sent: str | None = None
    half_attached: bool = False
    health: Health | None = None
    unseen: int | None = None


@quick
@dataclass(frozen=True)
class Exec:
    """One `docker exec`, in `Daemon.execs[id]`.

    container  full id
    stdin      is the client attached to it?
    privileged  may it do what a process of the host may (docker exec --privileged)?
    exit_code  None before it starts and while it runs
    pid        of one that runs on in the background, else 0
    keys       those that detach a client, '' for the usual ones
    user       as `docker exec -u` said it, '' for the container's own
    """

    id: str
    container: str
    argv: tuple[str, ...]
    env: tuple[str, ...] = ()
    tty: bool = False
    stdin: bool = False
    privileged: bool = False
    exit_code: int | None = None
    pid: int = 0
    directory: str = ""
    keys: str = ""
    user: str = ""
