"""The grammar of the shell: a recursive-descent reader over a whole text, here-documents among it."""

from __future__ import annotations

import re
from functools import lru_cache

from dnetlab.commands.shell.errors import NotModelled, ShellRefused, Unfinished
from dnetlab.commands.shell.nodes import (
    Calculation,
    Case,
    Command,
    Condition,
    For,
    Function,
    Group,
    If,
    Node,
    Pipeline,
    Redirect,
    Script,
    Simple,
    Text,
    While,
    Word,
)
from dnetlab.commands.shell.words import META, NAME, WordReader, read_quoted
from dnetlab.model import Refusal

LONGEST_LINE = 20_000  # characters; a longer line is no command that somebody typed
_RESERVED = frozenset(("then", "else", "elif", "fi", "do", "done", "esac", "}"))
_OPENING = ("if", "while", "until", "for", "case", "{", "function", "[[", "select", "coproc")
_REDIRECT = re.compile(r"(\d*)(<<<|<<-?|<>|<&|>>|>&|>\||&>>|&>|<|>)")
_BLANKS = re.compile(r"(?:[ \t\r]+|\\\n|#[^\n]*)*")
# A line of words in which nothing has a meaning for the reader, as most are.
_PLAIN = re.compile(r"[\w./-]+(?:[ \t]+[^\s;|&<>()'\"\\$`#\x00]+)*[ \t]*", re.ASCII)
_JOBS = ("fg", "bg", "jobs", "disown")
CAPTURES = ("tcpdump", "conntrack", "xtables-monitor")  # what may run beside the lines that follow
LISTENERS = ({"docker", "events"}, {"nft", "monitor"}, {"ip", "monitor"})  # when all of the words stand in the line
JOB_CONTROL = ShellRefused(
    "Background jobs are not part of the lab's shell.",
    "`tcpdump … &` and `nc -l PORT &` are there, ended by `kill $!` or by the end of their cell. "
    "`docker run -d` starts a container in the background.",
)


@lru_cache(maxsize=512)  # a line is read with its cell, when it runs, and in the next lab of the same lesson
def parse_shell(text: str) -> Script:
    """Read a script of one line or more. Raises ShellRefused, with the sentence to show, for what can't be read.

    Unfinished for a text that ends inside something, NotModelled for what only a real shell reads.
    """
    if len(text) > LONGEST_LINE:
        raise ShellRefused(
            "This line has {typed} characters.",
            "A command here has at most {longest_line}.",
            typed=len(text),
            longest_line=LONGEST_LINE,
        )
    if "\x00" in text:
        raise ShellRefused("This line holds a NUL character, which no shell can read.", "Type the command again.")
    if _PLAIN.fullmatch(text) and (plain := _plain_line(text)):
        return plain
    try:
        reader = _Parser(text)
        script = reader.script(frozenset(), "")
        reader.expect_end()
    except RecursionError:
        raise ShellRefused("This line is nested too deeply.", "Write it in smaller pieces.") from None
    return script


def _plain_line(text: str) -> Script | None:
    """One command of plain words; None when the first of them is one of the shell's own."""
    words = re.split(r"[ \t]+", text.rstrip())
    if words[0] in _RESERVED or words[0] in _OPENING or words[0] in _JOBS:
        return None
    command = Command(Simple(tuple([Word((Text(word),)) for word in words])))
    return Script((("", Pipeline((command,), source=text.rstrip())),))


def refusal(text: str) -> Refusal | None:
    """Why neither engine takes the line, None when a real shell can run it."""
    try:
        parse_shell(text)
    except NotModelled:
        return None
    except ShellRefused as refused:
        return refused.refusal
    return None


def starts_beside(text: str) -> bool:
    """Does the line start something with `&`, that goes on while the next lines run?"""
    if "&" not in text:
        return False
    try:
        return any(pipeline.beside for _, pipeline in parse_shell(text).pipelines)
    except ShellRefused:
        return False


def is_unfinished(text: str) -> bool:
    """Would a terminal ask for another line?"""
    try:
        parse_shell(text)
    except Unfinished:
        return True
    except ShellRefused:
        return False
    return False


def _nested(text: str, at: int, depth: int, until: str) -> tuple[Script, int]:
    """A script inside a word: of `$(…)` up to its `)`, of backticks all of the text."""
    reader = _Parser(text, at, depth)
    script = reader.script(frozenset(), until)
    if not until:
        reader.expect_end()
    return script, reader.at


class _Parser(WordReader):
    """until: the character that ends the innermost list, ')' or ''."""

    def __init__(self, text: str, at: int = 0, depth: int = 0) -> None:
        super().__init__(text, _nested, at, depth)
        self.waiting: list[tuple[Redirect, bool, bool]] = []  # here-documents whose line goes on: tabs off, quoted

    # -- blanks and lines ----------------------------------------------------------------------------------------

    def blanks(self) -> None:
        """Skip blanks, joined lines and a comment; a newline stays."""
        self.skip(_BLANKS)

    def lines(self) -> None:
        """Skip blanks and newlines."""
        self.blanks()
        while self.peek() == "\n":
            self.newline()
            self.blanks()

    def newline(self) -> None:
        """A line is over: the bodies of its here-documents follow."""
        self.at += 1
        for redirect, tabs, quoted in self.waiting:
            text = self.document(redirect.target.text, tabs)
            redirect.here.body = Word((Text(text, quoted=True),)) if quoted else read_quoted(text, _nested)
        self.waiting = []

    def document(self, delimiter: str, tabs: bool) -> str:
        body = ""
        while self.at < len(self.text):
            end = self.text.find("\n", self.at)
            row = self.text[self.at :] if end < 0 else self.text[self.at : end]
            self.at = len(self.text) if end < 0 else end + 1
            row = row.lstrip("\t") if tabs else row
            if row == delimiter:
                self.at -= int(end >= 0)  # the newline behind it ends a command like any other
                return body
            body += row + "\n"
        raise _open_document(delimiter)

    # -- lists ---------------------------------------------------------------------------------------------------

    def script(self, stop: frozenset[str], until: str) -> Script:
        """Pipelines up to a word of `stop`, the character `until`, `;;` or the end; what stopped it stays."""
        pipelines: list[tuple[str, Pipeline]] = []
        operator = ""
        self.lines()
        while not self.at_end(stop, until):
            pipelines.append((operator, self.pipeline(until)))
            if self.ampersand():
                pipelines[-1] = (operator, _beside(operator, pipelines[-1][1]))
                operator = ";"
                self.lines()
                continue
            operator = self.operator(until)
            if not operator:
                break
            self.lines()
            if operator != ";" and self.at_end(stop, until):
                self.nothing_stands_after(operator)
        if self.waiting and not self.peek():
            raise _open_document(self.waiting[0][0].target.text)
        return Script(tuple(pipelines))

    def ampersand(self) -> bool:
        """A lone `&` is read."""
        self.blanks()
        if self.peek() != "&" or self.peek(2) in ("&&", "&>"):
            return False
        self.at += 1
        return True

    def at_end(self, stop: frozenset[str], until: str) -> bool:
        if not self.peek() or self.peek() == until or self.peek(2) == ";;":
            return True
        return self.reserved() in stop if stop else False

    def operator(self, until: str) -> str:
        """What stands between two pipelines ('' at the end); a newline is as good as `;`."""
        self.blanks()
        for operator in ("&&", "||"):
            if self.peek(2) == operator:
                self.at += 2
                return operator
        if self.peek(2) == ";;":
            return ""
        if self.peek() == ";":
            self.at += 1
            return ";"
        if self.peek() == "\n":
            return ";"
        if self.peek() and self.peek() != until:
            self.refuse_character()
        return ""

    def nothing_stands_after(self, operator: str) -> None:
        kind = ShellRefused if self.peek() else Unfinished
        raise kind(f"Nothing stands after {operator}.", "Put a command there, or take it away.")

    def refuse_character(self) -> None:
        character = self.peek()
        if character == "&":
            raise JOB_CONTROL
        if character == "(":
            raise ShellRefused("A ( can't stand here.", "Quote it if it belongs to a word.")
        if character == ")":
            raise ShellRefused("A ) stands here without its (.", "Quote it if it belongs to a word.")
        raise ShellRefused(
            "The character {character!r} can't stand here.", "Quote it if it belongs to a word.", character=character
        )

    def expect_end(self) -> None:
        self.blanks()
        if self.peek(2) == ";;":
            raise ShellRefused("`;;` stands outside of case.", "One `;` is enough.")
        if self.peek():
            self.refuse_character()

    # -- pipes ---------------------------------------------------------------------------------------------------

    def pipeline(self, until: str) -> Pipeline:
        start, negated = self.at, False
        while self.reserved() == "!":
            negated = not negated
            self.at += 1
            self.blanks()
        if self.peek(1) in ("|", ";", "&", "") or self.peek() == until:
            found = "||" if self.peek(2) == "||" else "&&" if self.peek(2) == "&&" else self.peek()
            if self.peek(2) != "&>":
                kind = Unfinished if not found else ShellRefused
                raise kind(f"Nothing stands before {found}." if found else "Nothing stands after !.",
                           "Put a command there, or take it away.")  # fmt: skip
        commands = [self.command(until)]
        self.blanks()
        while self.peek() == "|" and self.peek(2) != "||":
            self.at += 1
            if self.peek() == "&":
                commands[-1] = _with_errors(commands[-1])
                self.at += 1
            self.lines()
            if not self.peek() or self.peek() == until or self.peek() in ";|&":
                self.nothing_stands_after("|")
            commands.append(self.command(until))
            self.blanks()
        return Pipeline(tuple(commands), negated, self.text[start : self.at].rstrip())

    def command(self, until: str) -> Command:
        node = self.compound(until)
        if node is None:
            return Command(self.simple(until))
        redirects: list[Redirect] = []
        self.blanks()
        while found := self.redirect():
            redirects.append(found)
            self.blanks()
        return Command(node, tuple(redirects))

    # -- simple commands -----------------------------------------------------------------------------------------

    def simple(self, until: str) -> Node:
        words: list[Word] = []
        assignments: list[tuple[str, Word]] = []
        redirects: list[Redirect] = []
        while True:
            self.blanks()
            if found := self.redirect():
                redirects.append(found)
                continue
            if not self.peek() or self.peek() in META:
                break
            if not words and (name := self.assigned()):
                assignments.append((name, self.word()))
            else:
                words.append(self.word())
        if len(words) == 1 and self.peek() == "(" and not assignments and words[0].unquoted:
            return self.function(words[0].unquoted, until)
        if self.peek() == "(" or not (words or assignments or redirects):
            self.refuse_character()
        _refuse_word(words)
        return Simple(tuple(words), tuple(assignments), tuple(redirects))

    def assigned(self) -> str:
        """The NAME of `NAME=` here, which is then read; '' for another word."""
        found = NAME.match(self.text, self.at)
        if not found:
            return ""
        behind = self.text[found.end() : found.end() + 2]
        if behind[:1] == "[" or behind == "+=":
            closed = re.compile(r"\[[^\]\s]*\]\+?=|\+=").match(self.text, found.end())
            if closed:
                raise NotModelled("Arrays and += are not part of the lab's shell.", 'Use NAME=value and "$NAME more".')
        if behind[:1] != "=":
            return ""
        self.at = found.end() + 1
        if self.peek() == "(":
            raise NotModelled("Arrays are not part of the lab's shell.", "Put the words behind `for NAME in`.")
        return found[0]

    def redirect(self) -> Redirect | None:
        found = _REDIRECT.match(self.text, self.at)
        if not found:
            return None
        operator = found[2]
        if operator in ("<", ">") and self.text[found.end() : found.end() + 1] == "(":
            raise NotModelled("<(…) is not part of the lab's shell.", "Write into a file first: command > FILE.")
        self.at = found.end()
        descriptor = int(found[1]) if found[1] else 0 if operator.startswith("<") else 1
        self.blanks()
        if not self.peek() or self.peek() in META:
            kind = ShellRefused if self.peek().strip() else Unfinished
            raise kind(f"Nothing stands after {operator}.", "Name the file that is read or written.")
        target = self.word()
        made = Redirect(descriptor, "<<" if operator == "<<-" else operator, target)
        if operator.startswith("<<") and operator != "<<<":
            quoted = any(isinstance(part, Text) and part.quoted for part in target.parts)
            self.waiting.append((made, operator == "<<-", quoted))
        return made

    def function(self, name: str, until: str) -> Node:
        self.at += 1
        self.blanks()
        if self.peek() != ")":
            self.at -= 1
            self.refuse_character()
        self.at += 1
        return self.function_body(name, until)

    def function_body(self, name: str, until: str) -> Node:
        self.lines()
        if not self.peek():
            raise Unfinished("The function {name} has no body.", "Write NAME() {{ commands; }}.", name=name)
        return Function(name, self.command(until))

    # -- compound commands ---------------------------------------------------------------------------------------

    def reserved(self) -> str:
        """The unquoted word that begins here, when it ends as a reserved word does; nothing is read."""
        if self.peek() == "{" or self.peek() == "}" or self.peek() == "!":
            behind = self.text[self.at + 1 : self.at + 2]
            return self.peek() if not behind or behind in META else ""
        found = re.compile(r"[a-z]+|\[\[").match(self.text, self.at)
        if not found:
            return ""
        behind = self.text[found.end() : found.end() + 1]
        return found[0] if not behind or behind in META else ""

    def compound(self, until: str) -> Node | None:
        if self.peek(2) == "((":
            word, end = self.calculation(self.at + 2)
            if word is not None:
                self.at = end
                return Calculation(word)
        if self.peek() == "(":
            self.at += 1
            body = self.body(frozenset(), ")", "(")
            self.at += 1
            return Group(body, is_subshell=True)
        word_here = self.reserved()
        if word_here in _RESERVED:
            raise ShellRefused(
                "`{word_here}` stands here without its beginning.",
                "Look for the if, for, while or case.",
                word_here=word_here,
            )
        if word_here not in _OPENING:
            return None
        self.at += len(word_here)
        match word_here:
            case "if":
                return self.conditional()
            case "while" | "until":
                condition, body = self.body(frozenset(("do",)), "", word_here), self.loop_body(word_here)
                return While(condition, body, word_here == "until")
            case "for":
                return self.counted(until)
            case "case":
                return self.case()
            case "{":
                body = self.body(frozenset(("}",)), "", "{")
                self.at += 1
                return Group(body)
            case "[[":
                return self.condition()
            case "function":
                self.blanks()
                name = self.word().text
                self.blanks()
                self.at += 2 if self.peek(2) == "()" else 0
                return self.function_body(name, until)
        raise NotModelled(
            "`{word_here}` is not part of the lab's shell.", "Use for, while, if or case.", word_here=word_here
        )

    def body(self, stop: frozenset[str], until: str, opened: str) -> Script:
        """A list that must end with one of `stop` or `until`, and must not be empty."""
        script = self.script(stop, until)
        closing = " or ".join(sorted(stop)) or until
        if not self.peek():
            raise Unfinished(
                "The {opened} in this line is never closed.",
                "Add the closing {closing} and run it again.",
                opened=opened,
                closing=closing,
            )
        if self.peek(2) == ";;" or not script.pipelines:
            raise ShellRefused(
                "Nothing stands between {opened} and {closing}.", "Put a command there.", opened=opened, closing=closing
            )
        return script

    def loop_body(self, opened: str) -> Script:
        self.at += len("do")
        body = self.body(frozenset(("done",)), "", opened)
        self.at += len("done")
        return body

    def conditional(self) -> If:
        branches: list[tuple[Script, Script]] = []
        otherwise = None
        while True:
            condition = self.body(frozenset(("then",)), "", "if")
            self.at += len("then")
            branches.append((condition, self.body(frozenset(("elif", "else", "fi")), "", "if")))
            found = self.reserved()
            self.at += len(found)
            if found == "elif":
                continue
            if found == "else":
                otherwise = self.body(frozenset(("fi",)), "", "if")
                self.at += len("fi")
            return If(tuple(branches), otherwise)

    def counted(self, until: str) -> Node:
        """`for NAME [in WORD…]; do … done`."""
        self.blanks()
        if self.peek(2) == "((":
            raise NotModelled("for ((…)) is not part of the lab's shell.", "Use for NAME in $(seq 1 9).")
        found = NAME.match(self.text, self.at)
        if not found:
            self.for_wants("a name", "for")
            raise AssertionError
        self.at = found.end()
        self.lines()
        words: tuple[Word, ...] | None = None
        if self.reserved() == "in":
            self.at += len("in")
            words = self.words_of_for()
        if self.peek() == ";":
            self.at += 1
        self.lines()
        if self.reserved() != "do":
            self.for_wants("do", f"for {found[0]}")
        return For(found[0], words, self.loop_body("for"))

    def for_wants(self, what: str, behind: str) -> None:
        kind = ShellRefused if self.peek() else Unfinished
        raise kind(f"`{behind}` wants {what} next.", "Write for NAME in WORDS; do COMMANDS; done.")

    def words_of_for(self) -> tuple[Word, ...]:
        words: list[Word] = []
        self.blanks()
        while self.peek() and self.peek() not in META:
            words.append(self.word())
            self.blanks()
        return tuple(words)

    def case(self) -> Case:
        self.blanks()
        subject = self.word()
        self.lines()
        if self.reserved() != "in":
            kind = ShellRefused if self.peek() else Unfinished
            raise kind("`case` wants in next.", "Write case WORD in PATTERN) COMMANDS;; esac.")
        self.at += len("in")
        branches: list[tuple[tuple[Word, ...], Script]] = []
        self.lines()
        while self.reserved() != "esac":
            branches.append((self.patterns(), self.script(frozenset(("esac",)), "")))
            if self.peek(2) == ";;":
                self.at += 2
            self.lines()
        self.at += len("esac")
        return Case(subject, tuple(branches))

    def patterns(self) -> tuple[Word, ...]:
        self.at += int(self.peek() == "(")
        patterns: list[Word] = []
        while True:
            self.blanks()
            patterns.append(self.word())
            self.blanks()
            character = self.peek()
            if not character:
                raise Unfinished("The case in this line is never closed.", "Add the closing esac and run it again.")
            if character not in "|)" or not patterns[-1].parts:
                self.refuse_character()
            self.at += 1
            if character == ")":
                return tuple(patterns)

    def condition(self) -> Condition:
        """The words of `[[ … ]]`; `<`, `>`, `(`, `&&` and the like are words in it."""
        words: list[Word] = []
        while True:
            self.lines()
            if not self.peek():
                raise Unfinished("The [[ in this line is never closed.", "Add the closing ]] and run it again.")
            found = re.compile(r"&&|\|\||[<>();|&]").match(self.text, self.at)
            if found and words and words[-1].unquoted == "=~":
                words.append(self.pattern())
            elif found:
                self.at = found.end()
                words.append(Word((Text(found[0]),)))
            else:
                words.append(self.pattern() if words and words[-1].unquoted == "=~" else self.word())
            if words[-1].unquoted == "]]":
                return Condition(tuple(words[:-1]))

    def pattern(self) -> Word:
        """What stands behind `=~`: parentheses and bars belong to it."""
        parts = []
        end = frozenset(" \t\n")
        while self.peek() and self.peek() not in end:
            parts += self._piece(end)
        return Word(tuple(parts))


def _with_errors(command: Command) -> Command:
    """`|&` is `2>&1 |`."""
    both = Redirect(2, ">&", Word((Text("1"),)))
    if isinstance(command.node, Simple):
        node = command.node
        return Command(Simple(node.words, node.assignments, (*node.redirects, both)))
    return Command(command.node, (*command.redirects, both))


def _beside(operator: str, pipeline: Pipeline) -> Pipeline:
    """The pipeline as one that runs beside what follows. Refused for anything but a capture or a listener."""
    first = pipeline.commands[0]
    names = {re.sub("^mo(n|ni|nit|nito)?$", "monitor", word.text.rsplit("/", 1)[-1]) for word in first.words}
    may = not names.isdisjoint(CAPTURES) or any(names >= some for some in LISTENERS) or listens(pipeline)
    if operator in ("&&", "||") or pipeline.negated or not may:
        raise JOB_CONTROL
    return Pipeline(pipeline.commands, False, pipeline.source, beside=True)


def listens(pipeline: Pipeline) -> bool:
    """`nc -l 9000`, also behind what it is to say: `echo hi | nc -l 9000`; socat with an address that listens."""
    words = [word.text for word in pipeline.commands[-1].words]
    if "socat" in words[:3]:  # behind `timeout 5`, too
        return any(re.match(r"(?i)(?:tcp|udp)[46]?-(?:l|recv)", word) for word in words)
    return words[:1] == ["nc"] and any(re.fullmatch(r"-[a-zA-Z]*l[a-zA-Z0-9]*", word) for word in words[1:])


def _refuse_word(words: list[Word]) -> None:
    first = words[0].unquoted if words else None
    if first in _JOBS:
        raise JOB_CONTROL


def _open_document(delimiter: str) -> Unfinished:
    return Unfinished(
        "The here-document in this line is never closed.", "Add a line that is just {delimiter}.", delimiter=delimiter
    )
