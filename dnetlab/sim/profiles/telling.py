"""What the engines tell of what happens (`docker events`), by release: recorded from 20.10.24, 26.1.5 and 28.5.2."""

from __future__ import annotations

from dataclasses import dataclass, field

from dnetlab.model.changed import replace


@dataclass(frozen=True)
class Telling:
    """How a release's events differ.

    die_last         an end is told when networks and volumes are gone, and a stop before it, else first of all
    mounts_first     a start mounts volumes before it connects networks, else after
    created_again    a container that names a volume creates it, even one that is there
    image_created    a commit tells of the image, not only of its tag
    duration         an end tells for how long the container ran
    rest_disconnect  `network disconnect` of a container that doesn't run is told
    reload           what a daemon that read its file again tells that is the same in every lab
    old_fields       events of containers and images have status, id and from beside the newer fields (up to API 1.51)
    """

    mounts_first: bool
    die_last: bool
    created_again: bool
    image_created: bool
    duration: bool
    rest_disconnect: bool = True
    old_fields: bool = True
    reload: dict[str, str] = field(default_factory=dict)


_RELOAD = {  # of 28.5.2; of 29.7.2 by its source (daemon/reload.go)
    "default-cgroupns-mode": "host", "default-ipc-mode": "private", "default-runtime": "runc",
    "default-shm-size": "67108864", "features": "map[]", "labels": "[]", "max-concurrent-downloads": "3",
    "max-concurrent-uploads": "5", "max-download-attempts": "5", "runtimes": "", "shutdown-timeout": "15",
}  # fmt: skip
_RELOAD_26_1 = {**_RELOAD, "allow-nondistributable-artifacts": "[]"}
_RELOAD_20_10 = {
    **_RELOAD_26_1, "cluster-advertise": "", "cluster-store": "", "cluster-store-opts": "null",
    "runtimes": "io.containerd.runtime.v1.linux:runc io.containerd.runc.v2:runc runc:runc",
}  # fmt: skip
TELLING_20_10 = Telling(
    mounts_first=False, die_last=False, created_again=True, image_created=False, duration=False, reload=_RELOAD_20_10
)
TELLING_26_1 = replace(TELLING_20_10, die_last=True, created_again=False, duration=True, reload=_RELOAD_26_1)
TELLING_28_5 = replace(
    TELLING_26_1, mounts_first=True, image_created=True, rest_disconnect=False, reload=_RELOAD
)
TELLING_29_7 = replace(TELLING_28_5, old_fields=False)  # docs.docker.com/reference/api/engine/version-history, 1.52
