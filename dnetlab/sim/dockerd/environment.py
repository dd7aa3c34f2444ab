"""What a process sees that starts in a container: its variables, its namespace, the tools of its image."""

from __future__ import annotations

from dnetlab.model import Container
from dnetlab.sim.context import Context
from dnetlab.sim.dockerd import books
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.images import recipe_of
from dnetlab.sim.tools import accounts
from dnetlab.sim.user import ROOT, User
from dnetlab.sim.world import World


def variables(
    world: World, host: str, container_id: str, env: tuple[str, ...] = (), tty: bool | None = None, user: str = ""
) -> tuple[str, ...]:
    """'NAME=value', … as a process sees them that starts there now. tty: has it a terminal, None: as process 1.
    user: of `docker exec -u`, '' for the container's own."""
    found = context_of(world, host, container_id, env, tty, user).environment or {}
    return tuple(f"{name}={value}" for name, value in found.items())


def user_of(world: World, host: str, container: Container, wanted: str = "") -> User:
    """Who a program of the container is; wanted: as `docker exec -u` says it, '' for the container's own.

    Raises ApiError 400 for a name that its /etc/passwd or /etc/group doesn't have, as the start does.
    """
    config = books.spec(world, host, container.id).config
    name = wanted or config.user
    if not name and not config.groups:
        return ROOT
    place = Context(world, host, container.namespace or "host", container.id)
    try:
        return accounts.resolved(place, name, config.groups)
    except accounts.UnknownAccount as unknown:
        raise ApiError(str(unknown), 400) from None


def _user_or_root(world: World, host: str, container: Container, wanted: str) -> User:
    """Of a container that never started nobody has asked yet whether its user is there."""
    try:
        return user_of(world, host, container, wanted)
    except ApiError:
        return ROOT


def context_of(
    world: World, host: str, container_id: str, env: tuple[str, ...] = (), tty: bool | None = None, user: str = ""
) -> Context:
    """The surroundings of a process in that container, without asking whether it runs."""
    container = books.find(world, host, container_id)
    spec = books.spec(world, host, container.id)
    whose = _user_or_root(world, host, container, user)
    return Context(
        world,
        host,
        namespace=container.namespace or "host",
        container=container.id,
        userland=recipe_of(world, spec.image_id).userland,
        environment=environment(world, host, container, spec.config, env, tty, whose.home),
        user=whose,
    )


def environment(
    world: World, host: str, container: Container, config: ContainerConfig, extra: tuple[str, ...] = (),
    tty: bool | None = None, home: str = ROOT.home,
) -> dict[str, str]:  # fmt: skip
    """What `env` prints there, in its order: PATH, HOSTNAME, TERM, links, image and -e, exec's own, HOME.

    Links are worked out anew each time, so `docker exec` sees a target's present address (moby daemon/exec_linux.go).
    """
    found = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": container.hostname}
    if config.tty if tty is None else tty:
        found["TERM"] = "xterm"
    found.update(link_variables(world, host, container, config))
    found.update(config.environment)
    for name in (pair for pair in config.env if "=" not in pair):  # takes it away (moby container/env.go)
        found.pop(name, None)
    found.update(dict(pair.partition("=")[::2] for pair in extra))
    found.setdefault("HOME", home)
    return found


def link_variables(world: World, host: str, container: Container, config: ContainerConfig) -> dict[str, str]:
    """The variables of `--link` on the default bridge (moby daemon/links/links.go); {} on user networks and on 29."""
    if config.network_mode not in ("default", "bridge") or not books.release_of(world).link_variables:
        return {}
    found: dict[str, str] = {}
    for other, alias in config.links:
        target = world.hosts[host].container(other)
        endpoint = target.endpoint("bridge") if target else None
        if target is None or endpoint is None or endpoint.address is None:
            continue
        its_own = books.spec(world, host, target.id).config.environment
        name = f"/{container.name}/{alias}"
        found.update(_variables_of(alias, str(endpoint.address), name, target.exposed, its_own))
    return found


def _variables_of(
    alias: str, address: str, name: str, exposed: tuple[str, ...], target_env: dict[str, str]
) -> dict[str, str]:
    prefix = alias.upper().replace("-", "_")
    ports = sorted((int(p.split("/")[0]), p.split("/")[1]) for p in exposed)  # tcp before udp
    found: dict[str, str] = {}
    if ports:
        port, protocol = ports[0]
        found[f"{prefix}_PORT"] = f"{protocol}://{address}:{port}"
    for port, protocol in ports:
        one = f"{prefix}_PORT_{port}_{protocol.upper()}"
        found[one] = f"{protocol}://{address}:{port}"
        found[f"{one}_ADDR"] = address
        found[f"{one}_PORT"] = str(port)
        found[f"{one}_PROTO"] = protocol
    found[f"{prefix}_NAME"] = name
    for key, value in target_env.items():
        if key not in ("PATH", "HOME"):
            found[f"{prefix}_ENV_{key}"] = value
    return found
