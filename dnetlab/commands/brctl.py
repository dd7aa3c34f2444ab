"""How `brctl` is spoken (bridge-utils 1.7): a verb, a bridge, a port. busybox has only the four that change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dnetlab.commands.net_usage import BRCTL

# verb -> how many words it needs at least, and its line of help
VERBS: dict[str, tuple[int, str]] = {
    "addbr": (1, "<bridge>\t\tadd bridge"),
    "delbr": (1, "<bridge>\t\tdelete bridge"),
    "addif": (2, "<bridge> <device>\tadd interface to bridge"),
    "delif": (2, "<bridge> <device>\tdelete interface from bridge"),
    "hairpin": (3, "<bridge> <port> {on|off}\tturn hairpin on/off"),
    "setageing": (2, "<bridge> <time>\t\tset ageing time"),
    "setbridgeprio": (2, "<bridge> <prio>\t\tset bridge priority"),
    "setfd": (2, "<bridge> <time>\t\tset bridge forward delay"),
    "sethello": (2, "<bridge> <time>\t\tset hello time"),
    "setmaxage": (2, "<bridge> <time>\t\tset max message age"),
    "setpathcost": (3, "<bridge> <port> <cost>\tset path cost"),
    "setportprio": (3, "<bridge> <port> <prio>\tset port priority"),
    "show": (0, "[ <bridge> ]\t\tshow a list of bridges"),
    "showmacs": (1, "<bridge>\t\tshow a list of mac addrs"),
    "showstp": (1, "<bridge>\t\tshow bridge stp info"),
    "stp": (2, "<bridge> {on|off}\tturn stp on/off"),
}
BUSYBOX_VERBS = ("addbr", "delbr", "addif", "delif")


class BrctlError(Exception):
    """What brctl answers, whole: complaints on stderr, its help on stdout; the exit status is 1 (0 for --help)."""

    def __init__(self, text: str, stdout: str = "", code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.stdout = stdout
        self.code = code


@dataclass(frozen=True)
class BrctlLine:
    verb: str
    words: tuple[str, ...]


def parse_brctl(argv: Sequence[str]) -> BrctlLine:
    """argv without 'brctl' itself. Raises BrctlError in its words."""
    words = list(argv)
    for word in words:
        if word in ("-h", "--help"):
            raise BrctlError("", BRCTL, 0)
        if word in ("-V", "--version"):
            raise BrctlError("", "bridge-utils, 1.7\n", 0)
        if word.startswith("--"):
            raise BrctlError(f"brctl: unrecognized option '{word}'\nUnknown option '?'\n", BRCTL)
        if word.startswith("-") and len(word) > 1:
            raise BrctlError(f"brctl: invalid option -- '{word[1]}'\nUnknown option '?'\n", BRCTL)
    if not words:
        raise BrctlError("", BRCTL)
    verb, rest = words[0], tuple(words[1:])
    if verb not in VERBS:
        raise BrctlError(f"never heard of command [{verb}]\n", BRCTL)
    least, text = VERBS[verb]
    if len(rest) < least:
        raise BrctlError("", f"Incorrect number of arguments for command\nUsage: brctl {verb} {text}\n")
    return BrctlLine(verb, rest)
