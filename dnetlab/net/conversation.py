"""A TCP connection, packet by packet; whatever is lost is sent again until somebody gives up.

    SYN ▸   ◂ SYN-ACK   ACK ▸   request ▸   ◂ ACK   ◂ answer   ACK ▸   FIN ▸   ◂ FIN   ACK ▸

Each of them meets the rules, is counted, and can be dropped alone. A docker-proxy has a connection of its own behind
it, which it opens once the first is there and which carries the same words on.
"""

from __future__ import annotations

from itertools import chain

from dnetlab.model import Disposition, Exchange, Namespace, Packet, Part, Protocol, Segment, Snapshot, Where
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.net.forward import FOREVER, back, dial_of, exchange, forward, settled
from dnetlab.net.journey import journey
from dnetlab.net.memory import Field
from dnetlab.net.passage import Passage
from dnetlab.net.routing import fits, lookup
from dnetlab.net.trip import Asker, Trip, default_ttl, turned

TCP_HEADERS = 32  # TCP 20, timestamps 12 bytes; before them the IP header, of 20 bytes or of IPv6's 40
# When a packet goes out again, in seconds after the first time. ip-sysctl: tcp_syn_retries 6, tcp_synack_retries 5,
# tcp_retries2 15; the first wait for data is 0.2 s, the tail loss probe before it takes as long (observed: five times
# within two seconds), no wait is longer than 120 s.
SYN_AGAIN = (1.0, 3.0, 7.0, 15.0, 31.0, 63.0)
SYN_ACK_AGAIN = SYN_AGAIN[:5]
DATA_AGAIN = (0.2, 0.41, 0.83, 1.66, 3.3, 6.6, 13.3, 26.6, 53.2, 106.5, 213.0, 333.0, 453.0, 573.0, 693.0)
GIVES_UP = 924.6  # tcp_retries2 15: "a hypothetical timeout of 924.6 seconds"
USUAL_REQUEST, USUAL_ANSWER = 76, 300  # bytes: curl's question, and a small page


def converse(
    snapshot: Snapshot, where: Where, packet: Packet, now: float = 0.0, leaves: bool = True
) -> Exchange:
    """Send `packet`; when it opens a TCP connection, ask and answer over it, and close it, as curl would.

    `lost` is the packet on which it failed; its `after` has what all of them left behind, or is the snapshot from
    before when nobody cares what that was (leaves=False). Else it is `forward`.
    """
    if packet.protocol is not Protocol.TCP or packet.flags != "S":
        return forward(snapshot, where, packet, now, leaves=leaves)
    talk = Talk(Field(snapshot, now), where, packet, patience=0.0)
    if talk.is_open and talk.ask(USUAL_REQUEST) and talk.answer(USUAL_ANSWER):
        talk.close()
    return talk.exchange() if leaves else talk.told()


class Talk:
    """A connection while it is used.

    opening   SYN and SYN-ACK, without what docker-proxy does then
    behind    the connection that docker-proxy opened, None without one
    patience  seconds after the SYN at which the client stops waiting; what is lost is sent again until then
    reset     somebody answered a later packet with a RST, and the client has it
    """

    def __init__(self, lab: Field, where: Where, syn: Packet, patience: float = FOREVER, begun: float = 0.0) -> None:
        number, mss = syn.first_number, syn.mss or _mtu(lab.space(where), syn.destination) - syn.head - 20
        self.lab, self.where, self.syn = lab, where, replace(syn, seq=number, mss=mss)
        self.mine, self.theirs = number + 1, 0  # the next byte of the client's, and of the server's
        self.headers = syn.head + TCP_HEADERS
        self.words: dict[Part, bytes] = {}
        self._asked_from = self.mine
        self.start, self.begun, self.patience = lab.now, begun, min(patience, GIVES_UP)
        self._passages: dict[bool, Passage] = {}  # by whether the client sends: the way of its packets
        self.lost: Segment | None = None
        self.behind: Talk | None = None
        self.reset = self.accepted = self.receipted = False
        self.opening = self._open()
        if self.is_open:
            assert self.opening.reply is not None
            self.theirs = self.opening.reply.packet.seq + 1
            self._acknowledge()

    # -- what came of it --------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Does the client think that it is connected?"""
        return self.opening.answered

    @property
    def last(self) -> Talk:
        """The connection to the program that reads what is asked: docker-proxy's own, if there is one."""
        return self.behind.last if self.behind else self

    @property
    def is_receipted(self) -> bool:
        """Do the clients' kernels know that the request arrived? Then they wait for ever."""
        return self.receipted and (self.behind is None or self.behind.is_receipted)

    def exchange(self) -> Exchange:
        """The connection as a value."""
        return settled(self.told(), self.lab.after())

    def told(self) -> Exchange:
        """As `exchange`, without what was left behind."""
        behind = self.behind.told() if self.behind else None
        answered = self.is_open and self.lost is None and (behind is None or behind.answered)
        seconds = behind.seconds if behind and not behind.answered else self.opening.seconds
        return replace(self.opening, answered=answered, proxied=behind, lost=self.lost, seconds=seconds)

    # -- the handshake ----------------------------------------------------------------------------------------------

    def _open(self) -> Exchange:
        """SYN until it is answered or refused; the first try, or the one that was answered."""
        first = exchange(self.lab, self.where, self.syn, dial=False)
        if not _is_dropped(first):
            self._follow(first)
            return first
        for at in self._times(SYN_AGAIN):
            self._wait(at)
            again = exchange(self.lab, self.where, self.syn, dial=False)
            if again.answered:
                self._follow(again)
                return replace(again, seconds=at)
        return first

    def _follow(self, opening: Exchange) -> None:
        """Where the SYN-ACK went, the server's later packets go: each is an answer in an established connection."""
        reply, listener = opening.reply, opening.listener
        if opening.answered and reply is not None and listener is not None and reply.hops[0].where == listener.where:
            found = self.lab.passage(reply.packet.size)
            if found is not None:
                self._passages[False] = found

    def _acknowledge(self) -> None:
        """The third packet. Without it the server does not know that there is a connection."""
        if self._client("A", 0, Part.HANDSHAKE):
            self._accept()

    def _accept(self) -> None:
        self.accepted = True
        listener, final = self.opening.listener, self.opening.request.final
        if listener is None or final is None or self.behind is not None:
            return
        dial = dial_of(self.lab, listener.where, final)
        if dial is not None:
            left = self.patience - (self.lab.now - self.start)
            self.behind = Talk(self.lab, listener.where, dial, left, self.begun + self.lab.now - self.start)

    def wait_until(self, patience: float) -> None:
        """Another patience, in seconds from the SYN on, for what is said from now on."""
        self.patience = min(patience, GIVES_UP)
        if self.behind is not None:
            self.behind.wait_until(patience - (self.behind.begun - self.begun))

    # -- words ------------------------------------------------------------------------------------------------------

    def ask(self, size: int, words: bytes = b"") -> bool:
        """The client says so many bytes, these if they are known. Did the program read them?"""
        self.words[Part.REQUEST] = words
        if not self._push(size) or self.reset:
            return False
        if self.behind is None:
            return True
        return self.behind.is_open and self.behind.ask(size, words)

    def _push(self, size: int) -> bool:
        """The request, until it arrives and its receipt too, or until patience ends."""
        self._asked_from = self.mine
        arrived = self._request(size)
        if arrived or self.reset:
            return arrived
        mine = ((at, True) for at in DATA_AGAIN)
        theirs = ((at, False) for at in SYN_ACK_AGAIN if not self.accepted)
        for at, is_mine in sorted(chain(mine, theirs)):
            if at >= self.patience:
                break
            self._wait(at)
            if not is_mine:
                if self._server("SA", 8, Part.HANDSHAKE):
                    self._client("A", 0, Part.HANDSHAKE)
            elif self._request(size):
                self.lost = None
                return True
        return False

    def _request(self, size: int) -> bool:
        if not self._client("PA", size, Part.REQUEST):
            return False
        if not self.accepted:
            self._accept()
        self.mine = max(self.mine, self._asked_from + size)
        self.receipted = self._server("A", 0, Part.RECEIPT)
        return True

    def answer(self, size: int, words: bytes = b"") -> bool:
        """The program says so many bytes, these if they are known. Did the client read them?"""
        if self.behind is not None and not self.behind.answer(size, words):
            return False
        self.words[Part.ANSWER] = words
        if self._page(size):
            self.theirs += size
            self._client("A", 0, Part.RECEIPT)
            return True
        again = ((at, mine) for at in DATA_AGAIN for mine in (True, False) if not (mine and self.receipted))
        for at, mine in again:
            if at >= self.patience:
                break
            self._wait(at)
            if mine and self._client("PA", USUAL_REQUEST, Part.REQUEST):
                self.receipted = self._server("A", 0, Part.RECEIPT)
            elif not mine and self._page(size):
                self.lost = None
                self.theirs += size
                return True
        return False

    def _page(self, size: int) -> bool:
        most = self._most()
        whole = [self._server("PA", min(size - at, most), Part.ANSWER, at) for at in range(0, size, most)]
        return all(whole)

    def _most(self) -> int:
        """The data of one segment: what fits the smaller MTU of both ends, as each told the other in its SYN."""
        listener, final = self.opening.listener, self.opening.request.final or self.syn
        ends = [(self.where, self.syn.destination)]
        ends += [(listener.where, final.source)] if listener is not None else []
        return max(8, min(_mtu(self.lab.space(where), to) for where, to in ends) - self.headers)

    def close(self, by_server: bool = False) -> None:
        """Both say that they are done, the client first unless told otherwise. Nobody waits for it."""
        if self.behind is not None and self.behind.is_open:
            self.behind.close(by_server)
        sides = [self._server, self._client] if by_server else [self._client, self._server]
        lost = self.lost
        if sides[0]("FA", 0, Part.CLOSE) and self.accepted and sides[1]("FA", 0, Part.CLOSE):
            sides[0]("A", 0, Part.CLOSE)
        self.lost = lost

    # -- one segment ------------------------------------------------------------------------------------------------

    def _client(self, flags: str, size: int, part: Part) -> bool:
        """A packet of the client, after its SYN. Did it arrive?"""
        if self._goes_on(True, self.headers + size, part, flags):
            return True
        seq, words = self._asked_from if part is Part.REQUEST else self.mine, self.words.get(part, b"")
        packet = replace(self.syn, flags=flags, size=self.headers + size, seq=seq, ack=self.theirs, data=words)
        self.mine += "F" in flags
        trip = self._sent(part, Trip(self.lab, self.where, packet, packet))
        answer = trip.answer
        if answer is not None and "R" in answer.packet.flags:
            self.reset = back(self.lab, answer, Asker(self.where, packet)).arrived
        return trip.arrived

    def _server(self, flags: str, size: int, part: Part, at: int = 0) -> bool:
        """A packet of the server: a SYN-ACK sent again, or a later one. Did it arrive?"""
        listener = self.opening.listener
        if listener is None:
            return False
        if "S" not in flags and self._goes_on(False, self.headers + size, part, flags):
            return True
        first = self.opening.request.final or self.syn
        words = self.words.get(part, b"")[at : at + size]
        packet = turned(first, flags, self.headers + size, default_ttl(self.lab.space(listener.where)))
        if "S" not in flags:
            packet = replace(packet, seq=self.theirs + at, ack=self.mine, data=words)
            self.theirs += "F" in flags
        asker = Asker(self.where, self.syn)
        return self._sent(part, Trip(self.lab, listener.where, packet, packet, asker=asker)).arrived

    def _goes_on(self, client: bool, size: int, part: Part, flags: str) -> bool:
        """Does a packet meet what the one before met that went the same way? Then it is counted there."""
        known = self._passages.get(client)
        if known is None or not self.lab.serves(known, size):
            return False
        self.lab.go_on(known, size, flags)
        self._note(part, None)
        return True

    def _sent(self, part: Part, trip: Trip) -> Trip:
        """A packet goes all its way; the next one of its side may follow it."""
        memory, size = self.lab.memory, trip.packet.size
        self.lab.set_out()
        journey(trip)
        client = trip.asker is None
        self._passages.pop(client, None)
        if trip.arrived and "S" not in trip.first.flags and self.lab.memory == memory:
            found = self.lab.passage(size)
            if found is not None:
                self._passages[client] = found
        self._note(part, None if trip.arrived else trip)
        return trip

    def _note(self, part: Part, dropped: Trip | None) -> None:
        """The first packet without which nothing goes on is the one that was lost."""
        if dropped is not None and part in (Part.HANDSHAKE, Part.REQUEST, Part.ANSWER):
            self.lost = self.lost or Segment(part, self.at, dropped.trace())
        elif dropped is None and part is Part.REQUEST:
            self.lost = None  # it carries the acknowledgement of the handshake too

    @property
    def at(self) -> float:
        """Seconds since the client's SYN."""
        return self.begun + self.lab.now - self.start

    def _times(self, again: tuple[float, ...]) -> list[float]:
        return [at for at in again if at < self.patience]

    def _wait(self, at: float) -> None:
        self.lab.now = self.start + at


def _mtu(space: Namespace, destination: IpAddress) -> int:
    way = lookup(space, destination)
    link = space.interface(way.dev) if way is not None and way.dev else None
    return fits(space, destination, link)[0] if link is not None else 1500


def _is_dropped(found: Exchange) -> bool:
    """Silence, because a packet was thrown away: it is worth trying again."""
    last = found.reply or found.request
    return not found.answered and last.disposition is Disposition.DROPPED
