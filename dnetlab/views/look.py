"""How our outputs look: a paper of their own that reads in light and dark notebooks, and a rule for printing.

Styles are inline, because JupyterLab keeps those in notebooks it doesn't trust. The one <style>, for printers, is lost
there, and nothing else with it. All contrasts are at least 4.5 to 1 (WCAG 2.2, AA).
"""

from __future__ import annotations

import html
import re

INK, PAPER, EDGE = "#1d1d1b", "#f7f7f4", "#d9d9d2"
# `<code>` in a light box: a dark theme would put its own dark ground under it.
CODE = f'<code style="background-color:#e9e9e2;color:{INK}">'
_MARKED = re.compile(r"`([^`]+)`")
SIGNS = {"+": ("appeared", "#00603f"), "-": ("went", "#8a3a00"), "~": ("different now", "#0b3d66")}

# Printed, a page shows what a click would: closed details open, what scrolls is laid out, pictures fit the sheet.
PRINT = (
    "<style>@media print{"
    "details.dnetlab::details-content{content-visibility:visible;block-size:auto;opacity:1}"
    ".dnetlab-scroll{overflow:visible!important}"
    ".dnetlab-scroll table{width:100%;font-size:8pt}"
    ".dnetlab-scroll td,.dnetlab-scroll th{white-space:normal!important;overflow-wrap:anywhere;"
    "padding:1px 4px!important}"
    ".dnetlab-scroll img{min-width:0!important;width:100%!important}"
    "}</style>"
)


def inline(text: str) -> str:
    """A sentence of ours as HTML: what stands between backticks is code."""
    return _MARKED.sub(rf"{CODE}\1</code>", html.escape(text))


def scrolling(inner: str, label: str) -> str:
    """HTML that scrolls sideways within itself when it is wider than the notebook; label: for those who hear it."""
    return (
        f'<div class="dnetlab-scroll" role="group" aria-label="{label}" tabindex="0" '
        f'style="overflow-x:auto;max-width:100%">{inner}</div>'
    )
