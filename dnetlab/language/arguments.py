"""Mistakes in options and arguments as argparse finds them, said in the reader's language; and a parser whose help is.

The sentences are those of Python's argparse; what it puts into them comes out again as fields.
"""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from dnetlab.language import say

SENTENCES = (
    (r"the following arguments are required: (?P<names>.*)", "the following arguments are required: {names}"),
    (r"unrecognized arguments: (?P<names>.*)", "unrecognized arguments: {names}"),
    (r"expected one argument", "expected one argument"),
    (r"expected at least one argument", "expected at least one argument"),
    (r"invalid choice: (?P<value>.*) \(choose from (?P<choices>.*)\)",
     "invalid choice: {value} (choose from {choices})"),
    (r"invalid (?P<kind>\w+) value: (?P<value>.*)", "invalid {kind} value: {value}"),
    (r"ambiguous option: (?P<option>.*) could match (?P<matches>.*)",
     "ambiguous option: {option} could match {matches}"),
    (r"ignored explicit argument (?P<value>.*)", "ignored explicit argument {value}"),
)  # fmt: skip


def said(message: str) -> str:
    """argparse's sentence in the language that is spoken; one that isn't known here stays as it is."""
    named = re.fullmatch(r"argument (?P<name>[^:]+): (?P<rest>.*)", message, re.DOTALL)
    if named:
        return say("argument {name}: {rest}", name=named["name"], rest=said(named["rest"]))
    for pattern, template in SENTENCES:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            return say(template, **found.groupdict())
    return message


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that says its headings, and what is wrong, in the language that is spoken."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "add_help": False})
        self._positionals.title = say("positional arguments")
        self._optionals.title = say("options")
        self.add_argument("-h", "--help", action="help", help=say("show this help message and exit"))

    def format_usage(self) -> str:
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups, say("usage: "))
        return formatter.format_help()

    def format_help(self) -> str:
        whole, usage = super().format_help(), super().format_usage()
        return self.format_usage() + whole.removeprefix(usage)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.format_usage()}{self.prog}: {said(message)}\n")
