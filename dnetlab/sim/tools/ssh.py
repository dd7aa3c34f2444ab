"""ssh and scp between the hosts of the lab, where keys are set up for root.

Their words are those of OpenSSH 9.2 on lab hosts, whose ~/.ssh/config has the address of each name.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from dnetlab.commands.ssh import SCP_WITH_VALUE, destination_and_command, stays, without_options
from dnetlab.model import Disposition, Packet, Protocol, Where
from dnetlab.net.forward import forward
from dnetlab.net.routing import source_for
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.shell import new_shell, run_line
from dnetlab.sim.tools import tree, wire

VERSION = "OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026\n"  # `ssh -V` on a lab host
PORT = 22
FAILED = 255  # ssh's own exit status
UNRESOLVED = "Temporary failure in name resolution"  # the lab's resolver never answers (EAI_AGAIN)
PATIENCE = 127.0  # seconds until connect() gives up: six SYNs (tcp_syn_retries)
LARGEST = 1_000_000


class Unreached(Exception):
    """Nobody can be logged in to, in ssh's words."""


@dataclass(frozen=True)
class Call:
    """What was typed: the lab host that is meant, and the words behind it."""

    host: str
    words: tuple[str, ...]


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ssh [OPTIONS] [USER@]HOST COMMAND…`, `scp FILE HOST:PATH`, `scp HOST:PATH FILE`. Raises Refused."""
    return _scp(context, argv) if argv[0].rsplit("/", 1)[-1] == "scp" else _ssh(context, argv)


def _ssh(context: Context, argv: tuple[str, ...]) -> Result:
    words = destination_and_command(argv[1:])
    limit = _patience(argv[1 : len(argv) - len(words) + 1])
    if argv[1:] == ("-V",):
        return Result("", VERSION)
    if not words:
        return Result("", "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface] [-b bind_address]\n"
                          "           destination [command [argument ...]]\n", FAILED)  # fmt: skip
    if (refusal := stays(argv)) is not None:
        raise Refused.as_is(refusal)
    try:
        call = _reach(context, words[0], words[1:], limit)
    except Unreached as problem:
        return Result("", f"ssh: {problem}\n", FAILED)
    there = Context(context.world, call.host, stdin=context.stdin, tty=False)
    return run_line(there, " ".join(call.words), new_shell(there, "bash")).result


def _patience(options: tuple[str, ...]) -> float:
    """The seconds of `-o ConnectTimeout=N`, those of the kernel without it."""
    found = re.search(r"(?i)-o ?ConnectTimeout[= ](\d{1,6})\b", " ".join(options))
    return min(float(found[1]), PATIENCE) if found else PATIENCE


def _reach(context: Context, destination: str, words: tuple[str, ...], limit: float = PATIENCE) -> Call:
    """Log in there: the packets must get through, both ways. Raises Unreached, Refused for another user than root."""
    user, at, name = destination.rpartition("@")
    if at and user != "root":
        raise Refused(
            "Everybody is root on the hosts of this lab.", "Leave the user out: ssh {name} COMMAND", name=name
        )
    host, address = _called(context, name)
    if host == context.host:
        return Call(host, words)
    space = context.world.namespace(context.where)
    source = source_for(space, address)
    if source is None:
        raise Unreached(f"connect to host {address} port {PORT}: Network is unreachable")
    packet = Packet(source, address, Protocol.TCP, 40022, PORT, 64, "S", size=60)
    exchange = forward(context.world.snapshot(), context.where, packet, context.world.clock)
    there = exchange.request.hops[-1].where if exchange.request.hops else None
    knocked = exchange.request.disposition in (Disposition.NO_LISTENER, Disposition.DELIVERED)
    if there == Where(host) and knocked and exchange.reply is not None and exchange.reply.disposition.arrived:
        return Call(host, words)
    answer = wire.judge(context, exchange, packet)
    context.world.clock += min(answer.seconds, limit)
    fate = wire.Fate.SILENCE if answer.seconds > limit else answer.fate
    raise Unreached(f"connect to host {address} port {PORT}: {fate.value}")


def _called(context: Context, name: str) -> tuple[str, IPv4Address]:
    """The lab host of that name or address, and the address to knock at."""
    world = context.world
    found = context.host if name == "localhost" else world.topology.called(name)
    if found is not None:
        own = world.topology.address_of(found)
        if own is None:
            raise Unreached(f"Could not resolve hostname {name}: {UNRESOLVED}")
        return found, own.ip
    try:
        address = IPv4Address(name)
    except AddressValueError:
        raise Unreached(f"Could not resolve hostname {name}: {UNRESOLVED}") from None
    if address.is_loopback:
        return context.host, address
    owner = next((host for host in world.hosts if world.namespace(Where(host)).owner_of(address)), None)
    return owner or "", address


# -- scp ------------------------------------------------------------------------------------------------------------


def _scp(context: Context, argv: tuple[str, ...]) -> Result:
    words = without_options(argv[1:], SCP_WITH_VALUE)
    if len(words) < 2:
        return Result("", "usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]\n"
                          "           [-i identity_file] [-J destination] [-l limit] [-o ssh_option] [-P port]\n"
                          "           [-S program] [-X sftp_option] source ... target\n", 1)  # fmt: skip
    *sources, target = words
    whole = any(re.fullmatch(r"-[a-zA-Z]*r[a-zA-Z]*", word) for word in argv[1 : len(argv) - len(words)])
    problems, code = "", 0
    for source in sources:
        try:
            _place(context, target)  # scp logs in before it looks at a file
            if whole and _copied_tree(context, source, target):
                continue
            text = tree.read(*_place(context, source))
            if len(text) > LARGEST:
                raise Refused("Only small files are copied between hosts here.", "Up to a megabyte.")
            _write(context, target, posixpath.basename(source.rpartition(":")[2]), text)
        except Unreached as problem:
            return Result("", f"ssh: {problem}\r\nscp: Connection closed\n", FAILED)
        except FileNotFoundError:
            problems += f"scp: {'' if ':' in source else 'stat local '}{_shown(source)}: No such file or directory\n"
            code = 1 if ":" in source else FAILED
        except IsADirectoryError:
            problems += _no_file(source, target)
            code = 1
    return Result("", problems, code)


def _copied_tree(context: Context, source: str, target: str) -> bool:
    """`scp -r`: a directory with all in it, into one that is there, or as one of that name; False for a file."""
    (here, path), (there, to) = _place(context, source), _place(context, target)
    near, far = LabFiles(here), LabFiles(there)
    path, to = near.absolute(path), far.absolute(to.replace("~", ".", 1) if to.startswith("~") else to)
    if near.kind(path) != "directory":
        return False
    if far.kind(to) == "directory":
        to = posixpath.join(to, posixpath.basename(path))
    _copy(near, path, far, to)
    return True


def _copy(near: LabFiles, source: str, far: LabFiles, to: str) -> None:
    if near.kind(source) != "directory":
        far.write(to, near.read(source))
        return
    if far.kind(to) != "directory":
        far.make_directory(to)
    for name in near.names(source):
        _copy(near, posixpath.join(source, name), far, posixpath.join(to, name))


def _no_file(source: str, target: str) -> str:
    if ":" in source:
        return f"scp: download {_shown(source)}/: not a regular file\n"
    return (f"scp: local {_shown(source)} is not a regular file\n"
            f"scp: failed to upload file {source} to {target.rpartition(':')[2]}\n")  # fmt: skip


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
