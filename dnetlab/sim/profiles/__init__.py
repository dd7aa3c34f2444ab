"""Every difference between releases of Docker, as data; nothing else in the package compares releases.

engine     what dockerd does, and how it looks from outside
sentences  what it says
client     the docker command
"""

from __future__ import annotations

from dnetlab.errors import UsageError
from dnetlab.model.releases import DEFAULT_RELEASE
from dnetlab.sim.profiles.client import CLIENTS, ClientProfile
from dnetlab.sim.profiles.engine import ENGINES, Build, Documents, EngineProfile, Firewall, numbers

__all__ = ["CLIENTS", "DEFAULT_RELEASE", "ENGINES", "Build", "ClientProfile", "Documents", "EngineProfile", "Firewall",
           "client", "engine", "like"]  # fmt: skip


def engine(release: str) -> EngineProfile:
    """What dockerd of that release does: '20.10', '26.1', '28.5' or '29.7'. UsageError for another."""
    try:
        return ENGINES[release]
    except KeyError:
        raise UsageError(
            "the simulator has no Docker {release!r}",
            hint="It knows the releases {releases}.",
            release=release,
            releases=", ".join(ENGINES),
        ) from None


def client(release: str) -> ClientProfile:
    """The docker command of a lab of that release. KeyError for another."""
    return CLIENTS[release]


def like(release: str) -> EngineProfile:
    """The profile for a real engine of any release: of the same major version, else of the newest before it."""
    before = [one for one in ENGINES.values() if numbers(one.release)[0] <= numbers(release)[0]]
    return before[-1] if before else next(iter(ENGINES.values()))
