"""docker compose ps, ls, images, top, port, logs, config, volumes: what is there, as compose lays it out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dnetlab.commands.compose import render
from dnetlab.commands.docker.units import ago, size
from dnetlab.commands.gotemplate.values import Row
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.compose import ask
from dnetlab.sim.dockercli.compose.body import service_digest
from dnetlab.sim.dockercli.compose.call import LABEL, Call
from dnetlab.sim.dockercli.image import reference
from dnetlab.sim.dockercli.listing import date_of_unix, ports_text
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockercli.table import Listing, align, truncated
from dnetlab.sim.dockerd import api

Json = dict[str, Any]
CONTAINERS = Listing(
    "*formatter.ContainerContext",
    {
        "ID": "CONTAINER ID",
        "Name": "NAME",
        "Names": "NAMES",
        "Image": "IMAGE",
        "Command": "COMMAND",
        "Project": "PROJECT",
        "Service": "SERVICE",
        "RunningFor": "CREATED",
        "CreatedAt": "CREATED AT",
        "Status": "STATUS",
        "State": "STATE",
        "Health": "HEALTH",
        "ExitCode": "EXIT CODE",
        "Ports": "PORTS",
        "Publishers": "PUBLISHERS",
        "Labels": "LABELS",
        "Networks": "NETWORKS",
        "Mounts": "MOUNTS",
        "LocalVolumes": "LOCAL VOLUMES",
        "Size": "SIZE",
    },
    "{{.Name}}\t{{.Image}}\t{{.Command}}\t{{.Service}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}",
)


def ps(call: Call) -> int:
    words, every = call.words, call.words.on("all")
    for name in words.arguments:
        if name not in call.project.services:
            raise Failed(f"no such service: {name}")
    rows = [
        row
        for row in ask.containers(call, one_off=every)
        if (every or ask.is_running(row) or words.has("status"))
        and (not words.arguments or ask.service_of(row) in words.arguments)
    ]
    wanted = (*words.all("status"), *(v.removeprefix("status=") for v in words.all("filter")))
    rows = sorted((row for row in rows if not wanted or row["State"] in wanted), key=ask.name_of)
    if words.on("services"):
        call.session.stdout += [f"{name}\n" for name in sorted({ask.service_of(row) for row in rows})]
        return 0
    if words.on("quiet"):
        call.session.stdout += [f"{row['Id']}\n" for row in rows]
        return 0
    shown = [_container(call, row) for row in rows]
    call.session.stdout.append(CONTAINERS.render(shown, words.text("format")))
    return 0


def _container(call: Call, row: Json) -> Row:
    session, whole = call.session, call.words.on("no-trunc")
    ended = row["State"] in ("exited", "dead")
    code = session.ask(api.container_inspect, row["Id"])["State"]["ExitCode"] if ended else 0
    mounts = [mount.get("Name") or mount["Source"] for mount in row["Mounts"]]
    return CONTAINERS.row(
        {
            "Command": f'"{row["Command"] if whole else truncated(row["Command"], 20)}"',
            "CreatedAt": date_of_unix(row["Created"]),
            "ExitCode": code,
            "Health": "",
            "ID": row["Id"] if whole else row["Id"][:12],
            "Image": row["Image"],
            "Labels": ",".join(f"{key}={value}" for key, value in sorted(row["Labels"].items())),
            "LocalVolumes": str(sum(mount["Type"] == "volume" for mount in row["Mounts"])),
            "Mounts": ",".join(name if whole else truncated(name, 15) for name in mounts),
            "Name": ask.name_of(row),
            "Names": ask.name_of(row),
            "Networks": ",".join(sorted(row["NetworkSettings"]["Networks"])),
            "Ports": ports_text(row["Ports"]),
            "Project": call.project.name,
            "Publishers": _publishers(row),
            "RunningFor": f"{ago(session.now - row['Created'])} ago",
            "Service": ask.service_of(row),
            "Size": "0B",  # nobody asked for it
            "State": row["State"],
            "Status": row["Status"],
        }
    )


def _publishers(row: Json) -> list[Json]:
    return [
        {
            "URL": port.get("IP", ""),
            "TargetPort": port["PrivatePort"],
            "PublishedPort": port.get("PublicPort", 0),
            "Protocol": port["Type"],
        }
        for port in row["Ports"]
    ]


def ls(session: Session) -> int:
    """All projects, those at rest with -a; no project of its own is needed."""
    words = session.call
    found: dict[str, list[Json]] = {}
    for row in session.ask(api.container_list, every=True, filters={"label": [f"{LABEL}project"]}):
        if row["Labels"].get(f"{LABEL}oneoff") != "True":
            found.setdefault(row["Labels"][f"{LABEL}project"], []).append(row)
    kept = {name: rows for name, rows in sorted(found.items()) if words.on("all") or any(map(ask.is_running, rows))}
    lines = [
        {
            "Name": name,
            "Status": _states(rows),
            "ConfigFiles": rows[0]["Labels"].get(f"{LABEL}project.config_files", ""),
        }
        for name, rows in kept.items()
    ]
    if words.on("quiet"):
        session.stdout += [f"{line['Name']}\n" for line in lines]
    elif words.text("format") == "json":
        session.out(json.dumps(lines, separators=(",", ":")))
    else:
        table = ["NAME\tSTATUS\tCONFIG FILES", *("\t".join(line.values()) for line in lines)]
        session.stdout.append(align(table, minimum=20))
    return 0


def _states(rows: Sequence[Json]) -> str:
    states = [row["State"] for row in rows]
    return ", ".join(f"{state}({states.count(state)})" for state in sorted(set(states)))


def images(call: Call) -> int:
    lines = ["CONTAINER\tREPOSITORY\tTAG\tPLATFORM\tIMAGE ID\tSIZE\tCREATED"]
    for row in sorted(ask.containers(call), key=ask.name_of):
        found = call.session.ask(api.image_inspect, row["Image"])
        tags = found.get("RepoTags") or ["<none>:<none>"]
        named = str(reference(row["Image"]))
        repository, _, tag = (named if named in tags else tags[0]).rpartition(":")
        lines.append(
            "\t".join(
                (
                    ask.name_of(row),
                    repository,
                    tag,
                    f"{found['Os']}/{found['Architecture']}",
                    found["Id"].removeprefix("sha256:")[:12],
                    size(found["Size"], 3),
                    _made(call, found),
                )
            )
        )
    call.session.stdout.append(align(lines, minimum=20))
    return 0


def _made(call: Call, image: Json) -> str:
    found = next((row for row in call.session.ask(api.image_list) if row["Id"] == image["Id"]), None)
    return f"{ago(call.session.now - found['Created'])} ago" if found else ""


def top(call: Call) -> int:
    lines: list[str] = []
    wanted = call.words.arguments or call.services()  # one that the files don't have runs nothing (2.40.3)
    for row in ask.containers(call):
        if ask.is_running(row) and ask.service_of(row) in wanted:
            found = call.session.ask(api.container_top, row["Id"])
            lines = lines or ["\t".join(("SERVICE", "#", *found["Titles"]))]
            lines += ["\t".join((ask.service_of(row), str(ask.number_of(row)), *one)) for one in found["Processes"]]
    call.session.stdout.append(align(lines, minimum=4, padding=2))
    return 0


def port(call: Call) -> int:
    service, number = call.words.arguments[:2]
    row = one_container(call, service)
    protocol = call.words.text("protocol", "tcp")
    rows = [one for one in row["Ports"] if one.get("PublicPort")]
    for one in rows:
        if str(one["PrivatePort"]) == number and one["Type"] == protocol:
            call.session.out(f"{one['IP']}:{one['PublicPort']}")
            return 0
    told = ", ".join(f"{one['PublicPort']}/{one['Type']}" for one in rows)
    raise Failed(f"no port {number}/{protocol} for container {ask.name_of(row)}: {told}")


def one_container(call: Call, service: str) -> Json:
    """The running container that exec and port mean. Raises Failed."""
    index = call.words.number("index") or 0
    rows = [row for row in ask.of_service(call, service) if ask.is_running(row)]
    if index:
        rows = [row for row in rows if ask.number_of(row) == index]
    if not rows:
        what = f'service "{service}" is not running'
        raise Failed(f"{what} container #{index}" if index else what)
    return rows[0]


# -- logs ---------------------------------------------------------------------------------------------------------


def short_name(call: Call, row: Json) -> str:
    return ask.name_of(row).removeprefix(f"{call.project.name}-")


def logs(call: Call) -> int:
    wanted = call.services()
    rows = [row for row in ask.containers(call) if ask.service_of(row) in wanted]
    if call.words.number("index"):
        rows = [row for row in rows if ask.number_of(row) == call.words.number("index")]
    if call.words.on("follow") and any(map(ask.is_running, rows)):
        raise Refused("docker compose logs -f would never end.", "Leave -f out.")
    for flag in ("since", "until"):
        if call.words.has(flag):
            raise Refused("docker compose logs --{flag} is not simulated.", "Use --tail, or docker logs.", flag=flag)
    tail = call.words.text("tail", "all")
    call.session.stdout += log_lines(
        call,
        rows,
        prefix=not call.words.on("no-log-prefix"),
        tail=int(tail) if tail.isdecimal() else None,
        timestamps=call.words.on("timestamps"),
    )
    return 0


def log_lines(
    call: Call, rows: Sequence[Json], *, prefix: bool, tail: int | None = None, timestamps: bool = False,
    since: Mapping[str, float] | None = None,
) -> list[str]:  # fmt: skip
    """The containers' lines one container after the other, each behind its name. since: of a container's id, from
    when on."""
    width = max((len(short_name(call, row)) for row in rows), default=0)
    lines = []
    for row in rows:
        margin = f"{short_name(call, row):{width}}  | " if prefix else ""
        for frame in call.session.ask(api.container_logs, row["Id"], tail=tail, timestamps=timestamps,
                                      since=(since or {}).get(row["Id"])):  # fmt: skip
            lines += [f"{margin}{line}\n" for line in frame["text"].rstrip("\n").split("\n")]
    return lines


# -- config -------------------------------------------------------------------------------------------------------


def config(call: Call) -> int:
    project, words = call.project, call.words
    if words.arguments:
        from dataclasses import replace

        kept = {name: project.services[name] for name in call.services()}
        used = {key for one in kept.values() for key in one.get("networks", {})}
        project = replace(project, services=kept, networks={k: v for k, v in project.networks.items() if k in used})
    if words.has("hash"):
        chosen = project.services if words.text("hash") == "*" else words.text("hash").split(",")
        call.session.stdout += [f"{name} {service_digest(project.services[name])}\n" for name in sorted(chosen)]
        return 0
    lists = {
        "services": list(project.services),
        "networks": list(project.networks),
        "volumes": list(project.volumes),
        "profiles": list(project.profiles),
        "images": [str(one.get("image") or f"{project.name}-{name}") for name, one in project.services.items()],
    }
    for flag, names in lists.items():
        if words.on(flag):
            call.session.stdout += [f"{name}\n" for name in names]
            return 0
    if not words.on("quiet"):
        text = render.as_json(project) if words.text("format") == "json" else render.as_yaml(project)
        call.session.stdout.append(text if not words.on("no-interpolate") else re.sub(r"\$\$", "$", text))
    return 0


def volumes(call: Call) -> int:
    names = [found["name"] for found in call.project.volumes.values() if ask.has_volume(call, found["name"])]
    if call.words.on("quiet"):
        call.session.stdout += [f"{name}\n" for name in sorted(names)]
    else:
        call.session.stdout.append(align(["DRIVER\tVOLUME NAME", *(f"local\t{name}" for name in sorted(names))]))
    return 0
