"""The words of a tcpdump line (tcpdump 4.99.3): which interface, which frames, how they are told."""

from __future__ import annotations

from dataclasses import dataclass

QUIET = (
    "dnetlab: nothing can come while this line waits, so it was ended as by Ctrl-C. Put & behind it: a capture runs "
    "beside the following lines of its cell.\n"
)
VERSION = """\
tcpdump version 4.99.3
libpcap version 1.10.3 (with TPACKET_V3)
OpenSSL 3.0.15 3 Sep 2024
"""
USAGE = """\
Usage: tcpdump [-AbdDefhHIJKlLnNOpqStuUvxX#] [ -B size ] [ -c count ] [--count]
\t\t[ -C file_size ] [ -E algo:secret ] [ -F file ] [ -G seconds ]
\t\t[ -i interface ] [ --immediate-mode ] [ -j tstamptype ]
\t\t[ -M secret ] [ --number ] [ --print ] [ -Q in|out|inout ]
\t\t[ -r file ] [ -s snaplen ] [ -T type ] [ --version ]
\t\t[ -V file ] [ -w file ] [ -W filecount ] [ -y datalinktype ]
\t\t[ --time-stamp-precision precision ] [ --micro ] [ --nano ]
\t\t[ -z postrotate-command ] [ -Z user ] [ expression ]
"""
_FLAGS = "AbdDefhHIJKlLnNOpqStuUvxX#"
_VALUED = "BcCEFGijMQrsTVwWyzZ"
_LONG = {
    "interface": "i", "snapshot-length": "s", "direction": "Q", "buffer-size": "B", "list-interfaces": "D",
    "number": "#", "absolute-tcp-sequence-numbers": "S", "no-promiscuous-mode": "p", "packet-buffered": "U",
    "relinquish-privileges": "Z", "linktype": "y", "list-data-link-types": "L", "dont-verify-checksums": "K",
    "no-optimize": "O", "help": "h", "version": "version", "count": "count", "print": "print",
    "immediate-mode": "immediate-mode", "micro": "micro", "nano": "nano",
}  # fmt: skip


class BadLine(ValueError):
    """The line can't be read; the text is what tcpdump says, usage and all."""


@dataclass(frozen=True)
class Wish:
    """What a line asks for. counts: how often each letter stands there; values: what stands behind a letter.

    words  the filter, as it is told to the compiler
    """

    counts: dict[str, int]
    values: dict[str, str]
    words: tuple[str, ...]

    @property
    def filter(self) -> str:
        return " ".join(self.words)

    def has(self, letter: str) -> bool:
        return self.counts.get(letter, 0) > 0

    @property
    def count(self) -> int | None:
        """How many frames end it, None for no end."""
        return int(self.values["c"]) if "c" in self.values else None


def read_tcpdump(argv: tuple[str, ...]) -> Wish:
    """Options may stand behind the filter too (getopt_long). Raises BadLine."""
    counts: dict[str, int] = {}
    values: dict[str, str] = {}
    words: list[str] = []
    left = list(argv[1:])
    while left:
        word = left.pop(0)
        if word == "--":
            words += left
            break
        if not word.startswith("-") or word == "-":
            words.append(word)
        elif word.startswith("--"):
            _long(word, left, counts, values)
        else:
            _letters(word, left, counts, values)
    _check(values)
    return Wish(counts, values, tuple(words))


def _long(word: str, left: list[str], counts: dict[str, int], values: dict[str, str]) -> None:
    name, equals, value = word[2:].partition("=")
    letter = _LONG.get(name)
    if letter is None:
        raise BadLine(f"tcpdump: unrecognized option '{word}'\n{VERSION}{USAGE}")
    if letter in _VALUED and len(letter) == 1:
        if not equals and not left:
            raise BadLine(f"tcpdump: option '{word}' requires an argument\n{VERSION}{USAGE}")
        values[letter] = value if equals else left.pop(0)
    counts[letter] = counts.get(letter, 0) + 1


def _letters(word: str, left: list[str], counts: dict[str, int], values: dict[str, str]) -> None:
    for at, letter in enumerate(word[1:], 1):
        if letter in _VALUED:
            value = word[at + 1 :]
            if not value and not left:
                raise BadLine(f"tcpdump: option requires an argument -- '{letter}'\n{VERSION}{USAGE}")
            values[letter] = value or left.pop(0)
            counts[letter] = counts.get(letter, 0) + 1
            return
        if letter not in _FLAGS:
            raise BadLine(f"tcpdump: invalid option -- '{letter}'\n{VERSION}{USAGE}")
        counts[letter] = counts.get(letter, 0) + 1


def _check(values: dict[str, str]) -> None:
    count, snaplen = values.get("c", "1"), values.get("s", "0")
    if not count.isdecimal() or not 0 < int(count) < 2**31:
        raise BadLine(f"tcpdump: invalid packet count {count}\n")
    if not snaplen.isdecimal() or int(snaplen) > 262144:
        raise BadLine(f"tcpdump: invalid snaplen {snaplen} (must be >= 0 and <= 262144)\n")
    if values.get("Q", "inout") not in ("in", "out", "inout"):
        raise BadLine(f"tcpdump: unknown capture direction `{values['Q']}'\n")
