"""The road of a command, top to bottom: a cell's text, its lines, what each answered, the world before and after.

    cell text ─ parse_cell ─▶ lines ─ engine.run ─▶ outputs ─ engine.snapshot ─▶ tables, pictures, differences

Only this module calls an engine.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnetlab import study
from dnetlab.clients import alone
from dnetlab.commands.cell import host_called, read_cell
from dnetlab.commands.shell import starts_beside
from dnetlab.engines import Engine, open_engine
from dnetlab.errors import NotHere, UsageError
from dnetlab.history import History
from dnetlab.journal import JournalWriter, choose, fits, output_digest, with_past
from dnetlab.language import spoken
from dnetlab.late import Outputs, against_transcript
from dnetlab.lessons.read import STARTS, edition, read_lesson, script, shipped
from dnetlab.looking import Looking, packet_between
from dnetlab.model import (
    Entry,
    Evidence,
    Journal,
    Lesson,
    Line,
    Output,
    Packet,
    Prompt,
    Resumed,
    Snapshot,
    Task,
    TaskResult,
    Topology,
)
from dnetlab.model.changed import replace
from dnetlab.model.journal import (
    Attend,
    CourseEvent,
    Event,
    Hinted,
    Judged,
    Looked,
    Predicted,
    Reset,
    Resume,
    fold,
)
from dnetlab.model.study import Answer, Checked, Hint, Progress, TooSoon
from dnetlab.result import CellResult, TranscriptDifference
from dnetlab.travel import Travelling
from dnetlab.version import __version__

if TYPE_CHECKING:
    from dnetlab.explain.why import Reason
    from dnetlab.model import Crossing, Exchange, Where


class Lab(Travelling, Looking):
    """A lab on one engine.

    >>> lab = Lab()
    >>> lab.run("docker network create my_net1").exit_code
    0
    >>> [n.name for n in lab.snapshot().hosts["docker1"].networks]
    ['bridge', 'host', 'my_net1', 'none']

    engine   'sim' (default) or 'docker' (real engines on lab hosts of their own)
    docker   release: '20.10', '26.1', '28.5' or '29.7' (default)
    seed     the simulator's chance: the same seed and commands give the same page
    journal  a file to append every command to, so that `resume` can bring the lab back; None keeps no file
    kernel   who writes the journal, as a notebook's server calls its kernel; '' outside a notebook
    clock    seconds since 1970 (UTC), for the journal's times
    topology the lab's shape, as `read_topology("lab.toml")` gives it; None is the default lab
    attach   the name of a lab of real hosts that `dnetlab up` made, to be used as it is and left standing
    progress called with a sentence for each step while real hosts come up
    """

    def __init__(
        self, engine: str = "sim", docker: str | None = None, seed: int = 0, journal: str | Path | None = None,
        progress: Callable[[str], None] | None = None, topology: Topology | None = None,
        kernel: str = "", clock: Callable[[], float] = time.time, attach: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.seed = seed
        self.engine: Engine = open_engine(engine, docker, seed, progress, topology, attach)
        self.shape = self.engine.shape
        self.cells = 0
        self.last: CellResult | None = None
        self.history = History()
        self.events: list[Event] = []
        self._kernel, self._clock = kernel, clock
        self.record = JournalWriter(Path(journal), self._head()) if journal else None
        self.lesson: Lesson | None = None
        self.started = False  # the lesson's tasks have begun
        self._start: tuple[Line, ...] = ()  # what the lesson's lab begins with
        self._healthy: tuple[Line, ...] = ()  # and those of them that make what a fault then breaks
        self._past: tuple[Event, ...] = ()  # what earlier sessions that were resumed say of lessons
        self._sent = 0  # packets that `observed` really sent

    # -- running ------------------------------------------------------------------------------------------------

    @alone
    def run_cell(
        self, text: str, host: str | None = None, check: bool = False, keep_going: bool = False,
        heard: Callable[[Output], None] | None = None, goes_on: bool = False,
    ) -> CellResult:  # fmt: skip
        """Run the commands of a cell in order. A failing command doesn't stop it, a refused one does.

        What was started with `&` ends with the cell, unless it `goes_on`, as at a prompt. `heard` is called after each
        line, for a front end that shows progress. Raises CellError, and runs nothing, when the text itself can't be
        read; UsageError for a host that isn't in the lab. host None: the lab's first.
        """
        cell = read_cell(text, self.shape, host)
        lines = cell.lines
        self.cells += 1
        if not goes_on:
            self.engine.reap(everything=True)
        before = self.engine.snapshot()
        outputs, begun = Outputs(heard), len(self.history.entries)
        differences: list[TranscriptDifference] = []
        try:
            for line in lines:
                output = self._run(line)
                outputs.add(output)
                outputs.late(self.engine.reap(everything=False))
                if check and not starts_beside(line.text):
                    differences += against_transcript(output, self.entries, self.engine.release)
                if output.refused and not keep_going:
                    break
        finally:  # also of a cell that was interrupted: `last` says what ran before
            ran = len(self.history.entries) - begun
            if not goes_on:
                outputs.late(self.engine.reap(everything=True))
            outputs.close()
            for output in (o for o in outputs.all if check and starts_beside(o.line.text)):
                differences += against_transcript(output, self.entries, self.engine.release)
            after = self.engine.snapshot() if outputs.all else before
            skipped = lines[ran:]
            self.last = CellResult(tuple(outputs.all), before, after, tuple(differences), skipped, check, cell.left_out)
        if outputs.all and self.started:
            self.last = replace(self.last, ticks=self.ticks())
        return self.last

    def run(self, text: str, host: str | None = None) -> Output:
        """Run one line and return its output. Raises UsageError when the text holds no command or several."""
        result = self.run_cell(text, host)
        if len(result.outputs) != 1 or result.skipped:
            raise UsageError("run() takes exactly one command", hint="Use run_cell() for several lines.")
        return result.outputs[0]

    def _run(self, line: Line) -> Output:
        at, before = self._clock(), self._mark()
        output = self.engine.run(replace(line, clock=self._look_at_clock()) if self._touched else line)
        refused = output.refused is not None
        entry = Entry(output.line, self.cells, output.exit_code, refused, at, output_digest(output))
        if self.cells:
            self.history.add(entry, before)
        self._note(entry)
        return output

    def _mark(self) -> object:
        try:
            return self.engine.checkpoint()
        except NotHere:
            return None

    @property
    def entries(self) -> list[Entry]:
        """What ran and was not taken back, oldest first."""
        return self.history.entries

    def snapshot(self) -> Snapshot:
        return self.engine.snapshot()

    def prompt(self, host: str | None = None) -> str:
        return self.engine.prompt(host_called(self.shape, host))

    def terminal(self, host: str | None = None) -> str | None:
        """The container in whose terminal unprompted lines for that host run; None: they run on the host."""
        return self.engine.terminal(host_called(self.shape, host))

    def lacks(self, feature: str) -> bool:
        """Whether the hosts' kernel is without it: 'ipvlan' or 'IPVS'."""
        return self.engine.lacks(feature)

    def close(self) -> None:
        """End the lab; what was started on real engines is removed."""
        self.engine.close()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- looking ------------------------------------------------------------------------------------------------

    def trace(self, source: str, destination: str) -> Exchange:
        """The journey of a packet from a host or container to NAME, NAME:PORT, IP or IP:PORT, and of its answer.

        A destination with a port is asked by TCP, one without by an ICMP echo. Nothing in the lab changes.
        Raises UnknownName or UsageError when a place can't be found.
        """
        return self.observed(source, destination, capture=False)[1]

    def observed(
        self, source: str, destination: str, capture: bool = True
    ) -> tuple[Snapshot, Exchange, tuple[Crossing, ...] | None]:
        """The snapshot, the journey as `trace` tells it in that snapshot, and what a capture saw of it.

        On a real engine the packet is really sent, once, while every interface is watched; on the simulator, where
        a packet's journey is the telling itself, and with capture=False the last is None.
        """
        from dnetlab.net.conversation import converse

        snapshot = self.engine.snapshot()
        where, packet = packet_between(snapshot, source, destination, self._sent)
        told = converse(snapshot, where, packet, snapshot.clock, leaves=False)
        return snapshot, told, self._capture(snapshot, where, packet) if capture else None

    @property
    def is_simulated(self) -> bool:
        return self.engine.name == "sim"

    def _capture(self, snapshot: Snapshot, where: Where, packet: Packet) -> tuple[Crossing, ...] | None:
        try:
            seen = self.engine.capture(snapshot, where, packet)
        except NotHere:
            return None
        self._sent += 1  # the next gets a number of its own, or conntrack would take it for more of this one
        return seen

    def file(self, name: str) -> bytes:
        """A file of a host: 'docker1:/tmp/x.pcap'. Raises UsageError for one that isn't there."""
        host, _, path = name.rpartition(":")
        where = host_called(self.shape, host or None)
        try:
            return self.engine.file(where, path)
        except FileNotFoundError:
            hint = "`tcpdump -i eth0 -w {path} &` in a cell writes it, once the cell has ended."
            raise UsageError("{where} has no file {path}", hint=hint, where=where, path=path) from None

    def why(self, source: str | None = None, destination: str | None = None) -> Reason:
        """Why the last ping or curl failed, or why `source` can't reach NAME, NAME:PORT, IP or IP:PORT.

        Raises UsageError when nothing has failed, or one end is missing; UnknownName when a place can't be found.
        """
        from dnetlab.explain.asking import why_between, why_last
        from dnetlab.explain.sentences import phrase

        asked = self.lesson is not None and self.lesson.is_broken and self.lesson.prediction("cause")
        if asked and not self.answer_to("cause").right:
            raise UsageError(phrase("why closed"), hint=phrase("why closed hint"))
        if source is None:
            return why_last(self.engine.snapshot(), self.entries, self.engine.lookup)
        if destination is None:
            raise UsageError("why() takes both ends or none")
        return why_between(self.engine.snapshot(), source, destination, self.engine.lookup)

    # -- the course ---------------------------------------------------------------------------------------------

    def open_lesson(self, name: str, student: str = "") -> Lesson:
        """Open a lesson with that student's numbers; nothing in the lab changes. Raises UsageError."""
        return self.attend(read_lesson(name, student), False)

    def attend(self, lesson: Lesson, started: bool) -> Lesson:
        """Open a lesson that was read already; started: its tasks have begun, in the lab as it is."""
        self.lesson, self.started = lesson, started
        texts = [text for name in STARTS if (text := script(lesson, name)).strip()]
        scripts = [tuple(read_cell(text, lesson.shape or self.shape, None).lines) for text in texts]
        self._start = tuple(line for lines in scripts for line in lines)
        self._healthy = scripts[0] if lesson.is_broken else ()
        self._note(Attend(lesson.name, lesson.student, edition(lesson), started, self._clock(), spoken()))
        return lesson

    def start_lesson(self) -> CellResult | None:
        """The fresh lab that the lesson's tasks begin with: its start.dnet has run; None when it has none.

        From now on `run_cell` says which tasks are done. Raises UsageError in a lab of another shape than the lesson's.
        """
        lesson = self._lesson()
        if lesson.shape not in (None, self.shape):
            raise UsageError("lesson {name} has a lab of its own, and this is another",
                             hint="In a notebook `%dnet lesson` opens it; else choose its lab: --lab {file}",
                             name=lesson.name, file=lesson.folder / "lab.toml")  # fmt: skip
        if fold(self.events):
            self.reset()
        self.attend(lesson, True)
        if lesson.is_broken:
            return self._break(lesson)
        text = script(lesson, "start.dnet")
        return self.run_cell(text) if text.strip() else None

    @property
    def begun(self) -> bool:
        """Whether this lab is the one that the open lesson's tasks begin with, and what was done in it since."""
        return study.begun(self._start, fold(self.events))

    def _break(self, lesson: Lesson) -> CellResult:
        """A lab that works, what it is like written down, and then broken: in cell 0, so that nobody takes it back."""
        self.cells = -1
        result = self.run_cell(script(lesson, "before.dnet"))
        if not result.refused:
            self.note_baseline()
            self.cells = -1
            result = self.run_cell(script(lesson, "break.dnet"))
        self.cells = 0
        return result

    def note_baseline(self) -> bool:
        """Write down what the lab is like before the lesson breaks it; False when it isn't that lab now."""
        from dnetlab.explain.baseline import baseline

        ran = fold(self.events)
        if not self._healthy or len(ran) != len(self._healthy) or not study.begun(self._healthy, ran):
            return False
        self._note(replace(baseline(self._lesson().name, self.snapshot()), at=self._clock()))
        return True

    def take_over_lesson(self, other: Lab) -> None:
        """Stand in the lesson where another lab stands: what was done and said there counts here."""
        if other.record:
            self._note(Resume(other.record.session, self._clock()))
        self._go_on_with([*other._past, *other.events])

    def _lesson(self) -> Lesson:
        if self.lesson is None:
            raise UsageError("no lesson is open", hint="`%dnet lesson NAME` opens one: {lessons}.",
                             lessons=", ".join(shipped()))  # fmt: skip
        return self.lesson

    def tasks(self) -> Progress:
        """How the lesson's tasks stand. Raises UsageError when no lesson is open."""
        return study.progress(self._lesson(), self._course)

    def ticks(self) -> tuple[TaskResult, ...]:
        """The tasks that are done now and were not before; each is written down once."""
        if self.lesson is None or not self.begun:
            return ()
        from dnetlab.checks.judge import judge_task

        finished = list(study.done(self.lesson, self._course))
        todo = [task for task in self.lesson.tasks if task.id not in finished]
        evidence = self._evidence(todo, self.engine.name == "sim") if todo else None
        new = []
        for task in todo if evidence else ():
            assert evidence is not None
            result = judge_task(task, evidence, finished)
            if result.passed:
                finished.append(task.id)
                new.append(result)
                self._note_judged(result, asked=False)
        return tuple(new)

    @alone
    def check(self, task: str | None = None) -> Checked:
        """Judge a task by its id or number, or all that aren't done; none when it is too soon to ask again."""
        lesson = self._lesson()
        todo = [self._task(task)] if task else [s.task for s in self.tasks().tasks if not s.done]
        waits = [study.check_too_soon(lesson, one, self._course) for one in todo]
        todo = [one for one, soon in zip(todo, waits, strict=True) if soon is None]
        if not todo:
            return Checked(lesson, (), next(iter(waits), None))
        if not self.begun:
            raise UsageError("the tasks of this lesson begin in a lab of their own", hint="%dnet start makes it.")
        evidence = self._evidence(todo)
        return Checked(lesson, tuple(self._judged(one, evidence, asked=True) for one in todo))

    def judge_again(self, task: Task, asked: bool) -> TaskResult:
        """A task as `check` (asked) or `ticks` would judge it now, written down."""
        return self._judged(task, self._evidence([task], asked or self.engine.name == "sim"), asked)

    def _judged(self, task: Task, evidence: Evidence, asked: bool) -> TaskResult:
        from dnetlab.checks.judge import judge_task

        result = judge_task(task, evidence, study.done(self._lesson(), self._course))
        self._note_judged(result, asked)
        return result

    def judge(self, task: Task) -> TaskResult:
        """A task as the lab is now, whatever comes before it; nothing is written down."""
        from dnetlab.checks.judge import judge_task

        return judge_task(task, self._evidence([task]), task.needs)

    def forget_lessons(self) -> None:
        """Nothing of a lesson is done or asked any more, as far as this lab knows; the journal keeps it."""
        self._past = ()
        self.events = [event for event in self.events if not isinstance(event, CourseEvent)]

    def _task(self, name: str) -> Task:
        found = self._lesson().task(name)
        if found is None:
            known = ", ".join(task.id for task in self._lesson().tasks)
            raise UsageError("the lesson has no task {name!r}", hint="Its tasks: {known}.", name=name, known=known)
        return found

    def _note_judged(self, result: TaskResult, asked: bool) -> None:
        if result.waits:
            return
        lesson, task = self._lesson(), result.task
        verdict, at = result.verdict.value, self._clock()
        self._note(Judged(lesson.name, task.id, verdict, result.earned, task.points, asked, at))

    def _evidence(self, tasks: Sequence[Task], probing: bool = True) -> Evidence:
        """What the tasks' checks look at. Probes run after the snapshot, and are in no journal; nothing of them stays
        on the simulator."""
        from dnetlab.checks.judge import probes
        from dnetlab.explain.baseline import baseline

        snapshot = self.engine.snapshot()
        lines = dict.fromkeys(line for task in tasks for line in probes(task)) if probing else ()
        outputs = {line: self._probe(line) for line in lines}
        lesson, course = self._lesson(), self._course
        answers = study.answers(lesson, course)
        before = study.before(lesson, course)
        now = baseline(lesson.name, snapshot) if before else None
        return Evidence(snapshot, self.engine.lookup, outputs, answers, before, now)

    def _probe(self, text: str) -> Output:
        line = read_cell(text, self.shape, None).lines[0]
        if line.prompt is Prompt.NONE:
            line = replace(line, prompt=Prompt.HOST)  # whatever terminal the student has open
        mark = self._mark()
        output = self.engine.run(line)
        if mark is not None:
            self.engine.restore(mark)
        return output

    @alone
    def hint(self, task: str | None = None) -> Hint | TooSoon | None:
        """The next hint of a task, or of the first that isn't done; None when all are done."""
        lesson = self._lesson()
        open_ones = (s.task for s in self.tasks().tasks if not s.done and not s.waits)
        one = self._task(task) if task else next(open_ones, None)
        if one is None:
            return None
        if one.id in study.done(lesson, self._course):
            return Hint(one, is_done=True)
        if soon := study.hint_too_soon(lesson, one, self._course):
            return soon
        found = study.next_hint(lesson, self.judge(one), self._course)
        wrong = found.wrong.name if found.wrong else ""
        self._note(Hinted(lesson.name, one.id, found.degree, wrong, self._clock()))
        return found

    def predict(self, question: str, answer: str | None = None) -> Answer | TooSoon:
        """Write a prediction (or an answer) down, and what is known of it; without an answer: what stands.

        A prediction stands once it is made; an answer may be given again. Raises UsageError for what is no question or
        none of its choices.
        """
        lesson, stands = self._lesson(), self.answer_to(question)
        asked = stands.question
        if not answer or (stands.given and not asked.is_answer):
            return stands
        if soon := study.answer_too_soon(lesson, asked, self._course):
            return soon
        text = study.chosen(asked, answer)
        if text is None:
            choices = ", ".join(choice.id for choice in asked.choices)
            raise UsageError(
                "{answer!r} is none of the choices", hint="They are: {choices}.", answer=answer, choices=choices
            )
        right = study.is_right(asked, text)
        self._note(Predicted(lesson.name, asked.id, text, right, self._clock()))
        return Answer(asked, text, right, fresh=True)

    def answer_to(self, question: str) -> Answer:
        """What was predicted or answered so far. Raises UsageError for what the lesson doesn't ask."""
        lesson = self._lesson()
        asked = lesson.prediction(question)
        if asked is None:
            known = ", ".join(p.id for p in lesson.predictions) or "none"
            raise UsageError("the lesson asks nothing called {question!r}", hint="Its questions: {known}.",
                             question=question, known=known)  # fmt: skip
        return study.given(lesson, asked, self._course)

    @property
    def _course(self) -> list[Event]:
        return study.own(self._lesson(), [*self._past, *self.events])

    @alone
    def reset(self) -> None:
        """A fresh lab, as it was at the start; entries and checkpoints are gone."""
        self.engine.reset(self.seed)
        self.history = History()
        self._note(Reset(self._clock()))

    # -- the journal --------------------------------------------------------------------------------------------

    def _note(self, event: Event) -> None:
        self.events.append(event)
        if self.record:
            self.record.write(event)
        for tell in self.changed:
            tell()

    @property
    def journal(self) -> Journal:
        """What was done in this lab so far."""
        return replace(self.record.head if self.record else self._head(), events=tuple(self.events))

    def _head(self) -> Journal:
        engine = self.engine
        return Journal(engine.name, engine.release, self.seed, topology=self.shape, version=__version__,
                       kernel=self._kernel, began=self._clock())  # fmt: skip

    @alone
    def resume(self, path: str | Path | None = None, session: str | None = None) -> Resumed:
        """Bring back the lab of an earlier session by running its journal again.

        path None: this lab's own journal file; session None: the last one in it. Raises UsageError when there is none
        to resume, and when it was written on another kind of engine or in a lab of another shape.
        """
        file = path or (self.record.path if self.record else None)
        if file is None:
            raise UsageError("there is no journal to resume from", hint="Name its file.")
        found = choose(Path(file), self.record.session if self.record else "", session, self._kernel)
        fits(found.journal, self.engine.name, self.engine.release, self.shape)
        if self.history.entries or self.seed != found.journal.seed:
            self._reseed(found.journal.seed)
            self.reset()
        self._note(Resume(found.journal.session, self._clock()))
        for entry in found.journal.entries:
            self.run_again(entry)
        self.engine.reap(everything=True)
        self._go_on_with(with_past(found.journal, Path(file)))
        return found

    def run_again(self, entry: Entry) -> Output:
        """Run a line of a journal, in the cell it was in."""
        if entry.cell != self.cells:
            self.engine.reap(everything=True)
        self.cells = entry.cell
        return self._run(entry.line)

    def looked(self, what: str, args: Mapping[str, Any]) -> None:
        """Write down that a table or picture was looked at."""
        self._note(Looked(what, {name: value for name, value in args.items() if value is not None}, self._clock()))

    def _go_on_with(self, events: Sequence[Event]) -> None:
        """Stand in the lesson where an earlier session stood."""
        self.remember(events)
        attended = [e for e in self._past if isinstance(e, Attend)]
        if attended:
            last = attended[-1]
            with contextlib.suppress(UsageError):  # a lesson that isn't here any more
                here = self.lesson.opens_by if self.lesson and self.lesson.name == last.lesson else last.lesson
                self.attend(read_lesson(here, last.student), last.started)

    def remember(self, events: Sequence[Event]) -> None:
        """What those say of lessons counts here."""
        self._past = tuple(e for e in events if isinstance(e, CourseEvent))

    def _reseed(self, seed: int) -> None:
        """A session has one seed; with another one, another begins in the file."""
        if self.seed != seed:
            self.seed = seed
            self.record = JournalWriter(self.record.path, self._head()) if self.record else None
