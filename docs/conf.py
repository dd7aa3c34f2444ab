"""The site made of these pages: `python -m sphinx -W docs OUT`. What stands here is about the site only.

The pages are Markdown that reads as well on a forge, so none of them holds a table of contents for Sphinx: the lists of
links on the pages in LISTS are the site's navigation.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # this checkout's dnetlab is the one that is described

from docstrings import rest  # noqa: E402
from pygments.lexer import RegexLexer, bygroups  # noqa: E402
from pygments.lexers import MarkdownLexer, TOMLLexer  # noqa: E402
from pygments.token import Generic, Text  # noqa: E402

from dnetlab import __version__  # noqa: E402

project, author, version, release = "dnetlab", "The dnetlab authors", __version__, __version__
project_copyright = "The dnetlab authors, BSD-3-Clause"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_heading_anchors = 4
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}

html_theme = "furo"
html_title = f"dnetlab {__version__}"
html_static_path = ["_static"]
html_css_files, html_js_files = ["site.css"], ["site.js"]
html_show_sourcelink = False
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"

LISTS = ("index", "decisions/index")


class Transcript(RegexLexer):
    """A `dnet` example: the prompt, what is typed, what is answered."""

    name = "A terminal in the lab"
    tokens = {"root": [(r"^((?:[\w.-]+[#$]|/ #|>) )(.*\n)", bygroups(Generic.Prompt, Text)), (r".*\n", Generic.Output)]}


def navigation(app: Any, name: str, source: list[str]) -> None:
    """Behind a page of lists, the tables of contents that Sphinx wants: for each heading, the pages linked there."""
    if name not in LISTS:
        return
    for section in re.split(r"^## ", source[0], flags=re.M)[name == "index" :]:
        pages = re.findall(r"^- .*?\]\(([\w/-]+)\.md\)", section, re.M)
        caption = section.partition("\n")[0].removeprefix("# ")
        source[0] += "\n".join(["", "```{toctree}", ":hidden:", f":caption: {caption}", *pages, "```", ""])


def in_its_language(app: Any, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """The Chinese pages say so to a screen reader; what stands around them is English."""
    if name.startswith("zh/") and "body" in context:
        context["body"] = f'<div lang="zh-CN">{context["body"]}</div>'


def docstring(app: Any, what: str, name: str, thing: object, options: Any, lines: list[str]) -> None:
    lines[:] = rest(lines)


def setup(app: Any) -> None:
    app.connect("source-read", navigation)
    app.connect("html-page-context", in_its_language)
    app.connect("autodoc-process-docstring", docstring)
    app.add_lexer("dnet", Transcript)
    app.add_lexer("lesson", TOMLLexer)
    app.add_lexer("page", MarkdownLexer)
