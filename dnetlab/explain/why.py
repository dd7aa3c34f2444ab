"""Why did it fail? The shortest true explanation, with the evidence a student can check himself.

First the name (is there anyone to ask?), then the question's way, then the answer's way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from dnetlab.model import (
    Container,
    Disposition,
    Exchange,
    Host,
    IcmpType,
    LinkKind,
    Network,
    Packet,
    Protocol,
    Snapshot,
    Step,
    StepKind,
    Trace,
    Where,
)
from dnetlab.net.forward import forward
from dnetlab.net.routing import is_local, local_interface, source_address

LATER = 60.0  # asked a minute later: what a stack still believes of its neighbours shall not hide the reason
PREDEFINED = ("bridge", "host", "none")


@dataclass(frozen=True)
class Reason:
    """An explanation.

    works     True: it does work now, and the sentence says so
    sentence  one sentence
    evidence  what to look at, a line each: a rule, a route, a state; () when the sentence is all
    remedy    what to do, '' when there is nothing
    exchange  the packet that was sent to find out, None when there was no address to send it to
    """

    works: bool
    sentence: str
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    exchange: Exchange | None = None

    def __str__(self) -> str:
        lines = [self.sentence, *(f"  because: {line}" for line in self.evidence)]
        if self.remedy:
            lines.append(f"  try: {self.remedy}")
        return "\n".join(lines)

    __repr__ = __str__


def why(
    snapshot: Snapshot,
    where: Where,
    destination: IPv4Address | None,
    port: int | None = None,
    name: str | None = None,
    protocol: Protocol = Protocol.TCP,
) -> Reason:
    """Why can't a place reach an address (port None: ping it), or a name that has no address there (destination None)?

    name is what the student typed, for the words; ValueError when there is neither a name nor a destination.
    """
    if destination is None:
        if name is None:
            raise ValueError("why() needs a destination or a name")
        return _no_address(snapshot, where, name)
    packet = _probe(snapshot, where, destination, port, protocol)
    exchange = forward(snapshot, where, packet, snapshot.clock + LATER)
    who, whom = label(snapshot, where), _whom(snapshot, destination, port, name)
    if exchange.answered:
        seen = last(exchange).request.final or packet
        return Reason(
            True, f"{who} reaches {whom}: it works now.", (f"it is seen there as {seen.source}",), "", exchange
        )
    return _explain(snapshot, exchange, who, whom, destination, port)


def _probe(snapshot: Snapshot, where: Where, to: IPv4Address, port: int | None, protocol: Protocol) -> Packet:
    start = source_address(snapshot.at(where), to)
    if port is None:
        return Packet(start, to, Protocol.ICMP, 1, icmp=IcmpType.ECHO_REQUEST)
    flags = "S" if protocol is Protocol.TCP else ""
    return Packet(start, to, protocol, 40000, port, flags=flags, size=60)


# -- words for places


def members(snapshot: Snapshot, where: Where) -> list[Container]:
    """The containers in a namespace, the oldest first."""
    return [c for c in reversed(snapshot.hosts[where.host].containers) if c.namespace == where.namespace]


def label(snapshot: Snapshot, where: Where) -> str:
    """'docker1', or the name of the container whose namespace it is."""
    if where.is_host:
        return where.host
    found = members(snapshot, where)
    return found[0].name if found else where.namespace


def _whom(snapshot: Snapshot, ip: IPv4Address, port: int | None, name: str | None) -> str:
    place = next(_owners(snapshot, ip), None)
    known = name or (label(snapshot, place) if place else "")
    address = str(ip) if port is None else f"{ip}:{port}"
    return f"{known} ({address})" if known and known != str(ip) else address


def _owners(snapshot: Snapshot, ip: IPv4Address) -> Iterator[Where]:
    for host in snapshot.hosts.values():
        for space in host.namespaces.values():
            if not ip.is_loopback and is_local(space, ip):
                yield Where(host.name, space.name)


def last(exchange: Exchange) -> Exchange:
    """The innermost exchange: what docker-proxy opened, else the exchange itself."""
    while exchange.proxied is not None:
        exchange = exchange.proxied
    return exchange


# -- no address for a name


def _no_address(snapshot: Snapshot, where: Where, name: str) -> Reason:
    host = where.host
    machine = snapshot.hosts[host]
    target = machine.container(name)
    who = label(snapshot, where)
    if target is None:
        return _nobody_of_that_name(snapshot, machine, name)
    if not target.is_running:
        state = f"{name} is {target.state.value}" + (f" ({target.exit_code})" if target.state.value == "exited" else "")
        return Reason(False, f"{state}: a stopped container has neither address nor name.", (), f"docker start {name}")
    if where.is_host:
        return Reason(
            False,
            f"{host} itself doesn't know the names of containers: Docker's DNS server answers inside containers only.",
            (f"/etc/resolv.conf of {host} names another server",),
            f"use its address: docker inspect {name}",
        )
    return _not_on_one_network(machine, who, members(snapshot, where), target)


def _nobody_of_that_name(snapshot: Snapshot, machine: Host, name: str) -> Reason:
    elsewhere = snapshot.find_container(name)
    if elsewhere is None:
        known = ", ".join(c.name for c in machine.containers) or "there is none"
        return Reason(False, f"No container on {machine.name} is called {name}.", (f"containers: {known}",))
    other = elsewhere[0].name
    return Reason(
        False,
        f"{name} is a container on {other}: each Docker host knows the names of its own containers only.",
        (),
        f"use its address, or a port that it publishes on {other}",
    )


def _not_on_one_network(machine: Host, who: str, asking: list[Container], target: Container) -> Reason:
    mine = {e.network for c in asking for e in c.endpoints}
    theirs = {e.network for e in target.endpoints}
    shared = mine & theirs
    if shared - set(PREDEFINED):
        network = sorted(shared - set(PREDEFINED))[0]
        return Reason(
            False, f"Both are on {network}, yet {target.name} has no address there now.", (), "docker network inspect"
        )
    if shared == {"bridge"} or (not shared and mine == {"bridge"} and theirs == {"bridge"}):
        return Reason(
            False,
            f"{who} and {target.name} meet on the default bridge only, and there Docker has no DNS: names don't work.",
            (f"{target.name} is at {_address(target)} on bridge",),
            "docker network create mynet, and run both with --network mynet (or use --link)",
        )
    evidence = (
        f"{who} is on {', '.join(sorted(mine)) or 'no network'}",
        f"{target.name} is on {', '.join(sorted(theirs)) or 'no network'}",
    )
    own = sorted(theirs - set(PREDEFINED))
    remedy = f"docker network connect {own[0]} {who}" if own else "put both on a network of your own"
    return Reason(
        False, f"{who} and {target.name} share no network of your own, so the name isn't known.", evidence, remedy
    )


def _address(container: Container) -> str:
    return next((str(e.address) for e in container.endpoints if e.address), "no address")


# -- an address, and no answer


def _explain(
    snapshot: Snapshot, exchange: Exchange, who: str, whom: str, destination: IPv4Address, port: int | None
) -> Reason:
    request, reply = exchange.request, exchange.reply
    if exchange.proxied is not None and not exchange.proxied.answered:
        inner = exchange.proxied
        behind = _explain(snapshot, inner, "docker-proxy", str(inner.request.packet.destination), destination, None)
        return Reason(
            False,
            f"{who} reaches docker-proxy, but docker-proxy can't reach the container: {behind.sentence}",
            behind.evidence,
            behind.remedy,
            exchange,
        )
    if not request.disposition.arrived:
        reason = _question_died(snapshot, request, who, whom, destination, port)
    elif reply is not None and not reply.disposition.arrived:
        reason = _answer_died(request, reply, who, whom)
    else:
        reason = Reason(False, f"{whom} takes the packet of {who}, but answers nothing.")
    return Reason(False, reason.sentence, reason.evidence, reason.remedy, exchange)


def _question_died(
    snapshot: Snapshot, trace: Trace, who: str, whom: str, destination: IPv4Address, port: int | None
) -> Reason:
    where = label(snapshot, trace.hops[-1].where) if trace.hops else who
    how = trace.disposition
    if how in (Disposition.DROPPED, Disposition.REJECTED):
        return _firewall(snapshot, trace, who, whom, where)
    if how is Disposition.NO_LISTENER:
        return _no_listener(snapshot, trace, whom, where, port)
    if how is Disposition.NO_NEIGHBOUR:
        return _no_neighbour(snapshot, trace, whom, where, destination)
    if how is Disposition.NO_ROUTE:
        return Reason(
            False, f"{where} has no route to {destination}: Network is unreachable.", (trace.because,), trace.remedy
        )
    if how is Disposition.FORWARDING_OFF:
        sentence = f"{where} doesn't forward packets for others: net.ipv4.ip_forward is 0 there."
        return Reason(
            False, sentence, ("sysctl net.ipv4.ip_forward",), "sysctl -w net.ipv4.ip_forward=1, or restart docker"
        )
    if how is Disposition.LINK_DOWN:
        return Reason(False, f"On {where} the link is down: {trace.because}", (), trace.remedy)
    return Reason(False, f"On {where}: {trace.because}", (), trace.remedy)


def _deciding(trace: Trace) -> Step | None:
    """The rule or policy that ended the journey."""
    matched = [s for s in trace.steps if s.kind is StepKind.MATCHED]
    return matched[-1] if matched else None


def _firewall(snapshot: Snapshot, trace: Trace, who: str, whom: str, where: str) -> Reason:
    step = _deciding(trace)
    verb = "drops" if trace.disposition is Disposition.DROPPED else "rejects"
    if step is None or not trace.because.startswith(("Rule", "No rule")):
        return Reason(False, f"{where} ignores the packet: {trace.because}", (), trace.remedy)
    rule = (
        f"-A {step.chain} {step.rule}" if step.rule_number else f"-P {step.chain} {step.rule.removeprefix('policy ')}"
    )
    evidence = (f"iptables -t {step.table}: {rule}",)
    apart = _networks_apart(snapshot, trace, step)
    if apart:
        sentence = f"{who} and {whom} are on different Docker networks, and Docker keeps networks apart ({apart})."
    elif step.rule_number:
        sentence = f"A firewall rule on {where} {verb} the packet (table {step.table}, chain {step.chain})."
    else:
        sentence = f"No rule on {where} lets the packet through, and the policy of {step.chain} is DROP."
    return Reason(False, sentence, evidence, trace.remedy)


def _networks_apart(snapshot: Snapshot, trace: Trace, step: Step) -> str:
    """'n2 and n1' when a container's packet for another network was stopped by a rule of Docker's."""
    ours = (
        step.chain.startswith("DOCKER-ISOLATION") or step.chain in ("DOCKER", "DOCKER-INTERNAL") or step.table == "raw"
    )
    if not ours or not trace.hops or trace.hops[0].where.is_host or trace.final is None:
        return ""
    machine = snapshot.hosts[trace.hops[-1].where.host]
    names = [_network_of(machine, ip) for ip in (trace.final.source, trace.final.destination)]
    if None in names or names[0] is names[1]:
        return ""
    return " and ".join(n.name for n in names if n)


def _network_of(machine: Host, ip: IPv4Address) -> Network | None:
    return next((n for n in machine.networks if any(ip in s.subnet for s in n.subnets)), None)


def _no_listener(snapshot: Snapshot, trace: Trace, whom: str, where: str, port: int | None) -> Reason:
    final = trace.final or trace.packet
    evidence = [trace.because]
    at = trace.hops[-1].where
    machine = snapshot.hosts[at.host]
    remedy = trace.remedy
    if at.is_host and machine.has_docker:
        stopped = [c.name for c in machine.containers if not c.is_running]
        published = {b.host_port: c.name for c in machine.containers for b in c.ports}
        if final.dport in published:
            name = published[final.dport]
            evidence.append(
                f"docker ps still shows {final.dport} published by {name}, but neither DNAT nor docker-proxy serves it"
            )
            remedy = "restart the container for a new docker-proxy, the daemon (systemctl restart docker) for the rules"
        else:
            evidence.append(f"no running container publishes port {final.dport}" + _also(stopped))
            remedy = f"docker run -p {final.dport}:PORT …"
    return Reason(
        False, f"{whom} is reached, but nothing listens on port {final.dport} of {where}.", tuple(evidence), remedy
    )


def _also(stopped: list[str]) -> str:
    return f"; stopped: {', '.join(stopped)}" if stopped else ""


def _no_neighbour(snapshot: Snapshot, trace: Trace, whom: str, where: str, destination: IPv4Address) -> Reason:
    owners = list(_owners(snapshot, destination))
    evidence = [trace.because]
    if not owners:
        machine = snapshot.hosts[trace.hops[-1].where.host]
        stopped = [c.name for c in machine.containers if not c.is_running]
        if stopped:
            evidence.append(f"stopped containers, which have no address: {', '.join(stopped)}")
        sentence = f"Nobody has the address {destination} now: {where} asked by ARP and got no answer."
        return Reason(False, sentence, tuple(evidence), "docker ps -a: is the container running, is this its address?")
    name = label(snapshot, owners[0])
    owner = local_interface(snapshot.at(owners[0]), destination)
    if owner is not None and owner.kind is LinkKind.MACVLAN:
        evidence.append("a host and its own macvlan containers never hear each other: the parent's stack is left out")
    return Reason(
        False,
        f"{name} has {destination}, but it isn't on the segment where {where} asked for it.",
        tuple(evidence),
        trace.remedy,
    )


def _answer_died(request: Trace, reply: Trace, who: str, whom: str) -> Reason:
    where = reply.hops[-1].where.host if reply.hops else whom
    asked_as = (request.final or request.packet).source
    evidence = [f"the question arrived, from {asked_as}", f"the answer ended on {where}: {reply.because}"]
    step = _deciding(reply)
    if reply.disposition in (Disposition.DROPPED, Disposition.REJECTED) and step is not None and step.rule:
        evidence.append(f"iptables -t {step.table}: {step.chain} {step.rule}")
    remedy = reply.remedy
    if reply.disposition is Disposition.NO_ROUTE and asked_as == request.packet.source:
        remedy = (
            "the question should have left with the host's own address: is there a MASQUERADE rule in nat POSTROUTING? "
            "`systemctl restart docker` writes it again"
        )
    return Reason(
        False, f"{whom} gets the question of {who}, but the answer doesn't find its way back.", tuple(evidence), remedy
    )
