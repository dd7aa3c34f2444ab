"""`%dnet lesson`, `tasks`, `check`, `hint`, `predict`: the lesson of this kernel's lab, in words."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dnetlab.errors import UsageError
from dnetlab.explain.sentences import phrase
from dnetlab.language import LANGUAGES, speak, speaking, spoken
from dnetlab.lessons.fault import fault_name, next_seed
from dnetlab.lessons.read import read_lesson
from dnetlab.model.study import TooSoon
from dnetlab.views import course

if TYPE_CHECKING:
    from dnetlab.notebook.magic import DnetMagics


class CourseView:
    """What the lesson says, as text and as HTML. value: what it was made of; folded: what is read on demand."""

    def __init__(self, text: str, value: Any = None, folded: str = "") -> None:
        self.text, self.value, self.folded = text, value, folded

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return course.html_of(self.text, self.folded, phrase("unfold"))


def student_of(magics: DnetMagics) -> str:
    """Whose numbers lessons have: as `%dnet student` said, else DNETLAB_STUDENT, else '' for the page's own."""
    return os.environ.get("DNETLAB_STUDENT", "") if magics.student is None else magics.student


def lesson(magics: DnetMagics, options: Any) -> CourseView:
    """Open a lesson; without a name, say which is open."""
    if options.lang:
        _speak(options.lang)
    anew = False
    if options.name is None:
        found = magics.lab.tasks().lesson
    else:
        anew = magics.shape_for(read_lesson(options.name))
        found = magics.lab.open_lesson(options.name, student_of(magics))
    said = [phrase("own lab", hosts=", ".join(magics.lab.shape.names))] if anew else []
    return CourseView("\n".join([course.lesson_text(found), *said]), found)


def start(magics: DnetMagics, options: Any) -> CourseView:
    begun = magics.lab.start_lesson()
    if begun and begun.refused:  # on an engine that can't do what the lesson begins with
        return CourseView(str(begun), begun)
    found = magics.lab.tasks()
    return CourseView(f"{phrase('started')}\n{course.progress_text(found)}", found)


def tasks(magics: DnetMagics, options: Any) -> CourseView:
    found = magics.lab.tasks()
    return CourseView(course.progress_text(found), found)


def check(magics: DnetMagics, options: Any) -> CourseView:
    found = magics.lab.check(options.task)
    return CourseView(course.checked_text(found), found)


def hint(magics: DnetMagics, options: Any) -> CourseView:
    found = magics.lab.hint(options.task)
    return CourseView(course.hint_text(found), found)


def predict(magics: DnetMagics, options: Any) -> CourseView:
    found = magics.lab.predict(options.question, " ".join(options.answer))
    lines = [course.answer_text(found)]
    ticks = magics.lab.ticks() if magics.lab.started else ()
    lines += course.tick_texts(ticks, magics.lab.tasks())
    return CourseView("\n".join(lines), found)


def fault(magics: DnetMagics, options: Any) -> CourseView:
    """A lab that was broken on purpose, the next one when nothing is named."""
    kind = next((word for word in options.what if not word.isdecimal()), "")
    seed = next((int(word) for word in options.what if word.isdecimal()), 0)
    name = fault_name(kind, seed or next_seed(magics.lab.events), options.level)
    magics.shape_for(read_lesson(name, student_of(magics)))
    magics.lab.open_lesson(name, student_of(magics))
    begun = magics.lab.start_lesson()
    if begun and begun.refused:
        return CourseView(str(begun), begun)
    found = magics.lab.tasks()
    return CourseView(course.fault_text(found), found)


def diagnose(magics: DnetMagics, options: Any) -> CourseView:
    lab = magics.lab
    if not lab.tasks().lesson.is_broken:
        raise UsageError("nothing in this lab was broken on purpose", hint="%dnet fault gives you such a lab.")
    if options.choice is None:
        found = lab.answer_to("cause")
        return CourseView(course.choices_text(found), found)
    said = lab.predict("cause", options.choice)
    if options.words and not isinstance(said, TooSoon):
        lab.predict("words", " ".join(options.words))
    lines = [course.diagnosis_text(said, lab.answer_to("words"))]
    lines += course.tick_texts(lab.ticks() if lab.started else (), lab.tasks())
    return CourseView("\n".join(lines), said)


def compare(magics: DnetMagics, options: Any) -> CourseView:
    found = magics.lab.answer_to(options.question)
    text, folded = course.compared(found)
    return CourseView(text, found, folded)


def student(magics: DnetMagics, options: Any) -> CourseView:
    """Whose numbers lessons have from now on; an open lesson is opened again with them."""
    if options.id is not None:
        magics.student = options.id
        opened = magics.lab.lesson
        if opened is not None:
            magics.lab.open_lesson(opened.opens_by, options.id)
    known = student_of(magics)
    lines = [phrase("student", student=known) if known else phrase("no_student")]
    return CourseView("\n".join([*lines, phrase("begin")] if magics.lab.lesson else lines))


def lang(magics: DnetMagics, options: Any) -> CourseView:
    if options.language:
        _speak(options.language)
    return CourseView(phrase("language"))


@contextlib.contextmanager
def speak_once(language: str | None) -> Iterator[str]:
    """That language, or the one that is spoken, for as long as it takes."""
    wanted = language or spoken()
    if wanted not in LANGUAGES:
        raise _no_language(wanted)
    with speaking(wanted):
        yield wanted


def _speak(language: str) -> None:
    try:
        speak(language)
    except ValueError:
        raise _no_language(language) from None


def _no_language(name: str) -> UsageError:
    known = ", ".join(LANGUAGES)
    return UsageError(
        "{language!r} is no language of the lab", hint="They are: {known}.", language=name, known=known
    )  # fmt: skip
