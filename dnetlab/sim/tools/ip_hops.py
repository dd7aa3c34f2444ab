"""`ip route add … nexthop via A [dev D] [weight N] nexthop …`: what stands behind the first `nexthop`, iproute2 6.1."""

from __future__ import annotations

from dnetlab.commands.ip import IpError
from dnetlab.model.changed import replace
from dnetlab.model.route import Hop
from dnetlab.sim.context import Context, Refused
from dnetlab.sim.tools.ip_show import Words, gateway, known_device


def read_hops(context: Context, words: Words, family: int) -> tuple[Hop, ...]:
    """All that is left of the line. Raises IpError in iproute2's words."""
    hops = []
    while True:
        if not words:
            raise IpError('Error: unexpected end of line after "nexthop"')
        hops.append(_hop(context, words, family))
        if not words:
            return tuple(hops)
        if (word := words.next()) != "nexthop":
            raise IpError(f'Error: "nexthop" or end of line is expected instead of "{word}"')


def _hop(context: Context, words: Words, family: int) -> Hop:
    hop = Hop(None, None)
    while words and words.left[0] in ("via", "dev", "oif", "weight", "onlink", "realms", "encap", "as", "vni"):
        word = words.next()
        if word == "via":
            hop = replace(hop, via=gateway(words, family))
        elif word in ("dev", "oif"):
            hop = replace(hop, dev=_device(context, words.next()))
        elif word == "weight":
            hop = replace(hop, weight=_weight(words.next()))
        elif word == "onlink":
            hop = replace(hop, onlink=True)
        else:
            raise Refused("`nexthop … {word}` is not modelled.", "via, dev, weight and onlink are.", word=word)
    return hop


def _device(context: Context, name: str) -> str:
    try:
        return known_device(context, name).name
    except IpError as error:
        raise IpError(f"{error.text}Error: cannot parse nexthop") from None


def _weight(word: str) -> int:
    try:
        number = int(word, 0)
    except ValueError:
        number = 0
    if not 1 <= number <= 256:
        raise IpError(f'Error: argument "{word}" is wrong: "weight" is invalid\n\n')
    return number
