"""A compose project of this machine as lines of a cell: its files are written at a host's prompt, and it is brought up.

What the lines do is a cell like any other: it stands in the journal, can be taken back, and runs on both engines.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from dnetlab.commands.compose.canonical import NotThere
from dnetlab.commands.compose.problem import ComposeError
from dnetlab.commands.compose.project import NAMES, Project, find, load
from dnetlab.errors import UsageError

MOST = 256 * 1024  # characters of all files together


@dataclass(frozen=True)
class Folder:
    """read(path) -> a file's text, None where there is none; under(path) -> every file below it, the path itself when
    it is a file, () where there is nothing. Paths are absolute."""

    read: Callable[[str], str | None]
    under: Callable[[str], tuple[str, ...]]


@dataclass
class _Seen:
    """Who reads through it is remembered: the files that a project consists of."""

    folder: Folder
    found: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> str | None:
        if path not in self.found and (text := self.folder.read(path)) is not None:
            self.found[path] = text
        return self.found.get(path)


def lines_of(path: str, folder: Folder) -> str:
    """The cell that brings up the compose file at `path`, or that of the folder there.

    The files come along that compose reads, what services are built from and what they mount from beside the file. A
    mistake in the file is left to `docker compose` in the lab. Raises UsageError where there is no compose file, for
    too much that would come along, and for what lies outside its folder.
    """
    seen = _Seen(folder)
    files, named = _found(path, seen)
    home = posixpath.dirname(files[0]) or "/"
    try:
        project = load(files, seen.read, {})
    except (ComposeError, NotThere):
        pass
    else:
        for beside in _beside(project):
            _carry(seen, beside, home)
    texts = {posixpath.relpath(one, home): text for one, text in sorted(seen.found.items())}
    _check(texts)
    return "\n".join(_written(posixpath.basename(home) or "project", texts, named))


def _found(path: str, seen: _Seen) -> tuple[tuple[str, ...], list[str]]:
    """The project's files, and the one that -f has to name: what compose doesn't take of itself in that folder."""
    is_file = seen.folder.read(path) is not None
    place, name = posixpath.split(path) if is_file else (path, "")
    usual = next((one for one in NAMES if seen.folder.read(posixpath.join(place, one)) is not None), "")
    if name not in ("", usual):
        return find(place, [path], seen.read), [name]
    if not usual:
        raise UsageError(
            "there is no compose file at {path}", hint="%dnet compose FILE, or a folder with compose.yaml.", path=path
        )
    return find(place, [], seen.read), []


def _beside(project: Project) -> Iterator[str]:
    """The paths that its services name: build contexts and bind mounts."""
    for service in project.services.values():
        if "build" in service:
            yield service["build"]["context"]
        for mount in service.get("volumes", ()):
            if mount["type"] == "bind" and not mount["source"].startswith(("/var/run/", "/run/")):
                yield mount["source"]


def _carry(seen: _Seen, path: str, home: str) -> None:
    """A path that a service names; one that isn't there is made by the daemon, as ever."""
    files = seen.folder.under(path)
    if files and not (path + "/").startswith(home.rstrip("/") + "/"):
        hint = "Put what services are built from and mount beside the compose file."
        raise UsageError("{path} is not below the compose file's folder", hint=hint, path=path)
    for one in files:
        seen.read(one)


def _check(texts: Mapping[str, str]) -> None:
    size = sum(map(len, texts.values()))
    if size > MOST:
        raise UsageError("the project's files have {size} characters; {most} may come along", size=size, most=MOST)


def _written(name: str, texts: Mapping[str, str], named: list[str]) -> Iterator[str]:
    """mkdir, cd, a here-document for each file, up."""
    home = f"~/{shlex.quote(name)}"
    folders = sorted({posixpath.dirname(path) for path in texts} - {""})
    yield f"mkdir -p {' '.join([home, *(f'{home}/{shlex.quote(one)}' for one in folders)])}"
    yield f"cd {home}"
    for path, text in texts.items():
        end = _end(text)
        yield f"cat > {shlex.quote(path)} <<'{end}'"
        yield text.removesuffix("\n")
        yield end
    options = "".join(f"-f {shlex.quote(one)} " for one in named)
    yield f"docker compose {options}up -d"


def _end(text: str) -> str:
    """A word that no line of the text is."""
    lines, number = set(text.split("\n")), 0
    while (word := f"END{number or ''}") in lines:
        number += 1
    return word
