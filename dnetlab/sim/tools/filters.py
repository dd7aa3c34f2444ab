"""grep, head, tail, wc, sort and uniq: what stands behind a `|` in the notes; given names, they read the lab's files.

GNU grep 3.8 and coreutils 9.1 at a host, busybox 1.35 in a container. Lines are never coloured.
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase as fnmatch
from typing import Any

from dnetlab.model.changed import replace
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.tools import tree
from dnetlab.sim.tools.options import BadOption, busybox_usage, fail, is_busybox, parse
from dnetlab.sim.userland.regex import BadPattern, Pattern, compile_pattern


@dataclass(frozen=True)
class Source:
    """One input: its name as typed, and its text or why it can't be read. found: under a directory (grep -r)."""

    name: str
    text: str = ""
    error: str = ""
    found: bool = False


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """One filter; argv[0] says which."""
    tool = argv[0].rsplit("/", 1)[-1]
    tools: dict[str, Callable[[Context, tuple[str, ...]], Result]] = {
        "grep": _grep, "egrep": _old_grep, "fgrep": _old_grep, "head": _head,
        "tail": _tail, "wc": _wc, "sort": _sort, "uniq": _uniq,
    }  # fmt: skip
    return tools[tool](context, argv)


def sources(context: Context, names: Sequence[str]) -> list[Source]:
    """The inputs in order; no name, or '-', is what the pipe brought."""
    found = []
    files = LabFiles(context)
    for name in names or ["-"]:
        if name == "-" and context.input is not None:
            context.input.rest()
        try:
            found.append(Source(name, context.stdin or "" if name == "-" else files.read(tree.absolute(context, name))))
        except FileNotFoundError:
            found.append(Source(name, error="No such file or directory"))
        except IsADirectoryError:
            found.append(Source(name, error="Is a directory"))
        except PermissionError:
            found.append(Source(name, error="Permission denied"))
    return found


def _complain(context: Context, tool: str, error: BadOption, code: int = 1) -> Result:
    if is_busybox(context):
        answer = busybox_usage(tool, str(error))
        return Result("", answer.stderr, 2 if tool in ("grep", "sort") else 1)
    usage = "Usage: grep [OPTION]... PATTERNS [FILE]...\n" if tool == "grep" else ""
    return Result("", f"{tool}: {error}\n{usage}Try '{tool} --help' for more information.\n", code)


def lines_of(text: str) -> list[str]:
    """Lines without their ends; a last line without newline counts."""
    return text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []


# -- grep -------------------------------------------------------------------------------------------------------------

_DEEPEST = 40  # of directories; a link that leads back ends there (the kernel follows as many, MAXSYMLINKS)
_GREP_LONG = ["color", "colour", "ignore-case", "invert-match", "count", "line-number", "only-matching", "word-regexp",
              "quiet", "silent", "extended-regexp", "fixed-strings", "files-with-matches", "no-messages", "line-regexp",
              "regexp=", "after-context=", "before-context=", "context=", "max-count=", "no-filename",
              "with-filename", "recursive", "dereference-recursive", "include=", "exclude=",
              "exclude-dir="]  # fmt: skip
_GREP_SHORT_OF = {"ignore-case": "i", "invert-match": "v", "count": "c", "line-number": "n", "only-matching": "o",
                  "word-regexp": "w", "quiet": "q", "silent": "q", "extended-regexp": "E", "fixed-strings": "F",
                  "files-with-matches": "l", "no-messages": "s", "line-regexp": "x", "regexp": "e",
                  "after-context": "A",
                  "before-context": "B", "context": "C", "max-count": "m", "no-filename": "h",
                  "with-filename": "H", "recursive": "r", "dereference-recursive": "R"}  # fmt: skip


def _old_grep(context: Context, argv: tuple[str, ...]) -> Result:
    """egrep is grep -E, fgrep grep -F; GNU's says so (grep 3.8)."""
    name = argv[0].rsplit("/", 1)[-1]
    done = _grep(context, ("grep", f"-{name[0].upper()}", *argv[1:]))
    warning = f"{name}: warning: {name} is obsolescent; using grep -{name[0].upper()}\n"
    return done if is_busybox(context) else Result(done.stdout, warning + done.stderr, done.exit_code)


def _grep(context: Context, argv: tuple[str, ...]) -> Result:
    busybox = is_busybox(context)
    words = [w for w in argv[1:] if not re.fullmatch(r"--colou?r(=\w+)?", w)]
    words = words if busybox else [f"-C{w[1:]}" if re.fullmatch(r"-\d+", w) else w for w in words]
    short = "HhnlLoqvsrRiwFEzxm:A:B:C:e:f:" if busybox else "HhnlLoqvsrRiywFEPGaxbzZUTcm:A:B:C:e:f:d:D:"
    if busybox:
        short += "c"
    try:
        options, rest = parse(words, short, _GREP_LONG if not busybox else [])
    except BadOption as error:
        return _complain(context, "grep", error, 2)
    given = [(_GREP_SHORT_OF.get(name.lstrip("-"), name.lstrip("-")), value) for name, value in options]
    flags = {name for name, _ in given}
    if flags & set("zZfbUTdD"):
        bad = sorted(flags & set("zZfbUTdD"))[0]
        raise Refused(
            "grep -{bad} is not part of the lab.",
            "The lab has -i -v -c -n -o -E -F -P -w -x -q -l -A -B -C -m -e -r -R.",
            bad=bad,
        )
    patterns = [value for name, value in given if name == "e"]
    if not patterns:
        if not rest:
            if busybox:
                return Result("", busybox_usage("grep").stderr, 2)
            usage = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n"
            return Result("", usage, 2)
        patterns = [rest.pop(0)]
    if (wrong := _perl_problem(flags, patterns)) is not None:
        return wrong
    try:
        regex = compile_pattern("\n".join(patterns), extended="E" in flags, fixed="F" in flags, word="w" in flags,
                                perl="P" in flags, whole="x" in flags,
                                ignore_case=bool(flags & {"i", "y"}))  # fmt: skip
    except BadPattern as error:
        if "P" in flags:
            raise Refused("The lab can't read the Perl pattern {pattern}.", "grep -E reads one of POSIX.",
                          pattern=patterns[0]) from None  # fmt: skip
        shown = f"bad regex '{patterns[0]}'" if busybox else str(error)
        return fail(f"grep: {shown}", 2)
    try:
        around = _around(given, busybox)
    except ValueError as error:
        return fail(f"grep: {error}", 2)
    inputs = _below(context, rest, given, busybox) if flags & {"r", "R"} else sources(context, rest)
    result = _grep_sources(inputs, regex, flags, around, busybox, len(rest) > 1)
    if "E" in flags and not busybox and patterns[0][:1] in ("*", "+", "?"):
        warning = f"grep: warning: {patterns[0][0]} at start of expression\n"
        return Result(result.stdout, warning + result.stderr, result.exit_code)
    return result


def _perl_problem(flags: set[str], patterns: list[str]) -> Result | None:
    """What GNU grep 3.8 says against -P beside -E or -F, and against two patterns with it."""
    if "P" not in flags:
        return None
    if flags & {"E", "F", "G"}:
        return fail("grep: conflicting matchers specified", 2)
    if len("\n".join(patterns).split("\n")) > 1:
        return fail("grep: the -P option only supports a single pattern", 2)
    return None


def _around(given: list[tuple[str, str]], busybox: bool) -> tuple[int, int, int | None]:
    """Lines before, lines after, and the most matches (None: all)."""
    before = after = 0
    most: int | None = None
    for name, value in given:
        if name not in ("A", "B", "C", "m"):
            continue
        if not value.isdecimal() or len(value) > 9:
            what = "invalid max count" if name == "m" else f"{value}: invalid context length argument"
            raise ValueError(f"invalid number '{value}'" if busybox else what)
        number = int(value)
        after = number if name in ("A", "C") else after
        before = number if name in ("B", "C") else before
        most = number if name == "m" else most
    return before, after, most


def _below(context: Context, names: list[str], given: list[tuple[str, str]], busybox: bool) -> list[Source]:
    """The files that are named, and those below a directory. GNU's -r passes by what is only linked to there, busybox's
    by directories; -R follows all. Without a name GNU looks below this directory, and leaves its `./` out."""
    files, flags = LabFiles(context), {name for name, _ in given}
    kept = {word: [value for name, value in given if name == word] for word in ("include", "exclude", "exclude-dir")}

    def takes(name: str) -> bool:
        if any(fnmatch(name, pattern) for pattern in kept["exclude"]):
            return False
        return not kept["include"] or any(fnmatch(name, pattern) for pattern in kept["include"])

    def walk(path: str, top: bool, depth: int) -> Iterator[Source]:
        full = tree.absolute(context, path)
        is_link, kind = files.target(full) is not None and not top and "R" not in flags, files.kind(full)
        base = posixpath.basename(path)
        if kind == "directory":
            if is_link or depth > _DEEPEST or not top and any(fnmatch(base, p) for p in kept["exclude-dir"]):
                return
            for name in files.names(full):
                yield from walk(posixpath.join(path, name), False, depth + 1)
        elif takes(base) and (top or kind == "file" and (busybox or not is_link)):
            yield from (replace(source, found=not top) for source in sources(context, [path]))

    if not names and busybox:
        return sources(context, names)
    found = [source for name in names or ["."] for source in walk(name, True, 0)]
    return found if names else [replace(source, name=source.name.removeprefix("./")) for source in found]


def _grep_sources(inputs: list[Source], regex: Pattern, flags: set[str], around: tuple[int, int, int | None],
                  busybox: bool, several: bool) -> Result:  # fmt: skip
    out = stderr = ""
    matched = False
    for source in inputs:
        if source.error:
            if "s" not in flags and not (busybox and source.error == "Is a directory"):
                stderr += f"grep: {source.name}: {source.error}\n"
            continue
        named = ("H" in flags or several or source.found) and "h" not in flags
        label = "(standard input)" if source.name == "-" else source.name
        text, count = _grep_text(lines_of(source.text), regex, flags, around, f"{label}" if named else None, busybox)
        matched = matched or count > 0
        if "q" in flags:
            continue
        if "l" in flags or "L" in flags:
            out += f"{label}\n" if (count > 0) == ("l" in flags) else ""
        elif "c" in flags:
            out += f"{label}:{count}\n" if named else f"{count}\n"
        else:
            out += text
    failed = any(s.error for s in inputs) and not (
        busybox and all(s.error == "Is a directory" for s in inputs if s.error)
    )
    code = 0 if matched else 1
    if "L" in flags and busybox:
        code = 0 if out else 1
    if failed and not ("q" in flags and matched):
        code = 2
    return Result(out, stderr, code)


def _grep_text(lines: list[str], regex: Pattern, flags: set[str], around: tuple[int, int, int | None],
               label: str | None, busybox: bool) -> tuple[str, int]:  # fmt: skip
    """The lines to show, with their neighbours, and how many matched."""
    before, after, most = around
    hits = [n for n, line in enumerate(lines) if bool(regex.search(line)) != ("v" in flags)]
    hits = hits[:most] if most is not None else hits
    if flags & set("qclL"):
        return "", len(hits)
    hit = set(hits)
    shown: set[int] = set()
    for n in hits:
        shown |= set(range(max(0, n - before), min(len(lines), n + after + 1)))
    out: list[str] = []
    previous = -1
    for n in sorted(shown):
        apart = before or after or ("A" in flags or "B" in flags or "C" in flags) and not busybox
        if apart and previous >= 0 and n > previous + 1:
            out.append("--")
        previous = n
        mark = ":" if n in hit else "-"
        head = (f"{label}{mark}" if label is not None else "") + (f"{n + 1}{mark}" if "n" in flags else "")
        if "o" in flags:
            if n in hit and "v" not in flags:
                out += [head + m[0] for m in regex.finditer(lines[n]) if m[0]]
        else:
            out.append(head + lines[n])
    return "".join(f"{line}\n" for line in out), len(hits)


# -- head and tail ----------------------------------------------------------------------------------------------------


def _head(context: Context, argv: tuple[str, ...]) -> Result:
    words = list(argv[1:])
    if words and re.fullmatch(r"-\d+", words[0]):
        words[0] = f"-n{words[0][1:]}"
    return _ends(context, "head", words)


def _tail(context: Context, argv: tuple[str, ...]) -> Result:
    words = list(argv[1:])
    if words and re.fullmatch(r"[-+]\d+", words[0]):
        words[0] = "-n" + words[0].removeprefix("-")
    return _ends(context, "tail", words)


def _ends(context: Context, tool: str, words: list[str]) -> Result:
    try:
        options, names = parse(
            words,
            "n:c:qv" + ("fFs:" if tool == "tail" else ""),
            [] if is_busybox(context) else ["lines=", "bytes=", "quiet", "verbose"],
        )
    except BadOption as error:
        return _complain(context, tool, error)
    unit, amount = "lines", "10"
    flags = set()
    for name, value in options:
        if name in ("-n", "--lines", "-c", "--bytes"):
            unit, amount = ("lines" if name in ("-n", "--lines") else "bytes"), value
        elif name in ("-f", "-F"):
            raise Refused("tail -f never ends.", "Run the command again to see what came since.")
        else:
            flags.add(name.lstrip("-")[0])
    sign = amount[:1] if amount[:1] in "+-" else ""
    digits = amount.removeprefix(sign) if sign else amount
    if not re.fullmatch(r"[0-9]{1,18}", digits) or (tool == "head" and sign == "+" and is_busybox(context)):
        if is_busybox(context):
            return fail(f"{tool}: invalid number '{amount}'", 1)
        return fail(f"{tool}: invalid number of {unit}: ‘{digits if sign else amount}’", 1)
    out = stderr = ""
    inputs = sources(context, names)
    opened = [s for s in inputs if not s.error] if tool == "tail" and is_busybox(context) else inputs
    heads = ("v" in flags or len(opened) > 1) and "q" not in flags
    for source in inputs:
        if source.error:
            stderr += _ends_error(context, tool, source)
            if source.error == "Is a directory" and heads:
                out += ("\n" if out else "") + f"==> {source.name} <==\n"
            continue
        if heads:
            label = "standard input" if source.name == "-" else source.name
            out += ("\n" if out else "") + f"==> {label} <==\n"
        pieces = source.text.splitlines(keepends=True) if unit == "lines" else list(source.text)
        out += "".join(_part(tool, pieces, sign, int(digits)))
    if stderr and tool == "tail" and is_busybox(context) and all(s.error for s in inputs) and "No such" in stderr:
        stderr += "tail: no files\n"
    return Result(out, stderr, 1 if stderr else 0)


def _part(tool: str, pieces: list[str], sign: str, number: int) -> list[str]:
    if tool == "head":
        return (
            pieces[: len(pieces) - number]
            if sign == "-" and number <= len(pieces)
            else ([] if sign == "-" else pieces[:number])
        )
    if sign == "+":
        return pieces[max(0, number - 1) :]
    return pieces[-number:] if number else []


def _ends_error(context: Context, tool: str, source: Source) -> str:
    if is_busybox(context):
        if source.error == "Is a directory":
            return (
                f"head: {source.name}: Input/output error\n" if tool == "head" else "tail: read error: Is a directory\n"
            )
        opened = source.name if tool == "head" else f"can't open '{source.name}'"
        return f"{tool}: {opened}: {source.error}\n"
    if source.error == "Is a directory":
        return f"{tool}: error reading '{source.name}': Is a directory\n"
    return f"{tool}: cannot open '{source.name}' for reading: {source.error}\n"


# -- wc ---------------------------------------------------------------------------------------------------------------


def _wc(context: Context, argv: tuple[str, ...]) -> Result:
    try:
        options, names = parse(
            argv[1:], "clmwL", [] if is_busybox(context) else ["lines", "words", "bytes", "chars", "max-line-length"]
        )
    except BadOption as error:
        return _complain(context, "wc", error)
    long = {"--lines": "l", "--words": "w", "--bytes": "c", "--chars": "m", "--max-line-length": "L"}
    flags = {long.get(name, name[-1]) for name, _ in options} or set("lwc")
    inputs = sources(context, names)
    rows, stderr = [], ""
    for source in inputs:
        if source.error:
            stderr += f"wc: {source.name}: {source.error}\n"
            if source.error != "Is a directory":
                continue
        rows.append((_counts(source.text), source.name if names else ""))
    if len(inputs) > 1:
        sums = [max(v) if key == "L" else sum(v) for key, v in _by_key([r[0] for r in rows])]
        rows.append((dict(zip("lwmcL", sums, strict=True)), "total"))
    shown = [key for key in "lwmcL" if key in flags]
    width = _wc_width(context, inputs, shown, names)
    out = ""
    for counts, name in rows:
        cells = " ".join(f"{counts[key]:>{width}}" for key in shown)
        out += f"{cells} {name}".rstrip() + "\n" if name else f"{cells}\n"
    return Result(out, stderr, 1 if stderr else 0)


def _counts(text: str) -> dict[str, int]:
    longest = max((len(line.expandtabs(8)) for line in lines_of(text)), default=0)
    return {"l": text.count("\n"), "w": len(text.split()), "m": len(text), "c": len(text.encode()), "L": longest}


def _by_key(rows: list[dict[str, int]]) -> list[tuple[str, list[int]]]:
    return [(key, [row[key] for row in rows] or [0]) for key in "lwmcL"]


def _wc_width(context: Context, inputs: list[Source], shown: list[str], names: Sequence[str]) -> int:
    """GNU: as wide as the sum of the files' sizes, 7 for what is no plain file; busybox: 9; alone: as it is."""
    if len(inputs) == 1 and len(shown) == 1:
        return 1
    if is_busybox(context):
        return 9
    redirected = context.input is not None and context.input.is_file
    directory = any(name == "-" or s.error == "Is a directory" for name, s in zip(names, inputs, strict=False))
    if (not names and not redirected) or directory:
        return 7
    return len(str(sum(len(s.text.encode()) for s in inputs)))


# -- sort and uniq ----------------------------------------------------------------------------------------------------


def _sort(context: Context, argv: tuple[str, ...]) -> Result:
    busybox = is_busybox(context)
    short = "nrugMcszbdfiko:t:V".replace("k", "k:") if busybox else "bdfgihMnRrVcCmo:sS:t:T:uzk:"
    try:
        options, names = parse(
            argv[1:], short, [] if busybox else ["reverse", "numeric-sort", "unique", "key=", "field-separator="]
        )
    except BadOption as error:
        return _complain(context, "sort", error, 2)
    long = {"--reverse": "-r", "--numeric-sort": "-n", "--unique": "-u", "--key": "-k", "--field-separator": "-t"}
    given = [(long.get(name, name)[1:], value) for name, value in options]
    flags = {name for name, _ in given}
    if flags & set("MRmoSTzgC"):
        raise Refused(
            "sort -{flag} is not part of the lab.",
            "The lab has -n -r -u -k -t -f -V -h.",
            flag=sorted(flags & set("MRmoSTzgC"))[0],
        )
    keys = []
    for name, value in given:
        if name == "k":
            match = re.fullmatch(r"(\d{1,6})(?:\.\d+)?([bdfhinrV]*)(?:,(\d{1,6})(?:\.\d+)?([bdfhinrV]*))?", value)
            if not match or int(match[1]) == 0:
                return _bad_key(value, bool(match), busybox)
            keys.append((int(match[1]), int(match[3]) if match[3] else None, set(match[2] + (match[4] or ""))))
    separator = next((value for name, value in given if name == "t"), None)
    inputs = sources(context, names)
    for source in inputs:
        if source.error and not (busybox and source.error == "Is a directory"):
            what = (
                f"{source.name}: "
                if busybox
                else (
                    f"read failed: {source.name}: "
                    if source.error == "Is a directory"
                    else f"cannot read: {source.name}: "
                )
            )
            return fail(f"sort: {what}{source.error}", 2)
    lines = [line for source in inputs for line in lines_of(source.text)]
    return _sorted(lines, flags, keys, separator, inputs[0].name, busybox)


def _bad_key(value: str, is_number: bool, busybox: bool) -> Result:
    if busybox:
        return fail("sort: bad field specification", 2)
    if is_number:
        return fail(f"sort: field number is zero: invalid field specification ‘{value}’", 2)
    return fail(f"sort: invalid number at field start: invalid count at start of ‘{value}’", 2)


def _sorted(lines: list[str], flags: set[str], keys: list[tuple[int, int | None, set[str]]], separator: str | None,
            name: str, busybox: bool) -> Result:  # fmt: skip
    def compare(one: str, two: str) -> int:
        for first, last, own in keys or [(1, None, set())]:
            ways = own or flags & set("bdfhinrV")
            a, b = (_field(line, first, last, separator) for line in (one, two))
            order = _order(_sort_value(a, ways), _sort_value(b, ways))
            if order:
                return -order if "r" in ways else order
        if "s" in flags or "u" in flags:
            return 0
        return _order(one.encode(), two.encode()) * (-1 if "r" in flags else 1)

    if "c" in flags:
        for n in range(1, len(lines)):
            if compare(lines[n - 1], lines[n]) > 0:
                return fail(f"Check line {n}" if busybox else f"sort: {name}:{n + 1}: disorder: {lines[n]}", 1)
        return Result()
    ordered = sorted(lines, key=functools.cmp_to_key(compare))
    if "u" in flags:
        kept: list[str] = []
        for line in ordered:
            if not kept or compare(kept[-1], line):
                kept.append(line)
        ordered = kept
    return Result("".join(f"{line}\n" for line in ordered))


def _order(a: Any, b: Any) -> int:
    return int(a > b) - int(a < b)


def _field(line: str, first: int, last: int | None, separator: str | None) -> str:
    """The text of a key: from one field to another, or to the end of the line."""
    if first == 1 and last is None:
        return line
    if separator:
        return separator.join(line.split(separator)[first - 1 : last])
    return "".join(re.findall(r"\s*\S+|\s+$", line)[first - 1 : last])


def _sort_value(text: str, ways: set[str]) -> object:
    if "n" in ways or "h" in ways:
        match = re.match(r"\s*(-?\d*\.?\d*)([KMGTP]?)", text)
        number = float(match[1]) if match and match[1] not in ("", "-", ".", "-.") else 0.0
        scale = 1024 ** (" KMGTP".index(match[2]) if match and match[2] and "h" in ways else 0)
        return number * scale
    if "V" in ways:
        return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in re.findall(r"\d+|\D+", text)]
    if "b" in ways:
        text = text.lstrip()
    if "f" in ways:
        text = text.upper()
    if "d" in ways:
        text = "".join(c for c in text if c.isalnum() or c in " \t")
    return text.encode()


def _uniq(context: Context, argv: tuple[str, ...]) -> Result:
    busybox = is_busybox(context)
    try:
        options, names = parse(argv[1:], "cduizf:s:w:" + ("" if busybox else "D"))
    except BadOption as error:
        return _complain(context, "uniq", error)
    if len(names) > 1:
        if len(names) > 2:
            if busybox:
                return busybox_usage("uniq")
            return fail(f"uniq: extra operand ‘{names[2]}’\nTry 'uniq --help' for more information.", 1)
        raise Refused("uniq writes no file in the lab.", "Leave out the second name.")
    flags = {name[1:]: value for name, value in options}
    for name in "fsw":
        if name in flags and not flags[name].isdecimal():
            what = {"f": "fields to skip", "s": "bytes to skip", "w": "bytes to compare"}[name]
            shown = f"invalid number '{flags[name]}'" if busybox else f"{flags[name]}: invalid number of {what}"
            return fail(f"uniq: {shown}", 1)
    source = sources(context, names)[0]
    if source.error:
        return fail(
            f"uniq: can't open '{source.name}': {source.error}" if busybox else f"uniq: {source.name}: {source.error}",
            1,
        )
    groups: list[list[str]] = []
    last = ""
    for line in lines_of(source.text):
        key = _uniq_key(line, flags)
        if groups and key == last:
            groups[-1].append(line)
        else:
            groups.append([line])
        last = key
    if "D" in flags:
        return Result("".join(f"{line}\n" for g in groups if len(g) > 1 for line in g))
    chosen = [g for g in groups if not ("d" in flags and len(g) == 1 or "u" in flags and len(g) > 1)]
    return Result("".join((f"{len(g):7d} " if "c" in flags else "") + f"{g[0]}\n" for g in chosen))


def _uniq_key(line: str, flags: dict[str, str]) -> str:
    for _ in range(min(int(flags.get("f", "0")), 100)):
        line = re.sub(r"^\s*\S*", "", line)
    line = line[int(flags.get("s", "0")) :]
    line = line[: int(flags["w"])] if "w" in flags else line
    return line.lower() if "i" in flags else line
