"""Names of network namespaces in /run/netns, as `ip netns` gives them and `ip link` shows them (ip-netns(8))."""

from __future__ import annotations

import re

from dnetlab.sim import processes
from dnetlab.sim.world import World

NAMED = "/run/netns"  # where `ip netns` looks for names
MADE = "netns-"  # in front of the name of a namespace that `ip netns add` made


def called(world: World, host: str, namespace: str) -> str:
    """What a namespace is called there: by `ip netns add`, or a link to /proc/PID/ns/net; '' without a name."""
    if namespace.startswith(MADE):
        return namespace.removeprefix(MADE)
    for (where, container, path), target in world.links.items():
        found = re.fullmatch(r"/proc/(\d{1,9})/ns/net", target)
        if found and (where, container) == (host, "") and path.startswith(NAMED + "/"):
            process = processes.find(world, host, int(found[1]))
            if process is not None and process.namespace == namespace:
                return path.rsplit("/", 1)[-1]
    return ""
