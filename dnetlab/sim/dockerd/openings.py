"""`--link` on a default bridge whose containers may not talk to each other (icc is false): the ports it opens.

The bridge driver lets the linking container ask the ports that the other one exposes. It remembers which endpoints
were meant, not which containers: of an endpoint that has gone since, it takes no rule away (moby
drivers/bridge/bridge_linux.go link; observed on 20.10.24, 26.1.5, 28.5.2: tests/recordings/*/links_without_icc.dnet).
"""

from __future__ import annotations

from dnetlab.model import Container, Endpoint
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim.dockerd import hostsfile
from dnetlab.sim.dockerd.books import change_daemon, change_spec, daemon, find, name_of_link, release_of, spec
from dnetlab.sim.dockerd.drivers import options
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import NetworkConfig, firewaller
from dnetlab.sim.world import World


def open_links(world: World, host: str, container: Container) -> None:
    """A container that links has its endpoint in the default bridge: it may ask those it links to."""
    own, network = container.endpoint("bridge"), _closed_bridge(world, host)
    if own is None or own.address is None or network is None:
        return
    meant = [(other, end) for other in _linked(world, host, container) if (end := _live(other)) is not None]
    for other, end in meant:
        assert end.address is not None
        firewaller(world, host).add_link(network, own.address, end.address, _exposed(world, host, other))
    if meant:
        kept = {**daemon(world, host).openings, own.endpoint_id: tuple(end.endpoint_id for _, end in meant)}
        change_daemon(world, host, openings=kept)


def close_links(world: World, host: str, own: Endpoint) -> None:
    """Its endpoint goes, and with it what was opened, up to the first endpoint that isn't there any more."""
    meant = daemon(world, host).openings.get(own.endpoint_id, ())
    network = _closed_bridge(world, host)
    if not meant or network is None or own.address is None:
        return
    rest = {one: ends for one, ends in daemon(world, host).openings.items() if one != own.endpoint_id}
    change_daemon(world, host, openings=rest)
    for endpoint_id in meant:
        found = _by_endpoint(world, host, endpoint_id)
        if found is None:
            return
        other, address = found
        firewaller(world, host).remove_link(network, own.address, address, _exposed(world, host, other))


def remove_link(world: World, host: str, name: str) -> None:
    """`docker rm --link ONE/ALIAS`: the one no longer links (moby daemon/delete.go rmLink). Its /etc/hosts and what was
    opened for it go. ApiError for a container, and for what is no link."""
    one, _, alias = name.strip("/").partition("/")
    container = world.hosts[host].container(one)
    links = spec(world, host, container.id).config.links if container is not None else ()
    gone = [row for row in links if alias and _name_of(world, host, row) == alias]
    if container is None or not gone:
        find(world, host, name)
        raise ApiError("Conflict, cannot remove the default link name of the container")
    for row in gone:
        _forget(world, host, container, row)


def _name_of(world: World, host: str, link: tuple[str, str]) -> str:
    other, alias = link
    return alias or name_of_link(world, host, other)


def _forget(world: World, host: str, container: Container, link: tuple[str, str]) -> None:
    config = spec(world, host, container.id).config
    one = replace(config, links=(link,))
    for address, names in hostsfile.link_lines(world, host, one):
        hostsfile.drop_line(world, host, container.id, address, names)
    change_spec(world, host, container.id, config=replace(config, links=tuple(r for r in config.links if r != link)))
    _close(world, host, container, world.hosts[host].container(link[0]))


def _close(world: World, host: str, container: Container, other: Container | None) -> None:
    own, network, end = _live(container), _closed_bridge(world, host), _live(other) if other is not None else None
    if other is None or end is None or end.address is None or own is None or own.address is None or network is None:
        return
    firewaller(world, host).remove_link(network, own.address, end.address, _exposed(world, host, other))
    left = tuple(one for one in daemon(world, host).openings.get(own.endpoint_id, ()) if one != end.endpoint_id)
    change_daemon(world, host, openings={**daemon(world, host).openings, own.endpoint_id: left})


def _closed_bridge(world: World, host: str) -> NetworkConfig | None:
    """The default bridge as the IPv4 firewall sees it, when its containers may not talk to each other."""
    network = world.hosts[host].network("bridge")
    if network is None or options.flag(network.options, "enable_icc"):
        return None
    return next(iter(options.firewall_configs(network, release_of(world))), None)


def _linked(world: World, host: str, container: Container) -> list[Container]:
    found = (world.hosts[host].container(name) for name, _ in spec(world, host, container.id).config.links)
    return [other for other in found if other is not None]


def _live(container: Container) -> Endpoint | None:
    endpoint = container.endpoint("bridge")
    return endpoint if endpoint is not None and endpoint.endpoint_id and endpoint.address is not None else None


def _by_endpoint(world: World, host: str, endpoint_id: str) -> tuple[Container, IpAddress] | None:
    for other in world.hosts[host].containers:
        end = _live(other)
        if end is not None and end.endpoint_id == endpoint_id and end.address is not None:
            return other, end.address
    return None


def _exposed(world: World, host: str, container: Container) -> list[tuple[int, str]]:
    """(port, protocol), the highest first. The daemon takes them in Go's map order, another one each time."""
    ports = (port.partition("/") for port in spec(world, host, container.id).config.expose)
    return sorted(((int(number), protocol or "tcp") for number, _, protocol in ports), reverse=True)
