"""find and xargs: names of files, and commands made of lines."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from dnetlab.sim.userland.options import lines_of
from dnetlab.sim.userland.seam import Call, Refused, Result, failure

DEEPEST = 40
MOST_RUNS = 500  # commands that one xargs or find starts


def find(call: Call) -> Result:
    """`find [PATH…] [-maxdepth N] [-mindepth N] [!] [-name P] [-iname P] [-path P] [-type T] [-empty] [ACTION]`."""
    words = list(call.words)
    places = []
    while words and words[0][:1] not in ("-", "!", "("):
        places.append(words.pop(0))
    query = _query(words)
    out, said = "", ""
    for place in places or ["."]:
        if not call.files.kind(call.path(place)) and call.files.target(call.path(place)) is None:
            said += (
                f"find: ‘{place}’: No such file or directory\n"
                if call.gnu
                else f"find: {place}: No such file or directory\n"
            )
            continue
        for path in _walk(call, place, query.deepest, 0):
            depth = 0 if path == place else path.removeprefix(place).strip("/").count("/") + 1
            if depth >= query.least and all(_holds(call, path, test) != negated for negated, test in query.tests):
                out += _acted(call, path, query)
    return Result(out, said, int(bool(said)))


@dataclass
class _Query:
    tests: list[tuple[bool, tuple[str, str]]]
    deepest: int = DEEPEST
    least: int = 0
    action: str = "print"
    command: tuple[str, ...] = ()


def _query(words: list[str]) -> _Query:
    query = _Query([])
    negated = False
    while words:
        word = words.pop(0)
        if word in ("!", "-not"):
            negated = not negated
            continue
        if word in ("-print", "-delete", "-print0"):
            query.action = word[1:]
        elif word == "-exec":
            end = next((i for i, w in enumerate(words) if w in (";", "+")), len(words))
            query.action, query.command = "exec", tuple(words[:end])
            del words[: end + 1]
        elif word in ("-maxdepth", "-mindepth") and words and words[0].isdigit():
            number = int(words.pop(0))
            query.deepest, query.least = (
                (min(number, DEEPEST), query.least) if word == "-maxdepth" else (query.deepest, number)
            )
        elif word in ("-name", "-iname", "-path", "-type") and words:
            query.tests.append((negated, (word, words.pop(0))))
        elif word == "-empty":
            query.tests.append((negated, (word, "")))
        elif word not in ("-a", "-and"):
            raise Refused(
                "find {word} is not part of the lab.",
                "It has -name, -type, -maxdepth, -empty, -exec and -delete.",
                word=word,
            )
        negated = False
    return query


def _walk(call: Call, path: str, deepest: int, depth: int) -> Iterator[str]:
    call.budget.spend()
    yield path
    full = call.path(path)
    if depth < deepest and call.files.target(full) is None and call.files.kind(full) == "directory":
        for name in call.files.names(full):
            yield from _walk(call, posixpath.join(path, name), deepest, depth + 1)


def _holds(call: Call, path: str, test: tuple[str, str]) -> bool:
    name, value = test
    base, full = posixpath.basename(path.rstrip("/")) or path, call.path(path)
    match name:
        case "-name":
            return fnmatch.fnmatchcase(base, value)
        case "-iname":
            return fnmatch.fnmatchcase(base.lower(), value.lower())
        case "-path":
            return fnmatch.fnmatchcase(path, value)
        case "-type":
            is_link = call.files.target(full) is not None
            return (
                is_link
                if value == "l"
                else not is_link and call.files.kind(full) == {"f": "file", "d": "directory", "c": "device"}.get(value)
            )
    kind = call.files.kind(full)
    return not call.files.names(full) if kind == "directory" else kind == "file" and not call.files.read(full)


def _acted(call: Call, path: str, query: _Query) -> str:
    if query.action == "delete":
        call.files.remove(call.path(path))
        return ""
    if query.action == "exec":
        return call.run(tuple(word.replace("{}", path) for word in query.command), None).stdout
    return path + ("\0" if query.action == "print0" else "\n")


# -- xargs --------------------------------------------------------------------------------------------------------


@dataclass
class _Wish:
    """What xargs was asked for."""

    most: int = 0
    replace: str = ""
    skip_empty: bool = False
    shown: bool = False
    separator: str | None = None
    one_line: bool = False


def xargs(call: Call) -> Result:
    """`xargs [-n N] [-I MARK] [-r] [-t] [-0] [-d C] [COMMAND [WORD]…]`."""
    words, wish = list(call.words), _Wish()
    problem = _wishes(call, words, wish)
    if problem:
        return problem
    command = tuple(words) or ("echo",)
    items = _items(call.stdin or "", wish)
    if isinstance(items, Result):
        return items
    return _run_all(call, _batches(command, items, wish), wish)


def _wishes(call: Call, words: list[str], wish: _Wish) -> Result | None:
    """Take the options off."""
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        letter = word[1]
        if word == "--":
            return None
        if word in ("--no-run-if-empty",) or letter == "r":
            wish.skip_empty = True
        elif letter in "nIdLPs":
            value = word[2:] or (words.pop(0) if words else "")
            if letter in "nL" and not (value.isdigit() and int(value)):
                return failure(
                    f"xargs: value {value} for -{letter} option should be >= 1"
                    if value.isdigit()
                    else f'xargs: invalid number "{value}" for -{letter} option'
                )
            wish.most = int(value) if letter == "n" else wish.most
            wish.one_line = wish.one_line or letter == "L"
            wish.replace = value if letter == "I" else wish.replace
            wish.separator = (
                {"\\n": "\n", "\\t": "\t", "\\0": "\0"}.get(value, value) if letter == "d" else wish.separator
            )
        elif letter == "0":
            wish.separator = "\0"
        elif letter == "t":
            wish.shown = True
        elif letter == "i":
            wish.replace = word[2:] or "{}"
        else:
            return failure(f"xargs: invalid option -- '{letter}'\nTry 'xargs --help' for more information.")
    return None


def _items(text: str, wish: _Wish) -> list[str] | Result:
    if wish.separator is not None:
        pieces = text.split(wish.separator)
        return pieces[:-1] if pieces and pieces[-1] == "" else pieces
    if wish.replace or wish.one_line:
        return [line.strip() if wish.one_line else line.lstrip() for line in lines_of(text) if line.strip()]
    return _words(text)


def _words(text: str) -> list[str] | Result:
    """Words as xargs reads them: quotes and backslashes hold blanks together."""
    words: list[str] = []
    current: str | None = None
    at = 0
    while at < len(text):
        character = text[at]
        if character in "'\"":
            end = text.find(character, at + 1)
            if end < 0 or "\n" in text[at:end]:
                kind = "single" if character == "'" else "double"
                return failure(
                    f"xargs: unmatched {kind} quote; by default quotes are special to xargs "
                    "unless you use the -0 option"
                )
            current = (current or "") + text[at + 1 : end]
            at = end + 1
            continue
        if character == "\\" and at + 1 < len(text):
            current = (current or "") + text[at + 1]
            at += 2
            continue
        if character.isspace():
            if current is not None:
                words.append(current)
            current = None
        else:
            current = (current or "") + character
        at += 1
    return [*words, current] if current is not None else words


def _batches(command: tuple[str, ...], items: list[str], wish: _Wish) -> list[tuple[str, ...]]:
    if wish.replace:
        return [tuple(word.replace(wish.replace, item) for word in command) for item in items]
    if wish.one_line:
        return [(*command, *item.split()) for item in items]
    if not items:
        return [] if wish.skip_empty else [command]
    size = wish.most or len(items)
    return [(*command, *items[n : n + size]) for n in range(0, len(items), size)]


def _run_all(call: Call, batches: list[tuple[str, ...]], wish: _Wish) -> Result:
    out = said = ""
    code = 0
    if len(batches) > MOST_RUNS:
        raise Refused(
            "This would start {batches:,} commands.",
            "The lab's xargs starts at most {most_runs}.",
            batches=len(batches),
            most_runs=MOST_RUNS,
        )
    for argv in batches:
        if wish.shown:
            said += " ".join(argv) + "\n"
        result = call.run(argv, "")
        if result.exit_code == 127:
            missing = f"xargs: {argv[0]}: No such file or directory\n"
            return Result(out, said + missing, 127)
        out, said = out + result.stdout, said + result.stderr
        if result.exit_code == 255:
            return Result(out, said + f"xargs: {argv[0]}: exited with status 255; aborting\n", 124)
        code = 123 if result.exit_code else code
    return Result(out, said, code)
