"""The flags of `docker service create` and `update` as a specification (docker/cli service/opts.go, update.go)."""

from __future__ import annotations

import copy
import shlex
from collections.abc import Callable, Mapping
from functools import partial
from operator import itemgetter
from typing import Any

from dnetlab.commands.docker.parse import Invocation
from dnetlab.commands.docker.serviceports import service_ports
from dnetlab.commands.docker.units import parse_bytes, seconds_of
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.runconfig import health, long_mount
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockerd import api

Json = dict[str, Any]
# Flags that change nothing that the lab shows, or how the client waits; others that stand nowhere here are refused.
SHRUGGED = {"detach", "quiet", "with-registry-auth", "no-resolve-image", "rollback", "help"}
HEALTH = {"health-cmd", "health-interval", "health-timeout", "health-retries", "health-start-period",
          "health-start-interval", "no-healthcheck"}  # fmt: skip
UPDATES = {f"{kind}-{name}" for kind in ("update", "rollback") for name in
           ("parallelism", "delay", "failure-action", "monitor", "max-failure-ratio", "order")}  # fmt: skip
BOTH = {"replicas", "max-concurrent", "endpoint-mode", "hostname", "entrypoint", "user", "workdir", "stop-signal",
        "stop-grace-period", "tty", "read-only", "init", "restart-condition", "restart-delay", "restart-max-attempts",
        "restart-window", "limit-cpu", "limit-memory", "limit-pids", "reserve-cpu", "reserve-memory", "log-driver",
        "log-opt", "replicas-max-per-node", *HEALTH, *UPDATES}  # fmt: skip
LISTS = {"cap-add": "CapabilityAdd", "cap-drop": "CapabilityDrop"}
ONCE = {"env", "label", "container-label", "constraint", "group", "dns", "dns-search", "dns-option", "host", "sysctl",
        "mount", "secret", "config", "network", "publish", "placement-pref"}  # fmt: skip
CREATED = {"name", "mode", *BOTH, *ONCE, *LISTS}
CHANGED = {"image", "args", "force", *BOTH, *LISTS, *(f"{flag}-{how}" for flag in ONCE for how in ("add", "rm"))}


def _refuse_others(call: Invocation, known: set[str]) -> None:
    strange = [name for name in call.options if name not in known | SHRUGGED]
    if strange:
        raise Refused(
            "docker service with --{strange} is not modelled.",
            "Networks, ports, replicas, mode, constraints, labels and variables are.",
            strange=strange[0],
        )


def image_name(text: str) -> str:
    """'nginx' -> 'nginx:latest' (reference.TagNameOnly)"""
    return text if ":" in text.rpartition("/")[2] or "@" in text else f"{text}:latest"


def _pairs(values: tuple[str, ...]) -> dict[str, str]:
    return dict(value.partition("=")[::2] for value in values)


# -- create ----------------------------------------------------------------------------------------------------------


def body(session: Session) -> Json:
    """`docker service create` as the API has it. Failed for what the client can't read, Refused."""
    call = session.call
    _refuse_others(call, CREATED)
    mode = _mode(call)
    image, *args = call.arguments
    container: Json = {
        "Image": image_name(image), "Args": args, "Env": list(call.all("env")), "Init": False,
        "Labels": _pairs(call.all("container-label")), "DNSConfig": _dns(call, "", {}),
        "Groups": list(call.all("group")), "Hosts": [host_line(value) for value in call.all("host")],
        "Sysctls": _pairs(call.all("sysctl")), "Mounts": [long_mount(value) for value in call.all("mount")],
        "Secrets": [_reference(session, "secret", value) for value in call.all("secret")],
        "Configs": [_reference(session, "config", value) for value in call.all("config")],
    }  # fmt: skip
    placement: Json = {"Constraints": list(call.all("constraint"))}
    if call.all("placement-pref"):
        placement["Preferences"] = [_preference(value) for value in call.all("placement-pref")]
    spec: Json = {
        "Name": call.text("name"), "Labels": _pairs(call.all("label")),
        "TaskTemplate": {
            "ContainerSpec": container, "Networks": [_network(session, value) for value in call.all("network")],
            "Placement": placement, "Resources": {"Limits": {}, "Reservations": {}}, "ForceUpdate": 0,
        },
        "Mode": mode,
        "EndpointSpec": {"Mode": call.text("endpoint-mode", "vip"), "Ports": _ports(call.all("publish"))},
    }  # fmt: skip
    _settings(call, spec)
    return spec


def _ports(values: tuple[str, ...]) -> list[Json]:
    return [row for value in values for row in service_ports(value)]


def _mode(call: Invocation) -> Json:
    """Raises Failed for flags that the mode has no use for."""
    mode = call.text("mode", "replicated")
    known = {"replicated": "Replicated", "global": "Global", "replicated-job": "ReplicatedJob",
             "global-job": "GlobalJob"}  # fmt: skip
    if mode not in known:
        raise Failed(f"Unknown mode: {mode}, only replicated and global supported")
    if mode.startswith("global") and call.has("replicas"):
        raise Failed("replicas can only be used with replicated or replicated-job mode")
    if mode != "replicated-job" and call.has("max-concurrent"):
        raise Failed("max-concurrent can only be used with replicated-job mode")
    if mode != "replicated" and call.has("replicas-max-per-node"):
        raise Failed("replicas-max-per-node can only be used with replicated or replicated-job mode")
    if mode.endswith("-job") and any(call.has(flag) for flag in UPDATES):
        raise Failed("update and rollback configuration is not supported for jobs")
    if mode.endswith("-job") and not call.on("detach"):
        raise Refused("docker service create without -d is not simulated for jobs.",
                      "Add -d, and look with docker service ps.")  # fmt: skip
    number = call.number("replicas", 1)
    settings: Json = {"replicated": {"Replicas": number},
                      "replicated-job": {"MaxConcurrent": call.number("max-concurrent", number),
                                         "TotalCompletions": number}}.get(mode, {})  # fmt: skip
    return {known[mode]: settings}


def _network(session: Session, text: str) -> Json:
    """The API's row for 'ov' or 'name=ov,alias=web'; Failed, ApiError for one that the swarm doesn't have."""
    row = _typed_network(text)
    return row | {"Target": _network_id(session, row["Target"])}


def _network_id(session: Session, name: str) -> str:
    """The client asks the managers (docker/cli command/service/opts.go resolveNetworkID). ApiError."""
    return str(session.ask(api.network_inspect, name, scope="swarm")["Id"])


def _typed_network(text: str) -> Json:
    if "=" not in text:
        return {"Target": text}
    found: Json = {"Target": ""}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key == "name":
            found["Target"] = value
        elif key == "alias":
            found.setdefault("Aliases", []).append(value)
        elif key == "driver-opt":
            found.setdefault("DriverOpts", {}).update(_pairs((value,)))
        else:
            raise Failed(f'invalid argument "{text}" for "--network" flag: invalid field key {key}', 125)
    return found


def host_line(text: str) -> str:
    """'db:10.0.0.7' as /etc/hosts has it."""
    name, _, address = text.partition(":")
    return f"{address} {name}"


def _preference(text: str) -> Json:
    strategy, _, what = text.partition("=")
    if strategy != "spread":
        raise Failed(f"unsupported placement preference {strategy} (only spread is supported)")
    return {"Spread": {"SpreadDescriptor": what}}


def _reference(session: Session, kind: str, text: str) -> Json:
    """'word', or 'source=word,target=/etc/word,uid=0,gid=0,mode=0440'. Raises Failed for one that isn't there."""
    values = {"source": text, "uid": "0", "gid": "0", "mode": "0444"}
    if "=" in text:
        values |= {"src" if key == "source" else key: value for key, _, value in
                   (part.partition("=") for part in text.split(","))}  # fmt: skip
        values["source"] = values.pop("src", "")
    if not values["source"]:
        raise Failed(f"source is required for {kind}")
    found = session.ask(api.content_list, kind, {"name": [values["source"]]})
    one = next((c for c in found if c["Spec"]["Name"] == values["source"]), None)
    if one is None:
        raise Failed(f"{kind} not found: {values['source']}")
    word = kind.capitalize()
    file = {"Name": values.get("target", values["source"]), "UID": values["uid"], "GID": values["gid"],
            "Mode": int(values["mode"], 8)}  # fmt: skip
    return {"File": file, f"{word}ID": one["ID"], f"{word}Name": values["source"]}


# -- update ----------------------------------------------------------------------------------------------------------


def changed(session: Session, old: Mapping[str, Any]) -> Json:
    """The specification after `docker service update`. Failed, Refused."""
    call = session.call
    _refuse_others(call, CHANGED)
    new: Json = copy.deepcopy(dict(old))
    template, container = new["TaskTemplate"], new["TaskTemplate"]["ContainerSpec"]
    if call.has("image"):
        container["Image"] = image_name(call.text("image"))
    _change_mode(call, new["Mode"])
    if call.has("args"):
        container["Args"] = shlex.split(call.text("args"))
    if call.on("force"):
        template["ForceUpdate"] += 1
    for flag, owner, field in (("label", new, "Labels"), ("container-label", container, "Labels"),
                               ("sysctl", container, "Sysctls")):  # fmt: skip
        _change_map(call, flag, owner, field)
    _change_lists(call, template, container)
    _change_networks(session, template)
    _change_contents(session, container)
    _change_endpoint(call, new)
    _settings(call, new)
    return new


def _change_mode(call: Invocation, mode: Json) -> None:
    if call.has("replicas"):
        name = next(iter(mode))
        if name not in ("Replicated", "ReplicatedJob"):
            raise Failed("replicas can only be used with replicated or replicated-job mode")
        mode[name]["Replicas" if name == "Replicated" else "TotalCompletions"] = call.number("replicas", 1)
    if call.has("max-concurrent"):
        if "ReplicatedJob" not in mode:
            raise Failed("max-concurrent can only be used with replicated-job mode")
        mode["ReplicatedJob"]["MaxConcurrent"] = call.number("max-concurrent", 1)


def _change_map(call: Invocation, flag: str, owner: Json, field: str) -> None:
    if not (call.has(f"{flag}-add") or call.has(f"{flag}-rm")):
        return
    values = {**owner.get(field, {}), **_pairs(call.all(f"{flag}-add"))}
    for key in call.all(f"{flag}-rm"):
        values.pop(key, None)
    owner[field] = values


def _change_list(call: Invocation, flag: str, owner: Json, field: str, read: Callable[[str], Any],
                 key: Callable[[Any], str]) -> None:  # fmt: skip
    """One of the lists: those removed go, those added come, and one of the same key takes another's place."""
    if not (call.has(f"{flag}-add") or call.has(f"{flag}-rm")):
        return
    gone = set(call.all(f"{flag}-rm"))
    rows = {key(row): row for row in owner.get(field) or () if key(row) not in gone}
    owner[field] = list((rows | {key(row): row for row in map(read, call.all(f"{flag}-add"))}).values())


def _itself(text: str) -> str:
    return text


def _change_lists(call: Invocation, template: Json, container: Json) -> None:
    _change_list(call, "env", container, "Env", _itself, lambda text: text.partition("=")[0])
    _change_list(call, "group", container, "Groups", _itself, _itself)
    _change_list(call, "host", container, "Hosts", host_line, lambda row: str(row).partition(" ")[2])
    _change_list(call, "mount", container, "Mounts", long_mount, lambda row: str(row["Target"]))
    for flag, field in (("dns", "Nameservers"), ("dns-search", "Search"), ("dns-option", "Options")):
        _change_list(call, flag, container.setdefault("DNSConfig", {}), field, _itself, _itself)
    placement = template.setdefault("Placement", {})
    _change_list(call, "constraint", placement, "Constraints", _itself, _itself)
    _change_list(call, "placement-pref", placement, "Preferences", _preference,
                 lambda row: f"spread={row['Spread']['SpreadDescriptor']}")  # fmt: skip


def _change_networks(session: Session, template: Json) -> None:
    """Raises ApiError, Failed (docker/cli command/service/update.go updateNetworks)."""
    gone = {_network_id(session, name) for name in session.call.all("network-rm")}
    rows = {row["Target"]: row for row in template.get("Networks") or () if row["Target"] not in gone}
    for text in session.call.all("network-add"):
        row = _network(session, text)
        if row["Target"] in rows:
            raise Failed(f"service is already attached to network {_typed_network(text)['Target']}")
        rows[row["Target"]] = row
    if gone or session.call.has("network-add"):
        template["Networks"] = list(rows.values())


def _change_contents(session: Session, container: Json) -> None:
    call = session.call
    for kind in ("secret", "config"):
        name = f"{kind.capitalize()}Name"
        _change_list(call, kind, container, f"{kind.capitalize()}s", partial(_reference, session, kind),
                     itemgetter(name))  # fmt: skip


def _change_endpoint(call: Invocation, new: Json) -> None:
    endpoint = new.setdefault("EndpointSpec", {"Mode": "vip"})
    if call.has("endpoint-mode"):
        endpoint["Mode"] = call.text("endpoint-mode")
    gone = {(int(number), protocol or "tcp") for number, _, protocol in
            (value.partition("/") for value in call.all("publish-rm")) if number.isdecimal()}  # fmt: skip
    rows = [row for row in endpoint.get("Ports", []) if (row["TargetPort"], row["Protocol"]) not in gone]
    endpoint["Ports"] = [*rows, *_ports(call.all("publish-add"))]


# -- settings that create and update say alike ------------------------------------------------------------------------


def _settings(call: Invocation, spec: Json) -> None:
    template, container = spec["TaskTemplate"], spec["TaskTemplate"]["ContainerSpec"]
    for flag, field in (("hostname", "Hostname"), ("user", "User"), ("workdir", "Dir"), ("stop-signal", "StopSignal")):
        if call.has(flag):
            container[field] = call.text(flag)
    for flag, field in (("tty", "TTY"), ("read-only", "ReadOnly"), ("init", "Init")):
        if call.has(flag):
            container[field] = call.on(flag)
    for flag, field in LISTS.items():
        if call.has(flag):
            container[field] = [capability(name) for name in call.all(flag)]
    if call.has("entrypoint"):
        container["Command"] = shlex.split(call.text("entrypoint"))
    if call.has("stop-grace-period"):
        container["StopGracePeriod"] = _nanoseconds(call, "stop-grace-period")
    if any(call.has(flag) for flag in HEALTH):
        container |= health(call)
    _restart(call, template)
    _resources(call, template)
    if call.has("log-driver") or call.has("log-opt"):
        template["LogDriver"] = {"Name": call.text("log-driver"), "Options": _pairs(call.all("log-opt"))}
    if call.has("replicas-max-per-node"):
        template.setdefault("Placement", {})["MaxReplicas"] = call.number("replicas-max-per-node", 0)
    for kind in ("update", "rollback"):
        _updates(call, kind, spec)


def capability(name: str) -> str:
    bare = name.upper().removeprefix("CAP_")
    return "ALL" if bare == "ALL" else f"CAP_{bare}"


def _nanoseconds(call: Invocation, flag: str) -> int:
    return round((seconds_of(call.text(flag)) or 0.0) * 1e9)


def _dns(call: Invocation, suffix: str, known: Json) -> Json:
    fields = {"dns": "Nameservers", "dns-search": "Search", "dns-option": "Options"}
    return {field: list(call.all(f"{flag}{suffix}")) for flag, field in fields.items() if call.has(flag)} | known


def _restart(call: Invocation, template: Json) -> None:
    if not any(call.has(f"restart-{name}") for name in ("condition", "delay", "max-attempts", "window")):
        return
    policy = template.setdefault("RestartPolicy", {"Condition": "any", "Delay": 5_000_000_000, "MaxAttempts": 0})
    if call.has("restart-condition"):
        policy["Condition"] = call.text("restart-condition")
    for name, field in (("delay", "Delay"), ("window", "Window")):
        if call.has(f"restart-{name}"):
            policy[field] = _nanoseconds(call, f"restart-{name}")
    if call.has("restart-max-attempts"):
        policy["MaxAttempts"] = call.number("restart-max-attempts", 0)


def _resources(call: Invocation, template: Json) -> None:
    resources = template.setdefault("Resources", {})
    for prefix, field in (("limit", "Limits"), ("reserve", "Reservations")):
        owner = resources.setdefault(field, {})
        if call.has(f"{prefix}-cpu"):
            owner["NanoCPUs"] = round(float(call.text(f"{prefix}-cpu")) * 1e9)
        if call.has(f"{prefix}-memory"):
            owner["MemoryBytes"] = parse_bytes(call.text(f"{prefix}-memory")) or 0
    if call.has("limit-pids"):
        resources["Limits"]["Pids"] = call.number("limit-pids", 0)


def _updates(call: Invocation, kind: str, spec: Json) -> None:
    given = [name.removeprefix(f"{kind}-") for name in UPDATES if name.startswith(f"{kind}-") and call.has(name)]
    if not given:
        return
    usual: Json = {"Parallelism": 1, "FailureAction": "pause", "Monitor": 5_000_000_000, "MaxFailureRatio": 0,
                   "Order": "stop-first"}  # fmt: skip
    found = {**usual, **spec.get(f"{kind.capitalize()}Config", {})}
    for name in given:
        found |= _one_update(call, kind, name)
    spec[f"{kind.capitalize()}Config"] = found


def _one_update(call: Invocation, kind: str, name: str) -> Json:
    flag = f"{kind}-{name}"
    if name in ("delay", "monitor"):
        return {name.capitalize(): _nanoseconds(call, flag)}
    if name == "parallelism":
        return {"Parallelism": call.number(flag, 1)}
    if name == "max-failure-ratio":
        return {"MaxFailureRatio": float(call.text(flag))}
    return {"FailureAction" if name == "failure-action" else "Order": call.text(flag)}
