"""Virtual addresses and the routing mesh: what each host programs so that a service's packets find a task.

From Docker's documents and sources (moby libnetwork/service_linux.go); no kernel that was recorded has IPVS.

    in a balancer's namespace   the virtual addresses on eth0, a mark for each service, IPVS from marks to tasks
    on the host                 the chain DOCKER-INGRESS: a published port leads to the ingress sandbox
    in a task's namespace       the published port becomes the port that its program listens to
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv6Address

from dnetlab.model import Address, Network, Protocol, Socket, SocketState, VirtualServer, Where
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim import processes
from dnetlab.sim.dockerd.books import daemon, release_of
from dnetlab.sim.dockerd.cluster.state import Node, PublishedPort, Service, Swarm, members
from dnetlab.sim.dockerd.drivers.overlay import balancer_of
from dnetlab.sim.dockerd.firewall.tables import Tables, edit, first, last
from dnetlab.sim.dockerd.gwbridge import NAME
from dnetlab.sim.kernel import Stack
from dnetlab.sim.profiles import Firewall
from dnetlab.sim.world import World

CHAIN = "DOCKER-INGRESS"
ANY = IPv6Address("::")
SANDBOX = "ingress-sbox"


def program(world: World, swarm: Swarm) -> None:
    """Bring every node in line with the services there are and the tasks it has heard of."""
    for node in members(world, swarm):
        for network in world.hosts[node.host].networks:
            if network.id in daemon(world, node.host).balancers:
                _balance(world, swarm, node, network)
        _publish(world, swarm, node)
        _redirect_tasks(world, swarm, node)


def _servers(network: Network, service: Service) -> tuple[IpAddress, ...]:
    return tuple(r.address for r in network.records if r.service == service.spec.name)


def _ingress_ports(service: Service) -> list[PublishedPort]:
    return [port for port in service.ports if port.mode == "ingress" and port.published]


# -- in a balancer's namespace ----------------------------------------------------------------------------------------


def _balance(world: World, swarm: Swarm, node: Node, network: Network) -> None:
    """Its services: addresses, marks and servers. What was there before goes; nobody else writes there."""
    where = Where(node.host, balancer_of(network))
    services = [s for s in swarm.services.values() if network.id in s.vips and s.spec.endpoint_mode == "vip"]
    virtual = tuple(VirtualServer(s.mark, _servers(network, s)) for s in services)
    space = world.namespace(where)
    wanted = {s.vips[network.id] for s in services}
    link, own = space.interface("eth0"), daemon(world, node.host).balancers[network.id].address
    present = {address.ip for address in link.ipv4 if address.ip != own} if link else set()
    if (space.virtual, present) == (virtual, wanted):
        return
    stack = Stack(world, where)
    for address in present - wanted:
        stack.remove_address("eth0", IPv4Interface(f"{address}/32"))
    for address in sorted(wanted - present):
        stack.add_address("eth0", Address(IPv4Interface(f"{address}/32")))
    with edit(world, where) as tables:
        for chain in ("PREROUTING", "OUTPUT"):
            tables.flush("mangle", chain)
        for entry in _marks(network, services):
            tables.write(last("mangle", *entry))
        block = network.subnets[0].subnet
        ours = last("nat", "POSTROUTING", f"-d {block} -m ipvs --ipvs -j SNAT --to-source {own}")
        if services:
            tables.write(ours)
        else:
            tables.delete(ours)
    world.put_namespace(where, replace(world.namespace(where), virtual=virtual))


def _marks(network: Network, services: list[Service]) -> Iterator[tuple[str, str]]:
    """(chain, rule) for each service: by its published ports in the ingress network, by its address everywhere."""
    for service in services:
        mark = f"-j MARK --set-xmark {service.mark:#x}/0xffffffff"
        for port in _ingress_ports(service) if network.ingress else ():
            yield "PREROUTING", f"-p {port.protocol} -m {port.protocol} --dport {port.published} {mark}"
        chain = "OUTPUT" if network.ingress else "PREROUTING"
        yield chain, f"-d {service.vips[network.id]}/32 {mark}"


# -- on the host ------------------------------------------------------------------------------------------------------


def _publish(world: World, swarm: Swarm, node: Node) -> None:
    """Published ports of all services, on every node, whether it has a task or not."""
    where, sandbox = Where(node.host), daemon(world, node.host).gateways.get(SANDBOX)
    ports = [port for service in swarm.services.values() for port in _ingress_ports(service)]
    ports.reverse()  # each is written in front of those before it
    if sandbox is None or sandbox.address is None:
        return
    found = world.namespace(where).netfilter.table("nat").chain(CHAIN)
    if found is None and not ports:
        return
    rules = [f"-p {p.protocol} -m {p.protocol} --dport {p.published} -j DNAT --to-destination "
             f"{sandbox.address}:{p.published}" for p in ports]  # fmt: skip
    if found is not None and [rule.text for rule in found.rules] == [*rules, "-j RETURN"]:
        return
    with edit(world, where) as tables:
        _write_chains(tables, release_of(world).firewall, rules, ports)
    Stack(world, where).set_sysctl(f"net.ipv4.conf.{NAME}.route_localnet", "1")  # for who asks 127.0.0.1
    _listen(world, where, ports)


def forget(world: World, host: str) -> None:
    """The daemon has started again: its rules for published ports are to be written anew, in front of the others."""
    with edit(world, Where(host)) as tables:
        for table in ("nat", "filter"):
            tables.flush(table, CHAIN)


def _write_chains(tables: Tables, firewall: Firewall, rules: list[str], ports: list[PublishedPort]) -> None:
    for table in ("nat", "filter"):
        tables.new_chain(table, CHAIN)
        tables.flush(table, CHAIN)
    for rule in (*rules, "-j RETURN"):
        tables.write(last("nat", CHAIN, rule))
    for port in ports:
        name = f"-p {port.protocol} -m {port.protocol}"
        tables.write(last("filter", CHAIN, f"{name} --dport {port.published} -j ACCEPT"))
        tables.write(last("filter", CHAIN, f"{_of_answers(firewall, port)} -j ACCEPT"))
    tables.write(last("filter", CHAIN, "-j RETURN"))
    for chain in ("OUTPUT", "PREROUTING"):
        tables.write(first("nat", chain, f"-m addrtype --dst-type LOCAL -j {CHAIN}"))
    tables.write(first("nat", "POSTROUTING", f"-o {NAME} -m addrtype --src-type LOCAL -j MASQUERADE"))
    _lead_in(tables, firewall)


def _of_answers(firewall: Firewall, port: PublishedPort) -> str:
    """The matches of what comes back, in the order in which `iptables -S` prints them."""
    if firewall.state_match:
        return f"-p {port.protocol} -m state --state RELATED,ESTABLISHED -m {port.protocol} --sport {port.published}"
    name = f"-p {port.protocol} -m {port.protocol} --sport {port.published}"
    return f"{name} -m conntrack --ctstate RELATED,ESTABLISHED"


def _lead_in(tables: Tables, firewall: Firewall) -> None:
    """The jump to the chain: once at the head of DOCKER-FORWARD, else of FORWARD but for that to DOCKER-USER."""
    if firewall.forward_chain:
        tables.write(first("filter", "DOCKER-FORWARD", f"-j {CHAIN}"))
        return
    jump, user = first("filter", "FORWARD", f"-j {CHAIN}"), first("filter", "FORWARD", "-j DOCKER-USER")
    tables.delete(jump)
    tables.write(jump)
    if tables.has_chain("filter", "DOCKER-USER"):
        tables.delete(user)
        tables.write(user)


def _listen(world: World, where: Where, ports: list[PublishedPort]) -> None:
    """dockerd holds the ports, so that no other program of the host takes them."""
    pid, space = daemon(world, where.host).pid, world.namespace(where)
    wanted = {(Protocol(p.protocol), p.published) for p in ports}
    kept = tuple(s for s in space.sockets if s.pid != pid or s.backlog != 4095 or (s.protocol, s.local_port) in wanted)
    present = {(s.protocol, s.local_port) for s in kept if s.pid == pid}
    world.put_namespace(where, replace(space, sockets=kept))
    processes.listen(world, where, [
        Socket(protocol, ANY, port, SocketState.LISTEN if protocol is Protocol.TCP
               else SocketState.UNCONNECTED, pid, "dockerd", backlog=4095)
        for protocol, port in sorted(wanted - present, key=lambda pair: pair[1])
    ])  # fmt: skip


# -- in a task's namespace --------------------------------------------------------------------------------------------


def _redirect_tasks(world: World, swarm: Swarm, node: Node) -> None:
    for task in swarm.tasks.values():
        service = swarm.services.get(task.service)
        here = bool(task.container) and task.node == node.id
        container = world.hosts[node.host].container(task.container) if here else None
        if service is None or container is None or not container.is_running or container.namespace is None:
            continue
        carries = {n.id for n in swarm.networks.values() if n.ingress}
        endpoint = next((e for e in container.endpoints if e.network_id in carries and e.address), None)
        if endpoint is None:
            continue
        with edit(world, Where(node.host, container.namespace)) as tables:
            for port in _ingress_ports(service):
                to = f"-d {endpoint.address}/32 -p {port.protocol} -m {port.protocol} --dport {port.published}"
                tables.write(last("nat", "PREROUTING", f"{to} -j REDIRECT --to-ports {port.target}"))
