"""The counters of interfaces as the tools print them: `ip -s`, ifconfig, /proc/net/dev."""

from __future__ import annotations

from dnetlab.model import Interface, Namespace, Traffic

PROC_HEAD = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|"
    "bytes    packets errs drop fifo colls carrier compressed\n"
)


def ip_rows(traffic: Traffic) -> str:
    """The four lines that -s adds (iproute2 6.1), with their line ends."""
    wide = max(7, len(str(traffic.rx_packets)), len(str(traffic.tx_packets)))
    long = max(10, len(str(traffic.rx_bytes)), len(str(traffic.tx_bytes)))
    zeros = "      0       0       0       0 \n"

    def head(way: str, words: str) -> str:
        return f"    {way}:{'bytes':>{long - 3}} {'packets':>{wide}} {words}           \n"

    def row(packets: int, size: int) -> str:
        return f"    {size:>{long}} {packets:>{wide}}{zeros}"

    received = head("RX", "errors dropped  missed   mcast") + row(traffic.rx_packets, traffic.rx_bytes)
    return received + head("TX", "errors dropped carrier collsns") + row(traffic.tx_packets, traffic.tx_bytes)


def ip_json(traffic: Traffic) -> dict[str, dict[str, int]]:
    """The value of `stats64` in `ip -j -s`."""
    return {
        "rx": {"bytes": traffic.rx_bytes, "packets": traffic.rx_packets, "errors": 0, "dropped": 0, "over_errors": 0,
               "multicast": 0},
        "tx": {"bytes": traffic.tx_bytes, "packets": traffic.tx_packets, "errors": 0, "dropped": 0,
               "carrier_errors": 0, "collisions": 0},
    }  # fmt: skip


def scaled(size: int) -> str:
    """'1.8 KiB' for 1868, cut off and not rounded (net-tools lib/interface.c, busybox)."""
    tenths, unit = size * 10, "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if tenths < 10240:
            break
        tenths, unit = tenths // 1024, larger
    return f"{tenths // 10}.{tenths % 10} {unit}"


def proc_net_dev(space: Namespace) -> str:
    """/proc/net/dev of a namespace."""
    return PROC_HEAD + "".join(_proc_row(link, space.traffic_of(link)) for link in space.interfaces)


def _proc_row(link: Interface, traffic: Traffic) -> str:
    received = f"{traffic.rx_bytes:>7} {traffic.rx_packets:>7}    0    0    0     0          0         0"
    sent = f"{traffic.tx_bytes:>8} {traffic.tx_packets:>7}    0    0    0     0       0          0"
    return f"{link.name:>6}: {received} {sent}\n"


def sysfs(traffic: Traffic, name: str) -> str | None:
    """/sys/class/net/DEV/statistics/NAME; None for a name that the kernel does not have."""
    counted = vars(traffic).get(name)
    return f"{counted or 0}\n" if counted is not None or name in _OTHERS else None


_OTHERS = (
    "collisions", "multicast", "rx_compressed", "rx_crc_errors", "rx_dropped", "rx_errors", "rx_fifo_errors",
    "rx_frame_errors", "rx_length_errors", "rx_missed_errors", "rx_nohandler", "rx_over_errors", "tx_aborted_errors",
    "tx_carrier_errors", "tx_compressed", "tx_dropped", "tx_errors", "tx_fifo_errors", "tx_heartbeat_errors",
    "tx_window_errors",
)  # fmt: skip
