"""Ids and tokens of a swarm, made from the lab's seed: the same script gives the same ones."""

from __future__ import annotations

import base64
import hashlib

from dnetlab.sim.dockerd.cluster.state import Swarm
from dnetlab.sim.world import World

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
PREFIX = "SWMTKN-1"


def base36(number: int, width: int) -> str:
    """The number in base 36, at least so many digits."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text.rjust(width, "0")


def _hash(world: World, kind: str) -> int:
    number = world.count(f"id:{kind}")
    return int.from_bytes(hashlib.sha256(f"{world.seed}:{kind}:{number}".encode()).digest(), "big")


def new_id(world: World, kind: str) -> str:
    """25 digits of 128 random bits (swarmkit identity.NewID); unlike a container's, it may be told by its length."""
    return base36(_hash(world, f"swarm:{kind}") >> 128, 25)


def predefined(swarm: Swarm, name: str) -> str:
    """The id by which a swarm knows a network that each of its nodes has."""
    return base36(int.from_bytes(hashlib.sha256(f"{swarm.id}:{name}".encode()).digest()[:16], "big"), 25)


def new_root(world: World) -> str:
    """The digest of the swarm's certificate, 50 digits: the part that both its tokens share."""
    return base36(_hash(world, "swarm:root"), 50)


def new_secret(world: World) -> str:
    """The part of a token that tells workers from managers, 25 digits."""
    return new_id(world, "secret")


def new_key(world: World) -> str:
    """What unlocks a manager: 32 bytes (swarmkit encryption.HumanReadableKey)."""
    data = _hash(world, "swarm:key").to_bytes(32, "big")
    return "SWMKEY-1-" + base64.b64encode(data).decode().rstrip("=")


def token(swarm: Swarm, role: str) -> str:
    """What `docker swarm join` asks for (swarmkit ca.GenerateJoinToken)."""
    return f"{PREFIX}-{swarm.root}-{swarm.secrets[role]}"


def parts(text: str) -> tuple[str, str] | None:
    """(root, secret) of a token; None for what isn't one (ca.ParseJoinToken)."""
    words = text.split("-")
    if len(words) != 4 or "-".join(words[:2]) != PREFIX or len(words[2]) != 50 or len(words[3]) != 25:
        return None
    return words[2], words[3]
