"""What of a project is there: its containers and networks, found by their labels."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.dockercli.compose.call import LABEL, Call
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = dict[str, Any]


def containers(call: Call, *, one_off: bool = False, every: bool = True) -> list[Json]:
    """Rows of GET /containers/json that carry the project's label, by name; one_off: those of `run`, too."""
    found = call.session.ask(
        api.container_list, every=every, filters={"label": [f"{LABEL}project={call.project.name}"]}
    )
    kept = [row for row in found if one_off or row["Labels"].get(f"{LABEL}oneoff") != "True"]
    return sorted(kept, key=lambda row: (service_of(row), number_of(row), name_of(row)))


def of_service(call: Call, service: str) -> list[Json]:
    return [row for row in containers(call) if service_of(row) == service]


def service_of(row: Json) -> str:
    return str(row["Labels"].get(f"{LABEL}service", ""))


def number_of(row: Json) -> int:
    text = row["Labels"].get(f"{LABEL}container-number", "1")
    return int(text) if text.isdecimal() else 1


def name_of(row: Json) -> str:
    return next(name for row_name in row["Names"] if "/" not in (name := str(row_name).removeprefix("/")))


def is_running(row: Json) -> bool:
    return bool(row["State"] in ("running", "paused", "restarting"))


def network(call: Call, name: str) -> Json | None:
    """The network of exactly that name."""
    found = call.session.ask(api.network_list, {"name": [name]})
    return next((row for row in found if row["Name"] == name), None)


def has_volume(call: Call, name: str) -> bool:
    try:
        call.session.ask(api.volume_inspect, name)
    except ApiError:
        return False
    return True
