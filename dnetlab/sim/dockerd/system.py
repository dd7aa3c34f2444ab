"""The daemon itself: its start, its stop, its restart; what `docker version` and `docker info` say of it."""

from __future__ import annotations

import shlex

from dnetlab.model import Process
from dnetlab.model.changed import replace
from dnetlab.sim.dockerd import daemonfile, happenings, lifecycle, liverestore, networks
from dnetlab.sim.dockerd.books import Daemon, change_daemon, daemon, put_daemon, release_of
from dnetlab.sim.dockerd.cluster.state import locks
from dnetlab.sim.dockerd.drivers.bridge import check_forwarding, switch_forwarding_on
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import firewaller
from dnetlab.sim.world import World

UNIT = "docker.service - Docker Application Container Engine"
DOCKERD = ("dockerd", "-H", "unix:///var/run/docker.sock", "-p", "/run/docker.pid")
_NO_BRIDGE = 'failed to start daemon: Error initializing network controller: error creating default "bridge" network'
DEFAULTS = "/etc/default/docker"  # EnvironmentFile of Debian's docker.service
NO_RAW = "DOCKER_INSECURE_NO_IPTABLES_RAW"  # since 28.0.2 (drivers/bridge/internal/iptabler, rawRulesDisabled)
CONTAINERD = ("containerd", "--config", "/var/run/docker/containerd/containerd.toml")


def install_daemon(world: World, host: str) -> None:
    """Docker is installed on the host and was never started."""
    put_daemon(world, host, Daemon())


def start_daemon(world: World, host: str) -> bool:
    """Start dockerd: forwarding, its chains, docker0, the networks it knows, the containers with a restart policy.

    Nothing when it runs already. False when it can't read its options; `failure` and its journal say why.
    """
    if daemon(world, host).running:
        return True
    pid, child = world.count(f"pid:{host}"), world.count(f"pid:{host}")
    environment = _environment(_file(world, host, DEFAULTS) or "")
    typed = (_file(world, host, daemonfile.ARGUMENTS) or "", environment.get("DOCKER_OPTS", ""))
    arguments = tuple(word for text in typed for word in shlex.split(text))
    _note(world, host, "systemd", 1, f"Starting {UNIT}...")
    try:
        config = daemonfile.read(release_of(world), _file(world, host, daemonfile.FILE), " ".join(arguments))
        config = replace(config, raw_rules=environment.get(NO_RAW) != "1")
        if config.live_restore and daemon(world, host).swarm:
            raise daemonfile.Unusable(release_of(world).text("live restore in swarm"))
        change_daemon(world, host, config=config)
        check_forwarding(world, host, 4, 6 if config.ipv6 else 0)
    except daemonfile.Unusable as error:
        _fail(world, host, pid, str(error))
        return False
    except ApiError as error:
        _fail(world, host, pid, f"{_NO_BRIDGE}: {error.message}")
        return False
    told = liverestore.settle(world, host)
    outlived = liverestore.lives_on(world, host)
    processes = (
        *world.hosts[host].processes,
        Process(pid, 1, (*DOCKERD, *arguments), started=world.clock),
        Process(child, pid, CONTAINERD, started=world.clock),
    )
    world.change_host(host, processes=processes, docker_running=True)
    change_daemon(world, host, running=True, pid=pid, pool_cursor=0, port_cursors={}, bound={}, allocated={},
                  openings={}, forwards=None, arguments=arguments, config=config, failure="", events=told,
                  locked=locks(world, host), joining=None)  # fmt: skip
    firewaller(world, host).start()
    if config.ip_forward:
        switch_forwarding_on(world, host)
    for network in sorted(world.hosts[host].networks, key=lambda n: n.id):  # the order of the daemon's own store
        networks.restore(world, host, network)
    if outlived:  # "there are running containers, updated network configuration will not take affect" (daemon.go)
        liverestore.take_over(world, host)
    else:
        networks.make_predefined(world, host)
    lifecycle.autostart(world, host)
    _note(world, host, "systemd", 1, f"Started {UNIT}.")
    return True


def _environment(text: str) -> dict[str, str]:
    """The lines NAME=value of a unit's EnvironmentFile (systemd.exec(5))."""
    rows = (line.strip().partition("=") for line in text.splitlines() if not line.lstrip().startswith(("#", ";")))
    return {name: value.strip().strip("\"'") for name, equals, value in rows if equals}


def _file(world: World, host: str, path: str) -> str | None:
    return world.files.get((host, "", path))


def _note(world: World, host: str, program: str, pid: int, text: str) -> None:
    """Write to the journal of the host."""
    journal = daemon(world, host).journal
    change_daemon(world, host, journal=(*journal, *((world.clock, program, pid, line) for line in text.split("\n"))))


def _fail(world: World, host: str, pid: int, problem: str) -> None:
    """dockerd has said why and ended; systemd writes it down (words of systemd 252)."""
    change_daemon(world, host, failure=problem)
    _note(world, host, "dockerd", pid, problem)
    for text in ("docker.service: Main process exited, code=exited, status=1/FAILURE",
                 "docker.service: Failed with result 'exit-code'.", f"Failed to start {UNIT}."):  # fmt: skip
        _note(world, host, "systemd", 1, text)


def processes_of_daemon(world: World, host: str) -> tuple[int, ...]:
    """Pids of dockerd and of the containerd it started."""
    pid = daemon(world, host).pid
    return tuple(p.pid for p in world.hosts[host].processes if pid is not None and pid in (p.pid, p.ppid))


def stop_daemon(world: World, host: str) -> None:
    """Stop dockerd: containers end, their rules and proxies go; bridges and the networks' own rules stay. With
    live-restore the containers stay, too."""
    if not daemon(world, host).running:
        return
    if not liverestore.lives_on(world, host):
        lifecycle.containers_of_daemon_stopping(world, host)
    _end_daemon(world, host)
    _note(world, host, "systemd", 1, "docker.service: Deactivated successfully.")
    _note(world, host, "systemd", 1, f"Stopped {UNIT}.")


def lose_daemon(world: World, host: str) -> None:
    """dockerd is killed, and containerd with it; the containers live on (only with live-restore)."""
    _end_daemon(world, host)
    change_daemon(world, host, failure="")
    for text in ("Main process exited, code=killed, status=9/KILL", "Failed with result 'signal'."):
        _note(world, host, "systemd", 1, f"docker.service: {text}")


def _end_daemon(world: World, host: str) -> None:
    if liverestore.lives_on(world, host):
        liverestore.leave(world, host)
    gone = processes_of_daemon(world, host)
    world.change_host(
        host, processes=tuple(p for p in world.hosts[host].processes if p.pid not in gone), docker_running=False
    )
    put_daemon(world, host, replace(daemon(world, host), running=False, pid=None))


def reload_daemon(world: World, host: str) -> None:
    """`systemctl reload docker`, SIGHUP: dockerd reads its file again and takes what it may change while it runs."""
    state = daemon(world, host)
    try:
        config = daemonfile.reread(release_of(world), _file(world, host, daemonfile.FILE), " ".join(state.arguments),
                                   state.config)  # fmt: skip
    except daemonfile.Unusable as error:
        _note(world, host, "dockerd", state.pid or 0, f"Error reconfiguring the daemon: {error}")
        return
    change_daemon(world, host, config=config)
    happenings.of_reload(world, host)


def restart_daemon(world: World, host: str) -> bool:
    """`systemctl restart docker`; False when it doesn't start again."""
    stop_daemon(world, host)
    return start_daemon(world, host)
