"""The daemon itself: its start, its stop, its restart; what `docker version` and `docker info` say of it."""

from __future__ import annotations

from dnetlab.model import Process
from dnetlab.model.changed import replace
from dnetlab.sim.dockerd import lifecycle, networks
from dnetlab.sim.dockerd.books import Daemon, change_daemon, daemon, put_daemon
from dnetlab.sim.dockerd.drivers.bridge import switch_forwarding_on
from dnetlab.sim.dockerd.firewall import firewaller
from dnetlab.sim.world import World

DOCKERD = ("dockerd", "-H", "unix:///var/run/docker.sock", "-p", "/run/docker.pid")
CONTAINERD = ("containerd", "--config", "/var/run/docker/containerd/containerd.toml")


def install_daemon(world: World, host: str) -> None:
    """Docker is installed on the host and was never started."""
    put_daemon(world, host, Daemon())


def start_daemon(world: World, host: str) -> None:
    """Start dockerd: forwarding, its chains, docker0, the networks it knows, the containers with a restart policy.

    Nothing when it runs already.
    """
    if daemon(world, host).running:
        return
    pid, child = world.count(f"pid:{host}"), world.count(f"pid:{host}")
    processes = (
        *world.hosts[host].processes,
        Process(pid, 1, (*DOCKERD, *daemon(world, host).arguments), started=world.clock),
        Process(child, pid, CONTAINERD, started=world.clock),
    )
    world.change_host(host, processes=processes, docker_running=True)
    change_daemon(world, host, running=True, pid=pid, pool_cursor=0, port_cursors={}, bound={}, allocated={})
    switch_forwarding_on(world, host)
    firewaller(world, host).start()
    for network in sorted(world.hosts[host].networks, key=lambda n: n.id):  # the order of the daemon's own store
        networks.restore(world, host, network)
    networks.make_predefined(world, host)
    lifecycle.autostart(world, host)


def processes_of_daemon(world: World, host: str) -> tuple[int, ...]:
    """Pids of dockerd and of the containerd it started."""
    pid = daemon(world, host).pid
    return tuple(p.pid for p in world.hosts[host].processes if pid is not None and pid in (p.pid, p.ppid))


def stop_daemon(world: World, host: str) -> None:
    """Stop dockerd: containers end, their rules and proxies go; bridges and the networks' own rules stay."""
    if not daemon(world, host).running:
        return
    lifecycle.containers_of_daemon_stopping(world, host)
    gone = processes_of_daemon(world, host)
    world.change_host(
        host, processes=tuple(p for p in world.hosts[host].processes if p.pid not in gone), docker_running=False
    )
    put_daemon(world, host, replace(daemon(world, host), running=False, pid=None))


def restart_daemon(world: World, host: str) -> None:
    """`systemctl restart docker`."""
    stop_daemon(world, host)
    start_daemon(world, host)
