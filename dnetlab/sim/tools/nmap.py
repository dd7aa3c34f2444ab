"""nmap 7.93 as root: which ports are open, which refuse, and which are silent. It looks at the lab only."""

from __future__ import annotations

import re
from ipaddress import IPv4Network

from dnetlab.commands.services import service_name
from dnetlab.model.ip import IpAddress
from dnetlab.net import routing
from dnetlab.sim.clock import moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools import lookup, wire

MOST_HOSTS, MOST_PORTS = 256, 1024
_STATES = {wire.Fate.ANSWERED: "open", wire.Fate.RESET: "open", wire.Fate.REFUSED: "closed"}


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`nmap [-p PORTS] [-Pn] [-n] [-sn] [-sT|-sS] HOST…`; HOST may be a network of at most 256 addresses."""
    ports, flags, targets, left = "", set(), [], list(argv[1:])
    while left:
        word = left.pop(0)
        if word == "-p" and left:
            ports = left.pop(0)
        elif re.fullmatch(r"-p[\d,-]+", word):
            ports = word[2:]
        elif word in ("-Pn", "-n", "-sn", "-sP", "-sT", "-sS", "-F", "--open", "-v", "-T4", "-T5"):
            flags.add({"-sP": "-sn"}.get(word, word))
        elif word.startswith("-"):
            raise Refused("nmap {word} is not part of the lab.", "nmap -p 80,443 HOST, nmap -sn NETWORK", word=word)
        else:
            targets.append(word)
    if not targets:
        raise Refused("nmap needs a host.", "nmap -p 80 172.25.254.1")
    if not ports and "-sn" not in flags:
        raise Refused("nmap alone asks a thousand ports.", "Name some: nmap -p 80,443,8080 HOST")
    begun = context.world.clock
    addresses = [ip for target in targets for ip in _addresses(context, target)]
    numbers = [] if "-sn" in flags else _ports(ports)
    text = f"Starting Nmap 7.93 ( https://nmap.org ) at {moment(begun):%Y-%m-%d %H:%M UTC}\n"
    reports = [report for ip in addresses if (report := _report(context, ip, numbers, flags)) is not None]
    text += "".join(reports)
    if not reports and len(addresses) == 1 and "-Pn" not in flags:
        text += "Note: Host seems down. If it is really up, but blocking our ping probes, try -Pn\n"
    many = "address" if len(addresses) == 1 else "addresses"
    up = f"{len(reports)} host{'' if len(reports) == 1 else 's'} up"
    took = max(0.05, context.world.clock - begun)
    return Result(f"{text}Nmap done: {len(addresses)} IP {many} ({up}) scanned in {took:.2f} seconds\n")


def _addresses(context: Context, target: str) -> list[IpAddress]:
    if "/" in target:
        try:
            network = IPv4Network(target, strict=False)
        except ValueError:
            raise Refused("{target} is no network.", "nmap -sn 172.17.0.0/24", target=target) from None
        if network.num_addresses > MOST_HOSTS:
            raise Refused("nmap looks at {most} addresses here.", "nmap -sn 172.17.0.0/24", most=MOST_HOSTS)
        return list(network)
    found = lookup.find(context, target)
    return list(found.addresses[:1]) if found else []


def _ports(text: str) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", part)
        if not found or int(found[2] or found[1]) > 65535:
            raise Refused("nmap can't read these ports.", "nmap -p 80,443,8000-8010 HOST")
        numbers += range(int(found[1]), int(found[2] or found[1]) + 1)
    if len(numbers) > MOST_PORTS:
        raise Refused("nmap asks {most} ports here.", "nmap -p 1-1024 HOST", most=MOST_PORTS)
    return sorted(set(numbers))


def _report(context: Context, address: IpAddress, ports: list[int], flags: set[str]) -> str | None:
    """What it says of one host; None for one that seems down."""
    own = routing.is_local(context.stack, address)
    near = not own and _is_near(context, address)
    if not own and (near or "-Pn" not in flags) and not _is_up(context, address, near):
        return None
    name = None if "-n" in flags else lookup.name_of(context, address)
    text = f"Nmap scan report for {f'{name} ({address})' if name else address}\nHost is up"
    text += ".\n" if own and not ports else " (0.000030s latency).\n"
    text += _table(context, address, ports) if ports else ""
    if near and (neighbour := _mac(context, address)):
        text += f"MAC Address: {neighbour.upper()} (Unknown)\n"
    return text + ("\n" if ports else "")


def _is_near(context: Context, address: IpAddress) -> bool:
    way = routing.lookup(context.stack, address)
    return way is not None and way.via is None and way.dev is not None


def _is_up(context: Context, address: IpAddress, near: bool) -> bool:
    """On its own network nmap asks by ARP, elsewhere by an echo."""
    answer = wire.echo(context, address, identifier=context.world.count(f"icmp:{context.host}", 1))
    return _mac(context, address) is not None if near else answer.fate is wire.Fate.ANSWERED


def _mac(context: Context, address: IpAddress) -> str | None:
    return next((n.mac for n in context.stack.neighbours if n.address == address and n.mac), None)


def _table(context: Context, address: IpAddress, ports: list[int]) -> str:
    rows = [("PORT", "STATE", "SERVICE")]
    for port in ports:
        answer = wire.connect(context, address, port, 1.2)
        if answer.fate is wire.Fate.ANSWERED:
            wire.hang_up(context, answer)
        state = _STATES.get(answer.fate, "filtered")
        context.world.clock += 1.2 if state == "filtered" else 0.01
        rows.append((f"{port}/tcp", state, service_name(port, "tcp") or "unknown"))
    first, second = (max(len(row[n]) for row in rows) for n in (0, 1))
    return "\n" + "".join(f"{row[0]:<{first}} {row[1]:<{second}} {row[2]}\n" for row in rows) + ""
