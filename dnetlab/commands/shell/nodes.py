"""A script as a tree of frozen values. What is quoted is marked, because only the rest is split and matched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from dnetlab.model.changed import quick

_ORDINARY = re.compile(r"[^*?\[\]{}~\\]+")  # characters that mean nothing more outside quotes


@quick
@dataclass(frozen=True)
class Text:
    """Literal characters."""

    text: str
    quoted: bool = False


@dataclass(frozen=True)
class Substitution:
    """`$(script)` or backticks. text: as written, without the parentheses."""

    script: Script
    text: str
    quoted: bool = False


@dataclass(frozen=True)
class Parameter:
    """`$NAME` and `${NAME OPERATOR WORD}`.

    name      a variable, a digit, or one of @ * # ? - $ !
    operator  '' alone; 'length' for ${#NAME}; ':-' '-' ':=' '=' ':?' '?' ':+' '+' '#' '##' '%' '%%'; bash's 'slice'
              ({NAME:word:second}), '/' and '//' ({NAME/word/second})
    """

    name: str
    operator: str = ""
    word: Word | None = None
    second: Word | None = None
    quoted: bool = False


@dataclass(frozen=True)
class Arithmetic:
    """`$((…))`: the text between the parentheses, to be expanded as if in double quotes."""

    word: Word
    quoted: bool = False


Part = Text | Substitution | Parameter | Arithmetic


@quick
@dataclass(frozen=True)
class Word:
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The word with its quotes off; substitutions and variables stand as written."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Text):
            return self.parts[0].text
        return "".join(_written(part) for part in self.parts)

    @cached_property
    def literal(self) -> str | None:
        """The one field it always is: nothing in it is expanded, split or matched. None for any other word."""
        if len(self.parts) == 1 and isinstance(part := self.parts[0], Text):
            return part.text if part.quoted or _ORDINARY.fullmatch(part.text) else None
        for part in self.parts:
            if not isinstance(part, Text) or (not part.quoted and not _ORDINARY.fullmatch(part.text)):
                return None
        return "".join(part.text for part in self.parts if isinstance(part, Text)) if self.parts else None

    @property
    def is_plain(self) -> bool:
        """Whether nothing in it is expanded."""
        return all(isinstance(part, Text) for part in self.parts)

    @property
    def unquoted(self) -> str | None:
        """Its characters when none of them is quoted or expanded, else None: only such a word is reserved."""
        texts = [part.text for part in self.parts if isinstance(part, Text) and not part.quoted]
        return "".join(texts) if len(texts) == len(self.parts) else None


def _written(part: Part) -> str:
    match part:
        case Text(text):
            return text
        case Substitution(_, text):
            return f"$({text})"
        case Arithmetic(word):
            return f"$(({word.text}))"
        case Parameter(name, ""):
            return f"${name}"
        case Parameter(name, "length"):
            return f"${{#{name}}}"
        case Parameter(name, operator, word):
            return f"${{{name}{operator}{word.text if word else ''}}}"


@dataclass
class Here:
    """The body of a here-document: read when its line is over, never changed after."""

    body: Word = Word(())


@dataclass(frozen=True)
class Redirect:
    """operator '>', '>>', '>|', '<', '<>', '>&', '<&', '&>', '&>>', '<<' (document) or '<<<' (word)."""

    descriptor: int
    operator: str
    target: Word
    here: Here = field(default_factory=Here)


@quick
@dataclass(frozen=True)
class Simple:
    """`NAME=value… word… redirection…`."""

    words: tuple[Word, ...] = ()
    assignments: tuple[tuple[str, Word], ...] = ()
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class Group:
    """`{ … }`, or with is_subshell `( … )`."""

    body: Script
    is_subshell: bool = False


@dataclass(frozen=True)
class If:
    """branches: (condition, body) of if and each elif; otherwise: the else part or None."""

    branches: tuple[tuple[Script, Script], ...]
    otherwise: Script | None = None


@dataclass(frozen=True)
class While:
    """until: the loop ends when the condition succeeds."""

    condition: Script
    body: Script
    until: bool = False


@dataclass(frozen=True)
class For:
    """words None: the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: Script


@dataclass(frozen=True)
class Case:
    word: Word
    branches: tuple[tuple[tuple[Word, ...], Script], ...]


@dataclass(frozen=True)
class Function:
    name: str
    body: Command


@dataclass(frozen=True)
class Condition:
    """bash's `[[ … ]]`: its words, operators among them as plain words."""

    words: tuple[Word, ...]


@dataclass(frozen=True)
class Calculation:
    """bash's `(( … ))`."""

    word: Word


Node = Simple | Group | If | While | For | Case | Function | Condition | Calculation


@quick
@dataclass(frozen=True)
class Command:
    """One command of a pipe. redirects: those behind a compound command (a simple one holds its own)."""

    node: Node
    redirects: tuple[Redirect, ...] = ()

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of a simple command; () of another."""
        return self.node.words if isinstance(self.node, Simple) else ()


@quick
@dataclass(frozen=True)
class Pipeline:
    """negated: `!` stands in front. source: the text it was read from. beside: `&` stands behind."""

    commands: tuple[Command, ...]
    negated: bool = False
    source: str = ""
    beside: bool = False


@quick
@dataclass(frozen=True)
class Script:
    """Pipelines, each with the operator in front of it: '' for the first, then ';', '&&' or '||'."""

    pipelines: tuple[tuple[str, Pipeline], ...] = ()

    @cached_property
    def argv(self) -> tuple[str, ...]:
        """The words of the first command, quotes off; () for an empty script and for one that begins with a loop."""
        return tuple([w.text for w in self.pipelines[0][1].commands[0].words]) if self.pipelines else ()

    @property
    def only(self) -> Simple | None:
        """The simple command that is all of the script; None for a script of more, or of another kind."""
        if len(self.pipelines) != 1:
            return None
        first = self.pipelines[0][1]
        if first.negated or first.beside or len(first.commands) != 1:
            return None
        node = self.pipelines[0][1].commands[0].node
        return node if isinstance(node, Simple) else None
