"""What happened: GET /events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dnetlab.sim.dockerd import books
from dnetlab.sim.dockerd.api.filters import Filters, has_label
from dnetlab.sim.dockerd.happenings import Event
from dnetlab.sim.world import World

Json = dict[str, Any]
_BY_PREFIX = {"health_status", "exec_create", "exec_start"}  # actions that go on after a colon


def system_events(
    world: World, host: str, *, since: float | None = None, until: float | None = None, filters: Filters | None = None
) -> list[Json]:
    """GET /events: those the daemon keeps, the oldest first, as long as they go back (256 of them).

    since, until: seconds since 1970. Without both there are none from the past: whoever waits for what comes asks
    again with the moment of the last one. filters: container, event, image, label, network, scope, type, volume; a
    name that the daemon doesn't know changes nothing (observed on 20.10.24 and 28.5.2).
    """
    if since is None and until is None:
        return []
    first = 0 if since is None else round(since * 1e9)
    last = float("inf") if until is None else round(until * 1e9)
    found = [e for e in books.daemon(world, host).events if first <= e.nano <= last and _matches(e, filters or {})]
    old_fields = books.release_of(world).telling.old_fields
    return [_message(event, old_fields) for event in found]


def _message(event: Event, old_fields: bool) -> Json:
    """moby api/types/events.Message"""
    attributes = dict(event.attributes)
    old: Json = {}
    if old_fields and event.kind in ("container", "image"):
        image = attributes.get("image", "") if event.kind == "container" else ""
        old = {key: value for key, value in (("status", event.action), ("id", event.actor), ("from", image)) if value}
    return {**old, "Type": event.kind, "Action": event.action,
            "Actor": {"ID": event.actor, "Attributes": attributes}, "scope": "local",
            "time": event.nano // 1_000_000_000, "timeNano": event.nano}  # fmt: skip


def _matches(event: Event, filters: Filters) -> bool:
    """moby daemon/events/filter.go"""
    attributes = event.attributes
    return (
        _action(event.action, filters.get("event", ()))
        and _one_of(event.kind, filters.get("type", ()))
        and _one_of("local", filters.get("scope", ()))
        and all(_begins(filters.get(kind, ()), event.actor, attributes.get("name", ""))
                for kind in ("container", "network", "volume"))
        and _image(event, attributes, filters.get("image", ()))
        and all(has_label(attributes, wanted) for wanted in filters.get("label", ()))
    )  # fmt: skip


def _one_of(value: str, wanted: Sequence[str]) -> bool:
    return not wanted or value in wanted


def _begins(wanted: Sequence[str], *values: str) -> bool:
    return not wanted or any(value.startswith(one) for one in wanted for value in values)


def _action(action: str, wanted: Sequence[str]) -> bool:
    if _BY_PREFIX & set(wanted):
        return _begins(wanted, action)
    return _one_of(action, wanted)


def _image(event: Event, attributes: Mapping[str, str], wanted: Sequence[str]) -> bool:
    if not wanted:
        return True
    name = attributes.get("image" if event.kind == "container" else "name", "")
    names = {event.actor, name, event.actor.partition(":")[0], name.partition(":")[0]}
    return any(one in names for one in wanted)
