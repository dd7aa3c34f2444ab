"""The options of `%%dnet` and of each `%dnet` subcommand: read, and what was mistyped said in one clear line."""

from __future__ import annotations

import difflib
import shlex
from typing import TYPE_CHECKING, Any

from dnetlab.errors import UsageError
from dnetlab.language import Words, near_or, say
from dnetlab.language.arguments import said

if TYPE_CHECKING:
    from IPython.core.magic_arguments import MagicArgumentParser


def parse(parser: MagicArgumentParser, line: str, name: str) -> Any:
    """The options of a magic's line; None after showing its help. A wrong option is one clear line: UsageError."""
    from IPython.core.error import UsageError as IPythonUsageError

    try:
        words = shlex.split(line, comments=False)
    except ValueError as error:
        raise UsageError("{name} {line}: {lower}", name=name, line=line.strip(), lower=str(error).lower()) from None
    if {"-h", "--help"} & set(words):
        print(help_of(parser, name))
        return None
    try:
        return parser.parse_args(words)
    except IPythonUsageError as error:
        raise _clear(parser, words, name, str(error)) from None


def help_of(parser: MagicArgumentParser, name: str) -> str:
    """The help in the language that is spoken; the parser itself keeps its English."""
    parser.prog = name.removeprefix("%")  # IPython's formatter writes one % in front of it
    speaking: list[tuple[Any, str]] = [(parser, "description"), *((g, "title") for g in parser._action_groups)]
    speaking += [(action, "help") for action in parser._actions]
    kept = [(thing, where, getattr(thing, where)) for thing, where in speaking]
    try:
        for thing, where, text in kept:
            setattr(thing, where, say(text) if text else text)
        return parser.format_help().replace("::\n\n", "").strip()
    finally:
        for thing, where, text in kept:
            setattr(thing, where, text)


def _clear(parser: MagicArgumentParser, words: list[str], name: str, message: str) -> UsageError:
    """argparse's sentence, with the nearest option when one was mistyped."""
    known = [option for action in parser._actions for option in action.option_strings]
    wrong = next((w for w in words if w.startswith("-") and w.split("=")[0] not in known), None)
    near = difflib.get_close_matches((wrong or "").split("=")[0], known, 1, 0.5) if wrong else []
    hint = near_or(near, Words("`%dnet` lists what there is; `{name} --help` shows the options.", name=name))
    return UsageError("{name}: {error}", hint=hint, name=name, error=said(message))
