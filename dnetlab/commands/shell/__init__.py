"""What a shell makes of a text: words, quotes, pipes, lists, loops, conditions, functions, expansions, here-documents.

The grammar is POSIX's (XCU 2.10), with the words of bash that lab sheets use: `[[ … ]]`, `((…))`, `&>`, `<<<`,
`function`. Job control is left out on both engines with one sentence; what is left out of the simulator alone raises
`NotModelled`. Reading runs nothing and expands nothing.
"""

from dnetlab.commands.shell.errors import NotModelled, ShellRefused, Unfinished
from dnetlab.commands.shell.nodes import (
    Arithmetic,
    Calculation,
    Case,
    Command,
    Condition,
    For,
    Function,
    Group,
    If,
    Node,
    Parameter,
    Part,
    Pipeline,
    Redirect,
    Script,
    Simple,
    Substitution,
    Text,
    While,
    Word,
)
from dnetlab.commands.shell.parser import (
    CAPTURES,
    LONGEST_LINE,
    is_unfinished,
    listens,
    parse_shell,
    refusal,
    starts_beside,
)
from dnetlab.commands.shell.words import read_quoted

__all__ = [
    "CAPTURES", "LONGEST_LINE",
    "Arithmetic", "Calculation", "Case", "Command", "Condition", "For", "Function", "Group", "If", "Node",
    "NotModelled", "Parameter", "Part", "Pipeline", "Redirect", "Script", "ShellRefused", "Simple", "Substitution",
    "Text", "Unfinished", "While", "Word", "is_unfinished", "listens", "parse_shell", "read_quoted",
    "refusal", "starts_beside",
]  # fmt: skip
