"""Names a student may say for a place in the lab: a host, a container, an address, each with an optional :port."""

from __future__ import annotations

import difflib
from contextlib import suppress
from itertools import chain

from dnetlab.errors import UnknownName, UsageError
from dnetlab.language import Words, near_or
from dnetlab.model import Container, Host, LinkKind, Namespace, Snapshot, Where
from dnetlab.model.ip import IpAddress, IpInterface, ip_address, is_link_local


def find_where(snapshot: Snapshot, name: str) -> Where:
    """'docker1', 'web1' or 'docker2/web1'. Raises UnknownName with the nearest names; UsageError for a stopped one."""
    if name in snapshot.hosts:
        return Where(name)
    found = find_container(snapshot, name)
    return _inside(*found) if found else _unknown(snapshot, _without_host(snapshot, name))


def find_container(snapshot: Snapshot, name: str) -> tuple[Host, Container] | None:
    """'web1', 'docker2/web1' or an id, with the host it is on; None for a host, and for what nobody is called."""
    wanted, _, inner = name.partition("/")
    if inner and wanted in snapshot.hosts:
        container = snapshot.hosts[wanted].container(inner)
        return (snapshot.hosts[wanted], container) if container else None
    return None if name in snapshot.hosts else snapshot.find_container(name)


def _without_host(snapshot: Snapshot, name: str) -> str:
    wanted, _, inner = name.partition("/")
    return inner if inner and wanted in snapshot.hosts else name


def _inside(host: Host, container: Container) -> Where:
    if container.namespace is None or container.namespace not in host.namespaces:
        raise UsageError(
            "{name} is {state}, so it has no network of its own now.",
            hint="Start it first: docker start {name}",
            name=container.name,
            state=Words(container.state.value),
        )
    return Where(host.name, container.namespace)


def _unknown(snapshot: Snapshot, name: str) -> Where:
    known = [*snapshot.hosts, *(c.name for h in snapshot.hosts.values() for c in h.containers)]
    near = difflib.get_close_matches(name, known, 3, 0.5)
    hint = near_or(near, Words("The lab has: {known}.", known=", ".join(known)))
    raise UnknownName("nothing in the lab is called {name!r}", hint=hint, name=name)


def split_port(text: str) -> tuple[str, int | None]:
    """'web1:80' -> ('web1', 80); 'web1' -> ('web1', None). Raises UsageError when the port is none.

    An IPv6 address with a port stands in brackets: '[fd00::2]:80'; without one it may stand alone.
    """
    if text.startswith("["):
        name, _, rest = text[1:].partition("]")
        colon, port = rest[:1], rest[1:]
    elif text.count(":") > 1:
        return text, None
    else:
        name, colon, port = text.partition(":")
    if not colon:
        return name, None
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(
            "{port!r} is no port", hint="Write DST:PORT with a port from 1 to 65535, such as web1:80.", port=port
        )
    return name, int(port)


def address_for(snapshot: Snapshot, source: Where, name: str) -> IpAddress:
    """The address of `name` as seen from `source`: the one on a network both share, else its first.

    Takes an address as it is. A place that has no address (network none) raises UsageError.
    """
    return addresses_for(snapshot, source, name)[0]


def addresses_for(snapshot: Snapshot, source: Where, name: str) -> list[IpAddress]:
    """Those on the networks that both share, in the order of the interfaces; with none, its first address alone. IPv6
    addresses where it has no others."""
    with suppress(ValueError):
        return [ip_address(name)]
    where = find_where(snapshot, name)
    for version in (4, 6):
        ours, theirs = _addresses(snapshot.at(source), version), _addresses(snapshot.at(where), version)
        if theirs:
            break
    named = find_container(snapshot, name)
    if named and not where.is_host:
        addresses = [a for e in named[1].endpoints for a in e.addresses]
        theirs = [t for t in theirs if t.ip in addresses] or theirs
    if not theirs:
        raise UsageError(
            "{name} has no address.",
            hint="It has no interface but lo: `%dnet why {name} docker1` says why.",
            name=name,
        )
    shared = [t.ip for t in theirs if any(t.ip in o.network for o in ours)]
    space = snapshot.at(where)
    own = space.own_addresses if theirs[0].version == 4 else space.own_ipv6
    lan = (t.ip for t in theirs if own[t.ip].kind is LinkKind.PHYSICAL)
    return shared or [next(chain(lan, (t.ip for t in theirs)))]


def _addresses(namespace: Namespace, version: int) -> list[IpInterface]:
    """Those that others can ask, by link: not lo's, and of IPv6 none that needs a zone."""
    own = namespace.own_addresses if version == 4 else namespace.own_ipv6
    with_one = {i.index: i for i in own.values() if i.kind is not LinkKind.LOOPBACK}
    return [a for _, i in sorted(with_one.items()) for a in i.of_family(version) if not is_link_local(a.ip)]
