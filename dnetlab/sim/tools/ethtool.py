"""ethtool 6.1: which driver a link has, and what it counts; of a veth, the number of the other end.

What the kernel says of a veth and of a bridge (Linux 6.1, recorded in a network namespace of Debian 12).
"""

from __future__ import annotations

from dnetlab.model import Interface, LinkKind
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools.ethtool_features import features
from dnetlab.sim.tools.options import fail

_DRIVERS = {LinkKind.VETH: ("veth", "1.0", ""), LinkKind.BRIDGE: ("bridge", "2.3", "N/A"),
            LinkKind.MACVLAN: ("macvlan", "0.1", ""), LinkKind.IPVLAN: ("ipvlan", "0.1", ""),
            LinkKind.VXLAN: ("vxlan", "0.1", ""), LinkKind.DUMMY: ("dummy", "1.0", ""),
            LinkKind.PHYSICAL: ("virtio_net", "1.0.0", "")}  # fmt: skip
_QUEUES = (
    "rx_queue_0_xdp_packets", "rx_queue_0_xdp_bytes", "rx_queue_0_drops", "rx_queue_0_xdp_redirect",
    "rx_queue_0_xdp_drops", "rx_queue_0_xdp_tx", "rx_queue_0_xdp_tx_errors", "tx_queue_0_xdp_xmit",
    "tx_queue_0_xdp_xmit_errors",
)  # fmt: skip
_SETTINGS = """\
\tSupported ports: [  ]
\tSupported link modes:   Not reported
\tSupported pause frame use: No
\tSupports auto-negotiation: No
\tSupported FEC modes: Not reported
\tAdvertised link modes:  Not reported
\tAdvertised pause frame use: No
\tAdvertised auto-negotiation: No
\tAdvertised FEC modes: Not reported
\tSpeed: 10000Mb/s
"""
_USAGE = "ethtool: bad command line argument(s)\nFor more information run ethtool -h\n"


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ethtool DEV`, `ethtool -i|-S|-k|-P DEV`."""
    words = argv[1:]
    option = words[0] if words and words[0].startswith("-") else ""
    option = {"--driver": "-i", "--statistics": "-S", "--show-features": "-k", "--show-offload": "-k",
              "--show-permaddr": "-P"}.get(option, option)  # fmt: skip
    if len(words) != (2 if option else 1):
        return Result("", _USAGE, 1)
    if option not in ("", "-i", "-S", "-k", "-P"):
        raise Refused("ethtool {option} is not part of the lab.", "ethtool -i DEV, ethtool -S DEV", option=option)
    link = context.stack.interface(words[-1])
    if option == "-i":
        return _driver(link)
    if option == "-S":
        return _statistics(link)
    if option == "-P":
        return Result("Permanent address: not set\n") if link else fail("netlink error: No such device", 75)
    if link is None:
        row = "netlink error: no device matches name (offset 24)\nnetlink error: No such device\n"
        return Result("No data available\n", row * 5, 75)
    return _features(link) if option == "-k" else _settings(link)


def _features(link: Interface) -> Result:
    """What it leaves to its hardware, or to whoever is last. Nobody in the lab needs it: packets have their sums."""
    driver = "loopback" if link.kind is LinkKind.LOOPBACK else _DRIVERS[link.kind][0] if link.kind in _DRIVERS else ""
    text = features(link.name, driver)
    if text is None:
        raise Refused("The offloads of a link like {dev} are not known to the lab.",
                      "It knows those of veths, bridges, VXLANs, lo and the NIC.", dev=link.name)  # fmt: skip
    return Result(text)


def _driver(link: Interface | None) -> Result:
    if link is None:
        return fail("Cannot get driver information: No such device", 71)
    if link.kind not in _DRIVERS:
        return fail("Cannot get driver information: Operation not supported", 71)
    name, version, missing = _DRIVERS[link.kind]
    counts = "yes" if link.kind is LinkKind.VETH else "no"
    return Result(
        f"driver: {name}\nversion: {version}\nfirmware-version: {missing}\nexpansion-rom-version: \n"
        f"bus-info: {missing}\nsupports-statistics: {counts}\nsupports-test: no\nsupports-eeprom-access: no\n"
        "supports-register-dump: no\nsupports-priv-flags: no\n"
    )


def _statistics(link: Interface | None) -> Result:
    if link is None:
        return fail("Cannot get stats strings information: No such device", 96)
    if link.kind is not LinkKind.VETH or link.peer is None:
        return fail("no stats available", 94)
    rows = [f"     peer_ifindex: {link.peer.index}", *(f"     {name}: 0" for name in _QUEUES)]
    return Result("NIC statistics:\n" + "".join(f"{row}\n" for row in rows))


def _settings(link: Interface) -> Result:
    detected = f"\tLink detected: {'yes' if link.up and link.carrier else 'no'}\n"
    if link.kind is LinkKind.LOOPBACK:
        return Result(f"Settings for {link.name}:\n{detected}")
    if link.kind is LinkKind.VETH:
        rest = "\tDuplex: Full\n\tAuto-negotiation: off\n\tPort: Twisted Pair\n\tPHYAD: 0\n\tTransceiver: internal\n"
        return Result(f"Settings for {link.name}:\n{_SETTINGS}{rest}\tMDI-X: Unknown\n{detected}")
    rest = "\tDuplex: Unknown! (255)\n\tAuto-negotiation: off\n\tPort: Other\n\tPHYAD: 0\n\tTransceiver: internal\n"
    return Result(f"Settings for {link.name}:\n{_SETTINGS}{rest}{detected}")
