"""Images that are made in the lab: from a container, from an archive of files, from an archive of an image."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from dnetlab.model import Container, ContainerState, Image
from dnetlab.model.changed import replace
from dnetlab.sim import clock
from dnetlab.sim.dockerd import archive, books, containerfiles, containers, happenings, images
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.builder.settings import changed
from dnetlab.sim.dockerd.catalogue import Recipe
from dnetlab.sim.dockerd.errors import ApiError, NotModelled
from dnetlab.sim.dockerd.imagelayers import Layer, Step
from dnetlab.sim.userland.seam import encoded
from dnetlab.sim.world import World

Json = dict[str, Any]
_LISTS = ("tags", "command", "entrypoint", "env", "ports", "volumes", "programs", "layers", "on_build", "shell",
          "present")  # fmt: skip


def sealed(recipe: Recipe) -> Recipe:
    """The recipe with the id that follows from all that it says."""
    text = json.dumps(as_json(replace(recipe, made_id="", parent="")), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest[:12].isdecimal():  # as of containers, a short form is never a number
        digest = "a" + digest[1:]
    return replace(recipe, made_id=f"sha256:{digest}")


def as_json(recipe: Recipe) -> Json:
    found = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    made = [{"id": layer.id, "extra": layer.extra} for layer in recipe.made]
    steps = [asdict(step) for step in recipe.steps]
    health = [list(pair) for pair in recipe.health] if recipe.health is not None else None
    return {**found, "made": made, "steps": steps, "health": health, "labels": dict(recipe.labels)}


def from_json(text: Json, layers: tuple[Layer, ...]) -> Recipe:
    values = {**text, **{name: tuple(text[name]) for name in _LISTS}}
    values["made"], values["steps"] = layers, tuple(Step(**step) for step in text["steps"])
    values["health"] = tuple((k, v) for k, v in text["health"]) if text["health"] is not None else None
    return Recipe(**values)


# -- from a container ---------------------------------------------------------------------------------------------


def commit(
    world: World, host: str, name: str, tag: str = "", *, comment: str = "", author: str = "", pause: bool = True,
    lines: tuple[str, ...] = (), settings: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """`docker commit`: the id of the new image. Raises ApiError 404, 400."""
    container = books.find(world, host, name)
    reference = str(images.parse_reference(tag)) if tag else ""
    stops = pause and container.state is ContainerState.RUNNING
    if stops:
        containers.pause(world, host, container.id)
    recipe = _from_container(world, host, container, comment, author, settings or {})
    recipe = sealed(changed(recipe, list(lines)))
    if release_of(world).telling.image_created:
        happenings.of_image(world, host, recipe.id, "create")
    images.keep(world, host, recipe, reference)
    happenings.of_container(world, host, container, "commit", comment=comment, imageID=recipe.id, imageRef=reference)
    if stops:
        containers.unpause(world, host, container.id)
    return recipe.id


def _from_container(
    world: World, host: str, container: Container, comment: str, author: str, settings: Mapping[str, Any]
) -> Recipe:
    spec = books.spec(world, host, container.id)
    config, base = spec.config, images.recipe_of(world, spec.image_id)
    layer = containerfiles.own_layer(world, host, container)
    step = Step(world.clock, " ".join(config.argv), layer.size, comment, author)
    return replace(
        base, made_id="-", tags=(), present=(), made=(*base.made, layer), parent=base.id, created=world.clock,
        steps=(*base.history, step), comment=comment, author=author,
        command=tuple(settings.get("Cmd") or config.command or ()), entrypoint=config.entrypoint or (),
        env=tuple(settings.get("Env") or config.env), ports=tuple(sorted(config.expose)), labels=dict(config.labels),
        directory=config.working_dir, user=config.user, stop_signal=config.stop_signal,
        volumes=tuple(m.destination for m in config.mounts if m.kind == "volume" and len(m.source) == 64),
    )  # fmt: skip


# -- from archives of files ---------------------------------------------------------------------------------------


def import_files(
    world: World, host: str, content: bytes, tag: str = "", *, message: str = "", lines: tuple[str, ...] = ()
) -> str:
    """`docker import`: the id of an image of these files. What tools are inside is known of an export of the lab."""
    layer, told = archive.unpacked_layer(content)
    reference = str(images.parse_reference(tag)) if tag else ""
    layer = replace(layer, extra=int(told.get("dnetlab.size", "0")))
    step = Step(world.clock, "", layer.size, message)
    recipe = Recipe(
        told.get("dnetlab.key", "imported"), (), (), env=(), layers=(), userland=told.get("dnetlab.userland", "none"),
        programs=tuple(told.get("dnetlab.programs", "").split()), created=world.clock, made=(layer,), made_id="-",
        steps=(step,), comment=message,
    )  # fmt: skip
    recipe = sealed(changed(recipe, list(lines)))
    images.keep(world, host, recipe, reference)
    happenings.of_image(world, host, recipe.id, "import")
    return recipe.id


# -- from and to archives of images -------------------------------------------------------------------------------


def save(world: World, host: str, names: list[str]) -> bytes:
    """`docker save`: an archive of these images. Layers of the lab's own images are named in it, not stored.

    Raises ApiError 404 for an unknown one.
    """
    chosen: dict[str, tuple[Image, list[str]]] = {}
    for name in names:
        image = _wanted(world, host, name)
        tags = [str(images.parse_reference(name))] if not images.is_prefix_of(name, image) else []
        found = chosen.setdefault(image.id, (image, []))
        found[1].extend(tag for tag in tags if tag not in found[1])
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        rows = [_put_image(world, tar, image, tags) for image, tags in chosen.values()]
        _put(tar, "manifest.json", json.dumps(rows).encode())
        _put(tar, "repositories", json.dumps(_repositories(rows)).encode())
    for image, _ in chosen.values():
        happenings.of_image(world, host, image.id, "save")
    return out.getvalue()


def _wanted(world: World, host: str, name: str) -> Image:
    try:
        return images.find(world, host, name)
    except ApiError as error:
        if error.status != 404:
            raise
        bare = ":" not in name.rpartition("/")[2]  # looked for among the ids, too (image/tarexport/save.go)
        raise ApiError(f"No such image: {name}" if bare else "reference does not exist", 404) from None


def _put_image(world: World, tar: tarfile.TarFile, image: Image, tags: list[str]) -> Json:
    recipe = images.recipe_of(world, image.id)
    bare, names = image.id.removeprefix("sha256:"), []
    below = len(recipe.layers)
    for number, layer_id in enumerate(recipe.layer_ids):
        names.append(f"{layer_id.removeprefix('sha256:')}/layer.tar")
        layer = recipe.made[number - below] if number >= below else Layer()
        _put(tar, names[-1], archive.packed_layer(layer) if not layer.gone else _with_gone(layer))
    told = {"architecture": "amd64", "os": "linux", "created": clock.rfc3339(recipe.created),
            "rootfs": {"type": "layers", "diff_ids": list(recipe.layer_ids)}, "dnetlab": as_json(recipe)}  # fmt: skip
    _put(tar, f"{bare}.json", json.dumps(told).encode())
    return {"Config": f"{bare}.json", "RepoTags": tags, "Layers": names}


def _with_gone(layer: Layer) -> bytes:
    marks = {f"{path.rpartition('/')[0]}/.wh.{path.rpartition('/')[2]}": "" for path in layer.gone}
    return archive.packed_layer(replace(layer, files={**layer.files, **marks}))


def _put(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _repositories(rows: list[Json]) -> Json:
    found: Json = {}
    for row in rows:
        for tag in row["RepoTags"]:
            repository, _, label = tag.rpartition(":")
            found.setdefault(repository, {})[label] = row["Config"].removesuffix(".json")
    return found


_UNPACKED = "/var/lib/docker/tmp/docker-import-4198093931"  # where an engine unpacks what it loads


def load(world: World, host: str, content: bytes) -> list[str]:
    """`docker load`: what it says, 'Loaded image: NAME:TAG' or 'Loaded image ID: sha256:…' for each."""
    entries = {entry.name: text for entry, text in archive.read(content) if entry.isreg()}
    if "manifest.json" not in entries:
        folders = sorted(name.partition("/")[0] for name in entries if "/" in name)  # the format of before 1.10
        wanted = f"{folders[0]}/json" if folders else "repositories"
        raise ApiError(f"open {_UNPACKED}/{wanted}: no such file or directory")  # observed on 28.5.2
    said = []
    for row in json.loads(entries["manifest.json"]):
        told = json.loads(entries[row["Config"]]).get("dnetlab")
        if told is None:
            raise NotModelled("The lab can't look into this image.", "It loads what docker save wrote in a lab.")
        names = row["Layers"][len(told["layers"]) :]
        made = tuple(_layer_of(encoded(entries[name]), one["extra"])
                     for name, one in zip(names, told["made"], strict=True))  # fmt: skip
        said += _keep_loaded(world, host, replace(from_json(told, made), parent=""), row["RepoTags"] or [])
    return said


def _layer_of(content: bytes, extra: int) -> Layer:
    layer, _ = archive.unpacked_layer(content)
    return replace(layer, extra=extra)


def _keep_loaded(world: World, host: str, recipe: Recipe, tags: list[str]) -> list[str]:
    for tag in tags or [""]:
        images.place(world, host, recipe, tag)
    happenings.of_image(world, host, recipe.id, "load")
    return [f"Loaded image: {tag}" for tag in tags] or [f"Loaded image ID: {recipe.id}"]

