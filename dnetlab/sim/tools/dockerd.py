"""dockerd at a prompt: --version, and --validate, which reads the daemon's file and says whether it could start."""

from __future__ import annotations

from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd import daemonfile
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.tools.options import fail


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`dockerd --validate [--config-file FILE] [FLAG…]` (23.0 and later); to start it is systemd's business."""
    release = release_of(context.world)
    words = list(argv[1:])
    if words in (["--version"], ["-v"]):
        return Result(f"Docker version {release.version}, build {release.build.commit}\n")
    if "--validate" not in words:
        raise Refused("dockerd runs as a service here.", "systemctl restart docker, or dockerd --validate")
    if not release.validates_file:
        return fail("unknown flag: --validate\nSee 'dockerd --help'.", 125)
    words.remove("--validate")
    path = _taken(words, "--config-file") or daemonfile.FILE
    try:
        daemonfile.read(release, context.world.files.get((context.host, "", path)), " ".join(words))
    except daemonfile.Unusable as error:
        return fail(str(error), 1)
    return Result("", "configuration OK\n")


def _taken(words: list[str], name: str) -> str:
    """Take an option and its value out of the words; '' when it isn't there."""
    for place, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if flag == name:
            taken = value if equals else "".join(words[place + 1 : place + 2])
            del words[place : place + (1 if equals else 2)]
            return taken
    return ""
