"""`dnetlab site`: the course as a folder for a web server, or for nothing but a browser and `python -m http.server`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dnetlab.language import say
from dnetlab.language.arguments import Parser

if TYPE_CHECKING:
    from dnetlab.site.build import Built


def site_command(commands: argparse._SubParsersAction[Parser]) -> None:
    site = commands.add_parser("site", help=say("make a folder that is the whole course, for a browser alone"))
    site.add_argument("folder", type=Path, metavar="FOLDER", help=say("made anew; an earlier site in it is replaced"))
    site.add_argument("--pyodide", type=Path, metavar="FILE|FOLDER",
                      help=say("a distribution of Pyodide (default: npm's package of its core)"))  # fmt: skip
    site.add_argument("--base", default="/", metavar="PATH", help=say("where the server has it, such as /course/"))
    site.set_defaults(run=_site)


def _site(arguments: argparse.Namespace) -> int:
    from dnetlab.site.build import build
    from dnetlab.site.order import Order

    order = Order(arguments.folder, arguments.pyodide, arguments.base)
    built = build(order, lambda step: print(say("Working on: {step}", step=step), flush=True))
    print("\n".join(_told(built, order.out, order.base)), flush=True)
    return 0


def _told(built: Built, folder: Path, base: str) -> list[str]:
    """What was made, what it lacks, and how to look at it."""
    lines = [say("{folder}: {files} files, {megabytes} MB, {lessons} notebooks", folder=folder, files=built.files,
                 megabytes=round(built.size / 1e6), lessons=len(built.lessons))]  # fmt: skip
    if built.pandas == "elsewhere":
        lines.append(say("pandas is not in it: a cell `import pandas` gets it from Pyodide's own server, if at all."))
    if not built.compiled:
        lines.append(say("There is no node to compile by: a first cell takes twice as long as it could."))
    lines.append(say("Put it on a web server, at {base}; or try: python -m http.server -d {folder}", base=base,
                     folder=folder))  # fmt: skip
    return lines
