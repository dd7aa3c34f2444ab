"""Runs a script: lists, pipes, redirections, compound commands, functions, and programs for the rest."""

from __future__ import annotations

import errno
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dnetlab.commands.shell import (
    Calculation,
    Case,
    Command,
    Condition,
    For,
    Function,
    Group,
    If,
    NotModelled,
    Pipeline,
    Redirect,
    Script,
    Simple,
    Text,
    While,
    Word,
    listens,
)
from dnetlab.model.changed import quick, replace
from dnetlab.sim.userland.seam import Budget, Files, Input, Refused, Result, absolute, too_much_said
from dnetlab.sim.userland.sh import builtins, conditions, patterns
from dnetlab.sim.userland.sh.control import Break, Continue, Exit, Return
from dnetlab.sim.userland.sh.endless import reading_on
from dnetlab.sim.userland.sh.expand import Expander, ShellProblem
from dnetlab.sim.userland.sh.reading import read
from dnetlab.sim.userland.sh.state import BASH, DASH, FileSink, Pipe, Shell, Sink, Streams

DEEPEST = 30  # functions, sub-shells and scripts inside one another
_FAR = re.compile(r"/dev/(tcp|udp)/([^/]+)/([^/]+)")
PROGRAM_STEPS = 10  # what a program costs, compared with a builtin


class Programs(Protocol):
    """What a shell can start, and the place it is in."""

    @property
    def files(self) -> Files: ...

    def run(self, run: Run) -> Result:
        """A program, to its end. A name that nobody has is answered in the shell's words with 127."""

    def where(self, name: str) -> str | None:
        """The path of a program, None when there is none."""

    def now(self) -> float:
        """The lab's clock."""

    def reach(self, protocol: str, host: str, port: str) -> str:
        """bash opens /dev/tcp/HOST/PORT: '', or why connect() doesn't."""

    def begin(self, run: Run, pipeline: Pipeline) -> int | Result:
        """Start the first program of a pipeline beside what follows: its pid, or what it answered at once."""

    def wait(self, pid: int) -> list[Result]:
        """End the program with that pid, or all that run beside (0), and what each had to say."""


@quick
@dataclass(frozen=True)
class Run:
    """A program to be run. beside: what a pipe starts together with it, after it."""

    argv: tuple[str, ...]
    shell: Shell
    environment: dict[str, str]
    stdin: Input
    budget: Budget
    is_terminal: bool
    beside: tuple[tuple[str, ...], ...] = ()


class Interpreter:
    """One shell at work. depth: how many of them and of functions are inside one another."""

    def __init__(self, shell: Shell, programs: Programs, budget: Budget) -> None:
        self.shell, self.programs, self.budget = shell, programs, budget
        self.loops = 0
        self.guarded = 0  # inside a condition, where `set -e` doesn't hold
        self.last_substitution = 0

    def expander(self, streams: Streams) -> Expander:
        return Expander(self.shell, self.programs.files, lambda script: self.substitute(script, streams))

    # -- lists and pipes -----------------------------------------------------------------------------------------

    def script(self, script: Script, streams: Streams) -> int:
        """Pipelines as `;`, `&&` and `||` say; the status of the last one that ran."""
        pipelines = script.pipelines
        for number, (operator, pipeline) in enumerate(pipelines):
            if (operator == "&&" and self.shell.status) or (operator == "||" and not self.shell.status):
                continue
            before_list = number + 1 < len(pipelines) and pipelines[number + 1][0] in ("&&", "||")
            self.pipeline(pipeline, streams, before_list)
        if not pipelines:
            self.shell.status = 0
        return self.shell.status

    def pipeline(self, pipeline: Pipeline, streams: Streams, tested: bool) -> None:
        self.budget.spend()
        self.guarded += int(tested or pipeline.negated)
        try:
            if pipeline.beside:
                status = self.beside(pipeline, streams)
            elif len(pipeline.commands) == 1:
                status = self.command(pipeline.commands[0], streams)
            else:
                status = self.pipe(pipeline.commands, streams)
        except ShellProblem as problem:
            status = self.problem(problem, streams)
        finally:
            self.guarded -= int(tested or pipeline.negated)
        self.shell.status = int(not status) if pipeline.negated else status
        if self.shell.status and "e" in self.shell.options and not (self.guarded or tested or pipeline.negated):
            raise Exit(self.shell.status)

    def beside(self, pipeline: Pipeline, streams: Streams) -> int:
        """`PIPELINE &`: its first program goes on while the next lines run; what it says is told when it has ended."""
        given = Input("")
        if listens(pipeline) and len(pipeline.commands) > 1:  # what stands in front says what it is to say
            said = Sink(self.budget)
            self.pipe(pipeline.commands[:-1], streams.with_out(1, said))
            given, pipeline = Input(said.text), replace(pipeline, commands=pipeline.commands[-1:])
        first = pipeline.commands[0]
        assert isinstance(first.node, Simple)
        argv = tuple(self.expander(streams).fields(first.node.words))
        words = tuple(Word((Text(word, quoted=True),)) for word in argv)
        opened = self.redirected(first.node.redirects, streams)
        if opened is None:
            return self.unopened
        given = given if opened.stdin is streams.stdin else opened.stdin
        fixed = Command(replace(first.node, words=words), first.redirects)
        whole = replace(pipeline, beside=False, commands=(fixed, *pipeline.commands[1:]))
        self.budget.spend(PROGRAM_STEPS)
        run = Run(argv, self.shell, self.shell.environment, given, self.budget, False)
        begun = self.programs.begin(run, whole)
        if isinstance(begun, int):
            self.shell.last_job = begun
            return 0
        streams.stdout.write(begun.stdout)
        streams.stderr.write(begun.stderr)
        return 0

    def problem(self, problem: ShellProblem, streams: Streams) -> int:
        """An expansion went wrong: a script ends, a terminal goes on with its next line."""
        self.say(str(problem), streams)
        raise Exit(problem.code)

    def say(self, text: str, streams: Streams) -> None:
        streams.stderr.write(f"{self.shell.prefix}{text}\n")

    def pipe(self, commands: tuple[Command, ...], streams: Streams) -> int:
        """Each command in a sub-shell reads what the one before it wrote."""
        stdin, status, failed = streams.stdin, 0, 0
        for number, command in enumerate(commands):
            is_last = number == len(commands) - 1
            sink = streams.stdout if is_last else Pipe(self.budget)
            beside = tuple(tuple(word.text for word in later.words) for later in commands[number + 1 :])
            place = replace(streams, stdin=stdin).with_out(1, sink)
            status = self.subshell(lambda inner, c=command, p=place, b=beside: inner.command(c, p, b), place)  # type: ignore[misc]
            failed = status or failed
            goes_on = isinstance(sink, Pipe) and sink.goes_on
            stdin = Input(sink.text, goes_on=goes_on)
            if not is_last and not goes_on:
                self.budget.output += len(sink.text)  # what goes through a pipe isn't shown
        return failed if "pipefail" in self.shell.options else status

    def subshell(self, work: builtins.Work, streams: Streams) -> int:
        """A copy of the shell does it; of what it changes only files and the lab remain."""
        inner = self.inner()
        try:
            status = work(inner)
        except ShellProblem as problem:
            inner.say(str(problem), streams)
            status = problem.code
        except (Exit, Return) as ended:
            status = ended.code
        except (Break, Continue):
            status = 0
        return inner.at_end(status, streams)

    def inner(self) -> Interpreter:
        self.budget.spend()
        if self.budget.depth >= DEEPEST:
            raise Refused("Sub-shells and functions are nested too deeply.", "Does a function call itself?")
        made = Interpreter(self.shell.copy(), self.programs, self.budget)
        made.shell.trap = ""
        made.guarded = self.guarded
        made.loops = self.loops
        return made

    def at_end(self, status: int, streams: Streams) -> int:
        """The trap of EXIT runs; the status stays."""
        trap, self.shell.trap = self.shell.trap, ""
        if trap:
            self.shell.status = status
            try:
                self.script(read(trap), streams)
            except Exit as ended:
                return ended.code
        return status

    def substitute(self, script: Script, streams: Streams) -> str:
        sink = Sink(self.budget)
        place = replace(streams, stdin=streams.stdin).with_out(1, sink)
        self.last_substitution = self.subshell(lambda inner: inner.deeper(script, place), place)
        self.budget.output += len(sink.text)
        return sink.text

    def deeper(self, script: Script, streams: Streams) -> int:
        self.budget.depth += 1
        try:
            return self.script(script, streams)
        finally:
            self.budget.depth -= 1

    # -- commands ------------------------------------------------------------------------------------------------

    def command(self, command: Command, streams: Streams, beside: tuple[tuple[str, ...], ...] = ()) -> int:
        if isinstance(command.node, Simple):
            return self.simple(command.node, streams, beside)
        opened = self.redirected(command.redirects, streams)
        return self.unopened if opened is None else self.compound(command, opened)

    def compound(self, command: Command, streams: Streams) -> int:
        match command.node:
            case Group(script, True):
                return self.subshell(lambda inner: inner.deeper(script, streams), streams)
            case Group(script):
                return self.script(script, streams)
            case If():
                return self.conditional(command.node, streams)
            case While():
                return self.loop(command.node, streams)
            case For():
                return self.counted(command.node, streams)
            case Case():
                return self.case(command.node, streams)
            case Function(name, body):
                self.shell.functions[name] = body
                return 0
            case Condition():
                return self.condition(command.node, streams)
            case Calculation(word):
                return int(self.expander(streams).arithmetic(word) == 0)
        raise AssertionError(command.node)

    def tested(self, script: Script, streams: Streams) -> bool:
        """A condition: it may fail without `set -e` taking notice."""
        self.guarded += 1
        try:
            return self.script(script, streams) == 0
        finally:
            self.guarded -= 1

    def conditional(self, node: If, streams: Streams) -> int:
        for condition, body in node.branches:
            if self.tested(condition, streams):
                return self.script(body, streams)
        return self.script(node.otherwise, streams) if node.otherwise else 0

    def loop(self, node: While, streams: Streams) -> int:
        status = 0
        self.loops += 1
        try:
            while self.round() and self.tested(node.condition, streams) != node.until:
                status = self.turn(node.body, streams)
        except Continue as found:  # in the condition
            status = found.here()
        except Break as found:
            status = found.here()
        finally:
            self.loops -= 1
        return status

    def counted(self, node: For, streams: Streams) -> int:
        words = self.shell.positional if node.words is None else self.expander(streams).fields(node.words)
        status = 0
        self.loops += 1
        try:
            for word in words:
                self.round()
                self.expander(streams).assign(node.name, word)
                status = self.turn(node.body, streams)
        except Break as found:
            status = found.here()
        finally:
            self.loops -= 1
        return status

    def turn(self, body: Script, streams: Streams) -> int:
        """The body of a loop once, until its end or a `continue`."""
        try:
            return self.script(body, streams)
        except Continue as found:
            return found.here()

    def round(self) -> bool:
        self.budget.spend()
        self.budget.look_at_clock(self.programs.now())
        return True

    def case(self, node: Case, streams: Streams) -> int:
        expander = self.expander(streams)
        subject = expander.text(node.word)
        for choices, body in node.branches:
            if any(patterns.compiled(expander.chunks(choice)).fullmatch(subject) for choice in choices):
                return self.script(body, streams)
        return 0

    def condition(self, node: Condition, streams: Streams) -> int:
        expander = self.expander(streams)
        place = self.place(streams)
        try:
            return int(not conditions.condition([expander.chunks(word) for word in node.words], place))
        except conditions.BadTest as bad:
            self.say(str(bad), streams)
            return 2

    def place(self, streams: Streams) -> conditions.Surroundings:
        is_set = self.shell.variables.__contains__
        return conditions.Surroundings(self.programs.files, self.shell.directory, streams.stdin.text is None, is_set)

    # -- simple commands -----------------------------------------------------------------------------------------

    def simple(self, node: Simple, streams: Streams, beside: tuple[tuple[str, ...], ...]) -> int:
        expander = self.expander(streams)
        self.last_substitution = 0
        argv = tuple(expander.fields(node.words))
        opened = self.redirected(node.redirects, streams)
        if opened is None:
            return self.unopened
        if not argv:
            for name, word in node.assignments:
                expander.assign(name, expander.text(word))
            self.trace([f"{name}={self.shell.variables[name]}" for name, _ in node.assignments], streams)
            return self.last_substitution
        own = {}
        for name, word in node.assignments:
            own[name] = expander.text(word)
            if name in self.shell.readonly:
                raise ShellProblem(f"{name}: {'readonly variable' if self.shell.kind == BASH else 'is read only'}", 2)
        if "x" in self.shell.options:
            self.trace([*(f"{name}={value}" for name, value in own.items()), *argv], streams)
        return self.called(argv, own, opened, beside)

    def trace(self, words: Sequence[str], streams: Streams) -> None:
        if "x" in self.shell.options and words:
            shown = words if self.shell.kind == "dash" else [shlex.quote(w) if "=" not in w else w for w in words]
            streams.stderr.write(f"+ {' '.join(shown)}\n")

    def called(
        self, argv: tuple[str, ...], own: dict[str, str], streams: Streams, beside: tuple[tuple[str, ...], ...]
    ) -> int:
        """A special builtin, a function, a builtin or a program, in this order (XCU 2.9.1)."""
        special = builtins.SPECIAL.get(argv[0])
        if special:
            for name, value in own.items():
                self.expander(streams).assign(name, value)
            return special(self, argv, streams)
        function = self.shell.functions.get(argv[0])
        if function:
            return self.with_own(own, lambda: self.function(function, argv, streams))
        return self.unaliased(argv, own, streams, beside)

    def unaliased(
        self, argv: tuple[str, ...], own: dict[str, str], streams: Streams, beside: tuple[tuple[str, ...], ...] = ()
    ) -> int:
        """A builtin or a program: functions are left out, as `command NAME` does."""
        builtin = builtins.REGULAR.get(argv[0])
        try:
            if builtin:
                return self.with_own(own, lambda: builtin(self, argv, streams))
            return self.program(argv, own, streams, beside)
        except OSError as error:  # what it wrote doesn't fit where it wrote
            if error.errno is None:  # of no file: our own failure, and no program's
                raise
            self.not_written(argv[0], str(error.strerror), streams, builtin is not None)
            return 1

    def not_written(self, name: str, why: str, streams: Streams, is_builtin: bool) -> None:
        """The words of bash, of dash and of busybox, and of a program of its own (typed in each on Linux 6)."""
        if not is_builtin:
            streams.stderr.write(f"{name}: write error: {why}\n")
        elif self.shell.kind == DASH:
            self.say(f"{name}: {name}: I/O error", streams)
        else:
            self.say(f"{name}: write error: {why}" if self.shell.kind == BASH else f"write error: {why}", streams)

    def with_own(self, own: dict[str, str], work: builtins.Status) -> int:
        """`NAME=value builtin`: the variables hold while it runs."""
        before = {name: self.shell.variables.get(name) for name in own}
        exported = self.shell.exported
        self.shell.variables.update(own)
        self.shell.exported |= own.keys()
        try:
            return work()
        finally:
            self.shell.exported = exported | (self.shell.exported - own.keys())
            for name, value in before.items():
                if value is None:
                    self.shell.variables.pop(name, None)
                else:
                    self.shell.variables[name] = value

    def function(self, body: Command, argv: tuple[str, ...], streams: Streams) -> int:
        before, loops, saved = self.shell.positional, self.loops, dict(self.shell.variables)
        self.shell.positional, self.loops = argv[1:], 0
        self.budget.depth += 1
        if self.budget.depth >= DEEPEST:
            raise Refused("Sub-shells and functions are nested too deeply.", "Does {tool} call itself?", tool=argv[0])
        locals_before, self.locals = getattr(self, "locals", None), {}
        try:
            return self.command(body, streams)
        except Return as returned:
            return returned.code
        finally:
            self.budget.depth -= 1
            self.restore_locals(saved)
            self.locals = locals_before
            self.shell.positional, self.loops = before, loops

    locals: dict[str, bool] | None = None  # the names that `local` was said of, in the function that runs

    def restore_locals(self, saved: dict[str, str]) -> None:
        for name in self.locals or ():
            if name in saved:
                self.shell.variables[name] = saved[name]
            else:
                self.shell.variables.pop(name, None)

    def program(
        self, argv: tuple[str, ...], own: dict[str, str], streams: Streams, beside: tuple[tuple[str, ...], ...] = ()
    ) -> int:
        self.budget.spend(PROGRAM_STEPS)
        environment = {**self.shell.environment, **own}
        run = Run(argv, self.shell, environment, streams.stdin, self.budget, streams.stdout.is_terminal, beside)
        result = self.programs.run(run)
        if streams.stdin.goes_on:
            result = reading_on(argv, result)
        if result.goes_on and isinstance(streams.stdout, Pipe):
            streams.stdout.begin(result.stdout)
            streams.stderr.write(result.stderr)
            return result.exit_code
        if streams.stdout is streams.stderr:  # a program writes its errors at once, its output when it ends
            streams.stdout.write(result.stderr + result.stdout)
        else:
            streams.stdout.write(result.stdout)
            streams.stderr.write(result.stderr)
        if result.goes_on:
            raise too_much_said()
        return result.exit_code

    # -- redirections --------------------------------------------------------------------------------------------

    def redirected(self, redirects: tuple[Redirect, ...], streams: Streams) -> Streams | None:
        """The streams behind redirections, in their order; None when one can't be opened, which has been said."""
        for one in redirects:
            try:
                streams = self.redirect(one, streams)
            except OSError as error:
                name = self.expander(streams).text(one.target)
                self.say(_cannot_open(self.shell.kind, name, one.operator, error), streams)
                return None
            except ShellProblem as problem:
                if one.operator != "<<":
                    raise
                self.say(str(problem), streams)  # a here-document is made beside the shell, which goes on
                return None
        return streams

    @property
    def unopened(self) -> int:
        """The status of a command whose redirection failed."""
        return 2 if self.shell.kind == DASH else 1

    def redirect(self, one: Redirect, streams: Streams) -> Streams:
        expander = self.expander(streams)
        if one.operator in ("<<", "<<<"):
            text = expander.text(one.here.body) if one.operator == "<<" else expander.text(one.target) + "\n"
            return replace(streams, stdin=Input(text)) if one.descriptor == 0 else streams
        target = expander.text(one.target)
        if one.operator in (">&", "<&") and (target == "-" or target.isdigit()):
            return self.duplicated(one, target, streams)
        path = absolute(self.shell.directory, target) if target else ""
        if not target:
            raise FileNotFoundError(target)
        if self.shell.kind == BASH and (far := _FAR.fullmatch(path)):
            self.reached(far[1], far[2], far[3], streams)
            path = "/dev/null"
        if one.operator in ("<", "<>"):
            text = (streams.stdin.rest() or "") if path == "/dev/stdin" else self.programs.files.read(path)
            return replace(streams, stdin=Input(text, is_file=True)) if one.descriptor == 0 else streams
        sink = self.opened(path, one.operator in (">>", "&>>"), streams)
        if one.operator in ("&>", "&>>", ">&"):
            return streams.with_out(1, sink).with_out(2, sink)
        return streams.with_out(one.descriptor, sink)

    def reached(self, protocol: str, host: str, port: str, streams: Streams) -> None:
        """Raises OSError when nobody answers at the other end, of which bash tells first."""
        problem = self.programs.reach(protocol, host, port)
        if problem:
            streams.stderr.write(f"bash: connect: {problem}\n")
            raise OSError(errno.ECONNREFUSED, problem)

    def duplicated(self, one: Redirect, target: str, streams: Streams) -> Streams:
        if target == "-":
            return (
                replace(streams, stdin=Input(""))
                if one.descriptor == 0
                else streams.with_out(one.descriptor, FileSink(self.budget, self.programs.files, ""))
            )
        if one.descriptor == 0:
            return streams
        if int(target) not in streams.out:
            raise OSError(errno.EBADF, "Bad file descriptor")
        return streams.with_out(one.descriptor, streams.out[int(target)])

    def opened(self, path: str, append: bool, streams: Streams) -> Sink:
        if path in ("/dev/stdout", "/dev/stderr"):
            return streams.stdout if path == "/dev/stdout" else streams.stderr
        if path in ("/dev/null", "/dev/tty"):
            return FileSink(self.budget, self.programs.files, "")
        files = self.programs.files
        if files.kind(path) == "directory":
            raise IsADirectoryError(path)
        files.write(path, "", append)
        return FileSink(self.budget, files, path)


def _cannot_open(kind: str, name: str, operator: str, error: OSError) -> str:
    """The shell's words for a file that it can't open."""
    if error.errno == errno.EBADF:
        return {BASH: f"{name}: Bad file descriptor", DASH: f"{name}: Bad fd number"}.get(
            kind, f"dup2({name}): Bad file descriptor"
        )
    reason = _reason(error)
    if kind == BASH:
        return f"{name}: {reason}"
    reading = operator.startswith("<")
    verb = "open" if reading else "create"
    if reason == "No such file or directory":
        words = ("No such file", "Directory nonexistent") if kind == DASH else ("no such file", "nonexistent directory")
        reason = words[0 if reading else 1]
    return f"cannot {verb} {name}: {reason}" if kind == DASH else f"can't {verb} {name}: {reason}"


def _reason(error: OSError) -> str:
    reasons = {FileNotFoundError: "No such file or directory", IsADirectoryError: "Is a directory",
               NotADirectoryError: "Not a directory", PermissionError: "Permission denied"}  # fmt: skip
    return next(
        (text for kind, text in reasons.items() if isinstance(error, kind)), error.strerror or "Input/output error"
    )


__all__ = ["Interpreter", "NotModelled", "Programs", "Run", "read"]
