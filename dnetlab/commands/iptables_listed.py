"""Matches and targets of iptables beside the usual ones: what a packet carries (string, u32) and zones and helpers of
conntrack (CT) are taken and listed, and a trace and `why` say of them that they aren't judged; the hour, sets, marks of
connections and NOTRACK are. Texts as of iptables 1.8.9 (nf_tables), recorded in a network namespace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from dnetlab.commands.iptables_modules import (
    Given,
    Module,
    NotModelled,
    Option,
    Reader,
    problem,
    value_and_mask,
    xmark,
)
from dnetlab.model import Match

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LAST_DATE = "2038-01-19T03:14:07"  # printed by this iptables for a rule without --datestop
_NUMBER = re.compile(r"\s*(0[xX][0-9a-fA-F]+|\d+)")
_EVENTS = ("new", "related", "destroy", "reply", "assured", "protoinfo", "helper", "mark", "natseqinfo", "secmark")


def _none(word: str, given: Given) -> str:
    return ""


def _word(word: str, given: Given) -> str:
    return word


def _within(module: str, option: str, most: int) -> Reader:
    def read(word: str, given: Given) -> str:
        if not word.isdecimal() or int(word) > most:
            raise problem(f'{module}: bad value for option "{option}", or out of range (0-{most}).\n')
        return str(int(word))

    return read


# -- string -----------------------------------------------------------------------------------------------------------


def _quoted(word: str) -> str:
    escaped = re.sub(r'(["\\])', r"\\\1", word)
    return f'"{escaped}"'


def _string(word: str, given: Given) -> str:
    return _quoted(word)


def _hex_string(word: str, given: Given) -> str:
    """Text with hex between bars; printed as hex, all of it."""
    parts = word.split("|")
    if len(parts) % 2 == 0:
        raise problem("Invalid hex block")
    try:
        data = b"".join(bytes.fromhex(p) if n % 2 else p.encode() for n, p in enumerate(parts))
    except ValueError:
        raise problem("Invalid hex block") from None
    return f'"|{data.hex()}|"'


def _algorithm(word: str, given: Given) -> str:
    if len(word) > 15:
        raise problem("STRING: --algo is too long")
    return word


# -- time -------------------------------------------------------------------------------------------------------------


def _clock(word: str, given: Given) -> str:
    found = re.fullmatch(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?", word)
    numbers = [int(part or 0) for part in found.groups()] if found else [99]
    if numbers[0] > 23 or max(numbers[1:], default=0) > 59:
        raise problem(
            f'invalid time "{word}" specified, should be hh:mm[:ss] format and within the boundaries'
        )
    return ":".join(f"{number:02}" for number in numbers)


def _date(word: str, given: Given) -> str:
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            return datetime.strptime(word, form).strftime("%Y-%m-%dT%H:%M:%S")
        except ValueError:
            continue
    raise problem(f'Invalid date "{word}" specified. Should be YYYY[-MM[-DD[Thh[:mm[:ss]]]]]')


def _weekdays(word: str, given: Given) -> str:
    chosen = set()
    for part in word.split(","):
        named = next((day for day in _DAYS if part.lower()[:2] == day.lower()[:2]), None)
        if part.isdecimal() and 1 <= int(part) <= 7:
            named = _DAYS[int(part) - 1]
        if named is None:
            raise problem(f"{part} is not a valid day specifier")
        chosen.add(named)
    return ",".join(day for day in _DAYS if day in chosen)


def _monthdays(word: str, given: Given) -> str:
    parts = word.split(",")
    wrong = next((part for part in parts if not part.isdecimal() or not 1 <= int(part) <= 31), None)
    if wrong is not None:
        raise problem(f"{wrong} is not a valid day for --monthdays")
    return ",".join(map(str, sorted({int(part) for part in parts})))


def kept(module: str, given: Mapping[str, Match]) -> dict[str, Match]:
    """What was given as iptables keeps it: `! --weekdays Sun` is the other six, hex that is text is text."""
    found = {}
    for name, match in given.items():
        if module == "time" and match.negated:
            match = Match(name, _other_days(name, match.value), False, "time")
        if module == "string" and name == "--hex-string":
            text = bytes.fromhex(match.value.strip('"|')).decode("latin-1")
            if text.isascii() and text.isprintable() and "|" not in text:
                match = Match("--string", _quoted(text), match.negated, "string")
        found[match.option] = match
    return found


def _other_days(option: str, value: str) -> str:
    every = _DAYS if option == "--weekdays" else tuple(str(day) for day in range(1, 32))
    return ",".join(day for day in every if day not in value.split(","))


# -- u32 and set -------------------------------------------------------------------------------------------------------


def _u32(word: str, given: Given) -> str:
    """Tests as `6&0xFF=1 && …`, each number printed as hex."""
    text, at = "", 0
    while True:
        found = _NUMBER.match(word, at)
        if found is None or int(found[1], 0) > 0xFFFFFFFF:
            raise problem(f"u32: at char {at}: not a number or out of range")
        text, at = text + hex(int(found[1], 0)), found.end()
        operator = re.compile(r"\s*(&&|&|<<|>>|@|=|:|,)").match(word, at)
        if operator is None:
            break
        text, at = text + operator[1], operator.end()
    if word[at:].strip():
        raise NotModelled("The u32 test {test} is not modelled.", "LOCATION=VALUE is, with &, <<, >>, @ and &&.",
                          test=word)  # fmt: skip
    if "=" not in text.rpartition("&&")[2]:
        raise problem("u32: abrupt end of input after location specifier")
    return f'"{text}"'


def _match_set(word: str, given: Given) -> str:
    """A set and the ends of a packet that it is asked for; whether it is there is found when the rule is added."""
    if not set(word.partition(" ")[2].split(",")) <= {"src", "dst"}:
        raise problem("You must spefify (the comma separated list of) 'src' or 'dst'.")
    return word


# -- CT, CONNMARK, NFLOG ----------------------------------------------------------------------------------------------


def _events(word: str, given: Given) -> str:
    for name in word.split(","):
        if name not in _EVENTS:
            raise problem(f'Unknown event type "{name}"')
    return word


def _zone(word: str, given: Given) -> str:
    if not word.isdecimal() or int(word) > 65535:
        raise problem(f"Cannot parse {word} as a zone ID")
    return str(int(word))


def _mask(name: str) -> Reader:
    def read(word: str, given: Given) -> str:
        complaint = f'CONNMARK: bad integer value for option "{name}", or out of range.\n'
        return hex(value_and_mask(word, complaint)[0])

    return read


def _options(*options: Option) -> dict[str, Option]:
    return {option.name: option for option in options}


def _option(name: str, read: Reader, values: int = 1, inverts: bool = False) -> Option:
    return Option(name, read, values, inverts)


LISTED_MATCHES: dict[str, Module] = {
    module.name: module
    for module in (
        Module("string", _options(_option("--string", _string, inverts=True),
                                  _option("--hex-string", _hex_string, inverts=True),
                                  _option("--algo", _algorithm), _option("--from", _within("string", "--from", 65535)),
                                  _option("--to", _within("string", "--to", 65535)), _option("--icase", _none, 0)),
               mandatory=((("--algo",), 'string: option "--algo" must be specified\n'),
                          (("--string", "--hex-string"),
                           "STRING match: You must specify `--string' or `--hex-string'"))),
        Module("time", _options(_option("--timestart", _clock), _option("--timestop", _clock),
                                _option("--monthdays", _monthdays, inverts=True),
                                _option("--weekdays", _weekdays, inverts=True), _option("--datestart", _date),
                                _option("--datestop", _date), _option("--kerneltz", _none, 0),
                                _option("--contiguous", _none, 0)),
               always=(("--datestop", LAST_DATE),)),
        Module("u32", _options(_option("--u32", _u32, inverts=True)),
               required='u32: option "--u32" must be specified\n'),
        Module("set", _options(_option("--match-set", _match_set, 2, inverts=True)),
               required="You must specify `--match-set' with proper arguments"),
    )
}  # fmt: skip
_MASKS = _options(_option("--nfmask", _mask("--nfmask")), _option("--ctmask", _mask("--ctmask")),
                  _option("--mask", _mask("--mask")))  # fmt: skip
LISTED_TARGETS: dict[str, Module] = {
    module.name: module
    for module in (
        Module("NOTRACK", {}),
        Module("CT", _options(_option("--notrack", _none, 0), _option("--helper", _word),
                              _option("--ctevents", _events), _option("--expevents", _events),
                              _option("--zone", _zone))),
        Module("CONNMARK",
               {name: Option("--set-xmark", xmark("CONNMARK", name), inverts=False)
                for name in ("--set-xmark", "--set-mark", "--and-mark", "--or-mark", "--xor-mark")}
               | _options(_option("--save-mark", _none, 0), _option("--restore-mark", _none, 0)) | _MASKS,
               mandatory=((("--set-xmark", "--save-mark", "--restore-mark"),
                           "CONNMARK target: No operation specified"),)),
        Module("NFLOG", _options(_option("--nflog-prefix", lambda word, given: word[:63]),
                                 _option("--nflog-group", _within("NFLOG", "--nflog-group", 65535)),
                                 _option("--nflog-size", _within("NFLOG", "--nflog-size", 2**32 - 1)),
                                 _option("--nflog-threshold", _within("NFLOG", "--nflog-threshold", 65535)))),
    )
}  # fmt: skip


def whole_connmark(given: dict[str, str]) -> dict[str, str]:
    """Saving and restoring a mark is printed with both its masks."""
    if not {"--save-mark", "--restore-mark"} & given.keys():
        return given
    both = given.get("--mask", "0xffffffff")
    kept = {name: value for name, value in given.items() if name != "--mask"}
    return kept | {"--nfmask": given.get("--nfmask", both), "--ctmask": given.get("--ctmask", both)}


# -- as `iptables -L` shows them --------------------------------------------------------------------------------------


def listed_match(module: str, options: dict[str, str], negated: bool) -> str | None:
    """None for a module that isn't of this file."""
    if module == "string":
        value = options.get("--string") or options.get("--hex-string", "")
        text = f"STRING match {'!' if negated else ''} {value} ALGO name {options['--algo']}"
        text += f" FROM {options['--from']}" if "--from" in options else ""
        text += f" TO {options['--to']}" if "--to" in options else ""
        return text + (" ICASE" if "--icase" in options else "")
    if module == "time":
        return _time_text(options)
    if module == "set":
        return f"{'! ' if negated else ''}match-set {options['--match-set']}"
    if module == "u32":
        return f"{'! ' if negated else ''}u32 {options['--u32']}"
    return None


def _time_text(options: dict[str, str]) -> str:
    text = "TIME"
    if "--timestart" in options or "--timestop" in options:
        text += f" from {options.get('--timestart', '00:00:00')} to {options.get('--timestop', '23:59:59')}"
    text += f" on {options['--weekdays']}" if "--weekdays" in options else ""
    if "--monthdays" in options:
        text += " on " + ",".join(_ordinal(int(day)) for day in options["--monthdays"].split(","))
    if "--datestart" in options:
        text += f" starting from {options['--datestart'].replace('T', ' ')}"
    if options.get("--datestop", LAST_DATE) != LAST_DATE:
        text += f" until date {options['--datestop'].replace('T', ' ')}"
    text += "" if "--kerneltz" in options else " UTC"
    return text + (" contiguous" if "--contiguous" in options else "")


def _ordinal(day: int) -> str:
    last = {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{'th' if 11 <= day <= 13 else last}"


def listed_words(name: str, options: dict[str, str], prefix: str) -> str:
    """What stands behind a target; '' for one that isn't of this file. prefix: of NFLOG, quoted where it has to be."""
    if name == "NOTRACK":
        return "NOTRACK"
    if name == "CT":
        words = (f"{option[2:]} {value}".strip() for option, value in options.items())
        return " ".join(["CT", *words])
    if name == "NFLOG":
        rows = {**options, **({"--nflog-prefix": prefix} if "--nflog-prefix" in options else {})}
        return " ".join(f"{option[2:]} {value}" for option, value in rows.items())
    if name == "CONNMARK" and "--set-xmark" not in options:
        mask = options.get("--nfmask", "0xffffffff")
        what = "save" if "--save-mark" in options else "restore"
        return f"CONNMARK {what}" + (f" mask {mask}" if mask != "0xffffffff" else "")
    return ""
