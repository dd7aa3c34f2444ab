"""`.HostConfig` of `docker inspect`: the half of a container's settings that concerns the machine it runs on."""

from __future__ import annotations

from typing import Any

from dnetlab.model import Container
from dnetlab.sim.dockerd import books, sharing
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.world import World

Json = dict[str, Any]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def host_config(world: World, host: str, container: Container, config: ContainerConfig) -> Json:
    """Keys in the order of the release (observed on 20.10.24, 26.1.5, 28.5.2)."""
    release = release_of(world)
    early = release.documents.console_early
    console: Json = {"ConsoleSize": [0, 0]}
    binds = [_bind(m.source, m.destination, m.read_only) for m in config.mounts
             if not (_anonymous(m.source) or m.long or m.borrowed)]  # fmt: skip
    tmpfs = {m.destination: m.options for m in config.mounts if m.kind == "tmpfs" and not m.long}
    long = sharing.shown_mounts(config.mounts)
    links = [f"/{books.name_of_link(world, host, o)}:/{container.name}/{alias}" for o, alias in config.links]
    return {
        "Binds": binds or None,
        "ContainerIDFile": config.id_file,
        "LogConfig": {"Type": config.log_driver or "json-file", "Config": dict(config.log_options)},
        "NetworkMode": shown_mode(world, config),
        "PortBindings": _port_bindings(config),
        "RestartPolicy": {"Name": config.restart.value, "MaximumRetryCount": config.restart_max},
        "AutoRemove": config.auto_remove,
        "VolumeDriver": config.volume_driver,
        "VolumesFrom": list(config.volumes_from) or None,
        **(console if early else {}),
        "CapAdd": [_capability(c) for c in config.cap_add] or None,
        "CapDrop": [_capability(c) for c in config.cap_drop] or None,
        "CgroupnsMode": config.cgroupns or "host",
        "Dns": list(config.dns) or (None if release.documents.null_dns else []),
        "DnsOptions": list(config.dns_options),
        "DnsSearch": list(config.dns_search),
        "ExtraHosts": [f"{name}:{address}" for name, address in config.add_hosts] or None,
        "GroupAdd": list(config.groups) or None,
        "IpcMode": config.ipc_mode or "private",
        "Cgroup": "",
        "Links": links or None,
        "OomScoreAdj": 0,
        "PidMode": config.pid_mode,
        "Privileged": config.privileged,
        "PublishAllPorts": config.publish_all,
        "ReadonlyRootfs": config.read_only,
        "SecurityOpt": ["label=disable"] if config.privileged else None,
        "UTSMode": config.uts_mode,
        "UsernsMode": "",
        **({"Tmpfs": tmpfs} if tmpfs else {}),
        "ShmSize": 67108864,
        **({"Sysctls": dict(sorted(config.sysctls.items()))} if config.sysctls else {}),
        "Runtime": "runc",
        **({} if early else console),
        "Isolation": config.isolation,
        **_resources(config, release.documents.kernel_memory),
        **({"Mounts": long} if long else {}),
        **({"Init": True} if config.init else {}),
        "MaskedPaths": None if config.privileged else list(release.masked_paths),
        "ReadonlyPaths": None if config.privileged else list(READ_ONLY),
    }


def shown_mode(world: World, config: ContainerConfig) -> str:
    """`.NetworkMode`: 'default' is written out since 26.1."""
    mode = config.network_mode
    return "bridge" if mode == "default" and release_of(world).tells_default_bridge else mode


def _resources(config: ContainerConfig, kernel_memory: bool) -> Json:
    kernel: Json = {"KernelMemory": 0, "KernelMemoryTCP": 0} if kernel_memory else {}
    limits = config.limits
    swap = limits.memory_swap or limits.memory * 2
    return {
        "CpuShares": limits.cpu_shares, "Memory": limits.memory, "NanoCpus": limits.nano_cpus, "CgroupParent": "",
        "BlkioWeight": limits.blkio_weight, "BlkioWeightDevice": [], "BlkioDeviceReadBps": [],
        "BlkioDeviceWriteBps": [],
        "BlkioDeviceReadIOps": [], "BlkioDeviceWriteIOps": [], "CpuPeriod": limits.cpu_period,
        "CpuQuota": limits.cpu_quota,
        "CpuRealtimePeriod": limits.cpu_rt_period, "CpuRealtimeRuntime": limits.cpu_rt_runtime,
        "CpusetCpus": limits.cpuset_cpus, "CpusetMems": limits.cpuset_mems, "Devices": [],
        "DeviceCgroupRules": list(config.device_rules) or None,
        "DeviceRequests": None, **kernel, "MemoryReservation": limits.reservation, "MemorySwap": swap,
        "MemorySwappiness": None, "OomKillDisable": False, "PidsLimit": limits.pids or None,
        "Ulimits": _ulimits(config), "CpuCount": 0,
        "CpuPercent": 0, "IOMaximumIOps": 0, "IOMaximumBandwidth": 0,
    }  # fmt: skip


def _ulimits(config: ContainerConfig) -> list[Json]:
    return [{"Name": name, "Hard": hard, "Soft": soft} for name, soft, hard in config.ulimits]


def _anonymous(source: str) -> bool:
    return not source or len(source) == 64


def _bind(source: str, destination: str, read_only: bool) -> str:
    return f"{source}:{destination}" + (":ro" if read_only else "")


def _capability(name: str) -> str:
    name = name.upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"


def _port_bindings(config: ContainerConfig) -> Json:
    found: dict[str, list[Json]] = {}
    for request in config.publish:
        port = "" if request.host_port is None else str(request.host_port)
        if request.host_port_end is not None and request.host_port_end != request.host_port:
            port = f"{port}-{request.host_port_end}"
        address = "" if request.host_ip is None else str(request.host_ip)
        found.setdefault(request.key, []).append({"HostIp": address, "HostPort": port})
    return dict(sorted(found.items()))
