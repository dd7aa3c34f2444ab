"""A compose project: what the files of a folder say, in compose's own long forms, ready to be made."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dnetlab.commands.compose import canonical
from dnetlab.commands.compose.interpolate import interpolated, variables_of
from dnetlab.commands.compose.problem import ComposeError
from dnetlab.commands.compose.reading import merged, parsed
from dnetlab.commands.compose.schema import check

Json = dict[str, Any]
NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
Reader = Callable[[str], str | None]  # a path's text, None when nothing is there


@dataclass(frozen=True)
class Project:
    """name      the project's: container NAME-SERVICE-1, network NAME_NETWORK
    directory     where relative paths begin
    files         absolute paths of the compose files
    services      name -> long form (canonical.service), those of profiles that aren't wanted left out
    networks, volumes  key -> long form with `name`
    extra         x-… at the top, for `config`
    profiles      all that are named; asleep: services whose profiles aren't wanted
    warnings      what compose says before it begins, without its frame
    of_environments  those of them that only variables in `environment` are the reason for
    """

    name: str
    directory: str
    files: tuple[str, ...]
    services: Json
    networks: Json = field(default_factory=dict)
    volumes: Json = field(default_factory=dict)
    extra: Json = field(default_factory=dict)
    profiles: tuple[str, ...] = ()
    asleep: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    of_environments: tuple[str, ...] = ()


def find(directory: str, named: Sequence[str], read: Reader) -> tuple[str, ...]:
    """The compose files that count in a directory, or those named with -f. Raises ComposeError."""
    if named:
        paths = tuple(posixpath.normpath(posixpath.join(directory, name)) for name in named)
        for path in paths:
            if read(path) is None:
                raise ComposeError(f"open {path}: no such file or directory")
        return paths
    place = directory
    while True:
        found = [posixpath.join(place, name) for name in NAMES if read(posixpath.join(place, name)) is not None]
        if found:
            over = [posixpath.join(place, name) for name in OVERRIDES if read(posixpath.join(place, name)) is not None]
            return (found[0], *over[:1])
        if place in ("/", ""):
            raise ComposeError("no configuration file provided: not found")
        place = posixpath.dirname(place)


def load(
    files: Sequence[str],
    read: Reader,
    environment: Mapping[str, str],
    *,
    name: str = "",
    wanted_profiles: Sequence[str] = (),
    env_files: Sequence[str] = (),
    named: Sequence[str] = (),
) -> Project:
    """Read the files, the later ones over the earlier ones. Raises ComposeError in compose's words.

    named: services of the command line, which count whatever their profiles are.
    """
    directory = posixpath.dirname(files[0]) or "/"
    variables = {**_env_file(directory, env_files, read), **environment}
    missing: list[str] = []
    tree, warnings = _tree(files, read, variables, missing)
    blank = {one: f'The "{one}" variable is not set. Defaulting to a blank string.' for one in missing}
    warnings = [*blank.values(), *warnings]
    elsewhere = _missing_elsewhere(files, read, variables) if missing else []
    chosen = _name(name or variables.get("COMPOSE_PROJECT_NAME", ""), tree, directory)
    profiles = [*wanted_profiles, *filter(None, variables.get("COMPOSE_PROFILES", "").split(","))]
    try:
        services = {
            key: canonical.service(key, service, directory, variables, read)
            for key, service in sorted(_extended(tree.get("services") or {}).items())
        }
    except ComposeError as error:
        error.warnings = tuple(warnings)  # were said by then
        raise
    every = sorted({profile for service in services.values() for profile in service.get("profiles", ())})
    kept = {
        key: service
        for key, service in services.items()
        if key in named or not service.get("profiles") or "*" in profiles or set(profiles) & set(service["profiles"])
    }
    networks, volumes = canonical.networks(chosen, tree, kept), canonical.volumes(chosen, tree, kept)
    canonical.check_together(kept, services, networks)
    extra = {key: value for key, value in tree.items() if key.startswith("x-")}
    return Project(
        chosen,
        directory,
        tuple(files),
        kept,
        networks,
        volumes,
        extra,
        tuple(every),
        tuple(services.keys() - kept.keys()),
        tuple(warnings),
        tuple(text for one, text in blank.items() if one not in elsewhere),
    )


def _missing_elsewhere(files: Sequence[str], read: Reader, variables: Mapping[str, str]) -> list[str]:
    """The variables that aren't set and stand outside of services' environments."""
    missing: list[str] = []
    for path in files:
        raw = parsed(read(path) or "")
        services = raw.get("services") if isinstance(raw, dict) else None
        if isinstance(services, dict):
            bare = {key: {k: v for k, v in one.items() if k != "environment"} if isinstance(one, dict) else one
                    for key, one in services.items()}  # fmt: skip
            interpolated({**raw, "services": bare}, variables, missing)
    return missing


def _env_file(directory: str, named: Sequence[str], read: Reader) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in [posixpath.join(directory, one) for one in named or (".env",)]:
        text = read(path)
        if text is None and named:
            raise ComposeError(f"couldn't find env file: {path}")
        found |= variables_of(text or "")
    return found


def _tree(
    files: Sequence[str], read: Reader, variables: Mapping[str, str], missing: list[str]
) -> tuple[Json, list[str]]:
    tree: Json = {}
    warnings: list[str] = []
    for path in files:
        raw = parsed(read(path) or "")
        one = interpolated(raw, variables, missing) if isinstance(raw, dict) else raw
        if isinstance(one, dict) and "version" in one:
            one["version"] = str(one["version"])
            warnings.append(
                f"{path}: the attribute `version` is obsolete, it will be ignored, "
                "please remove it to avoid potential confusion"
            )
        check(one, path)
        for key in ("include", "configs", "secrets", "models"):
            if one.get(key):
                raise canonical.NotThere(key)
        tree = merged(tree, one)
    return tree, warnings


def _name(given: str, tree: Json, directory: str) -> str:
    """-p, COMPOSE_PROJECT_NAME, `name:` or the folder's, in small letters (compose-go loader.NormalizeProjectName)."""
    name = given or tree.get("name") or ""
    if name:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
            raise ComposeError(
                f'invalid project name "{name}": must consist only of lowercase alphanumeric characters, hyphens, and '
                "underscores as well as start with a letter or number"
            )
        return str(name)
    name = re.sub(r"[^-_a-z0-9]", "", posixpath.basename(directory).lower()).lstrip("_-")
    if not name:
        raise ComposeError("project name must not be empty")
    return name


def _extended(services: Json) -> Json:
    """Services with what they `extends` below them; another file's isn't read."""

    def whole(key: str, seen: tuple[str, ...]) -> Any:
        service = services[key] or {}
        base = service.get("extends")
        if not base:
            return service
        origin = base if isinstance(base, str) else base.get("service", "")
        if isinstance(base, dict) and base.get("file"):
            raise canonical.NotThere("extends.file")
        if origin in seen or origin == key:
            raise ComposeError(f"Circular reference with extends: {' -> '.join((*seen, key, origin))}")
        if origin not in services:
            raise ComposeError(f'cannot extend service "{key}" in file: service "{origin}" not found')
        own = {name: value for name, value in service.items() if name != "extends"}
        below = {name: value for name, value in whole(origin, (*seen, key)).items() if name != "depends_on"}
        return merged(below, own)

    return {key: whole(key, ()) for key in services}
