"""yum, dnf, apt and apt-get: bridge-utils is installed already, and a closed lab has no way to anything else."""

from __future__ import annotations

from dnetlab.sim.context import Context, Refused, Result

_YUM = """\
Last metadata expiration check: 0:12:41 ago.
Package bridge-utils-1.7.1-1.x86_64 is already installed.
Dependencies resolved.
Nothing to do.
Complete!
"""
_READING = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n"
_NEWEST = (
    "bridge-utils is already the newest version (1.7.1-1).\n"
    "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
)
_UNSTABLE = "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n"


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`yum install bridge-utils` and its like; the answers are those of the lab hosts."""
    tool = argv[0].rsplit("/", 1)[-1]
    words = [word.removesuffix(".x86_64") for word in argv[1:] if not word.startswith("-")]
    verb, packages = (words[0] if words else ""), words[1:]
    yum = tool in ("yum", "dnf")
    if verb == "install" and packages == ["bridge-utils"]:
        return Result(_YUM) if yum else Result(_READING + _NEWEST, _UNSTABLE if tool == "apt" else "")
    if verb in ("remove", "erase", "purge", "autoremove"):
        raise Refused("The lab keeps its tools.", "Nothing has to be removed for the lessons.")
    if yum:
        return Result("", "Error: Failed to download metadata for repo 'base': Cannot prepare internal mirrorlist\n", 1)
    if verb == "update":
        return Result("Reading package lists...\n")
    missing = "".join(f"E: Unable to locate package {name}\n" for name in packages if name != "bridge-utils")
    return Result(_READING, missing, 100 if missing else 0)
