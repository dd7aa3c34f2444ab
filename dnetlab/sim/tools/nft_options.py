"""The options of `nft`, which stand in front of its commands."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.sim.context import Refused

VERSION = "nftables v1.0.6 (Lester Gooch #5)"
_LONG = {"--help": "h", "--version": "v", "--file": "f", "--define": "D", "--interactive": "i", "--includepath": "I",
         "--check": "c", "--optimize": "o", "--handle": "a", "--stateless": "s", "--terse": "t", "--service": "S",
         "--reversedns": "N", "--guid": "u", "--numeric": "n", "--numeric-priority": "y", "--numeric-protocol": "p",
         "--numeric-time": "T", "--echo": "e", "--json": "j", "--debug": "d"}  # fmt: skip
_TAKES = "fDId"
_MODELLED = "hvVfcastj"
HELP = """\
Usage: nft [ options ] [ cmds... ]

Options (general):
  -h, --help                      Show this help
  -v, --version                   Show version information
  -V                              Show extended version information

Options (ruleset input handling):
  -f, --file <filename>           Read input from <filename>
  -D, --define <name=value>       Define variable, e.g. --define foo=1.2.3.4
  -i, --interactive               Read input from interactive CLI
  -I, --includepath <directory>   Add <directory> to the paths searched for include files. Default is: /etc
  -c, --check                     Check commands validity without actually applying the changes.
  -o, --optimize                  Optimize ruleset

Options (ruleset list formatting):
  -a, --handle                    Output rule handle.
  -s, --stateless                 Omit stateful information of ruleset.
  -t, --terse                     Omit contents of sets.
  -S, --service                   Translate ports to service names as described in /etc/services.
  -N, --reversedns                Translate IP addresses to names.
  -u, --guid                      Print UID/GID as defined in /etc/passwd and /etc/group.
  -n, --numeric                   Print fully numerical output.
  -y, --numeric-priority          Print chain priority numerically.
  -p, --numeric-protocol          Print layer 4 protocols numerically.
  -T, --numeric-time              Print time values numerically.

Options (command output formatting):
  -e, --echo                      Echo what has been added, inserted or replaced.
  -j, --json                      Format output in JSON
  -d, --debug <level [,level...]> Specify debugging level (scanner, parser, eval, netlink, mnl, proto-ctx, segtree, all)

"""
_LIBRARIES = "  cli:\t\teditline\n  json:\t\tyes\n  minigmp:\tno\n  libxtables:\tyes\n"


@dataclass(frozen=True)
class Options:
    """words: the commands, joined by blanks as nft reads them; file: of -f."""

    words: str = ""
    file: str = ""
    check: bool = False
    handles: bool = False
    stateless: bool = False
    terse: bool = False
    json: bool = False


class UsageProblem(Exception):
    """What nft says before it looks at any table, and its exit status."""

    def __init__(self, stdout: str, stderr: str = "", code: int = 0) -> None:
        super().__init__(stderr)
        self.stdout, self.stderr, self.code = stdout, stderr, code


def read_options(words: tuple[str, ...]) -> Options:
    """Raises UsageProblem, Refused."""
    rest, found = list(words), dict[str, str]()
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        for letter in _LONG.get(word, "") if word.startswith("--") else word[1:]:
            value = rest.pop(0) if letter in _TAKES and rest else ""
            found[_known(letter, word)] = value
        if word.startswith("--") and word not in _LONG:
            raise UsageProblem("", f"nft: unrecognized option '{word}'\n", 1)
    for letter, said in (("h", HELP), ("v", f"{VERSION}\n"), ("V", f"{VERSION}\n{_LIBRARIES}")):
        if letter in found:
            raise UsageProblem(said)
    text = " ".join(rest)
    if not text and "f" not in found:
        raise UsageProblem("", "nft: no command specified\n", 1)
    late = next((word for word in rest if word.startswith("-") and word.lstrip("-") and not word[1].isdigit()), "")
    if late and late.split("=")[0] in (*_LONG, *(f"-{letter}" for letter in _LONG.values())):
        raise _late(text, late)
    return Options(text, found.get("f", ""), "c" in found, "a" in found, "s" in found, "t" in found, "j" in found)


def _known(letter: str, word: str) -> str:
    if letter not in (*_LONG.values(), "V"):
        raise UsageProblem("", f"nft: invalid option -- '{letter}'\n", 1)
    if letter not in _MODELLED:
        raise Refused("The lab's nft has no option {option}.", "It has -a, -s, -t, -j, -c and -f.", option=word)
    return letter


def _late(text: str, option: str) -> UsageProblem:
    """An option behind the commands; nft writes the marks under them to its other output."""
    line = f"nft {text} "
    marks = [" "] * len(line.rstrip())
    at = line.index(f" {option}") + 1
    marks[3], marks[at : at + len(option)] = "^", "~" * len(option)
    problem = "Error: syntax error, options must be specified before commands"
    return UsageProblem(f"\n{''.join(marks)}\n", f"{problem}\n{line}", 1)
