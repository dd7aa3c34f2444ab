"""gzip, gunzip and zcat of Debian 12 (gzip 1.12): `docker save IMAGE | gzip > image.tar.gz`."""

from __future__ import annotations

import gzip
import zlib

from dnetlab.sim.userland.options import BadOption, parse
from dnetlab.sim.userland.seam import Call, Refused, Result, decoded, encoded

END = ".gz"
KEPT = 2  # the status of what was left as it is


def run(call: Call) -> Result:
    """`gzip [-cdfkqv1-9] [FILE…]`; without a FILE, or for `-`, from the input to the output."""
    try:
        options, names = parse(call.words, "cdfhknqv123456789", ["stdout", "to-stdout", "decompress", "uncompress",
                               "force", "keep", "quiet", "verbose", "best", "fast", "no-name"])  # fmt: skip
    except BadOption as error:
        return Result("", f"gzip: {error}\nTry `gzip --help' for more information.\n", 1)
    flags = {name.lstrip("-")[0] for name, _ in options if name not in ("--uncompress", "--no-name")}
    if any(name == "--uncompress" for name, _ in options) or call.name in ("gunzip", "zcat"):
        flags.add("d")
    if call.name == "zcat" or {name for name, _ in options} & {"--stdout", "--to-stdout"}:
        flags.add("c")
    if flags & {"h", "v"}:
        raise Refused("gzip's help and its figures are not part of the lab.", "gzip -k FILE, gunzip -c FILE.gz")
    found = Result()
    for name in names or ["-"]:
        one = _stream(call, flags) if name == "-" else _file(call, name, flags)
        found = Result(found.stdout + one.stdout, found.stderr + one.stderr, max(found.exit_code, one.exit_code))
    return found


def _stream(call: Call, flags: set[str]) -> Result:
    return _turned(call.stdin or "", flags, "stdin")


def _file(call: Call, name: str, flags: set[str]) -> Result:
    if "d" in flags and not name.endswith(END) and not call.files.kind(call.path(name)):
        name += END
    path = call.path(name)
    kind = call.files.kind(path)
    if not kind:
        return Result("", f"gzip: {name}: No such file or directory\n", 1)
    if kind == "directory":
        return Result("", f"gzip: {name} is a directory -- ignored\n", KEPT)
    if "c" not in flags and name.endswith(END) is not ("d" in flags):
        why = "unknown suffix -- ignored" if "d" in flags else f"already has {END} suffix -- unchanged"
        return Result("", f"gzip: {name}{':' if 'd' in flags else ''} {why}\n", KEPT)
    made = _turned(call.files.read(path), flags, name)
    if "c" in flags or made.exit_code:
        return made
    target = name.removesuffix(END) if "d" in flags else name + END
    if call.files.kind(call.path(target)) and "f" not in flags:
        return Result("", f"gzip: {target} already exists;\tnot overwritten\n", KEPT)
    call.files.write(call.path(target), made.stdout)
    if "k" not in flags:
        call.files.remove(path)
    return Result()


def _turned(text: str, flags: set[str], name: str) -> Result:
    content = encoded(text)
    if "d" not in flags:
        return Result(decoded(gzip.compress(content, mtime=0)))
    if not content:
        return Result("", f"\ngzip: {name}: unexpected end of file\n", 1)
    try:
        return Result(decoded(gzip.decompress(content)))
    except EOFError:
        return Result("", f"\ngzip: {name}: unexpected end of file\n", 1)
    except (OSError, zlib.error):
        return Result("", f"\ngzip: {name}: not in gzip format\n", 1)
