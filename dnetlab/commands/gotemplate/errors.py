"""What Go says when a template can't be read or obeyed."""

from __future__ import annotations

from typing import Any

from dnetlab.language import Words


class TemplateError(Exception):
    """The sentence of text/template: 'template: :1: unclosed action'."""


class Unsupported(Exception):
    """A part of text/template that is left out here (define, block, template, call): what, for a refusal's sentence."""

    def __init__(self, what: str, /, **fields: Any) -> None:
        super().__init__(what, fields)
        self.what = Words(what, **fields)

    def __str__(self) -> str:
        return str(self.what)


class TooMuch(Exception):
    """The template would go on for too long or say too much; the text says so in a sentence."""

    def __init__(self, what: str, /, **fields: Any) -> None:
        super().__init__(what, fields)
        self.what = Words(what, **fields)

    def __str__(self) -> str:
        return str(self.what)
