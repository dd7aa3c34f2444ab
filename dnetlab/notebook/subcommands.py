"""`%dnet ips`, `%dnet trace web1 web2:80`, `%dnet undo`: one function each, and a list of them for `%dnet` alone."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnetlab.errors import NotHere, UsageError
from dnetlab.language import Words, near_or, say
from dnetlab.lessons.fault import LEVELS
from dnetlab.notebook import lessons
from dnetlab.notebook.display import Sentence
from dnetlab.notebook.downloads import offered
from dnetlab.notebook.options import parse
from dnetlab.views import course

if TYPE_CHECKING:
    from IPython.core.magic_arguments import MagicArgumentParser

    from dnetlab.notebook.magic import DnetMagics

Arguments = tuple[tuple[tuple[str, ...], dict[str, Any]], ...]


def _arg(*names: str, **options: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    return names, options


_HOST = _arg("--host", metavar="NAME", help="only this host")
_CONTAINER = _arg("--container", metavar="NAME", help="only this container")
_NAMESPACE = _arg("--namespace", metavar="NAME", help="only this network namespace: 'host' or a container's short id")
_PLACE: Arguments = (_HOST, _CONTAINER, _NAMESPACE)


@dataclass(frozen=True)
class Subcommand:
    """function(magics, options) -> what the magic returns; summary is its line in the list."""

    name: str
    summary: str
    function: Callable[[DnetMagics, Any], Any]
    arguments: Arguments = ()

    def parser(self) -> MagicArgumentParser:
        from IPython.core.magic_arguments import MagicArgumentParser

        parser = MagicArgumentParser(prog=f"%dnet {self.name}", description=self.summary)
        for names, options in self.arguments:
            parser.add_argument(*names, **options)
        return parser


def run(magics: DnetMagics, line: str) -> Any:
    """`%dnet LINE`. Raises UsageError for a subcommand that isn't there, with the nearest one."""
    name, _, rest = line.strip().partition(" ")
    if name in ("", "help", "-h", "--help"):
        return Sentence(overview())
    if name not in SUBCOMMANDS:
        near = difflib.get_close_matches(name, SUBCOMMANDS, 1, 0.5)
        hint = near_or([f"%dnet {word}" for word in near], Words("`%dnet` alone lists them."))
        if name in ("docker", "ip", "iptables", "brctl", "ping", "curl", *magics.topology.names):
            hint = Words("Commands run in a cell with %%dnet on its first line.")
        raise UsageError("%dnet has no subcommand {name!r}", hint=hint, name=name)
    subcommand = SUBCOMMANDS[name]
    options = parse(subcommand.parser(), rest, f"%dnet {name}")
    if options is None:
        return None
    value = subcommand.function(magics, options)
    if name in LOOKS:
        magics.lab.looked(name, vars(options))
    return value


def overview() -> str:
    width = max(len(name) for name in SUBCOMMANDS)
    rows = [f"  %dnet {s.name:<{width}}  {say(s.summary)}" for s in SUBCOMMANDS.values()]
    return "\n".join([
        say("%%dnet [HOST] on the first line of a cell runs its commands; %dnet looks at the lab:"),
        *rows,
        say("`%dnet SUBCOMMAND --help` shows options; `name << ` after %dnet or %%dnet catches a result."),
    ])  # fmt: skip


# -- looking ---------------------------------------------------------------------------------------------------------


def _table(name: str) -> Callable[[DnetMagics, Any], Any]:
    def show(magics: DnetMagics, options: Any) -> Any:
        return magics.lab.table(name, **vars(options))

    return show


def _topology(magics: DnetMagics, options: Any) -> Any:
    return magics.lab.topology(only=options.only or None)


def _trace(magics: DnetMagics, options: Any) -> Any:
    from dnetlab.notebook.journey import JourneyView

    snapshot, exchange, seen = magics.lab.observed(options.source, options.destination)
    return JourneyView(exchange, snapshot, seen)


def _capture(magics: DnetMagics, options: Any) -> Any:
    """Of a file: the table; a copy lies beside the notebook then. Of two ends: what all interfaces see, and a file."""
    host, _, path = options.file.partition(":")
    if options.copy and not path:
        copy = options.to or f"{host}-{options.copy.replace(':', '-')}.pcap".replace("/", "-")
        table = magics.lab.frames(options.file, options.copy, copy)
    else:
        copy = options.copy or options.file.rpartition(":")[2].rpartition("/")[2]
        table = magics.lab.capture(options.file, copy)
    print(f"{len(table)} frames; {copy} is a copy that Wireshark opens.")
    return table


def _why(magics: DnetMagics, options: Any) -> Any:
    from dnetlab.notebook.journey import ReasonView

    if options.source and not options.destination:
        raise UsageError(
            "%dnet why takes both ends or none", hint="%dnet why {source} DST[:PORT]", source=options.source
        )
    return ReasonView(magics.lab.why(options.source, options.destination))


def _reach(magics: DnetMagics, options: Any) -> Any:
    return magics.lab.reach()


def _journal(magics: DnetMagics, options: Any) -> Any:
    """The commands of this session, as a script that `dnetlab run` takes."""
    lines = [f"{e.line.host}# {e.line.text}" if e.line.container is None else f"/ # {e.line.text}"
             for e in magics.lab.entries]  # fmt: skip
    return offered("\n".join(lines) or say("; no commands yet"), _record(magics))


def _record(magics: DnetMagics) -> list[Path]:
    """The file that this lab's commands are written down in; none where none is kept."""
    return [magics.lab.record.path] if magics.lab.record else []


def _terminal(magics: DnetMagics, options: Any) -> Any:
    """A terminal of that host in the page, or the sentence that says what to do where there can be none."""
    from dnetlab.commands.cell import host_called
    from dnetlab.notebook.terminal import open_terminal

    shown = open_terminal(magics, host_called(magics.lab.shape, options.host))
    return Sentence(shown) if isinstance(shown, str) else shown


def _panel(magics: DnetMagics, options: Any) -> Any:
    from dnetlab.notebook.panel import open_panel

    shown = open_panel(magics)
    return Sentence(shown) if isinstance(shown, str) else shown


def _compose(magics: DnetMagics, options: Any) -> Any:
    from dnetlab.notebook.composed import bring_up

    return bring_up(magics, options)


# -- time travel -------------------------------------------------------------------------------------------------------


def _reset(magics: DnetMagics, options: Any) -> Any:
    magics.lab.reset()
    return Sentence(say("The lab is as it was at the start."))


def _in_time(move: Callable[[DnetMagics, Any], Any]) -> Callable[[DnetMagics, Any], Any]:
    """A real engine can't go back: it says so in a sentence, and the notebook runs on."""

    def show(magics: DnetMagics, options: Any) -> Any:
        try:
            return move(magics, options)
        except NotHere as error:
            return Sentence(str(error))

    return show


@_in_time
def _undo(magics: DnetMagics, options: Any) -> Any:
    undone = magics.lab.undo(options.commands)
    if not undone:
        return Sentence(say("There is nothing to take back."))
    return Sentence(say("Taken back: {lines}", lines="; ".join(entry.line.text for entry in undone)))


@_in_time
def _checkpoint(magics: DnetMagics, options: Any) -> Any:
    if options.name is None:
        names = ", ".join(magics.lab.checkpoints)
        return Sentence(say("Checkpoints: {names}", names=names) if names else say("There are no checkpoints yet."))
    magics.lab.checkpoint(options.name)
    return Sentence(say("Checkpoint {name}: `%dnet goto {name}` comes back here.", name=options.name))


@_in_time
def _goto(magics: DnetMagics, options: Any) -> Any:
    magics.lab.goto(options.name)
    return Sentence(say("The lab is as it was at {name}.", name=options.name))


def _resume(magics: DnetMagics, options: Any) -> Any:
    from dnetlab.notebook.journal import back_to
    from dnetlab.views.journal import resumed_text

    if options.journal is None and options.session is None:
        back_to(magics)
    lines = [resumed_text(magics.lab.resume(options.journal, options.session))]
    lines += [course.standing_text(magics.lab.tasks())] if magics.lab.started else []
    return Sentence("\n".join(lines))


# -- the lab itself ----------------------------------------------------------------------------------------------------


def _engine(magics: DnetMagics, options: Any) -> Any:
    if options.name is not None or options.docker is not None:
        magics.attach = options.attach
        chosen = magics.choose(options.name, options.docker)
        before, now = magics.labs.get(magics.current), magics.lab_of(*chosen)
        magics.current = chosen
        if before and before.lesson and now.lesson is None:
            now.take_over_lesson(before)
    from dnetlab.views.engine import engine_text

    engine = magics.lab.engine
    return Sentence(say("Cells run on {engine}.", engine=engine_text(engine.name, engine.release)))


def _report(magics: DnetMagics, options: Any) -> Any:
    from dnetlab.grade.hand_in import of_lab, write_all
    from dnetlab.notebook.lessons import speak_once
    from dnetlab.report.text import exported_text

    with speak_once(options.lang) as language:
        work = of_lab(magics.lab)
        files, missing = write_all(work, Path(options.out), options.format or (), language)
        told = "\n".join(filter(None, (exported_text(work, files), missing)))
        return offered(told, [*files, *_record(magics)])


def _doctor(magics: DnetMagics, options: Any) -> Any:
    from dnetlab.doctor import examine
    from dnetlab.views.frame import TEXT, frame

    rows = [(f.subject, f.state, f.found, f.advice or None) for f in examine()]
    return frame(rows, {"subject": TEXT, "state": TEXT, "found": TEXT, "advice": TEXT})


def _lab(magics: DnetMagics, options: Any) -> Any:
    if options.file is None:
        return magics.lab
    magics.shape(options.file)
    return Sentence(say("A fresh lab of {hosts}.", hosts=", ".join(magics.topology.names)))


_LINKS: Arguments = (*_PLACE, _arg("--kind", metavar="KIND", help="veth, bridge, physical, macvlan, …"))
_SOCKETS: Arguments = (*_PLACE, _arg("--port", metavar="PORT", type=int, help="only this local port"))
_WHY: Arguments = (
    _arg("source", nargs="?", help="a host or container; left out: the last ping or curl"),
    _arg("destination", nargs="?", help="NAME, IP, or either:PORT"),
)
_RULES: Arguments = (
    *_PLACE,
    _arg("-t", "--table", metavar="TABLE", help="filter, nat, mangle or raw"),
    _arg("--chain", metavar="CHAIN", help="only this chain"),
    _arg("-6", "--ipv6", dest="family", action="store_const", const="inet6", default="inet", help="those of ip6tables"),
)

_TASK: Arguments = (_arg("task", nargs="?", metavar="TASK", help="its id or number; left out: all that are open"),)
_ANSWER: Arguments = (
    _arg("question", metavar="QUESTION", help="its id or number"),
    _arg("answer", nargs="*", metavar="ANSWER", help="a choice's letter, or words"),
)

# What is written down, so that a report can show it.
LOOKS = (
    "ips", "links", "routes", "rules", "neighbours", "sockets", "connections", "processes", "containers", "networks",
    "endpoints", "images", "topology", "trace", "why", "reach",
)  # fmt: skip
SUBCOMMANDS: dict[str, Subcommand] = {
    s.name: s
    for s in (
        Subcommand("ips", "addresses of every interface", _table("ips"), _PLACE),
        Subcommand("links", "interfaces: veth pairs, bridges, NICs", _table("links"), _LINKS),
        Subcommand("routes", "routing tables", _table("routes"), _PLACE),
        Subcommand("rules", "iptables rules with their counters", _table("rules"), _RULES),
        Subcommand("neighbours", "ARP tables", _table("neighbours"), _PLACE),
        Subcommand("sockets", "who listens where", _table("sockets"), _SOCKETS),
        Subcommand("connections", "what conntrack remembers", _table("connections"), _PLACE),
        Subcommand("processes", "processes of each host", _table("processes"), _PLACE),
        Subcommand("containers", "containers, stopped ones too", _table("containers"), (_HOST, _CONTAINER)),
        Subcommand("networks", "Docker's networks", _table("networks"), (_HOST, _CONTAINER)),
        Subcommand("endpoints", "which container is in which network", _table("endpoints"), (_HOST, _CONTAINER)),
        Subcommand("images", "images", _table("images"), (_HOST,)),
        Subcommand("topology", "the picture of the lab, or of the hosts, containers, networks named", _topology,
                   (_arg("only", nargs="*", metavar="NAME", help="hosts, containers or networks"),)),
        Subcommand("capture", "SRC DST[:PORT]: what each interface sees of it; HOST:FILE [COPY]: what tcpdump -w wrote",
                   _capture, (_arg("file", metavar="SRC|HOST:FILE", help="a host or container, or a file"),
                              _arg("copy", nargs="?", metavar="DST[:PORT]|COPY", help="the other end, or a name"),
                              _arg("to", nargs="?", metavar="FILE", help="the file for Wireshark that is written"))),
        Subcommand("trace", "SRC DST[:PORT]: a packet's journey and its answer's", _trace,
                   (_arg("source", help="a host or container"), _arg("destination", help="NAME, IP, or either:PORT"))),
        Subcommand("why", "why the last ping or curl failed, or SRC can't reach DST[:PORT]", _why, _WHY),
        Subcommand("reach", "who reaches whom", _reach),
        Subcommand("terminal", "[HOST]: its prompt in the page, to type at; the lab's first host when left out",
                   _terminal, (_arg("host", nargs="?", metavar="HOST"),)),
        Subcommand("panel", "the picture in the page, which follows each command and answers clicks", _panel),
        Subcommand("compose", "FILE [HOST]: bring a compose file of this machine up in the lab, with what it names",
                   _compose, (_arg("file", metavar="FILE", help="a compose file, or its folder"),
                              _arg("host", nargs="?", metavar="HOST"))),
        Subcommand("undo", "take back the last command, or the last N", _undo,
                   (_arg("commands", nargs="?", type=int, default=1, metavar="N"),)),
        Subcommand("checkpoint", "NAME: remember this moment; alone: list them", _checkpoint,
                   (_arg("name", nargs="?", metavar="NAME"),)),
        Subcommand("goto", "NAME: go back to a checkpoint", _goto, (_arg("name", metavar="NAME"),)),
        Subcommand("reset", "a fresh lab", _reset),
        Subcommand("resume", "bring the lab of an earlier session back", _resume,
                   (_arg("journal", nargs="?", metavar="FILE"),
                    _arg("--session", metavar="NAME", help="which session of the file; the last one when left out"))),
        Subcommand("journal", "the commands of this session, as a script", _journal),
        Subcommand("lesson", "NAME: open a lesson; alone: which one is open", lessons.lesson,
                   (_arg("name", nargs="?", metavar="NAME", help="its number, a part of its name, or its folder"),
                    _arg("--lang", metavar="LANGUAGE", help="en or zh"))),
        Subcommand("start", "the fresh lab that the lesson's tasks begin with", lessons.start),
        Subcommand("tasks", "the lesson's tasks, and how they stand", lessons.tasks),
        Subcommand("check", "[TASK]: what is done, what is missing, and why", lessons.check, _TASK),
        Subcommand("hint", "[TASK]: a hint, each a little clearer", lessons.hint, _TASK),
        Subcommand("predict", "QUESTION ANSWER: write a prediction down; without an answer: the question",
                   lessons.predict, _ANSWER),
        Subcommand("answer", "QUESTION ANSWER: answer a question of a task", lessons.predict, _ANSWER),
        Subcommand("fault", "[SEED | KIND [SEED]]: a lab that was broken on purpose, the next one or that one",
                   lessons.fault,
                   (_arg("what", nargs="*", metavar="SEED|KIND", help="a number, or a kind such as dead-proxy"),
                    _arg("--level", type=int, choices=LEVELS, help="1 shows at a glance, 3 misleads"))),
        Subcommand("diagnose", "CHOICE WORDS…: say what the fault is; alone: what it might be", lessons.diagnose,
                   (_arg("choice", nargs="?", metavar="CHOICE"),
                    _arg("words", nargs="*", metavar="WORDS", help="where it is, and what is wrong there"))),
        Subcommand("compare", "QUESTION: your prediction beside what is so", lessons.compare, _ANSWER[:1]),
        Subcommand("student", "ID: your own numbers in lessons; alone: whose they are", lessons.student,
                   (_arg("id", nargs="?", metavar="ID"),)),
        Subcommand("lang", "en or zh: the lab's language; alone: which it is", lessons.lang,
                   (_arg("language", nargs="?", metavar="LANGUAGE"),)),
        Subcommand("report", "write a report of the lesson: HTML, PDF and JSON", _report,
                   (_arg("--out", metavar="FOLDER", default=".", help="where to (default: here)"),
                    _arg("--format", action="append", choices=["html", "pdf", "json"], help="only this; repeatable"),
                    _arg("--lang", metavar="LANGUAGE", help="en or zh"))),
        Subcommand("engine", "which engine runs the cells; with a name: change it", _engine,
                   (_arg("name", nargs="?", choices=["sim", "docker"]), _arg("--docker", metavar="RELEASE"),
                    _arg("--attach", metavar="NAME", help="a lab that `dnetlab up` made, to be left standing"))),
        Subcommand("doctor", "what this machine can do", _doctor),
        Subcommand("lab", "the Lab object, for Python; with a lab.toml: a lab of its shape", _lab,
                   (_arg("file", nargs="?", metavar="FILE", help="a lab.toml, or default"),)),
    )
}  # fmt: skip
