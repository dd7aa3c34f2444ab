"""A service as `docker service inspect --pretty` shows it (docker/cli command/service/formatter.go)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dnetlab.sim.dockercli.session import Session
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = Mapping[str, Any]


def pretty(session: Session, service: Json) -> str:
    """service: with its defaults. As the client's template prints it (observed on 28.5.2 and 29.7.2)."""
    spec = service["Spec"]
    template, mode = spec["TaskTemplate"], spec["Mode"]
    lines = ["", f"ID:\t\t{service['ID']}", f"Name:\t\t{spec['Name']}"]
    if spec["Labels"]:
        lines += ["Labels:", *(f" {key}={value}" for key, value in sorted(spec["Labels"].items()))]
    shown = {"Replicated": "\tReplicated", "Global": "\tGlobal"}
    lines += [f"Service Mode:{shown.get(next(iter(mode)), '')}"]
    if "Replicated" in mode:
        lines += [f" Replicas:\t{mode['Replicated']['Replicas']}"]
    lines += _status(session, service.get("UpdateStatus", {})) + _placement(template.get("Placement", {}))
    for title, order in (("UpdateConfig", "Update order:     "), ("RollbackConfig", "Rollback order:   ")):
        lines += _updates(title, order, spec[title])
    lines += _container(template["ContainerSpec"]) + _resources(template.get("Resources", {}))
    if template.get("Networks"):
        lines += ["Networks: " + " ".join(_name(session, row["Target"]) for row in template["Networks"]) + " "]
    lines += [f"Endpoint Mode:\t{spec.get('EndpointSpec', {}).get('Mode', '')}"]
    if service["Endpoint"].get("Ports"):
        lines += ["Ports:"]
    for port in service["Endpoint"].get("Ports", []):
        lines += [f" PublishedPort = {port.get('PublishedPort', 0)}", f"  Protocol = {port['Protocol']}",
                  f"  TargetPort = {port['TargetPort']}", f"  PublishMode = {port['PublishMode']} "]  # fmt: skip
    return "\n".join(lines) + "\n"


def _status(session: Session, status: Json) -> list[str]:
    """How far its last change has come, when it changed tasks."""
    if not status:
        return []
    lines = ["UpdateStatus:", f" State:\t\t{status['State']}", f" Started:\t{session.since(status['StartedAt'])}"]
    if status["State"] == "completed":
        lines += [f" Completed:\t{session.since(status['CompletedAt'])}"]
    return [*lines, f" Message:\t{status['Message']}"]


def _placement(placement: Json) -> list[str]:
    lines = ["Placement:"]
    if placement.get("Constraints"):
        lines += [f" Constraints:\t[{' '.join(placement['Constraints'])}]"]
    if placement.get("Preferences"):
        wanted = " ".join(f"spread={row['Spread']['SpreadDescriptor']}" for row in placement["Preferences"])
        lines += [f" Preferences:   [{wanted}]"]
    if placement.get("MaxReplicas"):
        lines += [f" Max Replicas Per Node:   {placement['MaxReplicas']}"]
    return lines


def _updates(title: str, order: str, config: Json) -> list[str]:
    lines = [f"{title}:", f" Parallelism:\t{config['Parallelism']}"]
    if config.get("Delay"):
        lines += [f" Delay:\t\t{_duration(config['Delay'])}"]
    lines += [f" On failure:\t{config['FailureAction']}"]
    if config.get("Monitor"):
        lines += [f" Monitoring Period: {_duration(config['Monitor'])}"]
    return [*lines, f" Max failure ratio: {config['MaxFailureRatio']:g}", f" {order} {config['Order']}"]


def _duration(nanoseconds: int) -> str:
    """'7s', '1m0s', '300ms' (Go's Duration.String)."""
    seconds = nanoseconds / 1e9
    if 0 < seconds < 1:
        return f"{seconds * 1000:g}ms"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{head}{rest:g}s"


def _container(spec: Json) -> list[str]:
    lines = ["ContainerSpec:", f" Image:\t\t{spec['Image']}"]
    for field, title in (("Args", "Args:\t\t"), ("Env", "Env:\t\t")):
        if spec.get(field):
            lines += [f" {title}{' '.join(spec[field])} "]
    if spec.get("Dir"):
        lines += [f" Dir:\t\t{spec['Dir']}"]
    if "Init" in spec:
        lines += [f" Init:\t\t{str(spec['Init']).lower()}"]
    if spec.get("User"):
        lines += [f" User: {spec['User']}"]
    return lines + _capabilities(spec) + _files(spec)


def _capabilities(spec: Json) -> list[str]:
    lines = []
    if spec.get("CapabilityAdd") or spec.get("CapabilityDrop"):
        lines += ["Capabilities:"]
    for field, title in (("CapabilityAdd", " Add: "), ("CapabilityDrop", " Drop: ")):
        if spec.get(field):
            lines += [title + " ".join(spec[field])]
    if spec.get("Sysctls"):
        lines += ["SysCtls:", *(f" {key}: {value}" for key, value in sorted(spec["Sysctls"].items()))]
    return lines


def _files(spec: Json) -> list[str]:
    lines = ["Mounts:"] if spec.get("Mounts") else []
    for row in spec.get("Mounts", ()):
        read_only = str(row.get("ReadOnly", False)).lower()
        lines += [f" Target:\t{row['Target']}", f"  Source:\t{row.get('Source', '')}", f"  ReadOnly:\t{read_only}",
                  f"  Type:\t\t{row['Type']}"]  # fmt: skip
    for field, name in (("Configs", "ConfigName"), ("Secrets", "SecretName")):
        lines += [f"{field}:"] if spec.get(field) else []
        for row in spec.get(field, ()):
            lines += [f" Target:\t{row.get('File', {}).get('Name', '')}", f"  Source:\t{row[name]}"]
    return lines


def _resources(resources: Json) -> list[str]:
    lines = ["Resources:"]
    for field, title in (("Reservations", " Reservations:"), ("Limits", " Limits:")):
        part = resources.get(field, {})
        rows = [f"  CPU:\t\t{part['NanoCPUs'] / 1e9:g}"] if part.get("NanoCPUs") else []
        rows += [f"  Memory:\t{size_of(part['MemoryBytes'])}"] if part.get("MemoryBytes") else []
        lines += [title, *rows] if rows else []
    return lines


def size_of(number: int) -> str:
    """'64MiB' (docker/go-units BytesSize)."""
    amount, units = float(number), ["B", "KiB", "MiB", "GiB", "TiB"]
    while amount >= 1024 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    return f"{amount:.4g}{units[0]}"


def _name(session: Session, network_id: str) -> str:
    try:
        return str(session.ask(api.network_inspect, network_id)["Name"])
    except ApiError:
        return network_id
