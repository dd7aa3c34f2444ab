"""yum, dnf, apt, apt-get and apk: the tools that the lab knows can be installed where they aren't yet.

What is installed is a file in the place's PATH, so that a commit or a build keeps it. No packet leaves the lab; a place
without a default route has no way to a mirror all the same, and is told so.
"""

from __future__ import annotations

from dnetlab.commands.userland import ALPINE_PACKAGES, DEBIAN_PACKAGES, USERLANDS
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.login import PROGRAM, installed

_YUM = """\
Last metadata expiration check: 0:12:41 ago.
Package bridge-utils-1.7.1-1.x86_64 is already installed.
Dependencies resolved.
Nothing to do.
Complete!
"""
_READING = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n"
_UNSTABLE = "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n"
_IGNORED = "W: Some index files failed to download. They have been ignored, or old ones used instead.\n"
_UNFETCHED = "E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n"
_LISTS = "/var/lib/apt/lists/lock"  # there once the lists were fetched
_MIRROR = "https://dl-cdn.alpinelinux.org/alpine/v3.22"


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`apt-get install -y curl`, `apk add curl` and their like."""
    tool = argv[0].rsplit("/", 1)[-1]
    words = [word.removesuffix(".x86_64") for word in argv[1:] if not word.startswith("-")]
    verb, packages = (words[0] if words else ""), words[1:]
    if tool in ("yum", "dnf"):
        if verb == "install" and packages == ["bridge-utils"]:
            return Result(_YUM)
        return Result("", "Error: Failed to download metadata for repo 'base': Cannot prepare internal mirrorlist\n", 1)
    if verb in ("remove", "erase", "purge", "autoremove", "del"):
        raise Refused("The lab keeps its tools.", "Nothing has to be removed for the lessons.")
    if tool == "apk":
        return _apk(context, verb, packages)
    said = _apt(context, verb, packages)
    return Result(said.stdout, (_UNSTABLE if tool == "apt" else "") + said.stderr, said.exit_code)


def _has_way_out(context: Context) -> bool:
    return context.container is None or any(route.destination.prefixlen == 0 for route in context.stack.routes)


def _install(context: Context, tools: tuple[str, ...]) -> None:
    for tool in tools:
        if tool not in USERLANDS[context.userland] and installed(context, tool) is None:
            path = f"/usr/bin/{tool}"
            context.world.files[context.host, context.container or "", path] = f"{PROGRAM}{tool}\n"
            context.world.modes[context.host, context.container or "", path] = 0o755


def _is_there(context: Context, tools: tuple[str, ...]) -> bool:
    return all(tool in USERLANDS[context.userland] or installed(context, tool) for tool in tools)


# -- Debian and Ubuntu ------------------------------------------------------------------------------------------------


def _apt(context: Context, verb: str, packages: list[str]) -> Result:
    key = (context.host, context.container or "", _LISTS)
    if verb == "update":
        if not _has_way_out(context):
            return Result("Reading package lists...\n", _IGNORED)
        context.world.files[key] = ""
        return Result("Reading package lists...\n")
    if verb in ("upgrade", "dist-upgrade", "clean", "autoclean"):
        return Result(_READING + "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n")
    if verb != "install":
        return Result("", f"E: Invalid operation {verb}\n", 100)
    fetched = context.container is None or key in context.world.files
    missing = [name for name in packages if name not in DEBIAN_PACKAGES or not fetched]
    if missing:
        return Result(_READING, "".join(f"E: Unable to locate package {name}\n" for name in missing), 100)
    fresh = [name for name in packages if not _is_there(context, DEBIAN_PACKAGES[name])]
    text = _READING + "".join(f"{name} is already the newest version.\n" for name in packages if name not in fresh)
    if fresh:
        text += f"The following NEW packages will be installed:\n  {' '.join(sorted(fresh))}\n"
    text += f"0 upgraded, {len(fresh)} newly installed, 0 to remove and 0 not upgraded.\n"
    if fresh and not _has_way_out(context):
        return Result(text, _UNFETCHED, 100)
    for name in fresh:
        _install(context, DEBIAN_PACKAGES[name])
        text += f"Setting up {name} ...\n"
    return Result(text)


# -- Alpine -----------------------------------------------------------------------------------------------------------


def _apk(context: Context, verb: str, packages: list[str]) -> Result:
    fetched = "".join(f"fetch {_MIRROR}/{part}/x86_64/APKINDEX.tar.gz\n" for part in ("main", "community"))
    if verb not in ("add", "update", "upgrade"):
        raise Refused("apk {verb} is not part of the lab.", "It has apk add and apk update.", verb=verb or "?")
    if not _has_way_out(context):
        warned = "".join(f"WARNING: fetching {_MIRROR}/{part}: temporary error (try again later)\n"
                         for part in ("main", "community"))  # fmt: skip
        return Result(fetched, warned + _unknown(packages), 1 if packages else 2)
    if verb != "add":
        return Result(fetched + "OK: 25393 distinct packages available\n")
    unknown = [name for name in packages if name not in ALPINE_PACKAGES]
    if unknown:
        return Result(fetched, _unknown(unknown), len(unknown))
    fresh = [name for name in packages if not _is_there(context, ALPINE_PACKAGES[name])]
    for name in fresh:
        _install(context, ALPINE_PACKAGES[name])
    text = "".join(f"({n}/{len(fresh)}) Installing {name}\n" for n, name in enumerate(fresh, 1))
    return Result(fetched + text + "OK\n")


def _unknown(names: list[str]) -> str:
    rows = "".join(f"  {name} (no such package):\n    required by: world[{name}]\n" for name in names)
    return f"ERROR: unable to select packages:\n{rows}" if rows else ""
