"""ipcalc of busybox 1.35: what a network's address, mask and broadcast are, as shell variables."""

from __future__ import annotations

from ipaddress import IPv4Interface

from dnetlab.sim.context import Context, Result
from dnetlab.sim.tools.options import BadOption, busybox_usage, fail, parse


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ipcalc [-bnmphs] ADDRESS[/PREFIX] [NETMASK]`."""
    try:
        options, words = parse(argv[1:], "mbnphs")
    except BadOption as error:
        return busybox_usage("ipcalc", str(error))
    flags = {name[1:] for name, _ in options}
    if not 1 <= len(words) <= 2 or "h" in flags:
        return busybox_usage("ipcalc")
    address, _, prefix = words[0].partition("/")
    mask = prefix or (words[1] if len(words) == 2 else "")
    try:
        own = IPv4Interface(f"{address}/{mask or _class_of(address)}")
    except ValueError:
        return fail(f"ipcalc: bad IP address: {address}", 1)
    rows = {"m": f"NETMASK={own.netmask}", "b": f"BROADCAST={own.network.broadcast_address}",
            "n": f"NETWORK={own.network.network_address}", "p": f"PREFIX={own.network.prefixlen}"}  # fmt: skip
    return Result("".join(f"{row}\n" for letter, row in rows.items() if letter in flags))


def _class_of(address: str) -> int:
    """The prefix that an address had before there were masks: of class A, B or C."""
    first = int(address.split(".")[0]) if address.split(".")[0].isdecimal() else 0
    return 8 if first < 128 else 16 if first < 192 else 24
