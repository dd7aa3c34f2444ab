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
