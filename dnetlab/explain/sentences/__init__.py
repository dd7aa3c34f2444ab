"""Words, made last: each fact, cause, evidence and remedy as a sentence, in a language of its own module.

A language is a module here with the tables WORDS (what is so) and REMEDIES (what helps), a function per type.
Nothing reads a sentence back: who wants to know asks the value.
"""

from __future__ import annotations

from typing import Any

from dnetlab.explain.sentences import en

WORDS = {"en": en.WORDS}
REMEDIES = {"en": en.REMEDIES}
LANGUAGES = tuple(WORDS)


def words(value: Any, language: str = "en") -> str:
    """The sentence that says a value: a Fact, a Disposition, a Cause, a Clue, a Remedy. '' for None.

    KeyError for a value that the language has no words for.
    """
    return "" if value is None else WORDS[language][type(value)](value)


def remedy(fact: Any, language: str = "en") -> str:
    """What would have helped against a fact that ended a journey; '' when nothing had to."""
    helps = REMEDIES[language].get(type(fact))
    return helps(fact) if helps else ""
