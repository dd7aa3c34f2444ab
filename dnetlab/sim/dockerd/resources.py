"""What containers use, as far as the lab knows: processes, the traffic of their links; memory by the kind of program.

What a program needs was observed once (nginx 1.22, busybox 1.35 on Debian 12) and is the same here at all times.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dnetlab.model import Container, LinkKind
from dnetlab.model.changed import replace
from dnetlab.sim import clock, processes
from dnetlab.sim.dockerd import books
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.config import Limits
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

Json = dict[str, Any]
MACHINE = 4_294_967_296  # bytes of memory of a lab host
LEAST_MEMORY = 6 << 20
CPUS = 2
_NEEDS = {"nginx: master process": 1_400_000, "nginx: worker process": 650_000, "redis-server": 8_400_000,
          "mysqld": 385_000_000}  # fmt: skip
_SMALL = 360_448  # a busybox tool
_LIMITS = {"Memory": "memory", "MemorySwap": "memory_swap", "MemoryReservation": "reservation", "NanoCpus": "nano_cpus",
           "CpuShares": "cpu_shares", "CpuPeriod": "cpu_period", "CpuQuota": "cpu_quota", "CpusetCpus": "cpuset_cpus",
           "CpusetMems": "cpuset_mems", "PidsLimit": "pids", "BlkioWeight": "blkio_weight",
           "CpuRealtimePeriod": "cpu_rt_period", "CpuRealtimeRuntime": "cpu_rt_runtime",
           "KernelMemory": "kernel_memory"}  # fmt: skip


def limits_of(machine: Mapping[str, Any], before: Limits | None = None) -> Limits:
    """The limits among the fields of HostConfig, or of an update: those given, else as before."""
    given = {name: machine[field] for field, name in _LIMITS.items() if machine.get(field) not in (None, 0, "")}
    return replace(before or Limits(), **given)


def check(world: World, limits: Limits) -> None:
    """Raises ApiError for what the daemon refuses (moby daemon_unix.go; observed on 20.10.24, 28.5.2)."""
    if 0 < limits.memory < LEAST_MEMORY:
        raise ApiError("Minimum memory limit allowed is 6MB", 400)
    if limits.memory and 0 < limits.memory_swap < limits.memory:
        raise ApiError("Minimum memoryswap limit should be larger than memory limit, see usage", 400)
    if limits.nano_cpus < 0 or limits.nano_cpus > CPUS * 1_000_000_000:
        raise ApiError(release_of(world).text("bad cpus", most=f"{CPUS}.00", cpus=str(CPUS)), 400)


def update(world: World, host: str, container: Container, body: Mapping[str, Any]) -> None:
    """`docker update`, but for the restart policy. Raises ApiError 400, 500."""
    spec = books.spec(world, host, container.id)
    old, new = spec.config.limits, limits_of(body, spec.config.limits)
    check(world, limits_of(body))
    if container.is_running and old.memory_swap and new.memory > old.memory_swap and new.memory_swap == old.memory_swap:
        raise ApiError(
            f"Cannot update container {container.id}: Memory limit should be smaller than already set memoryswap "
            "limit, update the memoryswap at the same time", 500,
        )  # fmt: skip
    books.change_spec(world, host, container.id, config=replace(spec.config, limits=new))


# -- docker stats -------------------------------------------------------------------------------------------------


def stats(world: World, host: str, name: str) -> Json:
    """One reading (moby api/types/container.StatsResponse); all zeros for one that doesn't run. ApiError 404."""
    container = books.find(world, host, name)
    head = {"name": f"/{container.name}", "id": container.id}
    if not container.is_running:
        return _reading(clock.ZERO, {}, {}, head)
    config = books.spec(world, host, container.id).config
    rows = [p for _, p in processes.container_rows(world, host, container.id)]
    used = sum(_need(" ".join(p.argv)) for p in rows)
    limit = config.limits.memory or MACHINE
    memory = {"usage": used, "max_usage": used, "stats": {"cache": 0, "total_inactive_file": 0}, "limit": limit}
    found = _reading(clock.rfc3339(world.clock, container.id), {"current": len(rows)}, memory, head)
    if container.namespace == container.short_id:
        found["networks"] = _networks(world, host, container)
    return found


def _need(title: str) -> int:
    return next((need for name, need in _NEEDS.items() if title.startswith(name) or f"/{name}" in title), _SMALL)


def _reading(read: str, pids: Json, memory: Json, head: Json) -> Json:
    usage: Json = {"cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
                   "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}}  # fmt: skip
    running = {"system_cpu_usage": 1_000_000_000_000, "online_cpus": CPUS} if pids else {}
    return {
        "read": read, "preread": clock.ZERO, "pids_stats": pids,
        "blkio_stats": dict.fromkeys(
            ("io_service_bytes_recursive", "io_serviced_recursive", "io_queue_recursive", "io_service_time_recursive",
             "io_wait_time_recursive", "io_merged_recursive", "io_time_recursive", "sectors_recursive")),
        "num_procs": 0, "storage_stats": {}, "cpu_stats": {**usage, **running}, "precpu_stats": {**usage, **running},
        "memory_stats": memory, **head,
    }  # fmt: skip


def _networks(world: World, host: str, container: Container) -> Json:
    space = world.hosts[host].namespaces[container.namespace or ""]
    found: Json = {}
    for link in space.interfaces:
        if link.kind is LinkKind.LOOPBACK:
            continue
        t = space.traffic_of(link)
        found[link.name] = {
            "rx_bytes": t.rx_bytes, "rx_packets": t.rx_packets, "rx_errors": 0, "rx_dropped": 0,
            "tx_bytes": t.tx_bytes, "tx_packets": t.tx_packets, "tx_errors": 0, "tx_dropped": 0,
        }  # fmt: skip
    return found

