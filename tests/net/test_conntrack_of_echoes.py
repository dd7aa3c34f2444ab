"""Two pings with one number do not meet in conntrack."""

from __future__ import annotations

from ipaddress import IPv4Address

from dnetlab.model import Connection, Flow, IcmpType, Packet, Protocol
from dnetlab.net import nat

HOST, CLIENT, CONTAINER = IPv4Address("172.25.254.1"), IPv4Address("172.25.254.38"), IPv4Address("172.18.0.2")
OUTBOUND = Connection(  # the container pinged the client with number 1, masqueraded as the host
    Flow(Protocol.ICMP, CONTAINER, CLIENT, 1, 0), Flow(Protocol.ICMP, CLIENT, HOST, 1, 0)
)


def test_a_request_with_the_number_of_an_awaited_reply_is_a_connection_of_its_own():
    request = Packet(CLIENT, HOST, Protocol.ICMP, sport=1, icmp=IcmpType.ECHO_REQUEST)
    answer = Packet(CLIENT, HOST, Protocol.ICMP, sport=1, icmp=IcmpType.ECHO_REPLY)

    assert nat.find([OUTBOUND], request, None, 0.0) is None
    found = nat.find([OUTBOUND], answer, None, 0.0)
    assert found is not None and found.reply
