"""Whose a process is, in numbers; the names are those of /etc/passwd where it runs (tools/accounts.py)."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model.changed import quick


@quick
@dataclass(frozen=True)
class User:
    """uid and gid as `id` shows them; groups: those beside gid, in their order; home: the directory of its $HOME.

    Only uid 0 has capabilities in a container: Docker passes none on to others, not even those of --cap-add or
    --privileged (observed on 20.10.24, 26.1.5 and 28.5.2; capabilities(7): the ambient set is empty).
    """

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/root"

    @property
    def is_root(self) -> bool:
        return self.uid == 0

    def is_in(self, gid: int) -> bool:
        return gid == self.gid or gid in self.groups


ROOT = User()
ON_HOSTS = {0: "root", 65534: "nobody"}  # the names that every Debian knows of those in the lab's images


def name_on_host(uid: int) -> str:
    """What `ps` of a host shows of a process with that id: its number where /etc/passwd of the host has no name."""
    return ON_HOSTS.get(uid, str(uid))


def uid_on_host(name: str) -> str:
    """The number behind what `name_on_host` says."""
    return next((str(uid) for uid, one in ON_HOSTS.items() if one == name), name)
