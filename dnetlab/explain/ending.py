"""How an exchange ended for the one who asked: the last line of its story, as a value."""

from __future__ import annotations

from enum import Enum

from dnetlab.model import Exchange


class Ending(Enum):
    """What the asker has in the end."""

    ANSWERED = "answered"
    CUT_OFF = "cut off"  # docker-proxy, or a socat that forwards, took the connection and could not go on
    SILENCE = "silence"
    MESSAGE = "message"  # an ICMP error or a reset: the reply's `because` says which
    STUCK = "stuck"  # the connection was open, and a later packet of it died
    LOST = "lost"  # an answer was sent, and died on its way


def ending(exchange: Exchange) -> Ending:
    """How it ended, for the asker."""
    if exchange.answered:
        return Ending.ANSWERED
    if exchange.broke_on is not None:
        return Ending.STUCK
    if exchange.proxied is not None and exchange.request.disposition.arrived:
        return Ending.CUT_OFF
    if exchange.reply is None:
        return Ending.SILENCE
    return Ending.MESSAGE if exchange.reply.disposition.arrived else Ending.LOST
