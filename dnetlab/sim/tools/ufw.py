"""ufw 0.36.2 (Debian 12): a firewall of iptables for what a host itself takes; a published port goes around it.

    ufw allow 22/tcp      ufw deny 8080      ufw enable      ufw status verbose      ufw route deny to any port 80

Its rules stand in chains that INPUT, FORWARD and OUTPUT jump to, in FORWARD behind Docker's own: the physics decides
what that means. What it knows is kept in /etc/ufw, as the real one keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dnetlab.commands.ufw_words import UfwError, UfwRule, for_iptables, kept, read_kept, read_rule, row, typed
from dnetlab.model import Rule
from dnetlab.model.changed import replace
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.text.ufw_rules import CHAINS, FOUR, OF_AN_ENABLED, SIX, STAGES

_FILES = {4: "/etc/ufw/user.rules", 6: "/etc/ufw/user6.rules"}
_SETTINGS = "/etc/ufw/ufw.conf"
_USUAL = {"ENABLED": "no", "LOGLEVEL": "low", "incoming": "deny", "outgoing": "allow", "routed": "deny"}
_VERDICTS = {"allow": "ACCEPT", "deny": "DROP", "reject": "DROP"}
_BUILTIN = {"input": "incoming", "forward": "routed", "output": "outgoing"}


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ufw [--force] COMMAND …`; exit status 1 with ufw's own complaint."""
    words = [word for word in argv[1:] if word != "--force"]
    try:
        if not words:
            raise UfwError("not enough args")
        return _run(context, words, "--force" in argv[1:])
    except UfwError as error:
        return Result("", f"ERROR: {error}\n", 1)


def _run(context: Context, words: list[str], forced: bool) -> Result:
    command, rest = words[0].lower(), words[1:]
    if command in ("app", "show", "--dry-run", "--help", "help") and words[:2] != ["show", "added"]:
        raise Refused(
            "ufw {command} is not part of the lab.",
            "It has status, enable, disable, reload, reset, default, allow, deny, limit, route, delete, show added.",
            command=command,
        )
    if command in ("version", "--version"):
        return Result("ufw 0.36.2\nCopyright 2008-2023 Canonical Ltd.\n")
    if command in _DOERS:
        return _DOERS[command](context, rest)
    if command == "delete":
        return _delete(context, rest, forced, False)
    if command == "reset":
        return _reset(context, forced)
    if command == "route":
        if rest[:1] == ["delete"]:
            return _delete(context, rest[1:], forced, True)
        return _added(context, read_rule(rest, True), None)
    if command == "insert" and rest and rest[0].isdecimal():
        return _added(context, read_rule(rest[1:]), int(rest[0]))
    return _added(context, read_rule(words), None)


# -- what it knows ----------------------------------------------------------------------------------------------------


def _rules(context: Context, version: int) -> list[UfwRule]:
    return read_kept(_text(context, _FILES[version]), version)


def _text(context: Context, path: str) -> str:
    try:
        return LabFiles(context).read(path)
    except OSError:
        return ""


def _keep(context: Context, version: int, rules: list[UfwRule]) -> None:
    lines = "".join(f"\n{kept(rule)}\n" + "".join(f"{one}\n" for one in for_iptables(rule)) for rule in rules)
    _write(context, _FILES[version], f"*filter\n### RULES ###\n{lines}\n### END RULES ###\nCOMMIT\n")


def _write(context: Context, path: str, text: str) -> None:
    files = LabFiles(context)
    if not files.kind("/etc/ufw"):
        files.make_directory("/etc/ufw")
    files.write(path, text)


def _settings(context: Context) -> dict[str, str]:
    found = (line.partition("=") for line in _text(context, _SETTINGS).splitlines() if "=" in line)
    return _USUAL | {name: value for name, _, value in found}


def _set(context: Context, **changes: str) -> None:
    known = _settings(context) | changes
    _write(context, _SETTINGS, "# /etc/ufw/ufw.conf\n" + "".join(f"{name}={value}\n" for name, value in known.items()))


def _is_on(context: Context) -> bool:
    return _settings(context)["ENABLED"] == "yes"


# -- on and off -------------------------------------------------------------------------------------------------------


def _enable(context: Context, words: list[str]) -> Result:
    _set(context, ENABLED="yes")
    _load(context)
    return Result("Firewall is active and enabled on system startup\n")


def _disable(context: Context, words: list[str]) -> Result:
    """Its chains are emptied and stay; the policies are ACCEPT, whoever else had set them."""
    if _is_on(context):
        for version in (4, 6):
            gone = "".join(f"-X {chain}\n" for chain in _named(version, OF_AN_ENABLED))
            _restore(context, version, _heads(version, {}) + gone)
    _set(context, ENABLED="no")
    return Result("Firewall stopped and disabled on system startup\n")


def _reload(context: Context, words: list[str]) -> Result:
    if not _is_on(context):
        return Result("Firewall not enabled (skipping reload)\n")
    _load(context)
    return Result("Firewall reloaded\n")


def _named(version: int, names: tuple[str, ...]) -> list[str]:
    prefix = "ufw" if version == 4 else "ufw6"
    return [f"{prefix}-{name}" for name in names if version == 4 or name != "not-local"]


def _heads(version: int, policies: dict[str, str]) -> str:
    """Policies, and its chains, empty; those of a built-in chain are jumped to once."""
    text = "".join(f":{name.upper()} {_VERDICTS[policies.get(way, 'allow')]} [0:0]\n" for name, way in _BUILTIN.items())
    return text + "".join(f":{chain} - [0:0]\n" for chain in _named(version, (*CHAINS, *OF_AN_ENABLED)))


def _load(context: Context) -> None:
    """Write all its rules, for both families."""
    for version in (4, 6):
        policies = _settings(context)
        text = _heads(version, policies)
        present = {rule.text for name in _BUILTIN for rule in _chain(context, version, name.upper())}
        prefix = "ufw" if version == 4 else "ufw6"
        for name in _BUILTIN:
            jumps = (f"-j {prefix}-{stage}-{name}" for stage in STAGES)
            text += "".join(f"-A {name.upper()} {jump}\n" for jump in jumps if jump not in present)
        text += FOUR if version == 4 else SIX
        text += _policy_rules(prefix, policies)
        text += "".join(f"{one}\n" for rule in _rules(context, version) for one in for_iptables(rule))
        _restore(context, version, text)


def _policy_rules(prefix: str, policies: dict[str, str]) -> str:
    """skip-to-policy and track, which say what the policies say (as recorded for deny, allow, deny)."""
    return "".join(f"-A {prefix}-skip-to-policy-{name} -j {_VERDICTS[policies[way]]}\n"
                   for name, way in (("forward", "routed"), ("input", "incoming"), ("output", "outgoing")))  # fmt: skip


def _chain(context: Context, version: int, name: str) -> Sequence[Rule]:
    chain = context.stack.filters(version).table("filter").chain(name)
    return chain.rules if chain else ()


def _restore(context: Context, version: int, text: str) -> None:
    name = "iptables-restore" if version == 4 else "ip6tables-restore"
    place = replace(context, stdin=f"*filter\n{text}COMMIT\n", input=None)
    done = context.world.tools[name](place, (name, "-n"))
    if done.exit_code:
        raise UfwError(f"problem running {name}\n{done.stderr}")


# -- rules ------------------------------------------------------------------------------------------------------------


def _added(context: Context, rules: list[UfwRule], at: int | None) -> Result:
    text, changed = "", False
    for rule in rules:
        known, tail = _rules(context, rule.version), " (v6)" if rule.version == 6 else ""
        same = next((n for n, one in enumerate(known) if one.same == rule.same), None)
        if same is not None and known[same].action == rule.action:
            text += f"Skipping adding existing rule{tail}\n"
            continue
        if same is not None:
            known[same], verb = rule, "updated"
        elif at is not None and rule.version == 4:
            if not 0 < at <= max(1, len(known)):
                raise UfwError(f"Invalid position '{at}'")
            known.insert(at - 1, rule)
            verb = "inserted"
        else:
            known.append(rule)
            verb = "added"
        _keep(context, rule.version, known)
        changed = True
        text += f"Rule {verb}{tail}\n" if _is_on(context) else f"Rules updated{tail}\n"
    if changed and _is_on(context):
        _load(context)
    return Result(text)


def _delete(context: Context, words: list[str], forced: bool, route: bool) -> Result:
    if len(words) == 1 and words[0].isdecimal():
        return _delete_number(context, int(words[0]), forced)
    text, changed = "", False
    for rule in read_rule(words, route):
        known, tail = _rules(context, rule.version), " (v6)" if rule.version == 6 else ""
        if rule not in known:
            text += f"Could not delete non-existent rule{tail}\n"
            continue
        _keep(context, rule.version, [one for one in known if one != rule])
        changed = True
        text += f"Rule deleted{tail}\n" if _is_on(context) else f"Rules updated{tail}\n"
    if changed and _is_on(context):
        _load(context)
    return Result(text)


def _delete_number(context: Context, number: int, forced: bool) -> Result:
    every = [*_rules(context, 4), *_rules(context, 6)]
    if not 0 < number <= len(every):
        raise UfwError("Could not find rule")
    rule = every[number - 1]
    asked = "" if forced else f"Deleting:\n {typed(rule)}\nProceed with operation (y|n)? "
    if not forced and (context.answer or (context.stdin or "").strip()[:1].lower()) != "y":
        return Result(f"{asked}Aborted\n", "", 0)
    _keep(context, rule.version, [one for one in _rules(context, rule.version) if one != rule])
    if _is_on(context):
        _load(context)
    return Result(f"{asked}Rule deleted{' (v6)' if rule.version == 6 else ''}\n")


def _reset(context: Context, forced: bool) -> Result:
    asked = "Resetting all rules to installed defaults. Proceed with operation (y|n)? "
    if not forced and (context.answer or (context.stdin or "").strip()[:1].lower()) != "y":
        return Result(f"{asked}Aborted\n")
    _disable(context, [])
    for version in (4, 6):
        _keep(context, version, [])
    _set(context, **_USUAL)
    return Result("" if forced else f"{asked}\n")


def _default(context: Context, words: list[str]) -> Result:
    """`ufw default deny|allow|reject [incoming|outgoing|routed]`."""
    policy, way = (words[0].lower() if words else ""), (words[1].lower() if len(words) > 1 else "incoming")
    if policy not in _VERDICTS or way not in _BUILTIN.values():
        raise UfwError("Invalid syntax")
    _set(context, **{way: policy})
    if _is_on(context):
        _load(context)
    return Result(f"Default {way} policy changed to '{policy}'\n(be sure to update your rules accordingly)\n")


def _logging(context: Context, words: list[str]) -> Result:
    if words not in (["on"], ["low"]):
        raise Refused("ufw logging {level} is not modelled.", "It is on, at the level low.", level=" ".join(words))
    return Result("Logging enabled\n")


# -- what it shows ----------------------------------------------------------------------------------------------------


def _status(context: Context, words: list[str]) -> Result:
    if words and words[0] not in ("verbose", "numbered"):
        raise UfwError("Invalid syntax")
    if not _is_on(context):
        return Result("Status: inactive\n")
    head = "Status: active\n" + (_verbose(context) if words == ["verbose"] else "")
    rules = [*_rules(context, 4), *_rules(context, 6)]
    if not rules:
        return Result(head)
    titles = f"{'To':<26} {'Action':<11} From\n", f"{'--':<26} {'------':<11} ----\n"
    if words == ["numbered"]:
        rows = (f"[{n:2d}] {row(r, True)}{' (out)' if r.way == 'out' else ''}\n" for n, r in enumerate(rules, 1))
        return Result(f"{head}\n" + "".join(f"     {title}" for title in titles) + "".join(rows) + "\n")
    blocks = ("".join(f"{row(r, bool(words))}\n" for r in rules if r.way == way) for way in ("in", "out", "fwd"))
    return Result(f"{head}\n" + "".join(titles) + "".join(f"{block}\n" for block in blocks if block))


def _verbose(context: Context) -> str:
    known = _settings(context)
    routed = "disabled" if context.stack.sysctl("net.ipv4.ip_forward", "0") == "0" else known["routed"]
    policies = f"{known['incoming']} (incoming), {known['outgoing']} (outgoing), {routed} (routed)"
    return f"Logging: on (low)\nDefault: {policies}\nNew profiles: skip\n"


def _show(context: Context, words: list[str]) -> Result:
    rules = _rules(context, 4)
    rules += [r for r in _rules(context, 6) if replace(r, version=4) not in rules]
    said = "".join(f"ufw {typed(rule)}\n" for rule in rules) or "(None)\n"
    return Result(f"Added user rules (see 'ufw status' for running firewall):\n{said}")


_DOERS: dict[str, Callable[[Context, list[str]], Result]] = {
    "enable": _enable, "disable": _disable, "reload": _reload, "default": _default, "logging": _logging,
    "status": _status, "show": _show,
}  # fmt: skip
