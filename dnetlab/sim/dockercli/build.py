"""docker build and docker builder prune, as a client without buildx does them (docker/cli command/image/build.go)."""

from __future__ import annotations

import base64
import io
import posixpath
import tarfile
from collections.abc import Mapping
from typing import Any

from dnetlab.commands.docker.parse import parse_bool
from dnetlab.commands.docker.reference import BadReference, parse_reference
from dnetlab.commands.docker.units import size
from dnetlab.sim import tarfiles
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli import localfiles
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockerd import api

# The client's words without its plugin buildx, as docker 28.2.2 says them (docker/cli, cmd/docker/builder.go).
_DEPRECATED = "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n"
_INSTALL = """Install the buildx component to build images with BuildKit:
{indent}https://docs.docker.com/go/buildx/"""
_MISSING = f"{_DEPRECATED}            {_INSTALL.format(indent=' ' * 12)}\n"
_DISABLED = f"""{_DEPRECATED}            BuildKit is currently disabled; enable it by removing the DOCKER_BUILDKIT=0
            environment-variable.
"""
_ENABLED = f"""ERROR: BuildKit is enabled but the buildx component is missing or broken.
       {_INSTALL.format(indent=' ' * 7)}"""
_KNOWN = ("add-host", "build-arg", "file", "force-rm", "label", "network", "no-cache", "pull", "quiet", "rm", "tag",
          "target", "iidfile", "compress", "platform", "progress", "disable-content-trust", "memory",
          "memory-swap")  # fmt: skip


def build(session: Session) -> int:
    call = session.call
    session.err(builder(session.context.environment))
    other = next((flag for flag in call.options if flag not in _KNOWN), None)
    if other is not None:
        raise Refused("docker build --{flag} is not simulated.", "Write it into the Dockerfile.", flag=other)
    _check_tags(session)
    content, name = _context(session, call.arguments[0])
    if not call.on("quiet"):
        session.out(f"Sending build context to Docker daemon {size(_room(content)):>8}")
    arguments = dict(_argument(session, text) for text in call.all("build-arg"))
    answer = session.ask(
        api.image_build, base64.b64encode(content).decode(), dockerfile=name, t=list(call.all("tag")),
        buildargs={key: value for key, value in arguments.items() if value is not None}, target=call.text("target"),
        nocache=call.on("no-cache"), labels=dict(text.partition("=")[::2] for text in call.all("label")),
    )  # fmt: skip
    return _told(session, answer)


def _check_tags(session: Session) -> None:
    for tag in session.call.all("tag"):
        try:
            parse_reference(tag)
        except BadReference as error:
            raise Failed(f'invalid argument "{tag}" for "-t, --tag" flag: {error}\n\n{_usage(session)}', 125) from None


def _usage(session: Session) -> str:
    name = session.call.command.name
    return f"Usage:  {name} [OPTIONS] PATH | URL | -\n\nRun '{name} --help' for more information"


def _argument(session: Session, text: str) -> tuple[str, str | None]:
    """--build-arg NAME takes the client's own value."""
    name, equals, value = text.partition("=")
    return name, value if equals else (session.context.environment or {}).get(name)


def _told(session: Session, answer: list[dict[str, Any]]) -> int:
    said = "".join(row["stream"] for row in answer if "stream" in row)
    made = next((row["aux"]["ID"] for row in answer if "aux" in row), "")
    failed = next((row for row in answer if "error" in row), None)
    quiet = session.call.on("quiet")
    if quiet and failed is None:
        session.out(made)
    elif quiet:
        session.err(said.rstrip("\n"))  # what was kept back is told when it fails
    else:
        session.stdout.append(said)
    if made and session.call.text("iidfile"):
        localfiles.write_bytes(session, session.call.text("iidfile"), made.encode())
    if failed is not None:
        raise Failed(failed["error"], failed["errorDetail"].get("code") or 1)
    return 0


# -- what is sent along -----------------------------------------------------------------------------------------------


def _context(session: Session, place: str) -> tuple[bytes, str]:
    """The archive of a directory, or of what came on the standard input; the Dockerfile's name in it."""
    wanted = session.call.text("file")
    if place == "-":
        return _from_stdin(session, wanted)
    if "://" in place or place.startswith(("git@", "github.com/")):
        raise Refused("The lab has no way out to {url}.", "Build from a directory: docker build .", url=place)
    files, full = localfiles.files_of(session), localfiles.absolute(session, place)
    kind = files.kind(full)
    if kind != "directory":
        problem = f'path "{place}" not found' if not kind else f'context must be a directory: {full}'
        raise Failed(f"unable to prepare context: {problem}")
    if wanted == "-":
        text = session.context.stdin or ""
        return packed(session, full, {"Dockerfile": text}), "Dockerfile"
    name = posixpath.relpath(localfiles.absolute(session, wanted), full) if wanted else "Dockerfile"
    path = posixpath.join(full, name)
    if not files.kind(path):
        raise Failed("unable to prepare context: unable to evaluate symlinks in Dockerfile path: "
                     f"lstat {posixpath.normpath(path)}: no such file or directory")  # fmt: skip
    if name.startswith(".."):
        return packed(session, full, {"Dockerfile": files.read(path)}), "Dockerfile"
    return packed(session, full, {}), name


def packed(session: Session, directory: str, more: dict[str, str]) -> bytes:
    """Everything in a directory, without the directory itself; more: files beside them."""
    out = io.BytesIO()
    inner = tarfiles.pack(localfiles.files_of(session), directory, "x", session.now)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        found = [(entry, text) for entry, text in tarfiles.entries(inner) if entry.name != "x"]
        for entry, text in found:
            entry.name = entry.name.removeprefix("x/")
            if entry.name not in more:
                tar.addfile(entry, io.BytesIO(tarfiles.encoded(text)) if entry.isreg() else None)
        for name, text in more.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(tarfiles.encoded(text))
            tar.addfile(entry, io.BytesIO(tarfiles.encoded(text)))
    return out.getvalue()


def _from_stdin(session: Session, wanted: str) -> tuple[bytes, str]:
    """A Dockerfile's text, or an archive with one in it."""
    text = session.context.stdin or ""
    content = tarfiles.encoded(text)
    try:
        if text and tarfiles.entries(content):
            return content, wanted or "Dockerfile"
    except tarfiles.NotATar:
        pass
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return out.getvalue(), "Dockerfile"


def _room(content: bytes) -> int:
    """The bytes of an archive as Go writes it: heads and blocks of 512, and two empty ones."""
    blocks = sum(1 + -(-entry.size // 512) for entry, _ in tarfiles.entries(content))
    return blocks * 512 + 1024


def builder(environment: Mapping[str, str] | None) -> str:
    """What the client says of its builder before all else. Raises Failed where DOCKER_BUILDKIT asks for another one."""
    asked = (environment or {}).get("DOCKER_BUILDKIT", "")
    wanted = parse_bool(asked) if asked else None
    if asked and wanted is None:
        raise Failed("DOCKER_BUILDKIT environment variable expects boolean value: "
                     f'strconv.ParseBool: parsing "{asked}": invalid syntax')  # fmt: skip
    if wanted:
        raise Failed(_ENABLED)
    return _MISSING if wanted is None else _DISABLED


def prune(session: Session) -> int:
    session.err(builder(session.context.environment))
    report = session.ask(api.build_prune)
    session.out(f"Total reclaimed space: {size(report['SpaceReclaimed'])}")
    return 0
