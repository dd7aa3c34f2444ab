"""What Go says when a template can't be read or obeyed."""

from __future__ import annotations


class TemplateError(Exception):
    """The sentence of text/template: 'template: :1: unclosed action'."""


class Unsupported(Exception):
    """A part of text/template that is left out here (define, block, template, call)."""
