"""dig and host (bind9 9.18), getent (glibc 2.36): names, asked of a name server, or of /etc/hosts first."""

from __future__ import annotations

import re
import zlib
from ipaddress import IPv4Address

from dnetlab.model.ip import IpAddress, numeric_address
from dnetlab.sim.clock import moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd import resolver
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.resolver import NameAnswer, Status
from dnetlab.sim.tools import lookup, wire


def run(context: Context, argv: tuple[str, ...]) -> Result:
    tools = {"dig": _dig, "host": _host, "getent": _getent}
    return tools[argv[0].rsplit("/", 1)[-1]](context, argv[1:])


def _server(context: Context, server: IpAddress | None) -> IpAddress:
    return server or resolver.servers_of(context.world, context.host, context.container)[0]


def _asked(context: Context, name: str, reverse: bool, server: IpAddress | None) -> NameAnswer:
    place = (context.where, context.container)
    asked = _server(context, server)
    if asked != resolver.INTERNAL and wire.datagram(context, asked, 53).fate is wire.Fate.REFUSED:
        return NameAnswer(asked, Status.REFUSED)
    if reverse:
        answer = resolver.ask_pointer(context.world, *place, IPv4Address(name), server)
    else:
        answer = resolver.ask(context.world, *place, name, server)
    context.world.clock += answer.seconds
    return answer


def _unreachable(asked: IpAddress, name: str, times: int) -> str:
    row = f";; UDP setup with {asked}#53({asked}) for {name} failed: network unreachable.\n"
    return (row + ";; no servers could be reached\n") * times


def _silence(asked: IpAddress, answer: NameAnswer, times: int) -> str:
    why = "connection refused" if answer.status is Status.REFUSED else "timed out"
    return f";; communications error to {asked}#53: {why}\n" * times


# -- dig --------------------------------------------------------------------------------------------------------------


def _dig(context: Context, words: tuple[str, ...]) -> Result:
    """`dig [@SERVER] NAME [A] [+short]`, `dig -x ADDRESS`."""
    server, name, short, reverse, left, tries, first = None, "", False, False, list(words), 3, False
    quiet = False  # +short before the name: no header where nobody answers, either
    while left:
        word = left.pop(0)
        if word.startswith("@"):
            found = lookup.find(context, word[1:])
            if found is None:
                failure, code = ("not found", 10) if word.count(".") else ("failure", 1)
                return Result("", f"dig: couldn't get address for '{word[1:]}': {failure}\n", code)
            server, first = found.addresses[0], not name
        elif word == "-x" and left:
            name, reverse = left.pop(0), True
        elif word.startswith("+"):
            short, quiet = short or word == "+short", quiet or word == "+short" and not name
            count = re.fullmatch(r"\+(tries|retry)=(\d)", word)
            tries = max(int(count[2]) + (count[1] == "retry"), 1) if count else tries
        elif word.startswith("-"):
            raise Refused("dig {word} is not part of the lab.", "dig [@SERVER] NAME [+short]", word=word)
        elif word.upper() not in ("A", "IN", "ANY", "PTR"):
            name = word
    if not name or reverse and numeric_address(name) is None:
        raise Refused("The lab's dig needs a name.", "dig web1, dig @172.17.0.1 web1 +short")
    asked = _server(context, server)
    if wire.source_for(context, asked) is None:
        return Result(_unreachable(asked, name, 3), "", 9)
    answer = _asked(context, name, reverse, server)
    head = _banner(words, first)
    failed = asked == resolver.INTERNAL and release_of(context.world).dead_upstream == "SERVFAIL"
    if answer.status is Status.REFUSED or answer.status is Status.TIMEOUT and not failed:
        told = "" if quiet else f"\n{head}"
        return Result(f"{_silence(asked, answer, tries)}{told};; no servers could be reached\n", "", 9)
    if short:
        return Result("".join(f"{row}\n" for row in _records(answer)))
    return Result(f"\n{head}{_message(context, name, reverse, asked, answer)}")


def _banner(words: tuple[str, ...], server_first: bool) -> str:
    found = "; (1 server found)\n" if server_first else ""
    return f"; <<>> DiG 9.18.49-1~deb12u3-Debian <<>> {' '.join(words)}\n{found};; global options: +cmd\n"


def _records(answer: NameAnswer) -> list[str]:
    return [f"{answer.name}."] if answer.name else [str(address) for address in answer.addresses]


def _message(context: Context, name: str, reverse: bool, asked: IpAddress, answer: NameAnswer) -> str:
    shown = ".".join(reversed(name.split("."))) + ".in-addr.arpa" if reverse else name
    kind, records = ("PTR" if reverse else "A"), _records(answer)
    number = zlib.crc32(f"{name}{context.world.clock}".encode()) & 0xFFFF
    owner = _to_column(f"{shown}.", 24)
    section = ";; ANSWER SECTION:\n" + "".join(f"{owner}600\tIN\t{kind}\t{row}\n" for row in records) + "\n"
    failed = answer.status is Status.TIMEOUT
    flags = "qr rd" if failed else "qr rd ra"
    size = 18 + len(shown) + len(records) * (len(shown) + 16)  # Docker's server repeats the name, uncompressed
    return (
        f";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {'SERVFAIL' if failed else answer.status.value}, "
        f"id: {number}\n;; flags: {flags}; QUERY: 1, ANSWER: {len(records)}, AUTHORITY: 0, ADDITIONAL: 0\n"
        f"{';; WARNING: recursion requested but not available' if failed else ''}\n{chr(10) if failed else ''}"
        f";; QUESTION SECTION:\n;{_to_column(shown + '.', 32)}IN\t{kind}\n\n{section if records else ''}"
        f";; Query time: 0 msec\n;; SERVER: {asked}#53({asked}) (UDP)\n"
        f";; WHEN: {moment(context.world.clock):%a %b %d %H:%M:%S UTC %Y}\n"
        f";; MSG SIZE  rcvd: {size}\n\n"
    )


def _to_column(text: str, column: int) -> str:
    """With as many tabs as lead there, one at least."""
    return text + "\t" * max(-(-(column - len(text)) // 8), 1)


# -- host and getent --------------------------------------------------------------------------------------------------


def _host(context: Context, words: tuple[str, ...]) -> Result:
    """`host NAME [SERVER]`."""
    names = [word for word in words if not word.startswith("-")]
    if len(names) != len(words) or not 1 <= len(names) <= 2:
        raise Refused("The lab's host has a name and a server.", "host web1")
    server = None
    if len(names) == 2 and (found := lookup.find(context, names[1])):
        server = found.addresses[0]
    name, asked = names[0], _server(context, server)
    reverse = name.count(".") == 3 and numeric_address(name) is not None
    if wire.source_for(context, asked) is None:
        return Result(_unreachable(asked, name, 2), "", 1)
    answer = _asked(context, name, reverse, server)
    head = f"Using domain server:\nName: {names[1]}\nAddress: {asked}#53\nAliases: \n\n" if server else ""
    if answer.status in (Status.REFUSED, Status.TIMEOUT):
        return Result(_silence(asked, answer, 2) + ";; no servers could be reached\n", "", 1)
    if answer.status is not Status.NOERROR:
        shown = ".".join(reversed(name.split("."))) + ".in-addr.arpa" if reverse else name
        dot = "." if reverse else ""
        return Result(f"{head}Host {shown}{dot} not found: 3(NXDOMAIN)\n", "", 1)
    if reverse:
        shown = ".".join(reversed(name.split("."))) + ".in-addr.arpa"
        return Result(f"{head}{shown} domain name pointer {answer.name}.\n")
    kinds = {4: "address", 6: "IPv6 address"}
    return Result(head + "".join(f"{name} has {kinds[a.version]} {a}\n" for a in answer.addresses))


def _getent(context: Context, words: tuple[str, ...]) -> Result:
    """`getent hosts|ahosts|ahostsv4 NAME…`; exit status 2 for a name that nobody knows."""
    if not words or words[0] not in ("hosts", "ahosts", "ahostsv4"):
        raise Refused("The lab's getent looks up hosts.", "getent hosts web1")
    rows = lookup.hosts_file(context)
    if len(words) == 1:
        return Result("".join(f"{ip:<15} {' '.join(names)}\n" for ip, names in rows if ":" not in ip))
    text, code = "", 0
    for name in words[1:]:
        address = numeric_address(name)
        known = lookup.name_of(context, address) if address is not None else None
        six = next((row for row in rows if ":" in row[0] and name in row[1]), None)
        if words[0] == "hosts" and address is None and six is not None:  # gethostbyname2 asks for IPv6 first
            others = [name, *(one for one in six[1] if one != name)] if six[1][0] != name else six[1]
            text += f"{six[0]:<15} {' '.join(others)}\n"
            continue
        found = lookup.find(context, name)
        if found is None or address is not None and words[0] == "hosts" and known is None:
            code = 2
            continue
        for number, ip in enumerate(found.addresses):
            if words[0] == "hosts":
                text += f"{ip!s:<15} {known or name}\n"
            else:
                shown = name if not number else ""
                text += f"{ip!s:<15} STREAM {shown}\n{ip!s:<15} DGRAM  \n{ip!s:<15} RAW    \n"
    return Result(text, "", code)
