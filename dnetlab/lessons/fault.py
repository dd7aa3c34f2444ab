"""Labs that were broken on purpose, one for each student and seed: a lesson made up of a stage and a kind of fault.

    fault-7                the kind that seed 7 draws for this student
    fault-7-level-2        of that difficulty: 1 shows at a glance, 2 takes two looks, 3 misleads
    fault-dead-proxy-7     this kind, with the names and numbers that seed 7 draws

`faults/stages/*.toml` are labs that work, `faults/kinds/*.toml` break them, each with lines of commands. A lesson of
two tasks comes out: say what it is, and mend it so that the lab is as it was before.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.lessons.numbers import draw, fill
from dnetlab.lessons.values import hold, lesson_of
from dnetlab.model import Lesson, default_topology, parse_topology
from dnetlab.model.journal import Attend, Event

FOLDER = Path(__file__).resolve().parent / "faults"
LEVELS = (1, 2, 3)
OFFERED = 5  # what it might be, the fault among them
_NAME = re.compile(r"fault-(?:(?P<kind>[a-z][a-z-]*)-)?(?P<seed>\d{1,9})(?:-level-(?P<level>\d))?")


@dataclass(frozen=True)
class Kind:
    """A kind of fault, as its file has it. data: its table."""

    name: str
    level: int
    stage: str
    data: Mapping[str, Any]


@cache
def kinds() -> tuple[Kind, ...]:
    """All kinds of faults, by name."""
    read = {path.stem: _table(path) for path in sorted((FOLDER / "kinds").glob("*.toml"))}
    return tuple(Kind(name, data["level"], data["stage"], data) for name, data in read.items())


def _table(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def is_fault(name: str) -> bool:
    """Whether a lesson's name is that of a fault."""
    return name.startswith("fault-")


def fault_name(what: str = "", seed: int = 1, level: int | None = None) -> str:
    """The lesson's name for a kind ('' for one that the seed draws), a seed and a level."""
    return f"fault-{f'{what}-' if what else ''}{seed}" + (f"-level-{level}" if level else "")


def seed_of(name: str) -> int:
    """The seed in a fault's name; 0 for another lesson's."""
    parts = _NAME.fullmatch(name)
    return int(parts["seed"]) if parts else 0


def next_seed(events: Sequence[Event]) -> int:
    """One more than the highest that was begun."""
    return 1 + max((seed_of(e.lesson) for e in events if isinstance(e, Attend) and e.started), default=0)


def read_fault(name: str, student: str = "") -> Lesson:
    """The broken lab of that name with that student's numbers, the same for ever. Raises UsageError for no such one."""
    kind, seed = _chosen(name, student)
    stage, common = _table(FOLDER / "stages" / f"{kind.stage}.toml"), _table(FOLDER / "common.toml")
    numbers = draw(stage.get("numbers", {}), f"{student}\0{seed}", kind.name)
    letters = _offer(kind, f"{student}\0{seed}")
    filled = fill({"kind": kind.data, "stage": stage, "common": common}, {**numbers, "number": seed})
    right = next(letter for letter, one in letters.items() if one is kind)
    choices = [{"id": letter, "text": one.data["cause"]} for letter, one in letters.items()]
    data = _lesson_table(filled["common"], filled["stage"], filled["kind"], choices, right)
    hold(data, name)
    shape = parse_topology(stage["lab"]) if "lab" in stage else default_topology()
    scripts = _scripts(filled["stage"], filled["kind"], right)
    return lesson_of(data, name, FOLDER, student, {}, shape, scripts, is_broken=True)


def _chosen(name: str, student: str) -> tuple[Kind, int]:
    """The kind that the name says, or that its seed draws."""
    parts = _NAME.fullmatch(name)
    if parts is None or (parts["level"] and (parts["kind"] or int(parts["level"]) not in LEVELS)):
        raise UsageError("{name!r} is no fault's name", name=name,
                         hint="Such names are fault-7, fault-7-level-2, fault-dead-proxy-7.")  # fmt: skip
    seed = int(parts["seed"])
    if parts["kind"]:
        return kind_called(parts["kind"]), seed
    fitting = [k for k in kinds() if parts["level"] in (None, str(k.level))]
    return fitting[_chance(student, str(seed), parts["level"] or "") % len(fitting)], seed


def kind_called(name: str) -> Kind:
    found = next((kind for kind in kinds() if kind.name == name), None)
    if found is None:
        known = ", ".join(kind.name for kind in kinds())
        raise UsageError("there is no fault of the kind {kind!r}", hint="The kinds are: {known}.", kind=name,
                         known=known)  # fmt: skip
    return found


def _chance(*words: str) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(words).encode()).digest()[:8], "big")


def _offer(kind: Kind, chance: str) -> dict[str, Kind]:
    """Letter -> what it might be: the fault, and others that it can't be taken for, those of its stage first."""
    others = (k for k in kinds() if k is not kind and k.name not in kind.data.get("close", ()))
    ranked = sorted(others, key=lambda one: (one.stage != kind.stage, _chance("offer", chance, kind.name, one.name)))
    shown = [kind, *ranked[: OFFERED - 1]]
    return dict(zip("abcde", sorted(shown, key=lambda one: _chance("order", chance, kind.name, one.name)), strict=True))


def _lesson_table(
    common: dict[str, Any], stage: dict[str, Any], kind: dict[str, Any], choices: list[dict[str, Any]], right: str
) -> dict[str, Any]:  # fmt: skip
    """What a lesson.toml would hold. right: the choice that is the fault."""
    explain = kind["explain"]
    return {
        "title": common["title"], "goals": common["goals"], "minutes": common["minutes"],
        "predictions": [
            {"id": "cause", "answer": True, **common["cause"], "choices": choices, "right": [right],
             "explain": explain},
            {"id": "words", "answer": True, **common["words"], "right": [explain["en"]], "explain": explain,
             "named": [[str(word) for word in group] for group in kind["named"]]},
        ],
        "tasks": [_diagnose(common["diagnose"]), _repair(common["repair"], stage, kind)],
    }  # fmt: skip


def _diagnose(task: dict[str, Any]) -> dict[str, Any]:
    checks = [{"kind": "answer", "question": "cause", "weight": 2}, {"kind": "answer", "question": "words"}]
    return {"id": "diagnose", **task, "checks": checks}


def _repair(task: dict[str, Any], stage: dict[str, Any], kind: dict[str, Any]) -> dict[str, Any]:
    """What nobody can see by asking who reaches whom has checks of its own; else that is the check."""
    own = kind.get("checks", [])
    checks = [
        *own, {"kind": "nothing_lost", "weight": 0 if own else 1}, {"kind": "nothing_opened", "weight": 0},
        {"kind": "rules_kept", "weight": 0},
    ]  # fmt: skip
    said = {lang: " ".join((stage["story"][lang], kind["symptom"][lang], task["goal"][lang])) for lang in ("en", "zh")}
    wrong = [*kind.get("wrong", ()), *(w for w in stage.get("wrong", ()) if "hint" in w), *task["wrong"]]
    known = [{key: value for key, value in one.items() if key != "do"} for one in wrong]
    hints = [*task["hints"], *kind["hints"]]
    return {
        "id": "repair", "title": task["title"], "points": task["points"], "text": said, "checks": checks,
        "hints": hints, "wrong": known,
    }  # fmt: skip


def _scripts(stage: dict[str, Any], kind: dict[str, Any], right: str) -> dict[str, str]:
    """The files that a folder would hold: the lab that works, how it breaks, how it is mended, how it isn't."""
    answers = f"; answer: cause {right}\n; answer: words {kind['explain']['en']}\ndocker ps\n\n"
    found = {"before.dnet": stage["before"].strip() + "\n", "break.dnet": kind["breaks"].strip() + "\n"}
    for number, repair in enumerate(kind["repairs"], 1):
        file = "solution.dnet" if number == 1 else f"solution-{number}.dnet"
        found[file] = answers + repair.strip() + "\n"
    for one in (*kind.get("wrong", ()), *stage.get("wrong", ())):
        found[f"wrong/{one['id']}.dnet"] = f"; task: repair, hint: {one['id']}\n{one['do'].strip()}\n"
    return found
