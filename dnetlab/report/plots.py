"""Pictures of numbers as SVG that stands in a page: no script, no font, nothing that comes from elsewhere.

Each has a title and says its numbers in words, for who does not see it; colours differ in lightness, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 640, 220
LEFT, TOP, BOTTOM = 44, 12, 42
BAR, PART, REST, LINE, INK = "#0b5a8f", "#7fb3d5", "#e4e4de", "#8f8f88", "#1d1d1b"


def _svg(name: str, title: str, told: str, height: float, shapes: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}" '
        f'role="img" aria-labelledby="{name}-title {name}-told" font-size="12">'
    )
    words = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-told">{escape(told)}</desc>'
    return "\n".join([head, words, *shapes, "</svg>"])


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{INK}" aria-hidden="true">{escape(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, color: str) -> str:
    size = f'width="{max(0.0, width):.2f}" height="{max(0.0, height):.2f}"'
    return f'<rect x="{x:.2f}" y="{y:.2f}" {size} fill="{color}"/>'


def columns(name: str, title: str, bars: Sequence[tuple[str, int]], under: str) -> str:
    """A column for each (what, how many), labelled below as far as there is room; under: what the labels are."""
    most = max((number for _, number in bars), default=0) or 1
    room, floor = (WIDTH - LEFT - 8) / max(1, len(bars)), HEIGHT - BOTTOM
    every = max(1, -(-len(bars) // 10))
    shapes = [_axis(most)]
    for place, (label, number) in enumerate(bars):
        tall = (floor - TOP) * number / most
        shapes.append(_rect(LEFT + place * room + room * 0.1, floor - tall, room * 0.8, tall, BAR))
        if place % every == 0:
            shapes.append(_text(LEFT + (place + 0.5) * room, floor + 15, label))
    shapes.append(_text((LEFT + WIDTH) / 2, HEIGHT - 8, under))
    return _svg(name, title, "; ".join(f"{label}: {number}" for label, number in bars), HEIGHT, shapes)


def _axis(most: int) -> str:
    """Whole numbers on the left, a line for each."""
    floor, step = HEIGHT - BOTTOM, max(1, -(-most // 4))
    lines = []
    for number in range(0, most + 1, step):
        y = floor - (floor - TOP) * number / most
        ends = f'x1="{LEFT}" y1="{y:.2f}" x2="{WIDTH - 8}" y2="{y:.2f}"'
        lines.append(f'<line {ends} stroke="{LINE}" stroke-width="0.5"/>')
        lines.append(_text(LEFT - 6, y + 4, str(number), "end"))
    return "\n".join(lines)


def shares(name: str, title: str, rows: Sequence[tuple[str, int, int, int]], words: tuple[str, str, str]) -> str:
    """A bar for each (what, done, tried, all): how many did it, tried it, did not. words: names of the three."""
    label, tall = 210, 24
    room = WIDTH - label - 60
    shapes, told = [], []
    for place, (what, done, tried, everybody) in enumerate(rows):
        y = TOP + place * tall
        parts = (done, max(0, tried - done), max(0, everybody - max(tried, done)))
        x = float(label)
        for number, color in zip(parts, (BAR, PART, REST), strict=True):
            width = room * number / everybody if everybody else 0.0
            shapes.append(_rect(x, y, width, tall - 6, color))
            x += width
        shapes.append(_text(label - 8, y + 13, _short(what), "end"))
        shapes.append(_text(label + room + 8, y + 13, f"{done}/{everybody}", "start"))
        told.append(f"{what}: " + ", ".join(f"{word} {number}" for word, number in zip(words, parts, strict=True)))
    height = TOP + len(rows) * tall + 24
    for place, (word, color) in enumerate(zip(words, (BAR, PART, REST), strict=True)):
        x = label + place * 140
        shapes += [_rect(x, height - 18, 12, 12, color), _text(x + 18, height - 8, word, "start")]
    return _svg(name, title, "; ".join(told), height, shapes)


def _short(text: str) -> str:
    """What fits beside a bar; signs of Chinese are as wide as two letters."""
    room, kept = 30, ""
    for sign in text:
        room -= 2 if ord(sign) > 0x2E7F else 1
        if room < 0:
            return kept.rstrip() + "…"
        kept += sign
    return kept
