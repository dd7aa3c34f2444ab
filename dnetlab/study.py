"""A lesson as one works through it: what its events say is done, what may be asked now, what an answer is worth.

Everything is worked out from the journal's events, so a resumed session stands where it stood.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from dnetlab.model import Entry, Lesson, Line, Prompt, Task, TaskResult
from dnetlab.model.journal import Attend, Baseline, CourseEvent, Event, Hinted, Judged, Predicted
from dnetlab.model.lesson import Prediction
from dnetlab.model.study import Answer, Hint, Progress, TaskState, TooSoon


def own(lesson: Lesson, events: Sequence[Event]) -> list[Event]:
    """The events without what was judged, hinted or answered in another lesson, or with another student's numbers.

    A prediction counts whoever's numbers it was made with: it is about the page.
    """
    whose: tuple[str, str] | None = None
    questions = {p.id for p in lesson.predictions if not p.is_answer}
    found: list[Event] = []
    for event in events:
        if isinstance(event, Attend):
            whose = event.lesson, event.student
        about_the_page = isinstance(event, Predicted) and event.lesson == lesson.name and event.question in questions
        mine = whose == (lesson.name, lesson.student)
        if mine or about_the_page or not isinstance(event, CourseEvent):
            found.append(event)
    return found


def begun(start: Sequence[Line], entries: Sequence[Entry]) -> bool:
    """Whether what was done begins with the lines that the lesson's lab begins with, each where it belongs."""
    ran = [entry.line for entry in entries[: len(start)]]
    return len(ran) == len(start) and all(_is_same(plan, line) for plan, line in zip(start, ran, strict=True))


def _is_same(plan: Line, line: Line) -> bool:
    at_home = line.container is None or plan.prompt is Prompt.TERMINAL
    return at_home and (plan.text, plan.host, plan.prompt) == (line.text, line.host, line.prompt)


def done(lesson: Lesson, events: Sequence[Event]) -> tuple[str, ...]:
    """Ids of the tasks that were judged passed, in the lesson's order; what was right once stays so."""
    passed = {e.task for e in _judged(lesson, events) if e.verdict == "passed"}
    return tuple(task.id for task in lesson.tasks if task.id in passed)


def progress(lesson: Lesson, events: Sequence[Event]) -> Progress:
    finished = done(lesson, events)
    best: dict[str, float] = {}
    for event in _judged(lesson, events):
        best[event.task] = max(best.get(event.task, 0.0), event.earned)
    states = (
        TaskState(n, t, t.id in finished, best.get(t.id, 0.0), tuple(i for i in t.needs if i not in finished))
        for n, t in enumerate(lesson.tasks, 1)
    )
    return Progress(lesson, tuple(states))


def _judged(lesson: Lesson, events: Sequence[Event]) -> list[Judged]:
    return [e for e in events if isinstance(e, Judged) and e.lesson == lesson.name]


def before(lesson: Lesson, events: Sequence[Event]) -> Baseline | None:
    """What the lab was like before the lesson broke it, the last time it did."""
    found = [e for e in events if isinstance(e, Baseline) and e.lesson == lesson.name]
    return found[-1] if found else None


# -- no guessing ------------------------------------------------------------------------------------------------------


def patience(failures: int) -> int:
    """How many commands to run before the next try: none after the first failure, then one more each time, to five."""
    return max(0, min(failures - 1, 5))


def check_too_soon(lesson: Lesson, task: Task, events: Sequence[Event]) -> TooSoon | None:
    """Whether a task was asked about in vain so often that one should look first."""
    asked = [n for n, e in enumerate(events) if isinstance(e, Judged) and e.asked and _is(e, lesson, task)]
    return _too_soon("check", patience(len(asked)), events, asked)


def answer_too_soon(lesson: Lesson, question: Prediction, events: Sequence[Event]) -> TooSoon | None:
    wrong = [
        n for n, e in enumerate(events)
        if isinstance(e, Predicted) and e.lesson == lesson.name and e.question == question.id and not e.right
    ]  # fmt: skip
    return _too_soon("answer", patience(len(wrong) + 1), events, wrong)


def hint_too_soon(lesson: Lesson, task: Task, events: Sequence[Event]) -> TooSoon | None:
    taken = [n for n, e in enumerate(events) if isinstance(e, Hinted) and _is(e, lesson, task)]
    return _too_soon("hint", 1 if taken else 0, events, taken)


def _is(event: Judged | Hinted, lesson: Lesson, task: Task) -> bool:
    return event.lesson == lesson.name and event.task == task.id


def _too_soon(what: str, wanted: int, events: Sequence[Event], tries: list[int]) -> TooSoon | None:
    since = sum(isinstance(e, Entry) for e in events[tries[-1] :]) if tries else wanted
    return TooSoon(what, wanted - since) if since < wanted else None


# -- hints ------------------------------------------------------------------------------------------------------------


def next_hint(lesson: Lesson, result: TaskResult, events: Sequence[Event]) -> Hint:
    """The hint for what was found: that of the known wrong answer, once; else the task's next, and at last its last."""
    task = result.task
    taken = [e for e in events if isinstance(e, Hinted) and _is(e, lesson, task)]
    wrong = result.wrong
    if wrong is not None and wrong.name not in (e.wrong for e in taken):
        return Hint(task, 0, wrong.hint, wrong)
    degree = sum(not e.wrong for e in taken) + 1
    last = len(task.hints)
    return Hint(task, min(degree, last), task.hints[min(degree, last) - 1], is_last=degree > last)


# -- predictions and answers ------------------------------------------------------------------------------------------


def given(lesson: Lesson, question: Prediction, events: Sequence[Event]) -> Answer:
    """The answer that stands: the first prediction, but the last of a question that is judged."""
    said = [
        e for e in events if isinstance(e, Predicted) and e.lesson == lesson.name and e.question == question.id
    ]  # fmt: skip
    if not said:
        return Answer(question)
    one = said[-1 if question.is_answer else 0]
    return Answer(question, one.answer, one.right)


def is_right(question: Prediction, answer: str) -> bool:
    if question.named:
        said = plain(answer)
        return all(any(plain(word) in said for word in group) for group in question.named)
    return plain(answer) in {plain(right) for right in question.right}


def plain(answer: str) -> str:
    """An answer as it is compared: without case, spaces too many, full-width characters, quotes, a full stop."""
    text = unicodedata.normalize("NFKC", answer).casefold()
    return " ".join(text.split()).strip("`'\"“”。. ")


def chosen(question: Prediction, answer: str) -> str | None:
    """The answer as it is written down; None for one that is none of the choices."""
    if not question.choices:
        return " ".join(answer.split())
    return next((c.id for c in question.choices if plain(c.id) == plain(answer)), None)


def answers(lesson: Lesson, events: Sequence[Event]) -> dict[str, bool]:
    """Question -> whether the answer that stands is right, for those that were answered."""
    said = (given(lesson, question, events) for question in lesson.predictions)
    return {a.question.id: a.right for a in said if a.given}
