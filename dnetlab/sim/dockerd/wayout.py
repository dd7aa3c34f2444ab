"""A container's ways out: which endpoints give its default routes, and what is published through which of them.

A default route and published ports belong together, for each family. Up to 27 one endpoint is elected for both; 28
elects one with both families, if there is any, else one for each family; 29 elects for each family apart, and opens
the ports of routed networks whoever is elected (moby daemon/libnetwork: default_gateway.go getGatewayEndpoint,
drivers/bridge/bridge_linux.go ProgramExternalConnectivity).
"""

from __future__ import annotations

from collections.abc import Iterable

from dnetlab.model import Container, Endpoint, Network, PortBinding, Where
from dnetlab.model.changed import replace
from dnetlab.model.layers import with_item, without_item
from dnetlab.net.endpoints_order import by_gateway
from dnetlab.sim.dockerd import books, gwbridge, sandbox
from dnetlab.sim.dockerd.books import Part, change_daemon, daemon, release_of
from dnetlab.sim.dockerd.config import NetworkAttachment
from dnetlab.sim.dockerd.drivers.table import driver_of
from dnetlab.sim.profiles import EngineProfile
from dnetlab.sim.world import World

ALL, NONE = Part(True, True), Part(False, False)


def attachment_of(world: World, host: str, container: Container, endpoint: Endpoint) -> NetworkAttachment:
    """What was asked of this endpoint, at `run` or by `network connect`."""
    later = daemon(world, host).attachments.get((container.id, endpoint.network))
    if later is not None:
        return later
    config = daemon(world, host).containers[container.id].config
    first = next((a for a in config.networks if a.name == endpoint.network), None)
    return first or NetworkAttachment(endpoint.network, endpoint.configured_address, endpoint.aliases,
                                      address6=endpoint.configured_address6)  # fmt: skip


# -- who is elected -------------------------------------------------------------------------------------------------


def _in_order(world: World, host: str, container: Container) -> list[Endpoint]:
    """The live endpoints, the best way out first; that in docker_gwbridge stands in front of all."""
    live = [e for e in container.endpoints if e.endpoint_id and e.is_placed]
    internal = {n.id for n in world.hosts[host].networks if n.internal}
    ordered = by_gateway(
        live,
        lambda e: e.network_id in internal,
        lambda e: attachment_of(world, host, container, e).gw_priority,
        families=release_of(world).elects_families,
    )
    outside = daemon(world, host).gateways.get(container.id)
    return [outside, *ordered] if outside is not None else ordered


def gateway_endpoint(world: World, host: str, container: Container) -> Endpoint | None:
    """The live endpoint that gives the IPv4 default route and carries the published ports."""
    return _elected(world, host, _in_order(world, host, container))[0]


def _elected(world: World, host: str, ordered: list[Endpoint]) -> tuple[Endpoint | None, Endpoint | None]:
    """The endpoints of the IPv4 and of the IPv6 default route. Where none has an IPv4 gateway the first one stays."""
    release, best = release_of(world), ordered[0] if ordered else None
    ways6 = (e for e in ordered if e.address6 is not None)
    six = next((e for e in ways6 if e.gateway6 is not None or _leads_by_link(world, host, e)), None)
    if not release.elects_families:
        return best, six
    both = next((e for e in ordered if e.gateway is not None and e.gateway6 is not None), None)
    if both is not None and release.elects_families == "both first":
        return both, both
    return next((e for e in ordered if e.gateway is not None or _leads_by_link(world, host, e)), best), six


def _leads_by_link(world: World, host: str, endpoint: Endpoint) -> bool:
    network = books.network_by_id(world, host, endpoint.network_id)
    return network is not None and driver_of(network).leads_by_link(network)


def _parts(
    release: EngineProfile, ordered: list[Endpoint], four: Endpoint | None, six: Endpoint | None
) -> dict[str, Part]:
    """endpoint id -> what it publishes, of those endpoints that publish anything."""
    families = release.elects_families
    if not families:
        return {four.endpoint_id: ALL} if four is not None else {}
    meant = {e.endpoint_id: Part(e is four, e is six or (six is None and e is four)) for e in ordered}
    return {one: part for one, part in meant.items() if part != NONE or families == "each"}


# -- to and fro -----------------------------------------------------------------------------------------------------


def settle(world: World, host: str, container_id: str) -> None:
    """Elect again; the default routes and the published ports follow. ApiError when a port can't be had."""
    container = books.get(world, host, container_id)
    needed, outside = gwbridge.is_needed(world, host, container), daemon(world, host).gateways.get(container_id)
    if needed:
        gwbridge.open_gateway(world, host, container)
    elif outside is not None:  # another network leads out now
        withdraw(world, host, container, outside)
        gwbridge.close_gateway(world, host, container)
    container = books.get(world, host, container_id)
    ordered = _in_order(world, host, container)
    four, six = _elected(world, host, ordered)
    _lead(world, host, container, four, six)
    parts = _parts(release_of(world), ordered, four, six)
    for endpoint in _all(world, host, container):
        _shrink(world, host, container, endpoint, parts.get(endpoint.endpoint_id, NONE))
    for endpoint in _all(world, host, container):
        if endpoint.endpoint_id in parts:
            _grow(world, host, container_id, endpoint, parts[endpoint.endpoint_id])


def _lead(world: World, host: str, container: Container, four: Endpoint | None, six: Endpoint | None) -> None:
    where = Where(host, container.namespace or "")
    sandbox.default_route(world, where, four, four is not None and _leads_by_link(world, host, four))
    sandbox.default_route6(world, where, six, six is not None and _leads_by_link(world, host, six))


def _all(world: World, host: str, container: Container) -> list[Endpoint]:
    """Its live endpoints, that in docker_gwbridge included."""
    outside = daemon(world, host).gateways.get(container.id)
    live = [e for e in container.endpoints if e.endpoint_id and e.is_placed]
    return [outside, *live] if outside is not None else live


def _shrink(world: World, host: str, container: Container, endpoint: Endpoint, part: Part) -> None:
    """Take back what the endpoint is no longer to publish. Where both families are elected together all of it goes."""
    now = daemon(world, host).published.get(endpoint.endpoint_id)
    if now is None or now[0] == part:
        return
    if release_of(world).elects_families != "each":
        withdraw(world, host, container, endpoint)
        return
    network = books.network_by_id(world, host, endpoint.network_id)
    assert network is not None
    kept = Part(now[0].four and part.four, now[0].six and part.six)
    gone = tuple(b for b in now[1] if b.host_port and not kept.has(b.host_ip.version))
    driver_of(network).withdraw(world, host, endpoint, network, gone)
    _note(world, host, container.id, endpoint, (kept, tuple(b for b in now[1] if b not in gone)))


def _grow(world: World, host: str, container_id: str, endpoint: Endpoint, part: Part) -> None:
    """Publish what the endpoint doesn't publish yet."""
    now = daemon(world, host).published.get(endpoint.endpoint_id)
    network = books.network_by_id(world, host, endpoint.network_id)
    if network is None or (now is not None and now[0] == part):
        return
    had = now or (NONE, ())
    more = Part(part.four and not had[0].four, part.six and not had[0].six)
    routed = now is None
    bound = driver_of(network).publish(world, host, books.get(world, host, container_id), endpoint, network,
                                       more, routed)  # fmt: skip
    _note(world, host, container_id, endpoint, (part, (*had[1], *bound)))


def _note(
    world: World, host: str, container_id: str, endpoint: Endpoint, now: tuple[Part, tuple[PortBinding, ...]] | None
) -> None:
    """Write down what an endpoint publishes, and what its container does with it."""
    book, one = daemon(world, host).published, endpoint.endpoint_id
    change_daemon(world, host, published=with_item(book, one, now) if now is not None else without_item(book, one))
    container = books.get(world, host, container_id)
    ports = _in_request_order(b for e in _all(world, host, container) for b in _bound(world, host, e))
    if ports != container.ports:
        books.put(world, host, replace(container, ports=ports))


def _bound(world: World, host: str, endpoint: Endpoint) -> tuple[PortBinding, ...]:
    return daemon(world, host).published.get(endpoint.endpoint_id, (NONE, ()))[1]


def _in_request_order(bindings: Iterable[PortBinding]) -> tuple[PortBinding, ...]:
    """What several endpoints publish of the same port stands together, IPv4 first."""
    rows = list(dict.fromkeys(bindings))
    if len(rows) < 2:
        return tuple(rows)
    first: dict[tuple[int, object], int] = {}
    for place, binding in enumerate(rows):
        first.setdefault((binding.container_port, binding.protocol), place)
    known = {b: place for place, b in enumerate(rows)}
    return tuple(sorted(rows, key=lambda b: (first[b.container_port, b.protocol], known[b])))


def withdraw(world: World, host: str, container: Container, endpoint: Endpoint) -> None:
    """Take back all that one endpoint publishes; nothing when it publishes nothing."""
    network: Network | None = books.network_by_id(world, host, endpoint.network_id)
    bound = _bound(world, host, endpoint)
    if network is not None and bound:
        driver_of(network).withdraw(world, host, endpoint, network, bound)
    if endpoint.endpoint_id in daemon(world, host).published:
        _note(world, host, container.id, endpoint, None)


def withdraw_all(world: World, host: str, container: Container) -> None:
    """Take back all that a container publishes."""
    for endpoint in _all(world, host, container):
        withdraw(world, host, container, endpoint)
