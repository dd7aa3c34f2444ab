"""nslookup asks a name server, not /etc/hosts: busybox 1.35 in a container, bind9 9.18 at a host."""

from __future__ import annotations

from contextlib import suppress

from dnetlab.model.ip import IpAddress, ip_address, numeric_address
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd import resolver
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.resolver import NameAnswer, Status
from dnetlab.sim.tools import lookup, wire
from dnetlab.sim.tools.options import busybox_usage, fail, is_busybox

_TYPES = ("soa", "ns", "a", "aaaa", "cname", "mx", "txt", "ptr", "srv", "any")
_GAVE_UP = ";; connection timed out; no servers could be reached\n"


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`nslookup [-type=TYPE] NAME [SERVER]`; exit status 1 when there is no answer."""
    kind, words = "", []
    for word in argv[1:]:
        if word.startswith(("-type=", "-querytype=", "-t=", "-q=", "-query=")):
            kind = word.split("=", 1)[1].lower()
        elif word.startswith("-") and len(word) > 1:
            if word.startswith(("-debug", "-timeout", "-retry", "-port")):
                raise Refused("nslookup {word} is not part of the lab.", "nslookup NAME [SERVER] is.", word=word)
            if is_busybox(context):
                return busybox_usage("nslookup", f"invalid option -- '{word[1]}'")
            return Result(f"*** Invalid option: {word[1:]}\n\n", "", 1)
        else:
            words.append(word)
    if not words and not is_busybox(context):
        raise Refused("nslookup without a name asks questions.", "Write the name on the line: nslookup web1")
    if not 1 <= len(words) <= 2:
        return busybox_usage("nslookup")
    if kind and kind not in _TYPES:
        if is_busybox(context):
            return fail(f'nslookup: invalid query type "{kind}"', 1)
        return Result(f"unknown query type: {kind}\n", "", 1)
    server = None
    if len(words) == 2:
        found = lookup.find(context, words[1])
        if found is None or not found.addresses:
            if is_busybox(context):
                return fail(f"nslookup: bad address '{words[1]}'", 1)
            return Result("", f"nslookup: couldn't get address for '{words[1]}': not found\n", 1)
        server = found.addresses[0]
    return (_busybox if is_busybox(context) else _bind)(context, words[0], kind, server)


def _is_address(text: str) -> bool:
    with suppress(ValueError):
        return text.count(".") == 3 and numeric_address(text) is not None or ip_address(text).version == 6
    return False


def _ask(context: Context, name: str, server: IpAddress | None, pointer: bool) -> NameAnswer:
    """The name's addresses, or an address's name; waiting moves the clock."""
    world, place = context.world, (context.where, context.container)
    if pointer:
        answer = resolver.ask_pointer(world, *place, ip_address(name), server)
    else:
        answer = resolver.ask(world, *place, name, server)
    world.clock += answer.seconds
    return answer


def _reverse(address: str) -> str:
    return ip_address(address).reverse_pointer


def _server(context: Context, server: IpAddress | None) -> IpAddress:
    return server or resolver.servers_of(context.world, context.host, context.container)[0]


# -- busybox ----------------------------------------------------------------------------------------------------------


def _turned(name: str, kind: str) -> bool:
    """Is the name of an address asked for? With a type busybox asks for what was typed, whatever it looks like."""
    return not kind and _is_address(name)


def _busybox(context: Context, name: str, kind: str, server: IpAddress | None) -> Result:
    asked = _server(context, server)
    if wire.source_for(context, asked) is None:
        return fail(f"nslookup: can't connect to remote host ({asked}): Network is unreachable", 1)
    if asked != resolver.INTERNAL:
        refused = wire.datagram(context, asked, 53)
        if refused.fate is wire.Fate.REFUSED:
            return Result(f"{_GAVE_UP}\n", f"nslookup: write to '{asked}': Connection refused\n", 1)
    answer = _ask(context, name, server, pointer=_turned(name, kind))
    if answer.status is Status.REFUSED:
        return Result(f"{_GAVE_UP}\n", f"nslookup: write to '{asked}': Connection refused\n", 1)
    head = f"Server:\t\t{asked}\nAddress:\t{asked}:53\n\n"
    if answer.status is Status.TIMEOUT:
        return _no_answer(context, name, kind, asked, head)
    if answer.status is Status.NXDOMAIN:
        shown = _reverse(name) if _turned(name, kind) else name
        twice = 1 if kind or _turned(name, kind) else 2
        return Result(head + f"** server can't find {shown}: NXDOMAIN\n\n" * twice, "", 1)
    if _turned(name, kind):
        return Result(f"{head}Non-authoritative answer:\n{_reverse(name)}\tname = {answer.name}\n\n")
    blocks = [kind] if kind else ["a", "aaaa"]
    text = head
    for block in blocks:
        text += "Non-authoritative answer:\n"
        versions = {"a": (4,), "aaaa": (6,), "any": (4, 6)}.get(block, ())
        text += "".join(f"Name:\t{name.rstrip('.')}\nAddress: {a}\n" for a in answer.addresses if a.version in versions)
        text += "\n"
    return Result(text)


def _no_answer(context: Context, name: str, kind: str, asked: IpAddress, head: str) -> Result:
    """The server could not help: Docker's own says so since 28, and only partly before."""
    how = release_of(context.world).dead_upstream if asked == resolver.INTERNAL else "silence"
    if how == "SERVFAIL":
        shown = _reverse(name) if _turned(name, kind) else name
        twice = 1 if kind or _turned(name, kind) else 2
        return Result(head + f"** server can't find {shown}: SERVFAIL\n\n" * twice, "", 1)
    return Result(f"{head if how == 'half' else ''}{_GAVE_UP}\n", "", 1)


# -- bind9 -----------------------------------------------------------------------------------------------------------


def _bind(context: Context, name: str, kind: str, server: IpAddress | None) -> Result:
    asked = _server(context, server)
    shown = f"{_reverse(name)}." if _is_address(name) else name
    if wire.source_for(context, asked) is None:
        text = f";; UDP setup with {asked}#53({asked}) for {shown} failed: network unreachable.\n"
        return Result(f"{text};; no servers could be reached\n" * 3 + "\n", "", 1)
    if wire.datagram(context, asked, 53).fate is wire.Fate.REFUSED:
        return Result(f";; communications error to {asked}#53: connection refused\n" * 3
                      + ";; no servers could be reached\n\n", "", 1)  # fmt: skip
    answer = _ask(context, name, server, _is_address(name))
    if answer.status is Status.TIMEOUT:
        context.world.clock += 15 - answer.seconds
        return Result(f";; communications error to {asked}#53: timed out\n" * 3
                      + ";; no servers could be reached\n\n", "", 1)  # fmt: skip
    head = f"Server:\t\t{asked}\nAddress:\t{asked}#53\n\n"
    if answer.status is Status.NXDOMAIN:
        if _is_address(name):
            return Result(f"** server can't find {shown.rstrip('.')}: NXDOMAIN\n\n", "", 1)
        return Result(f"{head}** server can't find {name}: NXDOMAIN\n\n", "", 1)
    if _is_address(name):
        return Result(f"{_reverse(name)}\tname = {answer.name}.\n\nAuthoritative answers can be found from:\n\n")
    rows = "".join(f"Name:\t{name}\nAddress: {address}\n" for address in answer.addresses)
    return Result(f"{head}Non-authoritative answer:\n{rows}\n")
