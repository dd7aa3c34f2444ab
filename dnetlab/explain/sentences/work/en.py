"""English: what is found in somebody's work ({fields} are those of the Finding), and the phrases of a report."""

from __future__ import annotations

from dnetlab.model.grade import FindingKind

FINDINGS = {
    FindingKind.UNREADABLE: "Row {row} of the journal can't be read.",
    FindingKind.INCOMPLETE: "Row {row} of the journal lacks something that every row of its kind has.",
    FindingKind.BROKEN: "The journal was changed: what stood before row {row} is another row now, or gone.",
    FindingKind.JOINED: "Row {row} begins a session that was recorded in another file.",
    FindingKind.NO_JOURNAL: "There is no journal of dnetlab in it.",
    FindingKind.NO_HEAD: "The row that says in which lab the session ran is lost, so it can't be run again.",
    FindingKind.TOO_BIG: "It is larger than {limit} MB, so it was not read.",
    FindingKind.OTHER_STUDENT: "It was done with the numbers of {student}, not of {expected}.",
    FindingKind.OTHER_LESSON: "It judges or answers in lesson {lesson}, which is not open there.",
    FindingKind.OTHER_LAB: "It was done in a lab of another shape, so it was not run again.",
    FindingKind.UNKNOWN_LESSON: "There is no lesson {lesson} here.",
    FindingKind.UNKNOWN_RELEASE: "There is no release {release} of Docker here, so it was not run again.",
    FindingKind.NOT_BEGUN: "Task {task} was judged in a lab that the lesson does not begin with.",
    FindingKind.GOES_ON_FROM_NOTHING: "It goes on from session {before}, which is not there.",
    FindingKind.OUTCOME: "`{what}` in cell {cell} is recorded with status {recorded}; run again, it is {found}.",
    FindingKind.REFUSED: "`{what}` in cell {cell} was refused by the lab only once: as it is recorded, or run again.",
    FindingKind.OUTPUT: "`{what}` in cell {cell} prints something else when it is run again.",
    FindingKind.JUDGED: "Task {task} is recorded as {recorded}; run again, it is {found}.",
    FindingKind.ANSWER: "The answer to {question} is not recorded as what it is.",
    FindingKind.GUESSED: "{question} was answered again sooner than the lab allows; that answer does not count.",
    FindingKind.NOT_POSSIBLE: "`{what}` in cell {cell} can't have been done there.",
    FindingKind.SCORE: "The report claims {recorded} points; run again, its journal earns {found}.",
    FindingKind.ACCOUNT: "The report tells something else than its journal does: {what}.",
    FindingKind.SIGNATURE: "The signature does not fit: the result was changed after it was signed, or by another key.",
    FindingKind.CLOCK: "The clock was set back by {seconds} seconds meanwhile.",
    FindingKind.OUT_OF_TIME: "It was stopped after {seconds} seconds; what it had earned by then counts.",
    FindingKind.OUT_OF_MEMORY: "It was stopped at {megabytes} MB of memory; what it had earned by then counts.",
    FindingKind.FAILED: "dnetlab itself failed over it; what it had earned by then counts. Please report it: {error}",
    FindingKind.OTHER_EDITION: "Lesson {lesson} has another text here than where the work was done.",
    FindingKind.OTHER_VERSION: "It was done with dnetlab {version} and run again with {here}.",
    FindingKind.OTHER_ENGINE: "It was done on engine {engine}; {number} lines or judgements came out otherwise here.",
    FindingKind.NEEDS_ENGINE: "Only a real engine can judge all of: {tasks}. `dnetlab verify --engine docker` does.",
}
PHRASES = {
    "verified": "{file}: {earned} of {points} points",
    "nothing found": "Run again, all of it comes out as it is recorded.",
    "nobody": "the page's own numbers",
}
