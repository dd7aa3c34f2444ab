"""`brctl`: which interfaces share a bridge, and which MACs it has learned (bridge-utils 1.7; busybox in containers)."""

from __future__ import annotations

import re

from dnetlab.commands.brctl import BUSYBOX_VERBS, BrctlError, BrctlLine, parse_brctl
from dnetlab.model import Interface, LinkKind
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import KernelError
from dnetlab.sim.tools.options import is_busybox
from dnetlab.sim.tools.permission import may_configure

BUSYBOX_USAGE = """\
BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.

Usage: brctl COMMAND [BRIDGE [ARGS]]

Manage ethernet bridges
Commands:
	addbr BRIDGE		Create BRIDGE
	delbr BRIDGE		Delete BRIDGE
	addif BRIDGE IFACE	Add IFACE to BRIDGE
	delif BRIDGE IFACE	Delete IFACE from BRIDGE
"""
HEADER = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\n"


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`brctl …`."""
    if is_busybox(context):
        return _busybox(context, argv[1:])
    try:
        line = parse_brctl(argv[1:])
        return _do(context, line)
    except BrctlError as error:
        return Result(error.stdout, error.text, error.code)


def _do(context: Context, line: BrctlLine) -> Result:
    if line.verb == "show":
        return _show(context, line.words)
    if line.verb == "showmacs":
        return Result(_macs(context, _bridge(context, line.words[0], "read of forward table failed: No such device")))
    if line.verb == "showstp":
        _bridge(context, line.words[0], f"bridge {line.words[0]} does not exist!")
        raise Refused("The lab's bridges run no spanning tree, so showstp has nothing to show.", "Use `brctl show`.")
    if line.verb == "addbr":
        name = line.words[0][:15]
        try:
            context.kernel.add_bridge(name)
        except KernelError:
            raise _error(f"device {name} already exists; can't create bridge with the same name") from None
        return Result()
    if line.verb == "delbr":
        return _delete(context, line.words[0])
    if line.verb in ("addif", "delif"):
        return _ports(context, line)
    return _settings(context, line)


def _error(text: str) -> BrctlError:
    return BrctlError(text + "\n")


def _bridge(context: Context, name: str, missing: str) -> Interface:
    found = context.stack.interface(name)
    if found is None or found.kind is not LinkKind.BRIDGE:
        raise _error(missing)
    return found


# -- show -------------------------------------------------------------------------------------------------------------


def _show(context: Context, names: tuple[str, ...]) -> Result:
    """Bridges and their ports sorted by name (libbridge reads sysfs with alphasort; observed with bridge-utils 1.7).

    Nothing at all, not even the header, when there is no bridge.
    """
    if not names:
        bridges = [i for i in context.stack.interfaces if i.kind is LinkKind.BRIDGE]
        bridges.sort(key=lambda bridge: bridge.name)
        return Result((HEADER if bridges else "") + "".join(_row(context, bridge) for bridge in bridges))
    text = HEADER
    for name in names:
        found = context.stack.interface(name)
        if found is None:
            return Result(text if text != HEADER else "", f"bridge {name} does not exist!\n", 1)
        if found.kind is not LinkKind.BRIDGE:
            return Result(text if text != HEADER else "", f"device {name} is not a bridge!\n", 1)
        text += _row(context, found)
    return Result(text)


def _row(context: Context, bridge: Interface) -> str:
    ports = sorted(port.name for port in context.stack.ports_of(bridge.name))
    stp = "yes" if bridge.stp else "no"
    first, rest = (ports[:1] or [""])[0], ports[1:]
    # A bridge that follows its ports' MACs has no id until it has one (br_stp_recalculate_bridge_id; observed).
    number = "0" * 12 if bridge.auto_mac and not ports else bridge.mac.replace(":", "")
    text = f"{bridge.name}\t\t8000.{number}\t{stp}\t\t{first}\n"
    return text + "".join(f"\t\t\t\t\t\t\t{port}\n" for port in rest)


def _macs(context: Context, bridge: Interface) -> str:
    """Learned and own MACs with their port's number, sorted by MAC; ages are those of a quiet lab."""
    ports = {port.name: number for number, port in enumerate(context.stack.ports_of(bridge.name), 1)}
    rows = [(port.mac, ports[port.name], True) for port in context.stack.ports_of(bridge.name)]
    rows += [
        (f.mac, ports[f.port], False)
        for f in context.stack.fdb
        if f.bridge == bridge.name and f.port in ports and not f.permanent
    ]
    text = "port no\tmac addr\t\tis local?\tageing timer\n"
    for mac, number, own in sorted(set(rows)):
        text += f"{number:3}\t{mac}\t{'yes' if own else 'no'}\t\t{0:7.2f}\n"
    return text


# -- change -----------------------------------------------------------------------------------------------------------


def _delete(context: Context, name: str) -> Result:
    found = context.stack.interface(name)
    if found is None:
        raise _error(f"bridge {name} doesn't exist; can't delete it")
    if found.kind is not LinkKind.BRIDGE:
        raise _error(f"can't delete bridge {name}: Operation not permitted")
    if found.up:
        raise _error(f"bridge {name} is still up; can't delete it")
    context.kernel.delete(name)
    return Result()


def _ports(context: Context, line: BrctlLine) -> Result:
    """addif and delif take any number of ports; the ones before a wrong one are done."""
    bridge = line.words[0]
    for port in line.words[1:]:
        found = context.stack.interface(port)
        if found is None:
            raise _error(f"interface {port} does not exist!")
        _bridge(context, bridge, f"bridge {bridge} does not exist!")
        if line.verb == "addif":
            _add(context, bridge, found)
        elif found.master != bridge:
            raise _error(f"device {port} is not a port of {bridge}")
        else:
            context.kernel.release(port)
    return Result()


def _add(context: Context, bridge: str, port: Interface) -> None:
    if port.master is not None:
        raise _error(f"device {port.name} is already a member of a bridge; can't add it to bridge {bridge}.")
    if port.kind is LinkKind.BRIDGE:
        raise _error(f"device {port.name} is a bridge device itself; can't add a bridge device to a bridge device.")
    try:
        context.kernel.enslave(port.name, bridge)
    except KernelError as error:
        raise _error(f"can't add {port.name} to bridge {bridge}: {error.words}") from None


_WHAT = {"setfd": "forward delay", "setageing": "ageing time", "sethello": "hello timer", "setmaxage": "max age",
         "setbridgeprio": "bridge priority"}  # fmt: skip


def _settings(context: Context, line: BrctlLine) -> Result:
    """stp is remembered and shown; times and priorities are taken and change nothing: there are no loops here."""
    bridge, value = line.words[0], line.words[-1]
    found = context.stack.interface(bridge)
    missing = found is None or found.kind is not LinkKind.BRIDGE
    if line.verb == "stp":
        if value not in ("on", "yes", "1", "off", "no", "0"):
            raise _error("expect on/off for argument")
        if missing or found is None:
            raise _error("set stp status failed: No such device")
        context.kernel.set_stp(bridge, value in ("on", "yes", "1"))
        return Result()
    if line.verb == "hairpin":
        return _hairpin(context, line)
    if line.verb in ("setpathcost", "setportprio"):
        raise Refused(
            "`brctl {verb}` is not modelled: no bridge of the lab has a loop.", "Use `brctl show`.", verb=line.verb
        )
    what = _WHAT[line.verb]
    if not re.fullmatch(r"\d+(\.\d*)?", value):
        raise _error(f"bad {what} value")
    if missing:
        raise _error(f"set {what} failed: No such device")
    return Result()


def _hairpin(context: Context, line: BrctlLine) -> Result:
    bridge, port, value = line.words[0], line.words[1], line.words[2]
    if value not in ("on", "yes", "1", "off", "no", "0"):
        raise _error("expect on/off for argument")
    found = context.stack.interface(port)
    if found is None:
        raise _error(f"interface {port} does not exist!")
    if found.master != bridge:
        raise _error(f"can't set {port} to hairpin on bridge {bridge}: Operation not supported")
    context.kernel.set_hairpin(port, value in ("on", "yes", "1"))
    return Result()


# -- busybox ----------------------------------------------------------------------------------------------------------


def _busybox(context: Context, words: tuple[str, ...]) -> Result:
    if not words:
        return Result("", BUSYBOX_USAGE, 1)
    verb = next((v for v in BUSYBOX_VERBS if v.startswith(words[0])), None)
    if words[0] in ("--help", "-h") or len(words) < 2 and verb:
        return Result("", BUSYBOX_USAGE, 0 if words[0] == "--help" else 1)
    if verb is None:
        return Result("", f"brctl: invalid argument '{words[0]}' to 'brctl'\n", 1)
    bridge = words[1]
    if not may_configure(context):
        return Result("", f"brctl: bridge {bridge}: Operation not permitted\n", 1)
    try:
        if verb == "addbr":
            context.kernel.add_bridge(bridge)
        elif verb == "delbr":
            found = context.stack.interface(bridge)
            if found is None or found.kind is not LinkKind.BRIDGE:
                return Result("", f"brctl: bridge {bridge}: No such device or address\n", 1)
            if found.up:
                return Result("", f"brctl: bridge {bridge}: Device or resource busy\n", 1)
            context.kernel.delete(bridge)
        else:
            return _busybox_port(context, verb, bridge, words[2:])
    except KernelError as error:
        return Result("", f"brctl: bridge {bridge}: {error.words}\n", 1)
    return Result()


def _busybox_port(context: Context, verb: str, bridge: str, rest: tuple[str, ...]) -> Result:
    if not rest:
        return Result("", BUSYBOX_USAGE, 1)
    port, master = context.stack.interface(rest[0]), context.stack.interface(bridge)
    if port is None:
        return Result("", f"brctl: iface {rest[0]}: No such device\n", 1)
    if master is None:
        return Result("", f"brctl: bridge {bridge}: No such device\n", 1)
    wrong = port.master is not None if verb == "addif" else port.master != bridge
    if wrong:
        why = "Device or resource busy" if verb == "addif" else "Invalid argument"
        return Result("", f"brctl: bridge {bridge}: {why}\n", 1)
    context.kernel.enslave(port.name, bridge) if verb == "addif" else context.kernel.release(port.name)
    return Result()
