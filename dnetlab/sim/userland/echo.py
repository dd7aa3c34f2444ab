"""echo and printf, as shells and coreutils write them."""

from __future__ import annotations

import re
import shlex

from dnetlab.sim.userland.seam import Call, Result, fits

_ESCAPES = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
            "\\": "\\"}  # fmt: skip
_DIRECTIVE = re.compile(r"%([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+)?)?(?:hh|h|ll|l|j|z|t|L)?([a-zA-Z%])|%(\.)", re.S)


class Ended(Exception):
    """`\\c` ends all output; the text is what comes before it."""


def echoed(words: tuple[str, ...], kind: str) -> str:
    """What `echo WORDS` prints in bash, busybox and coreutils ('bash'), or in dash."""
    rest, newline, escapes = list(words), True, kind == "dash"
    while rest and re.fullmatch(r"-n" if kind == "dash" else r"-[neE]+", rest[0]):
        for letter in rest.pop(0)[1:]:
            newline = newline and letter != "n"
            escapes = letter == "e" if letter in "eE" else escapes
        if kind == "dash":
            break
    text = " ".join(rest)
    try:
        text = unescaped(text) if escapes else text
    except Ended as ended:
        return str(ended)
    return text + ("\n" if newline else "")


def unescaped(text: str, octal: str = "0[0-7]{0,3}", more: str = "") -> str:
    """The text with its backslashes read. Raises Ended at `\\c`."""
    stop = re.search(r"(?<!\\)(?:\\\\)*\\c", text) if "c" not in more else None
    if stop is not None:
        raise Ended(unescaped(text[: stop.end() - 2], octal, more))
    pattern = rf"\\({octal}|x[0-9a-fA-F]{{1,2}}|u[0-9a-fA-F]{{1,4}}|.)"
    return re.sub(pattern, lambda found: _escape(found, more), text, flags=re.S)


def _escape(found: re.Match[str], more: str) -> str:
    code = found[1]
    if code[0].isdigit():
        return chr(int(code, 8) % 256) if all(c in "01234567" for c in code) else found[0]
    if code[0] in "xu" and len(code) > 1:
        return chr(int(code[1:], 16))
    return code if code in more else _ESCAPES.get(code, found[0])


def echo(call: Call) -> Result:
    return Result(echoed(call.words, "bash"))


def printf(call: Call) -> Result:
    """`printf FORMAT [ARGUMENT]…`: the format again and again while arguments are left."""
    words = call.words[1:] if call.words[:1] == ("--",) else call.words
    if not words:
        return Result(
            "",
            "printf: missing operand\n" if call.gnu else "printf: usage: printf FORMAT [ARGUMENT]...\n",
            1 if call.gnu else 2,
        )
    return _Printer(words[0], list(words[1:])).all()


class _Printer:
    def __init__(self, form: str, arguments: list[str]) -> None:
        self.form, self.arguments = form, arguments
        self.out, self.errors = "", ""

    def all(self) -> Result:
        try:
            while True:
                before = len(self.arguments)
                self.once()
                if not self.arguments or len(self.arguments) == before or len(self.out) > 1 << 20:
                    break
        except Ended as ended:
            self.out += str(ended)
        return Result(self.out, self.errors, int(bool(self.errors)))

    def next(self) -> str:
        return self.arguments.pop(0) if self.arguments else ""

    def once(self) -> None:
        at = 0
        for found in _DIRECTIVE.finditer(self.form):
            self.out += unescaped(self.form[at : found.start()], "[0-7]{1,3}", '"')
            self.out += self.directive(found)
            at = found.end()
        self.out += unescaped(self.form[at:], "[0-7]{1,3}", '"')

    def directive(self, found: re.Match[str]) -> str:
        flags, width, precision, letter = found[1] or "", found[2], found[3], found[4]
        if letter == "%":
            return "%"
        if width == "*":
            width = self.next() or "0"
            flags, width = (flags + "-", width[1:]) if width.startswith("-") else (flags, width)
        if precision == "*":
            precision = self.next() or "0"
        has_dot = "." in found[0]
        wide, precise = int(width or 0), int(precision or 0)
        fits(len(self.out) + max(wide, precise))
        size = f"{wide or ''}" + (f".{precise}" if has_dot else "")
        return self.value(flags, size, letter or "")

    def value(self, flags: str, size: str, letter: str) -> str:
        if letter in ("s", "b", "q", "c"):
            text = self.next()
            text = shlex.quote(text) if letter == "q" else text[:1] if letter == "c" else text
            if letter == "b":
                try:
                    text = unescaped(text)
                except Ended as ended:
                    raise Ended(f"%{flags}{size}s" % str(ended)) from None
            return f"%{flags.replace('0', '')}{size}s" % text
        if letter in "diu":
            return f"%{flags}{size}d" % self.number(letter)
        if letter in "oxX":
            return f"%{flags}{size}{letter}" % (self.number(letter) % (1 << 64))
        if letter and letter in "eEfFgG":
            return f"%{flags}{size}{letter}" % self.real()
        self.errors += f"%{letter}: invalid directive\n"
        raise Ended("")

    def number(self, letter: str) -> int:
        text = self.next()
        if text[:1] in ("'", '"'):
            return ord(text[1:2] or "\0")
        match = re.match(r"\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)?", text)
        digits = match[2] if match and match[2] else ""
        if text and (not digits or match is None or match.end() != len(text)):
            self.errors += f"printf: {text}: {'not completely converted' if digits else 'expected numeric value'}\n"
        value = int(digits or "0", 16 if digits[:2].lower() == "0x" else 8 if digits[:1] == "0" else 10)
        value = -value if match and match[1] == "-" else value
        return value % (1 << 64) if letter == "u" else value

    def real(self) -> float:
        text = self.next()
        try:
            return float(text or "0")
        except ValueError:
            self.errors += f"printf: {text}: expected numeric value\n"
            return 0.0
