"""Text of strangers, so that a page shows it and nothing else: no controls, nothing that turns text around."""

from __future__ import annotations

import re
from typing import Any

# Controls but tab and newline; halves of surrogate pairs; what is not seen but turns, joins or hides text (bidi, zero
# width, tags, variation selectors of the private planes); noncharacters.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


def shown(text: str) -> str:
    """
    >>> shown("a\\u202eb\\x1b[31m")
    'a⟨U+202E⟩b⟨U+001B⟩[31m'
    """
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def all_shown(value: Any) -> Any:
    """The same JSON value with every text in it shown."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, list):
        return [all_shown(one) for one in value]
    if isinstance(value, dict):
        return {shown(name): all_shown(one) for name, one in value.items()}
    return value
