"""docker ps, network ls, images, volume ls."""

from __future__ import annotations

import re
from typing import Any

from dnetlab.commands.gotemplate import TemplateError
from dnetlab.commands.gotemplate.values import Row
from dnetlab.model import Container, ContainerState, Image, Network
from dnetlab.sim import clock
from dnetlab.sim.dockercli import filters
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockercli.table import Listing, ago, read, size, truncated
from dnetlab.sim.dockerd import books, inspect
from dnetlab.sim.dockerd import images as image_api
from dnetlab.sim.dockerd import volumes as volume_api
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.config import ContainerSpec

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
     "LocalVolumes": "LOCAL VOLUMES", "Networks": "NETWORKS", "Platform": "PLATFORM"},
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


def _date(seconds: float, fraction: bool) -> str:
    day = f"{clock.moment(seconds):%Y-%m-%d %H:%M:%S}"
    if fraction:
        digits = clock.rfc3339(seconds).partition(".")[2].removesuffix("Z")
        day += f".{digits}" if digits else ""
    return f"{day} +0000 UTC"


def _labels(labels: dict[str, str]) -> str:
    return ",".join(sorted(f"{key}={value}" for key, value in labels.items()))


# -- networks ---------------------------------------------------------------------------------------------------------


def networks(session: Session) -> int:
    call = session.call
    session.connect()
    matches = filters.network_matches(session.world, session.host, filters.read(session.world, call, "network"))
    found = sorted((n for n in session.context.machine.networks if matches(n)), key=lambda n: natural(n.name))
    rows = [_network_row(session, network) for network in found]
    session.stdout.append(NETWORKS.render(rows, call.text("format"), quiet=call.on("quiet")))
    return 0


def _network_row(session: Session, network: Network) -> Row:
    labels = network.labels
    told = "EnableIPv4" in release_of(session.world).documents.network
    return NETWORKS.row({
        "ID": network.id if session.call.on("no-trunc") else network.short_id,
        "Name": network.name,
        "Driver": network.driver,
        "Scope": network.scope,
        "IPv4": "true" if told else "false",  # what an engine before 28 doesn't say is false
        "IPv6": "false",
        "Internal": "true" if network.internal else "false",
        "Labels": _labels(labels),
        "Label": lambda name="": labels.get(name, ""),
        "CreatedAt": _date(network.created, True),
    })  # fmt: skip


# -- containers -------------------------------------------------------------------------------------------------------


def containers(session: Session) -> int:
    call = session.call
    form = call.text("format")
    if call.on("quiet") and form not in ("", "table"):
        session.err("WARNING: Ignoring custom format, because both --format and --quiet are set.")
        form = "raw" if form == "raw" else ""
    _check_format(form)
    session.connect()
    wanted = filters.read(session.world, call, "container")
    matches = filters.container_matches(session.world, session.host, wanted)
    last = call.number("last", -1) or -1
    if call.on("latest"):
        last = 1
    everything = call.on("all") or last > 0 or "status" in wanted
    rows = []
    for container in session.context.machine.containers:
        spec = books.spec(session.world, session.host, container.id)
        shown = everything or container.is_running or container.state is ContainerState.RESTARTING
        if shown and matches(container, spec):
            rows.append(_container_row(session, container, spec))
    if last > 0:
        rows = rows[:last]
    default = CONTAINERS.default + ("\t{{.Size}}" if call.on("size") else "")
    if form == "raw" and call.on("size") and not call.on("quiet"):
        form = CONTAINERS.raw + "size: {{.Size}}\n"
    session.stdout.append(CONTAINERS.render(rows, form, quiet=call.on("quiet"), default=default))
    return 0


def _check_format(form: str) -> None:
    """`ps` tries its template before it asks (docker/cli command/container/list.go)."""
    if form in ("", "table", "json", "raw"):
        return
    template = read(form, "failed to parse template: {}")
    fields = dict.fromkeys(CONTAINERS.headers, "") | {"Label": lambda name="": ""}
    try:
        template.execute(CONTAINERS.row(fields))
    except TemplateError as error:
        raise Failed(f"failed to execute template: {error}") from None


def _container_row(session: Session, container: Container, spec: ContainerSpec) -> Row:
    call = session.call
    whole = call.on("no-trunc")
    now = session.world.clock
    labels = container.labels
    image = image_api.shown_name(session.world, session.host, container, spec.image_id)
    if image.startswith("sha256:") and not whole:
        image = image.removeprefix("sha256:")[:12]
    command = _quoted(container.command)
    sized = call.on("size") or ".Size" in call.text("format") or "json ." in call.text("format")
    volumes = [m for m in spec.config.mounts]
    return CONTAINERS.row({
        "ID": container.id if whole else container.short_id,
        "Names": container.name,
        "Image": image or "<no image>",
        "Command": f'"{command if whole else truncated(command, 20)}"',
        "CreatedAt": _date(container.created, False),
        "RunningFor": f"{ago(now - container.created)} ago",
        "Ports": _ports(session, container, spec),
        "State": container.state.value,
        "Status": status_text(container, now),
        "Size": _size_text(session, spec) if sized else "0B",
        "Labels": _labels(labels),
        "Label": lambda name="": labels.get(name, ""),
        "Mounts": ",".join(m.source if whole else truncated(m.source, 15) for m in volumes),
        "LocalVolumes": str(sum(m.kind == "volume" for m in volumes)),
        "Networks": ",".join(_network_names(container)),
        "Platform": None,
    })  # fmt: skip


def _quoted(argv: tuple[str, ...]) -> str:
    """The command as the daemon joins it: words with spaces stand in quotes (moby daemon/list.go)."""
    words = [f"'{w}'" if re.search(r"[\s\"]", w) or not w else w for w in argv[1:]]
    return " ".join((argv[0], *words)) if argv else ""


def _network_names(container: Container) -> list[str]:
    names = [e.network for e in container.endpoints]
    return sorted(names)


def _size_text(session: Session, spec: ContainerSpec) -> str:
    image = next((i for i in session.context.machine.images if i.id == spec.image_id), None)
    return f"0B (virtual {size(image.size, 3)})" if image else "0B"


def status_text(container: Container, now: float) -> str:
    """'Up 2 minutes (Paused)', 'Exited (0) 3 seconds ago' (moby container/state.go)."""
    ended = ago(now - (container.finished or now))
    if container.is_running:
        up = f"Up {ago(now - (container.started or now))}"
        return f"{up} (Paused)" if container.state is ContainerState.PAUSED else up
    if container.state is ContainerState.RESTARTING:
        return f"Restarting ({container.exit_code}) {ended} ago"
    if container.state is ContainerState.CREATED:
        return "Created"
    if container.state is ContainerState.DEAD:
        return "Dead"
    return f"Exited ({container.exit_code}) {ended} ago"


def _ports(session: Session, container: Container, spec: ContainerSpec) -> str:
    """The PORTS column; 20.10 still shows what a start that failed half way had noted (observed on 20.10.24)."""
    if not container.is_running:
        return ", ".join(sorted(container.exposed)) if spec.half_attached and not spec.config.publish else ""
    return ports_text(inspect.port_map(session.world, session.host, container))


def ports_text(ports: dict[str, list[dict[str, Any]] | None]) -> str:
    """The PORTS column: runs of equal ports together, the rest one by one (docker/cli formatter.DisplayablePorts)."""
    rows = []
    for name, bindings in ports.items():
        number, _, protocol = name.partition("/")
        for binding in bindings or [{"HostIp": "", "HostPort": "0"}]:
            rows.append((int(number), binding["HostIp"], int(binding["HostPort"]), protocol))
    rows.sort()
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
    session.connect()
    wanted = filters.read(session.world, call, "image")
    if call.arguments:
        wanted.setdefault("reference", []).append(call.arguments[0])
    matches = filters.image_matches(session.world, session.host, wanted)
    rows = []
    for image in sorted(session.context.machine.images, key=lambda i: -i.created):
        for tag in image.tags or ("<none>:<none>",):
            if matches(image, tag):
                rows.append(_image_row(session, image, tag))
    default = IMAGES.default
    if call.on("digests"):
        default = default.replace("{{.Tag}}", "{{.Tag}}\t{{.Digest}}")
    session.stdout.append(IMAGES.render(rows, call.text("format"), quiet=call.on("quiet"), default=default))
    return 0


def _image_row(session: Session, image: Image, tag: str) -> Row:
    repository, _, label = tag.rpartition(":")
    short = image.id.removeprefix("sha256:")[:12]
    fields: dict[str, Any] = {
        "ID": image.id if session.call.on("no-trunc") else short,
        "Repository": repository,
        "Tag": label,
        "Digest": _digest(session, image, repository),
        "CreatedSince": f"{ago(session.world.clock - image.created)} ago",
        "CreatedAt": _date(image.created, False),
        "Size": size(image.size, 3),
        "Containers": "N/A",
        "VirtualSize": size(image.size),
        "SharedSize": "N/A",
        "UniqueSize": "N/A",
    }
    return IMAGES.row(fields)


def _digest(session: Session, image: Image, repository: str) -> str:
    from dnetlab.sim.dockerd.books import daemon

    wanted = f"{repository}@{image_api.recipe_of(image.id).digest}"
    return wanted.partition("@")[2] if wanted in daemon(session.world, session.host).pulled else "<none>"


# -- volumes ----------------------------------------------------------------------------------------------------------


def volumes(session: Session) -> int:
    call = session.call
    session.connect()
    world, host = session.world, session.host
    wanted = filters.read(world, call, "volume")
    matches = filters.volume_matches(world, wanted, lambda name: volume_api.users(world, host, name))
    found = sorted((v for v in session.context.machine.volumes if matches(v)), key=lambda v: natural(v.name))
    rows = [VOLUMES.row({
        "Name": v.name, "Driver": v.driver, "Scope": "local", "Mountpoint": f"/var/lib/docker/volumes/{v.name}/_data",
        "Labels": "", "Label": lambda name="": "", "Links": "N/A", "Size": "N/A", "Availability": "N/A", "Group": "N/A",
        "Status": "N/A",
    }) for v in found]  # fmt: skip
    session.stdout.append(VOLUMES.render(rows, call.text("format"), quiet=call.on("quiet")))
    return 0
