"""What is typed behind `nft`, and what stands in its files: words, statements of a rule, commands.

    lexer.py       words with their places, for the caret under an error
    selectors.py   the values that a test compares with: addresses, ports, states …
    statements.py  the statements of a rule
    sets.py        sets, maps and their elements
    parse.py       commands, and the blocks of a file
    values.py      what comes out: a Command, or a BadInput with its caret

What nft knows and the lab doesn't is LabLacks, never half-read.
"""

from dnetlab.commands.nft.parse import parse
from dnetlab.commands.nft.values import BadInput, ChainSpec, Command, LabLacks, Span

__all__ = ["BadInput", "ChainSpec", "Command", "LabLacks", "Span", "parse"]
