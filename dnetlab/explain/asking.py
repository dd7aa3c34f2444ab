"""Questions of a student about questions of a program: why did the last ping or curl fail, why can't A reach B?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from ipaddress import AddressValueError, IPv4Address

from dnetlab.errors import UsageError
from dnetlab.explain.guest import SPACE, seat
from dnetlab.explain.names import address_for, find_where, split_port
from dnetlab.explain.questions import Question, question
from dnetlab.explain.setting_reasons import NameFound
from dnetlab.explain.why import Reason, label, why
from dnetlab.language import Words
from dnetlab.model import Container, Endpoint, Entry, Host, Snapshot, Where
from dnetlab.model.ip import IpAddress
from dnetlab.net import dns

Lookup = Callable[[Snapshot, Where, str], IpAddress | None]  # what a program there gets for a name


def why_between(snapshot: Snapshot, source: str, destination: str, lookup: Lookup) -> Reason:
    """Why can't `source` (a host or container) reach NAME, NAME:PORT, IP or IP:PORT?

    It is asked by address first; when that works, by name. Raises UnknownName and UsageError as `find_where` does.
    """
    where = find_where(snapshot, source)
    name, port = split_port(destination)
    target = snapshot.find_container(name)
    if target and not target[1].is_running and name not in snapshot.hosts:
        return why(snapshot, where, None, port, name)
    ip = address_for(snapshot, where, name)
    reason = why(snapshot, where, ip, port, name)
    if reason.works and target and not where.is_host and resolve(snapshot, where, name, lookup) is None:
        return why(snapshot, where, None, port, name)
    return reason


def why_last(snapshot: Snapshot, entries: Sequence[Entry], lookup: Lookup) -> Reason:
    """Why did the last ping, curl, wget, nc, nslookup or traceroute of the journal fail? It is asked again, as the lab
    is now. Behind a pipe the exit status is no proof: such a line counts when it doesn't work now, or when no other did
    fail.

    UsageError when none failed.
    """
    cured: Reason | None = None
    for entry in reversed(entries):
        asked = question(entry.line.text)
        if asked is None or entry.refused or (asked.own and entry.exit_code == 0):
            continue
        reason = _again(snapshot, entry, asked, lookup)
        if not reason.works or asked.own:
            return reason
        cured = cured or reason
    if cured is not None:
        return cured
    raise UsageError("no ping or curl has failed yet", hint="Ask about two places: %dnet why SRC DST[:PORT].")


def _again(snapshot: Snapshot, entry: Entry, asked: Question, lookup: Lookup) -> Reason:
    """The same question, from where it was asked; a container of `docker run` takes its place on its network again."""
    if asked.guest is None:
        where = _where(snapshot, entry, asked.container)
    else:
        snapshot, where = seat(snapshot, entry.line.host, asked.guest)
        lookup = lookup_on_networks if where.namespace == SPACE else lookup
    ip = resolve(snapshot, where, asked.name, lookup)
    if asked.lookup and ip is not None:
        return Reason(True, NameFound(label(snapshot, where), asked.name, ip))
    return why(snapshot, where, ip, asked.port, asked.name, asked.protocol)


def _where(snapshot: Snapshot, entry: Entry, container: str | None) -> Where:
    line = entry.line
    inside = container or line.container
    if inside is None:
        return Where(line.host)
    found = snapshot.hosts[line.host].container(inside)
    if found is None or found.namespace is None:
        state = found.state.value if found else "gone"
        raise UsageError(
            "the container that asked is {state} now, so nothing can be asked again from there", state=Words(state)
        )
    return Where(line.host, found.namespace)


def resolve(snapshot: Snapshot, where: Where, name: str, lookup: Lookup) -> IpAddress | None:
    """What a program in that place gets for a name or an address; None for "bad address"."""
    try:
        return IPv4Address(name)
    except AddressValueError:
        return lookup(snapshot, where, name)


def lookup_on_networks(snapshot: Snapshot, where: Where, name: str) -> IpAddress | None:
    """The lookup of an engine that can't be asked: what --link wrote, what Docker's DNS server would say, `localhost`.

    What a student writes into /etc/hosts is in no snapshot, so it isn't known here.
    """
    if name == "localhost":
        return IPv4Address("127.0.0.1")
    owner = owner_of(snapshot, where)
    if owner is None:
        return None
    host = snapshot.hosts[where.host]
    found = [*_linked(host, owner, name), *dns.addresses(host, owner, name, _called_by_link)]
    return next(iter(found), None)


def _linked(host: Host, asker: Container, name: str) -> Iterator[IpAddress]:
    """By alias, name or short id: whom --link on the default bridge wrote down; a stopped one has no line."""
    bridge = asker.endpoint("bridge")
    for target, alias in bridge.links if bridge else ():
        other = host.container(target)
        end = other.endpoint("bridge") if other and other.is_running else None
        if other and end and end.address and name in (alias, other.name, other.short_id):
            yield end.address


def _called_by_link(endpoint: Endpoint, name: str) -> str | None:
    return next((target for target, alias in endpoint.links if alias.lower() == name), None)


def owner_of(snapshot: Snapshot, where: Where) -> Container | None:
    """The container that made a namespace: its name servers are those of all that joined; None for a host's own."""
    return None if where.is_host else snapshot.hosts[where.host].container(where.namespace)
