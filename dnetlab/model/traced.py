"""What the kernel tells of a packet that a rule has marked with `meta nftrace set 1` (nf_tables_trace.c)."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model.changed import quick
from dnetlab.model.netfilter import Netfilter, Rule
from dnetlab.model.nftables import Nftables
from dnetlab.model.nftrule import NftRule
from dnetlab.model.packet import Packet


@quick
@dataclass(frozen=True)
class Traced:
    """One step of such a packet in a base chain, or in what that jumps to.

    at        seconds of the lab's clock
    number    the same for all steps of one packet in one namespace
    table     family and name, also of a table of iptables;  chain: where the step is
    rule      that matched; None: the packet came to the base chain (verdict ''), or its policy decides
    verdict   'accept', 'drop', 'continue', 'return', 'jump c', 'goto c'
    packet    as it comes to the base chain, for a rule with the mark that it has behind it, for a policy as it leaves
    into, out interfaces, '' where the hook has none
    source, destination  MAC addresses of its frame, '' for one that was made here
    """

    at: float
    number: int
    table: str
    chain: str
    rule: NftRule | Rule | None
    verdict: str
    packet: Packet
    into: str = ""
    out: str = ""
    source: str = ""
    destination: str = ""


@dataclass(frozen=True)
class Walls:
    """The rules of a namespace at one moment: of nft, and of iptables for both families."""

    nftables: Nftables
    netfilter: Netfilter
    netfilter6: Netfilter
