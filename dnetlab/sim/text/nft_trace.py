"""The lines of `nft monitor trace`, 1.0.6: a packet head by head as its bytes say, the rules it met, and the policy.

nft reads the first bytes of each head and names what it knows; what is left it prints as a number (`@th,64,96 0x…`).
Counters are those that the rules had when it began to listen. As recorded in network namespaces, both families.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import IPv6Address

from dnetlab.model import Rule
from dnetlab.model.changed import replace
from dnetlab.model.frame import NO_MAC, Frame
from dnetlab.model.nftrule import Counter, NftRule
from dnetlab.model.traced import Traced, Walls
from dnetlab.net.capture.octets import FLAGS, carried
from dnetlab.sim.text.nft_iptables import rule_as_nft

_SEEN = 20  # bytes of a transport head that the kernel tells (NFT_TRACETYPE_TRANSPORT_HSIZE)
_FLAGS = {"F": "fin", "S": "syn", "R": "rst", "P": "psh", "A": "ack", "U": "urg"}
_TYPES = {"icmp": {0: "echo-reply", 3: "destination-unreachable", 5: "redirect", 8: "echo-request",
                   11: "time-exceeded"},
          "icmpv6": {1: "destination-unreachable", 2: "packet-too-big", 3: "time-exceeded", 128: "echo-request",
                     129: "echo-reply"}}  # fmt: skip
_CODES = {"icmp": {0: "net-unreachable", 1: "host-unreachable", 2: "prot-unreachable", 3: "port-unreachable",
                   4: "frag-needed", 9: "net-prohibited", 10: "host-prohibited", 13: "admin-prohibited"},
          "icmpv6": {0: "no-route", 1: "admin-prohibited", 3: "addr-unreachable", 4: "port-unreachable",
                     5: "policy-fail", 6: "reject-route"}}  # fmt: skip
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"}


def trace_text(steps: Iterable[Traced], walls: Walls) -> str:
    return "".join(f"trace id {step.number:08x} {step.table} {step.chain} {_said(step, walls)}\n" for step in steps)


def _said(step: Traced, walls: Walls) -> str:
    if step.rule is not None:
        return f"rule {_as_it_was(step, step.rule, walls).text} (verdict {step.verdict})"
    if not step.verdict:
        return f"packet: {_packet(step)} "
    mark = step.packet.mark
    return f"policy {step.verdict} " + (f"meta mark 0x{mark:08x} " if mark else "")


# -- rules ------------------------------------------------------------------------------------------------------------


def _as_it_was(step: Traced, rule: NftRule | Rule, walls: Walls) -> NftRule:
    """The rule with the counter that it had; one that was made since had counted nothing."""
    family, _, name = step.table.partition(" ")
    old: NftRule | Rule | None
    if isinstance(rule, NftRule):
        table = walls.nftables.table(family, name)
        chain = table.chain(step.chain) if table is not None else None
        old = next((r for r in chain.rules if r.handle == rule.handle), None) if chain is not None else None
        return _with_counter(rule, old)
    made = (walls.netfilter if family == "ip" else walls.netfilter6).table(name).chain(step.chain)
    old = next((r for r in made.rules if r.text == rule.text), None) if made is not None else None
    return _with_counter(rule_as_nft(family, rule), old)


def _with_counter(rule: NftRule, old: NftRule | Rule | None) -> NftRule:
    counter = Counter(old.packets, old.bytes) if old is not None else Counter()
    return replace(rule, statements=tuple(counter if isinstance(s, Counter) else s for s in rule.statements))


# -- packets ----------------------------------------------------------------------------------------------------------


def _packet(step: Traced) -> str:
    words = [f'{word} "{name}"' for word, name in (("iif", step.into), ("oif", step.out)) if name]
    if step.source == NO_MAC:
        words.append(f"@ll,0,112 {'0x800' if step.packet.version == 4 else '0x86dd'}")
    elif step.source:
        words.append(f"ether saddr {step.source} ether daddr {step.destination}")
    data = next(carried(Frame(step.source or NO_MAC, step.destination or NO_MAC, step.packet), step.at))
    inet = step.table.startswith("inet ")
    head, number, rest = _ipv4(data, inet) if step.packet.version == 4 else _ipv6(data, inet)
    return " ".join([*words, head, _transport(number, rest)])


def _ipv4(data: bytes, inet: bool) -> tuple[str, int, bytes]:
    _, service, length, identity, _, ttl, number = struct.unpack(">BBHHHBB", data[:10])
    source, destination = (".".join(map(str, data[at : at + 4])) for at in (12, 16))
    protocol = f" ip protocol {_PROTOCOLS.get(number, number)}" if inet else ""
    head = (f"ip saddr {source} ip daddr {destination} {_service('ip', service)} ip ttl {ttl} ip id {identity}"
            f"{protocol} ip length {length}")  # fmt: skip
    return head, number, data[20:]


def _ipv6(data: bytes, inet: bool) -> tuple[str, int, bytes]:
    first, length, number, hops = struct.unpack(">IHBB", data[:8])
    source, destination = (IPv6Address(data[at : at + 16]) for at in (8, 24))
    protocol = f" ip6 nexthdr {_PROTOCOLS.get(number, number)}" if inet else ""
    head = (f"ip6 saddr {source} ip6 daddr {destination} {_service('ip6', first >> 20 & 0xFF)} ip6 hoplimit {hops} "
            f"ip6 flowlabel {first & 0xFFFFF}{protocol} ip6 length {length}")  # fmt: skip
    return head, number, data[40:]


def _service(family: str, value: int) -> str:
    code, ecn = value >> 2, ("not-ect", "ect1", "ect0", "ce")[value & 3]
    return f"{family} dscp {f'cs{code // 8}' if code % 8 == 0 else f'0x{code:02x}'} {family} ecn {ecn}"


def _transport(number: int, data: bytes) -> str:
    seen = data[:_SEEN]
    if number == 6:
        sport, dport, _, _, _, bits, window = struct.unpack(">HHIIBBH", seen[:16])
        single = next((_FLAGS[letter] for letter, bit in FLAGS.items() if bit == bits), f"0x{bits:x}")
        return f"tcp sport {sport} tcp dport {dport} tcp flags == {single} tcp window {window}"
    if number == 17:
        sport, dport, length = struct.unpack(">HHH", seen[:6])
        return f"udp sport {sport} udp dport {dport} udp length {length}{_left(seen)}"
    name = "icmp" if number == 1 else "icmpv6"
    kind, code = seen[0], seen[1]
    text = f"{name} type {_TYPES[name].get(kind, kind)} {name} code {_CODES[name].get(code, code)}"
    if number == 1:
        identity, sequence = struct.unpack(">HH", seen[4:8])
        return f"{text} icmp id {identity} icmp sequence {sequence}{_left(seen)}"
    return f"{text} icmpv6 parameter-problem {int.from_bytes(seen[4:8], 'big')}{_left(seen)}"


def _left(seen: bytes) -> str:
    """What stands behind a head of eight bytes, as far as the kernel tells it."""
    rest = seen[8:]
    return f" @th,64,{8 * len(rest)} 0x{int.from_bytes(rest, 'big'):x}" if rest else ""
