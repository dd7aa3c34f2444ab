"""What a shell remembers from one line to the next, and where the commands of a script read and write."""

from __future__ import annotations

from dataclasses import dataclass, field

from dnetlab.commands.shell import Command
from dnetlab.model.changed import quick, replace
from dnetlab.sim.userland.seam import Budget, Files, Input

BASH, DASH, BUSYBOX = "bash", "dash", "busybox"


@quick
@dataclass
class Shell:
    """One shell process. A sub-shell works on a copy.

    kind       'bash', 'dash' or 'busybox': whose words and whose small differences
    name       `$0`, and what stands in front of its messages
    variables  of which those in `exported` are given to programs
    """

    kind: str = BASH
    name: str = "bash"
    variables: dict[str, str] = field(default_factory=dict)
    exported: frozenset[str] = frozenset()
    readonly: frozenset[str] = frozenset()
    functions: dict[str, Command] = field(default_factory=dict)
    positional: tuple[str, ...] = ()
    directory: str = "/"
    options: frozenset[str] = frozenset()
    status: int = 0
    trap: str = ""  # what runs at its end
    pid: int = 1
    interactive: bool = False  # at a prompt
    last_job: int = 0  # `$!`, 0 before the first

    def copy(self) -> Shell:
        return replace(self, variables=dict(self.variables), functions=dict(self.functions))

    @property
    def prefix(self) -> str:
        """What stands in front of its own messages."""
        if self.kind == BASH and not self.interactive:
            return f"{self.name}: line 1: "
        return f"{self.name}: 1: " if self.kind == DASH else f"{self.name}: "

    @property
    def environment(self) -> dict[str, str]:
        if self.variables.keys() <= self.exported:
            return dict(self.variables)
        return {name: value for name, value in self.variables.items() if name in self.exported}


def started(kind: str, name: str, environment: dict[str, str], directory: str) -> Shell:
    """A new shell with the variables it is given."""
    return Shell(kind, name, dict(environment), frozenset(environment), directory=directory)


class Sink:
    """Where a stream goes: a terminal, a pipe, a substitution."""

    def __init__(self, budget: Budget, is_terminal: bool = False) -> None:
        self.budget, self.is_terminal = budget, is_terminal
        self.parts: list[str] = []

    def write(self, text: str) -> None:
        if text:
            self.parts.append(text[: max(0, self.budget.output)])
            self.budget.say(len(text))

    @property
    def text(self) -> str:
        return "".join(self.parts)


class Pipe(Sink):
    """What the next command reads. goes_on: the writer would write more."""

    goes_on = False

    def begin(self, text: str) -> None:
        """Take what a command without an end has said so far."""
        self.parts.append(text)
        self.goes_on = True


class FileSink(Sink):
    """A file that was opened for writing; /dev/null has path ''."""

    def __init__(self, budget: Budget, files: Files, path: str) -> None:
        super().__init__(budget)
        self.files, self.path = files, path

    def write(self, text: str) -> None:
        if text and self.path:
            self.budget.say(len(text))
            self.files.write(self.path, text, append=True)


@quick
@dataclass(frozen=True)
class Streams:
    """stdin; and the descriptors that are open for writing."""

    stdin: Input
    out: dict[int, Sink]

    def with_out(self, descriptor: int, sink: Sink) -> Streams:
        return replace(self, out={**self.out, descriptor: sink})

    @property
    def stdout(self) -> Sink:
        return self.out[1]

    @property
    def stderr(self) -> Sink:
        return self.out[2]
