"""From the words of a docker command to the command, its flags and its arguments, or to the client's own complaint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dnetlab.commands.docker.grammar import ARGUMENTS, DEPRECATED, SAME_FLAG, Command, Flag, command
from dnetlab.commands.docker.helptexts import NEWEST, Texts
from dnetlab.commands.docker.values import problem
from dnetlab.model.changed import quick

LISTED = ("strings", "ipSlice", "ipNetSlice")  # kinds that take several values with commas between
WITH_FLAGS = (("stack",),)  # groups whose usage says so: --orchestrator, hidden (observed on client 28.2.2)
USAGE_STATUS = 125  # docker/cli: a flag error; a wrong number of arguments is 1


class Stop(Exception):
    """The client has already said all there is to say: a help text, or a complaint. Streams and exit status."""

    def __init__(self, stdout: str = "", stderr: str = "", exit_code: int = 1) -> None:
        super().__init__(stderr or stdout)
        self.stdout = stdout
        self.stderr = stderr
        self.exit_code = exit_code


@quick
@dataclass(frozen=True)
class Invocation:
    """One docker command as read. options: long flag name -> values in the order typed ('true' for a switch).

    order holds (flag, value) pairs as typed, for flags whose order among each other matters; said is what the client
    prints to stdout before it runs (a deprecated flag).
    """

    command: Command
    arguments: tuple[str, ...] = ()
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    order: tuple[tuple[str, str], ...] = ()
    said: str = ""

    def on(self, name: str, default: bool = False) -> bool:
        """A switch: its last word counts."""
        values = self.options.get(name)
        return default if not values else parse_bool(values[-1]) is True

    def text(self, name: str, default: str = "") -> str:
        values = self.options.get(name)
        return values[-1] if values else default

    def number(self, name: str, default: int | None = None) -> int | None:
        values = self.options.get(name)
        return int(values[-1], 0) if values else default

    def all(self, name: str) -> tuple[str, ...]:
        return self.options.get(name, ())

    def has(self, name: str) -> bool:
        return name in self.options


def parse(argv: Iterable[str], version: str, texts: Texts = NEWEST) -> Invocation:
    """Read `docker …`. Raises Stop for help texts and for what the client can't read, in its words.

    version: what `docker --version` says of this client, 'Docker version 28.2.2, build e6534b4'; texts: the files of
    its help texts, from which its flags are read.
    """
    words = list(argv)[1:]
    root = command((), texts)
    assert root is not None
    reader = Reader(root, words)
    reader.read()
    if reader.flags.get("version"):
        raise Stop(f"{version}\n", exit_code=0)
    rest = reader.arguments
    if rest and rest[0] == "help":
        raise _help_topic(root, rest[1:])
    if not rest:
        raise Stop(root.help, exit_code=0) if reader.asked_for_help else Stop("", root.help, 0)
    return _parse_command(rest, reader)


def _parse_command(rest: list[str], root: Reader) -> Invocation:
    first = command((rest[0],), root.command.texts)
    if first is None and "--help" in rest[1:]:
        raise Stop(root.command.help, exit_code=0)  # observed on client 28.2.2
    if first is None:
        raise Stop("", f"docker: unknown command: docker {rest[0]}\n\nRun 'docker --help' for more information\n")
    found, words = first, rest[1:]
    if first.subcommands:
        found, words = _subcommand(first, words)
    reader = Reader(found, words)
    reader.read()
    if root.asked_for_help or reader.asked_for_help:
        raise Stop(reader.said + found.help, exit_code=0)
    _count(found, len(reader.arguments))
    options = {name: tuple(values) for name, values in {**root.flags, **reader.flags}.items()}
    return Invocation(found, tuple(reader.arguments), options, tuple(reader.order), reader.said)


def _subcommand(group: Command, words: list[str]) -> tuple[Command, list[str]]:
    """`network` `ls …`: the subcommand and its words. A flag before it belongs to the group, which has none."""
    if words and not words[0].startswith("-"):
        found = command((*group.path, words[0]), group.texts)
        if (found is None or len(found.path) == 1) and "--help" in words:
            raise Stop(group.help, exit_code=0)  # observed on client 28.2.2
        if found is None or len(found.path) == 1:
            options = " [OPTIONS]" if group.path in WITH_FLAGS else ""
            more = " COMMAND" if group.path == ("volume",) else ""  # the one that says so (docker/cli volume/cmd.go)
            text = f"docker: unknown command: {group.name} {words[0]}\n\nUsage:  {group.name}{options}{more}\n\n"
            raise Stop("", f"{text}Run '{group.name} --help' for more information\n")
        if found.subcommands:
            return _subcommand(found, words[1:])
        return found, words[1:]
    reader = Reader(group, words)
    reader.read()
    if reader.asked_for_help:
        raise Stop(reader.said + group.help, exit_code=0)
    raise Stop("", group.help, 0)


def _help_topic(root: Command, words: list[str]) -> Stop:
    topic = root
    for number, word in enumerate(words):
        found = command((*topic.path, word), root.texts)
        if found is None:
            return Stop("", f"unknown help topic: {' '.join(words[number:])}\n")
        topic = found
    return Stop(topic.help, exit_code=0)


def _count(found: Command, given: int) -> None:
    """Complain when there are too few or too many arguments (docker/cli, cli/required.go)."""
    least, most = ARGUMENTS.get(found.operation, (0, None))
    if given >= least and (most is None or given <= most):
        return
    ending = "See"
    if most == 0:
        what, ending = "accepts no arguments", "Run"
    elif least == most:
        what, ending = f"requires {_arguments(least)}", "Run"
    elif most is None:
        what = f"requires at least {_arguments(least)}"
    elif least == 0:
        what, ending = f"requires at most {_arguments(most)}", "SRun"  # sic, client 28.2
    else:
        what, ending = f"requires at least {least} and at most {_arguments(most)}", "Run"
    text = f"docker: '{found.name}' {what}\n\nUsage:  {found.usage}\n\n"
    raise Stop("", f"{text}{ending} '{found.name} --help' for more information\n")


def _arguments(number: int) -> str:
    return f"{number} argument{'' if number == 1 else 's'}"


def parse_bool(text: str) -> bool | None:
    """Go's strconv.ParseBool; None for what it refuses."""
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    return False if text in ("0", "f", "F", "false", "FALSE", "False") else None


class Reader:
    """Flags and arguments of one command, as the pflag library of the client takes them."""

    def __init__(self, found: Command, words: list[str]) -> None:
        self.command = found
        self.words = list(words)
        self.flags: dict[str, list[str]] = {}
        self.order: list[tuple[str, str]] = []
        self.arguments: list[str] = []
        self.asked_for_help = False
        self.said = ""

    def read(self) -> None:
        while self.words:
            word = self.words.pop(0)
            if word == "--":
                self.arguments += self.words
                return
            if word.startswith("--"):
                self._long(word)
            elif word.startswith("-") and len(word) > 1:
                self._cluster(word[1:])
            else:
                self.arguments.append(word)
                if not self.command.interspersed:
                    self.arguments += self.words
                    return

    def _long(self, word: str) -> None:
        name, equals, value = word[2:].partition("=")
        if not name or name.startswith("-"):
            raise self.usage(f"bad flag syntax: {word}")
        flag = self.command.by_name(name)
        if flag is None:
            raise self.usage(f"unknown flag: --{name}")
        if not flag.kind and not equals:
            value = "true"
        elif not equals:
            if not self.words:
                raise self.usage(f"flag needs an argument: --{name}")
            value = self.words.pop(0)
        self._set(flag, value)

    def _cluster(self, letters: str) -> None:
        """-dit, -p80:80, -p=80, -p 80:80"""
        while letters:
            letter, rest = letters[0], letters[1:]
            flag = self.command.by_letter(letter)
            if flag is None:
                if letter == "h":
                    self.said = "Flag shorthand -h has been deprecated, use --help\n"
                    self.asked_for_help = True
                    return
                raise self.usage(f"unknown shorthand flag: '{letter}' in -{letters}")
            if len(rest) > 1 and rest[0] == "=":
                self._set(flag, rest[1:])
                return
            if not flag.kind:
                self._set(flag, "true")
                letters = rest
                continue
            if not rest and not self.words:
                raise self.usage(f"flag needs an argument: '{letter}' in -{letters}")
            self._set(flag, rest or self.words.pop(0))
            return

    def _set(self, flag: Flag, value: str) -> None:
        if not flag.kind and parse_bool(value) is None:
            wrong: str | None = f'strconv.ParseBool: parsing "{value}": invalid syntax'
        else:
            wrong = problem(flag, value)
        if wrong is not None:
            raise self.usage(f'invalid argument "{value}" for "{flag.label}" flag: {wrong}')
        if flag.name == "help":
            self.asked_for_help = self.asked_for_help or parse_bool(value) is True
        if flag.name in DEPRECATED:
            self.said += f"Flag --{flag.name} has been deprecated, use --{DEPRECATED[flag.name]} instead\n"
        name = SAME_FLAG.get(flag.name, flag.name)
        values = value.split(",") if flag.kind in LISTED else [value]
        self.flags.setdefault(name, []).extend(values)
        self.order.append((name, value))

    def usage(self, text: str) -> Stop:
        """A flag that can't be read: the sentence, the usage, where to read on. Exit status 125."""
        found = self.command
        usage = found.name if found.subcommands and found.path else found.usage
        if not found.path:
            usage = "docker [OPTIONS] COMMAND [ARG...]"
        more = f"Run '{found.name} --help' for more information\n"
        return Stop("", f"{text}\n\nUsage:  {usage}\n\n{more}", USAGE_STATUS)
