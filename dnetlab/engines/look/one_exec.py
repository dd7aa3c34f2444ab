"""A lab host seen through the outer Engine's API alone: one exec reads all, where its namespaces can't be entered.

Docker Desktop's containers run in a virtual machine that this process is not part of, and only root enters network
namespaces. `look.sh` asks the tools a student would ask (`ip -j`, `bridge`, `ss`, `iptables-save`, dockerd's API), once
per host and snapshot; the values are the same as those read by netlink.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface, ip_address, ip_network
from pathlib import Path
from typing import Any

from dnetlab.engines.look import api, netlink, policies, rtnetlink, texts
from dnetlab.engines.look.netlink import SYSCTLS, Owners
from dnetlab.engines.look.nft import parse_ruleset
from dnetlab.engines.look.processes import Task
from dnetlab.engines.look.rtnetlink import ROUTE_KINDS, SCOPES
from dnetlab.errors import EngineError
from dnetlab.model import (
    Address,
    FdbEntry,
    Interface,
    Namespace,
    Neighbour,
    Netfilter,
    Nftables,
    Process,
    Protocol,
    Route,
    Socket,
    SocketState,
)
from dnetlab.model.bridgeport import AS_MADE
from dnetlab.model.route import Hop

TICKS = 100  # a second's, in /proc/PID/stat: USER_HZ of every architecture that Docker runs on
FLAGS = {
    "UP": rtnetlink.IFF_UP, "PROMISC": rtnetlink.IFF_PROMISC, "LOWER_UP": rtnetlink.IFF_LOWER_UP,
    "LOOPBACK": rtnetlink.IFF_LOOPBACK,
}  # fmt: skip
ROUTE_PROTOCOLS = {"dhcp": "16"}  # the names that `ip` has and a snapshot doesn't
SOCKET_STATES = {
    "LISTEN": SocketState.LISTEN,
    "ESTAB": SocketState.ESTABLISHED,
    "TIME-WAIT": SocketState.TIME_WAIT,
    "UNCONN": SocketState.UNCONNECTED,
}


class RemoteApi:
    """The few calls of the docker SDK's APIClient that terminals need, asked with curl inside a host.

    Missing things raise NotFound as there.
    """

    def __init__(self, hosts: Any, host: str) -> None:
        self._hosts, self._host = hosts, host

    def _get(self, path: str) -> Any:
        import docker

        url = shlex.quote(f"http://docker/{path}")
        ran = self._hosts.run(
            self._host, f"curl -s --max-time 10 -w '\\n%{{http_code}}' --unix-socket /run/docker.sock {url}"
        )
        body, _, status = ran.stdout.rpartition("\n")
        if ran.exit_code != 0:
            raise EngineError("the Docker Engine of {host} does not answer", host=self._host)
        if status != "200":
            raise docker.errors.NotFound(body)
        return json.loads(body) if body[:1] in ("{", "[") else body

    def containers(self, all: bool = False) -> list[dict[str, Any]]:  # noqa: A002 - the SDK's word
        return list(self._get("containers/json" + ("?all=1" if all else "")))

    def networks(self) -> list[dict[str, Any]]:
        return list(self._get("networks"))

    def inspect_container(self, container: str) -> dict[str, Any]:
        return dict(self._get(f"containers/{container}/json"))

    def inspect_image(self, image: str) -> dict[str, Any]:
        return dict(self._get(f"images/{image}/json"))

    def attach_socket(self, container: str, params: Any = None) -> Any:
        """A stream to a container's terminal, through one that whoever reaches the host makes."""
        return self._hosts.terminal_of(self._host, container)

    def close(self) -> None:
        """Nothing stays open between two questions."""


@dataclass
class Sight:
    """What one exec saw of a lab host. documents: of its dockerd by path, None where that does not answer."""

    host_net: int = 0
    boot: float = 0.0
    documents: dict[str, Any] | None = None
    processes: list[list[str]] = field(default_factory=list)
    nets: dict[int, int] = field(default_factory=dict)  # pid -> inode of its network namespace
    users: dict[int, int] = field(default_factory=dict)
    sockets: dict[int, list[str]] = field(default_factory=dict)
    stacks: dict[int, list[str]] = field(default_factory=dict)  # inode -> what the tools say inside
    named: dict[int, str] = field(default_factory=dict)  # inode -> name of a namespace that dockerd keeps
    nics: dict[str, str] = field(default_factory=dict)  # the host's NICs and their switches

    def tasks(self, clock: Callable[[float], float]) -> list[Task]:
        """The processes of the host, by pid; clock: seconds since 1970 -> seconds of the lab's clock."""
        found = [self._task(words, clock) for words in self.processes]
        return sorted((task for task in found if task is not None), key=lambda task: task.process.pid)

    def _task(self, words: list[str], clock: Callable[[float], float]) -> Task | None:
        pid, argv = int(words[0]), tuple(words[3:])
        stat = words[1].rpartition(")")[2].split()
        if stat[:1] == ["Z"] or pid not in self.nets:
            return None
        container = re.search(r"/([0-9a-f]{64})\b", words[2])
        uid = self.users.get(pid, 0)
        process = Process(
            pid,
            int(stat[1]),
            argv,
            container=container[1] if container else None,
            user="root" if uid == 0 else str(uid),
            started=clock(self.boot + float(stat[19]) / TICKS),
        )
        shim = argv[0].endswith("/containerd-shim-runc-v2")  # see processes._held
        return Task(process, self.nets[pid], () if shim else tuple(self.sockets.get(pid, ())))

    def read(self, asked: list[str]) -> dict[str, Any] | None:
        """Documents of the host's dockerd by their paths; None when it does not answer."""
        if self.documents is None:
            return None
        return {name: self.documents[name] for name in asked if name in self.documents}

    def namespaces(
        self, places: list[tuple[str, int, bool]], wants_rules: Callable[[str], bool], owners: Owners
    ) -> dict[str, Namespace]:
        """The stacks of these places (name, pid, whether it talks) by name, peers resolved between them."""
        made, lowers = {}, {}
        kept = {name: inode for inode, name in self.named.items()}
        for name, pid, talks in places:
            said = self.stacks.get(self.nets.get(pid, self.host_net if name == "host" else kept.get(name, 0)))
            if said is not None and len(said) == 13:
                nics = self.nics if name == "host" else {}
                made[name], lowers[name] = _stack(name, said, wants_rules(name), talks, owners, nics)
        return netlink.with_peers(made, lowers)


def look(hosts: Any, host: str, nics: dict[str, str]) -> Sight:
    """Read everything of a lab host in one exec. nics: its NICs and their switches. EngineError when it is gone."""
    sysctls = " ".join(SYSCTLS)
    ran = hosts.run(host, f"set -- {sysctls}\n{_script()}")
    if ran.exit_code != 0 or "\x1e" not in ran.stdout:
        raise EngineError(
            "the lab host {host} can't be looked at: {error}",
            host=host,
            error=(ran.stderr or ran.stdout).strip()[-300:],
        )
    sight = read(ran.stdout)
    sight.nics = nics
    return sight


def _script() -> str:
    return (Path(__file__).resolve().parent.parent / "hostfiles" / "look.sh").read_text()


def read(text: str) -> Sight:
    """The records of look.sh as a Sight."""
    sight = Sight()
    for record in text.split("\x1e")[1:]:
        kind, *fields = record.split("\x1f")
        if kind == "clock":
            up, now = fields[0].split()
            sight.boot = float(now) - float(up)
        elif kind == "process":
            sight.processes.append([*fields[:3], *"\x1f".join(fields[3:]).rstrip("\x1f").split("\x1f")])
        elif kind == "inodes":
            sight.nets = _numbers(fields[0])
        elif kind == "users":
            sight.users = _numbers(fields[0])
        elif kind == "sockets":
            for line in fields[0].splitlines():
                path, _, name = line.partition(" ")
                sight.sockets.setdefault(int(path.split("/")[2]), []).append(name[8:-1])
        elif kind == "docker":
            sight.documents = _documents(fields[0])
        elif kind == "named":
            sight.named = {int(number): name for number, name in (line.split() for line in fields[0].splitlines())}
        elif kind == "namespace":
            sight.stacks[int(fields[0])] = fields[2:]
    sight.host_net = sight.nets.get(1, 0)
    return sight


def _numbers(text: str) -> dict[int, int]:
    """`/proc/PID… NUMBER` per line, as pid -> number."""
    rows = [line.split() for line in text.splitlines()]
    return {int(path.split("/")[2]): int(number) for path, number in rows}


def _documents(text: str) -> dict[str, Any]:
    """dockerd's answers by path: lists of containers, networks, images, volumes, then a document per container."""
    decoder, found, start = json.JSONDecoder(), [], 0
    while start < len(text):
        while text[start : start + 1].isspace():
            start += 1
        if start >= len(text):
            break
        value, start = decoder.raw_decode(text, start)
        found.append(value)
    documents = dict(zip(api.LISTS, found, strict=False))
    for value in found[len(api.LISTS) :]:
        if "Id" in value:
            documents[api.told(value["Id"]) if "Scope" in value else api.path(value["Id"])] = value
    return documents


# -- from what the tools say to values -----------------------------------------------------------------------------


def _stack(
    name: str, said: list[str], with_rules: bool, talks: bool, owners: Owners, nics: dict[str, str]
) -> tuple[Namespace, dict[int, int]]:
    """A namespace, and interface's index -> index of the one it hangs on."""
    tables = policies.table_numbers(said[12])
    links, routes, neighbours, fdb, routes6 = (json.loads(text or "[]") for text in (*said[:4], said[8]))
    names = {link["ifindex"]: link["ifname"] for link in links}
    lower = _lower(links)
    sysctls = dict(line.split("=", 1) for line in said[6].splitlines())
    found = [c for line in said[7].splitlines() if (c := texts.connection(line)) is not None]
    namespace = Namespace(
        name,
        tuple(sorted((_interface(link, lower, names, nics) for link in links), key=lambda i: i.index)),
        (*_routes(routes, tables), *_routes(routes6, tables)),
        tuple(_neighbours(neighbours)),
        tuple(_fdb(fdb)),
        texts.parse_rules(said[4]) if with_rules else Netfilter(),
        tuple(found) if name == "host" else (),
        tuple(_sockets(said[5], name == "host", owners)) if talks else (),
        {key: value.strip() for key, value in sysctls.items()},
        netfilter6=texts.parse_rules(said[9]) if with_rules else Netfilter(),
        nftables=parse_ruleset(said[10]) if with_rules else Nftables(),
        rules=policies.policy(said[11], tables),
    )
    return namespace, lower


def _lower(links: list[dict[str, Any]]) -> dict[int, int]:
    indexes = {link["ifname"]: link["ifindex"] for link in links}
    found = {link["ifindex"]: link.get("link_index") or indexes.get(link.get("link", "")) for link in links}
    return {index: number for index, number in found.items() if number}


def _interface(row: dict[str, Any], lower: dict[int, int], names: dict[int, str], nics: dict[str, str]) -> Interface:
    """A row of `ip -j -d address`."""
    info = row.get("linkinfo", {})
    data, slave = info.get("info_data", {}), info.get("info_slave_data", {})
    masters = {name: index for index, name in names.items()}
    link = rtnetlink.Link(
        row["ifindex"],
        sum(bit for flag, bit in FLAGS.items() if flag in row["flags"]),
        row["ifname"],
        info.get("info_kind", ""),
        row.get("address", ""),
        row["mtu"],
        masters.get(row.get("master", ""), 0),
        lower.get(row["ifindex"], 0),
        row.get("txqlen", 0),
        str(data.get("mode", "")),
        int(data.get("id", 0)) if info.get("info_kind") == "vlan" else 0,
        bool(slave.get("hairpin")),
        policies.port(slave, row["flags"]) if info.get("info_slave_kind") == "bridge" else AS_MADE,
        _tunnel(data, masters, "link_netnsid" in row) if info.get("info_kind") == "vxlan" else None,
    )
    return rtnetlink.interface(link, tuple(_address(a) for a in row["addr_info"] if a), names, nics)


def _tunnel(data: dict[str, Any], indexes: dict[str, int], moved: bool) -> rtnetlink.Tunnel:
    """`vxlan id 42 remote 172.25.254.2 dev eth0 …` of `ip -j -d address`."""
    remote, local = data.get("remote") or data.get("group"), data.get("local")
    return rtnetlink.Tunnel(
        int(data.get("id", 0)),
        IPv4Address(remote) if remote else None,
        IPv4Address(local) if local else None,
        indexes.get(data.get("link", ""), 0),
        int(data.get("port", 0)),
        bool(data.get("learning", True)),
        bool(data.get("proxy")),
        moved,
    )


def _address(row: dict[str, Any]) -> Address:
    four, broadcast = row["family"] == "inet", row.get("broadcast")
    whole = f"{row['local']}/{row['prefixlen']}"
    return Address(
        IPv4Interface(whole) if four else IPv6Interface(whole),
        IPv4Address(broadcast) if broadcast else None,
        row["scope"] if row["scope"] in SCOPES.values() else "global",
        four and bool(row.get("secondary")),
        nodad=not four and bool(row.get("nodad")),
    )


def _routes(rows: list[dict[str, Any]], tables: dict[str, int]) -> Iterable[Route]:
    for row in rows:
        if row["type"] not in ROUTE_KINDS.values():
            continue
        via, src, protocol = row.get("gateway"), row.get("prefsrc"), str(row["protocol"])
        six = "pref" in row  # `ip` tells the preference of each route of IPv6, and of no other
        destination = ip_network(("::/0" if six else "0.0.0.0/0") if row["dst"] == "default" else row["dst"])
        if destination in rtnetlink.OWN and protocol == "kernel":
            continue
        yield Route(
            destination,
            row.get("dev"),
            ip_address(via) if via else None,
            ip_address(src) if src else None,
            ROUTE_PROTOCOLS.get(protocol, protocol),
            row["scope"] if row["scope"] in SCOPES.values() else "global",
            row.get("metric", 0),
            row["type"],
            "onlink" in row.get("flags", ()),
            next((metric["mtu"] for metric in row.get("metrics", ()) if "mtu" in metric), 0),
            policies.number_of(str(row.get("table", "main")), tables),
            tuple(map(_hop, row.get("nexthops", ()))),
        )


def _hop(row: dict[str, Any]) -> Hop:
    via = row.get("gateway")
    return Hop(ip_address(via) if via else None, row.get("dev"), row.get("weight", 1), "onlink" in row.get("flags", ()))


def _neighbours(rows: list[dict[str, Any]]) -> Iterable[Neighbour]:
    for row in rows:
        for state in row.get("state", ())[:1]:
            if state != "NOARP":
                yield Neighbour(ip_address(row["dst"]), row.get("dev", ""), row.get("lladdr"), state)


def _fdb(rows: list[dict[str, Any]]) -> Iterable[FdbEntry]:
    for row in rows:
        dst = row.get("dst", "")
        if not row.get("master") and "." in dst:  # a VXLAN's own table
            permanent = row.get("state") == "permanent"
            yield FdbEntry("", row["mac"], row["ifname"], permanent, IPv4Address(dst), row.get("viaIf", ""))
        elif row.get("master") and not row["mac"].startswith(("33:33:", "01:00:5e:")):
            yield FdbEntry(row["master"], row["mac"], row["ifname"], row.get("state") == "permanent")


def _sockets(text: str, everything: bool, owners: Owners) -> list[Socket]:
    """The rows of `ss -Hantue`, TCP and IPv4 first; of TCP, listening ones only unless everything is wanted."""
    found = []
    for line in text.splitlines():
        words = line.split()
        state = SOCKET_STATES.get(words[1]) if len(words) > 5 else None
        tcp = words[0] == "tcp"
        if state is None or (not tcp and state is not SocketState.UNCONNECTED):
            continue
        if tcp and state is not SocketState.LISTEN and not everything:
            continue
        found.append(_socket(words, state, owners))
    return sorted(found, key=lambda s: (s.protocol is Protocol.UDP, s.local_address.version))


def _socket(words: list[str], state: SocketState, owners: Owners) -> Socket:
    details = dict(word.split(":", 1) for word in words[6:] if ":" in word)
    six = words[4].startswith(("[", "*"))
    (local, port), (remote, far) = (_end(word, six) for word in words[4:6])
    pid, program = owners.get(details.get("ino", ""), (None, ""))
    return Socket(
        Protocol(words[0]),
        local,
        port,
        state,
        pid,
        program,
        remote if far else None,
        far or None,
        int(words[3]) if state is SocketState.LISTEN else 0,
        details.get("v6only") == "1" if six else False,
    )


def _end(text: str, six: bool) -> tuple[Any, int]:
    """An end as `ss` writes it: 127.0.0.1:80, [::1]:80, *:80, 10.0.0.1%eth0:68."""
    address, _, port = text.rpartition(":")
    address = address.strip("[]").split("%")[0].replace("]", "")
    if address == "*":
        address = "::" if six else "0.0.0.0"
    return ip_address(address), int(port) if port.isdigit() else 0
