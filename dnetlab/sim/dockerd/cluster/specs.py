"""The specification of a service as the managers write it down, and as they give it back.

What a client leaves out stays out; what is empty goes; fields come in the engine's order (moby api/types/swarm,
daemon/cluster/convert; observed on 28.5.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dnetlab.sim.dockerd.errors import ApiError

Json = dict[str, Any]
SECOND = 1_000_000_000
UPDATES = {"Parallelism": 1, "FailureAction": "pause", "Monitor": 5 * SECOND, "MaxFailureRatio": 0,
           "Order": "stop-first"}  # fmt: skip
MODES = {"replicated": "Replicated", "global": "Global", "replicatedjob": "ReplicatedJob", "globaljob": "GlobalJob"}
_TEXTS = ("Dir", "User", "StopSignal")
_DNS_NAME = re.compile(r"[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*")
INVALID = "rpc error: code = InvalidArgument desc = "
_FLAGS = ("TTY", "OpenStdin", "ReadOnly")


def canonical(body: Mapping[str, Any]) -> Json:
    """A ServiceSpec of the API as it is kept. Its networks keep the names that the client gave."""
    given = named(body, ("Name", "Labels", "TaskTemplate", "Mode", "UpdateConfig", "RollbackConfig", "Networks",
                         "EndpointSpec"))  # fmt: skip
    found: Json = {"Name": given.get("Name") or "", "Labels": dict(given.get("Labels") or {}),
                   "TaskTemplate": _template(given.get("TaskTemplate") or {}), "Mode": _mode(given.get("Mode") or {})}
    for field in ("UpdateConfig", "RollbackConfig"):
        if given.get(field) is not None:
            found[field] = _updates(given[field])
    if given.get("Networks"):
        found["Networks"] = [_network(row) for row in given["Networks"]]
    if given.get("EndpointSpec") is not None:
        found["EndpointSpec"] = _endpoint(given["EndpointSpec"])
    return found


def check_name(name: str) -> None:
    """ApiError for what services and networks of a swarm can't be called (swarmkit manager/controlapi/common.go)."""
    if not _DNS_NAME.fullmatch(name):
        raise ApiError(INVALID + "name must be valid as a DNS name component", 400)
    if len(name) > 63:
        raise ApiError(INVALID + "name must be 63 characters or fewer", 400)


def named(given: Mapping[str, Any], names: tuple[str, ...]) -> Json:
    """Its fields under these names: Go reads a name in whatever case it is written (encoding/json)."""
    lower = {name.lower(): name for name in names}
    return {lower[key.lower()]: value for key, value in given.items() if key.lower() in lower}


def with_defaults(spec: Json) -> Json:
    """As `insertDefaults=true` shows it (swarmkit api/defaults/service.go; observed on 20.10.24, 26.1.5 and 28.5.2)."""
    template = spec["TaskTemplate"]
    container = {"StopGracePeriod": 10 * SECOND, "DNSConfig": {}, **template["ContainerSpec"]}
    restart = {"Condition": "any", "Delay": 5 * SECOND, "MaxAttempts": 0, **template.get("RestartPolicy", {})}
    usual = {"Resources": {}, "Placement": {}, **template, "RestartPolicy": restart, "ContainerSpec": container}
    updates = {field: {"Monitor": UPDATES["Monitor"], **spec.get(field, UPDATES)}
               for field in ("UpdateConfig", "RollbackConfig")}  # fmt: skip
    return canonical({**spec, **updates, "TaskTemplate": usual})


# -- a task ----------------------------------------------------------------------------------------------------------


def _template(body: Mapping[str, Any]) -> Json:
    given = named(body, ("ContainerSpec", "Resources", "RestartPolicy", "Placement", "Networks", "LogDriver",
                         "ForceUpdate", "Runtime"))  # fmt: skip
    found: Json = {"ContainerSpec": _container(given.get("ContainerSpec") or {})}
    if given.get("Resources") is not None:
        found["Resources"] = _resources(given["Resources"])
    if given.get("RestartPolicy") is not None:
        found["RestartPolicy"] = _restart(given["RestartPolicy"])
    if given.get("Placement") is not None:
        names = ("Constraints", "Preferences", "MaxReplicas", "Platforms")
        found["Placement"] = _filled(given["Placement"], names)
    if given.get("Networks"):
        found["Networks"] = [_network(row) for row in given["Networks"]]
    if given.get("LogDriver"):
        found["LogDriver"] = _filled(given["LogDriver"], ("Name", "Options"))
    return found | {"ForceUpdate": given.get("ForceUpdate") or 0, "Runtime": given.get("Runtime") or "container"}


def _filled(body: Mapping[str, Any], names: tuple[str, ...]) -> Json:
    """Those of its fields that say something, in this order."""
    given = named(body, names)
    return {name: given[name] for name in names if given.get(name)}


def _container(body: Mapping[str, Any]) -> Json:
    given = named(body, ("Image", "Labels", "Command", "Args", "Hostname", "Env", "Groups", "Privileges", "Init",
                         "Mounts", "StopGracePeriod", "Healthcheck", "Hosts", "DNSConfig", "Secrets", "Configs",
                         "Sysctls", "CapabilityAdd", "CapabilityDrop", "Ulimits", *_TEXTS, *_FLAGS))  # fmt: skip
    found: Json = {"Image": given.get("Image") or ""}
    found |= _those(given, ("Labels", "Command", "Args", "Hostname", "Env", "Dir", "User", "Groups"))
    if given.get("Privileges"):
        found["Privileges"] = _privileges(given["Privileges"])
    if given.get("Init") is not None:
        found["Init"] = bool(given["Init"])
    found |= _those(given, ("StopSignal", "TTY", "OpenStdin", "ReadOnly"))
    if given.get("Mounts"):
        found["Mounts"] = [mount(row) for row in given["Mounts"]]
    if given.get("StopGracePeriod") is not None:
        found["StopGracePeriod"] = given["StopGracePeriod"]
    if given.get("Healthcheck"):
        names = ("Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries")
        found["Healthcheck"] = _filled(given["Healthcheck"], names)
    found |= _those(given, ("Hosts",))
    if given.get("DNSConfig") is not None:
        found["DNSConfig"] = _filled(given["DNSConfig"], ("Nameservers", "Search", "Options"))
    for field, kind in (("Secrets", "Secret"), ("Configs", "Config")):
        if given.get(field):
            found[field] = [_reference(row, kind) for row in given[field]]
    found["Isolation"] = "default"
    return found | _those(given, ("Sysctls", "CapabilityAdd", "CapabilityDrop", "Ulimits"))


def _those(given: Json, names: tuple[str, ...]) -> Json:
    return {name: given[name] for name in names if given.get(name)}


def _privileges(body: Mapping[str, Any]) -> Json:
    """What a lab's kernel has no use for is kept as it was said."""
    given = named(body, ("CredentialSpec", "SELinuxContext", "NoNewPrivileges"))
    context = given.get("SELinuxContext")
    names = ("User", "Role", "Type", "Level")
    shown = context and {"Disable": bool(context.get("Disable")), **{name: context.get(name) or "" for name in names}}
    return {"CredentialSpec": given.get("CredentialSpec"), "SELinuxContext": shown,
            "NoNewPrivileges": bool(given.get("NoNewPrivileges"))}  # fmt: skip


def mount(row: Mapping[str, Any]) -> Json:
    """One Mount of the API, in its order (moby api/types/mount)."""
    names = ("Type", "Source", "Target", "ReadOnly", "Consistency", "BindOptions", "VolumeOptions", "TmpfsOptions")
    return _filled(row, names)


def _reference(row: Mapping[str, Any], kind: str) -> Json:
    """Which secret or config, and the file that it becomes."""
    given = named(row, ("File", "Runtime", f"{kind}ID", f"{kind}Name"))
    found: Json = {}
    if given.get("File"):
        file = named(given["File"], ("Name", "UID", "GID", "Mode"))
        found["File"] = {"Name": file.get("Name") or "", "UID": file.get("UID") or "0", "GID": file.get("GID") or "0",
                         "Mode": 0o444 if file.get("Mode") is None else file["Mode"]}  # fmt: skip
    return found | {f"{kind}ID": given.get(f"{kind}ID") or "", f"{kind}Name": given.get(f"{kind}Name") or ""}


def _resources(body: Mapping[str, Any]) -> Json:
    given = named(body, ("Limits", "Reservations"))
    found: Json = {}
    if given.get("Limits") is not None:
        found["Limits"] = _filled(given["Limits"], ("NanoCPUs", "MemoryBytes", "Pids"))
    if given.get("Reservations") is not None:
        found["Reservations"] = _filled(given["Reservations"], ("NanoCPUs", "MemoryBytes", "GenericResources"))
    return found


def _restart(body: Mapping[str, Any]) -> Json:
    given = named(body, ("Condition", "Delay", "MaxAttempts", "Window"))
    condition = given.get("Condition") or "any"
    if condition not in ("any", "none", "on-failure"):
        raise ApiError(f'invalid RestartCondition: "{condition}"', 400)
    found: Json = {"Condition": condition}
    if given.get("Delay") is not None:
        found["Delay"] = given["Delay"]
    found["MaxAttempts"] = given.get("MaxAttempts") or 0
    return found | ({"Window": given["Window"]} if given.get("Window") is not None else {})


def _network(row: Mapping[str, Any]) -> Json:
    return _filled(row, ("Target", "Aliases", "DriverOpts"))


# -- how many, how changed, where it is reached -----------------------------------------------------------------------


def _mode(body: Mapping[str, Any]) -> Json:
    """{'Replicated': {'Replicas': 2}}; that, with one task, where nothing is said. ApiError for several at once."""
    given = {MODES[key.lower()]: value or {} for key, value in body.items()
             if key.lower() in MODES and value is not None}  # fmt: skip
    if len(given) > 1:
        raise ApiError("must specify only one service mode", 400)
    (name, settings) = next(iter(given.items()), ("Replicated", {}))
    if name == "Replicated":
        replicas = named(settings, ("Replicas",)).get("Replicas")
        return {"Replicated": {"Replicas": 1 if replicas is None else replicas}}
    if name == "ReplicatedJob":
        asked = named(settings, ("MaxConcurrent", "TotalCompletions"))
        most = asked.get("MaxConcurrent")
        most = 1 if most is None else most
        total = asked.get("TotalCompletions")
        return {name: {"MaxConcurrent": most, "TotalCompletions": most if total is None else total}}
    return {name: {}}


def _updates(body: Mapping[str, Any]) -> Json:
    given = named(body, ("Parallelism", "Delay", "FailureAction", "Monitor", "MaxFailureRatio", "Order"))
    found: Json = {"Parallelism": given.get("Parallelism") or 0}
    if given.get("Delay"):
        found["Delay"] = given["Delay"]
    found["FailureAction"] = given.get("FailureAction") or "pause"
    if found["FailureAction"] not in ("pause", "continue", "rollback"):
        raise ApiError(f"unrecognized update failure action {found['FailureAction']}")
    if given.get("Monitor"):
        found["Monitor"] = given["Monitor"]
    order = given.get("Order") or "stop-first"
    if order not in ("stop-first", "start-first"):
        raise ApiError(f"unrecognized update order {order}")
    return found | {"MaxFailureRatio": given.get("MaxFailureRatio") or 0, "Order": order}


def _endpoint(body: Mapping[str, Any]) -> Json:
    given = named(body, ("Mode", "Ports"))
    ports = [_port(row) for row in given.get("Ports") or ()]
    mode = given.get("Mode") or "vip"
    if mode not in ("vip", "dnsrr"):
        raise ApiError(f'invalid resolution mode: "{mode}"')
    return {"Mode": mode, **({"Ports": ports} if ports else {})}


def _port(row: Mapping[str, Any]) -> Json:
    given = named(row, ("Name", "Protocol", "TargetPort", "PublishedPort", "PublishMode"))
    found: Json = {"Protocol": given.get("Protocol") or "tcp", "TargetPort": given.get("TargetPort") or 0}
    published = {"PublishedPort": given["PublishedPort"]} if given.get("PublishedPort") else {}
    return found | published | {"PublishMode": given.get("PublishMode") or "ingress"}
