"""Which function answers which docker command, and what is refused with the nearest thing to do instead."""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.commands.docker.parse import Invocation, Stop, parse
from dnetlab.commands.gotemplate import TooMuch, Unsupported
from dnetlab.sim.context import Context, Refused, Result, Stopped
from dnetlab.sim.dockercli import (
    archives,
    build,
    container,
    contexts,
    copy,
    events,
    exec,
    image,
    inspect,
    listing,
    network,
    prune,
    system,
    usage,
    volume,
)
from dnetlab.sim.dockercli import run as run_verbs
from dnetlab.sim.dockercli.session import Failed, Session, told
from dnetlab.sim.dockerd.api import ApiError
from dnetlab.sim.profiles import client

Verb = Callable[[Session], int]
CLUSTER = ("swarm", "node", "service", "stack", "secret", "config")  # their verbs are in clusterverbs.py
VERBS: dict[tuple[str, ...], Verb] = {
    ("network", "create"): network.create,
    ("network", "rm"): network.rm,
    ("network", "inspect"): network.inspect,
    ("network", "connect"): network.connect,
    ("network", "disconnect"): network.disconnect,
    ("network", "ls"): listing.networks,
    ("network", "prune"): prune.networks,
    ("container", "ls"): listing.containers,
    ("container", "run"): run_verbs.run,
    ("container", "create"): run_verbs.create,
    ("container", "exec"): exec.execute,
    ("container", "inspect"): inspect.containers,
    ("container", "prune"): prune.containers,
    ("container", "start"): container.start,
    ("container", "stop"): container.stop,
    ("container", "restart"): container.restart,
    ("container", "kill"): container.kill,
    ("container", "rm"): container.rm,
    ("container", "rename"): container.rename,
    ("container", "pause"): container.pause,
    ("container", "unpause"): container.unpause,
    ("container", "wait"): container.wait,
    ("container", "update"): container.update,
    ("container", "logs"): container.logs,
    ("container", "port"): container.port,
    ("container", "top"): container.top,
    ("image", "ls"): listing.images,
    ("image", "inspect"): inspect.images,
    ("image", "prune"): prune.images,
    ("image", "pull"): image.pull,
    ("image", "push"): image.push,
    ("image", "tag"): image.tag,
    ("image", "history"): usage.history,
    ("image", "save"): archives.save,
    ("image", "load"): archives.load,
    ("image", "import"): archives.import_,
    ("image", "build"): build.build,
    ("builder", "prune"): build.prune,
    ("container", "attach"): run_verbs.attach_to,
    ("container", "commit"): archives.commit,
    ("plugin", "ls"): contexts.plugins,
    ("container", "cp"): copy.cp,
    ("container", "diff"): copy.diff,
    ("container", "export"): copy.export,
    ("container", "stats"): usage.stats,
    ("system", "df"): usage.df,
    ("system", "events"): events.events,
    ("context", "ls"): contexts.ls,
    ("context", "show"): contexts.show,
    ("context", "use"): contexts.use,
    ("context", "inspect"): contexts.inspect,
    ("context", "rm"): contexts.rm,
    **{("context", name): contexts.other for name in ("create", "update", "export", "import")},
    ("image", "rm"): image.rm,
    ("volume", "ls"): listing.volumes,
    ("volume", "inspect"): inspect.volumes,
    ("volume", "prune"): prune.volumes,
    ("volume", "create"): volume.create,
    ("volume", "rm"): volume.rm,
    ("inspect",): inspect.anything,
    ("version",): system.version,
    ("system", "info"): system.info,
    ("system", "prune"): prune.everything,
}

# Real commands that the simulator doesn't do: why, and what does the same job in a lesson.
REFUSED: dict[str, tuple[str, str]] = {
    "stack config": ("docker stack config is not simulated.", "docker compose config shows a file with all filled in."),
    "login": ("There is no registry to log in to.", "docker pull works without it."),
    "logout": ("There is no registry to log out from.", "docker pull works without it."),
    "search": ("Docker Hub can't be searched from the lab.", "docker images lists what is here."),
    "volume update": ("Cluster volumes are not simulated.", "Use docker volume create."),
    "plugin": ("Plugins are not simulated.", "The drivers bridge, host, none and macvlan are there."),
    "trust": ("Signing images is not simulated.", "docker pull works without it."),
    "manifest": ("Manifests are not simulated.", "Use docker image inspect IMAGE."),
    "checkpoint": ("docker checkpoint is not simulated.", "%dnet checkpoint NAME keeps the whole lab."),
}


def verbs(operation: tuple[str, ...]) -> dict[tuple[str, ...], Verb]:
    """The verbs among which an operation's is, when there is one."""
    if not operation or operation[0] not in CLUSTER:
        return VERBS
    from dnetlab.sim.dockercli import clusterverbs

    return clusterverbs.VERBS


def run(context: Context, argv: tuple[str, ...], elsewhere: str = "") -> Result:
    """Run one docker command; elsewhere: where it looks for a daemon and finds none. Raises Refused."""
    if argv[1:2] == ("compose",):
        return _compose(context, argv[2:])
    try:
        if len(argv) > 1:
            _refuse_unknown_plugins(argv)
        own = client(context.world.release)
        call = parse(argv, own.banner, own.helps)
    except Stop as stop:
        builds = argv[1:2] in (("build",), ("builder",)) or argv[1:3] == ("image", "build")
        try:
            first = f"{build.builder(context.environment)}\n" if builds else ""
        except Failed as failed:
            return Result("", f"{failed.text}\n", failed.exit_code)
        return Result(stop.stdout, first + stop.stderr, stop.exit_code)
    _refuse(call)
    session = Session(context, call, elsewhere=elsewhere)
    if call.said:
        session.stdout.append(call.said)
    return _run(session, verbs(call.command.operation)[call.command.operation])


def _compose(context: Context, words: tuple[str, ...]) -> Result:
    """The plugin's own words, then its verb."""
    from dnetlab.commands.compose.words import read
    from dnetlab.sim.dockercli.compose.command import answer

    try:
        outer, call = read(words)
    except Stop as stop:
        return Result(stop.stdout, stop.stderr, stop.exit_code)
    return _run(Session(context, call), lambda session: answer(session, outer))


def _run(session: Session, verb: Verb) -> Result:
    try:
        return session.result(verb(session))
    except ApiError as error:
        session.err(told(error))
        return session.result(1)
    except Failed as failed:
        if failed.text:
            session.err(failed.text)
        return session.result(failed.exit_code)
    except TooMuch as too_much:
        raise Stopped.as_is(too_much.what) from None
    except Unsupported as unsupported:
        raise Refused(
            "{unsupported} is not simulated.",
            "Use fields, range, index, if, and json: {{{{json .NetworkSettings}}}}.",
            unsupported=unsupported.what,
        ) from None


def _refuse_unknown_plugins(argv: tuple[str, ...]) -> None:
    """Commands of the real client whose grammar isn't kept here."""
    words = [word for word in argv[1:] if not word.startswith("-")]
    for known in (argv[1], " ".join(words[:2])):
        if known in ("buildx",):
            text = "docker: unknown command: docker buildx\n\nRun 'docker --help' for more information\n"
            raise Stop("", text, 1)
        if known in ("trust", "manifest", "checkpoint"):
            raise Refused(*REFUSED[known.removeprefix("image ")])


_OTHER_DAEMONS = ("context", "tls", "tlscacert", "tlscert", "tlskey", "tlsverify", "config")


def _refuse(call: Invocation) -> None:
    operation = call.command.operation
    if operation not in verbs(operation):
        for name in (" ".join(operation), operation[0]):
            if name in REFUSED:
                raise Refused(*REFUSED[name])
        raise Refused("{name} is not simulated.", "docker --help lists the commands.", name=call.command.name)
    for flag in _OTHER_DAEMONS if call.options else ():
        if flag in call.options and call.command.by_name(flag) is None:
            raise Refused(
                "docker --{flag} reaches for another daemon.", "A prompt picks the host: docker2# docker ps", flag=flag
            )
