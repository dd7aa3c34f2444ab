"""mkdir rmdir rm touch cp mv ln chmod chown basename dirname readlink realpath mktemp: files made, moved and named."""

from __future__ import annotations

import errno
import posixpath
import re
from collections.abc import Callable, Iterator

from dnetlab.sim.userland.options import BadOption, complaint, parse, reason
from dnetlab.sim.userland.seam import Call, Files, Refused, Result, failure


def _asked(call: Call, short: str, long: tuple[str, ...] = ()) -> tuple[set[str], list[str], Result | None]:
    """The letters of the options, the operands, and the complaint about a bad one."""
    try:
        options, names = parse(call.words, short, long)
    except BadOption as error:
        return set(), [], complaint(call, str(error))
    return {name.lstrip("-")[0] for name, _ in options}, names, None


def _each(names: list[str], work: Callable[[str], None], words: Callable[[str, OSError], str]) -> Result:
    said = ""
    for name in names:
        try:
            work(name)
        except OSError as error:
            said += words(name, error) + "\n"
    return Result("", said, int(bool(said)))


def mkdir(call: Call) -> Result:
    flags, names, bad = _asked(call, "pm:v", ("parents", "mode=", "verbose"))
    if bad or not names:
        return bad or complaint(call, "missing operand")

    def make(name: str) -> None:
        path = call.path(name)
        if "p" in flags:
            for end in [i for i, c in enumerate(path) if c == "/" and i] + [len(path)]:
                if call.files.kind(path[:end]) not in ("directory",):
                    call.files.make_directory(path[:end])
        else:
            call.files.make_directory(path)

    shown = "cannot create directory ‘{}’: {}" if call.gnu else "can't create directory '{}': {}"
    return _each(names, make, lambda name, error: f"mkdir: {shown.format(name, reason(error))}")


def rmdir(call: Call) -> Result:
    flags, names, bad = _asked(call, "pv", ("parents",))
    if bad or not names:
        return bad or complaint(call, "missing operand")

    def remove(name: str) -> None:
        path = call.path(name)
        if call.files.kind(path) not in ("directory", ""):
            raise NotADirectoryError(name)
        call.files.remove(path)

    shown = "failed to remove '{}': {}" if call.gnu else "'{}': {}"
    return _each(names, remove, lambda name, error: f"rmdir: {shown.format(name, reason(error))}")


def rm(call: Call) -> Result:
    flags, names, bad = _asked(call, "rRfivd", ("recursive", "force", "verbose"))
    if bad:
        return bad
    if not names:
        return Result() if "f" in flags else complaint(call, "missing operand")
    deep = bool(flags & {"r", "R"})

    def remove(name: str) -> None:
        path = call.path(name)
        if path == "/":
            raise Refused("The lab keeps its files.", "%dnet reset starts a fresh lab.")
        if call.files.target(path) is None and not call.files.kind(path):
            if "f" not in flags:
                raise FileNotFoundError(name)
            return
        _remove(call.files, path, deep)

    def words(name: str, error: OSError) -> str:
        if call.gnu:
            return f"rm: cannot remove '{name}': {reason(error)}"
        return (
            f"rm: '{name}' is a directory"
            if isinstance(error, IsADirectoryError)
            else f"rm: can't remove '{name}': {reason(error)}"
        )

    return _each(names, remove, words)


def _remove(files: Files, path: str, deep: bool) -> None:
    if files.target(path) is None and files.kind(path) == "directory":
        if not deep:
            raise IsADirectoryError(path)
        for name in files.names(path):
            _remove(files, posixpath.join(path, name), deep)
    files.remove(path)


def touch(call: Call) -> Result:
    flags, names, bad = _asked(call, "acmd:t:r:h", ("no-create", "date="))
    if bad or not names:
        return bad or complaint(call, "missing file operand")

    def make(name: str) -> None:
        if not call.files.kind(call.path(name)) and "c" not in flags:
            call.files.write(call.path(name), "")

    return _each(
        names,
        make,
        lambda name, error: (
            f"touch: cannot touch '{name}': {reason(error)}" if call.gnu else f"touch: {name}: {reason(error)}"
        ),
    )


def copy(call: Call) -> Result:
    """cp and mv: `SOURCE TARGET` or `SOURCE… DIRECTORY`."""
    moves = call.name == "mv"
    flags, names, bad = _asked(
        call, "finvTu" if moves else "rRafivpdLPTnu", ("recursive", "force", "archive", "verbose", "no-clobber")
    )
    if bad or len(names) < 2:
        return bad or complaint(
            call, "missing file operand" if not names else f"missing destination file operand after '{names[0]}'"
        )
    target = call.path(names[-1])
    into = call.files.kind(target) == "directory"
    if len(names) > 2 and not into:
        return failure(
            f"{call.name}: target '{names[-1]}': No such file or directory"
            if call.gnu
            else f"{call.name}: can't stat '{names[-1]}': No such file or directory"
        )
    said = ""
    for name in names[:-1]:
        source = call.path(name)
        to = posixpath.join(target, posixpath.basename(source)) if into else target
        said += _copied(call, name, source, to, names[-1], flags, moves)
    return Result("", said, int(bool(said)))


def _copied(call: Call, name: str, source: str, to: str, last: str, flags: set[str], moves: bool) -> str:
    """Copy or move one; what is said when that fails."""
    tool, files = call.name, call.files
    kind = files.kind(source)
    if not kind and files.target(source) is None:
        return (
            f"{tool}: cannot stat '{name}': No such file or directory\n"
            if call.gnu
            else f"{tool}: can't {'rename' if moves else 'stat'} '{name}': No such file or directory\n"
        )
    if source == to:
        return f"{tool}: '{name}' and '{last}' are the same file\n"
    if kind == "directory" and not moves and not flags & {"r", "R", "a"}:
        return (
            f"cp: -r not specified; omitting directory '{name}'\n" if call.gnu else f"cp: omitting directory '{name}'\n"
        )
    if "n" in flags and files.kind(to):
        return ""
    try:
        if not moves and kind == "file":
            files.read(source)
    except PermissionError as error:
        verb = f"cannot open '{name}' for reading" if call.gnu else f"can't open '{name}'"
        return f"cp: {verb}: {reason(error)}\n"
    try:
        if moves:
            files.rename(source, to)
        else:
            _copy(files, source, to)
    except OSError as error:
        if moves and isinstance(error, PermissionError):
            verb = f"cannot move '{name}' to '{last}'" if call.gnu else f"can't rename '{name}'"
            return f"mv: {verb}: {reason(error)}\n"
        verb = (
            "cannot create regular file" if call.gnu and not moves else "can't create" if not moves else "cannot move"
        )
        return f"{tool}: {verb} '{last}': {reason(error)}\n"
    return ""


def _copy(files: Files, source: str, to: str) -> None:
    if files.kind(source) != "directory":
        fresh = not files.kind(to)
        files.write(to, files.read(source))
        if fresh:  # what was there keeps its permissions, and its owner
            files.set_mode(to, files.mode(source))
        return
    if (to + "/").startswith(source + "/"):
        raise OSError(errno.EINVAL, "Invalid argument")
    if not files.kind(to):
        files.make_directory(to)
    for name in files.names(source):
        _copy(files, posixpath.join(source, name), posixpath.join(to, name))


def ln(call: Call) -> Result:
    flags, names, bad = _asked(call, "sfnvTrb", ("symbolic", "force", "no-dereference"))
    if bad or not names:
        return bad or complaint(call, "missing file operand")
    if "s" not in flags:
        raise Refused("Hard links are not part of the lab.", "ln -s makes a symbolic link.")
    target = names[0]
    path = call.path(names[1] if len(names) > 1 else posixpath.basename(target))
    if call.files.kind(path) == "directory" and not ("n" in flags and call.files.target(path) is not None):
        path = posixpath.join(path, posixpath.basename(target))
    try:
        if "f" in flags and call.files.target(path) is not None:
            call.files.remove(path)
        call.files.link(target, path)
    except OSError as error:
        shown = (
            names[1]
            if len(names) > 1 and path == call.path(names[1])
            else path
            if len(names) < 2
            else posixpath.join(names[1], posixpath.basename(path))
        )
        return failure(
            f"ln: failed to create symbolic link '{shown}': {reason(error)}"
            if call.gnu
            else f"ln: {shown}: {reason(error)}"
        )
    return Result()


def chmod(call: Call) -> Result:
    words = list(call.words)
    while words and words[0] in ("-R", "-v", "-f"):
        words.pop(0)
    if len(words) < 2:
        return complaint(call, "missing operand" if not words else f"missing operand after ‘{words[0]}’")

    def change(name: str) -> None:
        path = call.path(name)
        if not call.files.kind(path):
            raise FileNotFoundError(name)
        mode = _mode(words[0], call.files.mode(path))
        if mode is None:
            raise Refused(
                "The lab's chmod can't read {word}.", "It has numbers and u+x, go-w, a=r and their like.", word=words[0]
            )
        call.files.set_mode(path, mode)

    shown = "cannot access '{}': {}" if call.gnu else "{}: {}"
    return _each(words[1:], change, lambda name, error: f"chmod: {shown.format(name, reason(error))}")


def chown(call: Call) -> Result:
    """`chown [-R] OWNER[:GROUP] FILE…`"""
    words = list(call.words)
    deep = False
    while words and words[0] in ("-R", "-v", "-f"):
        deep = words.pop(0) == "-R" or deep
    if len(words) < 2:
        return complaint(call, "missing operand" if not words else f"missing operand after ‘{words[0]}’")
    name, _, group = words[0].partition(":")
    uid = call.files.account(name) if name else None
    gid = call.files.account(group, group=True) if group else None
    if name and uid is None or group and gid is None:
        kind = "group" if uid is not None or not name else "user"
        what = "user/group" if group else "user"
        return failure(f"chown: invalid {kind}: ‘{words[0]}’" if call.gnu else f"chown: unknown {what} {words[0]}")

    def change(name: str) -> None:
        for path in _all_below(call, call.path(name)) if deep else [call.path(name)]:
            call.files.set_owner(path, uid, gid)

    shown = "changing ownership of '{}': {}" if call.gnu else "{}: {}"
    missing = "cannot access '{}': {}" if call.gnu else "{}: {}"
    return _each(words[1:], change, lambda name, error: "chown: " + (
        missing if isinstance(error, FileNotFoundError) else shown).format(name, reason(error)))  # fmt: skip


def _all_below(call: Call, path: str) -> Iterator[str]:
    yield path
    if call.files.kind(path) == "directory" and call.files.target(path) is None:
        for name in call.files.names(path):
            yield from _all_below(call, posixpath.join(path, name))


def _mode(text: str, before: int) -> int | None:
    if re.fullmatch(r"[0-7]{1,4}", text):
        return int(text, 8)
    for clause in text.split(","):
        found = re.fullmatch(r"([ugoa]*)([-+=])([rwx]*)", clause)
        if not found:
            return None
        who = sum({"u": 0o700, "g": 0o070, "o": 0o007, "a": 0o777}[c] for c in set(found[1] or "a"))
        what = sum({"r": 0o444, "w": 0o222, "x": 0o111}[c] for c in set(found[3]))
        bits = min(who, 0o777) & what
        before = before | bits if found[2] == "+" else before & ~bits if found[2] == "-" else before & ~who | bits
    return before


def basename(call: Call) -> Result:
    """`basename NAME [SUFFIX]`, `basename -a NAME…`, `-s SUFFIX`."""
    try:
        options, names = parse(call.words, "as:z", ["multiple", "suffix="], permute=False)
    except BadOption as error:
        return complaint(call, str(error))
    given = {name.lstrip("-")[0]: value for name, value in options}
    if not names:
        return complaint(call, "missing operand")
    several = "a" in given or "m" in given or "s" in given
    if not several and len(names) > 2:
        return complaint(call, f"extra operand ‘{names[2]}’")
    suffix = given.get("s", "") if several else names[1] if len(names) > 1 else ""
    return Result("".join(f"{_base(name, suffix)}\n" for name in (names if several else names[:1])))


def _base(name: str, suffix: str) -> str:
    if name and not name.strip("/"):
        return "/"
    base = name.rstrip("/").rsplit("/", 1)[-1]
    return base.removesuffix(suffix) if suffix and base != suffix else base


def dirname(call: Call) -> Result:
    names = [w for w in call.words if w != "--"]
    if not names:
        return complaint(call, "missing operand")
    return Result("".join(f"{_parent(name)}\n" for name in names))


def _parent(name: str) -> str:
    if name and not name.strip("/"):
        return "/"
    parent = name.rstrip("/").rpartition("/")
    return (parent[0].rstrip("/") or "/") if parent[1] else "."


def readlink(call: Call) -> Result:
    """`readlink [-f] FILE`, `realpath FILE`."""
    flags, names, bad = _asked(call, "femnqsv")
    if bad or not names:
        return bad or complaint(call, "missing operand")
    out, code = "", 0
    for name in names:
        path = call.path(name)
        if call.name == "realpath" or flags & {"f", "e", "m"}:
            made: str | None = _followed(call.files, path)
        else:
            made = call.files.shown(path)
        if made is None:
            code = 1
        else:
            out += made + ("" if "n" in flags else "\n")
    return Result(out, "", code)


def _followed(files: Files, path: str) -> str:
    for _ in range(20):
        ends = [i for i, c in enumerate(path) if c == "/" and i] + [len(path)]
        end = next((e for e in ends if files.target(path[:e]) is not None), None)
        if end is None:
            return path
        path = (
            posixpath.normpath(posixpath.join(posixpath.dirname(path[:end]), files.target(path[:end]) or ""))
            + path[end:]
        )
    return path


def mktemp(call: Call) -> Result:
    """`mktemp [-d]`: the names are the same in every run of a lab."""
    flags, names, bad = _asked(call, "duqtp:")
    if bad:
        return bad
    form = names[0] if names else "/tmp/tmp.XXXXXXXXXX"
    stem, marks = form.rstrip("X"), len(form) - len(form.rstrip("X"))
    number = next(n for n in range(100_000) if not call.files.kind(call.path(f"{stem}{n:0{marks}d}")))
    path = f"{stem}{number:0{marks}d}"
    if "d" in flags:
        call.files.make_directory(call.path(path))
    else:
        call.files.write(call.path(path), "")
    return Result(f"{path}\n")
