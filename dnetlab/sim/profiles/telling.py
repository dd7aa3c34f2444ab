"""What the engines tell of what happens (`docker events`), by release: recorded from 20.10.24, 26.1.5 and 28.5.2."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Telling:
    """How a release's events differ.

    mounts_first     a start mounts volumes before it connects networks, else after
    created_again    a container that names a volume creates it, even one that is there
    image_created    a commit tells of the image, not only of its tag
    duration         an end tells for how long the container ran
    old_fields       events of containers and images have status, id and from beside the newer fields (up to API 1.51)
    """

    mounts_first: bool
    created_again: bool
    image_created: bool
    duration: bool
    old_fields: bool = True


TELLING_20_10 = Telling(mounts_first=False, created_again=True, image_created=False, duration=False)
TELLING_26_1 = Telling(mounts_first=True, created_again=False, image_created=True, duration=True)
TELLING_29_7 = Telling(  # the fields: docs.docker.com/reference/api/engine/version-history, 1.52
    mounts_first=True, created_again=False, image_created=True, duration=True, old_fields=False
)
