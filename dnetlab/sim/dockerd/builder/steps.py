"""A build: one image for each instruction, a container for each RUN, and the images of earlier builds as a cache."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dnetlab.model.changed import replace
from dnetlab.sim.dockerd import books, containerfiles, containers, happenings, images
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.builder import settings, sources
from dnetlab.sim.dockerd.builder.dockerfile import (
    Instruction,
    Problems,
    as_list,
    expanded,
    parse,
    read_line,
    unquoted,
    words_of,
)
from dnetlab.sim.dockerd.catalogue import PATH, Recipe
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.dockerd.errors import ApiError, NotModelled
from dnetlab.sim.dockerd.imagelayers import Layer, Step
from dnetlab.sim.dockerd.madeimages import sealed
from dnetlab.sim.programs import logs
from dnetlab.sim.tools import accounts, tree
from dnetlab.sim.world import World

Json = dict[str, Any]
ALWAYS_KNOWN = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
SCRATCH = Recipe("scratch", (), (), userland="none", layers=(), env=(PATH,), made_id="-")


class Failed(Exception):
    """A step failed: what the stream says, and the status of the client."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.text, self.code = text, code


@dataclass
class Stage:
    """Between one FROM and the next. image_id: of the last step, '' before the first of FROM scratch."""

    name: str
    recipe: Recipe
    image_id: str
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, str]:
        """What $NAME stands for: variables before arguments."""
        return {**self.arguments, **settings.recipe_values(self.recipe)}


@dataclass
class Build:
    """One build, as it goes on; said: what it has told so far."""

    world: World
    host: str
    files: sources.Files
    modes: Mapping[str, int]
    given: Mapping[str, str]
    no_cache: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)  # arguments in front of the first FROM
    used: set[str] = field(default_factory=set)
    cache: bool = True

    @property
    def stage(self) -> Stage:
        return self.stages[-1]

    def say(self, text: str) -> None:
        self.said.append(text)


def read(world: World, text: str, name: str) -> list[Instruction]:
    """The instructions of a Dockerfile. Raises ApiError for one that is empty or can't be read."""
    release = release_of(world)
    problems = Problems(release.text("dockerfile line"), release.texts["unknown instruction"])
    found = parse(text, problems)
    if not found:
        raise ApiError(f"the Dockerfile ({name}) cannot be empty", 400)
    for one in found:
        if one.name == "FROM":
            break
        if one.name != "ARG":
            raise ApiError("no build stage in current context", 400)
    return found


def run(build: Build, instructions: list[Instruction], target: str) -> str:
    """The id of the last image. Raises Failed for a step that fails, NotModelled."""
    chosen = _until(instructions, target)
    for number, one in enumerate(chosen, 1):
        build.say(f"Step {number}/{len(chosen)} : {one.shown}\n")
        try:
            _step(build, one)
        except NotModelled:
            raise
        except ApiError as error:
            raise Failed(error.message) from None
    unused = sorted(set(build.given) - build.used - set(ALWAYS_KNOWN))
    if unused:
        build.say(f"[Warning] One or more build-args [{' '.join(unused)}] were not consumed\n")
    if build.labels:
        _settled(build, replace(build.stage.recipe, labels={**build.stage.recipe.labels, **build.labels}), " LABEL")
    return build.stage.image_id


def _until(instructions: list[Instruction], target: str) -> list[Instruction]:
    """With --target the build ends where the next stage begins. Raises ApiError for an unknown one."""
    if not target:
        return instructions
    starts = [n for n, one in enumerate(instructions) if one.name == "FROM"]
    names = [_alias(instructions[n]) or str(k) for k, n in enumerate(starts)]
    if target.lower() not in names:
        raise ApiError(f"failed to reach build target {target} in Dockerfile", 400)
    after = starts[names.index(target.lower()) + 1 :]
    return instructions[: after[0]] if after else instructions


def _alias(one: Instruction) -> str:
    words = one.text.split()
    return words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else ""


def _step(build: Build, one: Instruction) -> None:
    if one.name == "FROM":
        _from(build, one)
    elif one.name == "ARG":
        _argument(build, one)
    elif one.name in ("COPY", "ADD"):
        _copy(build, one)
    elif one.name == "RUN":
        _run(build, one)
    else:
        recipe, told = settings.apply(build.stage.recipe, one, build.stage.values)
        _settled(build, recipe, told)


# -- FROM, ARG --------------------------------------------------------------------------------------------------------


def _from(build: Build, one: Instruction) -> None:
    name = expanded(one.text.split()[0], build.first)
    earlier = next((stage for stage in build.stages if stage.name and stage.name == name.lower()), None)
    if name == "scratch":
        recipe, image_id = SCRATCH, ""
    elif earlier is not None:
        recipe, image_id = earlier.recipe, earlier.image_id
    else:
        recipe, image_id = _base(build, name)
    build.stages.append(Stage(_alias(one) or str(len(build.stages)), recipe, image_id))
    if name == "scratch":
        build.say(" ---> \n")
    elif recipe.on_build:
        _triggers(build, recipe)
    else:
        build.say(f" ---> {_short(image_id)}\n")


def _base(build: Build, name: str) -> tuple[Recipe, str]:
    world, host = build.world, build.host
    try:
        image = images.find(world, host, name)
    except ApiError as error:
        if error.status != 404:
            raise
        for message in images.pull(world, host, name).messages:
            build.say((f"{message['id']}: " if "id" in message else "") + message["status"] + "\n")
        image = images.find(world, host, name)
    return images.recipe_of(world, image.id), image.id


def _triggers(build: Build, recipe: Recipe) -> None:
    count = len(recipe.on_build)
    build.say(f"# Executing {count} build trigger{'s' if count > 1 else ''}\n")
    build.stage.recipe = replace(recipe, on_build=())
    for text in recipe.on_build:
        _step(build, read_line(text, 1, Problems("line")))


def _argument(build: Build, one: Instruction) -> None:
    told = []
    for word in words_of(one):
        name, equals, default = word.partition("=")
        known = build.stage.values if build.stages else build.first
        value = expanded(unquoted(default), known) if equals else None
        if not equals and build.stages:
            value = build.first.get(name)
        if name in build.given:
            build.used.add(name)
            value = build.given[name]
        if value is not None:
            (build.stage.arguments if build.stages else build.first)[name] = value
        told.append(f"{name}={expanded(unquoted(default), known)}" if equals else name)
    if build.stages:
        _settled(build, build.stage.recipe, f" ARG {' '.join(told)}")


# -- steps that put files into the image ------------------------------------------------------------------------------


def _copy(build: Build, one: Instruction) -> None:
    stage = build.stage
    if one.flag("chmod"):
        raise ApiError("the --chmod option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn "
                       "how to build images with BuildKit enabled", 400)  # fmt: skip
    *given, target = [expanded(unquoted(word), stage.values) for word in words_of(one)]
    if one.name == "ADD" and any("://" in word for word in given):
        raise NotModelled("The lab has no way out to {url}.", "Write the file beside the Dockerfile, and COPY it.",
                          url=next(word for word in given if "://" in word))  # fmt: skip
    files, modes = _of_stage(build, one.flag("from")) if one.flag("from") else (build.files, build.modes)
    whole = posixpath.normpath(posixpath.join(stage.recipe.directory or "/", target))
    there = bool(stage.image_id) and containerfiles.has_directory(build.world, stage.image_id, whole)
    taken = sources.take(files, modes, given, target, stage.recipe.directory, there, one.name)
    if one.name == "ADD":
        taken = sources.unpacked(taken, whole)
    owner = expanded(one.flag("chown") or "", stage.values)
    whose = release_of(build.world).text("build chown", who=owner) if owner else ""
    told = f"{one.name} {whose}{taken.shown} in {target} "
    fresh = {path: text for path, text in taken.layer.files.items()
             if not (path.endswith("/") and _has(build, path.rstrip("/")))}  # fmt: skip
    if not _from_cache(build, f"/bin/sh -c #(nop) {told}"):
        owners = _owners_of(build, owner, fresh)
        _made(build, stage.recipe, Layer(fresh, modes=taken.layer.modes, owners=owners), f"/bin/sh -c #(nop) {told}")


def _owners_of(build: Build, wanted: str, paths: Iterable[str]) -> dict[str, tuple[int, int]]:
    """--chown=USER[:GROUP]; without a group the user's name or number stands for it, too (moby dockerfile)."""
    if not wanted:
        return {}
    name, _, group = wanted.partition(":")
    files = build.stage.recipe.content.files
    uid = accounts.id_in(files.get("/etc/passwd", tree.PASSWD), name)
    gid = accounts.id_in(files.get("/etc/group", tree.GROUP), group or name)
    if uid is None or gid is None:
        id_of, kind, who = ("uid", "user", name) if uid is None else ("gid", "group", group or name)
        raise ApiError(f"unable to convert uid/gid chown string to host mapping: can't find {id_of} for {kind} {who}: "
                       f"no such {kind}: {who}", 400)  # fmt: skip
    return {path.rstrip("/"): (uid, gid) for path in paths}


def _has(build: Build, path: str) -> bool:
    image = build.stage.image_id
    return bool(image) and containerfiles.has_directory(build.world, image, path)


def _of_stage(build: Build, name: str) -> tuple[sources.Files, Mapping[str, int]]:
    """The files of an earlier stage, or of an image, as far as the lab holds them."""
    found = next((s for n, s in enumerate(build.stages[:-1]) if name.lower() in (s.name, str(n))), None)
    recipe = found.recipe if found is not None else _base(build, name)[0]
    held = {path.lstrip("/"): text for path, text in recipe.content.files.items()}
    modes = {path.lstrip("/"): mode for path, mode in recipe.content.modes.items()}
    return held, modes


def _run(build: Build, one: Instruction) -> None:
    stage = build.stage
    words = as_list(one.text)
    argv = tuple(words) if words is not None else (*settings.shell_of(stage.recipe), one.text)
    known = settings.recipe_values(stage.recipe)
    arguments = {name: value for name, value in sorted(stage.arguments.items()) if name not in known}
    by = " ".join(argv)
    if arguments:
        by = f"|{len(arguments)} {' '.join(f'{n}={v}' for n, v in arguments.items())} {by}"
    if _from_cache(build, by):
        return
    layer = _in_container(build, argv, arguments)
    _made(build, stage.recipe, layer, by, said=False)


def _in_container(build: Build, argv: tuple[str, ...], arguments: Mapping[str, str]) -> Layer:
    """Run a command in a container of the image so far; what it left there. Raises Failed when it fails."""
    world, host = build.world, build.host
    if not build.stage.image_id:
        raise NotModelled("FROM scratch has nothing that RUN could start.", "Build on busybox or alpine.")
    config = ContainerConfig(image=build.stage.image_id, command=argv, entrypoint=(), attach=True,
                             env=tuple(f"{n}={v}" for n, v in arguments.items()))  # fmt: skip
    made = containers.create(world, host, config).id
    build.say(f" ---> Running in {made[:12]}\n")
    try:
        containers.start(world, host, made)
        code = containers.wait(world, host, made)
        for stream, text, _ in logs.read(world, host, made):
            for line in text.splitlines(keepends=True):
                build.say(line if stream == "stdout" else f"\x1b[91m{line}\x1b[0m")
        if code:
            raise Failed(f"The command '{' '.join(argv)}' returned a non-zero code: {code}", code)
        layer = containerfiles.own_layer(world, host, books.get(world, host, made))
        happenings.of_container(world, host, books.get(world, host, made), "commit", comment="", imageRef="")
    except ApiError:
        containers.remove(world, host, made, force=True, volumes=True)
        raise
    containers.remove(world, host, made, force=True, volumes=True)
    build.say(_removed(build, made[:12]))
    return layer


def _removed(build: Build, short_id: str) -> str:
    return release_of(build.world).text("build container removed", id=short_id) + "\n"


# -- images -----------------------------------------------------------------------------------------------------------


def _settled(build: Build, recipe: Recipe, told: str) -> None:
    """A step that changes settings; WORKDIR makes its directory."""
    by = f"/bin/sh -c #(nop) {told}"
    if _from_cache(build, by):
        return
    short = build.world.hex_id(f"container:{build.host}")[:12]
    build.say(f" ---> Running in {short}\n")
    build.say(_removed(build, short))
    path = recipe.directory if told.startswith("WORKDIR") else ""
    layer = Layer({path + "/": ""}) if path and path != "/" and not _has(build, path) else None
    _made(build, recipe, layer, by, said=False)


def _from_cache(build: Build, by: str) -> bool:
    """An image that was made from this one by the same step."""
    world, host, stage = build.world, build.host, build.stage
    if build.no_cache or not build.cache or not stage.image_id:
        return False
    for image in images.children(world, host, stage.image_id):
        recipe = images.recipe_of(world, image.id)
        if recipe.steps and recipe.steps[-1].by == by and not recipe.steps[-1].comment:
            stage.recipe, stage.image_id = recipe, image.id
            build.say(f" ---> Using cache\n ---> {_short(image.id)}\n")
            return True
    build.cache = False
    return False


def _made(build: Build, recipe: Recipe, layer: Layer | None, by: str, said: bool = True) -> None:
    """The image of this step."""
    world, stage = build.world, build.stage
    step = Step(world.clock, by, layer.size if layer else 0, empty=layer is None)
    made = sealed(replace(
        recipe, made_id="-", tags=(), present=(), env=recipe.environment, parent=stage.image_id, created=world.clock,
        made=(*recipe.made, layer) if layer else recipe.made, steps=(*stage.recipe.history, step),
    ))  # fmt: skip
    images.keep(world, build.host, made)
    stage.recipe, stage.image_id = made, made.id
    build.say(f" ---> {_short(made.id)}\n")


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]
