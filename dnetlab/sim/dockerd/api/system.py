"""The daemon of itself: GET /_ping, /version, /info."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dnetlab.model import ContainerState
from dnetlab.sim.dockerd.api.swarm import swarm_info
from dnetlab.sim.dockerd.books import daemon, daemon_id, release_of, sees_forwarding
from dnetlab.sim.dockerd.daemonconfig import DaemonConfig
from dnetlab.sim.dockerd.firewall import firewaller
from dnetlab.sim.dockerd.inspect import storage_driver
from dnetlab.sim.profiles import Build
from dnetlab.sim.world import World

Json = dict[str, Any]
KERNEL = "6.1.0-32-amd64"  # Debian 12's, as `uname -r` on the hosts


def system_ping(world: World, host: str) -> Json:
    """GET /_ping: what its headers tell, {'Api-Version': '1.51', 'Ostype': 'linux'}."""
    return {"Api-Version": release_of(world).api, "Ostype": "linux"}


def system_version(world: World, host: str) -> Json:
    """GET /version"""
    release = release_of(world)
    build = release.build
    engine = {
        "ApiVersion": release.api, "Arch": "amd64", "BuildTime": build.built, "Experimental": "false",
        "GitCommit": build.commit, "GoVersion": build.go, "KernelVersion": KERNEL, "MinAPIVersion": build.least_api,
        "Os": "linux",
    }  # fmt: skip
    parts = [("containerd", *build.containerd), ("runc", *build.runc), ("docker-init", "0.19.0", "")]
    return {
        "Platform": {"Name": ""},
        "Components": [
            {"Name": "Engine", "Version": release.version, "Details": engine},
            *({"Name": name, "Version": number, "Details": {"GitCommit": commit}} for name, number, commit in parts),
        ],
        "Version": release.version, "ApiVersion": release.api, "MinAPIVersion": build.least_api,
        "GitCommit": build.commit, "GoVersion": build.go, "Os": "linux", "Arch": "amd64", "KernelVersion": KERNEL,
        "BuildTime": _iso(build.built),
    }  # fmt: skip


def _iso(text: str) -> str:
    """'Thu May  7 21:09:36 2026' -> '2026-05-07T21:09:36.000000000+00:00', as the API has it."""
    try:
        return f"{datetime.strptime(text, '%a %b %d %H:%M:%S %Y'):%Y-%m-%dT%H:%M:%S}.000000000+00:00"
    except ValueError:  # a build that tells none
        return text


def system_info(world: World, host: str) -> Json:
    """GET /info; the machine is the lab's own (observed on 20.10.24, 26.1.5, 28.5.2)."""
    machine, build, config = world.hosts[host], release_of(world).build, daemon(world, host).config
    return {
        "ID": daemon_id(world, host),
        **_counts(world, host),
        "Images": len(machine.images), "Driver": storage_driver(world), "DriverStatus": _storage(world),
        "Plugins": {
            "Volume": ["local"], "Network": ["bridge", "host", "ipvlan", "macvlan", "null", "overlay"],
            "Authorization": None, "Log": list(build.loggers),
        },
        "IPv4Forwarding": sees_forwarding(world, host), "Debug": config.debug,
        "LoggingDriver": "json-file", "CgroupDriver": "cgroupfs", "CgroupVersion": "1", "KernelVersion": KERNEL,
        "OperatingSystem": build.system, "OSType": "linux", "Architecture": "x86_64",
        "RegistryConfig": _registries(config, build),
        "NCPU": 2, "MemTotal": 4_294_967_296, "DockerRootDir": "/var/lib/docker", "Name": machine.name, "Labels": [],
        "ExperimentalBuild": config.experimental, "ServerVersion": release_of(world).version, 
        "Runtimes": {name: {"path": "runc"} for name in build.runtimes.split()},
        "DefaultRuntime": "runc", "Swarm": swarm_info(world, host), "LiveRestoreEnabled": config.live_restore,
        "InitBinary": "docker-init", "ContainerdCommit": {"ID": build.containerd[1]},
        "RuncCommit": {"ID": build.runc[1]}, "InitCommit": {"ID": ""},
        "SecurityOptions": [f"name=seccomp,profile={build.seccomp}"],
        **_pools(config),
        **({"CDISpecDirs": ["/etc/cdi", "/var/run/cdi"]} if build.cdi else {}),
        **({"FirewallBackend": _firewall_backend(world, host)} if build.tells_firewall else {}),
        "Warnings": [*build.warnings, *_of_environment(world, host)],
    }  # fmt: skip


def _of_environment(world: World, host: str) -> list[str]:
    """daemon/info_unix.go; observed on 28.5.2."""
    quiet = daemon(world, host).config.raw_rules or not release_of(world).firewall.raw_drop
    return [] if quiet else ["WARNING: DOCKER_INSECURE_NO_IPTABLES_RAW is set"]


def _firewall_backend(world: World, host: str) -> Json:
    """Recorded from 29.7.2."""
    proxy = str(daemon(world, host).userland_proxy).lower()
    return {"Driver": firewaller(world, host).driver, "Info": [["EnableUserlandProxy", proxy],
                                           ["UserlandProxyPath", "/usr/sbin/docker-proxy"]]}  # fmt: skip


def _pools(config: DaemonConfig) -> Json:
    rows = [{"Base": str(pool.base), "Size": pool.size} for pool in config.pools]
    return {"DefaultAddressPools": rows} if rows else {}


def _registries(config: DaemonConfig, build: Build) -> Json:
    """Registries by name beside the networks of those that need no certificate (registry/config.go)."""
    named = {name: {"Name": name, "Mirrors": [], "Secure": False, "Official": False}
             for name in config.insecure_registries if "/" not in name}  # fmt: skip
    networks = [name for name in config.insecure_registries if "/" in name]
    mirrors = [f"{mirror.rstrip('/')}/" for mirror in config.registry_mirrors]
    hub = {"Name": "docker.io", "Mirrors": mirrors, "Secure": True, "Official": True}
    return {"InsecureRegistryCIDRs": [*networks, *(["::1/128"] if build.v6_insecure else []), "127.0.0.0/8"],
            "IndexConfigs": {"docker.io": hub, **named}, "Mirrors": mirrors}  # fmt: skip


def _counts(world: World, host: str) -> Json:
    states = [c.state for c in world.hosts[host].containers]
    running = sum(s in (ContainerState.RUNNING, ContainerState.RESTARTING) for s in states)
    paused = sum(s is ContainerState.PAUSED for s in states)
    return {"Containers": len(states), "ContainersRunning": running, "ContainersPaused": paused,
            "ContainersStopped": len(states) - running - paused}  # fmt: skip


def _storage(world: World) -> list[list[str]]:
    build = release_of(world).build
    if release_of(world).image_store:
        return [["driver-type", "io.containerd.snapshotter.v1"]]
    metacopy = [["Using metacopy", "false"]] if build.metacopy else []
    return [["Backing Filesystem", "extfs"], ["Supports d_type", "true"], *metacopy, ["Native Overlay Diff", "true"],
            ["userxattr", "false"]]  # fmt: skip
