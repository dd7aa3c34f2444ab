"""What the lab says, in the language of the session: a sentence is its English template, the fields that fill it
in, and nothing else until somebody reads it.

`Words("there is no file {name}", name="x")` is a value; `str` of it is the sentence. A language but English is a
catalogue here: the English template -> its own (`zh`). A template is a format string: braces that are meant are
doubled.

The language is the session's, as a locale is: what `speak` said last, else DNETLAB_LANG ('en', 'zh', 'zh_CN.UTF-8' …),
else English. What real programs say is nobody's to translate, and never comes here but as a field.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

LANGUAGES = ("en", "zh")
Table = TypeVar("Table")


class ByLanguage(Mapping[str, Table]):
    """language -> what it has, which is read when somebody first asks: who speaks one never loads the other.

    >>> ByLanguage(en=dict, zh=dict)["en"]
    {}
    """

    def __init__(self, **readers: Callable[[], Table]) -> None:
        self._readers = readers
        self._read: dict[str, Table] = {}

    def __getitem__(self, language: str) -> Table:
        if language not in self._read:
            self._read[language] = self._readers[language]()
        return self._read[language]

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


def _catalogue() -> Mapping[str, str]:
    from dnetlab.language import zh

    return zh.CATALOGUE


def _headings() -> Mapping[str, str]:
    from dnetlab.language import zh

    return zh.HEADINGS


CATALOGUES: ByLanguage[Mapping[str, str]] = ByLanguage(en=dict, zh=_catalogue)
HEADINGS: ByLanguage[Mapping[str, str]] = ByLanguage(en=dict, zh=_headings)
_spoken = {"": ""}


def speak(language: str) -> None:
    """The language from now on: 'en' or 'zh'; '' leaves it to DNETLAB_LANG. ValueError for another."""
    if language not in ("", *LANGUAGES):
        raise ValueError(f"{language!r} is no language of the lab")
    _spoken[""] = language


def spoken() -> str:
    """The language that words are in now."""
    wish = _spoken[""] or os.environ.get("DNETLAB_LANG", "")[:2].lower()
    return wish if wish in LANGUAGES else "en"


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """That language for a while."""
    before, _spoken[""] = _spoken[""], language
    try:
        yield
    finally:
        _spoken[""] = before


class Words:
    """A sentence as a value. fields may hold Words, which are said in the same language. Empty ones are false.

    >>> str(Words("The lab has no host {host}.", host="docker9"))
    'The lab has no host docker9.'
    """

    __slots__ = ("fields", "template")

    def __init__(self, template: str, /, **fields: Any) -> None:
        self.template = template
        self.fields = fields

    def said(self, language: str) -> str:
        """In that language; in English what its catalogue lacks."""
        fields = {k: v.said(language) if isinstance(v, Words) else v for k, v in self.fields.items()}
        return CATALOGUES[language].get(self.template, self.template).format(**fields)

    def __str__(self) -> str:
        return self.said(spoken())

    def __bool__(self) -> bool:
        return bool(self.template)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and (self.template, self.fields) == (other.template, other.fields)

    def __hash__(self) -> int:
        return hash(self.template)

    def __repr__(self) -> str:
        return f"Words({self.template!r}, {self.fields!r})"


def say(template: str, /, **fields: Any) -> str:
    """The sentence, in the language that is spoken now."""
    return str(Words(template, **fields))


def worded(text: str | Words, fields: Mapping[str, Any]) -> Words:
    """The text as Words: as it is, or a template with these fields."""
    return text if isinstance(text, Words) else Words(text, **fields)


def listed(things: Sequence[str]) -> str:
    """'a, b and c'; '' for nothing."""
    if len(things) < 2:
        return "".join(things)
    return say("{first} and {last}", first=say(", ").join(things[:-1]), last=things[-1])


def heading(name: str) -> str:
    """A column's heading, a kind's or a state's word in the language that is spoken: names of data stay English."""
    return HEADINGS[spoken()].get(name, name)


def near_or(near: Sequence[str], otherwise: Words) -> Words:
    """'Did you mean …?' with the nearest names; what else there is to say when there are none."""
    return Words("Did you mean {near}?", near=", ".join(near)) if near else otherwise
