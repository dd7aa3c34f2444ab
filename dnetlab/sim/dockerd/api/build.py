"""Building: POST /build, POST /build/prune."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from dnetlab.sim.dockerd import happenings, images
from dnetlab.sim.dockerd.api.archive import in_bytes
from dnetlab.sim.dockerd.builder import sources, steps
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.tarfiles import NotATar
from dnetlab.sim.world import World

Json = dict[str, Any]


def image_build(
    world: World, host: str, content: str, *, dockerfile: str = "Dockerfile", t: Sequence[str] = (),
    buildargs: Mapping[str, str] | None = None, target: str = "", nocache: bool = False,
    labels: Mapping[str, str] | None = None,
) -> list[Json]:  # fmt: skip
    """POST /build: the messages of the builder of the daemon itself (not BuildKit), as they come.

    content: the build context, a tar in base64. {'stream': text}, {'aux': {'ID': …}} when it is done, and
    {'errorDetail': {'code': …, 'message': …}, 'error': …} as the last for a step that failed. Raises ApiError 400 for
    a name or a Dockerfile that can't be read.
    """
    tags = [str(images.parse_reference(tag)) for tag in t]
    try:
        files, modes = sources.sent(in_bytes(content))
    except NotATar:
        raise ApiError("unexpected EOF", 500) from None
    name = posixpath.normpath(dockerfile)
    if name not in files:
        raise ApiError(f"Cannot locate specified Dockerfile: {dockerfile}", 400)
    instructions = steps.read(world, files[name], dockerfile)
    build = steps.Build(world, host, files, modes, dict(buildargs or {}), nocache, dict(labels or {}))
    try:
        made = steps.run(build, instructions, target)
    except steps.Failed as failed:
        detail = {"code": failed.code, "message": failed.text} if failed.code else {"message": failed.text}
        return [*({"stream": text} for text in build.said), {"errorDetail": detail, "error": failed.text}]
    said: list[Json] = [{"stream": text} for text in build.said]
    said += [{"aux": {"ID": made}}, {"stream": f"Successfully built {made.removeprefix('sha256:')[:12]}\n"}]
    for tag in tags:
        images.keep(world, host, images.recipe_of(world, made), tag)
        said.append({"stream": f"Successfully tagged {tag}\n"})
    return said


def build_prune(world: World, host: str) -> Json:
    """POST /build/prune: the cache of the daemon's own builder is its images, so there is nothing to take away."""
    happenings.of_prune(world, host, "builder")
    return {"CachesDeleted": None, "SpaceReclaimed": 0}
