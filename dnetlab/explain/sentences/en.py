"""English. WORDS says what is so, REMEDIES what would help against a fact that ended a journey."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from dnetlab.explain import reasons as r
from dnetlab.explain import rulewords
from dnetlab.explain import setting_reasons as s
from dnetlab.explain.ending import Ending
from dnetlab.model import ContainerState, Disposition, IcmpType, LinkKind, Part, PolicyRule, StepKind
from dnetlab.model import facts as f
from dnetlab.model.route import Route, table_name

Table = dict[type, Callable[[Any], str]]

_DISPOSITIONS = {
    Disposition.DELIVERED: "The packet reached a socket (or the stack itself) that takes it.",
    Disposition.DROPPED: "A firewall rule or policy dropped the packet; the sender hears nothing and waits.",
    Disposition.REJECTED: "A firewall rule rejected the packet and told the sender so.",
    Disposition.NO_ROUTE: "The routing table has no route to the destination: Network is unreachable.",
    Disposition.NO_NEIGHBOUR: "Nobody answered ARP for the next hop: the machine is not on that segment, or is off.",
    Disposition.NO_LISTENER: "The packet arrived, but nothing listens on that port: Connection refused.",
    Disposition.TTL_EXPIRED: "The TTL reached zero on the way; the router that saw it says so.",
    Disposition.FORWARDING_OFF: "The packet is for somebody else, and this machine forwards none of its family.",
    Disposition.LINK_DOWN: "The interface on the way is down, so the frame could not leave.",
    Disposition.TOO_BIG: "The packet is longer than the next link's MTU and must not be cut; the sender is told so.",
    Disposition.LOOP: "The packet came back to where it had been with nothing changed.",
}
_STEPS = {
    StepKind.RECEIVED: "received",
    StepKind.MATCHED: "iptables",
    StepKind.REWRITTEN: "rewrite",
    StepKind.ROUTED: "route",
    StepKind.RESOLVED: "arp",
    StepKind.TUNNELLED: "tunnel",
    StepKind.BRIDGED: "switch",
    StepKind.SENT: "send",
    StepKind.PROXIED: "proxy",
    StepKind.ACCEPTED: "accepted",
    StepKind.REFUSED: "ends",
}
_ENDINGS = {
    Ending.ANSWERED: "The one who asked got his answer.",
    Ending.CUT_OFF: (
        "The proxy took the connection, but could not reach whom it dials: the asker is cut off."
    ),
    Ending.SILENCE: "Nothing came back: the one who asked waits in vain.",
    Ending.MESSAGE: "No answer, but a message:",
    Ending.STUCK: "The connection opened, but a later packet of it was lost: the one who asked waits in vain.",
    Ending.LOST: "An answer was sent, but it never reached the one who asked.",
}

_PARTS = {
    Part.HANDSHAKE: "the third packet of the handshake",
    Part.REQUEST: "the request",
    Part.ANSWER: "the answer",
    Part.RECEIPT: "an acknowledgement",
    Part.CLOSE: "the end of it",
}

# -- what happens to a packet ---------------------------------------------------------------------------------------


def _port(ip: IPv4Address | IPv6Address, port: int) -> str:
    return f"[{ip}]:{port}" if ip.version == 6 else f"{ip}:{port}"


def _icmp(icmp: IcmpType | None) -> str:
    return icmp.name.lower().replace("_", " ") if icmp else "error"


def _whose_mtu(x: f.TooBig | f.CutUp) -> str:
    return f"the route through {x.dev}" if x.by_route else x.dev


def _program(name: str, pid: int | None) -> str:
    return f"{name or 'a program'}{f' (pid {pid})' if pid else ''}"


def _resolved(x: f.Resolved) -> str:
    return f"who has {x.hop}? {x.mac} answers" if x.asked else f"{x.hop} is known to be at {x.mac}"


def _passed_on(x: f.PassedOn) -> str:
    source = f"from {x.entry} " if x.entry else ""
    how = "where it has learned" if x.learned else "flooded first, now it has learned"
    return f"{x.bridge} passes it {source}to {x.exit}, {how} {x.mac}"


def _rewritten(x: f.Rewritten) -> str:
    conntrack = {f.Author.UNDOES: "conntrack undoes it", f.Author.AS_BEFORE: "conntrack, as before"}
    by = conntrack[x.by] if isinstance(x.by, f.Author) else x.by
    return f"{by}: {x.before} becomes {x.after}"


def _not_listening(x: f.NotListening) -> str:
    others = sorted(_port(*other) for other in x.others)
    here = f" It listens on {', '.join(others)}." if others else ""
    return f"It arrived, but no program listens on {x.protocol.value} port {x.port} of {x.destination}.{here}"


_PORT_SETTINGS = {
    "isolated": "on, and isolated ports don't hear each other",
    "locked": "on, and the bridge doesn't know the sender there",
}  # fmt: skip


def _by_rule(rule: PolicyRule | None) -> str:
    return f" in table {table_name(rule.table)}, by the rule `{rule}`" if rule else ""


def _row(route: Route) -> str:
    """A row of the routing table; of several next hops with the one that was chosen."""
    return f"{route}, one of its {len(route.hops)} next hops" if route.hops else str(route)


def _no_route(x: f.NoRoute) -> str:
    text = f"its route is {_row(x.route)}{_by_rule(x.rule)}" if x.route else "no route leads there"
    if x.rule and not x.route:
        return f"{x.destination}: the rule `{x.rule}` refuses it (`ip rule`)."
    return f"{x.destination}: {text}{'' if x.default else ', and there is no default route'}."


def _no_such_tunnel(x: f.NoSuchTunnel) -> str:
    others = f"; it has {', '.join(map(str, x.others))}" if x.others else ""
    return f"No VXLAN {x.vni} is up here at UDP port {x.port}{others}: nobody takes the frame out."


def _rule_stops(x: f.RuleStops) -> str:
    verb = "drops" if x.verdict == "DROP" else "rejects"
    return f"Rule {x.number} of table {x.table}, chain {x.chain} {verb} it: {x.rule}"


_FACTS: Table = {
    f.OwnAddress: lambda x: f"{x.destination} is an address of this machine: through lo",
    f.BroadcastAddress: lambda x: f"{x.destination} is the broadcast address of a network on {x.dev}",
    f.RouteMatches: lambda x: f"{x.destination} matches {_row(x.route)}{_by_rule(x.rule)}",
    f.BroughtBack: lambda x: "lo brings it straight back",
    f.Resolved: _resolved,
    f.StillBelieved: lambda x: f"{x.hop} was at {x.mac}, and is still believed to be",
    f.NobodyAnswers: lambda x: f"who has {x.hop}? Nobody on the segment of {x.dev} answers.",
    f.Leaves: lambda x: f"leaves through {x.dev} to {x.mac}",
    f.LeftToParent: lambda x: f"{x.dev} asks nobody: the stack of its parent {x.parent} routes the packet",
    f.ComesIn: lambda x: f"comes in through {x.dev}",
    f.CrossesSwitch: lambda x: f"crosses the switch {x.switch!r}{'' if x.tag is None else f', tagged VLAN {x.tag}'}",
    f.Wrapped: lambda x: f"{x.dev} puts the frame into a packet of its own, VXLAN {x.vni}: {x.outer}",
    f.Unwrapped: lambda x: f"{x.dev} takes the frame out, VXLAN {x.vni} from {x.sender}",
    f.PassedOn: _passed_on,
    f.HandedUp: lambda x: f"{x.bridge} hands it up: the MAC is its own",
    f.ProxyDials: lambda x: (
        f"{_program(x.program, x.pid)} takes it and opens a second connection, to {x.address}:{x.port}"
    ),
    f.Decides: lambda x: f"decides: {x.verdict}",
    f.Returns: lambda x: f"goes back from {x.chain}",
    f.Counts: lambda x: f"is counted{': ' + x.target if x.target else ''} and goes on",
    f.Jumps: lambda x: f"continues in {x.chain}",
    f.NotJudged: lambda x: f"the lab does not judge {x.condition}, so the rule counts as not matching",
    f.UnknownTarget: lambda x: f"the lab does not do what the target {x.name} does; the rule only counts",
    f.Untracked: lambda x: "conntrack lets the packet be from here on: its state is UNTRACKED, nothing is translated",
    f.PolicyDecides: lambda x: f"no rule of {x.chain} decided, so its policy does: {x.policy}",
    f.Rewritten: _rewritten,
    f.ErrorUndone: lambda x: f"conntrack undoes it in the error too: it is about {x.inner}",
    f.Told: lambda x: f"The asker is told by {x.by}: {_icmp(x.icmp)}.",
    f.AnswerArrived: lambda x: "The answer reached the one who asked.",
    f.Noted: lambda x: "The stack takes note of the message.",
    f.EchoAnswered: lambda x: f"{x.destination} is ours; the kernel answers the echo.",
    f.SocketTakes: lambda x: (
        f"{_program(x.program, x.pid)} has a socket on {_port(x.address, x.port)} that takes "
        f"{_port(x.destination, x.dport)}."
    ),
    f.NobodyWaits: lambda x: f"Nobody here waits for {x.packet}: the answer took another way than the question.",
    f.EchoIgnored: lambda x: f"{x.switch} is 1: pings are ignored here.",
    f.NotListening: _not_listening,
    f.LinkDown: lambda x: f"{x.dev} is down.",
    f.NoCarrier: lambda x: f"{x.dev} is up, but nothing answers at its other end (NO-CARRIER).",
    f.BeenHere: lambda x: f"It was here before, through {x.dev}, with nothing changed.",
    f.NeverEnds: lambda x: "The packet never came to an end.",
    f.AtTwoPorts: lambda x: (
        f"Bridge {x.bridge} last heard {x.mac} at port {x.port}, so the frame goes there, and not to {x.wanted}: "
        "two wear this MAC."
    ),
    f.NoHairpin: lambda x: (
        f"It would leave bridge {x.bridge} by {x.port}, the port it came in by, and that port's hairpin mode is off."
    ),
    f.TooBig: lambda x: (
        f"{x.size} bytes don't fit the MTU of {_whose_mtu(x)}, {x.mtu}, and the packet must not be cut."
    ),
    f.DoesNotFit: lambda x: f"{x.dev} throws a frame away that is longer than its MTU: {x.size} bytes, {x.mtu} fit.",
    f.CutUp: lambda x: f"cut into {x.pieces} pieces: the MTU of {_whose_mtu(x)} is {x.mtu}",
    f.BridgeLoop: lambda x: f"The frame came back to bridge {x.bridge} through another port.",
    f.ForEverybody: lambda x: f"{x.destination} is for everybody; the lab's machines ignore it.",
    f.MartianLoopback: lambda x: (
        f"{'An address of 127.0.0.0/8' if x.version == 4 else '::1'} can't come in through {x.dev} (martian)."
    ),
    f.MartianSource: lambda x: f"It claims to come from {x.source}, which is our own (martian).",
    f.NotForwarding: lambda x: f"{x.destination} is not ours, and {x.switch} is {x.value}.",
    f.StaysOnLink: lambda x: (
        f"{x.address} is a loopback address: its packets don't leave by {x.dev}." if x.address.is_loopback
        else f"{x.address} is a link-local address: its packets stay on the link of {x.dev}."
    ),
    f.TtlUsedUp: lambda x: f"The TTL is used up here ({x.ttl}); nobody goes further.",
    f.NoRoute: _no_route,
    f.Vanished: lambda x: f"The frame went to {x.mac}, where {x.hop} was until a moment ago; nobody takes it any more.",
    f.NobodyHas: lambda x: f"Nobody behind {x.dev} has {x.hop}.",
    f.TunnelSwallows: lambda x: (
        f"The question for {x.hop} went into the tunnel {x.dev} (VXLAN {x.vni}) to {x.remote}, and got no answer: on "
        f"{x.host}, {_fact(x.because)}"
    ),
    f.NoSuchTunnel: _no_such_tunnel,
    f.NothingToWrite: lambda x: f"{x.dev} has no address that {x.target} could write.",
    f.PolicyDrops: lambda x: (
        f"No rule let it through, and the policy of {x.chain} (table {x.table}, chain {x.chain}) is DROP."
    ),
    f.RuleStops: _rule_stops,
}


# -- what would have let it through ---------------------------------------------------------------------------------


def _plug_in(x: f.NoCarrier) -> str:
    if x.kind is LinkKind.BRIDGE:
        return f"A bridge has carrier when one of its ports is up: start a container on {x.dev}."
    return "Bring the other end up (ip link set … up), or plug the cable in."


def _without(x: f.RuleStops) -> str:
    """In the words of whoever wrote the rule."""
    if x.keeper is f.Keeper.NETWORKS_APART:
        return (
            "Docker keeps its networks apart (or the port unpublished). Connect both containers to one network with "
            "`docker network connect`, or publish the port with -p."
        )
    if x.keeper is f.Keeper.CONTAINERS_APART:
        return f"The network of {x.bridge} was made with enable_icc=false: its containers don't talk to each other."
    if x.keeper is f.Keeper.INTERNAL:
        return f"The network of {x.bridge} is internal: connect the container to another one too."
    if x.keeper is f.Keeper.DIRECT_ACCESS:
        return (
            f"Docker lets a container be asked only from its own bridge {x.bridge}: connect both containers to "
            "one network with `docker network connect`, or ask a port published with -p."
        )
    return f"Without that rule it goes on: {rulewords.deleting(x)}"


def _against(fact: f.Fact | None) -> str:
    helps = REMEDIES.get(type(fact))
    return helps(fact) if helps else ""


REMEDIES: Table = {
    f.NobodyWaits: lambda x: (
        "The answer must pass the machine that translated the question, so that conntrack can undo it."
    ),
    f.EchoIgnored: lambda x: f"sysctl -w {x.switch}=0",
    f.NotListening: lambda x: f"Start a server on port {x.port}, or ask a port that is open (netstat -tln).",
    f.LinkDown: lambda x: f"ip link set {x.dev} up",
    f.NoCarrier: _plug_in,
    f.AtTwoPorts: lambda x: "Give one of the two another MAC.",
    f.NoHairpin: lambda x: f"Let the port give back what it brought: brctl hairpin {x.bridge} {x.port} on",
    f.TooBig: lambda x: f"Send no more than {x.mtu} bytes, or let the packet be cut.",
    f.DoesNotFit: lambda x: f"One MTU for all links of a segment: ip link set {x.dev} mtu {x.size}",
    f.BridgeLoop: lambda x: "Take one of the two links away: these bridges run no spanning tree.",
    f.ForEverybody: lambda x: "Ask one address.",
    f.MartianLoopback: lambda x: (
        f"sysctl -w net.ipv4.conf.{x.dev}.route_localnet=1, or ask another address of this machine."
        if x.version == 4 else "Ask another address of this machine."
    ),
    f.MartianSource: lambda x: "The router must write its own address as the source (MASQUERADE, `hairpin`).",
    f.NotForwarding: lambda x: f"sysctl -w {x.switch}=1",
    f.StaysOnLink: lambda x: "Use addresses that are routed, such as those of fd00::/8, on both sides.",
    f.TtlUsedUp: lambda x: "A larger TTL (64 is usual).",
    f.NoRoute: lambda x: (
        f"ip rule del pref {x.rule.priority}, or a rule before it: ip rule add pref {x.rule.priority - 1} to "
        f"{x.destination} lookup main."
        if x.rule and not x.route
        else f"ip route add {x.destination} via ROUTER, or a default route: ip route add default via ROUTER."
    ),
    f.Vanished: lambda x: (
        f"Is the machine with {x.hop} running? (`ip neigh flush dev {x.dev}` makes {x.dev} ask anew.)"
    ),
    f.NobodyHas: lambda x: f"Is the machine with {x.hop} running, its link up, and on this network?",
    f.TunnelSwallows: lambda x: _against(x.because),
    f.NoSuchTunnel: lambda x: (
        f"ip link add … type vxlan id {x.vni} remote … dstport {x.port} dev …, and `ip link set … up`: both ends need "
        "the same number and port."
    ),
    f.NothingToWrite: lambda x: f"Give {x.dev} an address: ip addr add …",
    f.PolicyDrops: lambda x: (
        "A rule that accepts it would have: {} (or the policy: {}).".format(*rulewords.accepting(x))
    ),
    f.RuleStops: _without,
}


# -- why ------------------------------------------------------------------------------------------------------------


def _stopped(x: r.Stopped) -> str:
    code = f" ({x.exit_code})" if x.state is ContainerState.EXITED else ""
    return f"{x.name} is {x.state.value}{code}: a stopped container has neither address nor name."


def _behind_proxy(x: r.BehindProxy) -> str:
    behind = WORDS[type(x.behind)](x.behind)
    whom = "the container" if x.proxy == "docker-proxy" else "whom it dials"
    return f"{x.who} reaches {x.proxy}, but {x.proxy} can't reach {whom}: {behind}"


def _opens_and_sticks(x: r.OpensAndSticks) -> str:
    behind = WORDS[type(x.behind)](x.behind)
    return f"{x.who} opens a connection to {x.whom}, but {_PARTS[x.part]} never arrives: {behind}"


def _member(x: r.Member) -> str:
    if x.access:
        return f"{x.host}'s {x.link} is plugged into a port of VLAN {x.vlan}"
    tag = "sends without a tag" if x.vlan is None else f"is in VLAN {x.vlan}"
    return f"{x.link} of {x.host} {tag}"


def _same_vlan(x: r.SameVlan) -> str:
    return "one VLAN for both, or a router with a link in each of them (ip link add … type vlan id N, ip_forward 1)"


def _rule_on(x: r.RuleOn) -> str:
    verb = "rejects" if x.rejects else "drops"
    return f"A firewall rule on {x.where} {verb} the packet (table {x.table}, chain {x.chain})."


def _fact(fact: f.Fact | None) -> str:
    return WORDS[type(fact)](fact) if fact is not None else ""


def _networks(names: tuple[str, ...], kind: str = "") -> str:
    return f"the {kind}network{'s' if len(names) > 1 else ''} {' and '.join(names)}"


def _internal_unpublished(x: s.InternalUnpublished) -> str:
    be = "are" if len(x.names) > 1 else "is"
    return (
        f"Nothing publishes port {x.port} on {x.host}: {' and '.join(x.names)} {be} on "
        f"{_networks(x.networks, 'internal ')} only, and Docker publishes no port from there, whatever -p says."
    )


_CAUSES: Table = {
    r.Stopped: _stopped,
    r.HostsKnowNoNames: lambda x: (
        f"{x.host} itself doesn't know the names of containers: Docker's DNS server answers inside containers only."
    ),
    r.NobodyCalled: lambda x: f"No container on {x.host} is called {x.name}.",
    r.OnAnotherHost: lambda x: (
        f"{x.name} is a container on {x.other}: each Docker host knows the names of its own containers only."
    ),
    r.NotHeardOf: lambda x: (
        f"{x.name} is on {x.other} and in {x.network} too, but {x.host} has not heard of it: the hosts of a swarm tell "
        "each other their containers at port 7946, and there they don't hear each other."
    ),
    r.NoAddressThere: lambda x: f"Both are on {x.network}, yet {x.name} has no address there now.",
    r.DefaultBridgeOnly: lambda x: (
        f"{x.who} and {x.name} meet on the default bridge only, and there Docker has no DNS: names don't work."
    ),
    r.NoSharedNetwork: lambda x: f"{x.who} and {x.name} share no network of your own, so the name isn't known.",
    r.WorksNow: lambda x: f"{x.who} reaches {x.whom}: it works now.",
    r.BehindProxy: _behind_proxy,
    r.OpensAndSticks: _opens_and_sticks,
    r.AnswersNothing: lambda x: f"{x.whom} takes the packet of {x.who}, but answers nothing.",
    r.NoRouteThere: lambda x: f"{x.where} has no route to {x.destination}: Network is unreachable.",
    r.ForwardsForNobody: lambda x: f"{x.where} doesn't forward packets for others: {x.switch} is 0 there.",
    r.LinkDownOn: lambda x: f"On {x.where} the link is down: {_fact(x.fact)}",
    r.EndedOn: lambda x: f"On {x.where}: {_fact(x.fact)}",
    r.IgnoredBy: lambda x: f"{x.where} ignores the packet: {_fact(x.fact)}",
    r.NetworksApart: lambda x: (
        f"{x.who} and {x.whom} are on different Docker networks, and Docker keeps networks apart "
        f"({' and '.join(x.networks)})."
    ),
    r.RuleOn: _rule_on,
    r.PolicyOn: lambda x: f"No rule on {x.where} lets the packet through, and the policy of {x.chain} is DROP.",
    r.NothingListens: lambda x: f"{x.whom} is reached, but nothing listens on port {x.port} of {x.where}.",
    r.AddressUnused: lambda x: f"Nobody has the address {x.destination} now: {x.where} asked by ARP and got no answer.",
    r.GatewayMissing: lambda x: (
        f"The way from {x.where} to {x.whom} leads over the gateway {x.gateway}, and nobody has that address."
    ),
    r.OnAnotherSegment: lambda x: (
        f"{x.name} has {x.destination}, but it isn't on the segment where {x.where} asked for it."
    ),
    s.NameFound: lambda x: f"{x.who} is told {x.address} for {x.name}: the name works now.",
    s.Paused: lambda x: (
        f"{x.name} is paused: the kernel still answers pings and handshakes for it, its program answers nothing."
    ),
    s.PublishedFor: lambda x: (
        f"Port {x.port} of {x.host} is published for {x.only} only (by {x.name}), and {x.asked} was asked."
    ),
    s.InternalUnpublished: _internal_unpublished,
    s.InternalNoWay: lambda x: (
        f"{x.who} has no way to {x.destination}: it is on {_networks(x.networks, 'internal ')} only, and Docker lets "
        "nothing out of there, on purpose."
    ),
    s.OnlyLoopback: lambda x: f"{x.who} has no interface but lo: on the network none it is alone.",
    s.LeftBehind: lambda x: (
        f"{x.who} lives in a network namespace that {x.owner} has left: started again, {x.owner} got a new one."
        if x.owner
        else f"{x.who} lives in the network namespace of a container that has been removed: its links went with it."
    ),
    s.OnNoNetwork: lambda x: f"{x.who} has no interface but lo: it has been disconnected from every network.",
    s.OwnerStopped: lambda x: (
        f"{x.who} lives in the network namespace of {x.owner}, and {x.owner} has stopped: its links went with it."
    ),
    s.BridgeIsDown: lambda x: (
        f"{x.bridge} is down on {x.host}, so nothing gets across it: it is the bridge of network {x.network}."
    ),
    s.NeighbourLies: lambda x: (
        f"{x.where} sends everything for {x.address} to {x.mac}, by a permanent entry of its neighbour table"
        + (f"; the one who has the address is {x.real}." if x.real else ", and nobody has the address.")
    ),
    s.IccOff: lambda x: (
        f"{x.who} and {x.whom} are both on {x.network}, which has com.docker.network.bridge.enable_icc=false: its "
        "containers may not talk to each other."
    ),
    r.DifferentVlans: lambda x: (
        f"{x.who} and {x.whom} are on one wire, but in different VLANs, and no frame goes from one into another."
    ),
    r.MacvlanModes: lambda x: (
        f"{x.who} and {x.whom} are macvlans of {x.parent}, but don't hear each other: their modes are {x.mine} and "
        f"{x.theirs}."
    ),
    r.ForgedMacs: lambda x: (
        f"The {x.switch} takes frames from {x.host}'s {x.nic} only when they carry its own MAC, and {x.speaker} has "
        f"{x.mac}: they are dropped."
    ),
    r.PortKeepsBack: lambda x: (
        f"{x.port}, a port of {x.host}'s bridge {x.bridge}, keeps it back: {x.setting} is "
        f"{_PORT_SETTINGS.get(x.setting, x.state or 'off')} (`bridge -d link`)."
    ),
    r.TunnelBroken: lambda x: (
        f"The frame left {x.where} in the tunnel {x.dev} (VXLAN {x.vni}) to {x.remote}, and the packet around it did "
        f"not arrive. {WORDS[type(x.behind)](x.behind)}"
    ),
    r.AnswerLost: lambda x: f"{x.whom} gets the question of {x.who}, but the answer doesn't find its way back.",
}


def _rule_text(x: r.RuleText) -> str:
    return rulewords.shown(x.table, x.chain, x.rule, x.version, x.number)


def _not_published(x: r.NotPublished) -> str:
    stopped = f"; stopped: {', '.join(x.stopped)}" if x.stopped else ""
    return f"no running container publishes port {x.port}{stopped}"


_EVIDENCE: Table = {
    r.OtherNameServer: lambda x: f"/etc/resolv.conf of {x.host} names another server",
    r.KnownNames: lambda x: f"containers: {', '.join(x.names) or 'there is none'}",
    r.AtAddress: lambda x: f"{x.name} is at {x.address or 'no address'} on bridge",
    r.OnNetworks: lambda x: f"{x.who} is on {', '.join(x.networks) or 'no network'}",
    r.SeenAs: lambda x: f"it is seen there as {x.source}",
    r.Sysctl: lambda x: f"sysctl {x.name}",
    r.RuleText: _rule_text,
    r.PublishedUnserved: lambda x: (
        f"docker ps still shows {x.port} published by {x.name}, but neither DNAT nor docker-proxy serves it"
    ),
    r.NotPublished: _not_published,
    r.StoppedOnes: lambda x: f"stopped containers, which have no address: {', '.join(x.names)}",
    r.MacvlanParent: lambda x: (
        "a host and its own macvlan containers never hear each other: the parent's stack is left out"
    ),
    r.Member: _member,
    r.QuestionArrived: lambda x: f"the question arrived, from {x.source}",
    r.AnswerEnded: lambda x: f"the answer ended on {x.where}: {_fact(x.fact)}",
    r.AnswerRule: lambda x: rulewords.met(x.table, x.chain, x.rule, x.version),
    r.Happened: lambda x: _fact(x.fact),
    r.ListedOnly: lambda x: f"{rulewords.shown(x.table, x.chain, x.rule, x.version)}: {_fact(x.fact)}",
}


_TRY: Table = {
    r.Start: lambda x: f"docker start {x.name}",
    r.UseItsAddress: lambda x: f"use its address: docker inspect {x.name}",
    r.UseHostOf: lambda x: f"use its address, or a port that it publishes on {x.host}",
    r.LetGossipThrough: lambda x: f"let TCP and UDP 7946 through between them: iptables -S on {x.host} and {x.other}",
    r.InspectNetwork: lambda x: "docker network inspect",
    r.OwnNetwork: lambda x: "docker network create mynet, and run both with --network mynet (or use --link)",
    r.Connect: lambda x: f"docker network connect {x.network} {x.who}",
    r.BothOnOne: lambda x: "put both on a network of your own",
    r.SwitchForwardingOn: lambda x: f"sysctl -w {x.switch}=1, or restart docker",
    r.ServeAgain: lambda x: (
        "restart the container for a new docker-proxy, the daemon (systemctl restart docker) for the rules"
    ),
    r.Publish: lambda x: f"docker run -p {x.port}:PORT …",
    r.BuildRouter: lambda x: f"a host in both networks, with {x.gateway} in this one and net.ipv4.ip_forward=1",
    r.LookForIt: lambda x: "docker ps -a: is the container running, is this its address?",
    r.MasqueradeMissing: lambda x: (
        "the question should have left with the host's own address: is there a MASQUERADE rule in nat POSTROUTING? "
        "`systemctl restart docker` writes it again"
    ),
    r.Shim: lambda x: (
        f"ip link add mac0 link {x.parent} type macvlan mode bridge; ip link set mac0 up; "
        f"ip route add {x.address}/32 dev mac0"
    ),
    r.SameVlan: _same_vlan,
    r.SetPort: lambda x: f"bridge link set dev {x.port} {x.setting} {x.value}",
    r.BridgeMode: lambda x: (
        "a network with -o macvlan_mode=bridge"
        + (", or a switch that sends frames back to the port they came from (hairpin)" if x.mode == "vepa" else "")
    ),
    r.AllowForged: lambda x: (
        "let the switch take them (`forged_macs = true` in lab.toml; elsewhere it is called promiscuous mode and "
        "forged transmits), or use ipvlan, whose containers speak with the card's own MAC"
    ),
    r.AgainstFact: lambda x: _against(x.fact),
    s.AnotherThanNone: lambda x: f"run {x.who} anew without --network none",
    s.Unpause: lambda x: f"docker unpause {x.name}",
    s.PublishForAll: lambda x: (
        f"ask that address, or publish for all of them: docker run -p {x.port}:{x.container_port} …"
    ),
    s.PublishOnOrdinary: lambda x: (
        f"docker network create mynet, and docker run --network mynet -p {x.port}:PORT … (a network without --internal)"
    ),
    s.ConnectSomewhere: lambda x: f"docker network connect NETWORK {x.who}, with a network that isn't internal",
    s.Rejoin: lambda x: (
        f"docker restart {x.who}" if x.owner else f"run {x.who} anew, with --network container:NAME of one that runs"
    ),
    s.ConnectAnywhere: lambda x: f"docker network connect NETWORK {x.who}",
    s.StartBoth: lambda x: f"docker start {x.owner}, then docker restart {x.who}",
    s.LinkUp: lambda x: f"ip link set {x.dev} up",
    s.ForgetNeighbour: lambda x: f"ip neigh del {x.address} dev {x.dev}",
    s.WithoutIcc: lambda x: (
        f"make {x.network} anew without -o com.docker.network.bridge.enable_icc=false, or connect both to another one"
    ),
}

WORDS: Table = {
    Disposition: lambda x: _DISPOSITIONS[x],
    Ending: lambda x: _ENDINGS[x],
    StepKind: lambda x: _STEPS[x],
    Part: lambda x: _PARTS[x],
    **_FACTS,
    **_CAUSES,
    **_EVIDENCE,
    **_TRY,
}
