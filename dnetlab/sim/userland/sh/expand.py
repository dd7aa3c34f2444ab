"""Words become fields: tilde, parameters, substitutions, arithmetic, field splitting, names of files (XCU 2.6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from dnetlab.commands.shell import Arithmetic, Parameter, Part, Script, Substitution, Text, Word
from dnetlab.sim.userland.seam import Files, Refused, Stopped, fits
from dnetlab.sim.userland.sh import patterns
from dnetlab.sim.userland.sh.arithmetic import ArithmeticProblem, calculate
from dnetlab.sim.userland.sh.patterns import Chunk
from dnetlab.sim.userland.sh.state import BASH, BUSYBOX, DASH, Shell

LONGEST = 1 << 20  # characters of one word
LONGEST_CUT, LONGEST_REPLACED = 20_000, 2_000  # of a text that a pattern is tried on from each of its characters
MOST_WORDS = 10_000  # from one word with braces
_BRACES = re.compile(
    r"\{(-?\d{1,6})\.\.(-?\d{1,6})(?:\.\.(-?\d{1,6}))?\}|\{([a-zA-Z])\.\.([a-zA-Z])\}|\{([^{}\s]*,[^{}\s]*)\}"
)


class ShellProblem(Exception):
    """An expansion that ends the command, or a shell that isn't at a terminal; the text follows the shell's name."""

    def __init__(self, text: str, code: int = 2) -> None:
        super().__init__(text)
        self.code = code


class Expander:
    """substitute: runs a script and gives what it printed."""

    def __init__(self, shell: Shell, files: Files, substitute: Callable[[Script], str]) -> None:
        self.shell, self.files, self.substitute = shell, files, substitute

    # -- what callers want ---------------------------------------------------------------------------------------

    def fields(self, words: Sequence[Word]) -> list[str]:
        """The words of a command, split and matched with files."""
        found: list[str] = []
        for word in words:
            if (literal := word.literal) is not None:
                found.append(literal)
                continue
            for number, one in enumerate(self._braces(word), start=1):
                if number > MOST_WORDS:
                    raise _too_many_words()
                for chunks in self._split(one):
                    found += self._names(chunks)
        return found

    def text(self, word: Word) -> str:
        """A word as one text: the value of an assignment, the name of a file, the subject of case."""
        return "".join(text for text, _ in self.chunks(word))

    def chunks(self, word: Word) -> list[Chunk]:
        """A word with its quoted parts marked, neither split nor matched: a pattern of case."""
        found: list[Chunk] = []
        for number, part in enumerate(word.parts):
            if isinstance(part, Text):
                found.append((self._tilde(part, number), part.quoted))
            else:
                found += [(text, quoted) for text, quoted in self._value(part)]
        fits(sum(len(text) for text, _ in found))
        return found

    def arithmetic(self, word: Word) -> int:
        """The value of an expression. Raises ShellProblem."""
        try:
            kind = self.shell.kind
            return calculate(self.text(word), self._number, self.assign, kind == DASH, kind == BUSYBOX)
        except ArithmeticProblem as problem:
            raise ShellProblem(str(problem), 1 if self.shell.kind == BASH else 2) from None

    def assign(self, name: str, value: str) -> None:
        """Raises ShellProblem for a variable that can't be changed."""
        if name in self.shell.readonly:
            raise ShellProblem(f"{name}: {'readonly variable' if self.shell.kind == BASH else 'is read only'}", 2)
        self.shell.variables[name] = value
        if "a" in self.shell.options:
            self.shell.exported |= {name}

    def _number(self, name: str) -> str:
        return self.shell.variables.get(name, "")

    # -- fields --------------------------------------------------------------------------------------------------

    def _split(self, word: Word) -> list[list[Chunk]]:
        fields = _Fields(self.shell.variables.get("IFS", " \t\n"))
        for number, part in enumerate(word.parts):
            if isinstance(part, Text):
                fields.add(self._tilde(part, number), part.quoted)
            elif isinstance(part, Parameter) and part.name in "@*" and not part.operator:
                self._all_positional(fields, part)
            elif isinstance(part, Parameter) and part.operator and not part.quoted:
                self._operated_fields(fields, part)
            else:
                for text, quoted in self._value(part):
                    fields.add(text, True) if quoted else fields.split(text)
        return fields.done()

    def _operated_fields(self, fields: _Fields, part: Parameter) -> None:
        """`${x:-a 'b c'}` unquoted: what is quoted in it stays whole."""
        for text, quoted in self._value(part):
            fields.add(text, True) if quoted else fields.split(text)

    def _all_positional(self, fields: _Fields, part: Parameter) -> None:
        if part.quoted and part.name == "*":
            fields.add(self._joined(), True)
            return
        for number, value in enumerate(self.shell.positional):
            if number:
                fields.end()
            fields.add(value, True) if part.quoted else fields.split(value)

    def _joined(self) -> str:
        separator = self.shell.variables.get("IFS", " ")[:1]
        return separator.join(self.shell.positional)

    def _names(self, chunks: list[Chunk]) -> list[str]:
        plain = "".join(text for text, _ in chunks)
        if "f" in self.shell.options or not patterns.is_pattern(chunks):
            return [plain]
        return patterns.paths(chunks, self.files, self.shell.directory) or [plain]

    def _tilde(self, part: Text, number: int) -> str:
        if number or part.quoted or not re.match(r"~(/|$)", part.text):
            return part.text
        return self.shell.variables.get("HOME", "/root") + part.text[1:]

    def _braces(self, word: Word) -> Iterator[Word]:
        """bash's `{a,b}` and `{1..3}`; the other shells have none."""
        if self.shell.kind == BASH:
            for number, part in enumerate(word.parts):
                found = _BRACES.search(part.text) if isinstance(part, Text) and not part.quoted else None
                if found and isinstance(part, Text):
                    before, after = word.parts[:number], word.parts[number + 1 :]
                    for choice in _choices(found):
                        text = Text(part.text[: found.start()] + choice + part.text[found.end() :])
                        yield from self._braces(Word((*before, text, *after)))
                    return
        yield word

    # -- values --------------------------------------------------------------------------------------------------

    def _value(self, part: Part) -> list[Chunk]:
        match part:
            case Substitution(script, _, quoted):
                return [(self.substitute(script).rstrip("\n"), quoted)]
            case Arithmetic(word, quoted):
                return [(str(self.arithmetic(word)), quoted)]
            case Parameter():
                return self._parameter(part)
            case Text(text, quoted):
                return [(text, quoted)]

    def _parameter(self, part: Parameter) -> list[Chunk]:
        value = self.value(part.name)
        operator = part.operator
        if (
            operator.lstrip(":") not in ("-", "=", "?", "+")
            and value is None
            and "u" in self.shell.options
            and part.name not in "@*"
        ):
            shown = "unbound variable" if self.shell.kind == BASH else "parameter not set"
            raise ShellProblem(f"{part.name}: {shown}", 1 if self.shell.kind == BASH else 2)
        if operator == "length":
            return [(str(len(self.shell.positional) if part.name in "@*" else len(value or "")), part.quoted)]
        if operator.lstrip(":") in ("-", "=", "?", "+") and operator:
            return self._if_unset(part, value)
        text = value or ""
        return [(self._changed(part, text) if operator else text, part.quoted)]

    def _if_unset(self, part: Parameter, value: str | None) -> list[Chunk]:
        """`${x:-word}` and its like; with the colon an empty value counts as none."""
        assert part.word is not None
        missing = value is None or (part.operator[0] == ":" and value == "")
        match part.operator[-1]:
            case "+":
                return [] if missing else self._word_of(part)
            case "=" if missing:
                self.assign(part.name, self.text(part.word))
                return [(self.shell.variables[part.name], part.quoted)]
            case "?" if missing:
                message = self.text(part.word)
                default = (
                    "parameter null or not set"
                    if self.shell.kind == BASH
                    else "parameter not set or null"
                    if part.operator[0] == ":"
                    else "parameter not set"
                )
                raise ShellProblem(f"{part.name}: {message or default}", 1 if self.shell.kind == BASH else 2)
            case "-" if missing:
                return self._word_of(part)
        return [(value or "", part.quoted)]

    def _word_of(self, part: Parameter) -> list[Chunk]:
        assert part.word is not None
        chunks = self.chunks(part.word)
        return [(text, True) for text, _ in chunks] or [("", True)] if part.quoted else chunks

    def _changed(self, part: Parameter, text: str) -> str:
        assert part.word is not None
        if part.operator == "slice":
            return self._slice(part, text)
        chunks = self.chunks(part.word)
        if part.operator in ("/", "//") and not patterns.is_pattern(chunks):
            return self._replaced_text(part, text, patterns.plain(chunks))
        most = LONGEST_REPLACED if part.operator in ("/", "//") else LONGEST_CUT
        if len(text) > most:
            raise Refused("The lab's shell cuts and replaces by pattern in texts of at most {most:,} characters.",
                          "sed and cut work on long ones.", most=most)  # fmt: skip
        pattern = patterns.compiled(chunks)
        match part.operator:
            case "#":
                return next((text[n:] for n in range(len(text) + 1) if pattern.fullmatch(text[:n])), text)
            case "##":
                return next((text[n:] for n in range(len(text), -1, -1) if pattern.fullmatch(text[:n])), text)
            case "%":
                return next((text[:n] for n in range(len(text), -1, -1) if pattern.fullmatch(text[n:])), text)
            case "%%":
                return next((text[:n] for n in range(len(text) + 1) if pattern.fullmatch(text[n:])), text)
        return self._replaced(part, text, pattern)

    def _replaced_text(self, part: Parameter, text: str, sought: str) -> str:
        made = self.text(part.second) if part.second else ""
        count = text.count(sought) if sought else 0
        fits(len(text) + (count if part.operator == "//" else 1) * len(made))
        return text.replace(sought, made, -1 if part.operator == "//" else 1) if count else text

    def _replaced(self, part: Parameter, text: str, pattern: re.Pattern[str]) -> str:
        """bash's `${x/pattern/word}`: the longest match that begins first."""
        made = self.text(part.second) if part.second else ""
        out, at, changed = "", 0, False
        while at < len(text):
            end = next((n for n in range(len(text), at, -1) if pattern.fullmatch(text[at:n])), 0)
            if end and not (changed and part.operator == "/"):
                out, at, changed = out + made, end, True
                fits(len(out))
            else:
                out, at = out + text[at], at + 1
        return out

    def _slice(self, part: Parameter, text: str) -> str:
        assert part.word is not None
        start = self.arithmetic(part.word)
        start = max(len(text) + start, 0) if start < 0 else start
        if part.second is None:
            return text[start:]
        length = self.arithmetic(part.second)
        return text[start : length if length < 0 else start + length]

    def value(self, name: str) -> str | None:
        """The value of a parameter, None when it is unset."""
        shell = self.shell
        if name.isdigit():
            number = int(name)
            if number == 0:
                return shell.name
            return shell.positional[number - 1] if number <= len(shell.positional) else None
        match name:
            case "#":
                return str(len(shell.positional))
            case "?":
                return str(shell.status)
            case "$":
                return str(shell.pid)
            case "-":
                return "".join(sorted(shell.options))
            case "@" | "*":
                return self._joined() if name == "*" else " ".join(shell.positional) if shell.positional else None
            case "!":
                return str(shell.last_job) if shell.last_job else None
            case "RANDOM" if shell.kind in (BASH, BUSYBOX) and name not in shell.variables:
                return self._random()
        return shell.variables.get(name)

    def _random(self) -> str:
        """The same numbers in the same order: a lab is repeatable."""
        seed = int(self.shell.variables.get("\0random", str(self.shell.pid)))
        self.shell.variables["\0random"] = str((seed * 1103515245 + 12345) % 2**31)
        return str((seed * 1103515245 + 12345) // 65536 % 32768)


class _Fields:
    """Fields being made. A field is open (`current`) from its first character or quote on."""

    def __init__(self, separators: str) -> None:
        self.blanks = "".join(c for c in separators if c in " \t\n")
        self.others = "".join(c for c in separators if c not in " \t\n")
        self.found: list[list[Chunk]] = []
        self.current: list[Chunk] | None = None
        self.after_blank = False  # a blank has just ended a field: a separator behind it is the same one
        self.size = 0

    def add(self, text: str, quoted: bool) -> None:
        self.size += len(text) + 8  # the pointer to a field counts, too (execve(2))
        if self.size > LONGEST:
            raise ShellProblem("Argument list too long", 126)
        self.current = [*(self.current or ()), (text, quoted)]
        self.after_blank = False

    def end(self) -> None:
        if self.current is not None:
            self.found.append(self.current)
            self.current = None

    def split(self, text: str) -> None:
        """An expansion that isn't quoted: cut at the characters of IFS."""
        separators = self.blanks + self.others
        if not separators:
            if text:
                self.add(text, False)
            return
        for piece in re.findall(f"[{re.escape(separators)}]|[^{re.escape(separators)}]+", text):
            if piece in self.blanks and len(piece) == 1:
                self.after_blank = self.after_blank or self.current is not None
                self.end()
            elif piece in self.others and len(piece) == 1:
                if self.current is None and not self.after_blank:
                    self.found.append([("", True)])
                self.end()
                self.after_blank = False
            else:
                self.add(piece, False)

    def done(self) -> list[list[Chunk]]:
        self.end()
        return self.found


def _choices(found: re.Match[str]) -> list[str]:
    if found[6] is not None:
        return found[6].split(",")
    if found[4]:
        first, last = ord(found[4]), ord(found[5])
        return [chr(n) for n in (range(first, last + 1) if first <= last else range(first, last - 1, -1))]
    first, last = int(found[1]), int(found[2])
    step = max(1, abs(int(found[3] or 1)))
    width = max(len(text) for text in (found[1], found[2])) if re.match(r"-?0\d", found[1]) else 0
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    if len(numbers) > MOST_WORDS:
        raise _too_many_words()
    return [str(number).zfill(width) for number in numbers]


def _too_many_words() -> Stopped:
    return Stopped("Braces make more than {most:,} words here, so the command was ended as by Ctrl-C.", most=MOST_WORDS)
