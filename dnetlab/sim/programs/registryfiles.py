"""What a registry keeps: files in its directory, so that its images stay and go with its volume.

Where they stand was observed on distribution 2.8.2 (registry/storage/paths.go). The blobs themselves are left out: what
is in an image the lab knows by the digest of its manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dnetlab.sim.dockerd.mounts import below, key_of
from dnetlab.sim.world import World

REPOSITORIES = "/var/lib/registry/docker/registry/v2/repositories"
_CURRENT = re.compile(r"(?P<name>.+)/_manifests/tags/(?P<tag>[^/]+)/current/link")

Shelf = dict[str, dict[str, str]]  # repository -> tag -> digest of the manifest


def shelf(world: World, host: str, container: str) -> Shelf:
    """The repositories of a registry by name, with their tags; {} for an empty one."""
    root = key_of(world, host, container, REPOSITORIES)
    found: Shelf = {}
    for key in sorted(below(world, root), key=lambda key: key[2]):
        match = _CURRENT.fullmatch(key[2].removeprefix(f"{root[2]}/"))
        if match is not None:
            found.setdefault(match["name"], {})[match["tag"]] = world.files[key]
    return dict(sorted(found.items()))


def layers(world: World, host: str, container: str, name: str) -> set[str]:
    """The ids of the layers that a repository has."""
    links = below(world, key_of(world, host, container, f"{REPOSITORIES}/{name}/_layers/sha256"))
    return {world.files[key] for key in links}


def put(world: World, host: str, container: str, name: str, tag: str, digest: str, layer_ids: Iterable[str]) -> None:
    """A manifest and its layers are in a repository, and that tag points at it."""
    manifests, hexadecimal = f"{REPOSITORIES}/{name}/_manifests", digest.removeprefix("sha256:")
    links = {f"{manifests}/revisions/sha256/{hexadecimal}/link": digest,
             f"{manifests}/tags/{tag}/current/link": digest,
             f"{manifests}/tags/{tag}/index/sha256/{hexadecimal}/link": digest}  # fmt: skip
    for one in layer_ids:
        links[f"{REPOSITORIES}/{name}/_layers/sha256/{one.removeprefix('sha256:')}/link"] = one
    for path, text in links.items():
        world.files[key_of(world, host, container, path)] = text
