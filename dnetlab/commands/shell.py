"""What a shell makes of a line: words, quotes, pipes, `;` `&&` `||`, `$(…)`. Nothing else, and it says so.

    script    := pipeline { (';' | '&&' | '||') pipeline }
    pipeline  := command { '|' command }
    command   := word { word }
    word      := text, 'text', "text", \\c, $(script), `script`, in any mixture

Redirection, variables, loops, background jobs and sub-shells are refused, on both engines with the same sentences:
a lesson is a list of commands whose effects can be shown one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from dnetlab.model import Refusal

_KEYWORDS = frozenset(
    ("for", "while", "until", "if", "case", "select", "function", "do", "done", "then", "else", "elif", "fi", "esac",
     "{", "}", "!", "[[", "((")
)  # fmt: skip
LONGEST_LINE = 20_000  # characters; a longer line is no command that somebody typed


class ShellRefused(Exception):
    """A line that neither engine takes; carries the Refusal."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.refusal = Refusal(reason, hint)


@dataclass(frozen=True)
class Part:
    """A piece of a word: literal text, or a command substitution. quoted: its result isn't split into words."""

    text: str
    quoted: bool = False
    script: Script | None = None


@dataclass(frozen=True)
class Word:
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The word with its quotes off; a substitution stands as written."""
        return "".join(f"$({p.text})" if p.script is not None else p.text for p in self.parts)


@dataclass(frozen=True)
class Command:
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Pipeline:
    commands: tuple[Command, ...]


@dataclass(frozen=True)
class Script:
    """Pipelines, each with the operator in front of it: '' for the first, then ';', '&&' or '||'."""

    pipelines: tuple[tuple[str, Pipeline], ...] = ()

    @property
    def argv(self) -> tuple[str, ...]:
        """The words of the first command, quotes off; () for an empty script."""
        return tuple(w.text for w in self.pipelines[0][1].commands[0].words) if self.pipelines else ()


@lru_cache(maxsize=64)  # a line is read with its cell, and again when it runs
def parse_shell(text: str) -> Script:
    """Read one line. Raises ShellRefused, with the sentence to show, for what the cell language leaves out."""
    if len(text) > LONGEST_LINE:
        raise ShellRefused(f"This line has {len(text)} characters.", f"A command here has at most {LONGEST_LINE}.")
    if "\x00" in text:
        raise ShellRefused("This line holds a NUL character, which no shell can read.", "Type the command again.")
    return _Reader(text).script(until="")


def refusal(text: str) -> Refusal | None:
    """Why neither engine takes the line, None when it can be run."""
    try:
        parse_shell(text)
    except ShellRefused as refused:
        return refused.refusal
    return None


class _Reader:
    """A recursive-descent reader over one line."""

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self.at = 0
        self.depth = depth
        if depth > 8:
            raise ShellRefused("Command substitutions are nested too deeply.", "Run the inner command first.")

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def script(self, until: str) -> Script:
        """Read up to the end of the text, or to an unquoted `until` (which is left in place)."""
        pipelines: list[tuple[str, Pipeline]] = []
        operator = ""
        while True:
            pipeline = self.pipeline(until)
            if pipeline is None:
                if operator in ("&&", "||"):
                    raise ShellRefused(f"Nothing stands after {operator}.", "Put a command there, or take it away.")
            else:
                pipelines.append((operator if pipelines else "", pipeline))
            found = self.operator(until)
            if not found:
                break
            if pipeline is None:
                raise ShellRefused(f"Nothing stands before {found}.", "Put a command there, or take it away.")
            operator = found
        return Script(tuple(pipelines))

    def operator(self, until: str) -> str:
        """The operator between two pipelines, '' at the end."""
        if not self.peek() or self.peek() == until:
            return ""
        for operator in ("&&", "||", ";"):
            if self.peek(len(operator)) == operator:
                self.at += len(operator)
                return operator
        _refuse_character(self.peek())
        raise ShellRefused(f"The character {self.peek()!r} can't stand here.", "Quote it if it belongs to a word.")

    def pipeline(self, until: str) -> Pipeline | None:
        commands: list[Command] = []
        while True:
            command = self.command(until)
            if command is None:
                if commands:
                    raise ShellRefused("Nothing stands after |.", "Put a command there, or take it away.")
                if self.peek() == "|" and self.peek(2) != "||":
                    raise ShellRefused("Nothing stands before |.", "Put a command there, or take it away.")
                return None
            commands.append(command)
            if self.peek() != "|" or self.peek(2) == "||":
                return Pipeline(tuple(commands))
            self.at += 1
            if self.peek() == "&":
                raise ShellRefused("Redirection is not part of the lab's shell.", "`|` alone passes the output on.")

    def command(self, until: str) -> Command | None:
        words: list[Word] = []
        while True:
            while self.peek() in (" ", "\t", "\r"):
                self.at += 1
            character = self.peek()
            if not character or character == until or character in ";|&\n":
                break
            if character == "#":
                self.at = len(self.text)
                break
            words.append(self.word(until))
        if not words:
            return None
        _refuse_keyword(words[0])
        return Command(tuple(words))

    def word(self, until: str) -> Word:
        parts: list[Part] = []
        plain = ""
        while True:
            character = self.peek()
            if not character or character in " \t\r\n;|&" or (character == until and character):
                break
            if character in "'\"\\`$":
                if plain:
                    parts.append(Part(plain))
                    plain = ""
                parts.extend(self.special(character))
                continue
            _refuse_character(character)
            plain += character
            self.at += 1
        if plain:
            parts.append(Part(plain))
        return Word(tuple(parts))

    def special(self, character: str) -> list[Part]:
        """A quote, a backslash, or something that begins with a dollar."""
        if character == "'":
            end = self.text.find("'", self.at + 1)
            if end < 0:
                raise _open_quote("'")
            text, self.at = self.text[self.at + 1 : end], end + 1
            return [Part(text, quoted=True)]
        if character == '"':
            return self.double_quoted()
        if character == "\\":
            text = self.text[self.at + 1 : self.at + 2]
            self.at += 2
            return [Part(text, quoted=True)]
        return [self.dollar(quoted=False)]

    def double_quoted(self) -> list[Part]:
        self.at += 1
        parts: list[Part] = [Part("", quoted=True)]
        plain = ""
        while self.peek() != '"':
            character = self.peek()
            if not character:
                raise _open_quote('"')
            if character == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\"):
                plain += self.text[self.at + 1]
                self.at += 2
            elif character in "$`":
                if plain:
                    parts.append(Part(plain, quoted=True))
                plain = ""
                parts.append(self.dollar(quoted=True))
            else:
                plain += character
                self.at += 1
        self.at += 1
        if plain:
            parts.append(Part(plain, quoted=True))
        return parts

    def dollar(self, quoted: bool) -> Part:
        """`$(…)`, backticks, or a lone dollar; a variable is refused."""
        if self.peek() == "`":
            end = self.text.find("`", self.at + 1)
            if end < 0:
                raise _open_quote("`")
            text = self.text[self.at + 1 : end]
            self.at = end + 1
            return Part(text, quoted, _Reader(text, self.depth + 1).script(until=""))
        if self.peek(3) == "$((":
            raise ShellRefused("Arithmetic is not part of the lab's shell.", "Type the number itself.")
        if self.peek(2) == "$(":
            start = self.at + 2
            inner = _Reader(self.text[start:], self.depth + 1)
            script = inner.script(until=")")
            if inner.peek() != ")":
                raise _open_quote("$(")
            self.at = start + inner.at + 1
            return Part(inner.text[: inner.at], quoted, script)
        following = self.text[self.at + 1 : self.at + 2]
        if following and (following.isalnum() or following in "_{?!@#*$-"):
            raise ShellRefused(
                "Variables are not part of the lab's shell.",
                "Type the value itself, or use $(command); the exit status is shown under each command.",
            )
        self.at += 1
        return Part("$", quoted)


def _open_quote(quote: str) -> ShellRefused:
    closing = {"$(": ")"}.get(quote, quote)
    return ShellRefused(f"The {quote} in this line is never closed.", f"Add the closing {closing} and run it again.")


def _refuse_character(character: str) -> None:
    if character in "<>":
        raise ShellRefused(
            "Redirection is not part of the lab's shell.",
            "Both output and errors are shown anyway; pipe into grep, head, tail, wc, sort or uniq.",
        )
    if character == "&":
        raise ShellRefused(
            "Background jobs are not part of the lab's shell.", "`docker run -d` starts a container in the background."
        )
    if character in "()":
        raise ShellRefused("Sub-shells are not part of the lab's shell.", "Write one command per line.")
    if character == "\n":
        raise ShellRefused("A command is one line.", "Write one command per line.")


def _refuse_keyword(word: Word) -> None:
    first = word.parts[0] if word.parts else Part("")
    if first.quoted or first.script is not None:
        return
    if word.text in _KEYWORDS:
        raise ShellRefused(
            f"Loops and conditions ({word.text}) are not part of the lab's shell.", "Write one command per line."
        )
    name, equals, _ = first.text.partition("=")
    if equals and name.isidentifier():
        raise ShellRefused(
            "Variables are not part of the lab's shell.",
            "Type the value where it is needed; `docker run -e NAME=value` gives one to a container.",
        )
