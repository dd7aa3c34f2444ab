"""What a tool is given and what it answers: argv, input and files; two texts and a status."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from dnetlab.language import Words, worded
from dnetlab.model import Refusal
from dnetlab.model.changed import quick

MOST_STEPS = 10_000  # commands and rounds of loops that one line may take; a program of the lab counts as ten
MOST_OUTPUT = 1 << 20  # characters that one line may say, as on a real engine (engines/running.py)
MOST_SECONDS = 120.0  # of the lab's clock, in loops


def encoded(text: str) -> bytes:
    """The bytes of a file's text; of an archive, which is no text, the very bytes it came from."""
    return text.encode("utf-8", "surrogateescape")


def decoded(content: bytes) -> str:
    """The text that a file of these bytes is kept as."""
    return content.decode("utf-8", "surrogateescape")


@quick
@dataclass(frozen=True)
class Result:
    """What a tool answered: both streams as text, and its exit status. goes_on: it has more to say than a line may,
    and stops only when nobody reads on."""

    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0
    goes_on: bool = False


class Refused(Exception):
    """Raised anywhere inside a tool: the simulator won't do this line. apply() turns it into Output.refused and
    throws the half-changed world away, so nothing is half-obeyed."""

    def __init__(self, why: str | Words, instead: str | Words = "", /, **fields: Any) -> None:
        super().__init__(why, instead, fields)
        self.refusal = Refusal(worded(why, fields), worded(instead, fields))

    @classmethod
    def as_is(cls, refusal: Refusal) -> Refused:
        """One that is made already."""
        return cls(refusal.why, refusal.instead)

    def __str__(self) -> str:
        return self.refusal.reason


class Stopped(Exception):
    """The line used up its steps, its output or its time; the text says which, in a sentence."""

    def __init__(self, what: str | Words, /, **fields: Any) -> None:
        super().__init__(what, fields)
        self.what = worded(what, fields)

    @classmethod
    def as_is(cls, what: Words) -> Stopped:
        """One that is made already."""
        return cls(what)

    def __str__(self) -> str:
        return str(self.what)


@dataclass
class Budget:
    """What a line may still spend: the same for every shell and tool that it starts. No clock of ours is in it."""

    steps: int = MOST_STEPS
    output: int = MOST_OUTPUT
    until: float | None = None  # the lab's clock at which loops end
    depth: int = 0  # shells and functions inside one another

    def spend(self, steps: int = 1) -> None:
        self.steps -= steps
        if self.steps <= 0:
            raise Stopped(
                "The command took more than {most_steps:,} steps, so it was ended as by Ctrl-C.", most_steps=MOST_STEPS
            )

    def say(self, characters: int) -> None:
        self.output -= characters
        if self.output < 0:
            raise too_much_said()

    def look_at_clock(self, now: float) -> None:
        if self.until is not None and now > self.until:
            raise Stopped(
                "The command took more than {most_seconds:g} seconds, so it was ended as by Ctrl-C.",
                most_seconds=MOST_SECONDS,
            )


def too_much_said() -> Stopped:
    return Stopped("The command said more than {size} KiB, so it was ended as by Ctrl-C, and the rest is not shown.",
                   size=MOST_OUTPUT >> 10)  # fmt: skip


def fits(length: int) -> None:
    """Asked before a text is made. Raises Stopped for one that is longer than all that a line may say."""
    if length > MOST_OUTPUT:
        raise Stopped("The command makes a text of more than {size} KiB, so it was ended as by Ctrl-C.",
                      size=MOST_OUTPUT >> 10)  # fmt: skip


class Input:
    """What the commands of one script read from, each going on where the last stopped. text None: a terminal;
    goes_on: the text is only the beginning of what would come."""

    def __init__(self, text: str | None = None, is_file: bool = False, goes_on: bool = False) -> None:
        self.text, self.at, self.is_file, self.goes_on = text, 0, is_file, goes_on

    def rest(self) -> str | None:
        if self.text is None:
            return None
        text, self.at = self.text[self.at :], len(self.text)
        return text

    def line(self) -> str:
        """The next line with its newline; '' at the end."""
        if self.text is None:
            return ""
        end = self.text.find("\n", self.at)
        start, self.at = self.at, len(self.text) if end < 0 else end + 1
        return self.text[start : self.at]


class Files(Protocol):
    """A tree of files, by absolute paths without `.` and `..`. Errors are Python's: FileNotFoundError,
    IsADirectoryError, NotADirectoryError, FileExistsError, PermissionError, OSError(ENOTEMPTY)."""

    def kind(self, path: str) -> str:
        """'file', 'directory', 'device' or '' for what isn't there; links are followed."""

    def read(self, path: str) -> str: ...
    def write(self, path: str, text: str, append: bool = False) -> None: ...
    def names(self, path: str) -> list[str]:
        """The names in a directory, sorted, without . and .. ."""

    def make_directory(self, path: str) -> None: ...
    def remove(self, path: str) -> None:
        """Take away a file, a link or an empty directory."""

    def rename(self, old: str, new: str) -> None: ...
    def link(self, target: str, path: str) -> None: ...
    def target(self, path: str) -> str | None:
        """Where a symbolic link points, None for anything else."""

    def shown(self, path: str) -> str | None:
        """The same as `readlink` shows it: some links of /proc have a text that is no path."""

    def mode(self, path: str) -> int: ...
    def set_mode(self, path: str, mode: int) -> None: ...
    def owner(self, path: str) -> tuple[int, int]:
        """uid and gid."""

    def set_owner(self, path: str, uid: int | None, gid: int | None) -> None:
        """None leaves what it was."""

    def account(self, name: str, group: bool = False) -> int | None:
        """The id of a user or a group, by name or number; None for nobody."""

    def named(self, number: int, group: bool = False) -> str | None:
        """What a user or a group of that id is called, None for nobody."""



@dataclass(frozen=True)
class Call:
    """One run of a tool.

    argv       its words; argv[0] is the name it was called by
    input      what it can read; `stdin` takes all of it
    gnu        coreutils, grep, sed and mawk of Debian 12; else busybox 1.35
    now        seconds since 1970
    run        another program in the same place: its words and input
    """

    argv: tuple[str, ...]
    input: Input
    files: Files
    directory: str = "/"
    environment: dict[str, str] = field(default_factory=dict)
    gnu: bool = True
    now: float = 0.0
    budget: Budget = field(default_factory=Budget)
    run: Callable[[tuple[str, ...], str | None], Result] = lambda argv, stdin: Result(exit_code=127)

    @cached_property
    def stdin(self) -> str | None:
        """All that is left of the input, None at a terminal."""
        return self.input.rest()

    @property
    def name(self) -> str:
        return posixpath.basename(self.argv[0])

    @property
    def words(self) -> tuple[str, ...]:
        return self.argv[1:]

    def path(self, name: str) -> str:
        return absolute(self.directory, name)

    def read(self, name: str) -> str:
        """The text of a file, or of the input for '-'. Raises OSError."""
        return (self.stdin or "") if name == "-" else self.files.read(self.path(name))


Tool = Callable[[Call], Result]


def absolute(directory: str, name: str) -> str:
    joined = posixpath.normpath(posixpath.join(directory, name or "."))
    return "/" + joined.lstrip("/")


def failure(text: str, code: int = 1, stdout: str = "") -> Result:
    """One line on stderr and an exit status."""
    return Result(stdout, f"{text}\n", code)
