"""`dnetlab`: the lab from a terminal. `dnetlab COMMAND --help` says what each one takes.

Exit status of `run`: 0 all lines ran (whatever they returned), 1 --check found a difference or nothing to compare, or
--strict a command that failed or did not run, 2 usage, 3 a line was refused. Everything else: 0 done, 1 not, 2 usage.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnetlab import __version__, cli_serve
from dnetlab.cli_assign import assign_command
from dnetlab.cli_site import site_command
from dnetlab.cli_work import work_commands
from dnetlab.errors import CellError, DnetError, UsageError
from dnetlab.language import heading, say
from dnetlab.language.arguments import Parser

if TYPE_CHECKING:
    from collections.abc import Callable

    from dnetlab.commands.script import ScriptCell
    from dnetlab.lab import Lab
    from dnetlab.model import Output, Topology
    from dnetlab.result import CellResult

_COMPARED = "{name}: {number} outputs compared, {different} different"
_LEFT_OUT = "{name}: the kernel of these hosts has no {what}, so a cell was left out; the simulator runs it"


def main(argv: list[str] | None = None) -> int:
    """The `dnetlab` command. A mistake in the call is one clear line and status 2, never a traceback."""
    _speak_utf8()
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except UsageError as error:
        print(f"dnetlab: {error}", file=sys.stderr)
        return 2
    except DnetError as error:
        print(f"dnetlab: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `dnetlab run … | head`
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def _speak_utf8() -> None:
    """What goes into a file or a pipe is UTF-8 on every system; a terminal that can't show a character shows `?`."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="surrogateescape" if stream is sys.stdin else "replace")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="dnetlab",
        description=say("Learn how Docker networks work: real commands, on a simulator or real engines."),
    )
    parser.add_argument("--version", action="version", version=f"dnetlab {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    lab = commands.add_parser("lab", help=say("open the lessons in JupyterLab, on a working copy of your own"))
    lab.add_argument("lesson", nargs="?", help=say("lesson number or a part of its name (default: the tour)"))
    lab.add_argument("--dir", type=Path, default=Path("dnetlab-notebooks"), help=say("your working folder"))
    lab.add_argument("--port", type=int, help=say("port on 127.0.0.1 (default: the first free one from 8888)"))
    lab.add_argument("--lab", metavar="FILE", help=say("a lab.toml: cells run in a lab of its shape"))
    lab.add_argument("--no-browser", action="store_true", help=say("only print the URL"))
    lab.set_defaults(run=_lab)

    run = commands.add_parser(
        "run", help=say("run a .dnet script, a notebook's %%%%dnet cells, or - for standard input")
    )
    run.add_argument("files", nargs="+", metavar="FILE")
    _engine_options(run)
    run.add_argument("--check", action="store_true", help=say("compare with the outputs pasted in the script"))
    run.add_argument("--journal", metavar="FILE", help=say("append every command to this file"))
    run.add_argument("--json", action="store_true", help=say("one JSON object per command"))
    run.add_argument("--keep-going", action="store_true", help=say("go on after a refused line"))
    run.add_argument(
        "--strict", action="store_true", help=say("fail when a command fails, or reads as one and did not run")
    )
    run.set_defaults(run=_run)

    shell = commands.add_parser("shell", help=say("a prompt in the lab"))
    shell.add_argument("host", nargs="?", help=say("whose prompt (default: the lab's first host, docker1)"))
    _engine_options(shell)
    shell.add_argument(
        "--journal", metavar="FILE", help=say("append every command to this file (default: in .dnetlab/)")
    )
    shell.add_argument(
        "--resume", action="store_true", help=say("bring the lab of the last session of the journal back")
    )
    shell.add_argument("-q", "--quiet", action="store_true", help=say("don't show what each command changed"))
    shell.set_defaults(run=_shell)

    cli_serve.add(commands, _engine_options).set_defaults(run=_serve)
    _lesson_commands(commands)
    for add in (work_commands, assign_command, site_command):
        add(commands)
    doctor = commands.add_parser("doctor", help=say("what works on this machine, and what to do about the rest"))
    doctor.add_argument("--json", action="store_true", help=say("the findings as JSON"))
    doctor.set_defaults(run=_doctor)

    up = commands.add_parser("up", help=say("start real lab hosts"))
    up.add_argument("name", nargs="?", help=say("the lab's name (default: one is made up); one that stands is mended"))
    up.add_argument("--docker", metavar="RELEASE", help=say("20.10, 26.1 or 28.5"))
    up.add_argument("--lab", metavar="FILE", help=say("a lab.toml: hosts, NICs and switches (default: the usual lab)"))
    up.set_defaults(run=_up)
    down = commands.add_parser("down", help=say("remove a lab that `up` made, and whatever crashed ones left"))
    down.add_argument("name", nargs="?", help=say("which one (default: the only one there is)"))
    down.set_defaults(run=_down)
    commands.add_parser("ps", help=say("list the lab hosts")).set_defaults(run=_ps)
    return parser


def _lesson_commands(commands: argparse._SubParsersAction[Parser]) -> None:
    fault = commands.add_parser("fault", help=say("a prompt in a lab that was broken on purpose"))
    fault.add_argument("what", nargs="*", metavar="SEED|KIND", help=say("a number, a kind such as dead-proxy, or both"))
    fault.add_argument("--level", type=int, choices=(1, 2, 3), help=say("1 shows at a glance, 3 misleads"))
    fault.add_argument("--student", metavar="ID", default="", help=say("whose faults: everybody has others"))
    fault.add_argument("--list", action="store_true", help=say("the kinds of faults, with their levels"))
    _engine_options(fault)
    fault.set_defaults(run=_fault)
    check = commands.add_parser("check", help=say("judge a lesson's tasks after scripts, notebooks or a journal ran"))
    check.add_argument("lesson", metavar="LESSON", help=say("its number, a part of its name, or its folder"))
    check.add_argument("files", nargs="*", metavar="FILE", help=say("default: the journal of `dnetlab shell`"))
    check.add_argument("--student", metavar="ID", default="", help=say("whose numbers the lesson has"))
    _engine_options(check)
    check.set_defaults(run=_check)
    new = commands.add_parser("new-lesson", help=say("write the folder of a lesson that runs, to be changed"))
    new.add_argument("name", metavar="NAME", help=say("its folder's name, such as 13-vlans"))
    new.set_defaults(run=_new_lesson)
    prove = commands.add_parser(
        "check-lesson", help=say("prove that start fails, solutions pass, mistakes get their hints")
    )
    prove.add_argument("names", nargs="*", metavar="NAME")
    prove.add_argument("--all", action="store_true", help=say("every lesson that comes with dnetlab"))
    prove.add_argument("--engine", choices=("sim", "docker"), default="sim", help=say("simulator or real engines"))
    prove.add_argument("--docker", metavar="RELEASE", help=say("default: every release that the lesson names"))
    prove.set_defaults(run=_check_lesson)
    build = commands.add_parser("build-lesson", help=say("make a lesson's notebooks, in both languages"))
    build.add_argument("names", nargs="+", metavar="NAME")
    build.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help=say("default: here"))
    build.set_defaults(run=_build_lesson)


def _engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=("sim", "docker"), default="sim", help=say("simulator or real engines"))
    parser.add_argument("--docker", metavar="RELEASE", help=say("20.10, 26.1, 28.5 or 29.7"))
    parser.add_argument(
        "--lab", metavar="FILE", help=say("a lab.toml: hosts, NICs and switches (default: the usual lab)")
    )
    parser.add_argument("--attach", metavar="NAME", help=say("use a lab that `dnetlab up` made, and leave it standing"))
    parser.add_argument("--seed", type=int, default=0, help=say("the simulator's chance (ids, MACs, times)"))


def _lab(arguments: argparse.Namespace) -> int:
    from dnetlab.model import read_topology
    from dnetlab.views.diagrams import renderer
    from dnetlab.workspace import open_lab

    if arguments.lab:
        read_topology(arguments.lab)  # a mistake is said here, not by every cell
        os.environ["DNETLAB_LAB"] = str(Path(arguments.lab).resolve())
    return open_lab(
        arguments.lesson, arguments.dir, arguments.port, not arguments.no_browser,
        lambda text: print(text, flush=True), meanwhile=renderer,  # which compiles Graphviz, once for this machine
    )  # fmt: skip


def _serve(arguments: argparse.Namespace) -> int:
    return cli_serve.run(arguments, _topology(arguments))


def _run(arguments: argparse.Namespace) -> int:
    from dnetlab.commands.script import read_script

    shapes = [_topology(arguments, name) for name in arguments.files]
    scripts = [(name, shape, read_script(name, shape)) for name, shape in zip(arguments.files, shapes, strict=True)]
    refused = wrong = False
    for name, topology, cells in scripts:
        results = _run_script(name, cells, topology, arguments)
        refused |= any(r.refused for r in results)
        wrong |= arguments.check and not _compared(name, results)
        wrong |= arguments.strict and any(r.left_out or any(o.exit_code for o in r.outputs) for r in results)
    if refused:
        return 3
    return 1 if wrong else 0


def _compared(name: str, results: list[CellResult]) -> bool:
    """Say how many outputs were compared; whether there were any, and all were as expected."""
    number = sum(r.compared for r in results)
    different = sum(len(r.differences) for r in results)
    if not number:
        print(say("{name}: nothing was compared: no command in it has a prompt and its output below", name=name),
              file=sys.stderr)  # fmt: skip
    else:
        told = "{name}: 1 output compared, {different} different" if number == 1 else _COMPARED
        print(say(told, name=name, number=number, different=different), file=sys.stderr)
    return number > 0 and not different


def _topology(arguments: argparse.Namespace, notebook: str = "") -> Topology:
    """Of the lab that is attached to, of `--lab FILE`, of the lesson that the notebook opens, or the default lab's."""
    from dnetlab.model import default_topology, read_topology

    if getattr(arguments, "attach", None):
        from dnetlab.engines.labhosts import attach

        if arguments.lab:
            raise UsageError("a lab that stands has its shape", hint="Leave --lab out beside --attach.")
        return attach(arguments.attach, arguments.docker).shape
    return read_topology(arguments.lab) if arguments.lab else _shape_of(notebook) or default_topology()


def _shape_of(notebook: str) -> Topology | None:
    from dnetlab.commands.script import lesson_of_notebook
    from dnetlab.lessons.read import read_lesson

    lesson = lesson_of_notebook(notebook)
    return read_lesson(lesson).shape if lesson else None


def _run_script(
    name: str, cells: list[ScriptCell], topology: Topology, arguments: argparse.Namespace
) -> list[CellResult]:
    """One file in a fresh lab; stops after a refused line unless --keep-going. A cell that is for another engine or
    release has a lab of its own, one that needs what the kernel lacks is left out."""
    results: list[CellResult] = []
    index = 0

    def heard(output: Output) -> None:
        nonlocal index
        index += 1
        if arguments.json:
            print(json.dumps(_as_json(name, index, output), ensure_ascii=False), flush=True)
        else:
            _show(output)

    with ExitStack() as stack:
        labs: dict[tuple[str, str], Lab] = {}
        for cell in cells:
            lab = _lab_of(cell, arguments, topology, labs, stack)
            if cell.needs and lab.lacks(cell.needs):
                print(say(_LEFT_OUT, name=name, what=cell.needs), file=sys.stderr)
                continue
            try:
                _say_left_out(name, cell, topology)
                result = lab.run_cell(cell.text, cell.host, arguments.check, arguments.keep_going, heard)
            except CellError as error:
                raise UsageError("{name}: {error}", hint=error.hint, name=name, error=error.message) from None
            results.append(result)
            for difference in result.differences:
                line = difference.output.line
                print(f"{name}:{line.number}: {line.text}\n{difference.text}\n", file=sys.stderr)
            if result.refused and not arguments.keep_going:
                break
        for lab in labs.values():
            _say_unwritten(lab)
    return results


def _lab_of(cell: ScriptCell, arguments: argparse.Namespace, topology: Topology,
            labs: dict[tuple[str, str], Lab], stack: ExitStack) -> Lab:  # fmt: skip
    """The lab that a cell is for, which is opened by the first of its cells."""
    key = cell.engine, cell.release
    if key not in labs and not any(key):
        labs[key] = stack.enter_context(_open(arguments, topology, arguments.journal))
    elif key not in labs:
        from dnetlab.lab import Lab

        own = Lab(cell.engine or arguments.engine, cell.release or None, arguments.seed, None, _progress(), topology)
        labs[key] = stack.enter_context(own)
    return labs[key]


def _say_left_out(name: str, cell: ScriptCell, topology: Topology) -> None:
    """Lines that read as commands and won't run are said first of all. Raises CellError as the run itself would."""
    from dnetlab.commands.cell import host_called, read_cell
    from dnetlab.views import terminal

    host = host_called(topology, cell.host)
    text = terminal.left_out_text(read_cell(cell.text, topology, host).left_out, host)
    if text:
        print(f"{name}: {text}", file=sys.stderr)


def _open(arguments: argparse.Namespace, topology: Topology, journal: str | Path | None) -> Lab:
    from dnetlab.lab import Lab

    return Lab(arguments.engine, arguments.docker, arguments.seed, journal, _progress(), topology,
               attach=arguments.attach)  # fmt: skip


def _say_unwritten(lab: Lab) -> None:
    from dnetlab.views.journal import unwritten_text

    if lab.record and (trouble := lab.record.news()):
        print(f"dnetlab: {unwritten_text(lab.record.path, trouble)}", file=sys.stderr)


def _progress() -> Callable[[str], None] | None:
    """Where steps of real hosts that come up are said: standard error, when somebody looks at it."""
    return (lambda text: print(f"dnetlab: {text}", file=sys.stderr, flush=True)) if sys.stderr.isatty() else None


def _as_json(name: str, index: int, output: Output) -> dict[str, Any]:
    """The object of `run --json`: index counts the commands of the file from 1."""
    refused = output.refused
    return {
        "file": name,
        "index": index,
        "host": output.line.host,
        "container": output.line.container,
        "command": output.line.text,
        "exit_code": output.exit_code,
        "stdout": output.stdout,
        "stderr": output.stderr,
        "refused": None if refused is None else {"reason": refused.reason, "hint": refused.hint},
    }


def _show(output: Output) -> None:
    from dnetlab.prompt import show

    print(f"{output.prompt}{output.line.text}", flush=True)
    show(output)


def _shell(arguments: argparse.Namespace) -> int:
    from dnetlab.journal import journal_file
    from dnetlab.prompt import talk
    from dnetlab.views.journal import resumed_text

    file = arguments.journal or journal_file("shell", arguments.engine, arguments.docker)
    with _open(arguments, _topology(arguments), file) as lab:
        if arguments.resume:
            print(f"dnetlab: {resumed_text(lab.resume())}", file=sys.stderr)
        return talk(lab, arguments.host, arguments.quiet)


def _check(arguments: argparse.Namespace) -> int:
    from dnetlab.journal import journal_file
    from dnetlab.lessons.read import read_lesson
    from dnetlab.proof import check_files
    from dnetlab.views.course import checked_text, progress_text

    spoken = journal_file("shell", arguments.engine, arguments.docker)
    files = arguments.files or ([str(spoken)] if spoken and spoken.exists() else [])
    if not files:
        raise UsageError("there is nothing to check", hint="Name a script, a notebook or a journal.")
    student = arguments.student or os.environ.get("DNETLAB_STUDENT", "")
    own = None if arguments.lab or arguments.attach else read_lesson(arguments.lesson).shape
    with _open(arguments, own or _topology(arguments), None) as lab:
        found = check_files(lab, arguments.lesson, student, files)
        print(progress_text(lab.tasks()))
        print(checked_text(found))
    return 1 if found.results else 0


def _fault(arguments: argparse.Namespace) -> int:
    from dnetlab.language import spoken
    from dnetlab.lessons.fault import fault_name, kinds
    from dnetlab.lessons.read import read_lesson
    from dnetlab.prompt import talk
    from dnetlab.views.course import checked_text, fault_text

    if arguments.list:
        for kind in kinds():
            _say(f"{kind.level}  {kind.name:<22} {kind.data['cause'][spoken()]}")
        return 0
    kind_name = next((word for word in arguments.what if not word.isdecimal()), "")
    seed = next((int(word) for word in arguments.what if word.isdecimal()), 1)
    student = arguments.student or os.environ.get("DNETLAB_STUDENT", "")
    name = fault_name(kind_name, seed, arguments.level)
    with _open(arguments, read_lesson(name, student).shape or _topology(arguments), None) as lab:
        lab.open_lesson(name, student)
        lab.start_lesson()
        _say(fault_text(lab.tasks()))
        status = talk(lab, None, quiet=True)
        found = lab.check()
        _say(checked_text(found))
        return status or int(any(not result.passed for result in found.results))


def _new_lesson(arguments: argparse.Namespace) -> int:
    from dnetlab.lessons.new import new_lesson

    folder = new_lesson(arguments.name)
    _say(say("{folder}: a lesson with one task.", folder=folder))
    _say(say("`dnetlab check-lesson ./{folder}` proves it, `dnetlab build-lesson {folder}` makes its notebooks.",
             folder=folder))  # fmt: skip
    return 0


def _check_lesson(arguments: argparse.Namespace) -> int:
    from dnetlab.lessons.read import shipped
    from dnetlab.proof import prove

    names = shipped() if arguments.all else arguments.names
    if not names:
        raise UsageError("which lesson?", hint="Name lessons or their folders, or give --all.")
    sound = True
    for name in names:
        for proof in prove(name, arguments.engine, arguments.docker):
            sound &= not proof.trouble
            who = f" student {proof.student}" if proof.student else ""
            _say(f"{'ok     ' if not proof.trouble else 'PROBLEM'} {proof.lesson} {proof.release}{who} {proof.what}"
                 f"{': ' if proof.trouble else ''}{proof.trouble}")  # fmt: skip
    return 0 if sound else 1


def _build_lesson(arguments: argparse.Namespace) -> int:
    from dnetlab.lessons.build import build

    for name in arguments.names:
        for path in build(name, arguments.out):
            _say(str(path))
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from dnetlab.doctor import examine

    findings = examine()
    if arguments.json:
        print(json.dumps([finding.as_dict() for finding in findings], indent=2))
    else:
        width = max(len(finding.subject) for finding in findings)
        for finding in findings:
            mark = f"{heading({'problem': 'PROBLEM'}.get(finding.state, finding.state)):<7}"
            print(f"{mark} {finding.subject:<{width}}  {finding.found}")
            if finding.advice:
                print(f"{'':>{width + 10}}{finding.advice}")
    return 1 if any(finding.state == "problem" for finding in findings) else 0


def _up(arguments: argparse.Namespace) -> int:
    from dnetlab.engines import labhosts

    labhosts.up(arguments.docker, arguments.name, _topology(arguments), _say)
    return 0


def _down(arguments: argparse.Namespace) -> int:
    from dnetlab.engines import labhosts

    labhosts.down(arguments.name, _say)
    return 0


def _ps(arguments: argparse.Namespace) -> int:
    from dnetlab.engines import labhosts

    _say(labhosts.ps())
    return 0


def _say(text: str) -> None:
    print(text, flush=True)
