"""From the template of a service's tasks to the body of `POST /containers/create` (moby
daemon/cluster/executor/container/container.go)."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def container_body(task: Json) -> Json:
    """A TaskTemplate as specs.py writes it, as the node's own daemon is asked for a container.

    How long a stop takes is the agent's to know, so no StopTimeout is in it (observed on 28.5.2).
    """
    spec: Json = task["ContainerSpec"]
    return {
        "Image": spec["Image"], "Cmd": spec.get("Args"), "Entrypoint": spec.get("Command"),
        "Hostname": spec.get("Hostname", ""), "Env": spec.get("Env"), "Labels": spec.get("Labels"),
        "User": spec.get("User", ""), "WorkingDir": spec.get("Dir", ""), "Tty": spec.get("TTY", False),
        "OpenStdin": spec.get("OpenStdin", False), "StopSignal": spec.get("StopSignal", ""),
        "Healthcheck": spec.get("Healthcheck"), "HostConfig": _host_config(spec, task),
    }  # fmt: skip


def _host_config(spec: Json, task: Json) -> Json:
    resources = task.get("Resources", {})
    limits, kept = resources.get("Limits", {}), resources.get("Reservations", {})
    dns, driver = spec.get("DNSConfig", {}), task.get("LogDriver", {})
    return {
        "Init": spec.get("Init"), "ReadonlyRootfs": spec.get("ReadOnly", False), "Mounts": spec.get("Mounts"),
        "Dns": dns.get("Nameservers"), "DnsSearch": dns.get("Search"), "DnsOptions": dns.get("Options"),
        "ExtraHosts": [_extra_host(row) for row in spec.get("Hosts", ())], "GroupAdd": spec.get("Groups"),
        "CapAdd": spec.get("CapabilityAdd"), "CapDrop": spec.get("CapabilityDrop"), "Sysctls": spec.get("Sysctls"),
        "Ulimits": spec.get("Ulimits"), "Memory": limits.get("MemoryBytes", 0), "NanoCpus": limits.get("NanoCPUs", 0),
        "PidsLimit": limits.get("Pids", 0), "MemoryReservation": kept.get("MemoryBytes", 0),
        "LogConfig": {"Type": driver.get("Name", ""), "Config": driver.get("Options", {})},
    }  # fmt: skip


def _extra_host(row: str) -> str:
    """'10.0.0.7 db', as /etc/hosts has it, is 'db:10.0.0.7' for --add-host."""
    address, _, name = row.partition(" ")
    return f"{name}:{address}"
