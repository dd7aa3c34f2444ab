"""A daemon and the registries that are named in images' names: who answers there, what is pushed to it and pulled.

Recorded from 20.10.24, 26.1.5 and 28.5.2 with distribution 2.8.2; the words of 29 are those of its source
(daemon/containerd/image_push.go, and of containerd's remotes/docker).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from dnetlab.commands.docker.reference import Reference
from dnetlab.model.ip import IpAddress
from dnetlab.sim import processes
from dnetlab.sim.context import Context
from dnetlab.sim.dockerd import books, happenings, hub, images, resolver
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.catalogue import Recipe
from dnetlab.sim.dockerd.errors import ApiError, NotModelled
from dnetlab.sim.programs import registryfiles
from dnetlab.sim.tools import lookup, web, wire
from dnetlab.sim.world import World

PATIENCE = 15.0  # seconds that the daemon's client waits for an answer (registry/registry.go)
RETRIES = (5, 10, 15, 20)
_HEAD, _EACH = 316, 204  # bytes of a manifest: what it always says, and what it says of a layer beside its size
_LEAST, _PACKED = 100, 0.51  # what an archive of a layer takes: at least, and of the bytes in it
_LOOPBACK = ip_network("127.0.0.0/8")


@dataclass(frozen=True)
class Registry:
    """The container whose program answered as a registry does."""

    host: str
    container: str


class NoRegistry(Exception):
    """A web server answered, but no registry; the text is its page."""


# -- who is there -----------------------------------------------------------------------------------------------------


def is_secure(world: World, host: str, domain: str, addresses: tuple[IpAddress, ...]) -> bool:
    """Does the daemon want TLS of it? Not of this machine, nor of what daemon.json calls insecure
    (registry/config.go, isSecureIndex)."""
    listed = books.daemon(world, host).config.insecure_registries
    networks = [_LOOPBACK, *(ip_network(one) for one in listed if "/" in one)]
    near = any(a in network for network in networks for a in addresses if a.version == network.version)
    return not near and domain not in listed


def find(world: World, host: str, reference: Reference, asks: str) -> Registry:
    """The registry of an image's name. Raises ApiError in the daemon's words when there is none, NotModelled for one
    of the world outside, NoRegistry for a web server that is none.

    asks: what is asked of it first, 'manifests/latest' for a pull, 'blobs/sha256:…' for a push: newer releases name it.
    """
    name, _, port = reference.domain.partition(":")
    context = Context(world, host)
    found = lookup.find(context, name)
    secure = found is None or is_secure(world, host, reference.domain, found.addresses)
    scheme, number = "https" if secure else "http", int(port) if port.isdecimal() else 443 if secure else 80
    if found is None:
        there: Registry | str = _unknown(world, host, name)
    elif isinstance(answer := _connected(context, found.addresses, number), str):
        there = answer
    elif secure:
        wire.hang_up(context, answer)
        there = "http: server gave HTTP response to HTTPS client"
    else:
        there = _asked(context, answer, web.Url("http", name, number, "/v2/", explicit_port=True))
    if isinstance(there, Registry):
        return there
    raise ApiError(release_of(world).text(
        "pull failed" if asks.startswith("manifests/") else "push failed", scheme=scheme, domain=reference.domain,
        full=reference.full, path=f"{reference.repository.partition('/')[2]}/{asks}", problem=there,
    ))  # fmt: skip


def _unknown(world: World, host: str, name: str) -> str:
    """What Go's resolver says of a name without a dot, which nobody outside has. NotModelled for one of the world."""
    server = next(iter(resolver.servers_of(world, host, None)), None)
    if "." in name or not name or server is None:
        raise NotModelled(
            "{domain} can't be reached from the lab.",
            "docker run -d -p 5000:5000 registry:2 starts a registry of your own; localhost:5000/NAME is an image in "
            "it.",
            domain=name or "Docker Hub",
        )
    return f"dial tcp: lookup {name} on {server}:53: dial udp {server}:53: connect: network is unreachable"


def _connected(context: Context, addresses: tuple[IpAddress, ...], port: int) -> wire.Attempt | str:
    """The connection to the first address that takes one; else why the first did not, in Go's words."""
    problems = []
    for address in addresses:
        answer = wire.connect(context, address, port, PATIENCE)
        if answer.fate is wire.Fate.ANSWERED:
            return answer
        context.world.clock += min(answer.seconds, PATIENCE)
        if answer.fate is wire.Fate.SILENCE:
            return release_of(context.world).text("registry silent")
        shown = f"[{address}]" if address.version == 6 else str(address)
        way = "read" if answer.fate is wire.Fate.RESET else "connect"
        problems.append(f"dial tcp {shown}:{port}: {way}: {answer.fate.value.lower()}")
    return problems[0]


def _asked(context: Context, answer: wire.Attempt, url: web.Url) -> Registry | str:
    """Who answers; or why it is no registry."""
    world = context.world
    agent = f"docker/{release_of(world).version}"
    words = web.asked([f"GET {url.path} HTTP/1.1", f"Host: {url.host_header}", f"User-Agent: {agent}"])
    server, _ = web.program(answer)
    try:
        reply = web.request(context, answer, url, web.Question("GET", agent, words), PATIENCE)
    except wire.Silent:
        world.clock += PATIENCE
        return release_of(world).text("registry paused")
    except ConnectionResetError:
        return "EOF"
    process = processes.find(world, server.where.host, server.pid) if server.pid is not None else None
    if reply is None or process is None:
        return "EOF"
    if not reply.header("Docker-Distribution-Api-Version"):
        raise NoRegistry(reply.body)
    return Registry(server.where.host, process.container or "")


# -- push -------------------------------------------------------------------------------------------------------------


def push(world: World, host: str, text: str, every: bool = False) -> list[dict[str, str]]:
    """`docker push`: the daemon's messages; the last has 'error' when it failed. every: all tags of the repository."""
    reference = images.parse_reference(text)
    bare = reference.full.rpartition(":")[0]
    said = [{"status": f"The push refers to repository [{bare}]"}]
    try:
        for one, recipe in _chosen(world, host, reference, every):
            said += _pushed(world, host, one, recipe)
        told = reference.repository if every else str(reference)
        happenings.of_image(world, host, told, "push", reference.repository)
    except NotModelled:
        raise
    except NoRegistry as other:
        said += _tried_again(world, host, reference) + [{"error": f"unknown: {other}"}]
    except ApiError as error:
        said.append({"error": error.message})
    return said


def _tried_again(world: World, host: str, reference: Reference) -> list[dict[str, str]]:
    """Four times more, later and later (distribution/xfer/upload.go; observed on 26.1.5 and 28.5.2 with an nginx)."""
    image = images.find(world, host, str(reference))
    layers = [{"id": one[7:19]} for one in _layers(images.recipe_of(world, image.id))]
    said = [{"status": "Preparing", **one} for one in layers]
    for seconds in (left for most in RETRIES for left in range(most, 0, -1)):
        status = f"Retrying in {seconds} second{'s' if seconds > 1 else ''}"
        said += [{"status": status, **one} for one in layers]
    world.clock += sum(RETRIES)
    return said


def _layers(recipe: Recipe) -> list[str]:
    """The ids of the layers of an image, that on top first."""
    return list(dict.fromkeys(reversed(recipe.layer_ids)))


def _chosen(world: World, host: str, reference: Reference, every: bool) -> list[tuple[Reference, Recipe]]:
    """The names to push, with their images."""
    mine = {tag: image for image in world.hosts[host].images for tag in image.tags
            if tag.rpartition(":")[0] == reference.repository}  # fmt: skip
    wanted = sorted(mine) if every else [str(reference)]
    if not mine and (every or not release_of(world).image_store):
        raise ApiError(f"An image does not exist locally with the tag: {reference.repository}", 404)
    if not every and str(reference) not in mine:
        raise ApiError(f"tag does not exist: {reference}", 404)
    return [(images.parse_reference(tag), images.recipe_of(world, mine[tag].id)) for tag in wanted]


def _pushed(world: World, host: str, reference: Reference, recipe: Recipe) -> list[dict[str, str]]:
    layers = _layers(recipe)
    there = find(world, host, reference, f"blobs/{layers[0]}")
    name = reference.repository.partition("/")[2]
    has = {one: registryfiles.layers(world, there.host, there.container, one)
           for one in registryfiles.shelf(world, there.host, there.container)}  # fmt: skip
    said = [] if release_of(world).image_store else [{"status": "Preparing", "id": one[7:19]} for one in layers]
    for one in layers:
        other = next((repository for repository, ids in has.items() if one in ids), None)
        status = "Layer already exists" if one in has.get(name, ()) else f"Mounted from {other}" if other else "Pushed"
        said.append({"status": status, "id": one[7:19]})
    digest = images.digest_of(world, recipe)
    registryfiles.put(world, there.host, there.container, name, reference.tag, digest, layers)
    images.note_digest(world, host, reference, digest)
    size = _HEAD + sum(_EACH + len(str(max(_LEAST, int(room * _PACKED)))) for room in recipe.layer_sizes)
    return [*said, {"status": f"{reference.tag}: digest: {digest} size: {size}"}]


# -- pull -------------------------------------------------------------------------------------------------------------


def pull(world: World, host: str, text: str) -> list[dict[str, str]]:
    """`docker pull` of an image whose name begins with a registry's. Raises ApiError."""
    reference = images.parse_reference(text)
    try:
        there = find(world, host, reference, f"manifests/{reference.digest or reference.tag}")
    except NoRegistry as other:
        raise ApiError(f"unknown: {str(other).rstrip()}") from None
    except NotModelled:
        hub.refuse(reference, ())
        raise
    name = reference.repository.partition("/")[2]
    tags = registryfiles.shelf(world, there.host, there.container).get(name, {})
    digest = tags.get(reference.tag) or next((one for one in tags.values() if one == reference.digest), None)
    recipe = images.of_digest(world, digest) if digest else None
    if recipe is None:
        raise ApiError(release_of(world).text("manifest unknown", reference=str(reference), full=reference.full), 404)
    return list(images.downloaded(world, host, reference, recipe, name).messages)
