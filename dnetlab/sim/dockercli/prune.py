"""docker network|container|image|volume|system prune: a question, then what went and how much room it made."""

from __future__ import annotations

from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.session import Session
from dnetlab.sim.dockercli.table import size
from dnetlab.sim.dockerd import containers as container_api
from dnetlab.sim.dockerd import images as image_api
from dnetlab.sim.dockerd import networks as network_api
from dnetlab.sim.dockerd import volumes as volume_api
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

QUESTION = "Are you sure you want to continue? [y/N] "


def _confirmed(session: Session, warning: str) -> bool:
    """Ask, unless -f. Without an answer in the cell it is no (the client reads an empty line)."""
    if session.call.on("force"):
        return True
    typed = f"{session.context.answer}\n" if session.context.answer else ""  # a terminal shows what is typed
    session.stdout.append(f"WARNING! {warning}\n{QUESTION}{typed}")
    return session.context.answer == "y"


def _filters(session: Session, known: tuple[str, ...]) -> dict[str, list[str]]:
    """--filter as name -> values; ApiError for a name the daemon doesn't know."""
    found: dict[str, list[str]] = {}
    for text in session.call.all("filter"):
        name, _, value = text.partition("=")
        found.setdefault(name, []).append(value)
    for name in found:
        if name not in known:
            raise ApiError(release_of(session.world).text("bad filter", name=name), 400)
    return found


def networks(session: Session) -> int:
    if not _confirmed(session, "This will remove all custom networks not used by at least one container."):
        return 0
    session.connect()
    gone = _prune_networks(session)
    if gone:
        session.out("\n".join(["Deleted Networks:", *gone, ""]))
    return 0


def _prune_networks(session: Session) -> list[str]:
    wanted = _filters(session, ("label", "label!", "until"))
    if not wanted:
        return session.ask(network_api.prune, session.world, session.host)
    world, host = session.world, session.host
    gone = []
    for network in world.hosts[host].networks:
        if network.name in network_api.PREDEFINED or network_api.members(world, host, network):
            continue
        if _young(session, wanted, network.created) or not _labelled(wanted, network.labels):
            continue
        network_api.remove(world, host, network.name)
        gone.append(network.name)
    return gone


def _labelled(wanted: dict[str, list[str]], labels: dict[str, str]) -> bool:
    return all(has_label(labels, w) for w in wanted.get("label", [])) and not any(
        has_label(labels, w) for w in wanted.get("label!", [])
    )


def has_label(labels: dict[str, str], wanted: str) -> bool:
    """label=NAME or label=NAME=VALUE"""
    name, equals, value = wanted.partition("=")
    return name in labels and (not equals or labels[name] == value)


def _young(session: Session, wanted: dict[str, list[str]], created: float) -> bool:
    """until=10m keeps what is younger than ten minutes."""
    return any(created > session.world.clock - _seconds(text) for text in wanted.get("until", []))


def _seconds(text: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600}
    if text[-1:] in units and text[:-1].replace(".", "", 1).isdecimal():
        return float(text[:-1]) * units[text[-1]]
    raise Refused(f"--filter until={text} is not simulated.", "Give how long ago: --filter until=10m.")


def containers(session: Session) -> int:
    if not _confirmed(session, "This will remove all stopped containers."):
        return 0
    session.connect()
    _tell("Containers", _prune_containers(session), session)
    session.out("Total reclaimed space: 0B")
    return 0


def _prune_containers(session: Session) -> list[str]:
    wanted = _filters(session, ("label", "label!", "until"))
    world, host = session.world, session.host
    if not wanted:
        return list(container_api.prune(world, host))
    gone = []
    for container in world.hosts[host].containers:
        if container.is_running or container.state.value == "restarting":
            continue
        if not _young(session, wanted, container.created) and _labelled(wanted, container.labels):
            gone.append(container_api.remove(world, host, container.id))
    return gone


def _tell(what: str, gone: list[str], session: Session) -> None:
    if gone:
        session.out("\n".join([f"Deleted {what}:", *gone, ""]))


def images(session: Session) -> int:
    everything = session.call.on("all")
    warning = "This will remove all dangling images."
    if everything:
        warning = "This will remove all images without at least one container associated to them."
    if not _confirmed(session, warning):
        return 0
    session.connect()
    if session.call.has("filter"):
        raise Refused("docker image prune --filter is not simulated.", "Remove one image with docker rmi IMAGE.")
    lines, room = image_api.prune(session.world, session.host, everything)
    _tell("Images", list(lines), session)
    session.out(f"Total reclaimed space: {size(room)}")
    return 0


def volumes(session: Session) -> int:
    everything = session.call.on("all")
    session.connect()
    if everything:
        session.needs("1.42", "--all")
    kind = "all local" if everything or release_of(session.world).prunes_named_volumes else "anonymous local"
    if not _confirmed(session, f"This will remove {kind} volumes not used by at least one container."):
        return 0
    if session.call.has("filter"):
        raise Refused("docker volume prune --filter is not simulated.", "Remove one volume with docker volume rm NAME.")
    _tell("Volumes", list(volume_api.prune(session.world, session.host, everything)), session)
    session.out("Total reclaimed space: 0B")
    return 0


def everything(session: Session) -> int:
    """docker system prune: stopped containers, unused networks, dangling images; volumes with --volumes."""
    call = session.call
    session.connect()
    items = ["all stopped containers", "all networks not used by at least one container"]
    if call.on("volumes"):
        items.append("all anonymous volumes not used by at least one container")
    items += (
        ["all images without at least one container associated to them", "all build cache"]
        if call.on("all")
        else ["all dangling images", "unused build cache"]
    )
    warning = "This will remove:\n" + "".join(f"  - {item}\n" for item in items)
    if not _confirmed(session, warning):
        return 0
    if call.has("filter"):
        raise Refused("docker system prune --filter is not simulated.", "Prune containers and networks one by one.")
    world: World = session.world
    _tell("Containers", list(container_api.prune(world, session.host)), session)
    _tell("Networks", network_api.prune(world, session.host), session)
    if call.on("volumes"):
        _tell("Volumes", list(volume_api.prune(world, session.host)), session)
    lines, room = image_api.prune(world, session.host, call.on("all"))
    _tell("Images", list(lines), session)
    session.out(f"Total reclaimed space: {size(room)}")
    return 0
