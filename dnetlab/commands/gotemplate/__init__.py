"""Go's text/template, as people write it behind -f and --format: `{{range $k, $v := .NetworkSettings.Networks}}…`.

    parse(text) -> Template          raises TemplateError with the words of Go 1.24
    Template.execute(data) -> str    raises TemplateError, too, and TooMuch at the end of its Limits

Data are strings, numbers, booleans, None, lists, and three kinds of mapping: a dict is a map, a Struct has fields of
its own, a Map is a map whose missing keys have a zero value. `lexer` cuts, `parser` builds the tree, `execute` walks.
"""

from dnetlab.commands.gotemplate.errors import TemplateError, TooMuch, Unsupported
from dnetlab.commands.gotemplate.execute import Template, parse
from dnetlab.commands.gotemplate.limits import Limits
from dnetlab.commands.gotemplate.values import Map, NilList, Struct

__all__ = ["Limits", "Map", "NilList", "Struct", "Template", "TemplateError", "TooMuch", "Unsupported", "parse"]
