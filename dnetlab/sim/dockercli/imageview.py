"""`docker images` as newer clients draw it: a name on each line, what its image takes of the disk, U when it is in use.

Recorded from 29.7.2; with --tree every image stands once, all its names and its platforms below each other
(docker/cli command/image/tree.go at v29.7.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dnetlab.commands.docker.units import size
from dnetlab.sim.dockercli.session import Failed, Session

Json = Mapping[str, Any]
UNTAGGED = "<untagged>"
GAP = "   "
_OLD_FLAGS = (("quiet", "quiet"), ("no-trunc", "no-trunc"), ("digests", "show-digest"), ("format", "format"))


def is_wanted(session: Session) -> bool:
    """Not with the flags that ask for the older table. Failed for such a flag beside --tree."""
    call = session.call
    for flag, name in _OLD_FLAGS:
        if call.on(flag) or (flag == "format" and call.text(flag)):
            if call.on("tree"):
                raise Failed(f"--{name} is not yet supported with --tree")
            return False
    return session.own.image_view


def shown(images: Sequence[Json], tree: bool) -> str:
    """The whole listing; images as GET /images/json gives them with their manifests."""
    rows = sorted(((names, image) for image in images for names in _names(image, tree)), key=_order)
    platforms = [_platform(image) for _, image in rows] if tree else []
    width = max(map(len, ["IMAGE", *(name for names, _ in rows for name in names), *platforms]))
    lines = [_line("IMAGE", width, "ID", "DISK USAGE", "CONTENT SIZE", "EXTRA")]
    for names, image in rows:
        lines += [name.ljust(width) for name in names[:-1]]
        lines.append(_line(names[-1], width, *_details(image)))
        if tree:
            lines += [_line(_platform(image), width, *_details(image)), ""]
    return "".join(line + "\n" for line in lines)


def _names(image: Json, tree: bool) -> list[list[str]]:
    """The rows of an image, each with its names."""
    tags = sorted(image["RepoTags"]) or [UNTAGGED]
    return [tags] if tree else [[tag] for tag in tags]


def _order(row: tuple[list[str], Json]) -> tuple[bool, str]:
    return row[0][0] == UNTAGGED, row[0][0]


def _platform(image: Json) -> str:
    platform = image["Manifests"][0]["ImageData"]["Platform"]
    return f"└─ {platform['os']}/{platform['architecture']}"


def _details(image: Json) -> tuple[str, str, str, str]:
    manifest = image["Manifests"][0]
    used = "U" if manifest["ImageData"]["Containers"] else ""
    return image["Id"].removeprefix("sha256:")[:12], size(image["Size"], 3), size(manifest["Size"]["Content"], 3), used


def _line(name: str, width: int, short_id: str, disk: str, content: str, extra: str) -> str:
    return GAP.join((name.ljust(width), short_id.ljust(12), disk.rjust(10), content.rjust(12), extra.ljust(5)))
