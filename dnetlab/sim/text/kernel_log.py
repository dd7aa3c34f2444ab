"""A line of a LOG rule as the kernel writes it (net/netfilter/nf_log_syslog.c, Linux 6.1).

    DU: IN=eth0 OUT=docker0 MAC=f2:…:08:00 SRC=172.25.254.38 DST=172.17.0.2 LEN=60 TOS=0x00 … PROTO=TCP SPT=… DPT=80 …

Every field is read from the packet's own bytes, those that a capture shows at the same place.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

from dnetlab.model.frame import NO_MAC, Frame
from dnetlab.model.logged import Logged
from dnetlab.net.capture.octets import carried

_FLAGS = ((0x80, "CWR"), (0x40, "ECE"), (0x20, "URG"), (0x10, "ACK"), (0x08, "PSH"), (0x04, "RST"), (0x02, "SYN"),
          (0x01, "FIN"))  # fmt: skip
_ERRORS = (3, 4, 11)  # of ICMP: they quote the packet that they are about


def line(logged: Logged) -> str:
    """The line without its time, and with the blank that the kernel leaves at its end."""
    version = logged.packet.version
    data = next(carried(Frame(NO_MAC, NO_MAC, logged.packet), logged.at))
    words = _four(data, logged) if version == 4 else _six(data, logged)
    mark = f"MARK={logged.packet.mark:#x} " if logged.packet.mark else ""
    return f"{logged.prefix}{_between(logged)}{words}{mark}"


def _between(logged: Logged) -> str:
    """The interfaces, and the head of the frame where there was one."""
    text = f"IN={logged.into} OUT={logged.out} "
    text += f"PHYSIN={logged.physin} " if logged.physin else ""
    text += f"PHYSOUT={logged.physout} " if logged.physout else ""
    if not logged.into:
        return text
    kind = "08:00" if logged.packet.version == 4 else "86:dd"
    if "--log-macdecode" in logged.options:
        return f"{text}MACSRC={logged.source} MACDST={logged.destination} MACPROTO={kind.replace(':', '')} "
    return f"{text}MAC={logged.destination}:{logged.source}:{kind} "


def _four(data: bytes, logged: Logged, inner: bool = False) -> str:
    _, service, length, number, fragment, ttl, protocol, _ = struct.unpack(">BBHHHBBH", data[:12])
    text = f"SRC={IPv4Address(data[12:16])} DST={IPv4Address(data[16:20])} "
    text += f"LEN={length} TOS=0x{service & 0x1E:02X} PREC=0x{service & 0xE0:02X} TTL={ttl} ID={number} "
    text += ("DF " if fragment & 0x4000 else "") + ("MF " if fragment & 0x2000 else "")
    text += f"FRAG:{fragment & 0x1FFF} " if fragment & 0x1FFF else ""
    return text + _carried(protocol, data[20:], logged, inner)


def _six(data: bytes, logged: Logged, inner: bool = False) -> str:
    first, length, protocol, hops = struct.unpack(">IHBB", data[:8])
    text = f"SRC={IPv6Address(data[8:24]).exploded} DST={IPv6Address(data[24:40]).exploded} "
    text += f"LEN={length + 40} TC={first >> 20 & 0xFF} HOPLIMIT={hops} FLOWLBL={first & 0xFFFFF} "
    return text + _carried(protocol, data[40:], logged, inner)


def _carried(protocol: int, data: bytes, logged: Logged, inner: bool) -> str:
    """What the packet carries; inner: it is quoted in an ICMP error."""
    if protocol == 6:
        return "PROTO=TCP " + _tcp(data, logged, inner)
    if protocol == 17:
        sport, dport, length = struct.unpack(">HHH", data[:6])
        return f"PROTO=UDP SPT={sport} DPT={dport} LEN={length} " + ("" if inner else _user(logged))
    if protocol in (1, 58):
        return _icmp(data, logged, protocol)
    return f"PROTO={protocol} "


def _tcp(data: bytes, logged: Logged, inner: bool) -> str:
    if len(data) < 20:
        return f"INCOMPLETE [{len(data)} bytes] "
    sport, dport, seq, ack, offset, bits, window, _, urgent = struct.unpack(">HHIIBBHHH", data[:20])
    numbers = f"SEQ={seq} ACK={ack} " if "--log-tcp-sequence" in logged.options else ""
    flags = "".join(f"{name} " for bit, name in _FLAGS if bits & bit)
    text = f"SPT={sport} DPT={dport} {numbers}WINDOW={window} RES=0x{offset & 0xF:02x} {flags}URGP={urgent} "
    options = data[20 : (offset >> 4) * 4]
    if "--log-tcp-options" in logged.options and options and not inner:
        text += f"OPT ({options.hex().upper()}) "
    return text + ("" if inner else _user(logged))


def _user(logged: Logged) -> str:
    """--log-uid: whose socket sent it, known only where it was made. Programs of a host are root's."""
    return "UID=0 GID=0 " if "--log-uid" in logged.options and not logged.into else ""


def _icmp(data: bytes, logged: Logged, protocol: int) -> str:
    kind, code, _, first, second = struct.unpack(">BBHHH", data[:8])
    name, echoes = ("ICMP", (0, 8)) if protocol == 1 else ("ICMPv6", (128, 129))
    text = f"PROTO={name} TYPE={kind} CODE={code} "
    if kind in echoes:
        return f"{text}ID={first} SEQ={second} "
    errors = _ERRORS if protocol == 1 else (1, 2, 3, 4)
    if kind not in errors or len(data) < 28:
        return text
    inside = _four(data[8:], logged, True) if protocol == 1 else _six(data[8:], logged, True)
    text += f"[{inside}] "
    return text + (f"MTU={second} " if (kind, code) == (3, 4) or protocol == 58 and kind == 2 else "")
