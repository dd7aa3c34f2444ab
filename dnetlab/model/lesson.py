"""A lesson as values: what it says in two languages, what one predicts, what one does, and how that is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dnetlab.model.releases import RELEASES
from dnetlab.model.topology import Topology

FEATURES = ("ipvlan", "IPVS")  # what a cell of a lesson may need of the hosts' kernel; not every kernel has them


@dataclass(frozen=True)
class Text:
    """The same thing said in English and in Chinese."""

    en: str
    zh: str

    def __getitem__(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Check:
    """One question to the lab, as data: a kind of `dnetlab.checks.kinds`, and its fields as lesson.toml has them.

    weight   its share of the task's points; 0: a condition without which none of the others earns anything
    negated  True: it shall not be so (`not = true`)
    engine   'docker' when only a real engine can judge it, else ''
    """

    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0
    negated: bool = False
    engine: str = ""


@dataclass(frozen=True)
class Wrong:
    """A wrong answer that is known: it is recognised when all of `when` hold, and then gets its own hint."""

    name: str
    when: tuple[Check, ...]
    hint: Text


@dataclass(frozen=True)
class Task:
    """Something to do by typing commands. needs: ids of tasks that come first; hints: each says a little more."""

    id: str
    title: Text
    text: Text
    checks: tuple[Check, ...]
    points: float = 1.0
    needs: tuple[str, ...] = ()
    hints: tuple[Text, ...] = ()
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True)
class Choice:
    """because: why it isn't the right one, said once it was chosen; None when there is nothing to say."""

    id: str
    text: Text
    because: Text | None = None


@dataclass(frozen=True)
class Prediction:
    """A question asked before one looks. choices () means that the answer is typed.

    right    ids of the choices, or typed answers, that are right; spaces, case and full-width characters don't matter
    explain  said once the prediction was made
    is_answer  True: asked after the work (a diagnosis), so it is judged by a check and not only compared
    named      of an answer in one's own words: groups of words, and it is right when it has one of each group
    """

    id: str
    question: Text
    right: tuple[str, ...]
    explain: Text
    choices: tuple[Choice, ...] = ()
    is_answer: bool = False
    named: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Lesson:
    """A folder of text, read.

    name      the folder's: '04-isolation'
    docker    the release that its page runs on, '' for the one everybody has
    numbers   what each student's text, commands and checks are filled in with: {'net_a': 'my_net1', …}
    student   whose numbers these are; '' for the notes' own
    folder    where its start.dnet, solution*.dnet, wrong/*.dnet and page.md lie
    shape     the lab that its lab.toml describes; None for the usual one
    scripts   of a lesson that lies in no folder: its files' names and texts
    is_broken  its tasks begin in a lab that worked (before.dnet) and was broken before one gets it (break.dnet)
    """

    name: str
    title: Text
    goals: tuple[Text, ...]
    folder: Path
    minutes: int = 30
    releases: tuple[str, ...] = RELEASES
    docker: str = ""
    student: str = ""
    numbers: Mapping[str, str | int] = field(default_factory=dict)
    predictions: tuple[Prediction, ...] = ()
    tasks: tuple[Task, ...] = ()
    shape: Topology | None = None
    scripts: Mapping[str, str] = field(default_factory=dict)
    is_broken: bool = False

    @property
    def opens_by(self) -> str:
        """What opens it again: its folder, or the name of one that lies in none."""
        return self.name if self.scripts else str(self.folder)


    def task(self, name: str) -> Task | None:
        """By id, or by its number from 1; None when there is none."""
        return next((t for n, t in enumerate(self.tasks, 1) if name in (t.id, str(n))), None)

    def prediction(self, name: str) -> Prediction | None:
        return next((p for n, p in enumerate(self.predictions, 1) if name in (p.id, str(n))), None)
