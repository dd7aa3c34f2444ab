"""Characters that look right and aren't: what keyboards in Chinese mode and word processors put in a command."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from dnetlab.language import say

_DASHES = "–—―−‐‑‒﹣"
_WANTED = {
    **dict.fromkeys("‘’‚‛′´", "'"), **dict.fromkeys("“”„‟″«»", '"'), **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u3000", " "), "。": ".", "、": ",", "…": "...",
}  # fmt: skip
_NAMES = {" ": "a space", "-": "a hyphen", "--": "two hyphens"}
_ALWAYS = "‘’‚‛“”„‟" + _DASHES  # these change a command even when it succeeds


def wanted(character: str) -> str | None:
    """What is typed on an ASCII keyboard where this stands; None for a character that is what it seems.

    >>> wanted("；"), wanted("ｄ"), wanted("é")
    (';', 'd', None)
    """
    if character in _WANTED:
        return _WANTED[character]
    if "\uff01" <= character <= "\uff5e":  # the full-width forms of ! to ~
        return chr(ord(character) - 0xFEE0)
    return None


def sentence(text: str, failed: bool) -> str:
    """Which characters of the line stand where the shell or the tool wants others; '' when there are none.

    What stands inside '…' or "…" is text and is left alone. failed: the command ended with an error; after a success
    only those are named that change its meaning all the same (quotes that are none, dashes for hyphens).
    """
    found = [place for place in _outside_quotes(text) if failed or text[place] in _ALWAYS]
    wrong = {place: instead for place in found if (instead := _instead(text, place)) is not None}
    if not wrong:
        return ""
    named = dict.fromkeys((text[place], instead) for place, instead in wrong.items())
    parts = [
        say("{character} ({name}, U+{code:04X}) where {tool} wants {wanted}", character=c, code=ord(c), wanted=_name(i),
            name=unicodedata.name(c, "unnamed").lower(), tool=_tool(text, i))
        for c, i in list(named)[:4]
    ]  # fmt: skip
    fixed = "".join(wrong.get(place, character) for place, character in enumerate(text))
    return say("In this line stands {parts}. Type it as: {fixed}", parts="; ".join(parts), fixed=fixed)


def _outside_quotes(text: str) -> Iterator[int]:
    quote = ""
    for place, character in enumerate(text):
        if character in "'\"" and quote in ("", character):
            quote = "" if quote else character
        elif not quote and not character.isascii():
            yield place


def _instead(text: str, place: int) -> str | None:
    """A dash at the start of a word stands for as many hyphens as the option has: `—subnet`, `–d`."""
    character = text[place]
    starts_word = place == 0 or text[place - 1].isspace()
    if character in _DASHES and starts_word:
        return "--" if re.match(r"[a-z]{2}", text[place + 1 :]) else "-"
    return wanted(character)


def _tool(text: str, instead: str) -> str:
    """Who wants it: the tool its hyphens, the shell its spaces, quotes and separators."""
    words = text.split()
    return words[0] if instead in ("-", "--") and words and words[0].isascii() else say("the shell")


def _name(instead: str) -> str:
    return say(_NAMES[instead]) if instead in _NAMES else instead
