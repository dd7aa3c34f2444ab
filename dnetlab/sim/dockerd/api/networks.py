"""Networks: GET, POST and DELETE /networks."""

from __future__ import annotations

from typing import Any

from dnetlab.model.host import RESERVED
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import books, endpoints, happenings, inspect, networks, services, swarm
from dnetlab.sim.dockerd.api import filters as wanted
from dnetlab.sim.dockerd.api.create import attachment_of
from dnetlab.sim.dockerd.api.filters import Filters
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.ipam import PoolRequest
from dnetlab.sim.world import World

Json = dict[str, Any]


def network_list(world: World, host: str, filters: Filters | None = None) -> list[Json]:
    """GET /networks: as network_inspect, without the containers."""
    matches = wanted.network_matches(world, filters or {})
    return [inspect.network_summary(world, n) for n in world.hosts[host].networks if matches(n)]


def network_inspect(world: World, host: str, name: str, scope: str = "") -> Json:
    """GET /networks/{id}. scope: 'local', 'global' or 'swarm', where alone it is looked for; '' for everywhere.

    A manager knows bridge and host by ids of the swarm's too: nobody lists them, a service names them (moby
    daemon/server/router/network/network_routes.go getNetwork; observed on 20.10.24, 26.1.5, 28.5.2). ApiError 404.
    """
    own = world.hosts[host].network(name)
    if own is not None and scope in ("", own.scope):
        return inspect.network_json(world, host, name)
    always = services.predefined_network(world, host, name, by_name=scope == "swarm")
    if always is not None:
        return inspect.predefined_json(world, always)
    raise ApiError(f"network {name} not found", 404)


def network_create(world: World, host: str, body: Json) -> Json:
    """POST /networks/create: {'Id': …, 'Warning': ''}. Raises ApiError.

    body: Name, Driver, Scope, Internal, Attachable, EnableIPv4, EnableIPv6, IPAM, Options, Labels, ConfigOnly,
    ConfigFrom.
    """
    _check_modelled(body)
    ipam = body.get("IPAM") or {}
    if ipam.get("Driver") == "null":  # a pool of 0.0.0.0/0, which is none for a bridge (observed on 26.1 and 28.5)
        raise ApiError("ipv4 pool is empty", 400)
    pools = [PoolRequest(row.get("Subnet", ""), row.get("IPRange", ""), row.get("Gateway", ""),
                         row.get("AuxiliaryAddresses") or {}) for row in ipam.get("Config") or []]  # fmt: skip
    found = networks.create(
        world, host, body.get("Name", ""), driver=body.get("Driver", ""), pools=pools,
        internal=body.get("Internal", False), attachable=body.get("Attachable", False),
        ingress=bool(body.get("Ingress")), ipv4=body.get("EnableIPv4") is not False,
        ipv6=bool(body.get("EnableIPv6")), scope=body.get("Scope", ""),
        labels=body.get("Labels"), options=body.get("Options"), config_only=bool(body.get("ConfigOnly")),
        config_from=(body.get("ConfigFrom") or {}).get("Network", ""), ipam_options=ipam.get("Options"),
    )  # fmt: skip
    return {"Id": found, "Warning": ""}


def _check_modelled(body: Json) -> None:
    """Raises Refused for networks that the lab doesn't have."""
    ipam = body.get("IPAM") or {}
    on_bridge = body.get("Driver", "") in ("", "bridge") and not ipam.get("Config")
    if ipam.get("Driver", "default") not in ("", "default") and not (ipam.get("Driver") == "null" and on_bridge):
        raise Refused(
            "Other IPAM drivers are not simulated.", "Create the network with --subnet, --gateway, --ip-range and -o."
        )


def network_delete(world: World, host: str, name: str) -> None:
    """DELETE /networks/{id}. Raises ApiError 403 for a predefined one and one in use, 404."""
    network = books.find_network(world, host, name)
    if network.ingress:
        swarm.remove_ingress(world, host, network)
    else:
        networks.remove(world, host, name)


def network_connect(world: World, host: str, name: str, body: Json) -> None:
    """POST /networks/{id}/connect. body: Container, EndpointConfig. Raises ApiError."""
    asked = attachment_of(world, host, name, body.get("EndpointConfig") or {})
    endpoints.connect(world, host, name, body.get("Container", ""), asked)


def network_disconnect(world: World, host: str, name: str, body: Json) -> None:
    """POST /networks/{id}/disconnect. body: Container, Force. Raises ApiError."""
    networks.disconnect(world, host, name, body.get("Container", ""), force=body.get("Force", False))


def network_prune(world: World, host: str, filters: Filters | None = None) -> Json:
    """POST /networks/prune: those no running container is in; filters label, label!, until."""
    spared = wanted.spared_by_prune(world, filters or {})
    unused = [n for n in world.hosts[host].networks
              if n.name not in RESERVED and not networks.users_of(world, host, n) and not n.ingress
              and not n.config_only and not spared(n.created, n.labels)]  # fmt: skip
    gone = []
    for network in unused:
        try:
            networks.remove(world, host, network.id)
        except ApiError:
            if network.scope != "swarm":
                raise
        else:
            gone.append(network.name)
    happenings.of_prune(world, host, "network")
    return {"NetworksDeleted": gone or None}
