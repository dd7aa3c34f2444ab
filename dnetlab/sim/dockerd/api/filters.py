"""`filters` of lists and prunes, name -> values, as the daemon applies them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from dnetlab.commands.docker.parse import parse_bool
from dnetlab.model import Container, ContainerState, Image, Network, Volume
from dnetlab.model.host import RESERVED
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import books, volumes
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.config import ContainerSpec
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.images import find as find_image
from dnetlab.sim.userland.regex import is_found
from dnetlab.sim.world import World

Filters = Mapping[str, Sequence[str]]
_STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")
_KNOWN: dict[str, tuple[str, ...]] = {
    "container": ("ancestor", "before", "exited", "id", "isolation", "label", "name", "status", "health", "since",
                  "volume", "network", "is-task", "publish", "expose"),
    "network": ("dangling", "driver", "id", "label", "name", "scope", "type"),
    "image": ("dangling", "label", "before", "since", "reference", "until"),
    "volume": ("dangling", "name", "driver", "label"),
}  # fmt: skip


def check_names(world: World, filters: Filters, known: Collection[str]) -> None:
    """Raises ApiError 400 for a filter the daemon doesn't know, in the words of the release."""
    for name in filters:
        if name not in known:
            raise ApiError(release_of(world).text("bad filter", name=name), 400)


def _any(values: Sequence[str], text: str) -> bool:
    """A value is a regular expression somewhere in the text (moby filters.Match). Go's are quick with any text; a
    pattern that would take long here ends the command: raises Stopped."""
    return any(value == text or is_found(value, text) for value in values)


def _boolean(world: World, name: str, value: str) -> bool:
    found = parse_bool(value)
    if found is None:
        raise ApiError(release_of(world).text("bad filter", name=f"{name}={value}"), 400)
    return found


# -- containers -------------------------------------------------------------------------------------------------------


def _check_container_values(world: World, wanted: Filters) -> None:
    """Raises ApiError for a value the daemon can't use (moby daemon/list.go), observed on 20.10.24 and 28.5.2."""
    release = release_of(world)
    for value in wanted.get("exited", []):
        if not re.fullmatch(r"[-+]?\d+", value):
            reason = f'strconv.Atoi: parsing "{value}": invalid syntax'
            raise ApiError(release.text("bad exited", value=value, reason=reason), 400)
    for value in (*wanted.get("publish", []), *wanted.get("expose", [])):
        wrong = next((n for n in value.partition("/")[0].split("-") if not n.isdecimal()), None)
        if wrong is not None:
            reason = f'strconv.ParseUint: parsing "{wrong}": invalid syntax'
            raise ApiError(f"error while looking up for publish {value}: {reason}", 400)
    for value in wanted.get("status", []):
        if value not in _STATES:
            raise ApiError(release.text("bad status", value=value, states=", ".join(_STATES)), 400)


def container_matches(world: World, host: str, wanted: Filters) -> Callable[[Container, ContainerSpec], bool]:
    """A test for one container. Raises ApiError for values the daemon refuses."""
    check_names(world, wanted, _KNOWN["container"])
    _check_container_values(world, wanted)
    images = {i.id for name in wanted.get("ancestor", []) if (i := _image(world, host, name)) is not None}
    networks = {key for name in wanted.get("network", []) for key in _network_keys(world, host, name)}
    edges = {key: [_other(world, host, name) for name in wanted.get(key, [])] for key in ("before", "since")}

    def matches(container: Container, spec: ContainerSpec) -> bool:
        if not wanted:
            return True
        checks: dict[str, Callable[[Sequence[str]], bool]] = {
            "id": lambda v: _any(v, container.id),
            "name": lambda v: _any(v, container.name) or _any(v, f"/{container.name}"),
            "label": lambda v: all(has_label(container.labels, w) for w in v),
            "status": lambda v: container.state.value in v,
            "exited": lambda v: container.state is ContainerState.EXITED and str(container.exit_code) in v,
            "ancestor": lambda v: spec.image_id in images,
            "network": lambda v: any(networks & {e.network_id, e.network} for e in container.endpoints),
            "publish": lambda v: any(_port_in(f"{p.host_port}/{p.protocol.value}", v) for p in container.ports),
            "expose": lambda v: container.is_running and any(_port_in(p, v) for p in container.exposed),
            "health": lambda v: (spec.health.status if spec.health else "none") in v,
            "volume": lambda v: any(m.source in v or m.destination in v for m in spec.config.mounts),
            "is-task": lambda v: not any(_boolean(world, "is-task", w) for w in v),
            "before": lambda v: all(other and _older(world, host, container, other) for other in edges["before"]),
            "since": lambda v: all(other and _older(world, host, other, container) for other in edges["since"]),
            "isolation": lambda v: True,
        }
        return all(checks[name](values) for name, values in wanted.items())

    return matches


def _older(world: World, host: str, first: Container, second: Container) -> bool:
    order = [c.id for c in world.hosts[host].containers]  # newest first
    return order.index(first.id) > order.index(second.id)


def _other(world: World, host: str, name: str) -> Container:
    try:
        return books.find(world, host, name)
    except ApiError:
        raise ApiError(release_of(world).text("filter by unknown", name=name), 404) from None


def _image(world: World, host: str, name: str) -> Image | None:
    try:
        return find_image(world, host, name)
    except ApiError:
        return None


def _network_keys(world: World, host: str, name: str) -> tuple[str, ...]:
    """Id and name of a network; an endpoint at rest may have the name alone."""
    found = world.hosts[host].network(name)
    return (found.id, found.name) if found else ()


def _port_in(port: str, values: Sequence[str]) -> bool:
    """'8080/tcp' in ['8000-9000', '53/udp']"""
    number, _, protocol = port.partition("/")
    for value in values:
        ports, slash, wanted = value.partition("/")
        first, dash, last = ports.partition("-")
        if slash and wanted != protocol or not first.isdecimal():
            continue
        if int(first) <= int(number) <= int(last if dash and last.isdecimal() else first):
            return True
    return False


# -- networks, images, volumes ----------------------------------------------------------------------------------------


def network_matches(world: World, wanted: Filters) -> Callable[[Network], bool]:
    """A test for one network. Raises ApiError for filters the daemon refuses."""
    check_names(world, wanted, _KNOWN["network"])
    for value in wanted.get("type", []):
        if value not in ("custom", "builtin"):
            raise ApiError(f"invalid filter: 'type'='{value}'", 400)
    dangling = [parse_bool(value) for value in wanted.get("dangling", [])]
    if None in dangling:
        text = 'invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")'
        raise ApiError(text, 400)  # observed on 20.10.24, 26.1.5, 28.5.2

    def matches(network: Network) -> bool:
        builtin = network.name in RESERVED
        return (  # the daemon lists networks without their containers, so each of the user's counts as dangling (all)
            all(builtin is not value for value in dangling)
            and (not wanted.get("driver") or network.driver in wanted["driver"] and not network.waits_for_addresses)
            and (not wanted.get("scope") or network.scope in wanted["scope"])
            and (not wanted.get("id") or _any(wanted["id"], network.id))
            and (not wanted.get("name") or _any(wanted["name"], network.name))
            and (not wanted.get("type") or ("builtin" if builtin else "custom") in wanted["type"])
            and all(has_label(network.labels, value) for value in wanted.get("label", []))
        )

    return matches


def image_matches(world: World, host: str, wanted: Filters) -> Callable[[Image, str], bool]:
    """A test for an image under one of its names, '' for none. Raises ApiError for filters the daemon refuses."""
    check_names(world, wanted, _KNOWN["image"])
    dangling = [_boolean(world, "dangling", value) for value in wanted.get("dangling", [])]
    edges = {key: [find_image(world, host, name) for name in wanted.get(key, [])] for key in ("before", "since")}

    def matches(image: Image, tag: str) -> bool:
        return (
            all((not image.tags) is value for value in dangling)
            and (not wanted.get("reference") or any(_reference(tag, value) for value in wanted["reference"]))
            and all(image.created < other.created for other in edges["before"])
            and all(image.created > other.created for other in edges["since"])
            and not wanted.get("label")
        )

    return matches


def _reference(tag: str, pattern: str) -> bool:
    """'busy*' matches every tag of busybox; 'nginx:al*' one (distribution/reference FamiliarMatch)."""
    repository = tag.rpartition(":")[0]
    return any(fnmatchcase(name, pattern) and name.count("/") == pattern.count("/") for name in (tag, repository))


def volume_matches(world: World, host: str, wanted: Filters) -> Callable[[Volume], bool]:
    """A test for one volume. Raises ApiError for filters the daemon refuses."""
    check_names(world, wanted, _KNOWN["volume"])
    dangling = [_boolean(world, "dangling", value) for value in wanted.get("dangling", [])]

    def matches(volume: Volume) -> bool:
        return (
            all((not volumes.users(world, host, volume.name)) is value for value in dangling)
            and (not wanted.get("name") or _any(wanted["name"], volume.name))
            and (not wanted.get("driver") or volume.driver in wanted["driver"])
            and all(has_label(volume.labels, value) for value in wanted.get("label", []))
        )

    return matches


# -- prune ------------------------------------------------------------------------------------------------------------


def has_label(labels: Mapping[str, str], wanted: str) -> bool:
    """label=NAME or label=NAME=VALUE"""
    name, equals, value = wanted.partition("=")
    return name in labels and (not equals or labels[name] == value)


def spared_by_prune(world: World, wanted: Filters) -> Callable[[float, Mapping[str, str]], bool]:
    """Does a prune leave what was created then and has these labels? Raises ApiError for an unknown filter.

    label, label!: what has it, what lacks it, goes; until=10m leaves what is younger than ten minutes.
    """
    check_names(world, wanted, ("label", "label!", "until"))
    oldest = [world.clock - _seconds(text) for text in wanted.get("until", [])]

    def spared(created: float, labels: Mapping[str, str]) -> bool:
        return (
            any(created > limit for limit in oldest)
            or not all(has_label(labels, value) for value in wanted.get("label", []))
            or any(has_label(labels, value) for value in wanted.get("label!", []))
        )

    return spared


def _seconds(text: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600}
    if text[-1:] in units and text[:-1].replace(".", "", 1).isdecimal():
        return float(text[:-1]) * units[text[-1]]
    raise Refused("--filter until={typed} is not simulated.", "Give how long ago: --filter until=10m.", typed=text)
