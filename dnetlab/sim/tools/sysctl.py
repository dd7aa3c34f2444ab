"""`sysctl`: the kernel's switches under /proc/sys that the lab knows, `net.ipv4.ip_forward` above all."""

from __future__ import annotations

from dnetlab.commands.net_usage import SYSCTL
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import KernelError
from dnetlab.sim.kernel.sysctls import KEPT, MORE, key_of, values
from dnetlab.sim.tools.options import is_busybox
from dnetlab.sim.tools.permission import is_privileged


def _path(name: str) -> str:
    key = key_of(name)
    return "/proc/sys/" + key.replace("/", "\0").replace(".", "/").replace("\0", ".")


def _write(context: Context, key: str, value: str) -> str:
    """Set a switch; the errno in words when the kernel refuses, else ''."""
    if key.startswith(KEPT):
        raise Refused("Writing {key} is not modelled.", "The lab keeps to the value that `sysctl {key}` shows.",
                      key=key)  # fmt: skip
    try:
        context.kernel.set_sysctl(key, value)
    except KernelError as error:
        return error.words
    return ""


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`sysctl …` (procps 4.0.2 at the host, busybox in containers)."""
    if is_busybox(context):
        return _busybox(context, argv[1:])
    options, names, wrong = _options(argv[1:])
    if wrong:
        return Result(SYSCTL, f"sysctl: {wrong}\n", 0)
    if options & {"h", "d"}:
        return Result(SYSCTL)
    if "V" in options:
        return Result("sysctl from procps-ng 4.0.2\n")
    if options & {"p", "f", "system", "r", "load", "pattern"}:
        raise Refused(
            "Reading settings from files or patterns is not modelled.", "Name the key: `sysctl net.ipv4.ip_forward`."
        )
    if options & {"a", "A", "X", "all"}:
        return Result("".join(_shown(options, key, value) for key, value in values(context.stack).items()))
    if not names:
        return Result("", SYSCTL, 1)
    out, err = "", ""
    for name in names:
        one = _one(context, options, name)
        out, err = out + one.stdout, err + ("" if one.stderr in err else one.stderr)
    return Result(out, err, 1 if err else 0)


_LETTERS = {"w": "w", "write": "w", "n": "n", "values": "n", "N": "N", "names": "N", "e": "e", "ignore": "e",
            "q": "q", "quiet": "q", "b": "b", "binary": "b", "all": "a", "help": "h", "version": "V"}  # fmt: skip


def _options(words: tuple[str, ...]) -> tuple[set[str], list[str], str]:
    found: set[str] = set()
    names: list[str] = []
    for word in words:
        if word.startswith("--") and len(word) > 2:
            name = word[2:].split("=")[0]
            if name not in _LETTERS and name not in ("system", "pattern", "load", "deprecated", "dry-run"):
                return found, names, f"unrecognized option '{word}'"
            found.add(_LETTERS.get(name, name))
        elif word.startswith("-") and len(word) > 1:
            for letter in word[1:]:
                if letter not in "aAXbeNnpfrqwoxdhV":
                    return found, names, f"invalid option -- '{letter}'"
                found.add(_LETTERS.get(letter, letter))
        else:
            names.append(word)
    return found, names, ""


def _shown(options: set[str], key: str, value: str) -> str:
    if "N" in options:
        return f"{key}\n"
    if "b" in options:
        return value
    return f"{value}\n" if "n" in options else f"{key} = {value}\n"


def _one(context: Context, options: set[str], name: str) -> Result:
    """One word: KEY reads, KEY=VALUE writes; with -w a bare key is a syntax error."""
    name, equals, value = name.partition("=")
    name = name.strip()
    if "w" in options and not equals:
        return Result("", "sysctl: command line(0): invalid syntax, continuing...\n", 1)
    known = values(context.stack)
    key = key_of(name)
    if not name:
        return Result("", "sysctl: Path is not under /proc/sys/: /proc/sys/\n", 1)
    if key not in known:
        below = [k for k in known if k.startswith(f"{key}.")]
        if below and not equals:
            return Result("".join(_shown(options, k, known[k]) for k in below))
        if "e" in options:
            return Result()
        if MORE.match(key):
            raise Refused("The switch {key} is not modelled.", "`sysctl -a` lists the lab's.", key=key)
        return Result("", f"sysctl: cannot stat {_path(name)}: No such file or directory\n", 1)
    if not equals:
        return Result(_shown(options, key, known[key]))
    refused = _write(context, key, value.strip())
    if refused:
        return Result("", f'sysctl: setting key "{key}": {refused}\n', 1)
    return Result("" if "q" in options else _shown(options, key, value.strip()))


def _busybox(context: Context, words: tuple[str, ...]) -> Result:
    letters = "".join(word[1:] for word in words if word.startswith("-"))
    names = [word for word in words if not word.startswith("-")]
    options = {_LETTERS.get(letter, letter) for letter in letters}
    if options & {"a", "A"}:
        return Result("".join(_shown(options, key, value) for key, value in values(context.stack).items()))
    if "p" in options:
        raise Refused("Reading settings from a file is not modelled.", "Name the key: `sysctl net.ipv4.ip_forward`.")
    out, err = "", ""
    for name in names:
        name, equals, value = name.partition("=")
        key = key_of(name)
        if key not in values(context.stack):
            err += "" if "e" in options else f"sysctl: error: '{name}' is an unknown key\n"
        elif not equals and "w" in options:
            err += f"sysctl: error: '{name}' must be of the form name=value\n"
        elif not equals:
            out += _shown(options, key, values(context.stack)[key])
        elif not is_privileged(context):
            err += f"sysctl: error setting key '{key}': Read-only file system\n"
        elif refused := _write(context, key, value):
            err += f"sysctl: write error: {refused}\n"
        else:
            out += "" if "q" in options else _shown(options, key, value)
    return Result(out, err, 1 if err else 0)
