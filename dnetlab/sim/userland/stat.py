"""`stat -c FORMAT FILE…`: name, kind, size, permissions and owner of files; the lab's have no dates and no inodes."""

from __future__ import annotations

import re
from collections.abc import Callable

from dnetlab.sim.userland.options import BadOption, complaint, parse, reason
from dnetlab.sim.userland.seam import Call, Refused, Result, encoded

_KINDS = {"directory": ("d", "directory"), "device": ("c", "character special file"), "link": ("l", "symbolic link"),
          "socket": ("s", "socket")}  # fmt: skip
_LONG = ("dereference", "file-system", "terse", "format=", "printf=", "help", "version", "cached=")
_FIELD = re.compile(r"%([-0+ #]*)(\d*)(.)")
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "a": "\a", "r": "\r", "0": "\0"}


def run(call: Call) -> Result:
    """`stat [-L] -c FORMAT FILE…`, `--format=`, `--printf=`."""
    try:
        options, names = parse(call.words, "Lftc:", _LONG)
    except BadOption as error:
        return complaint(call, str(error))
    given = {name: value for name, value in options}
    if not names:
        return complaint(call, "missing operand") if call.gnu else complaint(call, "no files")
    form = next((given[name] + "\n" for name in ("-c", "--format") if name in given), None)
    form = _unescaped(given["--printf"]) if "--printf" in given else form
    if form is None or given.keys() - {"-L", "--dereference", "-c", "--format", "--printf"}:
        raise Refused("The lab's files have no dates and no inodes, which `stat` would print.",
                      "stat -c '%n %s %a %A %U %G %F' FILE names what they have.")  # fmt: skip
    follows = bool(given.keys() & {"-L", "--dereference"})
    out = said = ""
    for name in names:
        try:
            out += _FIELD.sub(_shown(call, name, follows), form)
        except OSError as error:
            lead = f"stat: cannot statx '{name}'" if call.gnu else f"stat: can't stat '{name}'"
            said += f"{lead}: {reason(error)}\n"
    return Result(out, said, int(bool(said)))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)


def _shown(call: Call, name: str, follows: bool) -> Callable[[re.Match[str]], str]:
    """What stands for each field of the format. Raises OSError for a file that isn't there."""
    files, path = call.files, call.path(name)
    target = None if follows else files.target(path)
    kind = "link" if target is not None else files.kind(path)
    if not kind:
        raise FileNotFoundError(name)

    def field(found: re.Match[str]) -> str:
        value, width = _value(call, path, kind, target, name, found[3]), int(found[2] or "0")
        if "-" in found[1]:
            return value.ljust(width)
        return value.rjust(width, "0" if "0" in found[1] and value.isdecimal() else " ")

    return field


def _value(call: Call, path: str, kind: str, target: str | None, name: str, letter: str) -> str:
    files = call.files
    sign, words = _KINDS.get(kind, ("-", "regular file"))
    if letter == "%":
        return "%"
    if letter == "n":
        return name
    if letter == "N":
        quote = "'" if call.gnu or target is not None else ""
        return f"{quote}{name}{quote}" + (f" -> '{target}'" if target is not None else "")
    mode = 0o777 if kind == "link" else files.mode(path)
    if letter in "aA":
        return f"{mode:o}" if letter == "a" else sign + _letters(mode)
    if letter in "ugUG":
        number = files.owner(path)[letter in "gG"]
        return str(number) if letter in "ug" else files.named(number, group=letter == "G") or "UNKNOWN"
    if letter in "sF":
        size = len(encoded(files.read(path))) if kind == "file" else None
        size = len(target.encode()) if target is not None else size
        if letter == "F":
            return "regular empty file" if kind == "file" and not size else words
        if size is not None:
            return str(size)
    raise Refused("stat's %{letter} of this file is not part of the lab.", "It has %n %N %s %a %A %u %g %U %G %F.",
                  letter=letter)  # fmt: skip


def _letters(mode: int) -> str:
    """0o640 -> 'rw-r-----'; with s and t where set-user-id, set-group-id and the sticky bit stand."""
    found = ["rwxrwxrwx"[at] if mode >> 8 - at & 1 else "-" for at in range(9)]
    for at, bit, letter in ((2, 0o4000, "s"), (5, 0o2000, "s"), (8, 0o1000, "t")):
        if mode & bit:
            found[at] = letter if found[at] == "x" else letter.upper()
    return "".join(found)
