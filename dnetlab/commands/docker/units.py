"""Amounts in words, as docker writes them on both sides of its API (docker/go-units)."""

from __future__ import annotations


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
