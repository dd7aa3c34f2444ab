"""Amounts in words, as docker writes them on both sides of its API (docker/go-units)."""

from __future__ import annotations

import re

BYTES = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]*)$")
_MULTIPLES = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}


def ago(seconds: float) -> str:
    """How long that is, in words (docker/go-units HumanDuration)."""
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < 60:
        return f"{whole} seconds"
    minutes = int(seconds / 60)
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return f"{minutes} minutes"
    hours = int(seconds / 3600 + 0.5)
    if hours == 1:
        return "About an hour"
    if hours < 48:
        return f"{hours} hours"
    days = hours // 24
    for unit, size, limit in (("days", 1, 14), ("weeks", 7, 60), ("months", 30, 730)):
        if days < limit:
            return f"{days // size} {unit}"
    return f"{int(seconds / 3600 / 24 / 365)} years"


def size(number: float, digits: int = 4) -> str:
    """30900000 -> '30.9MB' (docker/go-units HumanSizeWithPrecision)."""
    units = ["B", "kB", "MB", "GB", "TB"]
    place = 0
    while number >= 1000 and place < len(units) - 1:
        number /= 1000
        place += 1
    return f"{number:.{digits}g}{units[place]}"


_DURATIONS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def seconds_of(text: str) -> float | None:
    """'1m30s' -> 90.0, as Go reads a duration; None for what is none."""
    parts = re.findall(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|us|µs|ns|m|s)", text)
    bare = text.lstrip("+-")
    if bare == "0":
        return 0.0
    if not parts or "".join(number + unit for number, unit in parts) != bare:
        return None
    total = sum(float(number) * _DURATIONS[unit] for number, unit in parts)
    return -total if text.startswith("-") else total


def parse_bytes(text: str) -> int | None:
    """'512m' -> 536870912; None when docker can't read it (docker/go-units RAMInBytes)."""
    match = BYTES.match(text.lower())
    if not match:
        return None
    number, unit = match.groups()
    unit = unit.removesuffix("ib") or unit if len(unit) == 3 else unit
    if len(unit) == 2 and unit.endswith("b"):
        unit = unit[0]
    return int(float(number) * _MULTIPLES[unit]) if unit in _MULTIPLES else None
