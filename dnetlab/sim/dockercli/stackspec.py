"""What the files of a stack become: networks, secrets, configs and services as the API has them
(docker/cli at v28.2.2, cli/compose/convert)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dnetlab.commands.compose import canonical
from dnetlab.commands.compose.canonical import NotThere
from dnetlab.commands.compose.reading import as_map
from dnetlab.commands.compose.stackfile import StackFile
from dnetlab.commands.docker.units import parse_bytes, seconds_of
from dnetlab.sim.dockercli.serviceform import capability, host_line
from dnetlab.sim.dockercli.session import Failed

Json = dict[str, Any]
NAMESPACE, IMAGE = "com.docker.stack.namespace", "com.docker.stack.image"
LOCAL = ("host", "bridge", "none", "default")  # networks that every node has of its own


def scoped(stack: str, name: str) -> str:
    return f"{stack}_{name}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def labelled(stack: str, labels: Any) -> dict[str, str]:
    """The labels of the file, and that of the stack."""
    return {**{key: _text(value or "") for key, value in as_map(labels).items()}, NAMESPACE: stack}


def _external(row: Json | None, key: str) -> str:
    """The name of what is there already; '' when the stack makes it."""
    told = (row or {}).get("external")
    if isinstance(told, dict):
        return str(told.get("name", key))
    return str((row or {}).get("name", key)) if told in (True, "true") else ""


# -- networks, secrets, configs ---------------------------------------------------------------------------------------


def networks(stack: str, files: StackFile) -> tuple[dict[str, Json], list[str]]:
    """(name -> body of those that the services are in, the names of those that must be there already)."""
    used = sorted({key for service in files.services.values() for key in canonical.attached(service.get("networks"))})
    made, outside = {}, []
    for key in used:
        row = files.networks.get(key) or {}
        if external := _external(row, key):
            outside.append(external)
            continue
        ipam = row.get("ipam") or {}
        body: Json = {
            "Name": row.get("name") or scoped(stack, key), "Driver": row.get("driver") or "overlay",
            "Labels": labelled(stack, row.get("labels")), "Internal": bool(row.get("internal")),
            "Attachable": bool(row.get("attachable")), "CheckDuplicate": True,
            "Options": {name: _text(value) for name, value in (row.get("driver_opts") or {}).items()},
        }  # fmt: skip
        if ipam:
            rows = [{"Subnet": one["subnet"]} for one in ipam.get("config") or () if "subnet" in one]
            body["IPAM"] = {"Driver": ipam.get("driver") or "default", "Config": rows}
        made[body["Name"]] = body
    return made, outside


def contents(stack: str, rows: Mapping[str, Json]) -> list[tuple[str, Json]]:
    """(name, row) of the secrets or configs that the stack makes."""
    own = [(key, row) for key, row in sorted(rows.items()) if not _external(row, key)]
    return [(row.get("name") or scoped(stack, key), row) for key, row in own]


# -- services ---------------------------------------------------------------------------------------------------------


def service(
    stack: str, name: str, row: Json, files: StackFile, environment: Json, mounts: list[Json], references: Json
) -> Json:
    """A service's specification. environment: with its env_files; mounts: in the long form with whole paths;
    references: 'Secrets' and 'Configs' as the daemon wants them. Raises Failed, NotThere."""
    deploy: Json = row.get("deploy") or {}
    placement: Json = deploy.get("placement") or {}
    container: Json = {
        "Image": row["image"], "Labels": labelled(stack, row.get("labels")),
        "Command": _words(row.get("entrypoint")), "Args": _words(row.get("command")),
        "Hostname": row.get("hostname", ""), "Env": sorted(k if v is None else f"{k}={v}" for k, v in
                                                            environment.items()),
        "Dir": row.get("working_dir", ""), "User": str(row.get("user", "")), "StopSignal": row.get("stop_signal", ""),
        "TTY": bool(row.get("tty")), "OpenStdin": bool(row.get("stdin_open")), "ReadOnly": bool(row.get("read_only")),
        "Privileges": {"CredentialSpec": None, "SELinuxContext": None},
        "Mounts": [_mount(stack, mount, files.volumes) for mount in mounts],
        "Hosts": [host_line(one) for one in _rows(row.get("extra_hosts"), ":")], **references,
    }  # fmt: skip
    if "dns" in row or "dns_search" in row:
        container["DNSConfig"] = {"Nameservers": _list(row.get("dns")), "Search": _list(row.get("dns_search"))}
    if "stop_grace_period" in row:
        container["StopGracePeriod"] = _nanoseconds(row["stop_grace_period"])
    if "init" in row:
        container["Init"] = row["init"]
    if "sysctls" in row:
        container["Sysctls"] = {key: _text(value) for key, value in as_map(row["sysctls"]).items()}
    if "healthcheck" in row:
        container["Healthcheck"] = _health(row["healthcheck"])
    for key, what in (("cap_add", "CapabilityAdd"), ("cap_drop", "CapabilityDrop")):
        if row.get(key):
            container[what] = sorted(capability(one) for one in row[key])
    for key in ("ulimits", "credential_spec", "tmpfs", "isolation", "oom_score_adj"):
        if row.get(key):
            raise NotThere(key)
    spec: Json = {
        "Name": scoped(stack, name), "Labels": {**labelled(stack, deploy.get("labels")), IMAGE: row["image"]},
        "TaskTemplate": {
            "ContainerSpec": {key: value for key, value in container.items() if value or key == "Init"},
            "Resources": _resources(deploy.get("resources") or {}), "RestartPolicy": _restart(row, deploy),
            "Placement": _placement(placement), "Networks": _networks(stack, name, row, files), "ForceUpdate": 0,
        },
        "Mode": _mode(deploy), "UpdateConfig": _updates(deploy.get("update_config")),
        "RollbackConfig": _updates(deploy.get("rollback_config")),
        "EndpointSpec": {"Mode": str(deploy.get("endpoint_mode", "")).lower(), "Ports": _ports(row.get("ports") or ())},
    }  # fmt: skip
    if row.get("logging"):
        logging = row["logging"]
        spec["TaskTemplate"]["LogDriver"] = {"Name": logging.get("driver", ""), "Options": logging.get("options") or {}}
    for part in (spec, spec["TaskTemplate"], spec["EndpointSpec"]):
        for key in [key for key, value in part.items() if value is None or value == "" or value == []]:
            del part[key]
    return spec


def _words(value: Any) -> list[str]:
    return [] if value is None else canonical.words_of(value)


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _rows(value: Any, separator: str) -> list[str]:
    if isinstance(value, dict):
        return sorted(f"{key}{separator}{one}" for key, one in value.items())
    return [str(one) for one in value or ()]


def _nanoseconds(text: str) -> int:
    found = seconds_of(str(text))
    if found is None:
        raise NotThere(str(text))
    return round(found * 1e9)


def _mount(stack: str, mount: Json, volumes: Mapping[str, Json]) -> Json:
    kind, source = mount.get("type", "volume"), mount.get("source", "")
    made: Json = {"Type": kind, "Source": source, "Target": mount.get("target", "")}
    if mount.get("read_only"):
        made["ReadOnly"] = True
    if kind == "tmpfs" or kind not in ("volume", "bind"):
        raise NotThere(f"volumes of the type {kind}")
    if kind != "volume" or not source:
        return {key: value for key, value in made.items() if value}
    if source not in volumes:
        raise Failed(f'undefined volume "{source}"')
    row = volumes[source] or {}
    made["Source"] = _external(row, source) or row.get("name") or scoped(stack, source)
    options: Json = {}
    if not _external(row, source):
        options["Labels"] = labelled(stack, row.get("labels"))
        if row.get("driver") or row.get("driver_opts"):
            options["DriverConfig"] = {"Name": row.get("driver", ""), "Options": row.get("driver_opts") or {}}
    return {**made, "VolumeOptions": options}


def _health(row: Json) -> Json:
    if row.get("disable"):
        return {"Test": ["NONE"]}
    test = row.get("test", [])
    found: Json = {"Test": ["CMD-SHELL", test] if isinstance(test, str) else list(test)}
    for key, name in (("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod"),
                      ("start_interval", "StartInterval")):  # fmt: skip
        if key in row:
            found[name] = _nanoseconds(row[key])
    return found | ({"Retries": int(row["retries"])} if "retries" in row else {})


def _resources(row: Json) -> Json:
    found: Json = {}
    for key, name in (("limits", "Limits"), ("reservations", "Reservations")):
        if key in row:
            own = row[key] or {}
            if own.get("generic_resources"):
                raise NotThere("generic_resources")
            one = {"NanoCPUs": round(float(own.get("cpus") or 0) * 1e9),
                   "MemoryBytes": parse_bytes(str(own["memory"])) or 0 if own.get("memory") else 0,
                   "Pids": int(own.get("pids") or 0)}  # fmt: skip
            found[name] = {field: value for field, value in one.items() if value}
    return found


def _restart(row: Json, deploy: Json) -> Json | None:
    """deploy.restart_policy, or what `restart` of older files means (opts.ParseRestartPolicy)."""
    told = deploy.get("restart_policy")
    if told is not None:
        found: Json = {"Condition": told.get("condition", "")}
        if "delay" in told:
            found["Delay"] = _nanoseconds(told["delay"])
        if "max_attempts" in told:
            found["MaxAttempts"] = int(told["max_attempts"])
        if "window" in told:
            found["Window"] = _nanoseconds(told["window"])
        return {key: value for key, value in found.items() if value != ""}
    name, _, most = str(row.get("restart", "")).partition(":")
    if name in ("", "no"):
        return None
    if name == "on-failure":
        return {"Condition": "on-failure", "MaxAttempts": int(most or 0)}
    if name in ("always", "unless-stopped"):
        return {"Condition": "any"}
    raise Failed(f"unknown restart policy: {name}")


def _placement(row: Json) -> Json:
    found: Json = {"Constraints": list(row.get("constraints") or ()),
                   "Preferences": [{"Spread": {"SpreadDescriptor": one.get("spread", "")}}
                                   for one in row.get("preferences") or ()],
                   "MaxReplicas": int(row.get("max_replicas_per_node") or 0)}  # fmt: skip
    return {key: value for key, value in found.items() if value}


def _networks(stack: str, name: str, row: Json, files: StackFile) -> list[Json]:
    """Where the tasks are, by the networks' names; in each the service's own name is an alias."""
    found = []
    for key, told in canonical.attached(row.get("networks")).items():
        if key not in files.networks and key != "default":
            raise Failed(f'undefined network "{key}"')
        known = files.networks.get(key) or {}
        target = _external(known, key) or known.get("name") or scoped(stack, key)
        one: Json = {"Target": target}
        aliases = list((told or {}).get("aliases") or ()) + ([name] if target not in LOCAL else [])
        if aliases:
            one["Aliases"] = aliases
        if (told or {}).get("driver_opts"):
            one["DriverOpts"] = {k: _text(v) for k, v in told["driver_opts"].items()}
        found.append(one)
    return sorted(found, key=lambda one: str(one["Target"]))


def _mode(deploy: Json) -> Json:
    mode, number = deploy.get("mode", ""), deploy.get("replicas")
    if mode in ("global", "global-job"):
        if number is not None:
            raise Failed("replicas can only be used with replicated or replicated-job mode")
        return {"Global" if mode == "global" else "GlobalJob": {}}
    if mode == "replicated-job":
        return {"ReplicatedJob": {} if number is None else {"MaxConcurrent": number, "TotalCompletions": number}}
    if mode not in ("", "replicated"):
        raise Failed(f"Unknown mode: {mode}")
    return {"Replicated": {} if number is None else {"Replicas": number}}


def _updates(row: Json | None) -> Json | None:
    if row is None:
        return None
    found: Json = {"Parallelism": row.get("parallelism", 1), "MaxFailureRatio": row.get("max_failure_ratio", 0)}
    for key, name in (("delay", "Delay"), ("monitor", "Monitor")):
        if key in row:
            found[name] = _nanoseconds(row[key])
    for key, name in (("failure_action", "FailureAction"), ("order", "Order")):
        if key in row:
            found[name] = row[key]
    return found


def _ports(rows: Any) -> list[Json]:
    found = []
    for row in (one for port in rows for one in canonical.ports_of(port)):
        if row.get("host_ip") or "-" in str(row.get("published", "")):
            raise NotThere("ports with an address or a range")
        port: Json = {"Protocol": row["protocol"], "TargetPort": int(row["target"]), "PublishMode": row["mode"]}
        found.append(port | ({"PublishedPort": int(row["published"])} if row.get("published") else {}))
    return sorted(found, key=lambda port: int(port.get("PublishedPort", 0)))
