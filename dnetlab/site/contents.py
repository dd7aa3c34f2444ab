"""The lessons as the site has them: the same cells, the browser's kernel, and each cell knows its notebook's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dnetlab.workspace import shipped_notebooks

KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}


def lay(folder: Path) -> list[str]:
    """Write the notebooks there; their paths, those in English first."""
    source = shipped_notebooks()
    names = [path.relative_to(source).as_posix() for path in source.rglob("*.ipynb")]
    names = sorted((n for n in names if not any(part.startswith(".") for part in n.split("/"))),
                   key=lambda name: ("/" in name, name))  # fmt: skip
    for name in names:
        goal = folder / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        page = for_a_page(json.loads((source / name).read_text(encoding="utf-8")), goal.stem)
        goal.write_text(json.dumps(page, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return names


def for_a_page(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    """A notebook whose cells tell the kernel the name that no server tells it there (`notebook.journal`)."""
    cells = [
        cell | {"metadata": cell["metadata"] | {"dnetlab": cell["metadata"].get("dnetlab", {}) | {"notebook": name}}}
        if cell["cell_type"] == "code" else cell
        for cell in notebook["cells"]
    ]  # fmt: skip
    return notebook | {"cells": cells, "metadata": notebook["metadata"] | {"kernelspec": KERNEL}}
