"""What a rule of iptables asks of a packet, and whether it holds: a judge for each option of its matches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from dnetlab.model import (
    Connection,
    ConnState,
    Flow,
    Match,
    Namespace,
    Packet,
    Protocol,
    Rule,
    Step,
)
from dnetlab.model.indexes import index
from dnetlab.model.ip import IpAddress, ip_address, ip_network
from dnetlab.model.ipset import IpSet
from dnetlab.model.nftrule import NftRule
from dnetlab.model.route import Asked
from dnetlab.net import remembered
from dnetlab.net.remembered import MODULES, Moment, parts_of
from dnetlab.net.routing import is_broadcast, is_local, lookup

Judge = Callable[[str, "Scene"], bool]


@dataclass
class Scene:
    """What a rule can look at. in_dev, out_dev: '' where the hook has none; physin, physout: ports of a bridge.

    untracked: a rule of the table raw took the packet out of conntrack's hands; sets: those that rules have changed.
    """

    space: Namespace
    packet: Packet
    in_dev: str = ""
    out_dev: str = ""
    physin: str = ""
    physout: str = ""
    state: ConnState = ConnState.NEW
    mac: str = ""
    connection: Connection | None = None
    replying: bool = False  # the packet goes in the answering direction of its connection
    fickle: bool = False  # was something looked at that differs between the packets of a connection?
    logged: list[tuple[Rule, Packet]] = field(default_factory=list)  # what LOG rules took down, as it was there
    traced: bool = False  # is it told what the packet meets (`meta nftrace set 1`)?
    reported: list[tuple[Step, Rule | NftRule, int]] = field(default_factory=list)  # what matched, and the mark then
    untracked: bool = False
    sets: dict[str, IpSet] = field(default_factory=dict)
    now: float = 0.0
    connections: Callable[[], Sequence[Connection]] = tuple  # what conntrack knows here
    moment: Moment | None = None  # of the rule that is read
    source: int = 0
    destination: int = 0
    connmark: int = 0

    def __post_init__(self) -> None:
        self.source, self.destination = int(self.packet.source), int(self.packet.destination)
        self.connmark = self.connection.mark if self.connection else 0


@dataclass(frozen=True)
class Questions:
    """What a rule asks, worked out once from its matches.

    alone      (judge, value, negated) of each that is asked by itself; judge None: the lab can't judge it
    together   has it matches whose options are asked together?
    remembers  has it one that depends on what came before, or on the hour?
    unknown    the first condition that the lab can't judge, '' when it knows all
    """

    alone: tuple[tuple[Judge | None, str, bool], ...]
    together: bool
    remembers: bool
    unknown: str


def questions(rule: Rule) -> Questions:
    """What the rule asks."""
    return index(rule, "_questions", rule.matches, _questions_of)


def _questions_of(asked: tuple[Match, ...]) -> Questions:
    plain = [match for match in asked if match.module not in _TOGETHER]
    alone = tuple([(_judge_of(match), match.value, match.negated) for match in plain])
    unknown = next((f"{m.option} {m.value}".strip() for m in plain if _judge_of(m) is None), "")
    return Questions(alone, len(plain) < len(asked), any(match.module in MODULES for match in asked), unknown)


def matches(rule: Rule, scene: Scene) -> bool:
    """Do all conditions of the rule hold? One that the lab can't judge never holds."""
    return holds(questions(rule), rule, scene)


def holds(asked: Questions, rule: Rule, scene: Scene) -> bool:
    """As `matches`, for whoever knows the rule's questions already."""
    if asked.together:
        return _in_order(rule, scene)
    for judge, value, negated in asked.alone:  # noqa: SIM110  # a rule is read for every packet, and this is quicker
        if judge is None or judge(value, scene) is negated:
            return False
    return True


def _in_order(rule: Rule, scene: Scene) -> bool:
    """As `matches`, of a rule with matches whose options are asked together: each in its place, as some remember."""
    before = ""
    for match in rule.matches:
        if match.module in _TOGETHER:
            if match.module != before and not _holds_together(match.module, rule, scene):
                return False
            before = match.module
            continue
        judge = _judge_of(match)
        if judge is None or judge(match.value, scene) is match.negated:
            return False
    return True


def _holds_together(module: str, rule: Rule, scene: Scene) -> bool:
    """Does a match hold whose options are asked together? One that remembers never does where nothing is known of the
    moment."""
    if module in _WHOLE:
        return _WHOLE[module](options_of(rule, module), scene)
    return scene.moment is not None and remembered.judge(module, scene.moment)


def options_of(rule: Rule, module: str) -> dict[str, str]:
    """What is given to a match of the rule, by option."""
    return {match.option: match.value for match in rule.matches if match.module == module}


def _judge_of(match: Match) -> Judge | None:
    """-m mark and -m connmark have an option of the same name. A match that is asked as a whole has none."""
    return _connmark if match.module == "connmark" else _JUDGES.get(match.option)


def judge(option: str) -> Judge:
    """Who judges what that option of iptables asks; KeyError for one that the lab can't judge."""
    return _JUDGES[option]


def others_match(rule: Rule, scene: Scene) -> bool:
    """Do the conditions hold that the lab can judge by themselves?"""
    return all(judge(value, scene) is not negated for judge, value, negated in questions(rule).alone if judge)


@lru_cache(maxsize=8192)
def network_and_mask(text: str) -> tuple[int, int]:
    """'172.17.0.0/16' as two numbers: what of an address counts, and what it must be."""
    network = ip_network(text, strict=False)
    return int(network.network_address), int(network.netmask)


@lru_cache(maxsize=4096)
def port_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """'80' -> ((80, 80),); '80:90,443', '1024:' likewise."""
    ranges = []
    for part in text.split(","):
        low, colon, high = part.partition(":")
        ranges.append((int(low or 0), int(high or 65535) if colon else int(low)))
    return tuple(ranges)


def _dev_is(pattern: str, dev: str) -> bool:
    return dev.startswith(pattern[:-1]) if pattern.endswith("+") else dev == pattern


def _in(text: str, port: int, packet: Packet) -> bool:
    return packet.protocol is not Protocol.ICMP and any(low <= port <= high for low, high in port_ranges(text))


def _source(value: str, scene: Scene) -> bool:
    network, mask = network_and_mask(value)
    return scene.source & mask == network


def _destination(value: str, scene: Scene) -> bool:
    network, mask = network_and_mask(value)
    return scene.destination & mask == network


def _protocol(value: str, scene: Scene) -> bool:
    protocol, version = scene.packet.protocol, scene.packet.version
    if version == 6 and protocol is Protocol.ICMP:
        return value in ("ipv6-icmp", "icmpv6", "58", "all", "0")
    return value == protocol.value or value in ("all", "0", "ip") or value == str(protocol.number)


def _number(packet: Packet) -> str:
    return str(packet.protocol.number_in(packet.version))


def _state(value: str, scene: Scene) -> bool:
    wanted, known = value.split(","), scene.connection
    if scene.untracked or scene.state.value in wanted or known is None:
        return ("UNTRACKED" if scene.untracked else scene.state.value) in wanted
    return "DNAT" in wanted and known.is_destination_nat or "SNAT" in wanted and known.is_source_nat


def _type_of(space: Namespace, ip: IpAddress) -> str:
    if is_local(space, ip):
        return "LOCAL"
    if ip.is_multicast:
        return "MULTICAST"
    return "BROADCAST" if is_broadcast(space, ip) else "UNICAST"


_ICMP_NAMES = {
    "echo-reply": "0",
    "pong": "0",
    "destination-unreachable": "3",
    "network-unreachable": "3/0",
    "host-unreachable": "3/1",
    "port-unreachable": "3/3",
    "fragmentation-needed": "3/4",
    "communication-prohibited": "3/13",
    "redirect": "5",
    "echo-request": "8",
    "ping": "8",
    "time-exceeded": "11",
    "ttl-exceeded": "11",
    "ttl-zero-during-transit": "11/0",
}


_ICMPV6_NAMES = {
    "destination-unreachable": "1", "no-route": "1/0", "communication-prohibited": "1/1", "address-unreachable": "1/3",
    "port-unreachable": "1/4", "packet-too-big": "2", "time-exceeded": "3", "ttl-exceeded": "3",
    "ttl-zero-during-transit": "3/0", "parameter-problem": "4", "echo-request": "128", "ping": "128",
    "echo-reply": "129", "pong": "129", "router-solicitation": "133", "router-advertisement": "134",
    "neighbour-solicitation": "135", "neighbor-solicitation": "135", "neighbour-advertisement": "136",
    "neighbor-advertisement": "136", "redirect": "137",
}  # fmt: skip


def _icmp_type(value: str, scene: Scene) -> bool:
    icmp, version = scene.packet.icmp, scene.packet.version
    if icmp is None:
        return False
    text = (_ICMP_NAMES if version == 4 else _ICMPV6_NAMES).get(value, value)
    kind, _, code = text.partition("/")
    own = icmp.code_in(version)
    return text in ("any", "255") or (int(kind) == own[0] and (not code or int(code) == own[1]))


def _mark(value: str, scene: Scene) -> bool:
    number, _, mask = value.partition("/")
    return scene.packet.mark & int(mask or "0xffffffff", 0) == int(number, 0)


def _connmark(value: str, scene: Scene) -> bool:
    number, _, mask = value.partition("/")
    return scene.connection is not None and scene.connmark & int(mask or "0xffffffff", 0) == int(number, 0)


def _in_set(value: str, scene: Scene) -> bool:
    """'blocked src': is that part of the packet in the set? A list of sets holds what one of them holds."""
    name, _, directions = value.partition(" ")
    found = ipset(scene, name)
    return found is not None and _holds(found, directions.split(" ")[0], scene)


def sets_of(rule: Rule) -> list[str]:
    """The names of the sets that a rule asks or changes."""
    asked = [match.value for match in rule.matches if match.option == "--match-set"]
    changed = [value for option, value in rule.target.options if option in ("--add-set", "--del-set")]
    return [value.split(" ")[0] for value in (*asked, *changed)]


def ipset(scene: Scene, name: str) -> IpSet | None:
    """The set as it is now, with what the rules before this one have put into it."""
    return scene.sets.get(name) or scene.space.ipset(name)


def _holds(one: IpSet, directions: str, scene: Scene) -> bool:
    if one.kind == "list:set":
        inner = (ipset(scene, member.text) for member in one.alive(scene.now))
        return any(found is not None and _holds(found, directions, scene) for found in inner)
    if one.kind == "bitmap:port":
        ports = tuple(part.rpartition(":")[2] for part in map(str, parts_of(scene.packet, "", ("port",), directions)))
        return one.find(ports, scene.now) is not None
    return one.find(parts_of(scene.packet, scene.mac, one.fields, directions), scene.now) is not None


def _flag_names(text: str) -> set[str]:
    """'SYN,ACK', 'ALL' or 'NONE'."""
    return {"SYN", "ACK", "RST", "FIN", "PSH", "URG"} if text == "ALL" else set(text.split(",")) - {"NONE"}


def _tcp_flags(value: str, scene: Scene) -> bool:
    names = {"S": "SYN", "A": "ACK", "R": "RST", "F": "FIN", "P": "PSH", "U": "URG"}
    scene.fickle = True
    mask, _, wanted = value.partition(" ")
    flags = {names[letter] for letter in scene.packet.flags if letter in names}
    looked_at, asked = (_flag_names(text) for text in (mask, wanted))
    return scene.packet.protocol is Protocol.TCP and flags & looked_at == asked


def _syn(value: str, scene: Scene) -> bool:
    scene.fickle = True
    return scene.packet.protocol is Protocol.TCP and scene.packet.flags == "S"


def in_range(value: str, ip: int) -> bool:
    """Is an address, as a number, within '10.0.0.1-10.0.0.9'?"""
    low, _, high = value.partition("-")
    return int(ip_address(low)) <= ip <= int(ip_address(high or low))


def _flow(option: str, scene: Scene) -> Flow | None:
    """The half of the connection that --ctorig… or --ctrepl… looks at."""
    track = scene.connection
    return None if track is None else track.original if option.startswith("--ctorig") else track.reply


def _of_connection(option: str) -> Judge:
    """--ctorigdst and its like: an address or port as conntrack wrote it down, before or after translation."""
    source = option[8:].startswith("src")

    def address(value: str, scene: Scene) -> bool:
        flow = _flow(option, scene)
        network, mask = network_and_mask(value)
        return flow is not None and int(flow.source if source else flow.destination) & mask == network

    def port(value: str, scene: Scene) -> bool:
        flow = _flow(option, scene)
        return flow is not None and _in(value, flow.sport if source else flow.dport, scene.packet)

    return port if option.endswith("port") else address


def _direction(value: str, scene: Scene) -> bool:
    return scene.connection is not None and scene.replying is (value == "REPLY")


def _status(value: str, scene: Scene) -> bool:
    """Has the connection one of these statuses?"""
    scene.fickle = True
    track = scene.connection
    if track is None:
        return value == "NONE"
    has = {"SEEN_REPLY": scene.replying or track.state is ConnState.ESTABLISHED, "ASSURED": track.assured,
           "CONFIRMED": track.expires is not None}  # fmt: skip
    return any(has.get(name, False) for name in value.split(","))


def _by_ipvs(value: str, scene: Scene) -> bool:
    """Has IPVS given its connection to a server?"""
    servers = {server for virtual in scene.space.virtual for server in virtual.servers}
    return scene.connection is not None and scene.connection.reply.source in servers


def _length(value: str, scene: Scene) -> bool:
    scene.fickle = True
    return any(low <= scene.packet.size <= high for low, high in port_ranges(value))


def _mss(value: str, scene: Scene) -> bool:
    """The segment's size that a SYN tells (xt_tcpmss.c); a packet without one is in no range."""
    scene.fickle = True
    return scene.packet.mss > 0 and any(low <= scene.packet.mss <= high for low, high in port_ranges(value))


def _comes_back(options: dict[str, str], scene: Scene) -> bool:
    """Would an answer leave through the link that the packet came in at (xt_rpfilter.c)? `--invert`: would it not?"""
    source, space = scene.packet.source, scene.space
    if scene.in_dev == "lo" or source.is_unspecified:
        back = True
    elif is_local(space, source):
        back = "--accept-local" in options
    else:
        mark = scene.packet.mark if "--validmark" in options else 0
        way = lookup(space, source, Asked(scene.packet.destination, scene.in_dev, mark=mark))
        back = way is not None and way.kind == "unicast" and ("--loose" in options or way.dev == scene.in_dev)
    return back is not ("--invert" in options)


def _socket(options: dict[str, str], scene: Scene) -> bool:
    """Has somebody here opened a socket for it (xt_socket.c)? One at any address counts with --nowildcard only.

    The packets behind a connection's first find the socket that it was accepted with, which has an address.
    """
    scene.fickle = True
    packet, track = scene.packet, scene.connection
    mine = [s for s in scene.space.sockets_on.get(packet.dport, []) if s.protocol is packet.protocol]
    mine = [s for s in mine if s.local_address.is_unspecified or s.local_address == packet.destination]
    if "--transparent" in options or packet.protocol is Protocol.ICMP:
        return False
    accepted = packet.protocol is Protocol.TCP and packet.flags != "S" and track is not None
    if accepted and track is not None and not track.is_destination_nat and is_local(scene.space, packet.destination):
        return bool(mine)
    return any("--nowildcard" in options or not s.local_address.is_unspecified for s in mine)


_CONNECTION = [f"--ct{half}{end}{port}" for half in ("orig", "repl") for end in ("src", "dst") for port in ("", "port")]
_WHOLE: dict[str, Callable[[dict[str, str], Scene], bool]] = {"rpfilter": _comes_back, "socket": _socket}
_TOGETHER = MODULES | _WHOLE.keys()  # modules whose options are asked together
_JUDGES: dict[str, Judge] = {
    "": lambda value, scene: True,  # a bare -m
    "-s": _source,
    "-d": _destination,
    "-i": lambda value, scene: _dev_is(value, scene.in_dev),
    "-o": lambda value, scene: _dev_is(value, scene.out_dev),
    "-p": _protocol,
    "-f": lambda value, scene: False,  # no packet of the lab is a fragment but the first
    "--sport": lambda value, scene: _in(value, scene.packet.sport, scene.packet),
    "--dport": lambda value, scene: _in(value, scene.packet.dport, scene.packet),
    "--sports": lambda value, scene: _in(value, scene.packet.sport, scene.packet),
    "--dports": lambda value, scene: _in(value, scene.packet.dport, scene.packet),
    "--ports": lambda value, scene: (
        _in(value, scene.packet.sport, scene.packet) or _in(value, scene.packet.dport, scene.packet)
    ),
    "--ctstate": _state,
    "--state": _state,
    "--src-type": lambda value, scene: _type_of(scene.space, scene.packet.source) in value.split(","),
    "--dst-type": lambda value, scene: _type_of(scene.space, scene.packet.destination) in value.split(","),
    "--icmp-type": _icmp_type,
    "--icmpv6-type": _icmp_type,
    "--mark": _mark,
    "--mac-source": lambda value, scene: scene.mac.lower() == value.lower(),
    "--comment": lambda value, scene: True,
    "--match-set": _in_set,
    "--physdev-in": lambda value, scene: _dev_is(value, scene.physin),
    "--physdev-out": lambda value, scene: _dev_is(value, scene.physout),
    "--physdev-is-bridged": lambda value, scene: bool(scene.physin and scene.physout),
    "--tcp-flags": _tcp_flags,
    "--syn": _syn,
    "--src-range": lambda value, scene: in_range(value, scene.source),
    "--dst-range": lambda value, scene: in_range(value, scene.destination),
    "--length": _length,
    "--mss": _mss,
    "--ipvs": _by_ipvs,
    "--ctdir": _direction,
    "--ctproto": lambda value, scene: scene.connection is not None and value == _number(scene.packet),
    "--ctstatus": _status,
    "--ttl-eq": lambda value, scene: scene.packet.ttl == int(value),
    "--ttl-lt": lambda value, scene: scene.packet.ttl < int(value),
    "--ttl-gt": lambda value, scene: scene.packet.ttl > int(value),
    "--hl-eq": lambda value, scene: scene.packet.ttl == int(value),
    "--hl-lt": lambda value, scene: scene.packet.ttl < int(value),
    "--hl-gt": lambda value, scene: scene.packet.ttl > int(value),
    "--dscp": lambda value, scene: int(value, 16) == 0,  # nobody in the lab asks for another service
    "--tos": lambda value, scene: int(value.split("/")[0], 16) == 0,
    "--uid-owner": lambda value, scene: value == "0",  # a packet doesn't tell who sent it; at a host it is root
    "--gid-owner": lambda value, scene: value == "0",
    "--pkt-type": lambda value, scene: value == "unicast",  # what reaches a chain here is for one
    **{option: _of_connection(option) for option in _CONNECTION},
}
