"""After a container was plugged into an overlay network, wait until the hosts have told each other where it is.

They do so by gossip, in a moment that nobody can name (libnetwork networkdb): what looks or pings at once can be too
early, on a busy machine by a second. Told is who stands in the table of the network's tunnel on the other host.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from dnetlab.engines.providers import Hosts

LIMIT = 3.0  # seconds; a firewall between the hosts may keep them from telling anything
STEP = 0.05
# of the namespaces that dockerd makes for a network: '1-' and the first ten characters of its id
_WAIT = """\
told() {{ set -- /run/docker/netns/*-$1 "$2"; [ ! -e "$1" ] || nsenter --net="$1" bridge fdb | grep -qi "$2"; }}
for n in $(seq {tries}); do {all} && exit 0; sleep {step}; done; exit 1
"""
Plug = tuple[str, str]  # (the first ten characters of a network's id, the MAC of a container on it)


def wait_until_told(hosts: Hosts, host: str) -> None:
    """Nothing is waited for when no container of the host is on an overlay network that another host has, too."""
    if len(hosts.shape.docker_hosts) < 2 or not (mine := _plugs(hosts, host)):
        return
    networks = {network for network, _ in mine}
    for other in hosts.shape.docker_hosts:
        if other != host:
            theirs = [plug for plug in _plugs(hosts, other) if plug[0] in networks]
            _wait(hosts, other, mine)
            _wait(hosts, host, theirs)


def _plugs(hosts: Hosts, host: str) -> list[Plug]:
    api = hosts.client(host)
    overlays = {row["Id"] for row in api.networks() if row["Driver"] == "overlay"}
    rows: list[Any] = api.containers() if overlays else []
    ends = [end for row in rows for end in (row["NetworkSettings"]["Networks"] or {}).values()]
    return [(e["NetworkID"][:10], e["MacAddress"]) for e in ends if e["NetworkID"] in overlays and e["MacAddress"]]


def _wait(hosts: Hosts, host: str, plugs: Sequence[Plug]) -> None:
    if plugs:
        every = " && ".join(f"told {shlex.quote(network)} {shlex.quote(mac)}" for network, mac in plugs)
        hosts.run(host, _WAIT.format(tries=int(LIMIT / STEP), all=every, step=STEP))
