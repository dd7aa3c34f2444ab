"""docker compose stop, kill, pause, unpause, restart, rm, down: those that depend on others first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dnetlab.commands.compose.canonical import in_order
from dnetlab.sim.dockercli.compose import ask
from dnetlab.sim.dockercli.compose.call import Call
from dnetlab.sim.dockercli.compose.warning import warn
from dnetlab.sim.dockercli.session import Failed, told
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = dict[str, Any]


def _backwards(call: Call, rows: Sequence[Json]) -> list[list[Json]]:
    """Containers level by level, dependents first; those of services that the files don't have come with the first."""
    order = in_order(call.project.services)[::-1]
    known = {name for level in order for name in level}
    rest = [row for row in rows if ask.service_of(row) not in known]
    found = [[row for row in rows if ask.service_of(row) in level] for level in order]
    return [level for level in ([*rest, *(found[0] if found else [])], *found[1:]) if level]


def _all(call: Call) -> list[Json]:
    wanted = call.services()
    return [row for row in ask.containers(call) if ask.service_of(row) in wanted]


def stop_all(call: Call, rows: Sequence[Json], timeout: int | None = None) -> None:
    for row in rows:
        call.say("Container", ask.name_of(row), "Stopping")
    for row in rows:
        call.session.ask(api.container_stop, row["Id"], t=timeout)
        call.say("Container", ask.name_of(row), "Stopped")


def remove(call: Call, rows: Sequence[Json], timeout: int | None = None, volumes: bool = False) -> None:
    stop_all(call, rows, timeout)
    delete(call, rows, volumes)


def delete(call: Call, rows: Sequence[Json], volumes: bool = False) -> None:
    for row in rows:
        call.say("Container", ask.name_of(row), "Removing")
        call.session.ask(api.container_delete, row["Id"], force=True, v=volumes)
        call.say("Container", ask.name_of(row), "Removed")


# -- the verbs ----------------------------------------------------------------------------------------------------


def stop(call: Call) -> int:
    for level in _backwards(call, _all(call)):
        stop_all(call, level, call.words.number("timeout"))
    return 0


def down(call: Call) -> int:
    words = call.words
    wanted = call.services() if words.arguments else None
    rows = [
        row
        for row in ask.containers(call)
        if (wanted is None and (ask.service_of(row) in call.project.services or words.on("remove-orphans")))
        or (wanted is not None and ask.service_of(row) in wanted)
    ]
    empty = not ask.containers(call)
    for level in _backwards(call, rows):
        remove(call, level, words.number("timeout"), words.on("volumes"))
    if words.arguments:
        return 0
    own = [one["name"] for one in call.project.networks.values() if not one.get("external")]
    own = [name for name in own if not call.unread or ask.network(call, name) is not None]
    if empty and not own:
        warn(call, f'Warning: No resource found to remove for project "{call.project.name}".')
    for name in own:
        _remove_network(call, name)
    for found in call.project.volumes.values() if words.on("volumes") else ():
        if not found.get("external") and ask.has_volume(call, found["name"]):
            call.say("Volume", found["name"], "Removing")
            call.session.ask(api.volume_delete, found["name"])
            call.say("Volume", found["name"], "Removed")
    return 0


def _remove_network(call: Call, name: str) -> None:
    if ask.network(call, name) is None:
        return
    call.say("Network", name, "Removing")
    try:
        call.session.ask(api.network_delete, name)
    except ApiError as error:
        if error.status != 403:
            raise Failed(f"failed to remove network {name}: {told(error)}") from None
        call.say("Network", name, "Resource is still in use")
        return
    call.say("Network", name, "Removed")


def rm(call: Call) -> int:
    words, rows = call.words, _all(call)
    if words.on("stop"):
        running = [row for row in rows if ask.is_running(row)]
        stop_all(call, running)
    else:
        rows = [row for row in rows if not ask.is_running(row)]
    if not rows:
        call.session.err("No stopped containers")
        return 0
    names = ", ".join(ask.name_of(row) for row in rows)
    if not words.on("force") and call.session.context.answer != "y":
        call.session.stdout.append(f"Going to remove {names}")  # and asks, where nobody answers
        return 0
    call.session.out(f"Going to remove {names}")
    delete(call, rows, words.on("volumes"))
    return 0


def kill(call: Call) -> int:
    rows = [row for row in _all(call) if ask.is_running(row)]
    signal = call.words.text("signal", "KILL")
    for row in rows:
        call.say("Container", ask.name_of(row), "Killing")
    for row in rows:
        call.session.ask(api.container_kill, row["Id"], signal=signal)
        call.say("Container", ask.name_of(row), "Killed")
    return 0


def restart(call: Call) -> int:
    rows = _all(call)
    for row in rows:
        call.say("Container", ask.name_of(row), "Restarting")
    for row in rows:
        call.session.ask(api.container_restart, row["Id"], t=call.words.number("timeout"))
        call.say("Container", ask.name_of(row), "Started")
    return 0


def pause(call: Call) -> int:
    return _each(call, api.container_pause, "Paused")


def unpause(call: Call) -> int:
    return _each(call, api.container_unpause, "Unpaused")


def _each(call: Call, operation: Callable[..., Any], event: str) -> int:
    for row in _all(call):
        call.session.ask(operation, row["Id"])
        call.say("Container", ask.name_of(row), event)
    return 0
