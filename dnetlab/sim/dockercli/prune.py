"""docker network|container|image|volume|system prune: a question, then what went and how much room it made."""

from __future__ import annotations

from dnetlab.commands.docker.units import size
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockerd import api

QUESTION = "Are you sure you want to continue? [y/N] "


def confirmed(session: Session, warning: str) -> bool:
    """Ask, unless -f. Without an answer in the cell it is no (the client reads an empty line)."""
    if session.call.on("force"):
        return True
    typed = f"{session.context.answer}\n" if session.context.answer else ""  # a terminal shows what is typed
    session.stdout.append(f"WARNING! {warning}\n{QUESTION}{typed}")
    piped = (session.context.stdin or "").partition("\n")[0]
    return (session.context.answer or piped).strip().lower() == "y"


def _tell(session: Session, what: str, gone: list[str] | None) -> None:
    if gone:
        session.out("\n".join([f"Deleted {what}:", *gone, ""]))


def _images_gone(changes: list[dict[str, str]] | None) -> list[str]:
    """[{'Untagged': 'a:b'}] -> ['untagged: a:b']"""
    return [f"{what.lower()}: {name}" for change in changes or [] for what, name in change.items()]


def networks(session: Session) -> int:
    if not confirmed(session, "This will remove all custom networks not used by at least one container."):
        return 0
    _tell(session, "Networks", session.ask(api.network_prune, session.filters())["NetworksDeleted"])
    return 0


def containers(session: Session) -> int:
    if not confirmed(session, "This will remove all stopped containers."):
        return 0
    report = session.ask(api.container_prune, session.filters())
    _tell(session, "Containers", report["ContainersDeleted"])
    session.out(f"Total reclaimed space: {size(report['SpaceReclaimed'])}")
    return 0


def images(session: Session) -> int:
    everything = session.call.on("all")
    warning = "This will remove all dangling images."
    if everything:
        warning = "This will remove all images without at least one container associated to them."
    if not confirmed(session, warning):
        return 0
    report = session.ask(api.image_prune, {**session.filters(), "dangling": ["0" if everything else "1"]})
    _tell(session, "Images", _images_gone(report["ImagesDeleted"]))
    session.out(f"Total reclaimed space: {size(report['SpaceReclaimed'])}")
    return 0


def volumes(session: Session) -> int:
    everything = session.call.on("all")
    session.connect()
    if everything:
        session.needs("1.42", "--all")
    kind = "all local" if everything or not session.speaks("1.42") else "anonymous local"
    if not confirmed(session, f"This will remove {kind} volumes not used by at least one container."):
        return 0
    report = session.ask(api.volume_prune, {**session.filters(), **({"all": ["1"]} if everything else {})})
    _tell(session, "Volumes", report["VolumesDeleted"])
    session.out(f"Total reclaimed space: {size(report['SpaceReclaimed'])}")
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
    wanted = session.filters()
    if wanted:
        texts = "".join(f"  - {text}\n" for text in sorted(call.all("filter")))
        warning += f"\n  Items to be pruned will be filtered with:\n{texts}"
    if call.on("volumes") and "until" in wanted:
        raise Failed('ERROR: The "until" filter is not supported with "--volumes"')
    if not confirmed(session, warning):
        return 0
    _tell(session, "Containers", session.ask(api.container_prune, wanted)["ContainersDeleted"])
    _tell(session, "Networks", session.ask(api.network_prune, wanted)["NetworksDeleted"])
    if call.on("volumes"):
        _tell(session, "Volumes", session.ask(api.volume_prune, wanted)["VolumesDeleted"])
    report = session.ask(api.image_prune, {**wanted, "dangling": ["0" if call.on("all") else "1"]})
    session.ask(api.build_prune)
    _tell(session, "Images", _images_gone(report["ImagesDeleted"]))
    session.out(f"Total reclaimed space: {size(report['SpaceReclaimed'])}")
    return 0
