"""What images are made of, as values: layers of files that somebody put on top of one of the lab's, and its history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dnetlab.sim.userland.seam import encoded


@dataclass(frozen=True)
class Layer:
    """Files on top of others.

    files  path -> text; a path that ends with a slash is a directory
    links  path -> where the symbolic link points;  modes: path -> permissions that are not the usual ones
    owners path -> uid and gid of what isn't root's, a directory without its slash
    gone   paths below that are not there any more
    extra  bytes beside those of the files (what was unpacked of an archive of a whole container)
    """

    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    modes: Mapping[str, int] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    extra: int = 0
    owners: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Equal layers have equal ids, wherever they were made."""
        text = json.dumps([sorted(self.files.items()), sorted(self.links.items()), sorted(self.modes.items()),
                           sorted(self.gone), self.extra,
                           *([sorted(self.owners.items())] if self.owners else ())])  # fmt: skip
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()

    @property
    def size(self) -> int:
        return self.extra + sum(len(encoded(text)) for text in self.files.values())


@dataclass(frozen=True)
class Step:
    """One line of `docker history`. created: on the lab's clock; empty: it put no layer on top."""

    created: float
    by: str
    size: int = 0
    comment: str = ""
    author: str = ""
    empty: bool = False


def merged(layers: Iterable[Layer]) -> Layer:
    """The layers as one, seen from above."""
    files: dict[str, str] = {}
    links: dict[str, str] = {}
    modes: dict[str, int] = {}
    owners: dict[str, tuple[int, int]] = {}
    for layer in layers:
        for path in layer.gone:
            _drop(path, files, links, modes, owners)
        for path in layer.files:
            links.pop(path, None)
        for path in layer.links:
            files.pop(path, None)
        files |= layer.files
        links |= layer.links
        modes |= layer.modes
        owners |= layer.owners
    return Layer(files, links, modes, owners=owners)


def _drop(path: str, *books: dict[str, Any]) -> None:
    """A path goes, and what is below it if it was a directory."""
    for book in books:
        for key in [key for key in book if key in (path, path + "/") or key.startswith(path + "/")]:
            del book[key]
