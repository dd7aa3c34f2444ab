"""--mount and --ulimit, whose values have parts (docker/cli opts/mount.go, docker/go-units ulimit.go)."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import Any

from dnetlab.commands.docker.units import parse_bytes

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
    """One --mount. options: 'VolumeOptions', 'TmpfsOptions', 'BindOptions' as the API has them."""

    kind: str
    target: str
    source: str = ""
    read_only: bool = False
    options: dict[str, dict[str, Any]] = field(default_factory=dict)


def parse_mount(text: str) -> MountFlag:
    """Raises BadValue in the client's words."""
    found: dict[str, str] = {}
    labels: dict[str, str] = {}
    for part in next(csv.reader([text]), []):
        key, equals, value = part.partition("=")
        key = key.strip().lower()
        if not equals and key not in ("readonly", "ro", "volume-nocopy", "bind-nonrecursive"):
            raise BadValue(f"invalid field '{part}' must be a key=value pair")
        if key not in _KNOWN:
            raise BadValue(f"unexpected key '{key}' in '{part}'")
        if key in ("readonly", "ro") and value.lower() not in _BOOLEANS:
            raise BadValue(f"invalid value for {key}: {value}")
        found[key] = value
        if key == "volume-label":
            labels |= dict([value.partition("=")[::2]])
    kind = found.get("type", "volume").lower()
    target = found.get("target") or found.get("dst") or found.get("destination") or ""
    if not kind:
        raise BadValue("type is required")
    if not target:
        raise BadValue("target is required")
    read_only = [_BOOLEANS[found[key].lower()] for key in ("readonly", "ro") if key in found]
    return MountFlag(kind, target, found.get("source") or found.get("src") or "", any(read_only),
                     _options(found, labels))  # fmt: skip


def _options(found: dict[str, str], labels: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Those of the kinds. Raises BadValue."""
    volume: dict[str, Any] = {"NoCopy": True} if _is_on(found, "volume-nocopy") else {}
    volume |= {"Labels": labels} if labels else {}
    driver = {name: found[key] for key, name in (("volume-driver", "Name"), ("volume-opt", "Options")) if key in found}
    if volume or driver:
        volume["DriverConfig"] = driver
    volume |= {"Subpath": found["volume-subpath"]} if "volume-subpath" in found else {}
    tmpfs: dict[str, Any] = {}
    if "tmpfs-size" in found:
        size = parse_bytes(found["tmpfs-size"])
        if size is None:
            raise BadValue(f"invalid value for tmpfs-size: {found['tmpfs-size']}")
        tmpfs["SizeBytes"] = size
    if "tmpfs-mode" in found:
        try:
            tmpfs["Mode"] = int(found["tmpfs-mode"], 8)
        except ValueError:
            raise BadValue(f"invalid value for tmpfs-mode: {found['tmpfs-mode']}") from None
    bind = {"Propagation": found["bind-propagation"]} if found.get("bind-propagation") else {}
    return {"VolumeOptions": volume, "TmpfsOptions": tmpfs, "BindOptions": bind}


def _is_on(found: dict[str, str], key: str) -> bool:
    return key in found and _BOOLEANS.get(found[key].lower(), False)


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
