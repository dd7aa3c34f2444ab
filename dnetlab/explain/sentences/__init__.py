"""Words, made last: each fact, cause, evidence and remedy as a sentence, in a language of its own module.

A language is a module here with the tables WORDS (what is so) and REMEDIES (what helps), a function per type, and one
in `course` with the words of checks and lessons. Nothing reads a sentence back: who wants to know asks the value.

The language is the session's (`dnetlab.language`). What one has no words for is said in English.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from dnetlab.language import HEADINGS, LANGUAGES, ByLanguage, spoken
from dnetlab.model import Said
from dnetlab.model.check import Claim
from dnetlab.model.grade import Finding


def _english() -> ModuleType:
    from dnetlab.explain.sentences import en

    return en


def _chinese() -> ModuleType:
    from dnetlab.explain.sentences import zh

    return zh


def _english_course() -> ModuleType:
    from dnetlab.explain.sentences.course import en

    return en


def _chinese_course() -> ModuleType:
    from dnetlab.explain.sentences.course import zh

    return zh


def _english_work() -> ModuleType:
    from dnetlab.explain.sentences.work import en

    return en


def _chinese_work() -> ModuleType:
    from dnetlab.explain.sentences.work import zh

    return zh


TABLES = ByLanguage(en=_english, zh=_chinese)
COURSE = ByLanguage(en=_english_course, zh=_chinese_course)
WORK = ByLanguage(en=_english_work, zh=_chinese_work)


def words(value: Any, language: str = "") -> str:
    """The sentence that says a value: a Fact, a Disposition, a Cause, a Clue, a Remedy, a Said, a Finding. '' for None.

    language '': the one that is spoken. KeyError for a value that not even English has words for.
    """
    if value is None:
        return ""
    if isinstance(value, Said):
        return _said(value, language or spoken())
    if isinstance(value, Finding):
        return str(WORK[language or spoken()].FINDINGS[value.kind].format(**value.fields))
    said = TABLES[language or spoken()].WORDS.get(type(value))
    return (said(value) if said else "") or str(TABLES["en"].WORDS[type(value)](value))


def remedy(fact: Any, language: str = "") -> str:
    """What would have helped against a fact that ended a journey; '' when nothing had to."""
    helps = TABLES[language or spoken()].REMEDIES.get(type(fact))
    return str(helps(fact)) if helps else ""


def _said(value: Said, language: str) -> str:
    """A check's claim or finding, its fields filled in: a claim within it is said first, an attribute as in tables."""
    table = COURSE[language].CLAIMS if isinstance(value.what, Claim) else COURSE[language].FOUND
    fields = {k: words(v, language) if isinstance(v, Said) else v for k, v in value.fields.items()}
    if "attribute" in fields:
        fields["attribute"] = HEADINGS[language].get(str(fields["attribute"]), fields["attribute"])
    return str(table[value.what]).format(**fields)


def phrase(name: str, language: str = "", **fields: Any) -> str:
    """A phrase of the course by its name, its {fields} filled in when any are given."""
    text: str = COURSE[language or spoken()].PHRASES[name]
    return text.format(**fields) if fields else text


def said(name: str, language: str = "", **fields: Any) -> str:
    """A phrase of a report by its name, its {fields} filled in when any are given."""
    text: str = WORK[language or spoken()].PHRASES[name]
    return text.format(**fields) if fields else text


__all__ = ["COURSE", "LANGUAGES", "WORK", "phrase", "remedy", "said", "words"]
