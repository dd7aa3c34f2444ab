"""`docker create`: the checks the daemon makes, in its order, and the new container in its books.

Nothing of the network exists yet: addresses are given out at the start.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dnetlab.model import Container, Endpoint, Volume
from dnetlab.model.changed import replace
from dnetlab.sim.dockerd import books, containerfiles, happenings, images, sharing
from dnetlab.sim.dockerd.books import release_of, sees_forwarding
from dnetlab.sim.dockerd.catalogue import Recipe
from dnetlab.sim.dockerd.config import ContainerConfig, ContainerSpec, Mount, NetworkAttachment, RestartPolicy
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.names import invent
from dnetlab.sim.dockerd.settings import check_settings
from dnetlab.sim.world import World

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
LINKS_DEPRECATED = (  # observed on 29.7.2
    "Links on the default bridge network are deprecated and will be removed in a future release. "
    "Use a custom network instead."
)


@dataclass(frozen=True)
class Created:
    """warnings: what the client prints on stderr as 'WARNING: …'."""

    id: str
    warnings: tuple[str, ...] = ()


def create(world: World, host: str, config: ContainerConfig) -> Created:
    """Book a new container. Raises ApiError in the daemon's words; `No such image: …` (404) lets the client pull."""
    warnings = check_modes(world, config)
    apart = config.network_mode in ("host", "none")  # moby daemon_unix.go verifyPlatformContainerSettings, 20.10
    if not sees_forwarding(world, host) and not apart:
        warnings.append("IPv4 forwarding is disabled. Networking will not work.")
    check_networks(world, host, config)
    sharing.check_mounts(world, host, config)
    image = images.find(world, host, config.image)
    recipe = images.recipe_of(world, image.id)
    merged = merge(config, recipe)
    if not merged.argv:
        raise ApiError(release_of(world).text("no command"), 400)
    merged = sharing.with_mounts_of_others(world, host, sharing.check_modes(world, host, merged))
    name = _take_name(world, host, config.name)
    container_id = world.hex_id(f"container:{host}")
    merged = _finish(world, host, replace(merged, name=name), container_id)
    merged = replace(merged, links=_resolved_links(world, host, merged))
    container = Container(
        id=container_id,
        name=name,
        image=config.image,
        command=merged.argv,
        created=world.clock,
        hostname=merged.hostname,
        network_mode=merged.network_mode,
        endpoints=tuple(Endpoint(a.name, "", aliases=a.aliases, configured_address=a.address,
                                 configured_address6=a.address6) for a in merged.networks),
        exposed=tuple(sorted(merged.expose, key=lambda port: (int(port.split("/")[0]), port))),
        labels=merged.labels,
        restart_policy=merged.restart.value,
    )
    books.add(world, host, container, ContainerSpec(merged, image.id))
    containerfiles.unpack(world, host, container_id, image.id)
    containerfiles.fill_mounts(world, host, merged, image.id)
    happenings.of_container(world, host, container, "create")
    return Created(container_id, tuple(warnings))


def merge(config: ContainerConfig, recipe: Recipe) -> ContainerConfig:
    """The image's own settings where the user gave none (moby daemon/commit.go merge)."""
    entrypoint, command = config.entrypoint, config.command
    if entrypoint is None:
        entrypoint = recipe.entrypoint
        if command is None or command == ():
            command = recipe.command
    given = {pair.partition("=")[0] for pair in config.env}
    env = config.env + tuple(pair for pair in recipe.environment if pair.partition("=")[0] not in given)
    ports = dict.fromkeys((*config.expose, *(p.key for p in config.publish), *recipe.ports))
    mounts = {m.destination: m for m in config.mounts}
    for path in recipe.volumes:
        mounts.setdefault(path, Mount(path))
    return replace(
        config,
        entrypoint=entrypoint,
        command=command or (),
        env=env,
        expose=tuple(ports),
        labels={**recipe.labels, **config.labels},
        working_dir=config.working_dir or recipe.directory,
        stop_signal=config.stop_signal or recipe.stop_signal,
        mounts=tuple(mounts.values()),
        health=config.health or recipe.health,
        user=config.user or recipe.user,
    )


def _finish(world: World, host: str, config: ContainerConfig, container_id: str) -> ContainerConfig:
    """Host name, network mode with a full id, and the networks in it."""
    mode = config.network_mode
    hostname = config.hostname
    if config.joins is not None:
        other = _joined(world, host, config.joins)
        if other is not None:
            mode = f"container:{other.id}"
            hostname = other.hostname
    elif mode == "host" or config.uts_mode == "host":
        hostname = hostname or host
    networks = config.networks if config.joins is None else ()
    if not networks and config.joins is None:
        networks = (NetworkAttachment(_network_name(world, host, mode), mac=config.mac_address),)
    elif networks:
        networks = tuple(replace(a, name=_network_name(world, host, a.name)) for a in networks)
        if config.mac_address and not networks[0].mac:
            networks = (replace(networks[0], mac=config.mac_address), *networks[1:])
    mounts = tuple(_with_volume(world, host, mount) for mount in config.mounts)
    return replace(config, network_mode=mode, hostname=hostname or container_id[:12], networks=networks, mounts=mounts)


def _joined(world: World, host: str, reference: str) -> Container | None:
    try:
        return books.find(world, host, reference)
    except ApiError:
        return None


def _network_name(world: World, host: str, reference: str) -> str:
    if reference in ("default", ""):
        return "bridge"
    network = world.hosts[host].network(reference)
    return network.name if network else reference


def _with_volume(world: World, host: str, mount: Mount) -> Mount:
    """A volume that isn't there yet is made; one without a name gets 64 digits."""
    if mount.kind != "volume":
        return mount
    name = mount.source or world.hex_id("volume")
    volumes = world.hosts[host].volumes
    if all(v.name != name for v in volumes):
        world.change_host(host, volumes=(*volumes, Volume(name, anonymous=not mount.source, labels=mount.labels)))
        happenings.of_volume(world, host, name, "create")
    elif release_of(world).telling.created_again:
        happenings.of_volume(world, host, name, "create")
    return replace(mount, source=name)


def _take_name(world: World, host: str, name: str) -> str:
    taken = books.daemon(world, host).names
    name = name.removeprefix("/")
    if not name:
        return invent(world, taken.keys())
    check_name(name, name)
    if name in taken:
        raise conflict(name, taken[name])
    return name


def check_name(name: str, shown: str) -> None:
    """Raises ApiError for a name Docker doesn't take; a name has two characters at least."""
    if not _NAME.fullmatch(name):
        raise ApiError(f"Invalid container name ({shown}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", 400)


def conflict(name: str, owner: str) -> ApiError:
    return ApiError(
        f'Conflict. The container name "/{name}" is already in use by container "{owner}". '
        "You have to remove (or rename) that container to be able to reuse that name.", 409,
    )  # fmt: skip


def check_modes(world: World, config: ContainerConfig) -> list[str]:
    """Options that can't go together (moby runconfig/hostconfig_unix.go, errors.go); the daemon's warnings."""
    mode = config.network_mode
    warnings: list[str] = []
    release = release_of(world)
    if mode.startswith("container:") and not config.joins:
        raise ApiError(release.text("bad container mode"), 400)
    if config.joins is not None:
        _check_joined(config, release.mac_with_joined)
    if mode == "host" and config.links:
        raise ApiError("conflicting options: host type networking can't be used with links. "
                       "This would result in undefined behavior", 400)  # fmt: skip
    if config.restart is not RestartPolicy.NO and config.auto_remove:
        raise ApiError("can't create 'AutoRemove' container with restart policy", 400)
    if config.restart_max and config.restart is not RestartPolicy.ON_FAILURE:
        raise ApiError(release.text("retries elsewhere", policy=config.restart.value), 400)
    if mode == "host" and (config.publish or config.publish_all):
        warnings.append("Published ports are discarded when using host network mode")
    if config.links and mode in ("default", "bridge") and release.deprecates_links:
        warnings.append(LINKS_DEPRECATED)
    return warnings


def _check_joined(config: ContainerConfig, mac_allowed: bool) -> None:
    if config.hostname:
        raise ApiError("conflicting options: hostname and the network mode", 400)
    if config.links:
        raise ApiError("conflicting options: container type network can't be used with links. "
                       "This would result in undefined behavior", 400)  # fmt: skip
    if config.dns:
        raise ApiError("conflicting options: dns and the network mode", 400)
    if config.add_hosts:
        raise ApiError("conflicting options: custom host-to-IP mapping and the network mode", 400)
    if config.mac_address and not mac_allowed:
        raise ApiError("conflicting options: mac-address and the network mode", 400)
    if config.publish or config.publish_all:
        raise ApiError("conflicting options: port publishing and the container type network mode", 400)
    if config.expose:
        raise ApiError("conflicting options: port exposing and the container type network mode", 400)


def check_networks(world: World, host: str, config: ContainerConfig) -> None:
    """What the daemon says of networks and addresses before it makes the container (25 and later)."""
    release = release_of(world)
    of_service = "com.docker.swarm.task" in config.labels  # its agent connects the others afterwards
    if len(config.networks) > 1 and not release.many_networks and not of_service:
        names = ", ".join(sorted(a.name for a in config.networks))  # 20.10, daemon/create.go verifyNetworkingConfig
        raise ApiError(f"Container cannot be connected to network endpoints: {names}", 400)
    if not release.validates_config:
        return
    for attachment in config.networks:
        check_settings(world, host, attachment)


def _resolved_links(world: World, host: str, config: ContainerConfig) -> tuple[tuple[str, str], ...]:
    """`--link` of the default bridge points at containers, not at names: (full id, alias).

    Raises ApiError for one that isn't there (moby daemon/daemon_unix.go registerLinks).
    """
    found = []
    for reference, alias in config.links:
        other = _joined(world, host, reference)
        if other is None:
            raise ApiError(f"could not get container for {reference}: No such container: {reference}", 400)
        if other.network_mode == "host":
            raise ApiError("conflicting options: host type networking can't be used with links. "
                           "This would result in undefined behavior", 409)  # fmt: skip
        found.append((other.id, alias or other.name))
    return tuple(found)
