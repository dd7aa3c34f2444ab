"""docker ps, network ls, images, volume ls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from dnetlab.commands.docker.units import ago, size
from dnetlab.commands.gotemplate import TemplateError
from dnetlab.commands.gotemplate.values import Named, Row
from dnetlab.sim.dockercli import imageview
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockercli.table import Listing, read, truncated
from dnetlab.sim.dockerd import api

Json = Mapping[str, Any]
NETWORKS = Listing(
    "*network.networkContext",
    {"ID": "NETWORK ID", "Name": "NAME", "Driver": "DRIVER", "Scope": "SCOPE", "IPv4": "IPV4", "IPv6": "IPV6",
     "Internal": "INTERNAL", "Labels": "LABELS", "CreatedAt": "CREATED AT"},
    "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
    raw="network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n",
)  # fmt: skip
CONTAINERS = Listing(
    "*formatter.ContainerContext",
    {"ID": "CONTAINER ID", "Names": "NAMES", "Image": "IMAGE", "Command": "COMMAND", "CreatedAt": "CREATED AT",
     "RunningFor": "CREATED", "Ports": "PORTS", "State": "STATE", "Status": "STATUS", "Size": "SIZE",
     "Labels": "LABELS", "Mounts": "MOUNTS",
     "LocalVolumes": "LOCAL VOLUMES", "Networks": "NETWORKS", "Platform": "PLATFORM", "HealthStatus": "HEALTH STATUS"},
    "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
    raw="container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\n"
    "state: {{.State}}\nstatus: {{.Status}}\nnames: {{.Names}}\nlabels:{{if .Labels}} {{.Labels}}{{end}}\n"
    "ports:{{if .Ports}} {{.Ports}}{{end}}\n",
)  # fmt: skip
IMAGES = Listing(
    "*formatter.imageContext",
    {"ID": "IMAGE ID", "Repository": "REPOSITORY", "Tag": "TAG", "Digest": "DIGEST", "CreatedSince": "CREATED",
     "CreatedAt": "CREATED AT", "Size": "SIZE", "Containers": "CONTAINERS", "VirtualSize": "SIZE",
     "SharedSize": "SHARED SIZE", "UniqueSize": "UNIQUE SIZE"},
    "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
    raw="repository: {{.Repository}}\ntag: {{.Tag}}\nimage_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\n"
    "virtual_size: {{.Size}}\n",
)  # fmt: skip
VOLUMES = Listing(
    "*formatter.volumeContext",
    {"Name": "VOLUME NAME", "Driver": "DRIVER", "Scope": "SCOPE", "Mountpoint": "MOUNTPOINT", "Labels": "LABELS",
     "Links": "LINKS", "Size": "SIZE", "Availability": "AVAILABILITY", "Group": "GROUP", "Status": "STATUS"},
    "{{.Driver}}\t{{.Name}}",
    quiet="{{.Name}}",
    raw="name: {{.Name}}\ndriver: {{.Driver}}\n",
)  # fmt: skip


def natural(text: str) -> list[tuple[int, int, str]]:
    """n2 before n10 (sortorder.NaturalLess)"""
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in re.split(r"(\d+)", text) if p]


@lru_cache(maxsize=4096)
def date_of_unix(seconds: int) -> str:
    """1795593600 -> '2026-11-25 08:00:00 +0000 UTC', as Go prints a time."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} +0000 UTC"


def _date_of(text: str) -> str:
    """'2026-11-23T08:00:01.5Z' -> '2026-11-23 08:00:01.5 +0000 UTC'"""
    return text.replace("T", " ").removesuffix("Z") + " +0000 UTC"


def _labels(labels: Json | None) -> dict[str, Any]:
    """The columns that labels fill."""
    found = labels or {}
    return {
        "Labels": ",".join(sorted(f"{key}={value}" for key, value in found.items())),
        "Label": lambda name="": found.get(name, ""),
    }


# -- networks ---------------------------------------------------------------------------------------------------------


def networks(session: Session) -> int:
    call = session.call
    found = sorted(session.ask(api.network_list, session.filters()), key=lambda n: natural(n["Name"]))
    rows = [_network_row(session, network) for network in found]
    session.stdout.append(NETWORKS.render(rows, call.text("format"), quiet=call.on("quiet")))
    return 0


def _network_row(session: Session, network: Json) -> Row:
    return NETWORKS.row({
        "ID": network["Id"] if session.call.on("no-trunc") else network["Id"][:12],
        "Name": network["Name"],
        "Driver": network["Driver"],
        "Scope": network["Scope"],
        "IPv4": _yes(network.get("EnableIPv4")),  # what an engine before 28 doesn't say is false
        "IPv6": _yes(network.get("EnableIPv6")),
        "Internal": _yes(network["Internal"]),
        **_labels(network["Labels"]),
        "CreatedAt": _date_of(network["Created"]),
    })  # fmt: skip


def _yes(value: bool | None) -> str:
    return "true" if value else "false"


# -- containers -------------------------------------------------------------------------------------------------------


def containers(session: Session) -> int:
    call = session.call
    form = call.text("format")
    if call.on("quiet") and form not in ("", "table"):
        session.err("WARNING: Ignoring custom format, because both --format and --quiet are set.")
        form = "raw" if form == "raw" else ""
    _check_format(form, CONTAINERS.headers.keys() - (set() if session.own.netip else {"HealthStatus"}))
    sized = call.on("size") or ".Size" in form or "json ." in form
    last = 1 if call.on("latest") else call.number("last", -1) or -1
    found = session.ask(api.container_list, every=call.on("all"), limit=last, size=sized, filters=session.filters())
    if call.on("quiet") and form in ("", "table"):  # as the client's formatter, which makes what its template asks for
        rows = [CONTAINERS.row({"ID": _id_of(session, container)}) for container in found]
    else:
        rows = [container_row(session, container) for container in found]
    default = CONTAINERS.default + ("\t{{.Size}}" if call.on("size") else "")
    if form == "raw" and call.on("size") and not call.on("quiet"):
        form = CONTAINERS.raw + "size: {{.Size}}\n"
    session.stdout.append(CONTAINERS.render(rows, form, quiet=call.on("quiet"), default=default))
    return 0


def _check_format(form: str, columns: Iterable[str]) -> None:
    """`ps` tries its template before it asks (docker/cli command/container/list.go)."""
    if form in ("", "table", "json", "raw"):
        return
    template = read(form, "failed to parse template: {}")
    fields = dict.fromkeys(columns, "") | {"Label": lambda name="": ""}
    try:
        template.execute(CONTAINERS.row(fields))
    except TemplateError as error:
        raise Failed(f"failed to execute template: {error}") from None


def container_row(session: Session, container: Json) -> Row:
    whole = session.call.on("no-trunc")
    mounts = [mount.get("Name") or mount["Source"] for mount in container["Mounts"]]
    command = container["Command"]
    return CONTAINERS.row({
        "ID": _id_of(session, container),
        "Names": ",".join(_names(container, whole)),
        "Image": _image_name(container["Image"], whole),
        "Command": f'"{command if whole else truncated(command, 20)}"',
        "CreatedAt": date_of_unix(container["Created"]),
        "RunningFor": f"{ago(session.now - container['Created'])} ago",
        "Ports": ports_text(container["Ports"]),
        "State": container["State"],
        "Status": container["Status"],
        "Size": _size_text(container),
        **_labels(container["Labels"]),
        "Mounts": ",".join(name if whole else truncated(name, 15) for name in mounts),
        "LocalVolumes": str(sum(mount["Type"] == "volume" for mount in container["Mounts"])),
        "Networks": ",".join(sorted(container["NetworkSettings"]["Networks"])),
        **_newer_columns(session, container),
    })  # fmt: skip


def _names(container: Json, whole: bool) -> list[str]:
    """Of 'db' and 'app/database', which a link made, only the first stands there without --no-trunc."""
    names = [name.removeprefix("/") for name in container["Names"]]
    return names if whole else [name for name in names if "/" not in name][:1] or names


def _id_of(session: Session, container: Json) -> str:
    return str(container["Id"] if session.call.on("no-trunc") else container["Id"][:12])


def _newer_columns(session: Session, container: Json) -> dict[str, Any]:
    """Platform and, in clients that have it, HealthStatus (recorded from 29.7.2)."""
    if not session.own.netip:
        return {"Platform": None}
    platform = container["ImageManifestDescriptor"]["platform"]
    return {"Platform": Named(platform, f"{platform['os']}/{platform['architecture']}"),
            "HealthStatus": container["Health"]["Status"]}  # fmt: skip


def _image_name(name: str, whole: bool) -> str:
    """The id of an image that has lost its name is shown short."""
    if name.startswith("sha256:") and not whole:
        return name.removeprefix("sha256:")[:12]
    return name or "<no image>"


def _size_text(container: Json) -> str:
    virtual = container.get("SizeRootFs", 0)
    own = size(container.get("SizeRw", 0), 3)
    return f"{own} (virtual {size(virtual, 3)})" if virtual else own


def ports_text(ports: Sequence[Json]) -> str:
    """The PORTS column: runs of equal ports together, the rest one by one (docker/cli formatter.DisplayablePorts).

    ports: [{'IP': '0.0.0.0', 'PrivatePort': 80, 'PublicPort': 8080, 'Type': 'tcp'}]; a closed one has only the inner.
    """
    rows = sorted((p["PrivatePort"], p.get("IP", ""), p.get("PublicPort", 0), p["Type"]) for p in ports)
    groups: dict[tuple[str, str], list[int]] = {}
    closed: list[str] = []
    mapped: list[str] = []
    for port, address, outside, protocol in rows:
        if address and outside != port:
            mapped.append(f"{_with_port(address, str(outside))}->{port}/{protocol}")
            continue
        key = (address, protocol)
        if key not in groups:
            groups[key] = [port, port]
        elif port == groups[key][1] + 1:
            groups[key][1] = port
        else:
            closed.append(_group(key, *groups[key]))
            groups[key] = [port, port]
    return ", ".join([*closed, *(_group(key, *ends) for key, ends in groups.items()), *mapped])


def _group(key: tuple[str, str], first: int, last: int) -> str:
    text = str(first) if first == last else f"{first}-{last}"
    return f"{_with_port(key[0], text)}->{text}/{key[1]}" if key[0] else f"{text}/{key[1]}"


def _with_port(address: str, port: str) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


# -- images -----------------------------------------------------------------------------------------------------------


def images(session: Session) -> int:
    call = session.call
    filters = session.filters()
    if call.arguments:
        filters.setdefault("reference", []).append(call.arguments[0])
    if imageview.is_wanted(session):
        found = session.ask(api.image_list, filters, manifests=True, every=call.on("all"))
        kept = [image for image in found if image["RepoTags"] or call.on("all") or "dangling" in filters]
        session.stdout.append(imageview.shown(kept, call.on("tree")))
        return 0
    rows = [_image_row(session, image, tag) for image in session.ask(api.image_list, filters, every=call.on("all"))
            for tag in image["RepoTags"] or ("<none>:<none>",)]  # fmt: skip
    default = IMAGES.default
    if call.on("digests"):
        default = default.replace("{{.Tag}}", "{{.Tag}}\t{{.Digest}}")
    session.stdout.append(IMAGES.render(rows, call.text("format"), quiet=call.on("quiet"), default=default))
    return 0


def _image_row(session: Session, image: Json, tag: str) -> Row:
    repository, _, label = tag.rpartition(":")
    pulled = [digest for name, _, digest in (d.partition("@") for d in image["RepoDigests"]) if name == repository]
    fields: dict[str, Any] = {
        "ID": image["Id"] if session.call.on("no-trunc") else image["Id"].removeprefix("sha256:")[:12],
        "Repository": repository,
        "Tag": label,
        "Digest": pulled[0] if pulled else "<none>",
        "CreatedSince": f"{ago(session.now - image['Created'])} ago",
        "CreatedAt": date_of_unix(image["Created"]),
        "Size": size(image["Size"], 3),
        "Containers": "N/A",
        "VirtualSize": size(image["Size"]),
        "SharedSize": "N/A",
        "UniqueSize": "N/A",
    }
    return IMAGES.row(fields)


# -- volumes ----------------------------------------------------------------------------------------------------------


def volumes(session: Session) -> int:
    call = session.call
    found = sorted(session.ask(api.volume_list, session.filters())["Volumes"], key=lambda v: natural(v["Name"]))
    rows = [VOLUMES.row({
        "Name": v["Name"], "Driver": v["Driver"], "Scope": v["Scope"], "Mountpoint": v["Mountpoint"],
        **_labels(v["Labels"]), "Links": "N/A", "Size": "N/A", "Availability": "N/A", "Group": "N/A",
        "Status": "N/A",
    }) for v in found]  # fmt: skip
    session.stdout.append(VOLUMES.render(rows, call.text("format"), quiet=call.on("quiet")))
    return 0
