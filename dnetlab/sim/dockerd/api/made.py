"""Images that come from the lab itself: POST /commit, /images/load, /images/create from files, GET /images/…/get."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dnetlab.sim.dockerd import archive, madeimages
from dnetlab.sim.dockerd.api.archive import in_bytes, in_text
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.errors import ApiError, NotModelled
from dnetlab.sim.world import World

Json = dict[str, Any]


def image_commit(
    world: World, host: str, container: str, body: Json | None = None, *, repo: str = "", tag: str = "",
    comment: str = "", author: str = "", pause: bool = True, changes: Sequence[str] = (),
) -> Json:  # fmt: skip
    """POST /commit: {'Id': 'sha256:…'}. body: Cmd and Env may stand there. changes: instructions of a Dockerfile.

    Raises ApiError 404 for an unknown container, 400 for a name or an instruction that can't be.
    """
    name = f"{repo}:{tag}" if tag else repo
    found = madeimages.commit(world, host, container, name, comment=comment, author=author, pause=pause,
                              lines=tuple(changes), settings=body)  # fmt: skip
    return {"Id": found}


def image_import(
    world: World, host: str, content: str, *, repo: str = "", tag: str = "", message: str = "",
    changes: Sequence[str] = (),
) -> list[Json]:  # fmt: skip
    """POST /images/create?fromSrc=-: [{'status': 'sha256:…'}]. content: a tar of files in base64. Raises ApiError."""
    name = f"{repo}:{tag}" if tag else repo
    try:
        made = madeimages.import_files(world, host, in_bytes(content), name, message=message, lines=tuple(changes))
    except archive.NoArchive:
        raise ApiError(release_of(world).text("no tar"), 500) from None
    return [{"status": made}]


def image_get(world: World, host: str, names: Sequence[str]) -> str:
    """GET /images/get?names=…: a tar in base64 of one or several images. Raises ApiError 404."""
    return in_text(madeimages.save(world, host, list(names)))


def image_load(world: World, host: str, content: str) -> list[Json]:
    """POST /images/load: [{'stream': 'Loaded image: …\\n'}]. content: such a tar in base64.

    What is no archive of images is told in the stream: [{'errorDetail': {'message': …}, 'error': …}].
    """
    try:
        return [{"stream": f"{line}\n"} for line in madeimages.load(world, host, in_bytes(content))]
    except archive.NoArchive:
        problem = release_of(world).text("no tar")
    except NotModelled:
        raise
    except ApiError as error:
        problem = error.message
    return [{"errorDetail": {"message": problem}, "error": problem}]
