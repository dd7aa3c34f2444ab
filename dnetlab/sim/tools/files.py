"""cat, less and more print files and ls lists directories, as far as the lab holds them; without a file the first three
pass their input on: no line of a cell stands at a terminal, so that a pager has nobody to wait for."""

from __future__ import annotations

from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.tools import nslinks, tree
from dnetlab.sim.tools.options import BadOption, busybox_usage, is_busybox, parse
from dnetlab.sim.userland.options import reason


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`cat [FILE]…` or `ls [FILE]…`; exit status 1 (coreutils ls: 2) when one could not be read."""
    name = argv[0].rsplit("/", 1)[-1]
    if name in ("less", "more"):
        return _page(context, name, argv[1:])
    return _ls(context, argv) if name == "ls" else _cat(context, argv)


def _cat(context: Context, argv: tuple[str, ...]) -> Result:
    busybox = is_busybox(context)
    try:
        options, names = parse(argv[1:], "nbvteA" if busybox else "nbvteAETsu")
    except BadOption as error:
        if busybox:
            return busybox_usage("cat", str(error))
        return Result("", f"cat: {error}\nTry 'cat --help' for more information.\n", 1)
    flags = "".join(name[1:] for name, _ in options)
    text = stderr = ""
    files = LabFiles(context)
    for name in names or ["-"]:
        if name == "-" and context.input is not None:
            context.input.rest()
        try:
            text += (context.stdin or "") if name == "-" else files.read(tree.absolute(context, name))
        except FileNotFoundError:
            missing = f"can't open '{name}'" if busybox else name
            stderr += f"cat: {missing}: No such file or directory\n"
        except IsADirectoryError:
            stderr += "cat: read error: Is a directory\n" if busybox else f"cat: {name}: Is a directory\n"
        except PermissionError:
            closed = f"can't open '{name}'" if busybox else name
            stderr += f"cat: {closed}: Permission denied\n"
    return Result(_marked(text, flags), stderr, 1 if stderr else 0)


def _page(context: Context, name: str, words: tuple[str, ...]) -> Result:
    """less 590 and more of util-linux 2.38 (Debian 12) without a terminal, and busybox 1.35's: all of it at once."""
    strange = next((word for word in words if word.startswith("--") and len(word) > 2), None)
    if strange is not None:
        raise Refused("{tool} {word} is not part of the lab.", "{tool} FILE shows it, head and tail a part.",
                      tool=name, word=strange)  # fmt: skip
    names = [word for word in words if word == "-" or word[:1] not in ("-", "+")]
    if not names:
        if context.input is not None:
            context.input.rest()
        return Result(context.stdin or "")
    busybox = is_busybox(context)
    out = said = ""
    for file in names:
        try:
            text = (context.stdin or "") if file == "-" else LabFiles(context).read(tree.absolute(context, file))
            out += (f"{_FRAME}\n{file}\n{_FRAME}\n" if name == "more" and not busybox else "") + text
        except OSError as error:
            if busybox:
                said += f"{name}: can't open '{file}': {reason(error)}\n"
            elif isinstance(error, IsADirectoryError):
                out += f"{file} is a directory\n" if name == "less" else f"\n*** {file}: directory ***\n\n"
            elif name == "less":
                out += f"{file}: {reason(error)}\n"
            else:
                said += f"more: cannot open {file}: {reason(error)}\n"
    return Result(out, said, int(bool(said) and busybox))


_FRAME = ":" * 14


def _marked(text: str, flags: str) -> str:
    """-n and -b number the lines, -A, -e and -E mark their ends, -s squeezes empty ones."""
    if not flags or not text:
        return text
    lines = text.splitlines(keepends=True)
    if "s" in flags:
        lines = [line for n, line in enumerate(lines) if line != "\n" or n == 0 or lines[n - 1] != "\n"]
    out = ""
    number = 0
    for line in lines:
        body, end = (line[:-1], "\n") if line.endswith("\n") else (line, "")
        if "n" in flags or "b" in flags:
            numbered = bool(body) or "b" not in flags
            number += numbered
            out += f"{number:6d}\t" if numbered else ""
        if set(flags) & set("veAt"):
            body = "".join(c if c == "\t" or ord(c) >= 32 else f"^{chr(ord(c) + 64)}" for c in body)
        if set(flags) & set("AtT"):
            body = body.replace("\t", "^I")
        out += body + ("$" if end and set(flags) & set("AeE") else "") + end
    return out


def _ls(context: Context, argv: tuple[str, ...]) -> Result:
    busybox = is_busybox(context)
    try:
        options, names = parse(argv[1:], "1AaCxdLHRFplinshrSXvctuw:" if busybox else
                               "1aAbBcCdDfFgGhHiklLmnNopqQrRsStuUvxXZw:T:I:")  # fmt: skip
    except BadOption as error:
        if busybox:
            return busybox_usage("ls", str(error))
        return Result("", f"ls: {error}\nTry 'ls --help' for more information.\n", 2)
    flags = {name[1:] for name, _ in options}
    names = sorted(names) or ["."]
    found, stderr = _missing(context, names, busybox)
    if found and flags & set("lgnosiRZ"):
        paths = [tree.absolute(context, name) for name in found]
        if flags <= {"l", "d"} and all(nslinks.process_at(context, path) for path in paths) and len(paths) == 1:
            return Result("".join(f"{line}\n" for line in nslinks.listed(context, paths[0], found[0])), stderr)
        raise Refused(
            "The lab's files have no dates.",
            "Plain ls, ls -a and ls -1 show their names, stat -c '%A %U %s %n' FILE what they have beside.",
        )
    files = [n for n in found if "d" in flags or not tree.is_directory(context, n)]
    folders = [n for n in found if n not in files]
    out = "".join(f"{name}\n" for name in files)
    for name in folders:
        try:
            rows = LabFiles(context).names(tree.absolute(context, name))
        except PermissionError:
            closed = "can't open" if busybox else "cannot open directory"
            stderr += f"ls: {closed} '{name}': Permission denied\n"
            continue
        hidden = [".", ".."] if "a" in flags else []
        shown = hidden + [r for r in rows if not r.startswith(".") or flags & {"a", "A"}]
        if "r" in flags:
            shown.reverse()
        head = ("\n" if out else "") + f"{name}:\n" if len(names) > 1 else ""
        out += head + "".join(f"{_with_slash(context, name, row, flags)}\n" for row in shown)
    return Result(out, stderr, (1 if busybox else 2) if stderr else 0)


def _with_slash(context: Context, folder: str, row: str, flags: set[str]) -> str:
    """-p and -F put a slash behind a directory's name."""
    path = row if row.startswith("/") else f"{folder.rstrip('/')}/{row}"
    return f"{row}/" if flags & {"p", "F"} and tree.is_directory(context, path) else row


def _missing(context: Context, names: list[str], busybox: bool) -> tuple[list[str], str]:
    found: list[str] = []
    stderr = ""
    for name in names:
        try:
            full = tree.absolute(context, name)
            known = tree.is_directory(context, name) or nslinks.target(context, full) is not None
            if not known and LabFiles(context).kind(full) != "socket":
                tree.read(context, name)
            found.append(name)
        except FileNotFoundError:
            shown = name if busybox else f"cannot access '{name}'"
            stderr += f"ls: {shown}: No such file or directory\n"
    return found, stderr
