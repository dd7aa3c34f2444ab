"""More matches and targets of iptables: those that lab sheets use now and then. Texts as of iptables 1.8.9 (nf_tables).

What a packet of the lab can tell (its TTL, its sender, its connection) is judged, and so is what depends on chance, the
hour or on what came before (statistic, time, hashlimit, connlimit, recent, quota): net/remembered.py. Of -m helper only
the text is kept: no connection of the lab has one.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network

from dnetlab.commands.iptables_modules import PROTOCOLS, Given, Module, Option, Reader, problem

_CLASSES = {f"CS{n}": n * 8 for n in range(8)} | {"EF": 46, "BE": 0} | {
    f"AF{a}{b}": a * 8 + b * 2 for a in range(1, 5) for b in range(1, 4)
}  # fmt: skip
_TOS = {"minimize-delay": 16, "maximize-throughput": 8, "maximize-reliability": 4, "minimize-cost": 2,
        "normal-service": 0}  # fmt: skip
_STATUSES = ("EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED")  # in the order of their bits (libxt_conntrack.c)
_USERS = {"root": 0, "daemon": 1, "nobody": 65534, "www-data": 33}


def _number(module: str, option: str, most: int, least: int = 0) -> Reader:
    def read(word: str, given: Given) -> str:
        if not word.isdecimal() or not least <= int(word) <= most:
            raise problem(f'{module}: bad value for option "{option}", or out of range ({least}-{most}).\n')
        return str(int(word))

    return read


def _none(word: str, given: Given) -> str:
    return ""


def _word(word: str, given: Given) -> str:
    return word


def _dscp(word: str, given: Given) -> str:
    if not re.fullmatch(r"\d+|0[xX][0-9a-fA-F]+", word) or int(word, 0) > 63:
        raise problem('dscp: bad value for option "--dscp", or out of range (0-63).\n')
    return f"0x{int(word, 0):02x}"


def _dscp_class(word: str, given: Given) -> str:
    if word.upper() not in _CLASSES:
        raise problem(f"Invalid DSCP value `{word}'\n")
    return f"0x{_CLASSES[word.upper()]:02x}"


def _tos(word: str, given: Given) -> str:
    """A value with a mask; a name stands for one with the mask 0x3f."""
    name = next((n for n in _TOS if n == word.lower()), None)
    value, slash, mask = (hex(_TOS[name]), "/", "0x3f") if name else word.partition("/")
    numbers = [value, mask] if slash else [value, "0xff"]
    if not all(re.fullmatch(r"\d+|0[xX][0-9a-fA-F]+", n) and int(n, 0) <= 255 for n in numbers):
        raise problem(f'tos: Bad value for "--tos" option: "{word}"')
    return "/".join(f"0x{int(n, 0):02x}" for n in numbers)


def _owner(option: str) -> Reader:
    def read(word: str, given: Given) -> str:
        if word in _USERS:
            return str(_USERS[word])
        if not re.fullmatch(r"\d+(-\d+)?", word):
            raise problem(f'owner: Bad value for "{option}" option: "{word}"')
        return word

    return read


def _rate(word: str, given: Given) -> str:
    units = {"s": "sec", "sec": "sec", "second": "sec", "m": "min", "min": "min", "minute": "min", "h": "hour",
             "hour": "hour", "d": "day", "day": "day"}  # fmt: skip
    found = re.fullmatch(r"(\d{1,6})(?:/([a-z]+))?", word)
    if not found or (found[2] or "sec") not in units or not int(found[1]):
        raise problem(f'hashlimit: bad value for option "--hashlimit-upto": "{word}"')
    return f"{int(found[1])}/{units[found[2] or 'sec']}"


def _probability(word: str, given: Given) -> str:
    if not re.fullmatch(r"[01]?\.?\d*", word) or not word.strip(".") or not 0 <= float(word) <= 1:
        raise problem("statistic: --probability must be between 0 and 1")
    return f"{float(word):.11f}"


def _mark(word: str, given: Given) -> str:
    value, slash, mask = word.partition("/")
    if not all(re.fullmatch(r"\d+|0[xX][0-9a-fA-F]+", n) for n in ([value, mask] if slash else [value])):
        raise problem('connmark: bad integer value for option "--mark", or out of range.\n')
    return hex(int(value, 0)) + (f"/{hex(int(mask, 0))}" if slash else "")


def _statuses(word: str, given: Given) -> str:
    names = word.upper().split(",")
    if not set(names) <= {*_STATUSES, "NONE"}:
        raise problem(f"conntrack: Bad ctstatus \"{word}\"")
    return ",".join(name for name in _STATUSES if name in names) or "NONE"


def _protocol(word: str, given: Given) -> str:
    if word.isdecimal() and int(word) < 256:
        return str(int(word))
    if word.lower() not in PROTOCOLS:
        raise problem(f'unknown protocol "{word}" specified')
    return str(PROTOCOLS[word.lower()])


def _span(word: str, given: Given) -> str:
    low, colon, high = word.partition(":")
    if not all(part.isdecimal() for part in ((low, high) if colon else (low,))):
        raise problem(f'conntrack: Bad value for "--ctexpire" option: "{word}"')
    return word


def _kind(word: str, given: Given) -> str:
    names = {"unicast": "unicast", "host": "unicast", "broadcast": "broadcast", "multicast": "multicast"}
    if word.lower() not in names:
        raise problem(f"Bad packet type '{word}'")
    return names[word.lower()]


def _network(word: str, given: Given) -> str:
    try:
        return str(IPv4Network(word, strict=False))
    except ValueError:
        raise problem(f'Bad IP address "{word}"\n') from None


def _sizes(word: str, given: Given) -> str:
    """A segment's size, or a range of them."""
    low, colon, high = word.partition(":")
    for part in (low or "0", high or "0"):
        if not part.isdecimal() or int(part) > 65535:
            raise problem(f'tcpmss: bad value for option "--mss" near "{part}", or out of range (0-65535).\n')
    if not colon:
        return str(int(low or 0))
    first, last = int(low or 0), int(high or 65535)
    if first > last:
        raise problem("tcpmss: invalid range given")
    return str(first) if first == last else f"{first}:{last}"


def _quota(word: str, given: Given) -> str:
    if not word.isdecimal() or int(word) >= 2**64:
        raise problem('quota: bad value for option "--quota", or out of range (0-18446744073709551615).\n')
    return str(int(word))


def _in_a_set(word: str, given: Given) -> str:
    """A set and the ends of a packet that go into it."""
    if not set(word.partition(" ")[2].split(",")) <= {"src", "dst"}:
        raise problem("You must spefify (the comma separated list of) 'src' or 'dst'.")
    return word


def _seconds(word: str, given: Given) -> str:
    if not word.isdecimal() or int(word) > 4294967294:
        raise problem("Invalid value for option --timeout or out of range 0-4294967294")
    return str(int(word))


def _option(name: str, read: Reader, values: int = 1, inverts: bool = False) -> Option:
    return Option(name, read, values, inverts)


def _options(*options: Option) -> dict[str, Option]:
    return {option.name: option for option in options}


MORE_OF_CONNTRACK = _options(
    _option("--ctstatus", _statuses, inverts=True), _option("--ctproto", _protocol, inverts=True),
    _option("--ctexpire", _span, inverts=True),
)  # fmt: skip
_RECENT = _options(
    _option("--set", _none, 0, True), _option("--rcheck", _none, 0, True), _option("--update", _none, 0, True),
    _option("--remove", _none, 0, True), _option("--seconds", _number("recent", "--seconds", 2**31)),
    _option("--hitcount", _number("recent", "--hitcount", 255)), _option("--rttl", _none, 0),
    _option("--name", _word), _option("--mask", _word), _option("--rsource", _none, 0), _option("--rdest", _none, 0),
)  # fmt: skip
_HASHLIMIT = _options(
    _option("--hashlimit-upto", _rate), _option("--hashlimit-above", _rate),
    _option("--hashlimit-burst", _number("hashlimit", "--hashlimit-burst", 10000)), _option("--hashlimit-mode", _word),
    _option("--hashlimit-name", _word),
)  # fmt: skip
MORE_MATCHES: dict[str, Module] = {
    module.name: module
    for module in (
        Module("ttl", _options(_option("--ttl-eq", _number("ttl", "--ttl-eq", 255), inverts=True),
                               _option("--ttl-lt", _number("ttl", "--ttl-lt", 255)),
                               _option("--ttl-gt", _number("ttl", "--ttl-gt", 255))),
               required="TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt"),
        Module("dscp", {"--dscp": _option("--dscp", _dscp, inverts=True),
                        "--dscp-class": _option("--dscp", _dscp_class, inverts=True)},
               required="DSCP match: Parameter --dscp is required"),
        Module("tos", _options(_option("--tos", _tos, inverts=True)),
               required='tos: option "--tos" must be specified\n'),
        Module("owner", _options(_option("--uid-owner", _owner("--uid-owner"), inverts=True),
                                 _option("--gid-owner", _owner("--gid-owner"), inverts=True)),
               required="owner: At least one of --uid-owner, --gid-owner or --socket-exists is required"),
        Module("recent", _RECENT,
               required="recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'",
               always=(("--name", "DEFAULT"), ("--mask", "255.255.255.255"), ("--rsource", ""))),
        Module("connlimit", _options(_option("--connlimit-upto", _number("connlimit", "--connlimit-upto", 2**31)),
                                     _option("--connlimit-above", _number("connlimit", "--connlimit-above", 2**31)),
                                     _option("--connlimit-mask", _number("connlimit", "--connlimit-mask", 32)),
                                     _option("--connlimit-saddr", _none, 0), _option("--connlimit-daddr", _none, 0)),
               required="You must specify \"--connlimit-above\" or \"--connlimit-upto\".",
               always=(("--connlimit-mask", "32"), ("--connlimit-saddr", ""))),
        Module("hashlimit", _HASHLIMIT, required='hashlimit: option "--hashlimit-upto" must be specified\n',
               always=(("--hashlimit-burst", "5"),)),
        Module("statistic", _options(_option("--mode", _word), _option("--probability", _probability, inverts=True),
                                     _option("--every", _number("statistic", "--every", 2**31), inverts=True),
                                     _option("--packet", _number("statistic", "--packet", 2**31))),
               required='statistic: option "--mode" must be specified\n'),
        Module("pkttype", _options(_option("--pkt-type", _kind, inverts=True)),
               required='pkttype: option "--pkt-type" must be specified\n'),
        Module("connmark", _options(_option("--mark", _mark, inverts=True)),
               required='connmark: option "--mark" must be specified\n'),
        Module("tcpmss", _options(_option("--mss", _sizes, inverts=True)),
               required='tcpmss: option "--mss" must be specified\n'),
        Module("quota", _options(_option("--quota", _quota, inverts=True)),
               required='quota: option "--quota" must be specified\n'),
        Module("helper", _options(_option("--helper", _word, inverts=True)),
               required='helper: option "--helper" must be specified\n'),
        Module("rpfilter", _options(*(_option(name, _none, 0)
                                      for name in ("--loose", "--validmark", "--accept-local", "--invert")))),
        Module("socket", _options(*(_option(name, _none, 0)
                                    for name in ("--transparent", "--nowildcard", "--restore-skmark")))),
    )
}  # fmt: skip
HL = Module("hl", _options(_option("--hl-eq", _number("hl", "--hl-eq", 255), inverts=True),
                           _option("--hl-lt", _number("hl", "--hl-lt", 255)),
                           _option("--hl-gt", _number("hl", "--hl-gt", 255))),
            required="HL match: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'")  # fmt: skip


def _lifetime(name: str) -> Module:
    """TTL of IPv4 and HL of IPv6, which differ in their names only."""
    ways = [f"--{name.lower()}-{way}" for way in ("set", "dec", "inc")]
    options = [_option(way, _number(name, way, 255, 0 if way.endswith("set") else 1)) for way in ways]
    return Module(name, _options(*options), mandatory=((tuple(ways), f"{name}: You must specify an action"),))


MORE_TARGETS: dict[str, Module] = {
    module.name: module
    for module in (
        Module("TCPMSS", _options(_option("--set-mss", _number("TCPMSS", "--set-mss", 65495)),
                                  _option("--clamp-mss-to-pmtu", _none, 0))),
        Module("TRACE", {}),
        Module("TOS", _options(_option("--set-tos", _tos)), required="TOS: An action is required"),
        Module("DSCP", {"--set-dscp": _option("--set-dscp", _dscp),
                        "--set-dscp-class": _option("--set-dscp", _dscp_class)},
               required="DSCP target: Parameter --set-dscp is required"),
        _lifetime("TTL"), _lifetime("HL"),
        Module("SET", _options(Option("--add-set", _in_a_set, 2, False, "add-set"), _option("--exist", _none, 0),
                               _option("--timeout", _seconds), Option("--del-set", _in_a_set, 2, False, "del-set")),
               mandatory=((("--add-set", "--del-set"),
                           "You must specify either `--add-set' or `--del-set' or `--map-set'"),)),
        Module("NETMAP", _options(_option("--to", _network)), required='NETMAP: option "--to" must be specified\n'),
    )
}  # fmt: skip
_STATED = {"--rcheck": "CHECK", "--update": "UPDATE", "--set": "SET", "--remove": "REMOVE"}


def listed(module: str, options: dict[str, str], negated: bool) -> str | None:
    """The match as `iptables -L` shows it; None for a module that isn't of this file."""
    bang, first = "! " if negated else "", next(iter(options.values()), "")
    if module == "ttl":
        sign = {"--ttl-eq": "!=" if negated else "==", "--ttl-lt": "<", "--ttl-gt": ">"}[next(iter(options))]
        return f"TTL match TTL {sign} {first}"
    if module == "hl":
        sign = {"--hl-eq": "!=" if negated else "==", "--hl-lt": "<", "--hl-gt": ">"}[next(iter(options))]
        return f"HL match HL {sign} {first}"
    if module == "owner":
        names = {"--uid-owner": "UID", "--gid-owner": "GID"}
        return " ".join(f"{bang}owner {names[name]} match {value}" for name, value in options.items())
    if module == "recent":
        head = " ".join(_STATED[name] for name in options if name in _STATED)
        rest = f" seconds: {options['--seconds']}" if "--seconds" in options else ""
        rest += f" hit_count: {options['--hitcount']}" if "--hitcount" in options else ""
        side = "dest" if "--rdest" in options else "source"
        return f"{bang}recent: {head}{rest} name: {options['--name']} side: {side} mask: {options['--mask']}"
    if module == "connlimit":
        side = "dst" if "--connlimit-daddr" in options else "src"
        sign, most = ("<=", options["--connlimit-upto"]) if "--connlimit-upto" in options else (
            ">", options["--connlimit-above"])  # fmt: skip
        return f"#conn {side}/{options['--connlimit-mask']} {sign} {most}"
    if module == "hashlimit":
        kind = "up to" if "--hashlimit-upto" in options else "above"
        mode = f" mode {options['--hashlimit-mode'].replace(',', '-')}" if "--hashlimit-mode" in options else ""
        rate = options.get("--hashlimit-upto") or options.get("--hashlimit-above", "")
        return f"limit: {kind} {rate} burst {options['--hashlimit-burst']}{mode}"
    if module == "statistic":
        packet = f" packet {options['--packet']}" if options.get("--packet", "0") != "0" else ""
        how = f"every {options.get('--every', '0')}"
        how = f"probability {options['--probability']}" if "--probability" in options else how
        return f"statistic mode {options['--mode']} {bang}{how}{packet}"
    if module in ("rpfilter", "socket"):
        words = (name.removeprefix("--") if module == "rpfilter" else name for name in options if name)
        return " ".join([module, *words])
    return {"tcpmss": f"tcpmss match {bang.strip()}{first}", "helper": f'helper match {bang}"{first}"',
            "quota": f"quota: {first} bytes", "dscp": f"DSCP match {bang.strip()}{first}",
            "tos": f"tos match{bang.strip()}{first}",
            "pkttype": f"PKTTYPE {'!' if negated else ''}= {first}",
            "connmark": f"connmark match {bang or ' '}{first}"}.get(module)  # fmt: skip


def listed_target(name: str, options: dict[str, str]) -> str:
    """What stands behind a target in `iptables -L`; '' for one that isn't of this file."""
    option, value = next(iter(options.items()), ("", ""))
    if name == "SET":
        return " ".join(f"{option[2:]} {value}".strip() for option, value in options.items())
    words = {"set": "set to", "dec": "decrement by", "inc": "increment by"}
    way = words.get(option.rpartition("-")[2], "")
    return {
        "TCPMSS": "TCPMSS clamp to PMTU" if option == "--clamp-mss-to-pmtu" else f"TCPMSS set {value}",
        "TOS": f"TOS set {value}", "DSCP": f"DSCP set {value}", "TTL": f"TTL {way} {value}",
        "HL": f"HL {way} {value}",
        "NETMAP": f"to:{value}",
    }.get(name, "")  # fmt: skip
