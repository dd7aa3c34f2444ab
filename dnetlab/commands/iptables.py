"""How `iptables` is spoken: one command (-A, -L, …), a chain, a rule made of matches and a target.

`parse_iptables` reads a line as iptables 1.8.9 (nf_tables) does and gives a Command with whole rules in it; what
they do to the tables is in dnetlab.sim.tools.iptables. Every complaint is iptables' own.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

from dnetlab.commands.ip6tables import DEFAULT_REJECT, ICMP6
from dnetlab.commands.iptables_listed import LISTED_MATCHES, LISTED_TARGETS, kept, whole_connmark
from dnetlab.commands.iptables_modules import (
    BANNER,
    HINT,
    OTHER_MATCHES,
    OTHER_OPTIONS,
    OTHER_TARGETS,
    PROTOCOLS,
    Given,
    IptablesError,
    Module,
    NotModelled,
    Option,
    interface_name,
    problem,
)
from dnetlab.commands.iptables_modules import MATCHES as USUAL_MATCHES
from dnetlab.commands.iptables_modules import TARGETS as USUAL_TARGETS
from dnetlab.commands.iptables_more import HL, MORE_MATCHES, MORE_OF_CONNTRACK, MORE_TARGETS
from dnetlab.commands.iptables_networks import Resolver, networks, networks6
from dnetlab.model import Match, Rule, Target

TARGETS = USUAL_TARGETS | MORE_TARGETS | LISTED_TARGETS
_CONNTRACK = USUAL_MATCHES["conntrack"]
MATCHES = USUAL_MATCHES | MORE_MATCHES | LISTED_MATCHES | {
    "conntrack": replace(_CONNTRACK, options=_CONNTRACK.options | MORE_OF_CONNTRACK)
}  # fmt: skip
TARGETS4 = {name: module for name, module in TARGETS.items() if name != "HL"}
TARGETS6 = {name: module for name, module in TARGETS.items() if name != "TTL"}
MATCHES6 = {name: m for name, m in MATCHES.items() if name not in ("icmp", "ttl")} | {"icmp6": ICMP6, "hl": HL}
TABLES = ("filter", "nat", "mangle", "raw", "security")
LONG: dict[str, str] = {
    "append": "A", "delete": "D", "check": "C", "insert": "I", "replace": "R", "list": "L", "list-rules": "S",
    "flush": "F", "zero": "Z", "new-chain": "N", "delete-chain": "X", "rename-chain": "E", "policy": "P",
    "source": "s", "destination": "d", "src": "s", "dst": "d", "protocol": "p", "in-interface": "i", "jump": "j",
    "table": "t", "match": "m", "numeric": "n", "out-interface": "o", "verbose": "v", "wait": "w",
    "wait-interval": "W", "exact": "x", "fragments": "f", "version": "V", "help": "h", "line-numbers": "0",
    "modprobe": "M", "set-counters": "c", "goto": "g", "ipv4": "4", "ipv6": "6",
}  # fmt: skip
ONE = frozenset("ADCIREPNospdijgmtcM")  # options with a value; those of FLEX may have one
FLEX = frozenset("LSFZXwW")
COMMANDS = frozenset("ADCIRLSFZNXEP")
# which options go with which command (xshared.c: commands_v_options); anything else is "Illegal option"
ALLOWED: dict[str, str] = {
    "I": "nsdpjviocf", "D": "sdpjviof", "R": "sdpjviocf", "A": "sdpjviocf", "C": "sdpjviof", "L": "nvx0", "F": "v",
    "Z": "v", "N": "v", "X": "v", "P": "vc", "E": "v", "S": "v", "#": "v",
}  # fmt: skip
ALLOWED["I"] = ALLOWED["A"]



@dataclass
class Command:
    """A line of iptables. verb: the command's letter, 'h' or 'V'.

    rules    the rule or rules (several addresses in -s or -d make several); with -D and `number`: ()
    zero     -Z stands beside -L or -S
    """

    verb: str = ""
    table: str = "filter"
    chain: str | None = None
    number: int | None = None
    rules: tuple[Rule, ...] = ()
    new_name: str = ""
    policy: str = ""
    zero: bool = False
    numeric: bool = False
    verbose: int = 0
    exact: bool = False
    line_numbers: bool = False


@dataclass
class _Loaded:
    """A match of the rule under way: its module and the options given so far, by their printed name."""

    module: Module
    given: dict[str, Match] = field(default_factory=dict)


@dataclass
class _Reader:
    """The line under way: words left, what was understood."""

    words: list[str]
    command: Command = field(default_factory=Command)
    set_options: str = ""
    negated: bool = False
    protocol: str = ""
    simple: dict[str, tuple[str, bool]] = field(default_factory=dict)
    matches: list[_Loaded] = field(default_factory=list)
    target: str | None = None
    goto: bool = False
    target_options: dict[str, str] = field(default_factory=dict)
    counters: tuple[int, int] = (0, 0)
    version: int = 4
    whole: bool = False  # `! -f`: not a fragment

    @property
    def known_matches(self) -> dict[str, Module]:
        return MATCHES if self.version == 4 else MATCHES6

    @property
    def known_targets(self) -> dict[str, Module]:
        return TARGETS4 if self.version == 4 else TARGETS6

    def value(self, typed: str) -> str:
        if not self.words:
            raise problem(f'option "{typed}" requires an argument')
        return self.words.pop(0)

    def optional(self) -> str | None:
        """The next word if it is none that begins an option."""
        if self.words and self.words[0][:1] not in ("-", "!"):
            return self.words.pop(0)
        return None


def parse_iptables(argv: Sequence[str], resolve: Resolver = lambda name: (), version: int = 4) -> Command:
    """argv without 'iptables' itself. Raises IptablesError, NotModelled. resolve: names of hosts to addresses.

    version: 6 for `ip6tables`, whose complaints are worded here as those of iptables.
    """
    reader = _Reader(list(argv), version=version)
    while reader.words and reader.command.verb not in ("h", "V"):
        word = reader.words.pop(0)
        if word == "!":
            if reader.negated:
                raise problem("multiple consecutive ! not allowed")
            reader.negated = True
        elif word.startswith("--") and len(word) > 2:
            _long(reader, word)
        elif word.startswith("-") and len(word) > 1:
            _short(reader, word)
        else:
            raise IptablesError(f"Bad argument `{word}'\n{HINT}", 2)
    return _finish(reader, resolve)


# -- options ----------------------------------------------------------------------------------------------------------


def _long(reader: _Reader, word: str) -> None:
    name, equals, value = word[2:].partition("=")
    own = {f"--{n}" for loaded in _open_modules(reader) for n in (o[2:] for o in loaded.options)}
    known = [*LONG, *(n[2:] for n in own)]
    full = name if name in known else None
    if full is None:
        found = [n for n in known if n.startswith(name)]
        full = found[0] if len({LONG.get(n, n) for n in found}) == 1 else None
    if equals:
        reader.words.insert(0, value)
    if full in LONG and f"--{full}" not in own:
        _option(reader, LONG[full], word.partition("=")[0], attached=value if equals else None)
        return
    if full is None and _load_protocol(reader):
        _long(reader, word if not equals else _put_back(reader, word))
        return
    if full is None:
        _refuse_unmodelled(reader, name)
        raise problem(f'unknown option "{word}"')
    _module_option(reader, f"--{full}", word)


def _refuse_unmodelled(reader: _Reader, name: str) -> None:
    """An option that the real module has and the lab has not is no unknown option."""
    for module in [*(loaded.module.name for loaded in reader.matches), reader.target or ""]:
        if f"--{name}" in OTHER_OPTIONS.get(module, ()):
            raise NotModelled(
                "The option --{name} of {module} is not modelled.",
                "The other conditions are.",
                name=name,
                module=module,
            )


def _put_back(reader: _Reader, word: str) -> str:
    reader.words.pop(0)
    return word


def _short(reader: _Reader, word: str) -> None:
    """A cluster such as -nvL: flags one by one, the first with a value takes the rest."""
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter not in set(LONG.values()) - {"0"}:
            raise problem(f'unknown option "-{letter}"')
        if letter in ONE | FLEX:
            if letters:
                reader.words.insert(0, letters)
            _option(reader, letter, f"-{letter}", attached=letters or None)
            return
        _option(reader, letter, f"-{letter}")


def _open_modules(reader: _Reader) -> list[Module]:
    found = [loaded.module for loaded in reader.matches]
    if reader.target in reader.known_targets:
        found.append(reader.known_targets[reader.target])
    return found


def _load_protocol(reader: _Reader) -> bool:
    """An option nobody knows may belong to the protocol's own match: `-p tcp --dport` loads it."""
    module = reader.known_matches.get({"ipv6-icmp": "icmp6"}.get(reader.protocol, reader.protocol))
    if module is None or reader.protocol not in ("tcp", "udp", "icmp", "ipv6-icmp"):
        return False
    if any(loaded.module is module for loaded in reader.matches):
        return False
    reader.matches.append(_Loaded(module))
    return True


def _option(reader: _Reader, letter: str, typed: str, attached: str | None = None) -> None:
    """One option of iptables itself."""
    if letter in COMMANDS:
        _command(reader, letter, typed, attached)
    elif letter in "sdpioj" or letter == "g":
        _rule_option(reader, letter, typed)
    elif letter == "m":
        _load_match(reader, reader.value(typed))
    elif letter == "t":
        _no_negation(reader, letter)
        reader.command.table = _table(reader.value(typed))
    elif letter in "wW":
        reader.optional() if attached is None else reader.words.pop(0)
    elif letter == "c":
        reader.counters = _counters(reader, typed)
        _set(reader, "c")
    elif letter in "46" and letter != str(reader.version):
        raise IptablesError(HINT, 2)
    elif letter in "hV":
        reader.command.verb = letter
    elif letter == "M":
        reader.value(typed)
    elif letter not in "46":
        _flag(reader, letter)


def _flag(reader: _Reader, letter: str) -> None:
    command = reader.command
    if letter == "v":
        command.verbose += 1
        reader.set_options += "v"
        return
    if letter == "f":
        if reader.version == 6:
            raise problem("`-f' is not supported in IPv6, use -m frag instead")
        reader.whole, reader.negated = reader.negated, False
    _set(reader, letter)
    if letter == "n":
        command.numeric = True
    elif letter == "x":
        command.exact = True
    elif letter == "0":
        command.line_numbers = True


def _set(reader: _Reader, letter: str) -> None:
    _no_negation(reader, letter) if letter not in "sdpio" else None
    if letter in reader.set_options:
        raise problem(f"multiple -{letter} flags not allowed")
    reader.set_options += letter


def _no_negation(reader: _Reader, letter: str) -> None:
    if reader.negated:
        raise problem(f"cannot have ! before -{letter}")


def _table(name: str) -> str:
    if name not in TABLES:
        raise IptablesError(
            f"{BANNER}table '{name}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.\n", 3
        )
    return name


def _counters(reader: _Reader, typed: str) -> tuple[int, int]:
    packets = reader.value(typed)
    size = reader.optional()
    if size is None:
        raise problem("-c requires packet and byte counter")
    if not packets.isdecimal():
        raise problem("-c packet counter not numeric")
    if not size.isdecimal():
        raise problem("-c byte counter not numeric")
    return int(packets), int(size)


# -- commands ---------------------------------------------------------------------------------------------------------


def _command(reader: _Reader, letter: str, typed: str, attached: str | None) -> None:
    command = reader.command
    _no_negation(reader, letter)
    if command.verb and {command.verb, letter} in ({"L", "Z"}, {"S", "Z"}):
        command.zero, command.verb = True, command.verb if command.verb != "Z" else letter
        word = reader.words.pop(0) if attached is not None else reader.optional()
        command.chain = word or command.chain
        return
    if command.verb:
        raise problem(f"Cannot use -{letter} with -{command.verb}")
    command.verb = letter
    if letter in FLEX:
        command.chain = reader.words.pop(0) if attached is not None else reader.optional()
        if letter in "LSZ" and command.chain is not None and (number := reader.optional()) is not None:
            command.number = _number(number)
        return
    command.chain = reader.value(typed)
    if letter in "DI":
        word = reader.optional()
        command.number = None if word is None else _number(word)
    elif letter == "R":
        word = reader.optional()
        if word is None:
            raise problem("-R requires a rule number")
        command.number = _number(word)
    elif letter == "N":
        _new_chain(command.chain)
    elif letter == "E":
        command.new_name = _second(reader, "-E requires old-chain-name and new-chain-name")
    elif letter == "P":
        command.policy = _second(reader, "-P requires a chain and a policy")


def _second(reader: _Reader, complaint: str) -> str:
    word = reader.optional()
    if word is None:
        raise problem(complaint)
    return word


def _number(word: str) -> int:
    if not re.fullmatch(r"\d+", word) or int(word) == 0:
        raise problem(f"Invalid rule number `{word}'")
    return int(word)


def _new_chain(name: str) -> None:
    if name[:1] in ("-", "!"):
        raise problem(f"chain name not allowed to start with `{name[0]}'")
    if name in TARGETS or name in OTHER_TARGETS:
        raise problem("chain name may not clash with target name")
    if re.search(r"\s", name) or not name:
        raise problem(f"Invalid chain name `{name}'")


# -- the rule ---------------------------------------------------------------------------------------------------------


def _rule_option(reader: _Reader, letter: str, typed: str) -> None:
    word = reader.value(typed)
    if letter in "jg":
        _set(reader, "j")
        reader.goto = letter == "g"
        _jump(reader, word)
        return
    _set(reader, letter)
    if letter == "p":
        reader.protocol = word = _protocol(word, reader.negated)
    elif letter in "io":
        interface_name(word)
    reader.simple[letter] = (word, reader.negated)
    reader.negated = False


def _protocol(word: str, negated: bool) -> str:
    name = {"icmpv6": "ipv6-icmp"}.get(word.lower(), word.lower())
    if name.isdecimal() and int(name) <= 255:
        name = next((known for known, number in PROTOCOLS.items() if number == int(name)), name)
    elif name not in PROTOCOLS:
        raise problem(f'unknown protocol "{word}" specified')
    if PROTOCOLS.get(name) == 0 and negated:
        raise problem("rule would never match protocol")
    return name


def _load_match(reader: _Reader, name: str) -> None:
    if reader.negated:
        raise problem("unexpected ! flag before --match")
    if name in OTHER_MATCHES:
        raise NotModelled(
            "The match {name} is not modelled.",
            "The lab has -m {matches}.",
            name=name,
            matches=", ".join(sorted(reader.known_matches)),
        )
    module = reader.known_matches.get(name)
    if module is None:
        raise problem(f"Couldn't load match `{name}':No such file or directory\n")
    reader.matches.append(_Loaded(module))


def _jump(reader: _Reader, name: str) -> None:
    if name in OTHER_TARGETS and not reader.goto:
        raise NotModelled(
            "The target {name} is not modelled.",
            "The lab has -j {targets}.",
            name=name,
            targets=", ".join(sorted(reader.known_targets)),
        )
    reader.target = name


def _module_option(reader: _Reader, name: str, typed: str) -> None:
    """An option of a loaded match (the last loaded first) or of the target."""
    loaded = next((m for m in reversed(reader.matches) if name in m.module.options), None)
    given = Given(reader.protocol, version=reader.version)
    if loaded is None:
        target = reader.known_targets[reader.target or ""]
        option = target.options[name]
        _check_negation(reader, target, option, name)
        if option.name in reader.target_options and option.once:
            raise problem(f"--{option.once} can be specified only once")
        if option.name in reader.target_options:
            raise problem(f'{target.name}: option "{name}" can only be used once.\n')
        reader.target_options[option.name] = option.read(_values(reader, option, typed), given)
        return
    module, option = loaded.module, loaded.module.options[name]
    _check_negation(reader, module, option, name)
    if name == "--syn":
        option, value = module.options["--tcp-flags"], "FIN,SYN,RST,ACK SYN"
    else:
        value = option.read(_values(reader, option, typed), given)
    if option.name in loaded.given:
        raise problem(
            f"Only one `--{option.once}' allowed"
            if option.once
            else f'{module.name}: option "{name}" can only be used once.\n'
        )
    loaded.given[option.name] = Match(option.name, value, reader.negated, module.name)
    reader.negated = False


def _check_negation(reader: _Reader, module: Module, option: Option, name: str) -> None:
    if reader.negated and not option.inverts:
        raise problem(f'{module.name}: option "{name}" cannot be inverted.\n')


def _values(reader: _Reader, option: Option, typed: str) -> str:
    found = [reader.value(typed) for _ in range(min(option.values, 1))]
    if option.values == 2:
        if not reader.words:
            raise problem(f"{option.name} requires two args.")
        found.append(reader.words.pop(0))
    return " ".join(found)


# -- at the end of the line ------------------------------------------------------------------------------------------


def _finish(reader: _Reader, resolve: Resolver) -> Command:
    command = reader.command
    if command.verb in ("h", "V"):
        return command
    if command.table == "nat" and "DROP" in (command.policy, reader.target):
        raise problem('\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n')
    for loaded in reader.matches:
        _check_match(reader, loaded)
    options = _target_options(reader)
    if not command.verb:
        raise problem("no command specified")
    if reader.negated:
        raise problem("nothing appropriate following !")
    rules = _rules(reader, options, resolve)
    _check_options(reader)
    _check_chain(reader)
    if command.verb in "ADCIR" and not (command.verb == "D" and command.number is not None):
        command.rules = rules
        if command.verb == "R" and len(rules) > 1:
            raise problem("Replacement rule does not specify a unique address")
    return command


def _check_match(reader: _Reader, loaded: _Loaded) -> None:
    module = loaded.module
    wrong = module.needs and (reader.protocol not in module.needs or reader.simple["p"][1])
    if wrong:
        raise problem(module.complaint)
    if module.required is not None and not loaded.given:
        raise problem(module.required)
    _check_mandatory(module, loaded.given)
    for name, value in module.always:
        other = {"--rsource": "--rdest", "--connlimit-saddr": "--connlimit-daddr"}.get(name, name)
        if other not in loaded.given:
            loaded.given.setdefault(name, Match(name, value, False, module.name))
    loaded.given = kept(module.name, loaded.given)
    if module.name == "limit":
        loaded.given.setdefault("--limit", Match("--limit", "3/hour", False, "limit"))
        if loaded.given.get("--limit-burst", Match("", "")).value == "5":
            del loaded.given["--limit-burst"]


def _check_mandatory(module: Module, given: Container[str]) -> None:
    for options, complaint in module.mandatory:
        if not any(option in given for option in options):
            raise problem(complaint)


def _target_options(reader: _Reader) -> tuple[tuple[str, str], ...]:
    target = reader.known_targets.get(reader.target or "")
    if target is None or reader.goto:
        return ()
    given = dict(reader.target_options)
    if target.required is not None and target.order[0] not in given:
        raise problem(target.required)
    _check_mandatory(target, given)
    if target.name in ("TTL", "HL") and len(given) > 1:
        first, second = [option for option in target.order if option in given][:2]
        raise problem(f'{target.name}: option "{first}" cannot be used together with "{second}".\n')
    if target.name == "SET" and "--add-set" not in given and (more := {"--exist", "--timeout"} & given.keys()):
        word = "Flag `--exist'" if "--exist" in more else "Option `--timeout'"
        raise problem(f"{word} can be used with `--add-set' only")
    if target.name == "CONNMARK":
        given = whole_connmark(given)
    if target.name == "REJECT":
        given.setdefault("--reject-with", "icmp-port-unreachable" if reader.version == 4 else DEFAULT_REJECT)
    if target.name == "LOG" and given.get("--log-level") == "4":
        del given["--log-level"]
    return tuple((name, given[name]) for name in target.order if name in given)


def _rules(reader: _Reader, options: tuple[tuple[str, str], ...], resolve: Resolver) -> tuple[Rule, ...]:
    """One rule for every pair of addresses, sources outermost."""
    sources, destinations = (_addresses(reader, letter, resolve) for letter in "sd")
    target = Target(reader.target or "", options, reader.goto)
    tail = [
        Match(f"-{letter}", reader.simple[letter][0], reader.simple[letter][1])
        for letter in "io"
        if letter in reader.simple
    ]
    if PROTOCOLS.get(reader.protocol, 1):
        tail += [Match("-p", reader.protocol, reader.simple["p"][1])] if reader.protocol else []
    tail += [Match("-f", "", reader.whole)] if "f" in reader.set_options else []
    for loaded in reader.matches:
        found = [loaded.given[name] for name in loaded.module.order if name in loaded.given]
        tail += found or [Match("", "", False, loaded.module.name)]
    packets, size = reader.counters
    return tuple(
        Rule((*([s] if s else []), *([d] if d else []), *tail), target, packets, size)
        for s in sources
        for d in destinations
    )


def _addresses(reader: _Reader, letter: str, resolve: Resolver) -> list[Match | None]:
    if letter not in reader.simple:
        return [None]
    text, negated = reader.simple[letter]
    read = networks if reader.version == 4 else networks6
    found = [network for part in text.split(",") for network in read(part, resolve)]
    if negated and len(found) > 1:
        raise problem("! not allowed with multiple source or destination IP addresses")
    if len(found) == 1 and found[0].prefixlen == 0 and not negated:
        return [None]
    return [Match(f"-{letter}", str(network), negated) for network in found]


def _check_options(reader: _Reader) -> None:
    verb = "#" if reader.command.verb == "D" and reader.command.number is not None else reader.command.verb
    for letter in "nsdpjvxio0cf":
        if letter in reader.set_options and letter not in ALLOWED[verb]:
            raise problem(f"Illegal option `-{letter}' with this command")


def _check_chain(reader: _Reader) -> None:
    chain = reader.command.chain or ""
    if len(chain) > 28:
        raise problem(f"chain name `{chain}' too long (must be under 29 chars)")
    if reader.command.verb not in "ADCIR":
        return
    if chain in ("PREROUTING", "INPUT") and "o" in reader.simple:
        raise problem(f"Can't use -o with {chain}\n")
    if chain in ("POSTROUTING", "OUTPUT") and "i" in reader.simple:
        raise problem(f"Can't use -i with {chain}\n")
