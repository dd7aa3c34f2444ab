"""Which words can stand next at a prompt of the lab: commands, their flags, and the names of what is there now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from dnetlab.commands.docker.completion import Kind, complete_docker
from dnetlab.commands.userland import names
from dnetlab.model import Host, LinkKind, Snapshot, Topology

_PROMPT = re.compile(
    r"^\s*(?:\[(?:[\w.-]+@)?(?P<a>[\w.-]+)[^\]]*\][#$] |[\w.-]+@(?P<b>[\w.-]+):\S*[#$] |(?P<c>[A-Za-z][\w.-]*)[#$] "
    r"|(?P<inside>(?:/[\w./-]*|~) [#$] ))"
)
_NEXT_COMMAND = re.compile(r"&&|\|\||[|;`]|\$\(")


@dataclass(frozen=True)
class Typing:
    """Where the words will run: a host of the lab, in a container's terminal or not, and what is there."""

    host: str
    inside: bool
    snapshot: Snapshot | None

    @property
    def machine(self) -> Host:
        return (self.snapshot.hosts.get(self.host) if self.snapshot else None) or Host(self.host)

    @property
    def containers(self) -> list[str]:
        return [c.name for c in self.machine.containers]

    @property
    def running(self) -> list[str]:
        return [c.name for c in self.machine.containers if c.is_running]

    @property
    def networks(self) -> list[str]:
        return [n.name for n in self.machine.networks] or ["bridge", "host", "none"]

    @property
    def images(self) -> list[str]:
        tags = [tag for image in self.machine.images for tag in image.tags]
        return [tag.removesuffix(":latest") for tag in tags]

    @property
    def interfaces(self) -> list[str]:
        stack = self.machine.namespaces.get("host")
        return [i.name for i in stack.interfaces] if stack else ["lo", "eth0"]

    @property
    def bridges(self) -> list[str]:
        stack = self.machine.namespaces.get("host")
        return [i.name for i in stack.interfaces if i.kind is LinkKind.BRIDGE] if stack else ["docker0"]

    @property
    def destinations(self) -> list[str]:
        """What can be pinged: container names inside a container, addresses everywhere."""
        names = self.containers if self.inside else []
        ips = [str(e.address) for c in self.machine.containers for e in c.endpoints if e.address]
        stacks = [h.namespaces["host"] for h in (self.snapshot.hosts.values() if self.snapshot else ())]
        lan = [str(i.ipv4[0].ip) for ns in stacks for i in ns.interfaces if i.name == "eth0" and i.ipv4]
        return [*names, *ips, *lan]


def of_line(text: str, host: str, topology: Topology, snapshot: Snapshot | None) -> tuple[str, list[str]]:
    """The fragment before the cursor and the words that may replace it. `text` is the line up to the cursor."""
    prompt = _PROMPT.match(text)
    inside = False
    if prompt:
        name = prompt["a"] or prompt["b"] or prompt["c"]
        named = topology.called(name) if name else None
        if named is not None:
            host, text = named, text[prompt.end() :]
        elif prompt["inside"]:
            inside, text = True, text[prompt.end() :]
    text = _NEXT_COMMAND.split(text)[-1]
    words = text.split()
    fragment = words.pop() if words and not text[-1:].isspace() else ""
    place = Typing(host, inside, snapshot)
    candidates = list(_next(words, fragment, place))
    if "=" in fragment and fragment.startswith("-"):  # --network=my_
        flag, _, fragment = fragment.partition("=")
        candidates = list(_next([*words, flag], fragment, place))
    return fragment, list(dict.fromkeys(c for c in candidates if c.startswith(fragment)))


def _next(words: list[str], fragment: str, place: Typing) -> Iterable[str]:
    if not words:
        return names("busyboxplus" if place.inside else "host")
    tool = TOOLS.get(words[0])
    return tool(words[1:], fragment, place) if tool else ()


# -- docker --------------------------------------------------------------------------------------------------------


def docker(words: list[str], fragment: str, place: Typing) -> Iterator[str]:
    """Subcommands, flags and their fixed values as the grammar says, then the names of what the command takes."""
    found = complete_docker(["docker", *words, fragment])
    yield from found.words
    if found.kind is Kind.PROGRAM:
        yield from ["sh", *names("busyboxplus")]
    known = {
        Kind.CONTAINER: place.containers,
        Kind.RUNNING: place.running,
        Kind.NETWORK: [*place.networks, *(f"container:{c}" for c in place.containers if "run" in words)],
        Kind.IMAGE: place.images,
        Kind.VOLUME: [v.name for v in place.machine.volumes],
    }
    yield from known.get(found.kind, [])
    if words[:1] == ["inspect"] and found.kind is Kind.CONTAINER:
        yield from [*place.networks, *place.images]


# -- the tools of Linux ----------------------------------------------------------------------------------------------

_IP_VERBS = {
    "addr": ["show", "add", "del", "flush"],
    "link": ["show", "set", "add", "del"],
    "route": ["show", "add", "del", "get"],
    "neigh": ["show", "add", "del", "flush"],
}
_IP_OBJECTS = {"a": "addr", "address": "addr", "addr": "addr", "l": "link", "link": "link", "r": "route",
               "route": "route", "n": "neigh", "neigh": "neigh"}  # fmt: skip


def ip(words: list[str], fragment: str, place: Typing) -> Iterable[str]:
    plain = [w for w in words if not w.startswith("-")]
    if not plain:
        return ["-br", "-4", "-6", "-d", "-o"] if fragment.startswith("-") else ["addr", "link", "route", "neigh"]
    kind = _IP_OBJECTS.get(plain[0])
    if kind is None:
        return ()
    if len(plain) == 1:
        return _IP_VERBS[kind]
    if plain[-1] in ("dev", "show", "set", "del", "master", "via"):
        return ["dev", "type", *place.interfaces] if plain[-1] != "master" else place.bridges
    if kind == "link" and plain[1] == "set":
        return ["up", "down", "promisc", "master", "nomaster", "mtu", "address", "name", "netns"]
    return [
        "dev",
        "via",
        "brd",
        "scope",
        "metric",
        "default",
        "type",
        "bridge",
        "veth",
        "vlan",
        "macvlan",
        "name",
        "link",
    ]


def brctl(words: list[str], fragment: str, place: Typing) -> Iterable[str]:
    if not words:
        return ["show", "addbr", "delbr", "addif", "delif", "showmacs", "stp"]
    return place.bridges if len(words) == 1 else place.interfaces


def bridge(words: list[str], fragment: str, place: Typing) -> Iterable[str]:
    if not words:
        return ["link", "fdb"]
    return ["show"] if len(words) == 1 else ["br", "dev", *place.bridges]


_CHAIN_VERBS = tuple(["-L", "-S", "-A", "-I", "-D", "-R", "-C", "-F", "-P", "-N", "-X", "-Z"])
_IPTABLES_OPTIONS = tuple(
    [
        "-t",
        "-n",
        "-v",
        "--line-numbers",
        "-s",
        "-d",
        "-i",
        "-o",
        "-p",
        "-j",
        "-m",
        "--dport",
        "--sport",
        "--ctstate",
        "--to-destination",
        "--to-source",
    ]
)


def iptables(words: list[str], fragment: str, place: Typing) -> Iterable[str]:
    before = words[-1] if words else ""
    if before in ("-t", "--table"):
        return ["filter", "nat", "mangle", "raw", "security"]
    table = next((words[i + 1] for i, w in enumerate(words[:-1]) if w in ("-t", "--table")), "filter")
    chains = _chains(place, table)
    if before in ("-j", "--jump"):
        return ["ACCEPT", "DROP", "REJECT", "RETURN", "MASQUERADE", "DNAT", "SNAT", *chains]
    if before in ("-i", "-o"):
        return place.interfaces
    if before == "-p":
        return ["tcp", "udp", "icmp"]
    if before in ("--ctstate", "--state"):
        return ["NEW", "ESTABLISHED", "RELATED,ESTABLISHED", "INVALID"]
    if before == "-m":
        return ["tcp", "udp", "conntrack", "addrtype", "comment", "multiport"]
    if before in _CHAIN_VERBS and not fragment.startswith("-"):
        return chains
    return [*_CHAIN_VERBS, *_IPTABLES_OPTIONS]


def _chains(place: Typing, table: str) -> list[str]:
    from dnetlab.model.netfilter import BUILTIN

    stack = place.machine.namespaces.get("host")
    return [c.name for c in stack.netfilter.table(table).chains] if stack and table in BUILTIN else []


def _fixed(*choices: str) -> Callable[[list[str], str, Typing], Iterable[str]]:
    return lambda words, fragment, place: choices


def _reach(*flags: str) -> Callable[[list[str], str, Typing], Iterable[str]]:
    def choose(words: list[str], fragment: str, place: Typing) -> Iterable[str]:
        return flags if fragment.startswith("-") else place.destinations

    return choose


def systemctl(words: list[str], fragment: str, place: Typing) -> Iterable[str]:
    return ["docker"] if words else ["restart", "start", "stop", "status", "is-active"]


def sysctl(words: list[str], fragment: str, place: Typing) -> Iterable[str]:
    stack = place.machine.namespaces.get("host")
    return ["-w", "-n", "-a", *(sorted(stack.sysctls) if stack else ["net.ipv4.ip_forward"])]


def kill(words: list[str], fragment: str, place: Typing) -> Iterable[str]:
    return ["-9", "-15", *(str(p.pid) for p in place.machine.processes)]


def pkill(words: list[str], fragment: str, place: Typing) -> Iterable[str]:
    return ["-f", *(p.argv[0].rsplit("/", 1)[-1] for p in place.machine.processes if p.argv)]


@cache
def _file_names() -> tuple[str, ...]:
    return ("/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/proc/sys/net/ipv4/ip_forward", "/proc/net/dev")


TOOLS: dict[str, Callable[[list[str], str, Typing], Iterable[str]]] = {
    "docker": docker, "ip": ip, "brctl": brctl, "bridge": bridge, "iptables": iptables, "systemctl": systemctl,
    "sysctl": sysctl, "kill": kill, "pkill": pkill, "pgrep": pkill,
    "ping": _reach("-c", "-i", "-W", "-w", "-t"), "curl": _reach("-s", "-I", "-v", "-o", "-m", "--connect-timeout"),
    "wget": _reach("-q", "-O", "-T"), "nslookup": _reach(), "traceroute": _reach("-n", "-m", "-w"),
    "nc": _reach("-z", "-v", "-w", "-u"), "arp": _fixed("-n", "-a"), "netstat": _fixed("-antlp", "-rn", "-i", "-tulpn"),
    "ss": _fixed("-antlp", "-tulpn", "-l", "-n"), "ps": _fixed("ax", "aux", "-ef"),
    "cat": lambda words, fragment, place: _file_names(),
}  # fmt: skip
