"""Files to take along: in a browser no folder of the computer holds them, so each is a link that saves it."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from pathlib import Path

from dnetlab.language import say
from dnetlab.notebook.display import Sentence
from dnetlab.place import in_browser

TYPES = {".html": "text/html", ".json": "application/json"}


class Downloads(Sentence):
    """A sentence, and below it a link for each file; the link holds the whole file, so that nothing is asked for."""

    def __init__(self, text: str, files: Iterable[Path]) -> None:
        super().__init__(text)
        self.files = tuple(files)

    def _repr_html_(self) -> str:
        links = "".join(f"<li>{_link(file)}</li>" for file in self.files)
        told = f'<div style="white-space:pre-wrap">{html.escape(self.text)}</div>'
        return f"{told}<div>{html.escape(say('To save on this computer:'))}</div><ul>{links}</ul>"


def offered(text: str, files: Iterable[Path]) -> Sentence:
    """The text; in a browser with the files that are there to be saved."""
    there = [file for file in files if file.is_file()] if in_browser() else []
    return Downloads(text, there) if there else Sentence(text)


def _link(file: Path) -> str:
    data = base64.b64encode(file.read_bytes()).decode("ascii")
    kind = TYPES.get(file.suffix, "application/octet-stream")
    name = html.escape(file.name, quote=True)
    return f'<a download="{name}" href="data:{kind};base64,{data}">{name}</a>'
