"""The values of a test as nft keeps them: an address of a network without its host's part, a port as its number."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

from dnetlab.commands.nft.lexer import Token
from dnetlab.commands.nft.values import BadInput
from dnetlab.model.ip import ip_address, ip_network
from dnetlab.model.nftrule import ICMP, ICMPV6, NAMES, PROTOCOLS

SERVICES = {"ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67, "bootpc": 68, "tftp": 69,
            "http": 80, "pop3": 110, "ntp": 123, "imap2": 143, "snmp": 161, "https": 443, "syslog": 514, "imaps": 993,
            "mysql": 3306, "postgresql": 5432, "http-alt": 8080}  # fmt: skip
_WRONG = {  # what nft says of a name that a type doesn't have
    "ct_state": "Could not parse conntrack state", "ct_status": "Could not parse conntrack status",
    "ct_dir": "Could not parse conntrack direction", "fib_addrtype": "Could not parse fib address type",
    "icmp_type": "Could not parse ICMP type", "icmpv6_type": "Could not parse ICMPv6 type",
    "inet_proto": "Could not resolve protocol name", "mark": "Could not parse packet mark",
    "inet_service": "Could not resolve service: Servname not supported for ai_socktype",
    "pkt_type": "Could not parse packet type", "nf_proto": "Could not parse netfilter protocol",
    "tcp_flag": "Could not parse TCP flag", "integer": "Could not parse integer",
    "ether_addr": "Could not parse Ethernet address", "uid": "User does not exist",
}  # fmt: skip
_NUMBERED = {"inet_proto": PROTOCOLS, "icmp_type": ICMP, "icmpv6_type": ICMPV6}


def value_of(kind: str, token: Token) -> str:
    """The value of a type that a token says. Raises BadInput in nft's words."""
    text = token.text
    if kind in ("ifname", "iface_index"):
        return text
    if kind in ("ipv4_addr", "ipv6_addr"):
        return _address(kind, token)
    if kind == "inet_service":
        return _service(token)
    if kind in _NUMBERED:
        names = _NUMBERED[kind]
        known = next((name for name, number in names.items() if str(number) == text), text)
        if known in names or known.isdecimal() and int(known) < 256:
            return known
    elif kind == "pkt_type":
        text = "host" if text == "unicast" else text
        if text in NAMES[kind]:
            return text
    elif kind in NAMES:
        if text in NAMES[kind]:
            return text
    elif kind == "ether_addr":
        if re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", text):
            return text.lower()
    elif kind == "uid" and text == "root":
        return "0"
    elif re.fullmatch(r"\d+(-\d+)?|0x[0-9A-Fa-f]+", text):
        return text if "-" in text else str(int(text, 0))
    raise BadInput(_WRONG[kind], token.span)


def _address(kind: str, token: Token) -> str:
    wanted: type[IPv4Address | IPv6Address] = IPv4Address if kind == "ipv4_addr" else IPv6Address
    ends = token.text.split("-") if "-" in token.text else [token.text]
    for end in ends:
        address, slash, length = end.partition("/")
        try:
            found = ip_address(address)
        except ValueError:
            raise BadInput("Could not resolve hostname: Name or service not known", token.span) from None
        if not isinstance(found, wanted):
            problem = "Could not resolve hostname: Address family for hostname not supported"
            raise BadInput(problem, token.span)
        if slash and not (length.isdecimal() and int(length) <= found.max_prefixlen):
            problem = f"Prefix length {length} is invalid for type of {found.max_prefixlen} bits width"
            raise BadInput(problem, token.span)
    if len(ends) > 1:
        return "-".join(str(ip_address(end)) for end in ends)
    network = ip_network(token.text, strict=False)
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _service(token: Token) -> str:
    ends = token.text.split("-") if re.fullmatch(r"\d+-\d+", token.text) else [token.text]
    numbers = [SERVICES.get(end) if not end.isdecimal() else int(end) for end in ends]
    if None in numbers:
        raise BadInput(_WRONG["inet_service"], token.span)
    if any(number is not None and number > 65535 for number in numbers):
        raise BadInput("Service out of range", token.span)
    return "-".join(map(str, numbers))
