"""A check asks one question of the lab and answers passed, failed, or could not be judged, with what it expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from dnetlab.model.ip import IpAddress
from dnetlab.model.journal import Baseline
from dnetlab.model.lesson import Check, Task, Wrong
from dnetlab.model.line import Output
from dnetlab.model.snapshot import Snapshot
from dnetlab.model.where import Where


class Verdict(Enum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_JUDGED = "could not be judged"


def nobody_asked(snapshot: Snapshot, where: Where, name: str) -> IpAddress | None:
    """The lookup of evidence without any: no name has an address."""
    return None


@dataclass(frozen=True)
class Evidence:
    """All that a check may look at.

    snapshot  the lab now
    lookup    what a program in a place gets for a name; None for "bad address"
    outputs   what probes answered, by their line's text; a line that is missing here was not asked
    answers   prediction id -> whether the answer given is right; one that is missing was not given
    before    what the lab was like before it was broken; None for one that nobody broke
    now       what it is like now, where there is a before
    """

    snapshot: Snapshot
    lookup: Callable[[Snapshot, Where, str], IpAddress | None] = nobody_asked
    outputs: Mapping[str, Output] = field(default_factory=dict)
    answers: Mapping[str, bool] = field(default_factory=dict)
    before: Baseline | None = None
    now: Baseline | None = None


class Claim(Enum):
    """What a check expects. Its words, with {fields} filled in, stand in `dnetlab.explain.sentences`."""

    RUNS = "runs"
    STOPPED = "stopped"
    EXISTS = "exists"
    GONE = "gone"
    MODE = "mode"
    IMAGE = "image"
    ON_NETWORK = "on network"
    ONLY_ON = "only on"
    ADDRESS_ON = "address on"
    SHARES = "shares"
    RESOLVES = "resolves"
    RESOLVES_TO = "resolves to"
    NETWORK = "network"
    NO_NETWORK = "no network"
    NETWORK_HAS = "network has"
    REACHES = "reaches"
    CUT_OFF = "cut off"
    ROUTE = "route"
    DROPPED = "dropped"
    NOT_DROPPED = "not dropped"
    LINK = "link"
    PUBLISHED = "published"
    PROCESS = "process"
    NO_PROCESS = "no process"
    SYSCTL = "sysctl"
    CLEAN = "clean"
    ANSWER = "answer"
    SUCCEEDS = "succeeds"
    FAILS = "fails"
    OPPOSITE = "opposite"
    NOTHING_LOST = "nothing lost"
    NOTHING_OPENED = "nothing opened"
    RULES_KEPT = "rules kept"


class Found(Enum):
    """What a check saw."""

    AS_EXPECTED = "as expected"
    STATE = "state"
    NO_CONTAINER = "no container"
    IMAGE = "image"
    MODE = "mode"
    NETWORKS = "networks"
    ADDRESS = "address"
    OWN_NAMESPACE = "own namespace"
    BAD_ADDRESS = "bad address"
    RESOLVED = "resolved"
    NO_NETWORK = "no network"
    NETWORK = "network"
    ATTRIBUTE = "attribute"
    REACHED = "reached"
    NOT_REACHED = "not reached"
    SOMEBODY_ELSE = "somebody else"
    ROUTE = "route"
    NO_ROUTE = "no route"
    RULE_STOPS = "rule stops"
    NO_RULE_STOPS = "no rule stops"
    NO_PLACE = "no place"
    NO_ADDRESS = "no address"
    NO_HOST = "no host"
    NO_LINK = "no link"
    PROCESS = "process"
    NO_PROCESS = "no process"
    LEFT = "left"
    NOT_ANSWERED = "not answered"
    WRONG_ANSWER = "wrong answer"
    STATUS = "status"
    NOT_ASKED = "not asked"
    NO_BASELINE = "no baseline"
    OTHER_ENGINE = "other engine"
    LOST = "lost"
    OPENED = "opened"
    RULES_MISSING = "rules missing"
    NO_BEFORE = "no before"



@dataclass(frozen=True)
class Said:
    """A claim or a finding with what its {fields} are."""

    what: Claim | Found
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """What a kind of check answers. because: values that have words (a Cause, a Clue), () when the rest is all."""

    verdict: Verdict
    expected: Said
    found: Said
    because: tuple[Any, ...] = ()


@dataclass(frozen=True)
class CheckResult:
    """A check of a task, judged."""

    check: Check
    verdict: Verdict
    expected: Said
    found: Said
    because: tuple[Any, ...] = ()


class Credit(Enum):
    """Why a task earned what it earned."""

    ALL = "all"  # every check holds
    PART = "part"  # some do
    NOTHING = "nothing"  # none does
    CONDITION = "condition"  # a condition (weight 0) does not hold, so nothing counts
    FIRST = "first"  # a task that comes first isn't done
    UNJUDGED = "unjudged"  # something could not be judged


@dataclass(frozen=True)
class TaskResult:
    """A task, judged.

    earned   points, at most task.points, rounded to 1/100
    credit   why so many
    waits    ids of the tasks that come first and aren't done; then nothing was judged
    wrong    the known wrong answer that this is, None when it is none
    """

    task: Task
    verdict: Verdict
    earned: float
    credit: Credit
    results: tuple[CheckResult, ...] = ()
    waits: tuple[str, ...] = ()
    wrong: Wrong | None = None

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.PASSED

    @property
    def holding(self) -> int:
        """How many checks hold."""
        return sum(r.verdict is Verdict.PASSED for r in self.results)
