"""Grade a class: collect what was handed in, have each judged, and write the gradebook. It can be stopped at any time.

    paths ─ collect ─▶ HandedIn ─ judged (a child, any executor) ─▶ rows in results.jsonl ─▶ gradebook.csv, overview …
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.grade.child import USUAL, Limits
from dnetlab.grade.known import known_lessons, lesson_of
from dnetlab.gradebook import books
from dnetlab.gradebook.books import Entry
from dnetlab.gradebook.children import end_all, judged
from dnetlab.gradebook.collect import collect
from dnetlab.gradebook.handed_in import HandedIn, Person
from dnetlab.gradebook.likeness import SHOWN, Pair, Prints, beside, marks_of
from dnetlab.gradebook.roster import Roster, known_as
from dnetlab.gradebook.rows import Row, active, own_names, replaced
from dnetlab.gradebook.store import Results, key_of
from dnetlab.gradebook.survey import Survey
from dnetlab.lessons.fault import is_fault
from dnetlab.lessons.read import edition, find_lesson, solutions
from dnetlab.lessons.read import script as lesson_script
from dnetlab.model.grade import Finding, FindingKind
from dnetlab.report.data import finding_data
from dnetlab.report.overview import overview

RESULTS, OVERVIEW = "results.jsonl", "overview.html"
WAITING = 4  # jobs for each child that are under way or wait for one


@dataclass(frozen=True)
class Order:
    """What is to be graded, and how.

    lesson   name, number or folder of the one that counts; '' when each assignment's name or the hand-ins say it
    anybody  the ids that the work was done with do not matter
    column   of the roster that takes the scores
    due      as the gradebook's duedate has it
    """

    paths: tuple[Path, ...]
    out: Path
    lesson: str = ""
    roster: Roster = Roster()
    anybody: bool = False
    limits: Limits = USUAL
    jobs: int = 1
    column: str = ""
    due: str = ""


@dataclass
class Graded:
    """entries in the order of the gradebook; surveys: one for each assignment; pairs: of entries that are alike."""

    entries: list[Entry] = field(default_factory=list)
    surveys: list[Survey] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    beside: dict[str, list[Row]] = field(default_factory=dict)  # key of a row -> findings beside the rest of the class
    judged: int = 0  # those that were not there from an earlier call


Progress = Callable[[int, int], None]


def grade(order: Order, progress: Progress = lambda done, of: None, executor: Executor | None = None,
          ship: Callable[[dict[str, Any]], dict[str, Any]] = lambda job: job) -> tuple[Graded, Results]:  # fmt: skip
    """Judge all hand-ins that aren't yet in the results. Raises UsageError; nothing in a hand-in raises.

    progress is called with how many are done, of how many. executor: what the jobs run on, threads with a child each
    when None; ship: makes a job ready for a machine that does not see the files.
    """
    hand_ins = collect(order.paths, order.limits, order.out)
    known = known_lessons(_own(order.lesson))
    whose = [known_as(one, order.roster, order.anybody) for one in hand_ins]
    lessons = {one.assignment: _lesson(one.assignment, order, known) for one, _ in whose}
    results = Results(order.out / RESULTS)
    jobs: dict[str, HandedIn] = {}
    keys = []
    for one, _ in whose:
        keys.append(key_of(_job(one, lessons, order, known)))
        if keys[-1] not in results:
            jobs[keys[-1]] = one
    progress(len(set(keys)) - len(jobs), len(set(keys)))
    made = ((key, ship(_job(one, lessons, order, known))) for key, one in jobs.items())
    _run(made, executor, order.jobs, results, lambda done: progress(len(set(keys)) - len(jobs) + done, len(set(keys))))
    graded = _graded(list(zip(whose, keys, strict=True)), lessons, order, known, results)
    graded.judged = len(jobs)
    return graded, results


def _own(lesson: str) -> tuple[str, ...]:
    """A lesson that is named by a folder or a package; shipped ones are known anyhow."""
    return (lesson,) if lesson and not is_fault(lesson) else ()


def _lesson(assignment: str, order: Order, known: dict[str, Path]) -> str:
    """The name of the lesson that counts in an assignment; '' when only the hand-ins can tell."""
    if order.lesson:
        return order.lesson if is_fault(order.lesson) else find_lesson(order.lesson).name
    return assignment if assignment in known or is_fault(assignment) else ""


def _job(one: HandedIn, lessons: dict[str, str], order: Order, known: dict[str, Path]) -> dict[str, Any]:
    lesson = lessons[one.assignment]
    job = one.as_job(lesson, _own(order.lesson), order.limits.seconds, order.limits.megabytes)
    found = lesson_of(known, lesson, "") if lesson else None
    return job | {"edition": edition(found) if found else ""}


def _run(jobs: Iterator[tuple[str, dict[str, Any]]], executor: Executor | None, number: int, results: Results,
         progress: Callable[[int], None]) -> None:  # fmt: skip
    """All jobs, a few at a time; rows are stored as they come."""
    pool = executor or ThreadPoolExecutor(number)
    running: dict[Future[Row], tuple[str, dict[str, Any]]] = {}
    done = 0
    try:
        while True:
            for key, job in jobs:
                running[pool.submit(judged, job)] = (key, job)
                if len(running) >= WAITING * number:
                    break
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                key, job = running.pop(future)
                results.put(key, _row(future, job))
                done += 1
            progress(done)
    except BaseException:  # a full disk, ^C: nobody waits for what is under way
        for future in running:
            future.cancel()
        end_all()
        raise
    finally:
        if executor is None:
            pool.shutdown(wait=False, cancel_futures=True)


def _row(future: Future[Row], job: dict[str, Any]) -> Row:
    """What came back; where a cluster lost a job for good, it is done here."""
    try:
        return future.result()
    except Exception:
        if "parts" not in job:
            raise
        return judged(job)


# -- what the rows come to --------------------------------------------------------------------------------------------


def _graded(whose: Sequence[tuple[tuple[HandedIn, Person], str]], lessons: dict[str, str], order: Order,
            known: dict[str, Path], results: Results) -> Graded:  # fmt: skip
    lessons = lessons | _attended([(one, key) for (one, _), key in whose if not lessons[one.assignment]], results)
    entries = []
    for (one, person), key in whose:
        lesson = lessons[one.assignment]
        row = results.row(key)
        mine = next((found for found in row["lessons"] if found["lesson"] == lesson), None)
        worth = mine["points"] if mine else _points(known, lesson)
        person = person if person.id else replace(person, id=_called(row) or one.key)
        entries.append(Entry(person, one.assignment or lesson, lesson, mine["earned"] if mine else 0.0, worth, key,
                             one.key, one.timestamp, one.late))  # fmt: skip
    assignments = list(dict.fromkeys((one.assignment, one.lesson, one.points) for one in entries))
    have = {(one.assignment, one.person.id) for one in entries}
    for name, lesson, worth in {name: (name, lesson, worth) for name, lesson, worth in assignments}.values():
        missing = [one for one in order.roster.people if (name, one.id) not in have]
        entries += [Entry(person, name, lesson, 0.0, worth) for person in missing]
    graded = Graded(books.best(entries))
    counted = Counter((entry.assignment, entry.person.id) for entry in entries)
    for entry in graded.entries:
        if (number := counted[entry.assignment, entry.person.id]) > 1:
            _add(graded, entry, [Finding(FindingKind.SEVERAL, fields={"number": number})])
    _beside(graded, results, known, order.anybody)
    return graded


def _attended(unknown: list[tuple[HandedIn, str]], results: Results) -> dict[str, str]:
    """assignment -> the lesson that most of its hand-ins are of; '' when none is of any."""
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one, key in unknown:
        counted[one.assignment].update({lesson["lesson"] for lesson in results.row(key)["lessons"]})
    return {one.assignment: min(counted[one.assignment], key=lambda n: (-counted[one.assignment][n], n), default="")
            for one, _ in unknown}  # fmt: skip


def _points(known: dict[str, Path], lesson: str) -> float:
    found = lesson_of(known, lesson, "") if lesson else None
    return sum(task.points for task in found.tasks) if found else 0.0


def _called(row: Row) -> str:
    """Whoever the work says it is by, when it says one name."""
    return str(row["claimed"][0]) if len(row["claimed"]) == 1 else ""


def _beside(graded: Graded, results: Results, known: dict[str, Path], anybody: bool) -> None:
    """One walk over all rows: what the class did, who did the same, whose name stands twice."""
    surveys: dict[str, Survey] = {}
    prints: defaultdict[str, Prints] = defaultdict(Prints)
    claimed: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, one in enumerate(graded.entries):
        survey = surveys.setdefault(one.assignment, Survey(one.assignment, one.lesson))
        survey.people += 1
        if one.key:
            row = results.row(one.key)
            survey.add(row, one.earned, one.points)
            prints[one.assignment].add(number, row)
            for student in row["claimed"] if not anybody else ():
                claimed[one.assignment, student].append(number)
            names = [one.person.id, one.person.last, one.person.first, one.person.email]
            _add(graded, one, list(active(names)))
    graded.surveys = list(surveys.values())
    for survey in graded.surveys:
        graded.pairs += prints[survey.assignment].pairs(_usual(survey.lesson, known))[:SHOWN]
    for (_, student), owners in claimed.items():
        for number in owners if student and len(owners) > 1 else ():
            other = graded.entries[next(n for n in owners if n != number)].person.id
            fields = {"student": student, "other": other}
            _add(graded, graded.entries[number], [Finding(FindingKind.SAME_STUDENT, fields=fields)])
    for pair in graded.pairs:
        both = graded.entries[pair.one], graded.entries[pair.other]
        _add(graded, both[0], [_alike(pair, both[1].person.id)])
        _add(graded, both[1], [_alike(pair, both[0].person.id)])


def _alike(pair: Pair, other: str) -> Finding:
    if pair.sessions:
        return Finding(FindingKind.SAME_SESSION, pair.sessions[0], {"session": pair.sessions[0], "other": other})
    return Finding(FindingKind.ALIKE, fields={"percent": round(pair.share * 100), "other": other})


def _add(graded: Graded, one: Entry, findings: list[Finding]) -> None:
    if findings:
        graded.beside.setdefault(one.key, []).extend(map(finding_data, findings))


def _usual(name: str, known: dict[str, Path]) -> frozenset[int]:
    """Prints of what the lesson itself has its students type."""
    lesson = lesson_of(known, name, "") if name else None
    found: frozenset[int] = frozenset()
    if lesson is not None:
        for file in solutions(lesson):
            rows = (row for row in lesson_script(lesson, file).splitlines() if row.strip() and row[:1] != ";")
            found |= marks_of(replaced(row, own_names(lesson)) for row in rows)
    return found


# -- files ------------------------------------------------------------------------------------------------------------


def findings_of(graded: Graded, one: Entry, row: Row) -> list[Row]:
    """All that was found in a hand-in, by itself and beside the others."""
    return [*row["findings"], *graded.beside.get(one.key, ())]


def evidence(graded: Graded, results: Results) -> Iterator[dict[str, Any]]:
    """The pairs that are alike, with what each did side by side."""
    for pair in graded.pairs:
        one, other = (graded.entries[number] for number in (pair.one, pair.other))
        rows = results.row(one.key), results.row(other.key)
        yield {
            "one": one.person.id, "other": other.person.id, "assignment": one.assignment, "share": pair.share,
            "common": pair.common, "sessions": list(pair.sessions),
            "beside": [list(line) for line in beside(*rows)],
        }  # fmt: skip


def people(graded: Graded, results: Results) -> Iterator[dict[str, Any]]:
    """The overview's rows: who earned what, and what was found."""
    for one in graded.entries:
        row = results.row(one.key) if one.key else None
        mine = next((lesson for lesson in row["lessons"] if lesson["lesson"] == one.lesson), None) if row else None
        yield {
            "assignment": one.assignment, "student": one.person.id, "earned": one.earned, "points": one.points,
            "name": f"{one.person.first} {one.person.last}".strip(), "handed_in": bool(one.key),
            "tasks": [{"done": t["done"], "earned": t["earned"]} for t in mine["tasks"]] if mine else [],
            "minutes": round(mine["seconds"] / 60) if mine else None,
            "findings": findings_of(graded, one, row) if row else [],
        }  # fmt: skip


def write_books(graded: Graded, results: Results, order: Order, language: str) -> list[Path]:
    """The gradebook's files in the order's folder. UsageError when one can't be written."""
    out = order.out
    files = [out / name for name in ("gradebook.csv", "findings.csv", "class.json", "alike.json", OVERVIEW)]
    books.write(files[0], books.table(books.gradebook(graded.entries, order.due)))
    books.write(files[1], books.table(_findings(graded, results, language)))
    told = {"assignments": [survey.data() for survey in graded.surveys]}
    books.write(files[2], json.dumps(told, ensure_ascii=True, indent=1) + "\n")
    books.write(files[3], json.dumps(list(evidence(graded, results)), ensure_ascii=True, indent=1) + "\n")
    page = overview(told["assignments"], people(graded, results), evidence(graded, results), language)
    books.write(files[4], page)
    if order.roster.kind in ("canvas", "moodle"):
        files.append(out / f"{order.roster.kind}.csv")
        books.write(files[-1], books.table(_one_assignment(graded, order)))
    return [*files, *_gradescope(graded, results, out / "gradescope", language)]


def _one_assignment(graded: Graded, order: Order) -> list[list[str]]:
    if len(graded.surveys) > 1:
        names = ", ".join(survey.assignment for survey in graded.surveys)
        raise UsageError("an export of a learning platform is of one assignment, and these are several: {names}",
                         hint="Grade them one after the other.", names=names)  # fmt: skip
    return books.filled(order.roster, graded.entries, order.column)


def _findings(graded: Graded, results: Results, language: str) -> Iterator[Sequence[str]]:
    yield ("assignment", "student_id", "kind", "blames", "text")
    for one in graded.entries:
        for found in findings_of(graded, one, results.row(one.key)) if one.key else ():
            blames = "" if found["note"] else "yes"
            yield (one.assignment, one.person.id, found["kind"], blames, found["text"][language])


def _gradescope(graded: Graded, results: Results, folder: Path, language: str) -> list[Path]:
    """results.json of each submission of an export."""
    written = []
    for one in graded.entries:
        if one.platform.startswith("submission_") and one.key:
            row = results.row(one.key)
            told = row | {"findings": findings_of(graded, one, row)}
            books.write(folder / f"{one.platform}.json", books.gradescope(one, told, language))
            written = [folder]
    return written
