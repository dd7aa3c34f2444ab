"""Is a lesson sound? Its start solves nothing, its solutions solve it, each wrong answer gets the hint written for it.

Proven by running them: on each release the lesson names, with the page's numbers and some students', in both languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dnetlab.checks.judge import probes
from dnetlab.commands.script import ScriptCell, code_cells, read_script
from dnetlab.errors import UsageError
from dnetlab.explain.sentences import COURSE, words
from dnetlab.lab import Lab
from dnetlab.language import say
from dnetlab.lessons.build import notebook
from dnetlab.lessons.read import read_lesson, script, solutions, wrong_answers
from dnetlab.model import Lesson, Output, Task, TaskResult, Verdict
from dnetlab.model.study import Checked

STUDENTS = ("", "ann", "bob")
_WRONG = re.compile(r";\s*task:\s*(?P<task>[\w-]+)\s*,\s*hint:\s*(?P<hint>[\w-]+)\s*$")
_ANSWER = re.compile(r"^;\s*answer:\s*(?P<question>[\w-]+)\s+(?P<text>.+)$", re.MULTILINE)
_TASKS = re.compile(r";\s*tasks:\s*(?P<tasks>[\w ,-]+)$")


@dataclass(frozen=True)
class Proof:
    """One thing that was tried. what: 'start', 'solution.dnet', 'wrong/x.dnet', 'pages'; trouble '': all is well.

    release ''  for what has none: the pages
    """

    lesson: str
    what: str
    trouble: str = ""
    release: str = ""
    student: str = ""


def prove(name: str, engine: str = "sim", release: str | None = None,
          students: Sequence[str] | None = None) -> Iterator[Proof]:  # fmt: skip
    """Everything that can be tried with a lesson. Raises UsageError when it can't be read at all.

    release None: all that the lesson names on the simulator, the engine's own on real ones. students None: those of
    STUDENTS on the simulator; on real engines, where each try takes seconds, the page's numbers only.
    """
    lesson = read_lesson(name)
    if not lesson.scripts:
        yield Proof(lesson.name, "pages", _pages(lesson))
    students = (STUDENTS if engine == "sim" else STUDENTS[:1]) if students is None else students
    releases = [release] if release or engine != "sim" else list(lesson.releases)
    for one in releases:
        for student in students:
            with Lab(engine, one, topology=lesson.shape) as lab:
                yield from _with_numbers(lab, name, student)


def _pages(lesson: Lesson) -> str:
    try:
        for language in COURSE:
            notebook(lesson, language)
    except UsageError as error:
        return str(error)
    return ""


def _with_numbers(lab: Lab, name: str, student: str) -> Iterator[Proof]:
    lesson = lab.open_lesson(name, student)
    tried = [("start", _start(lab))]
    tried += [(file, _solution(lab, lesson, file)) for file in solutions(lesson)]
    tried += [(file, _wrong(lab, lesson, file)) for file in wrong_answers(lesson)]
    if len(tried) == 1 and lesson.tasks:
        tried.append(("solution.dnet", say("there is none")))
    for what, trouble in tried:
        yield Proof(lesson.name, what, trouble, lab.engine.release, student)


def _afresh(lab: Lab, lesson: Lesson) -> None:
    """The lesson begun anew, with nothing done in it."""
    lab.reset()
    lab.forget_lessons()
    lab.open_lesson(lesson.opens_by, lesson.student)
    result = lab.start_lesson()
    if result and result.refused:
        raise UsageError("start.dnet of lesson {name}: {refused}", name=lesson.name, refused=result.refused)


def _start(lab: Lab) -> str:
    """The untouched lab earns nothing in any task."""
    lesson = lab.tasks().lesson
    _afresh(lab, lesson)
    for result in lab.check().results:
        _say(result)
        if result.earned:
            return say("task {id} earns {earned:g} points before anything was done: give what holds weight 0",
                       id=result.task.id, earned=result.earned)  # fmt: skip
    return ""


def _solution(lab: Lab, lesson: Lesson, file: str) -> str:
    """Its tasks are done at its end: all, or those that its first comment names (`; tasks: a, b`)."""
    _afresh(lab, lesson)
    text = script(lesson, file)
    named = _TASKS.match(text.split("\n", 1)[0])
    wanted = [t.strip() for t in named["tasks"].split(",")] if named else [t.id for t in lesson.tasks]
    if refused := run_blocks(lab, text):
        return _refused(refused[0])
    missing = [s.task for s in lab.tasks().tasks if s.task.id in wanted and not s.done]
    if not missing:
        return ""
    return say("task {id} is not done: {failing}", id=missing[0].id, failing=_failing(lab, missing[0]))


def _failing(lab: Lab, task: Task) -> str:
    result = lab.judge(task)
    open_ones = (r for r in result.results if r.verdict is not Verdict.PASSED)
    said = (f"{words(r.expected, 'en')}, but {words(r.found, 'en')}" for r in open_ones)
    return "; ".join(said) or result.credit.value


def _wrong(lab: Lab, lesson: Lesson, file: str) -> str:
    """Its task is not done at its end, and the hint is the one its first comment names."""
    text = script(lesson, file)
    head = _WRONG.match(text.split("\n", 1)[0])
    task = lesson.task(head["task"]) if head else None
    if head is None or task is None:
        return say("its first line must say what it is: `; task: ID, hint: ID`")
    _afresh(lab, lesson)
    if refused := run_blocks(lab, text):
        return _refused(refused[0])
    result = lab.judge(task)
    _say(result)
    if result.passed:
        return say("task {id} is done all the same", id=task.id)
    got = result.wrong.name if result.wrong else "none"
    right = got == head["hint"]
    return "" if right else say("it gets the hint {got!r}, not {wanted!r}", got=got, wanted=head["hint"])


def _refused(output: Output) -> str:
    return say("`{line}` is refused: {refused}", line=output.line.text, refused=output.refused)


def _say(result: TaskResult) -> None:
    """In every language: a field that a sentence lacks is found here, not in class."""
    for language in COURSE:
        for one in result.results:
            _ = [words(value, language) for value in (one.expected, one.found, *one.because)]


def run_blocks(lab: Lab, text: str, host: str | None = None) -> list[Output]:
    """A script's blocks, parted by empty lines, each as a cell: tasks tick between them, as they do in a notebook.

    A line `; answer: QUESTION TEXT` gives an answer, once its block has run. Returns the lines that were refused.
    """
    refused: list[Output] = []
    for block in re.split(r"\n\s*\n", text):
        if block.strip():
            result = lab.run_cell(block, host, keep_going=True)
            refused += [output for output in result.outputs if output.refused]
        for answer in _ANSWER.finditer(block):
            lab.predict(answer["question"], answer["text"])
            lab.ticks()
        if lab.engine.name != "sim":
            _probe(lab)
    return refused


def _probe(lab: Lab) -> None:
    """A real engine runs no commands for checks after each cell, only when somebody asks: so ask about those tasks."""
    for state in lab.tasks().tasks if lab.lesson else ():
        if not state.done and any(probes(state.task)):
            lab.judge_again(state.task, asked=True)


# -- somebody's work --------------------------------------------------------------------------------------------------


def check_files(lab: Lab, name: str, student: str, files: Sequence[str]) -> Checked:
    """What of a lesson is done by scripts, notebooks or a journal. Raises UsageError for a file that can't be read.

    A script begins in the lab of start.dnet; so do the cells of a notebook, after its `%dnet start`.
    """
    lesson = lab.open_lesson(name, student)
    lab.start_lesson()
    for file in files:
        if file.endswith(".journal"):
            lab.resume(file)
            continue
        for cell in _cells(file):
            run_blocks(lab, cell.text, cell.host)
    finished = {state.task.id for state in lab.tasks().tasks if state.done}
    results = tuple(lab.judge(task) for task in lesson.tasks if task.id not in finished)
    return Checked(lesson, results)


def _cells(file: str) -> list[ScriptCell]:
    """A script, or of a notebook's %%dnet cells after `%dnet start`, or all where it has none."""
    cells = read_script(file)
    if not file.endswith(".ipynb"):
        return cells
    codes = code_cells(Path(file).read_text(encoding="utf-8"), file)
    begins = next((n for n, code in enumerate(codes) if code.strip().startswith("%dnet start")), -1)
    later = sum(code.lstrip().startswith("%%dnet") for code in codes[begins + 1 :])
    return cells[len(cells) - later :]
