"""`ip link set|add|delete`: iproute2's words, the kernel's rules (dnetlab.sim.kernel)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from dnetlab.commands.ip import IpError, IpLine
from dnetlab.model.changed import replace
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import Errno, KernelError, Stack
from dnetlab.sim.tools import ip_vxlan
from dnetlab.sim.tools.bridge_port import of_slave
from dnetlab.sim.tools.ip_show import Words, known_device
from dnetlab.sim.tools.namespaces import target_of

_SWITCHES = ("arp", "multicast", "allmulticast", "dynamic", "trailers", "promisc", "carrier", "protodown")


def link_set(context: Context, line: IpLine) -> Result:
    """The words are read first, then done in the kernel's order: what the line says is done or nothing is."""
    words, name = Words(line.words), ""
    todo: list[Callable[[str], None]] = []
    while words:
        word = words.next()
        action = _link_action(context, word, words)
        if action is not None:
            todo.append(action)
            continue
        if word == "dev":
            word = words.next()
        if name:
            raise IpError(f'Error: either "dev" is duplicate, or "{word}" is a garbage.')
        name = word
    if not name:
        raise IpError('Not enough information: "dev" argument is required.')
    known_device(context, name)
    for action in todo:
        action(name)
    return Result()


def _link_action(context: Context, word: str, words: Words) -> Callable[[str], None] | None:
    """What this word of `ip link set` does to the link of a given name; None when it is no keyword."""
    kernel = context.kernel
    if word == "up":
        return lambda name: kernel.set_up(name)
    if word == "down":
        return lambda name: kernel.set_down(name)
    if word == "master":
        bridge = words.next()
        if context.stack.interface(bridge) is None:
            raise IpError(f'Error: argument "{bridge}" is wrong: Device does not exist\n\n')
        return lambda name: kernel.enslave(name, bridge)
    if word == "nomaster":
        return lambda name: kernel.release(name)
    if word == "mtu":
        mtu = number(words.next(), "mtu")
        return lambda name: kernel.set_mtu(name, mtu)
    if word in ("address", "addr"):
        mac = words.next()
        return lambda name: kernel.set_mac(name, _lladdr(mac))
    if word == "name":
        new = words.next()
        if not valid_name(new):
            raise IpError(f'Error: argument "{new}" is wrong: "name" not a valid ifname')
        return lambda name: kernel.rename(name, new)
    if word in ("txqueuelen", "qlen", "txqlen"):
        length = number(words.next(), "txqueuelen")
        return lambda name: kernel.set_queue_length(name, length)
    return _link_switch(context, word, words)


def _link_switch(context: Context, word: str, words: Words) -> Callable[[str], None] | None:
    kernel = context.kernel
    if word in _SWITCHES:
        value = words.next()
        if value not in ("on", "off"):
            raise IpError(f'Error: argument of "{word}" must be "on" or "off", not "{value}"', 1)
        if word != "promisc":
            raise Refused(
                "`ip link set … {word}` is not modelled.", "up, down, promisc, master, mtu, address, name.", word=word
            )
        return lambda name: kernel.set_promiscuous(name, value == "on")
    if word == "netns":
        there = _space_of(context, words.next())
        return lambda name: kernel.move(name, there)
    if word == "type" and (kind := words.next()) == "bridge_slave":
        settings = of_slave(words)
        return lambda name: kernel.set_port(name, settings)
    if word == "type":
        raise Refused("`ip link set … type {kind}` is not modelled.", "`type bridge_slave` with settings of a port is.",
                      kind=kind)  # fmt: skip
    if word in ("alias", "group", "vf", "xdp", "link-netnsid", "state", "addrgenmode", "broadcast", "brd"):
        raise Refused(
            "`ip link set … {word}` is not modelled.", "up, down, promisc, master, mtu, address, name.", word=word
        )
    return None


def valid_name(name: str) -> bool:
    """Would the kernel take it as an interface's name? (dev_valid_name in net/core/dev.c)"""
    return 0 < len(name) < 16 and name not in (".", "..") and not re.search(r"[/:\s]", name)


def number(word: str, what: str) -> int:
    try:
        return int(word, 0)
    except ValueError:
        raise IpError(f'Error: argument "{word}" is wrong: Invalid "{what}" value\n\n') from None


def _lladdr(word: str) -> str:
    """A MAC in the kernel's form; IpError in iproute2's words."""
    parts = word.split(":")
    if len(parts) == 1:
        raise IpError(f'"{word}" is invalid lladdr.', 1)
    if not all(re.fullmatch(r"[0-9a-fA-F]{1,2}", part) for part in parts):
        raise IpError(f'"{next(p for p in parts if not re.fullmatch(r"[0-9a-fA-F]{1,2}", p))}" is invalid lladdr.', 1)
    if len(parts) != 6:
        raise KernelError(Errno.EINVAL)
    if int(parts[0], 16) & 1:
        raise KernelError(Errno.EADDRNOTAVAIL)
    return ":".join(f"{int(part, 16):02x}" for part in parts)


@dataclass
class _New:
    """A link that `ip link add` makes, or its peer, as its words say it."""

    name: str = ""
    kind: str = ""
    parent: str | None = None
    mac: str = ""
    mtu: int | None = None
    space: str | None = None
    then: list[Callable[[Stack], None]] = field(default_factory=list)  # what follows once it stands


def link_add(context: Context, line: IpLine) -> Result:
    words = Words(line.words)
    new = _read_new(context, words)
    if not new.kind:
        raise IpError('Not enough information: "type" argument is required', 1)
    if new.parent is not None:
        known_device(context, new.parent)
    warning = _make(context, new.name, new.kind, new.parent, words)
    _settle(context, new)
    return Result("", warning)


def _read_new(context: Context, words: Words) -> _New:
    new = _New()
    while words and not new.kind:
        word = words.next()
        if word == "link":
            new.parent = words.next()
        elif word == "type":
            new.kind = words.next()
        elif word in ("address", "addr"):
            new.mac = _lladdr(words.next())
        elif word == "mtu":
            new.mtu = number(words.next(), "mtu")
        elif word == "netns":
            new.space = _space_of(context, words.next())
        elif word in ("up", "down", "master", "txqueuelen", "txqlen", "qlen"):
            _note_setting(new, word, words)
        elif word in ("numtxqueues", "numrxqueues", "index", "group"):
            raise Refused(
                "`ip link add … {word}` is not modelled.", "Add the link first, then `ip link set` it.", word=word
            )
        else:
            if word in ("name", "dev"):
                word = words.next()
            if new.name:
                raise IpError(f'Error: either "dev" is duplicate, or "{word}" is a garbage.')
            new.name = word
    return new


def _note_setting(new: _New, word: str, words: Words) -> None:
    if word == "master":
        bridge = words.next()
        new.then.insert(0, lambda kernel: kernel.enslave(new.name, bridge))
    elif word == "up":
        new.then.append(lambda kernel: kernel.set_up(new.name))
    elif word != "down":
        length = number(words.next(), "txqueuelen")
        new.then.insert(0, lambda kernel: kernel.set_queue_length(new.name, length))


def _settle(context: Context, new: _New) -> None:
    """A link that was made gets what else was asked for, in the namespace where it belongs."""
    if new.space is not None:
        context.kernel.move(new.name, new.space)
        context = replace(context, namespace=new.space)
    if new.mac:
        context.kernel.set_mac(new.name, new.mac)
    if new.mtu is not None:
        context.kernel.set_mtu(new.name, new.mtu)
    for action in new.then:
        action(context.kernel)


def _space_of(context: Context, wanted: str) -> str:
    """The namespace that `netns WORD` means: a pid or a name."""
    there = target_of(context, wanted)
    if there is None and not wanted.isdecimal():
        raise IpError(f'Error: argument "{wanted}" is wrong: Invalid "netns" value\n', 255)
    if there is None:
        raise IpError("RTNETLINK answers: No such process", 2)
    return there


def _make(context: Context, name: str, kind: str, parent: str | None, words: Words) -> str:
    """Add a link; what `ip` warns of."""
    if not name:
        raise Refused("Links without a name are not modelled.", "Give it one: `ip link add br0 type bridge`.")
    if not valid_name(name):
        raise IpError(f'Error: argument "{name}" is wrong: "name" not a valid ifname')
    if kind == "bridge":
        if words:
            raise Refused("Bridge option {word} is not modelled.", "A plain `type bridge` is.", word=words.next())
        context.kernel.add_bridge(name)
    elif kind == "veth":
        peer = _peer(context, words)
        context.kernel.add_veth(name, peer.name, peer_in=peer.space)
        _settle(replace(context, namespace=peer.space or context.namespace), replace(peer, space=None))
    elif kind == "vlan":
        _make_vlan(context, name, parent, words)
    elif kind == "macvlan":
        if parent is None:
            raise KernelError(Errno.EINVAL)
        context.kernel.add_macvlan(name, parent, _macvlan_mode(words))
    elif kind == "ipvlan":
        if parent is None:
            raise KernelError(Errno.EINVAL)
        context.kernel.add_ipvlan(name, parent, _ipvlan_mode(words))
    elif kind == "vxlan":
        return ip_vxlan.make(context, name, words)
    elif kind == "dummy":
        context.kernel.add_dummy(name)
    elif kind in ("bond", "gre", "ipip", "wireguard", "tun", "macvtap", "ifb", "vrf"):
        raise Refused("Links of type {kind} can't be added in the lab.",
                      "bridge, veth, vlan, macvlan, ipvlan, vxlan and dummy can.", kind=kind)  # fmt: skip
    else:
        raise KernelError(Errno.EOPNOTSUPP, "Unknown device type.")
    return ""


def _peer(context: Context, words: Words) -> _New:
    if not words:
        taken = {i.name for i in context.stack.interfaces}
        return _New(next(f"veth{n}" for n in range(1000) if f"veth{n}" not in taken))
    word = words.next()
    if word != "peer":
        raise IpError(f'veth: unknown option "{word}"?')
    peer = _read_new(context, words)
    if not peer.name:
        raise Refused("Links without a name are not modelled.", "Give it one: `ip link add br0 type bridge`.")
    if not valid_name(peer.name):
        raise IpError(f'Error: argument "{peer.name}" is wrong: "name" not a valid ifname')
    return peer


def _make_vlan(context: Context, name: str, parent: str | None, words: Words) -> None:
    tag: int | None = None
    while words:
        word = words.next()
        if word != "id":
            raise Refused("vlan option {word} is not modelled.", "Use `type vlan id N`.", word=word)
        tag = number(words.next(), "id")
    context.kernel.add_vlan(name, parent, tag)


def _ipvlan_mode(words: Words) -> str:
    mode = "l3"  # what the kernel takes when none is given (drivers/net/ipvlan/ipvlan_main.c)
    while words:
        word = words.next()
        if word in ("private", "vepa"):
            raise Refused("The flags private and vepa of ipvlan are not modelled.", "Leave the flag out: bridge it is.")
        if word == "bridge":
            continue
        if word != "mode":
            raise Refused("Only `mode` of ipvlan is modelled.", "Use `type ipvlan mode l2`.")
        mode = words.next()
        if mode not in ("l2", "l3", "l3s"):
            raise IpError('Error: argument of "mode" must be either "l2", "l3" or "l3s"\n')
    return mode


def _macvlan_mode(words: Words) -> str:
    mode = "vepa"  # what the kernel takes when none is given (drivers/net/macvlan.c)
    while words:
        if words.next() != "mode":
            raise Refused("Only `mode` of macvlan is modelled.", "Use `type macvlan mode bridge`.")
        mode = words.next()
        if mode == "source":
            raise Refused("The mode source of macvlan is not modelled.", "Use `type macvlan mode bridge`.")
        if mode not in ("bridge", "private", "vepa", "passthru"):
            raise IpError(
                f'Error: argument of "mode" must be "private", "vepa", "bridge", "passthru" or "source", not "{mode}"'
            )
    return mode


def link_delete(context: Context, line: IpLine) -> Result:
    words, name = Words(line.words), ""
    while words:
        word = words.next()
        if word == "type":
            words.next()
            continue
        name = words.next() if word in ("dev", "name") else word
    if not name:
        raise IpError('Not enough information: "dev" argument is required.')
    known_device(context, name)
    context.kernel.delete(name)
    return Result()
