"""What busybox's shell makes of its environment: it keeps variables in a hash table, and `env` lists them so."""

from __future__ import annotations

_BUCKETS = 39  # VTABSIZE in busybox 1.35 shell/ash.c; hashvar() there


def _bucket(name: str) -> int:
    return (sum(name.encode()) + (name.encode()[0] << 4 if name else 0)) % _BUCKETS


def exported(environment: dict[str, str], directory: str = "/") -> dict[str, str]:
    """The variables a program started from an ash prompt gets, in the order `env` prints them.

    SHLVL and PWD are the shell's own. Observed with busybox 1.35 in containers of 20.10.24, 26.1.5 and 28.5.2.
    """
    level = environment.get("SHLVL", "0")
    own = {"SHLVL": str(int(level) + 1 if level.isdecimal() else 1), "PWD": directory}
    return ordered(environment | own)


def ordered(environment: dict[str, str]) -> dict[str, str]:
    """The variables in the order of the shell's table."""
    return {name: environment[name] for name in sorted(environment, key=_bucket)}
