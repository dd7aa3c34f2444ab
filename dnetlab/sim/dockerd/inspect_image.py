"""`docker image inspect`: an image as the Engine API writes it, keys in its order.

Observed on 20.10.24, 26.1.5 and 28.5.2 with client 28.2; 29 as recorded (moby api/types).
"""

from __future__ import annotations

from typing import Any

from dnetlab.model import Image
from dnetlab.sim.clock import moment, rfc3339
from dnetlab.sim.dockerd import images
from dnetlab.sim.dockerd.catalogue import BUILT, Recipe
from dnetlab.sim.dockerd.inspect import OVERLAYS, digest_of, documents_of, manifest, picked
from dnetlab.sim.profiles import Documents
from dnetlab.sim.world import World

Json = dict[str, Any]


def image_json(world: World, host: str, reference: str) -> Json:
    """An image. Raises ApiError 404 `No such image: …`."""
    image = images.find(world, host, reference)
    recipe = images.recipe_of(world, image.id)
    documents = documents_of(world)
    found: Json = {
        "Id": image.id, "RepoTags": sorted(image.tags), "RepoDigests": images.digests(world, host, image),
        "Parent": recipe.parent, "Comment": recipe.comment,
        "Created": _created(image), "Container": "", "ContainerConfig": _long_config(),
        "DockerVersion": "", "Author": recipe.author, "Architecture": "amd64", "Os": "linux",
        "Size": images.room_of(world, image.id).size, "Config": _config_of_image(recipe, documents),
        "VirtualSize": image.size, "GraphDriver": _image_graph(recipe.layer_ids),
        "RootFS": {"Type": "layers", "Layers": list(recipe.layer_ids)},
        "Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"},
        "Descriptor": {key: value for key, value in manifest(image.id, reference).items() if key != "platform"},
    }  # fmt: skip
    return picked(found, documents.image)


def _created(image: Image) -> str:
    if image.created == BUILT:
        return f"{moment(image.created):%Y-%m-%dT%H:%M:%S}Z"
    return rfc3339(image.created, image.id)


def _config_of_image(recipe: Recipe, documents: Documents) -> Json:
    if not documents.image_config_short:
        return _long_config(recipe)
    found = _short_config(recipe)
    return found if documents.on_build else {key: value for key, value in found.items() if value}


def _image_graph(layers: tuple[str, ...]) -> Json:
    places = [f"{OVERLAYS}/{digest_of('cache:' + layer)}" for layer in layers]
    lower = {"LowerDir": ":".join(f"{place}/diff" for place in reversed(places[:-1]))} if len(places) > 1 else {}
    top = places[-1]
    return {"Data": {**lower, "MergedDir": f"{top}/merged", "UpperDir": f"{top}/diff", "WorkDir": f"{top}/work"},
            "Name": "overlay2"}  # fmt: skip


def _long_config(recipe: Recipe | None = None) -> Json:
    """`.Config` as the daemon writes it up to 27; of nothing: the empty `.ContainerConfig`."""
    found: Json = {"Hostname": "", "Domainname": "", "User": recipe.user if recipe else "", "AttachStdin": False,
                   "AttachStdout": False, "AttachStderr": False}  # fmt: skip
    if recipe is not None and recipe.ports:
        found["ExposedPorts"] = {port: {} for port in recipe.ports}
    found |= {
        "Tty": False, "OpenStdin": False, "StdinOnce": False,
        "Env": list(recipe.environment) if recipe else None,
        "Cmd": list(recipe.command) if recipe else None,
        "Image": "",
        "Volumes": {v: {} for v in recipe.volumes} or None if recipe else None,
        "WorkingDir": recipe.directory if recipe else "",
        "Entrypoint": list(recipe.entrypoint) or None if recipe else None,
        "OnBuild": list(recipe.on_build) or None if recipe else None,
        "Labels": dict(sorted(recipe.labels.items())) or None if recipe else None,
    }  # fmt: skip
    return found | _rare(recipe) if recipe else found


def _rare(recipe: Recipe) -> Json:
    """What stands there only when an image says it."""
    found: Json = {"StopSignal": recipe.stop_signal, "Shell": list(recipe.shell),
                   "Healthcheck": dict(recipe.health or ())}  # fmt: skip
    return {key: value for key, value in found.items() if value}


def _short_config(recipe: Recipe) -> Json:
    """`.Config` since 28: sorted, without what only containers have."""
    found: Json = {"Cmd": list(recipe.command), "Entrypoint": list(recipe.entrypoint) or None,
                   "Env": list(recipe.environment)}  # fmt: skip
    if recipe.ports:
        found["ExposedPorts"] = {port: {} for port in recipe.ports}
    found |= {"Labels": dict(sorted(recipe.labels.items())) or None, "OnBuild": list(recipe.on_build) or None}
    rare = _rare(recipe)
    if "Healthcheck" in rare:
        found["Healthcheck"] = rare.pop("Healthcheck")
    return found | rare | {"User": recipe.user, "Volumes": {v: {} for v in recipe.volumes} or None,
                           "WorkingDir": recipe.directory}  # fmt: skip
