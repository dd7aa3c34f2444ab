"""A machine of one host with a dockerd: the engine that a user has already, on whose containers a lab can be made."""

from __future__ import annotations

from ipaddress import IPv4Interface

from dnetlab.model.topology import HostPlan, Nic, Topology

OUTER = Topology(
    (HostPlan("docker1", docker=True),), (Nic("docker1", "eth0", addresses=(IPv4Interface("198.51.100.1/24"),)),)
)
