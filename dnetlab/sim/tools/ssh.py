"""ssh and scp between the hosts of the lab, where keys are set up for root."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from dnetlab.model import Disposition, Packet, Protocol, Where
from dnetlab.net.forward import forward
from dnetlab.net.routing import source_for
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.shell import run_text
from dnetlab.sim.tools import tree

PORT = 22
FAILED = 255  # ssh's own exit status
WITH_VALUE = "bcDEeFIiJLlmOopQRSWw"  # ssh(1): options that take a word
PATIENCE = 127.0  # seconds until connect() gives up: six SYNs (tcp_syn_retries)
LARGEST = 1_000_000


class Unreached(Exception):
    """Nobody can be logged in to, in ssh's words."""


@dataclass(frozen=True)
class Call:
    """What was typed: the lab host that is meant, the word for it, and the words behind it."""

    host: str
    typed: str
    words: tuple[str, ...]


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ssh [OPTIONS] [USER@]HOST COMMAND…`, `scp FILE HOST:PATH`, `scp HOST:PATH FILE`. Raises Refused."""
    return _scp(context, argv) if argv[0].rsplit("/", 1)[-1] == "scp" else _ssh(context, argv)


def _ssh(context: Context, argv: tuple[str, ...]) -> Result:
    words = _without_options(argv[1:], WITH_VALUE)
    if not words:
        return Result("", "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface] [-b bind_address]\n"
                          "           destination [command [argument ...]]\n", FAILED)  # fmt: skip
    try:
        call = _reach(context, words[0], words[1:])
    except Unreached as problem:
        return Result("", f"ssh: {problem}\n", FAILED)
    if not call.words:
        raise Refused(
            "A session on another host is not kept open here.",
            "Type at its own prompt, {host}# COMMAND, or say what to run: ssh {typed} COMMAND",
            host=call.host,
            typed=call.typed,
        )
    return run_text(Context(context.world, call.host, stdin=context.stdin, tty=False), " ".join(call.words))


def _without_options(words: tuple[str, ...], with_value: str) -> tuple[str, ...]:
    """The words from the first that is no option on."""
    place = 0
    while place < len(words) and words[place].startswith("-") and len(words[place]) > 1:
        place += 2 if len(words[place]) == 2 and words[place][1] in with_value else 1
    return words[place:]


def _reach(context: Context, destination: str, words: tuple[str, ...]) -> Call:
    """Log in there: the packets must get through, both ways. Raises Unreached, Refused for another user than root."""
    user, at, name = destination.rpartition("@")
    if at and user != "root":
        raise Refused(
            "Everybody is root on the hosts of this lab.", "Leave the user out: ssh {name} COMMAND", name=name
        )
    host, address = _called(context, name)
    if host == context.host:
        return Call(host, name, words)
    space = context.world.namespace(context.where)
    source = source_for(space, address)
    if source is None:
        raise Unreached(f"connect to host {name} port {PORT}: Network is unreachable")
    packet = Packet(source, address, Protocol.TCP, 40022, PORT, 64, "S", size=60)
    exchange = forward(context.world.snapshot(), context.where, packet, context.world.clock)
    there = exchange.request.hops[-1].where if exchange.request.hops else None
    knocked = exchange.request.disposition in (Disposition.NO_LISTENER, Disposition.DELIVERED)
    back = exchange.reply is not None and exchange.reply.disposition.arrived
    if there == Where(host) and knocked and back:
        return Call(host, name, words)
    if back or (exchange.seconds and exchange.seconds < PATIENCE):
        raise Unreached(f"connect to host {name} port {PORT}: No route to host")
    context.world.clock += PATIENCE
    raise Unreached(f"connect to host {name} port {PORT}: Connection timed out")


def _called(context: Context, name: str) -> tuple[str, IPv4Address]:
    """The lab host of that name or address, and the address to knock at."""
    world = context.world
    found = world.topology.called(name)
    if found is not None:
        own = world.topology.address_of(found)
        if own is None:
            raise Unreached(f"Could not resolve hostname {name}: Name or service not known")
        return found, own.ip
    try:
        address = IPv4Address(name)
    except AddressValueError:
        raise Unreached(f"Could not resolve hostname {name}: Name or service not known") from None
    owner = next((host for host in world.hosts if world.namespace(Where(host)).owner_of(address)), None)
    return owner or "", address


# -- scp ------------------------------------------------------------------------------------------------------------


def _scp(context: Context, argv: tuple[str, ...]) -> Result:
    words = _without_options(argv[1:], "cDFiJloPSX")
    if len(words) < 2:
        return Result("", "usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]\n"
                          "           [-i identity_file] [-J destination] [-l limit] [-o ssh_option] [-P port]\n"
                          "           [-S program] [-X sftp_option] source ... target\n", 1)  # fmt: skip
    *sources, target = words
    problems = ""
    for source in sources:
        try:
            text = tree.read(*_place(context, source))
            if len(text) > LARGEST:
                raise Refused("Only small files are copied between hosts here.", "Up to a megabyte.")
            _write(context, target, posixpath.basename(source.rpartition(":")[2]), text)
        except Unreached as problem:
            return Result("", f"ssh: {problem}\r\nscp: Connection closed\n", FAILED)
        except FileNotFoundError:
            problems += f"scp: {'' if ':' in source else 'stat local '}{_shown(source)}: No such file or directory\n"
        except IsADirectoryError:
            problems += f"scp: {source.rpartition(':')[2]}: not a regular file\n"
    return Result("", problems, 1 if problems else 0)


def _shown(source: str) -> str:
    return source.rpartition(":")[2] if ":" in source else f'"{source}"'


def _place(context: Context, text: str) -> tuple[Context, str]:
    """'docker2:/etc/hosts' -> the surroundings of root there, and the path."""
    name, colon, path = text.partition(":")
    if not colon or "/" in name:
        return context, text
    return Context(context.world, _reach(context, name, ()).host), path or "."


def _write(context: Context, target: str, name: str, text: str) -> None:
    there, path = _place(context, target)
    if path.endswith("/") or path in (".", "~") or tree.is_directory(there, path):
        path = posixpath.join(path.removeprefix("~") or ".", name)
    full = tree.absolute(there, path)
    if full.startswith(("/proc/", "/sys/", "/dev/")):
        raise Refused("{full} is not a file that can be copied to.", "Copy to /root, /tmp or /etc.", full=full)
    context.world.files[there.host, "", full] = text
