"""Of a packet with `meta nftrace set 1` each base chain tells what it met there; `nft monitor trace` listens.

A mark is the packet's own and stays with it until it is sent: whoever receives it over a cable sees another packet
without one. Over loopback it keeps the mark, and has another number (recorded with xtables-monitor 1.8.9, Linux 6.18).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from dnetlab.model import Rule, Step
from dnetlab.model.changed import replace
from dnetlab.model.facts import Decides, Jumps, Returns
from dnetlab.model.logged import Logged
from dnetlab.model.nftrule import NftRule, Verdict
from dnetlab.model.traced import Traced
from dnetlab.net.filter import Decision
from dnetlab.net.matches import Scene
from dnetlab.net.trip import MARKED, Trip


def tell(trip: Trip, scene: Scene, place: tuple[str, str], seen: Logged, decision: Decision) -> None:
    """Tell what a packet that is marked, before this base chain or in it, has met there. place: table and chain."""
    if trip.traced in (0, MARKED):
        words = (trip.at, seen.packet, trip.lab.now, trip.lab.told)
        trip.traced = zlib.crc32(repr(words).encode()) or 1
    quoting = replace(seen.packet, inside=trip.inner) if trip.inner is not None else seen.packet
    packet = Traced(
        seen.at, trip.traced, *place, None, "", quoting, seen.into, seen.out, seen.source, seen.destination
    )
    trip.lab.trace(trip.at, [packet, *_met(packet, scene, decision)])


def _met(packet: Traced, scene: Scene, decision: Decision) -> Iterator[Traced]:
    for step, rule, mark in scene.reported:
        then = replace(packet.packet, mark=mark)
        yield replace(packet, chain=step.chain, rule=rule, verdict=_verdict(step, rule), packet=then)
    if decision.rule is None:
        left = replace(packet.packet, mark=scene.packet.mark)
        yield replace(packet, verdict=decision.name.lower(), packet=left)


def _verdict(step: Step, rule: NftRule | Rule) -> str:
    fact = step.fact
    if isinstance(fact, Returns):
        return "return"
    if isinstance(fact, Jumps):
        goto = isinstance(rule, Rule) and rule.target.goto
        goto = goto or isinstance(rule, NftRule) and isinstance(rule.verdict, Verdict) and rule.verdict.name == "goto"
        return f"{'goto' if goto else 'jump'} {fact.chain}"
    if isinstance(fact, Decides):
        return "drop" if fact.verdict in ("DROP", "REJECT") else "accept"
    return "continue"
