"""A script to run: a `.dnet` file, a notebook's `%%dnet` cells, or standard input; each as (host, text) cells."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.model import Topology, default_topology
from dnetlab.model.lesson import FEATURES


@dataclass(frozen=True)
class ScriptCell:
    """The text of one cell and the host its unprompted lines are for; None is the lab's first.

    engine, release: of a cell that is for a lab of its own, '' for the one of all; needs: what the kernel must have, or
    the cell is not run.
    """

    text: str
    host: str | None = None
    engine: str = ""
    release: str = ""
    needs: str = ""


def read_script(name: str, topology: Topology | None = None) -> list[ScriptCell]:
    """The cells of a file; '-' reads standard input as a `.dnet` script.

    topology is the lab whose hosts a `%%dnet` line can name, None the default one. A notebook without any `%%dnet`
    cell gives []. Raises UsageError for a file that is missing, unreadable, or no notebook although its name says so.
    """
    if name == "-":
        return [ScriptCell(sys.stdin.read())]
    path = Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(
            "there is no file {name}", hint="Name a .dnet script, a notebook, or - for stdin.", name=name
        ) from None
    except IsADirectoryError:
        raise UsageError("{name} is a folder", hint="Name the files in it.", name=name) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("{name} can't be read: {error}", name=name, error=error) from None
    if path.suffix == ".ipynb":
        return notebook_cells(text, name, topology)
    return [ScriptCell(text)]


def lesson_of_notebook(name: str) -> str:
    """The lesson that a notebook opens with `%dnet lesson NAME`; '' for one that opens none, and for other files."""
    if not name.endswith(".ipynb"):
        return ""
    try:
        sources = code_cells(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError, UsageError):
        return ""  # read_script says what is wrong with it
    rows = [row.split() for source in sources for row in source.splitlines()]
    return next((words[2] for words in rows if words[:2] == ["%dnet", "lesson"] and len(words) > 2), "")


def notebook_cells(text: str, name: str = "the notebook", topology: Topology | None = None) -> list[ScriptCell]:
    """The `%%dnet` cells of a notebook's JSON, in order. Raises UsageError when it is no notebook."""
    lab = topology or default_topology()
    return [_cell(source, lab) for source in code_cells(text, name) if is_dnet_cell(source)]


def code_cells(text: str, name: str = "the notebook") -> list[str]:
    """The text of each code cell of a notebook's JSON, in order. Raises UsageError when it is no notebook."""
    try:
        return [_source(cell) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(
            "{name} is no Jupyter notebook", hint="Open and save it in JupyterLab once.", name=name
        ) from None


def _source(cell: dict[str, Any]) -> str:
    """nbformat 4: a string, or a list of its lines."""
    source = cell["source"]
    return "".join([source] if isinstance(source, str) else source)


def is_dnet_cell(source: str) -> bool:
    first = source.lstrip().split("\n", 1)[0].split()
    return bool(first) and first[0] == "%%dnet"


def _cell(source: str, lab: Topology) -> ScriptCell:
    first, _, body = source.lstrip().partition("\n")
    try:
        words = shlex.split(first)[1:]
    except ValueError:
        words = first.split()[1:]
    host = next((word for word in words if lab.called(word)), None)
    needs = _option(words, "--needs")
    if needs and needs not in FEATURES:
        raise UsageError("--needs takes {known}, not {given!r}", known=", ".join(FEATURES), given=needs)
    return ScriptCell(body, host, _option(words, "--engine"), _option(words, "--docker"), needs)


def _option(words: list[str], name: str) -> str:
    """The value of `--name value` or `--name=value`, '' without it."""
    after = [word for before, word in zip(words, words[1:], strict=False) if before == name]
    return next(iter([*after, *(word.partition("=")[2] for word in words if word.startswith(f"{name}="))]), "")
