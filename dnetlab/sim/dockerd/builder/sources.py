"""The files that COPY and ADD take: from what was sent along, or from another stage of the build."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.imagelayers import Layer
from dnetlab.sim.tarfiles import NotATar, entries
from dnetlab.sim.userland.seam import encoded

Files = Mapping[str, str]  # path without a leading slash -> text; a directory ends with a slash


def sent(content: bytes) -> tuple[dict[str, str], dict[str, int]]:
    """The files of a build context, without those that .dockerignore names, and their permissions. Raises NotATar."""
    found: dict[str, str] = {}
    modes: dict[str, int] = {}
    for entry, text in entries(content):
        path = posixpath.normpath(entry.name)
        if path != ".":
            found[path + "/" if entry.isdir() else path] = text
            if entry.isreg() and entry.mode & 0o7777 != 0o644:
                modes[path] = entry.mode & 0o7777
    patterns = [line.strip() for line in found.get(".dockerignore", "").splitlines()]
    return {path: text for path, text in found.items() if not _ignored(path, patterns)}, modes


def _ignored(path: str, patterns: list[str]) -> bool:
    gone = False
    for pattern in patterns:
        if not pattern or pattern.startswith("#"):
            continue
        wanted = posixpath.normpath(pattern.lstrip("!").strip().lstrip("/"))
        parts = path.rstrip("/").split("/")
        heads = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
        if any(_matches(head, wanted) for head in heads):
            gone = not pattern.startswith("!")
    return gone


def _matches(path: str, pattern: str) -> bool:
    """As Go's filepath.Match: a star stays inside a name, two cross directories."""
    text = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.fullmatch(text.replace(r"\?", "[^/]"), path) is not None


@dataclass(frozen=True)
class Taken:
    """What a COPY puts into the image. shown: as the image's history names it: 'file:…', 'dir:…' or 'multi:…'."""

    layer: Layer
    shown: str


def take(
    files: Files, modes: Mapping[str, int], sources: list[str], target: str, directory: str, is_directory: bool,
    word: str,
) -> Taken:  # fmt: skip
    """The files that these sources name, as they lie under the target.

    directory: WORKDIR; is_directory: the target is one in the image already. Raises ApiError in the daemon's words.
    """
    into = target.endswith("/") or target in (".", "./") or is_directory
    base = posixpath.normpath(posixpath.join(directory or "/", target))
    if len(sources) > 1 and not target.endswith("/"):
        raise ApiError(f"{word} failed: When using {word} with more than one source file, the destination must be a "
                       "directory and end with a /", 400)  # fmt: skip
    origin: dict[str, str] = {}
    kinds = []
    for source in sources:
        found, kind = _one(files, source, base, into, word)
        origin |= found
        kinds.append(kind)
    put = {path: files[source] for path, source in origin.items()}
    digest = hashlib.sha256(repr(sorted(put.values())).encode()).hexdigest()
    for path in list(put):
        _with_parents(put, path)
    kind = kinds[0] if len(kinds) == 1 else "multi"
    own = {path: modes[source] for path, source in origin.items() if source in modes}
    return Taken(Layer(put, modes=own), f"{kind}:{digest}")


def _one(files: Files, source: str, base: str, into: bool, word: str) -> tuple[dict[str, str], str]:
    """Where each file of a source goes: path in the image -> path in the context; and what the source is."""
    wanted = posixpath.normpath(source.lstrip("/")) if source.strip("/.") else "."
    if any(char in wanted for char in "*?["):
        chosen = [path for path in files if fnmatchcase(path.rstrip("/"), wanted)
                  and path.count("/", 0, -1) == wanted.count("/")]  # fmt: skip
        if not chosen:
            raise ApiError(f"{word} failed: no source files were specified", 400)
        found: dict[str, str] = {}
        for path in chosen:
            one, _ = _one(files, path.rstrip("/"), base, True, word)
            found |= one
        return found, "multi" if len(chosen) > 1 else "file"
    if wanted in files:
        return {posixpath.join(base, posixpath.basename(wanted)) if into else base: wanted}, "file"
    prefix = "" if wanted == "." else wanted + "/"
    inside = {path.removeprefix(prefix): path for path in files if path.startswith(prefix)}
    if wanted != "." and prefix not in files and not inside:
        raise ApiError(f"{word} failed: file not found in build context or excluded by .dockerignore: stat {wanted}: "
                       "file does not exist", 404)  # fmt: skip
    return {posixpath.join(base, path): whole for path, whole in inside.items() if path}, "dir"


def _with_parents(put: dict[str, str], path: str) -> None:
    parent = posixpath.dirname(path.rstrip("/"))
    if parent not in ("", "/") and parent + "/" not in put:
        put[parent + "/"] = ""
        _with_parents(put, parent)


def unpacked(taken: Taken, target: str) -> Taken:
    """ADD unpacks an archive where it would lie."""
    files: dict[str, str] = {}
    for path, text in taken.layer.files.items():
        try:
            inner = entries(encoded(text)) if not path.endswith("/") and text else []
        except NotATar:
            inner = []
        if not inner:
            files[path] = text
        for entry, content in inner:
            files[posixpath.join(target, posixpath.normpath(entry.name)) + ("/" if entry.isdir() else "")] = content
    return Taken(Layer(files, modes=taken.layer.modes), taken.shown)
