"""What `ethtool -k` says of each kind of link that the lab's tools were asked about: Linux 6.18, ethtool 6.1.

Of a veth every row; of the others what is another there. `!` stands for [fixed]: no `ethtool -K` changes it. The NIC
is a virtio_net.
"""

from __future__ import annotations

_INDENTED = frozenset((
    "tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksum-ipv6", "tx-checksum-fcoe-crc", "tx-checksum-sctp",
    "tx-scatter-gather", "tx-scatter-gather-fraglist", "tx-tcp-segmentation", "tx-tcp-ecn-segmentation",
    "tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation", "tx-tcp-accecn-segmentation",
))  # fmt: skip
_VETH = (
    "rx-checksumming=on tx-checksumming=on tx-checksum-ipv4=off! tx-checksum-ip-generic=on "
    "tx-checksum-ipv6=off! tx-checksum-fcoe-crc=off! tx-checksum-sctp=on scatter-gather=on "
    "tx-scatter-gather=on tx-scatter-gather-fraglist=on tcp-segmentation-offload=on tx-tcp-segmentation=on "
    "tx-tcp-ecn-segmentation=on tx-tcp-mangleid-segmentation=on tx-tcp6-segmentation=on "
    "tx-tcp-accecn-segmentation=on generic-segmentation-offload=on generic-receive-offload=off "
    "large-receive-offload=off! rx-vlan-offload=on tx-vlan-offload=on ntuple-filters=off! "
    "receive-hashing=off! highdma=on rx-vlan-filter=off! vlan-challenged=off! tx-gso-robust=off! "
    "tx-fcoe-segmentation=off! tx-gre-segmentation=on tx-gre-csum-segmentation=on tx-ipxip4-segmentation=on "
    "tx-ipxip6-segmentation=on tx-udp_tnl-segmentation=on tx-udp_tnl-csum-segmentation=on tx-gso-partial=off! "
    "tx-tunnel-remcsum-segmentation=off! tx-sctp-segmentation=on tx-esp-segmentation=off! "
    "tx-udp-segmentation=on tx-gso-list=on tx-nocache-copy=off loopback=off! rx-fcs=off! rx-all=off! "
    "tx-vlan-stag-hw-insert=on rx-vlan-stag-hw-parse=on rx-vlan-stag-filter=off! l2-fwd-offload=off! "
    "hw-tc-offload=off! esp-hw-offload=off! esp-tx-csum-hw-offload=off! rx-udp_tunnel-port-offload=off! "
    "tls-hw-tx-offload=off! tls-hw-rx-offload=off! rx-gro-hw=off! tls-hw-record=off! rx-gro-list=off "
    "macsec-hw-offload=off! rx-udp-gro-forwarding=off hsr-tag-ins-offload=off! hsr-tag-rm-offload=off! "
    "hsr-fwd-offload=off! hsr-dup-offload=off! "
)
_OTHERS = {  # by driver
    "bridge": (
        "rx-checksumming=off! tx-checksum-sctp=off! generic-receive-offload=on rx-vlan-offload=off! "
        "tx-gso-robust=on tx-fcoe-segmentation=on tx-gso-partial=on tx-tunnel-remcsum-segmentation=on "
        "tx-esp-segmentation=on rx-vlan-stag-hw-parse=off! "
    ),
    "loopback": (
        "rx-checksumming=on! tx-checksum-ip-generic=on! tx-checksum-sctp=on! tx-scatter-gather=on! "
        "tx-scatter-gather-fraglist=on! generic-receive-offload=on rx-vlan-offload=off! tx-vlan-offload=off! "
        "highdma=on! vlan-challenged=on! tx-gre-segmentation=off! tx-gre-csum-segmentation=off! "
        "tx-ipxip4-segmentation=off! tx-ipxip6-segmentation=off! tx-udp_tnl-segmentation=off! "
        "tx-udp_tnl-csum-segmentation=off! tx-nocache-copy=off! loopback=on! tx-vlan-stag-hw-insert=off! "
        "rx-vlan-stag-hw-parse=off! "
    ),
    "vxlan": (
        "tx-checksum-sctp=off! generic-receive-offload=on rx-vlan-offload=off! tx-vlan-offload=off! highdma=off! "
        "tx-gre-segmentation=off! tx-gre-csum-segmentation=off! tx-ipxip4-segmentation=off! "
        "tx-ipxip6-segmentation=off! tx-udp_tnl-segmentation=off! tx-udp_tnl-csum-segmentation=off! "
        "tx-vlan-stag-hw-insert=off! rx-vlan-stag-hw-parse=off! "
    ),
    "virtio_net": (
        "rx-checksumming=on! tx-checksum-sctp=off! tx-scatter-gather-fraglist=off! tx-tcp-ecn-segmentation=off! "
        "tx-tcp-mangleid-segmentation=off tx-tcp-accecn-segmentation=off! generic-receive-offload=on "
        "rx-vlan-offload=off! tx-vlan-offload=off! highdma=on! tx-gso-robust=on! tx-gre-segmentation=off! "
        "tx-gre-csum-segmentation=off! tx-ipxip4-segmentation=off! tx-ipxip6-segmentation=off! "
        "tx-udp_tnl-segmentation=off! tx-udp_tnl-csum-segmentation=off! tx-sctp-segmentation=off! "
        "tx-udp-segmentation=off! tx-gso-list=off! tx-vlan-stag-hw-insert=off! rx-vlan-stag-hw-parse=off! "
        "rx-gro-hw=on! "
    ),
}


def features(name: str, driver: str) -> str | None:
    """All rows of a link of that driver; None when nobody has asked a real one."""
    if driver != "veth" and driver not in _OTHERS:
        return None
    pairs = dict(pair.split("=") for pair in f"{_VETH}{_OTHERS.get(driver, '')}".split())
    rows = [("\t" if feature in _INDENTED else "") + f"{feature}: {value.replace('!', ' [fixed]')}"
            for feature, value in pairs.items()]  # fmt: skip
    return "\n".join([f"Features for {name}:", *rows, ""])
