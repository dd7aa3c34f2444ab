"""A work as PDF/UA-1: tagged, with alt text on every picture, set by Typst in fonts that come along. No network."""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dnetlab.errors import DnetError
from dnetlab.report.blocks import blocks
from dnetlab.report.data import Data
from dnetlab.report.page import HERE, title
from dnetlab.report.safe import all_shown

_FAMILY = re.compile(r'font-family="[^"]*"')
_FONT = "NotoSansSC-Regular.otf"


def pdf(work: Data, language: str) -> bytes:
    """The report in that language. Raises DnetError where no typesetter is installed, as in a browser."""
    try:
        import typst
    except ImportError:
        raise DnetError("a PDF needs the typesetter", hint="pip install typst, or print the HTML.") from None
    with TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(HERE / "paper.typ", folder)
        (folder / "doc.json").write_text(json.dumps(_document(work, language, folder)), encoding="utf-8")
        return bytes(typst.compile(
            str(folder / "paper.typ"), root=str(folder), font_paths=[str(font().parent)], ignore_system_fonts=True,
            pdf_standards=["ua-1"], timestamp=0,
        ))  # fmt: skip


def _document(work: Data, language: str, folder: Path) -> Data:
    """Blocks that the typesetter reads; pictures as files beside it."""
    from dnetlab.explain.sentences import said

    set_in = [_file(one, number, folder) for number, one in enumerate(blocks(all_shown(work), language))]
    document = {
        "title": title(work, language), "lang": language, "region": "CN" if language == "zh" else "US",
        "page": said("page", language), "blocks": set_in,
    }  # fmt: skip
    return dict(_settable(all_shown(document)))


def _file(one: Data, number: int, folder: Path) -> Data:
    if one["kind"] != "picture":
        return one
    name = f"picture-{number}.svg" if one["svg"] else ""
    if name:
        svg = _FAMILY.sub('font-family="Noto Sans SC"', one["svg"])
        (folder / name).write_text(svg, encoding="utf-8")
    return {**one, "svg": "", "file": name}


# -- letters ----------------------------------------------------------------------------------------------------------


def font() -> Path:
    """The font for Latin and Chinese that comes with dnetlab: Noto Sans SC (SIL Open Font License)."""
    try:
        import pylopdf_fonts_zh_cn
    except ImportError:
        raise DnetError("a PDF needs a font", hint="pip install pylopdf-fonts-zh-cn") from None
    return Path(pylopdf_fonts_zh_cn.__file__).parent / _FONT


@cache
def _letters() -> frozenset[int]:
    """The code points that the font has a glyph for."""
    from fontTools.ttLib import TTFont

    with TTFont(font(), lazy=True) as opened:
        return frozenset(opened.getBestCmap()) | frozenset(map(ord, "✓✗▸─│├└┌┐┘\n\t"))


def _settable(value: Any) -> Any:
    """The same JSON value; a letter that no font has is named by its number."""
    if isinstance(value, str):
        return "".join(_letter(c) for c in value)
    if isinstance(value, list):
        return [_settable(one) for one in value]
    return {name: _settable(one) for name, one in value.items()} if isinstance(value, dict) else value


def _letter(c: str) -> str:
    return c if ord(c) < 127 or ord(c) in _letters() else f"⟨U+{ord(c):04X}⟩"
