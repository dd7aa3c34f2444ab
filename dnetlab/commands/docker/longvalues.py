"""--mount and --ulimit, whose values have parts (docker/cli opts/mount.go, docker/go-units ulimit.go)."""

from __future__ import annotations

import csv
from dataclasses import dataclass

_BOOLEANS = {"1": True, "t": True, "true": True, "": True, "0": False, "f": False, "false": False}
_DRIVER = ("volume-opt", "volume-driver", "volume-label", "volume-nocopy", "volume-subpath")
_KNOWN = ("type", "source", "src", "target", "dst", "destination", "readonly", "ro", "consistency", "bind-propagation",
          "bind-nonrecursive", "bind-recursive", "tmpfs-size", "tmpfs-mode", *_DRIVER)  # fmt: skip
ULIMITS = ("core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
           "rttime", "sigpending", "stack")  # fmt: skip


class BadValue(ValueError):
    """The client's complaint."""


@dataclass(frozen=True)
class MountFlag:
    """One --mount. others: the keys that were given and that only a driver, or a tmpfs, asks for."""

    kind: str
    target: str
    source: str = ""
    read_only: bool = False
    others: tuple[str, ...] = ()


def parse_mount(text: str) -> MountFlag:
    """Raises BadValue in the client's words."""
    found: dict[str, str] = {}
    for field in next(csv.reader([text]), []):
        key, equals, value = field.partition("=")
        key = key.strip().lower()
        if not equals and key not in ("readonly", "ro", "volume-nocopy", "bind-nonrecursive"):
            raise BadValue(f"invalid field '{field}' must be a key=value pair")
        if key not in _KNOWN:
            raise BadValue(f"unexpected key '{key}' in '{field}'")
        if key in ("readonly", "ro") and value.lower() not in _BOOLEANS:
            raise BadValue(f"invalid value for {key}: {value}")
        found[key] = value
    kind = found.get("type", "volume").lower()
    target = found.get("target") or found.get("dst") or found.get("destination") or ""
    if not kind:
        raise BadValue("type is required")
    if not target:
        raise BadValue("target is required")
    read_only = [_BOOLEANS[found[key].lower()] for key in ("readonly", "ro") if key in found]
    others = tuple(key for key in found if key in _DRIVER or key.startswith("tmpfs-"))
    return MountFlag(kind, target, found.get("source") or found.get("src") or "", any(read_only), others)


def parse_ulimit(text: str) -> tuple[str, int, int]:
    """'nofile=100:200' -> ('nofile', 100, 200): soft, hard. Raises BadValue."""
    name, equals, values = text.partition("=")
    if not equals:
        raise BadValue(f"invalid ulimit argument: {text}")
    if name not in ULIMITS:
        raise BadValue(f"invalid ulimit type: {name}")
    numbers = []
    for part in values.split(":", 1):
        try:
            numbers.append(int(part))
        except ValueError:
            raise BadValue(f'strconv.ParseInt: parsing "{part}": invalid syntax') from None
    soft, hard = numbers[0], numbers[-1]
    if hard != -1 and soft > hard:
        raise BadValue(f"ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}")
    return name, soft, hard
