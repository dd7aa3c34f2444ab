"""The shell at a prompt of the simulator: `userland/sh` does the work, its programs are the lab's tools."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dnetlab.commands.shell import Pipeline, Script
from dnetlab.commands.userland import PACKAGE_MANAGERS, USERLANDS, is_left_out, names
from dnetlab.model import Line, Output
from dnetlab.model.changed import quick, replace
from dnetlab.model.frame import Capture
from dnetlab.sim import jobs
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel.watched import take_down
from dnetlab.sim.labfiles import ENTER, LabFiles
from dnetlab.sim.left_out import LAB_WORDS, NOT_MODELLED
from dnetlab.sim.login import installed, path_of, variables
from dnetlab.sim.programs import ash
from dnetlab.sim.tools import tree
from dnetlab.sim.userland.seam import MOST_SECONDS, Budget, Input, Stopped, absolute
from dnetlab.sim.userland.sh.control import Break, Continue, Exit, Return
from dnetlab.sim.userland.sh.expand import ShellProblem
from dnetlab.sim.userland.sh.interpret import Interpreter, Run
from dnetlab.sim.userland.sh.reading import read
from dnetlab.sim.userland.sh.state import BASH, BUSYBOX, DASH, Shell, Sink, Streams, started
from dnetlab.sim.world import World

MOST_DIGITS = 100
_LONG_NUMBER = re.compile(rf"\d{{{MOST_DIGITS + 1},}}")
SHELLS = ("sh", "bash", "ash", "dash")
MOST_DEPTH = 12  # shells inside shells
# What reads its input to the end whether or not it needs it; text tools say so themselves.
_READERS = ("nc", "socat", "sh", "bash", "ash", "dash", "ssh")


@quick
@dataclass(frozen=True)
class Said:
    """What a shell answered. asked: it was told to `exit`; the number is its status."""

    result: Result
    shell: Shell
    asked: bool = False


def run_text(context: Context, text: str) -> Result:
    """Run text in a new shell of that place. Raises Refused for what the cell language leaves out."""
    return run_line(context, text, prompt_shell(context)).result


def run_script(context: Context, script: Script, own_shell: bool = False) -> Result:
    """Run a script that was read already, in a new shell. own_shell: it is `sh -c`, not a prompt."""
    shell = prompt_shell(context)
    return _run(context, script, replace(shell, interactive=shell.interactive and not own_shell)).result


def run_head(context: Context, script: Script) -> Said:
    """The first commands of `sh -c`, and the shell as they leave it for the last."""
    return _run(context, script, prompt_shell(context))


def prompt_shell(context: Context) -> Shell:
    """A shell as it is before its first line."""
    kind = {"host": BASH, "debian": DASH}.get(context.userland, BUSYBOX)
    directory = tree.directory_of(context)
    shell = started(kind, "bash" if kind == BASH else "sh", variables(context), directory)
    shell.interactive = True
    return shell


def run_line(context: Context, text: str, shell: Shell) -> Said:
    """One line, or a loop of several, in a shell that goes on; `shell` itself stays as it is."""
    return _run(context, read(text), shell.copy())


def run_round(context: Context, script: Script, shell: Shell) -> Said:
    """A script that is a round of a loop: `break` counts as `exit`."""
    return _run(context, script, shell.copy(), loops=1)


def _run(context: Context, script: Script, shell: Shell, loops: int = 0) -> Said:
    budget = context.budget or Budget(until=context.world.clock + MOST_SECONDS)
    stdout, stderr = Sink(budget, is_terminal=context.tty), Sink(budget)
    streams = Streams(context.input or Input(context.stdin), {1: stdout, 2: stderr})
    interpreter = Interpreter(shell, LabPrograms(replace(context, budget=budget)), budget)
    interpreter.loops = loops
    asked = False
    if budget.depth > MOST_DEPTH:
        raise Refused("Shells are nested too deeply.", "Does a script call itself?")
    budget.depth += 1
    try:
        code = interpreter.at_end(_status(interpreter, script, streams), streams)
    except Exit as ended:
        code, asked = interpreter.at_end(ended.code, streams), ended.asked
    except Continue:
        code = 0
    except Break:
        code, asked = 0, True
    except Stopped as stopped:
        code = 130
        stderr.parts.append(f"dnetlab: {stopped}\n")
    finally:
        budget.depth -= 1
    shell.status = code
    return Said(Result(stdout.text, stderr.text, code), shell, asked)


def _status(interpreter: Interpreter, script: Script, streams: Streams) -> int:
    try:
        return interpreter.script(script, streams)
    except Return as returned:
        return returned.code
    except ShellProblem as problem:
        interpreter.say(str(problem), streams)
        raise Exit(problem.code) from None


@quick
@dataclass(frozen=True)
class LabPrograms:
    """`Programs` of the place of a context."""

    context: Context

    @property
    def files(self) -> LabFiles:
        return LabFiles(self.context)

    def now(self) -> float:
        return self.context.world.clock

    def where(self, name: str) -> str | None:
        return path_of(self.context, name)

    def reach(self, protocol: str, host: str, port: str) -> str:
        if protocol == "udp":
            return ""
        told = self.context.world.tools["telnet"](self.context, ("telnet", host, port))  # connect() says the same there
        if told.stdout.startswith("Server lookup failure"):
            return "Invalid argument"
        return told.stderr.strip().partition("remote host: ")[2]

    def run(self, run: Run) -> Result:
        environment = run.environment
        if run.shell.kind == BUSYBOX:
            environment = ash.ordered(environment)
        place = replace(
            self.context, stdin=_rest(run), input=run.stdin, tty=self.context.tty and run.is_terminal,
            beside=run.beside, environment=environment, directory=run.shell.directory, budget=run.budget,
        )  # fmt: skip
        if _reads_all(run.argv):
            run.stdin.rest()
        result = _started(place, run.argv, run.shell)
        for host in {job.where.host for job in self.context.world.jobs}:
            take_down(self.context.world, host)
        settle(self.context.world, killed=True)
        return result


    def begin(self, run: Run, pipeline: Pipeline) -> int | Result:
        world = self.context.world
        world.starting = starting = jobs.Starting()
        try:
            result = self.run(run)
        finally:
            world.starting = None
        if starting.job is None:
            return run_rest(self.context, run.shell, pipeline, result)
        job = replace(starting.job, pipeline=pipeline, shell=run.shell.copy())
        world.jobs = (*world.jobs, job)
        return job.pid

    def wait(self, pid: int) -> list[Result]:
        world = self.context.world
        waited = [j for j in world.jobs if j.where.host == self.context.host and pid in (0, j.pid)]
        return [told(world, job) for job in waited]


@dataclass
class _Answered:
    """`Programs` whose first program has answered already; the others are those of the place."""

    others: LabPrograms
    answer: Result | None

    @property
    def files(self) -> LabFiles:
        return self.others.files

    def now(self) -> float:
        return self.others.now()

    def where(self, name: str) -> str | None:
        return self.others.where(name)

    def reach(self, protocol: str, host: str, port: str) -> str:
        return self.others.reach(protocol, host, port)

    def run(self, run: Run) -> Result:
        answer, self.answer = self.answer, None
        return answer if answer is not None else self.others.run(run)

    def begin(self, run: Run, pipeline: Pipeline) -> int | Result:
        return self.run(run)

    def wait(self, pid: int) -> list[Result]:
        return []


def settle(world: World, killed: bool = False, everything: bool = False) -> None:
    """What runs beside and is over, or `killed`, or everything, ends; what it says goes to `world.late`."""
    over = jobs.is_killed if killed else jobs.is_over
    for job in [job for job in world.jobs if everything or over(world, job)]:
        result = told(world, job)
        line = job.line or Line(0, " ".join(job.argv), job.where.host)
        world.late = (*world.late, Output(line, result.stdout, result.stderr, result.exit_code))


def told(world: World, job: jobs.Job) -> Result:
    """End a job; what it says, through the rest of its pipeline."""
    place = replace(job.place, world=world, budget=Budget())
    capture = jobs.capture_of(world, job) or Capture(job.number)
    result = job.tell(place, job.argv, capture, jobs.interrupted(world, job))
    jobs.end(world, job)
    if job.pipeline is None or job.shell is None:
        return result
    return run_rest(place, job.shell, job.pipeline, result)


def run_rest(context: Context, shell: Shell, pipeline: Pipeline, answer: Result) -> Result:
    """A pipeline whose first program has answered: its redirections, and what stands behind it."""
    budget = context.budget or Budget(until=context.world.clock + MOST_SECONDS)
    stdout, stderr = Sink(budget), Sink(budget)
    programs = _Answered(LabPrograms(replace(context, budget=budget)), answer)
    interpreter = Interpreter(shell.copy(), programs, budget)
    interpreter.pipeline(pipeline, Streams(Input(""), {1: stdout, 2: stderr}), True)
    return Result(stdout.text, stderr.text, interpreter.shell.status)


def _rest(run: Run) -> str | None:
    """What a program could read; it is still there for the next one."""
    return None if run.stdin.text is None else run.stdin.text[run.stdin.at :]


def _reads_all(argv: tuple[str, ...]) -> bool:
    name = argv[0].rsplit("/", 1)[-1]
    if name != "docker":
        return name in _READERS
    return any(word == "--interactive" or word[:1] == "-" and word[:2] != "--" and "i" in word for word in argv[2:4])


def run_command(context: Context, argv: tuple[str, ...]) -> Result:
    """A program with its words, started by no shell: a tool of this userland, or an error in a shell's words."""
    return _started(context, argv, prompt_shell(context))


def _started(context: Context, argv: tuple[str, ...], shell: Shell) -> Result:
    _refuse_long_numbers(argv)
    name = argv[0]
    base = name.rsplit("/", 1)[-1]
    if base in SHELLS and context.userland != "none" and not (base == "bash" and shell.kind == BUSYBOX):
        return _shell(context, argv)
    if name == "sudo" and context.userland == "host":
        return _run_as_root(context, argv[1:], shell)
    if name in LAB_WORDS:
        raise Refused("`{name}` is a word of an interactive shell, and this is the lab's.", LAB_WORDS[name], name=name)
    if "/" in name and installed(context, name) is not None:
        return run_tool(context, argv)
    if "/" in name and (found := _own_program(context, argv, shell)) is not None:
        return found
    if base in USERLANDS[context.userland] or installed(context, base) is not None:
        return run_tool(context, argv)
    if name == "su" and context.userland == "host":
        raise Refused("Everybody is root on the hosts of this lab.", "Type the command itself.")
    refuse_left_out(context.userland, base)
    return _not_found(name, shell)


def _refuse_long_numbers(argv: tuple[str, ...]) -> None:
    """No tool has to ask itself whether a number fits into what it counts with."""
    found = next((number for word in argv if (number := _LONG_NUMBER.search(word))), None)
    if found:
        raise Refused("This line has a number of {digits} digits.", "{most} are enough for any command here.",
                      digits=len(found[0]), most=MOST_DIGITS)  # fmt: skip


def run_tool(context: Context, argv: tuple[str, ...]) -> Result:
    """Run a command that this userland has. KeyError for another."""
    return context.world.tools[argv[0].rsplit("/", 1)[-1]](context, argv)


def _run_as_root(context: Context, words: tuple[str, ...], shell: Shell) -> Result:
    """`sudo COMMAND` of root is COMMAND; sudo's options and `sudo -i` are left out."""
    if words and not words[0].startswith("-"):
        return _started(context, words, shell)
    raise Refused("Everybody is root on the hosts of this lab.", "Type the command itself, with or without sudo.")


def refuse_left_out(userland: str, name: str) -> None:
    """Raise Refused for a command that a real host or container has and the lab hasn't."""
    if userland == "host" and name in NOT_MODELLED:
        raise Refused("`{name}` is not part of this lab.", NOT_MODELLED[name], name=name)
    if not is_left_out(userland, name):
        return
    known = " ".join(names(userland))
    if name in PACKAGE_MANAGERS and userland != "host":
        raise Refused(
            "The containers of this lab can't install packages: there is no way out to a mirror.",
            "Here you have {known}; busyboxplus, alpine and nginx have curl, ping, ip and nslookup.",
            known=known,
        )
    tools = "Its hosts have {known}." if userland == "host" else "This container has {known}."
    raise Refused("`{name}` is not part of this lab.", NOT_MODELLED.get(name, tools), name=name, known=known)


def _own_program(context: Context, argv: tuple[str, ...], shell: Shell) -> Result | None:
    """`./script.sh`: a file that somebody wrote; None when there is none of that name."""
    files, path = LabFiles(context), absolute(tree.directory_of(context), argv[0])
    if files.kind(path) == "directory":
        return _complaint(shell, argv[0], "Is a directory" if shell.kind == BASH else "Permission denied", 126)
    if files.key(files.followed(path)) not in context.world.files:
        return None
    if not files.mode(path) & 0o111 or not files.may(path, ENTER):
        return _complaint(shell, argv[0], "Permission denied", 126)
    text = files.read(path)
    first = text.split("\n", 1)[0]
    if first.startswith("#!") and first.rsplit("/", 1)[-1].split()[-1:] not in (["sh"], ["bash"], ["ash"], ["dash"]):
        raise Refused(
            "{tool} is written for {other}.", "The lab runs scripts of sh.", tool=argv[0], other=first[2:].strip()
        )
    name = "bash" if "bash" in first and context.userland in ("host", "debian") else "sh"
    return _file(context, (name, argv[0], *argv[1:]), name)


def _complaint(shell: Shell, name: str, why: str, code: int) -> Result:
    head = "" if shell.kind != DASH else "1: "
    return Result("", f"{shell.name}: {head}{name}: {why}\n", code)


def _shell(context: Context, argv: tuple[str, ...]) -> Result:
    """`sh -c TEXT [NAME ARGUMENT…]`, `sh FILE [ARGUMENT…]`, or what a pipe brings."""
    words, options, text = list(argv[1:]), "", None
    while words and words[0][:1] in "-+" and len(words[0]) > 1:
        word = words.pop(0)
        if word == "--":
            break
        if not set(word[1:]) <= set("ceuxalisf") or word.startswith("--"):
            raise Refused(
                "{tool} {word} is not part of the lab.", "It has sh -c TEXT and sh FILE.", tool=argv[0], word=word
            )
        options += word[1:]
    if "c" in options:
        if not words:
            missing = "-c: option requires an argument" if argv[0].endswith("bash") else "-c requires an argument"
            return Result("", f"{argv[0]}: {missing}\n", 2)
        text = words.pop(0)
    shell = new_shell(context, argv[0], options)
    if text is not None:
        shell.name = words[0] if words else shell.name
        shell.positional = tuple(words[1:])
        return _run(context, read(text), shell).result
    if words and "s" not in options:
        return _file(context, (argv[0], *words), argv[0], options)
    if context.stdin and (context.input is None or context.stdin):
        return _run(replace(context, input=Input(), stdin=None), read(context.stdin), shell).result
    return Result()


def new_shell(context: Context, name: str, options: str = "") -> Shell:
    """A shell that is started as a program, `sh -c` for one."""
    base = name.rsplit("/", 1)[-1]
    kind = BASH if base == "bash" else DASH if context.userland in ("host", "debian") else BUSYBOX
    values = variables(context)
    directory = tree.directory_of(context)
    if kind == BUSYBOX:
        values = ash.exported(values, directory)
    shell = started(kind, name, values, directory)
    shell.options = frozenset(options) & frozenset("euxaf")
    return shell


def _file(context: Context, argv: tuple[str, ...], name: str, options: str = "") -> Result:
    """A script from a file. argv: the shell's name, the file's, its arguments."""
    shell = new_shell(context, name, options)
    try:
        text = LabFiles(context).read(absolute(shell.directory, argv[1]))
    except FileNotFoundError:
        return Result("", _no_script(shell, name, argv[1]), 127 if shell.kind == BASH else 2)
    except IsADirectoryError:
        return Result("", f"{name}: {argv[1]}: Is a directory\n", 126 if shell.kind == BASH else 2)
    except PermissionError:
        closed = argv[1] if shell.kind == BASH else f"can't open '{argv[1]}'"
        return Result("", f"{name}: {closed}: Permission denied\n", 126 if shell.kind == BASH else 2)
    shell.name, shell.positional = argv[1], argv[2:]
    return _run(context, read(text), shell).result


def _no_script(shell: Shell, name: str, file: str) -> str:
    if shell.kind == BASH:
        return f"{name}: {file}: No such file or directory\n"
    return (
        f"{name}: 0: cannot open {file}: No such file\n"
        if shell.kind == DASH
        else f"{name}: can't open '{file}': No such file or directory\n"
    )


def _not_found(name: str, shell: Shell) -> Result:
    head = shell.prefix
    if shell.kind == BASH:
        return Result("", f"{head}{name}: {'No such file or directory' if '/' in name else 'command not found'}\n", 127)
    return Result("", f"{head}{name}: not found\n", 127)


__all__ = [
    "LAB_WORDS",
    "NOT_MODELLED",
    "refuse_left_out",
    "run_command",
    "run_line",
    "run_script",
    "run_text",
    "run_tool",
]
