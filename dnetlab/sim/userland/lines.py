"""Tools that read lines and write lines: cut tr tee tac rev paste nl fold column seq yes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from dnetlab.sim.userland.echo import unescaped
from dnetlab.sim.userland.options import BadOption, complaint, inputs, lines_of, parse, reason, unterminated
from dnetlab.sim.userland.seam import MOST_OUTPUT, Call, Refused, Result, failure

MOST_NUMBERS = 200_000  # seq says more than a line may with these


def _texts(call: Call, names: Sequence[str]) -> tuple[list[str], Result]:
    """All lines of all inputs; and what to answer about those that can't be read."""
    found, said = inputs(call, names)
    return [line for _, text in found for line in lines_of(text)], Result("", said, int(bool(said)))


def _said(lines: Sequence[str], problem: Result) -> Result:
    return Result("".join(f"{line}\n" for line in lines), problem.stderr, problem.exit_code)


# -- cut ----------------------------------------------------------------------------------------------------------


def cut(call: Call) -> Result:
    """`cut -d C -f LIST`, `-c LIST`, `-b LIST`; -s, --output-delimiter, --complement."""
    try:
        options, names = parse(
            call.words,
            "b:c:d:f:ns",
            ["fields=", "delimiter=", "characters=", "bytes=", "only-delimited", "output-delimiter=", "complement"],
        )
    except BadOption as error:
        return complaint(call, str(error))
    given = {
        {"--fields": "-f", "--delimiter": "-d", "--characters": "-c", "--bytes": "-b", "--only-delimited": "-s"}.get(
            n, n
        ): v
        for n, v in options
    }
    mode = next((n for n in ("-f", "-c", "-b") if n in given), None)
    if mode is None:
        return (
            complaint(call, "you must specify a list of bytes, characters, or fields")
            if call.gnu
            else complaint(call, "expected a list of bytes, characters, or fields")
        )
    ranges = _ranges(given[mode])
    if ranges is None:
        return complaint(
            call,
            f"invalid field value ‘{given[mode]}’"
            if mode == "-f"
            else f"invalid byte/character position ‘{given[mode]}’",
        )
    delimiter = given.get("-d", "\t")
    if len(delimiter) != 1:
        return complaint(call, "the delimiter must be a single character")
    keep = _keeper(ranges, "--complement" in given)
    between = given.get("--output-delimiter", delimiter if mode == "-f" else "")
    lines, problem = _texts(call, names)
    out = []
    for line in lines:
        if mode != "-f":
            out.append(
                between.join(_runs(line, keep)) if between else "".join(c for n, c in enumerate(line, 1) if keep(n))
            )
        elif delimiter in line:
            out.append(between.join(f for n, f in enumerate(line.split(delimiter), 1) if keep(n)))
        elif "-s" not in given:
            out.append(line)
    return _said(out, problem)


def _ranges(text: str) -> list[tuple[int, int]] | None:
    found = []
    for piece in re.split(r"[, ]", text):
        match = re.fullmatch(r"(\d{0,9})(-?)(\d{0,9})", piece)
        if not match or not (match[1] or match[3]) or "0" in (match[1], match[3]):
            return None
        first = int(match[1] or 1)
        last = int(match[3]) if match[3] else 1 << 40 if match[2] else first
        if last < first:
            return None
        found.append((first, last))
    return found


class _keeper:  # noqa: N801 - used as the function that it makes
    def __init__(self, ranges: list[tuple[int, int]], complement: bool) -> None:
        self.ranges, self.complement = ranges, complement

    def __call__(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.ranges) != self.complement


def _runs(line: str, keep: _keeper) -> list[str]:
    runs: list[str] = []
    current = ""
    for number, character in enumerate(line, 1):
        if keep(number):
            current += character
        elif current:
            runs, current = [*runs, current], ""
    return [*runs, current] if current else runs


# -- tr -----------------------------------------------------------------------------------------------------------

_CLASSES = {
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "digit": "0123456789",
    "space": "\t\n\v\f\r ",
    "blank": "\t ",
    "punct": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
}
_CLASSES["alpha"] = _CLASSES["upper"] + _CLASSES["lower"]
_CLASSES["alnum"] = _CLASSES["digit"] + _CLASSES["alpha"]
_CLASSES["xdigit"] = "0123456789ABCDEFabcdef"
_CLASSES["graph"] = "".join(map(chr, range(33, 127)))
_CLASSES["print"] = " " + _CLASSES["graph"]
_CLASSES["cntrl"] = "".join(map(chr, range(32))) + "\x7f"


def tr(call: Call) -> Result:
    """`tr [-c] SET1 SET2`, `tr -d SET1`, `tr -s SET1 [SET2]`."""
    try:
        options, sets = parse(
            call.words, "cCdst", ["complement", "delete", "squeeze-repeats", "truncate-set1"], permute=False
        )
    except BadOption as error:
        return complaint(call, str(error))
    flags = {name.lstrip("-")[0].lower() for name, _ in options}
    if not sets:
        return complaint(call, "missing operand")
    if len(sets) == 1 and not flags & {"d", "s"}:
        return complaint(call, f"missing operand after ‘{sets[0]}’\nTwo strings must be given when translating.")
    if len(sets) > (2 if "d" not in flags or "s" in flags else 1):
        return complaint(call, f"extra operand ‘{sets[-1]}’")
    first, second = _set(sets[0]), _set(sets[1], len(_set(sets[0]))) if len(sets) > 1 else ""
    return Result(_translated(call.stdin or "", flags, first, second))


def _translated(text: str, flags: set[str], first: str, second: str) -> str:
    if "c" in flags:
        outside = sorted(set(text) - set(first))
        first_set, table = set(outside), {ord(c): second[-1:] for c in outside}
    else:
        first_set = set(first)
        padded = second + second[-1:] * max(0, len(first) - len(second))
        table = {}
        for one, two in zip(first, padded, strict=False):
            table[ord(one)] = two
    if "d" in flags:
        text = "".join(c for c in text if c not in first_set)
        return _squeezed(text, set(second)) if "s" in flags else text
    if second:
        text = text.translate(table)
        return _squeezed(text, set(second)) if "s" in flags else text
    return _squeezed(text, first_set)


def _squeezed(text: str, of: set[str]) -> str:
    out: list[str] = []
    for character in text:
        if not (out and out[-1] == character and character in of):
            out.append(character)
    return "".join(out)


def _set(text: str, length: int = 0) -> str:
    """The characters of a set: ranges, classes, escapes, and `[c*]` that fills up."""
    out = ""
    at = 0
    while at < len(text):
        named = re.compile(r"\[:(\w+):\]").match(text, at)
        if named and named[1] in _CLASSES:
            out += _CLASSES[named[1]]
            at = named.end()
            continue
        filler = re.compile(r"\[(\\?.)\*(\d*)\]", re.S).match(text, at)
        if filler:
            count = int(filler[2] or "0", 8 if filler[2][:1] == "0" else 10) or max(0, length - len(out))
            out += _one(filler[1])[0] * min(count, 1000)
            at = filler.end()
            continue
        character, size = _one(text[at:])
        at += size
        if text[at : at + 1] == "-" and at + 1 < len(text):
            last, size = _one(text[at + 1 :])
            out += "".join(map(chr, range(ord(character), ord(last) + 1)))
            at += 1 + size
        else:
            out += character
    return out


def _one(text: str) -> tuple[str, int]:
    """The first character, with its escape read, and how long it was written."""
    found = re.match(r"\\([0-7]{1,3}|.)", text, re.S)
    if not found:
        return text[0], 1
    return (
        unescaped(found[0], "[0-7]{1,3}", "c") if found[1] in "abfnrtv\\" or found[1].isdigit() else found[1]
    ), found.end()


# -- others -------------------------------------------------------------------------------------------------------


def tee(call: Call) -> Result:
    """`tee [-a] FILE…`."""
    try:
        options, names = parse(call.words, "aip", ["append"])
    except BadOption as error:
        return complaint(call, str(error))
    text, said = call.stdin or "", ""
    for name in names:
        if name == "-":
            continue
        try:
            if call.path(name) not in ("/dev/null", "/dev/stdout", "/dev/stderr"):
                call.files.write(call.path(name), text, any(o in ("-a", "--append") for o, _ in options))
        except OSError as error:
            said += f"tee: {name}: {reason(error)}\n"
    return Result(text, said, int(bool(said)))


def tac(call: Call) -> Result:
    """`tac [FILE]…`: each file's lines backwards."""
    found, said = inputs(call, [w for w in call.words if w == "-" or not w.startswith("-")])
    out = ""
    for _, text in found:
        out += "".join(reversed(re.findall(r"[^\n]*\n|[^\n]+$", text)))
    return Result(out, said, int(bool(said)))


def rev(call: Call) -> Result:
    found, said = inputs(call, call.words)
    out = "".join(
        "".join(line[::-1] + "\n" for line in lines_of(text))[: -1 if unterminated(text) else None] for _, text in found
    )
    return Result(out, said, int(bool(said)))


def paste(call: Call) -> Result:
    """`paste [-s] [-d LIST] FILE…`; `-` takes a line of the input each time."""
    try:
        options, names = parse(call.words, "sd:z", ["serial", "delimiters="])
    except BadOption as error:
        return complaint(call, str(error))
    given = {name.lstrip("-")[0]: value for name, value in options}
    marks = _marks(given.get("d", "\t"))
    names = names or ["-"]
    columns, said = [], ""
    standard = lines_of(call.stdin or "") if "-" in names else []
    dashes = names.count("-")
    number = 0
    for name in names:
        if name == "-":
            columns.append(standard[number::dashes] if "s" not in given else standard if number == 0 else [])
            number += 1
            continue
        try:
            columns.append(lines_of(call.read(name)))
        except OSError as error:
            return failure(f"paste: {name}: {reason(error)}")
    if "s" in given:
        return Result("".join(_with_marks(column, marks) + "\n" for column in columns if column or call.gnu), said)
    rows = max((len(column) for column in columns), default=0)
    out = [_with_marks([c[n] if n < len(c) else "" for c in columns], marks) for n in range(rows)]
    ragged = not call.gnu and columns and len(columns[-1]) < rows  # busybox ends no row whose last file has ended
    return Result("".join(f"{row}\n" for row in out)[: -1 if ragged else None], said)


def _marks(text: str) -> list[str]:
    return [
        {"\\n": "\n", "\\t": "\t", "\\0": "", "\\\\": "\\"}.get(m, m) for m in re.findall(r"\\.|.", text, re.S)
    ] or [""]


def _with_marks(pieces: Sequence[str], marks: list[str]) -> str:
    out = pieces[0] if pieces else ""
    for number, piece in enumerate(pieces[1:]):
        out += marks[number % len(marks)] + piece
    return out


def nl(call: Call) -> Result:
    """`nl [-ba] [-w N] [-s TEXT]`: numbers for lines that aren't empty (-ba: for all)."""
    try:
        options, names = parse(call.words, "b:w:s:v:i:n:h:f:d:l:p")
    except BadOption as error:
        return complaint(call, str(error))
    given = dict(options)
    if given.keys() & {"-n", "-h", "-f", "-d", "-l", "-p"} or given.get("-b", "t") not in ("a", "t", "n"):
        raise Refused("This option of nl is not part of the lab.", "It has -b, -w, -s, -v and -i.")
    width, number, out = int(given.get("-w", "6")), int(given.get("-v", "1")), []
    lines, problem = _texts(call, names)
    for line in lines:
        if given.get("-b", "t") == "a" or (line and given.get("-b") != "n"):
            out.append(f"{number:{min(width, 100)}d}{given.get('-s', chr(9))}{line}")
            number += int(given.get("-i", "1"))
        else:
            out.append(" " * (width + len(given.get("-s", "\t"))) + line)
    return _said(out, problem)


def fold(call: Call) -> Result:
    """`fold [-s] [-w N]`."""
    words = [f"-w{w[1:]}" if re.fullmatch(r"-\d+", w) else w for w in call.words]
    try:
        options, names = parse(words, "bsw:", ["width=", "spaces", "bytes"])
    except BadOption as error:
        return complaint(call, str(error))
    given = {name.lstrip("-")[0]: value for name, value in options}
    width = int(given.get("w", "80")) if given.get("w", "80").isdigit() else 0
    if not width:
        return failure(
            f"fold: invalid number of columns: ‘{given.get('w')}’"
            if call.gnu
            else f"fold: invalid number '{given.get('w')}'"
        )
    found, said = inputs(call, names)
    out = "".join("\n".join(_folded(line, width, "s" in given) for line in text.split("\n")) for _, text in found)
    return Result(out, said, int(bool(said)))


def _folded(line: str, width: int, at_blanks: bool) -> str:
    pieces = []
    while _columns(line) > width:
        end = next(n for n in range(len(line), -1, -1) if _columns(line[:n]) <= width) or 1
        blank = line.rfind(" ", 0, end) + 1 if at_blanks else 0
        pieces.append(line[: blank or end])
        line = line[blank or end :]
    return "\n".join([*pieces, line])


def _columns(text: str) -> int:
    return len(text.expandtabs(8))


def column(call: Call) -> Result:
    """`column -t [-s MARKS] [-o TEXT]`: the fields of all lines, one below the other."""
    try:
        options, names = parse(call.words, "ts:o:nc:xeN:R:H:", ["table", "separator=", "output-separator="])
    except BadOption as error:
        return complaint(call, str(error))
    given = {{"--table": "-t", "--separator": "-s", "--output-separator": "-o"}.get(n, n): v for n, v in options}
    lines, problem = _texts(call, names)
    if "-t" not in given or given.keys() & {"-n", "-x", "-e", "-N", "-R", "-H"}:
        raise Refused("column fills a terminal's width, and the lab has none.", "column -t makes a table.")
    rows = [_cells(line, given.get("-s")) for line in lines if line.strip()]
    widths = [max(len(row[n]) for row in rows if n < len(row)) for n in range(max(map(len, rows), default=0))]
    between = given.get("-o", "  ")
    out = [
        between.join(cell.ljust(widths[n]) if n < len(widths) - 1 else cell for n, cell in enumerate(row))
        for row in rows
    ]
    return _said(out, problem)


def _cells(line: str, marks: str | None) -> list[str]:
    return line.split() if marks is None else re.split(f"[{re.escape(marks)}]", line)


def seq(call: Call) -> Result:
    """`seq [-w] [-s TEXT] [-f FORMAT] [FIRST [STEP]] LAST`."""
    words, width, separator, form = list(call.words), False, "\n", None
    while words and re.match(r"-[wsf]", words[0]):
        word = words.pop(0)
        if word[1] == "w":
            width = True
        elif word[1] == "s":
            separator = unescaped(word[2:] or (words.pop(0) if words else ""))
        else:
            form = word[2:] or (words.pop(0) if words else "")
    if not words or len(words) > 3:
        return complaint(call, "missing operand" if not words else f"extra operand ‘{words[3]}’")
    for word in words:
        if not re.fullmatch(r"[-+]?\d*\.?\d+(e\d+)?", word):
            return (
                complaint(call, f"invalid floating point argument: ‘{word}’")
                if call.gnu
                else failure(f"seq: invalid number '{word}'")
            )
    first, step, last = (
        ("1", "1", words[0]) if len(words) == 1 else (words[0], "1", words[1]) if len(words) == 2 else words
    )
    if float(last) in (math.inf, -math.inf):
        raise Refused("seq counts to infinity here.", "Give a number below 1e308.")
    return _sequence(first, step, last, width, separator, form)


def _sequence(first: str, step: str, last: str, width: bool, separator: str, form: str | None) -> Result:
    places = max(len(w.partition(".")[2]) for w in (first, step))
    scale = 10**places
    start, by, end = round(float(first) * scale), round(float(step) * scale), float(last) * scale
    if by == 0:
        raise Refused("seq with a step of 0 never ends.", "Give another step.")
    numbers: list[str] = []
    value = start
    while (value <= end + 1e-9 if by > 0 else value >= end - 1e-9) and len(numbers) <= MOST_NUMBERS:
        numbers.append(f"{value / scale:.{places}f}" if places else str(value))
        value += by
    goes_on = len(numbers) > MOST_NUMBERS
    if form:
        numbers = (
            [form % float(n) for n in numbers]
            if re.fullmatch(r"[^%]*%[-0+ ]*\d{0,3}(\.\d{1,2})?[gfe][^%]*", form)
            else numbers
        )
    if width:
        size = max(map(len, [*numbers, first] if numbers else [""]))
        numbers = [n.zfill(size) for n in numbers]
    return Result(separator.join(numbers) + "\n" if numbers else "", goes_on=goes_on)


def yes(call: Call) -> Result:
    """`yes [TEXT]`: more of it than a line may say."""
    line = (" ".join(call.words) or "y") + "\n"
    return Result(line * (MOST_OUTPUT // len(line) + 1), goes_on=True)
