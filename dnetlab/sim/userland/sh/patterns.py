"""The shell's patterns: `*`, `?`, `[…]`; what is quoted stands for itself."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence

from dnetlab.sim.userland.seam import Files, absolute

Chunk = tuple[str, bool]  # text, and whether it is quoted
_CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "space": " \t\n", "upper": "A-Z", "lower": "a-z",
            "xdigit": "0-9A-Fa-f", "blank": " \t", "punct": "!-/:-@[-`{-~"}  # fmt: skip


def is_pattern(chunks: Sequence[Chunk]) -> bool:
    return any(not quoted and re.search(r"[*?\[]", text) for text, quoted in chunks)


def plain(chunks: Sequence[Chunk]) -> str:
    """The text that a pattern without `*`, `?` and `[` stands for."""
    return "".join(text if quoted else re.sub(r"\\(.)", r"\1", text, flags=re.S) for text, quoted in chunks)


def compiled(chunks: Sequence[Chunk]) -> re.Pattern[str]:
    """A regular expression for fullmatch. Python's fnmatch makes one that can't blow up."""
    return re.compile(fnmatch.translate("".join(escaped(text) if quoted else _own(text) for text, quoted in chunks)))


def escaped(text: str) -> str:
    return re.sub(r"[*?\[]", lambda found: f"[{found[0]}]", text)


def _own(text: str) -> str:
    """The few places where fnmatch reads a pattern otherwise: named classes, and a backslash."""
    text = re.sub(r"\[:(\w+):\]", lambda found: _CLASSES.get(found[1], found[0]), text)
    return re.sub(r"\\(.)", lambda found: escaped(found[1]), text, flags=re.S)


def paths(chunks: Sequence[Chunk], files: Files, directory: str) -> list[str]:
    """The names that a word stands for, sorted; [] when none matches."""
    found = [""]
    for number, component in enumerate(_components(chunks)):
        if component == []:
            found = (
                [f"{base}/" for base in found]
                if number == 0
                else [f"{base}/" for base in found if _is_directory(files, directory, base)]
            )
            continue
        found = [path for base in found for path in _step(base, component, files, directory)]
    return sorted(found)


def _components(chunks: Sequence[Chunk]) -> list[list[Chunk]]:
    """The word cut at its slashes; [] stands for a slash."""
    components: list[list[Chunk]] = []
    current: list[Chunk] = []
    for text, quoted in chunks:
        for position, piece in enumerate(text.split("/")):
            if position:
                components += [current, []] if current else [[]]
                current = []
            if piece:
                current.append((piece, quoted))
    return [*components, current] if current else components


def _step(base: str, component: list[Chunk], files: Files, directory: str) -> list[str]:
    plain = "".join(text for text, _ in component)
    if not is_pattern(component):
        path = base + plain
        return [path] if files.kind(absolute(directory, path)) or files.target(absolute(directory, path)) else []
    if not _is_directory(files, directory, base):
        return []
    pattern = compiled(component)
    names = files.names(absolute(directory, base or "."))
    return [base + name for name in names if pattern.fullmatch(name) and (plain[0] == "." or name[0] != ".")]


def _is_directory(files: Files, directory: str, base: str) -> bool:
    return files.kind(absolute(directory, base or ".")) == "directory"
