"""What the target SET does: a packet's address, port or MAC goes into a set of addresses, or out of it (xt_set.c)."""

from __future__ import annotations

from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, ip_network
from dnetlab.model.ipset import IpSet, Member
from dnetlab.net.matches import Scene, ipset
from dnetlab.net.remembered import parts_of


def change(scene: Scene, options: dict[str, str]) -> None:
    """--add-set, then --del-set, as the rule says."""
    scene.fickle = True
    if "--add-set" in options:
        name, _, ends = options["--add-set"].partition(" ")
        _add(scene, ipset(scene, name), ends, options)
    if "--del-set" in options:
        name, _, ends = options["--del-set"].partition(" ")
        _take_out(scene, ipset(scene, name), ends)


def _add(scene: Scene, one: IpSet | None, ends: str, options: dict[str, str]) -> None:
    """What is in it already stays as it is without `--exist`; a full set takes no more."""
    if one is None:
        return
    if one.kind == "list:set":
        _add(scene, _first_of(scene, one), ends, options)
        return
    parts = _parts(scene, one, ends)
    alive = one.alive(scene.now)
    others = tuple(member for member in alive if member.parts != parts)
    known = len(others) < len(alive)
    if not parts or known and "--exist" not in options or len(others) >= int(one.option("maxelem") or 65536):
        return
    seconds = int(options.get("--timeout", one.option("timeout") or "0"))
    ends_at = scene.now + seconds if seconds and one.option("timeout") is not None else None
    scene.sets[one.name] = replace(one, members=(*others, Member(parts, ends_at)))


def _take_out(scene: Scene, one: IpSet | None, ends: str) -> None:
    if one is None:
        return
    if one.kind == "list:set":
        _take_out(scene, _first_of(scene, one), ends)
        return
    parts = _parts(scene, one, ends)
    left = tuple(member for member in one.alive(scene.now) if member.parts != parts)
    scene.sets[one.name] = replace(one, members=left)


def _first_of(scene: Scene, one: IpSet) -> IpSet | None:
    return next((found for m in one.alive(scene.now) if (found := ipset(scene, m.text)) is not None), None)


def _parts(scene: Scene, one: IpSet, ends: str) -> tuple[str, ...]:
    """The element that the packet would be; () when it has not all that the set asks for.

    Networks are those of the longest prefix that the set holds, hosts in an empty one (hash_net4_kadt).
    """
    asked = ("port",) if one.kind == "bitmap:port" else one.fields
    found = parts_of(scene.packet, scene.mac, asked, ends)
    if len(found) < len(asked) or any(isinstance(part, str) and not part for part in found):
        return ()
    if one.kind == "bitmap:port":
        return (str(found[0]).rpartition(":")[2],)
    longest = max((network.prefixlen for m in one.members for network in m.networks if network), default=128)
    return tuple([_text(part, field == "net", longest) for field, part in zip(asked, found, strict=False)])


def _text(part: IpAddress | str, as_network: bool, longest: int) -> str:
    if isinstance(part, str) or not as_network or longest >= part.max_prefixlen:
        return str(part)
    return str(ip_network(f"{part}/{longest}", strict=False))
