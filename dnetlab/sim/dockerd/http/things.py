"""/networks, /volumes, /images, and the daemon of itself"""

from __future__ import annotations

from dnetlab.model import Answer
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api.swarm import swarm_info
from dnetlab.sim.dockerd.http.asked import Asked, done

# -- networks ---------------------------------------------------------------------------------------------------------


def networks(a: Asked) -> Answer:
    return Answer(200, a.do(api.network_list, a.filters()))


def network(a: Asked) -> Answer:
    return Answer(200, a.do(api.network_inspect, a.name, scope=a.text("scope")))


def network_created(a: Asked) -> Answer:
    return Answer(201, a.do(api.network_create, a.wanted_body()))


def network_deleted(a: Asked) -> Answer:
    a.do(api.network_delete, a.name)
    return done()


def connected(a: Asked) -> Answer:
    a.do(api.network_connect, a.name, a.wanted_body())
    return done(200)


def disconnected(a: Asked) -> Answer:
    a.do(api.network_disconnect, a.name, a.wanted_body())
    return done(200)


def networks_pruned(a: Asked) -> Answer:
    return Answer(200, a.do(api.network_prune, a.filters()))


# -- volumes ----------------------------------------------------------------------------------------------------------


def volumes(a: Asked) -> Answer:
    return Answer(200, a.do(api.volume_list, a.filters()))


def volume(a: Asked) -> Answer:
    return Answer(200, a.do(api.volume_inspect, a.name))


def volume_created(a: Asked) -> Answer:
    return Answer(201, a.do(api.volume_create, a.body()))


def volume_deleted(a: Asked) -> Answer:
    a.do(api.volume_delete, a.name, a.flag("force"))
    return done()


def volumes_pruned(a: Asked) -> Answer:
    return Answer(200, a.do(api.volume_prune, a.filters()))


# -- images -----------------------------------------------------------------------------------------------------------


def images(a: Asked) -> Answer:
    return Answer(200, a.do(api.image_list, a.filters(), a.flag("manifests"), a.flag("all")))


def image(a: Asked) -> Answer:
    return Answer(200, a.do(api.image_inspect, a.name))


def image_tagged(a: Asked) -> Answer:
    a.do(api.image_tag, a.name, a.text("repo"), a.text("tag"))
    return done(201)


def image_pushed(a: Asked) -> Answer:
    return Answer(200, a.do(api.image_push, a.name, a.text("tag")), "lines")


def image_deleted(a: Asked) -> Answer:
    return Answer(200, a.do(api.image_delete, a.name, a.flag("force")))


def images_pruned(a: Asked) -> Answer:
    return Answer(200, a.do(api.image_prune, a.filters()))


# -- the daemon -------------------------------------------------------------------------------------------------------


def version(a: Asked) -> Answer:
    return Answer(200, a.do(api.system_version))


def info(a: Asked) -> Answer:
    return Answer(200, a.do(api.system_info))


def ping(a: Asked) -> Answer:
    """Its headers tell: moby api/server/router/system/system_routes.go."""
    state = a.do(swarm_info)
    swarm = state["LocalNodeState"]
    if swarm == "active":
        swarm += "/manager" if state["ControlAvailable"] else "/worker"
    headers = {"Builder-Version": "1", "Swarm": swarm, "Pragma": "no-cache",
               "Cache-Control": "no-cache, no-store, must-revalidate"}  # fmt: skip
    return Answer(200, "OK", "text", headers=headers)


ROUTES = {
    ("GET", "/networks"): networks,
    ("POST", "/networks/create"): network_created,
    ("POST", "/networks/prune"): networks_pruned,
    ("GET", "/networks/{name}"): network,
    ("DELETE", "/networks/{name}"): network_deleted,
    ("POST", "/networks/{name}/connect"): connected,
    ("POST", "/networks/{name}/disconnect"): disconnected,
    ("GET", "/volumes"): volumes,
    ("POST", "/volumes/create"): volume_created,
    ("POST", "/volumes/prune"): volumes_pruned,
    ("GET", "/volumes/{name}"): volume,
    ("DELETE", "/volumes/{name}"): volume_deleted,
    ("GET", "/images/json"): images,
    ("POST", "/images/prune"): images_pruned,
    ("GET", "/images/{name}/json"): image,
    ("POST", "/images/{name}/push"): image_pushed,
    ("POST", "/images/{name}/tag"): image_tagged,
    ("DELETE", "/images/{name}"): image_deleted,
    ("GET", "/_ping"): ping,
    ("HEAD", "/_ping"): ping,
    ("GET", "/version"): version,
    ("GET", "/info"): info,
}
