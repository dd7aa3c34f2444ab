"""The flags of `docker service create` and `update` as a specification, and a specification as `--pretty` shows it."""

from __future__ import annotations

import copy
import shlex
from collections.abc import Mapping
from typing import Any

from dnetlab.commands.docker.parse import Invocation
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = dict[str, Any]
# Flags that change nothing that the lab shows, or how the client waits; others that stand nowhere here are refused.
SHRUGGED = {
    "detach", "quiet", "update-delay", "update-parallelism", "update-order", "update-monitor", "update-failure-action",
    "update-max-failure-ratio", "rollback-delay", "rollback-parallelism", "rollback-order", "rollback-monitor",
    "rollback-failure-action", "rollback-max-failure-ratio", "with-registry-auth", "no-resolve-image", "limit-cpu",
    "limit-memory", "limit-pids", "reserve-cpu", "reserve-memory", "tty", "restart-delay", "restart-max-attempts",
    "restart-window", "stop-grace-period", "init", "no-healthcheck", "rollback", "help",
}  # fmt: skip
CREATED = {"name", "mode", "replicas", "network", "publish", "endpoint-mode", "env", "label", "container-label",
           "hostname", "constraint", "restart-condition", "entrypoint"}  # fmt: skip
CHANGED = {"image", "replicas", "network-add", "network-rm", "publish-add", "publish-rm", "endpoint-mode", "env-add",
           "env-rm", "label-add", "label-rm", "container-label-add", "container-label-rm", "hostname", "constraint-add",
           "constraint-rm", "restart-condition", "args", "force", "entrypoint"}  # fmt: skip


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


def body(call: Invocation) -> Json:
    """`docker service create` as the API has it. Failed for what the client can't read, Refused."""
    _refuse_others(call, CREATED)
    mode = call.text("mode", "replicated")
    if mode not in ("replicated", "global", "replicated-job", "global-job"):
        raise Failed(f"Unknown mode: {mode}, only replicated and global supported")
    if mode == "global" and call.has("replicas"):
        raise Failed("replicas can only be used with replicated or replicated-job mode")
    image, *args = call.arguments
    container: Json = {"Image": image_name(image), "Args": args, "Env": list(call.all("env")),
                       "Labels": _pairs(call.all("container-label")), "Hostname": call.text("hostname")}  # fmt: skip
    if call.has("entrypoint"):
        container["Command"] = shlex.split(call.text("entrypoint"))
    modes: Json = {"replicated": {"Replicated": {"Replicas": call.number("replicas", 1)}}, "global": {"Global": {}}}
    return {
        "Name": call.text("name"), "Labels": _pairs(call.all("label")),
        "TaskTemplate": {
            "ContainerSpec": container, "Networks": [_network(value) for value in call.all("network")],
            "Placement": {"Constraints": list(call.all("constraint"))},
            "RestartPolicy": {"Condition": call.text("restart-condition", "any")}, "ForceUpdate": 0,
        },
        "Mode": modes.get(mode, {"ReplicatedJob": {}}),
        "EndpointSpec": {"Mode": call.text("endpoint-mode", "vip"), "Ports": ports(call.all("publish"))},
    }  # fmt: skip


def _network(text: str) -> Json:
    """'ov' or 'name=ov,alias=web'"""
    if "=" not in text:
        return {"Target": text}
    found: Json = {"Target": ""}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key == "name":
            found["Target"] = value
        elif key == "alias":
            found.setdefault("Aliases", []).append(value)
        else:
            raise Failed(f'invalid argument "{text}" for "--network" flag: invalid field key {key}', 125)
    return found


def ports(values: tuple[str, ...]) -> list[Json]:
    """'8080:80/udp', '80', '8080-8082:80-82', 'mode=host,target=80,published=9090' (docker/cli opts/port.go)"""
    return [row for value in values for row in (_long_port(value) if "=" in value else _short_port(value))]


def _long_port(text: str) -> list[Json]:
    row: Json = {"Protocol": "tcp", "TargetPort": 0, "PublishedPort": 0, "PublishMode": "ingress"}
    names = {"target": "TargetPort", "published": "PublishedPort", "protocol": "Protocol", "mode": "PublishMode"}
    for part in text.split(","):
        key, _, value = part.partition("=")
        if key not in names:
            raise _bad_port(text, f"invalid field key {key}")
        if key == "mode" and value not in ("host", "ingress"):
            raise _bad_port(text, f"invalid publish mode value ({value}): must be either 'ingress' or 'host'")
        if key in ("target", "published") and not value.isdecimal():
            raise _bad_port(text, f"invalid {key} port ({value}): value must be an integer: strconv.ParseUint: parsing "
                                  f'"{value}": invalid syntax')  # fmt: skip
        row[names[key]] = int(value) if key in ("target", "published") else value
    if not row["TargetPort"]:
        raise _bad_port(text, 'missing mandatory field "target"')
    return [row]


def _bad_port(text: str, problem: str) -> Failed:
    return Failed(f'invalid argument "{text}" for "-p, --publish" flag: {problem}', 125)


def _short_port(text: str) -> list[Json]:
    numbers, _, protocol = text.partition("/")
    outer, colon, inner = numbers.rpartition(":")
    if ":" in outer:
        raise _bad_port(text, "hostip is not supported")
    inside, outside = _range(text, inner), _range(text, outer) if colon and outer else []
    if outside and len(outside) != len(inside):
        raise _bad_port(text, f"invalid ranges specified for container and host Ports: {inner} and {outer}")
    return [{"Protocol": protocol or "tcp", "TargetPort": port, "PublishedPort": outside[n] if outside else 0,
             "PublishMode": "ingress"} for n, port in enumerate(inside)]  # fmt: skip


def _range(text: str, numbers: str) -> list[int]:
    first, _, last = numbers.partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()):
        raise _bad_port(text, f"invalid containerPort: {numbers}")
    return list(range(int(first), int(last or first) + 1))


# -- update ----------------------------------------------------------------------------------------------------------


def changed(call: Invocation, old: Mapping[str, Any]) -> Json:
    """The specification after `docker service update`. Failed, Refused."""
    _refuse_others(call, CHANGED)
    new: Json = copy.deepcopy(dict(old))
    template, container = new["TaskTemplate"], new["TaskTemplate"]["ContainerSpec"]
    if call.has("image"):
        container["Image"] = image_name(call.text("image"))
    if call.has("replicas"):
        if "Replicated" not in new["Mode"]:
            raise Failed("replicas can only be used with replicated or replicated-job mode")
        new["Mode"]["Replicated"]["Replicas"] = call.number("replicas", 1)
    for flag, field in (("args", "Args"), ("entrypoint", "Command")):
        if call.has(flag):
            container[field] = shlex.split(call.text(flag))
    if call.has("hostname"):
        container["Hostname"] = call.text("hostname")
    if call.has("restart-condition"):
        template["RestartPolicy"]["Condition"] = call.text("restart-condition")
    if call.on("force"):
        template["ForceUpdate"] += 1
    _change_maps(call, new, container)
    _change_lists(call, template, container)
    _change_endpoint(call, new)
    return new


def _change_maps(call: Invocation, new: Json, container: Json) -> None:
    for flag, owner in (("label", new), ("container-label", container)):
        labels = {**owner.get("Labels", {}), **_pairs(call.all(f"{flag}-add"))}
        for key in call.all(f"{flag}-rm"):
            labels.pop(key, None)
        owner["Labels"] = labels


def _change_lists(call: Invocation, template: Json, container: Json) -> None:
    env = {**_pairs(tuple(container.get("Env", ()))), **_pairs(call.all("env-add"))}
    gone = set(call.all("env-rm"))
    container["Env"] = [f"{key}={value}" for key, value in env.items() if key not in gone]
    rules = [*template["Placement"].get("Constraints", []), *call.all("constraint-add")]
    template["Placement"]["Constraints"] = [r for r in dict.fromkeys(rules) if r not in call.all("constraint-rm")]
    networks = [*template.get("Networks", []), *(_network(value) for value in call.all("network-add"))]
    template["Networks"] = [row for row in networks if row["Target"] not in call.all("network-rm")]


def _change_endpoint(call: Invocation, new: Json) -> None:
    endpoint = new["EndpointSpec"]
    if call.has("endpoint-mode"):
        endpoint["Mode"] = call.text("endpoint-mode")
    gone = {(int(number), protocol or "tcp") for number, _, protocol in
            (value.partition("/") for value in call.all("publish-rm")) if number.isdecimal()}  # fmt: skip
    rows = [row for row in endpoint.get("Ports", []) if (row["TargetPort"], row["Protocol"]) not in gone]
    endpoint["Ports"] = [*rows, *ports(call.all("publish-add"))]


# -- --pretty --------------------------------------------------------------------------------------------------------


def pretty(session: Session, service: Mapping[str, Any]) -> str:
    """As the template of docker/cli command/service/formatter.go prints it (observed on 29.7.2)."""
    spec = service["Spec"]
    template, mode = spec["TaskTemplate"], spec["Mode"]
    lines = ["", f"ID:\t\t{service['ID']}", f"Name:\t\t{spec['Name']}"]
    if spec["Labels"]:
        lines += ["Labels:", *(f" {key}={value}" for key, value in sorted(spec["Labels"].items()))]
    lines += [f"Service Mode:\t{'Replicated' if 'Replicated' in mode else 'Global'}"]
    if "Replicated" in mode:
        lines += [f" Replicas:\t{mode['Replicated']['Replicas']}"]
    lines += ["Placement:"]
    if template["Placement"].get("Constraints"):
        lines += [f" Constraints:\t[{' '.join(template['Placement']['Constraints'])}]"]
    for title, order in (("UpdateConfig", "Update order:     "), ("RollbackConfig", "Rollback order:   ")):
        lines += [f"{title}:", " Parallelism:\t1", " On failure:\tpause", " Monitoring Period: 5s",
                  " Max failure ratio: 0", f" {order} stop-first"]  # fmt: skip
    lines += _container(template["ContainerSpec"]) + ["Resources:"]
    if template.get("Networks"):
        lines += ["Networks: " + " ".join(_name(session, row["Target"]) for row in template["Networks"]) + " "]
    lines += [f"Endpoint Mode:\t{spec['EndpointSpec']['Mode']}"]
    if service["Endpoint"].get("Ports"):
        lines += ["Ports:"]
    for port in service["Endpoint"].get("Ports", []):
        lines += [f" PublishedPort = {port.get('PublishedPort', 0)}", f"  Protocol = {port['Protocol']}",
                  f"  TargetPort = {port['TargetPort']}", f"  PublishMode = {port['PublishMode']} "]  # fmt: skip
    return "\n".join(lines) + "\n"


def _container(spec: Mapping[str, Any]) -> list[str]:
    lines = ["ContainerSpec:", f" Image:\t\t{spec['Image']}"]
    if spec.get("Args"):
        lines += [f" Args:\t\t{' '.join(spec['Args'])} "]
    if spec.get("Env"):
        lines += [f" Env:\t\t{' '.join(spec['Env'])} "]
    return [*lines, " Init:\t\tfalse"]


def _name(session: Session, network_id: str) -> str:
    try:
        return str(session.ask(api.network_inspect, network_id)["Name"])
    except ApiError:
        return network_id
