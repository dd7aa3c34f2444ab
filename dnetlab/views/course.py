"""A lesson in words: its goals and tasks, what a check found and why, hints, predictions beside what is so.

Everything is text of lines; `html_of` makes a page's piece of it, with nothing in it that could run.
"""

from __future__ import annotations

from collections.abc import Sequence

from dnetlab.explain.sentences import phrase, words
from dnetlab.language import spoken
from dnetlab.model import CheckResult, Lesson, TaskResult, Verdict
from dnetlab.model.check import Credit
from dnetlab.model.lesson import Prediction
from dnetlab.model.study import Answer, Checked, Hint, Progress, TaskState, TooSoon
from dnetlab.views import look

_MARKS = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.NOT_JUDGED: "?"}
_STATES = {Verdict.PASSED: "passed", Verdict.FAILED: "failed", Verdict.NOT_JUDGED: "not judged"}


def lesson_text(lesson: Lesson) -> str:
    """Title and goals, whose numbers it has, and how its tasks begin."""
    language = spoken()
    lines = [phrase("lesson", title=lesson.title[language], minutes=lesson.minutes), phrase("goals")]
    lines += [f"  • {goal[language]}" for goal in lesson.goals]
    if lesson.numbers:
        lines.append(phrase("student", student=lesson.student) if lesson.student else phrase("no_student"))
    return "\n".join([*lines, phrase("begin")] if lesson.tasks else lines)


def progress_text(found: Progress) -> str:
    """The tasks with their text, in the student's numbers, and how each stands."""
    language = spoken()
    lines = []
    for state in found.tasks:
        title = phrase("task_head", number=state.number, title=state.task.title[language])
        lines += [f"{'✓' if state.done else '○'} {title}  [{_standing(state)}]", _indented(state.task.text[language])]
    return "\n".join([*lines, _sum(found)])


def standing_text(found: Progress) -> str:
    """The lesson's title, and how many of its tasks are done."""
    return f"{found.lesson.title[spoken()]}{phrase('colon')}{_sum(found)}"


def _standing(state: TaskState) -> str:
    if state.done:
        return phrase("done")
    points = f"{state.earned:g}/{state.task.points:g}"
    wait = f", {phrase('waiting', tasks=', '.join(state.waits))}" if state.waits else ""
    return f"{state.task.id}, {phrase('open')}, {points}{wait}"


def _sum(found: Progress) -> str:
    earned, points = f"{found.earned:g}", f"{found.points:g}"
    return phrase("progress", done=found.done, all=len(found.tasks), earned=earned, points=points)


def tick_texts(ticks: Sequence[TaskResult], now: Progress) -> list[str]:
    """A line for each task that is done now."""
    numbers = {state.task.id: state.number for state in now.tasks}
    before = now.done - len(ticks)
    return [
        phrase("tick", number=numbers[t.task.id], title=t.task.title[spoken()], done=before + n, all=len(now.tasks))
        for n, t in enumerate(ticks, 1)
    ]  # fmt: skip


def checked_text(found: Checked) -> str:
    if found.too_soon:
        return too_soon_text(found.too_soon)
    if not found.results:
        return phrase("all done")
    numbers = {task.id: number for number, task in enumerate(found.lesson.tasks, 1)}
    return "\n".join(_task(result, numbers) for result in found.results)


def _task(result: TaskResult, numbers: dict[str, int]) -> str:
    task = result.task
    head = phrase("task_head", number=numbers[task.id], title=task.title[spoken()])
    lines = [f"{_MARKS[result.verdict]} {head}{phrase('colon')}{phrase(_STATES[result.verdict])}"]
    for one in result.results:
        lines += [f"  {line}" for line in check_lines(one)]
    lines.append(f"  {credit_text(result)}")
    if result.wrong:
        lines.append(f"  {phrase('known wrong', task=task.id)}")
    return "\n".join(lines)


def check_lines(one: CheckResult) -> list[str]:
    """What was expected; unless it holds, what was found, and why."""
    lines = [f"{_MARKS[one.verdict]} {words(one.expected)}"]
    if one.verdict is not Verdict.PASSED:
        lines.append(f"    {phrase('found')}{phrase('colon')}{words(one.found)}")
        lines += [f"    {phrase('because')}{phrase('colon')}{words(value)}" for value in one.because]
    return lines


def credit_text(result: TaskResult) -> str:
    """Why the task earned what it earned."""
    if result.credit is Credit.FIRST:
        return phrase("credit first", tasks=", ".join(result.waits))
    numbers = {"earned": f"{result.earned:g}", "points": f"{result.task.points:g}"}
    numbers |= {"holding": str(result.holding), "all": str(len(result.results))}
    return phrase(f"credit {result.credit.value}", **numbers)


def too_soon_text(found: TooSoon) -> str:
    number = found.commands
    commands = phrase("one command") if number == 1 else phrase("commands", number=number)
    return phrase(f"too soon {found.what}", commands=commands)


def hint_text(found: Hint | TooSoon | None) -> str:
    """The hint; None: all tasks are done."""
    if found is None:
        return phrase("all done")
    if isinstance(found, TooSoon):
        return too_soon_text(found)
    if found.is_done or found.text is None:
        return phrase("no need")
    text = found.text[spoken()]
    if found.wrong:
        return phrase("hint wrong", text=text)
    if found.is_last:
        return phrase("no more hints", text=text)
    return phrase("hint", degree=found.degree, all=len(found.task.hints), text=text)


# -- predictions ------------------------------------------------------------------------------------------------------


def answer_text(found: Answer | TooSoon) -> str:
    """What `%dnet predict` says: the question, that it is written down, or what was written down before."""
    if isinstance(found, TooSoon):
        return too_soon_text(found)
    if not found.given:
        return question_text(found)
    asked = found.question
    if found.fresh:
        return phrase("answer recorded") if asked.is_answer else phrase("recorded", question=asked.id)
    return phrase("answered" if asked.is_answer else "predicted already", answer=said(found))


def question_text(found: Answer) -> str:
    asked, language = found.question, spoken()
    lines = [asked.question[language], *(f"  {c.id}: {c.text[language]}" for c in asked.choices)]
    answers = " | ".join(c.id for c in asked.choices) or phrase("your words")
    verb = "answer" if asked.is_answer else "predict"
    return "\n".join([*lines, phrase("how to answer", verb=verb, question=asked.id, answers=answers)])


def said(found: Answer) -> str:
    """The answer in its words: a choice's text."""
    return _choice(found.question, found.given)


def _choice(asked: Prediction, answer: str) -> str:
    return next((c.text[spoken()] for c in asked.choices if c.id == answer), answer)


def compared(found: Answer) -> tuple[str, str]:
    """(what stands in the open, what is folded away or ''): nothing is told before the prediction."""
    asked, language = found.question, spoken()
    if not found.given:
        return phrase("not predicted", question=asked.id), asked.explain[language]
    right = " / ".join(dict.fromkeys(_choice(asked, answer) for answer in asked.right[: _told(found)]))
    lines = [phrase("predicted", answer=said(found))]
    lines.append(phrase("is right") if found.right else phrase("is wrong", right=right))
    because = next((c.because for c in asked.choices if c.id == found.given and c.because), None)
    lines += [because[language]] if because and not found.right else []
    return "\n".join([*lines, asked.explain[language]]), ""


def _told(found: Answer) -> int:
    """How many right answers are told: of typed ones the first, the others are ways to spell it."""
    return len(found.question.right) if found.question.choices else 1


# -- faults -----------------------------------------------------------------------------------------------------------


def fault_text(found: Progress) -> str:
    """What a broken lab is about, its tasks, and what helps."""
    return "\n".join([found.lesson.title[spoken()], progress_text(found), phrase("fault tools")])


def choices_text(found: Answer) -> str:
    """What the fault might be, and how to say so."""
    asked, language = found.question, spoken()
    lines = [asked.question[language], *(f"  {c.id}: {c.text[language]}" for c in asked.choices)]
    return "\n".join([*lines, phrase("how to diagnose")])


def diagnosis_text(cause: Answer | TooSoon, in_words: Answer) -> str:
    """What is known of a diagnosis: whether it is the fault, and once it is, what was written beside what is so."""
    if isinstance(cause, TooSoon):
        return too_soon_text(cause)
    if not cause.right:
        return phrase("diagnosis wrong", answer=said(cause))
    lines = [phrase("diagnosis right", answer=said(cause))]
    if not in_words.given:
        return "\n".join([*lines, phrase("diagnosis words")])
    if not in_words.right:
        return "\n".join([*lines, phrase("diagnosis vague", answer=in_words.given)])
    explain = cause.question.explain[spoken()]
    return "\n".join([*lines, phrase("diagnosis beside", answer=in_words.given, explain=explain)])


# -- as HTML ----------------------------------------------------------------------------------------------------------

_STYLE = (
    f"background-color:{look.PAPER};color:{look.INK};border-left:4px solid {look.EDGE};padding:4px 12px;"
    "margin:2px 0;white-space:pre-wrap;font-size:14px;line-height:1.5"
)


def html_of(text: str, folded: str = "", summary: str = "") -> str:
    """A piece of a page: the text, and below it what is folded away under a summary."""
    body = f'<div lang="{spoken()}" style="{_STYLE}">{look.inline(text)}</div>'
    if not folded:
        return body
    return (
        f'{body}<details style="{_STYLE}"><summary style="cursor:pointer">{look.inline(summary)}</summary>'
        f'<div lang="{spoken()}">{look.inline(folded)}</div></details>'
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {row}" for row in text.split("\n"))
