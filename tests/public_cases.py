"""Scripts from public reports and lab sheets, with what real engines answered, held against the simulator.

    python tests/public_cases.py [RELEASE…]       prints every difference, and the figures

The scripts are in tests/cases/scripts (the first comment of each says where it comes from), the answers in
tests/cases/RELEASE.jsonl, recorded on Docker 20.10.24, 26.1.5 and 28.5.2. tests/cases/reasons.toml says of each
difference that is left why it is.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conformance import Answer, compare_answers  # noqa: E402

from dnetlab.model import Topology, default_topology  # noqa: E402

FOLDER = Path(__file__).resolve().parent / "cases"
RELEASES = ("20.10", "26.1", "28.5")


@dataclass(frozen=True)
class Difference:
    """A line whose answer is another than a real engine's. about: 'refused', 'exit', 'text'; reason '' without one."""

    release: str
    case: str
    number: int
    command: str
    about: str
    real: str
    simulated: str
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.release} {self.case}:{self.number}: {self.command}\n  {self.about} ({self.reason or 'no reason'})\n"
            f"    real:      {self.real!r}\n    simulated: {self.simulated!r}"
        )


@dataclass(frozen=True)
class Figures:
    """commands: all lines; refused: those that the lab refuses, and those that need what a refused one would have made;
    machine: those whose recorded answer is a fact of the recording machine; exit_status, text: of the rest, the share
    that is equal, 0 to 1."""

    commands: int
    refused: int
    machine: int
    exit_status: float
    text: float


LACKING = {"8021q": r"one-27|two-(c31|c51|w04)", "dummy": r"two-c0[38]"}


def shape_of(case: str) -> Topology:
    """The lab that a case is played in: the default one, with a kernel as the recording machine's where the case meets
    what that lacks. Others have VLANs on enp7s0, for which that machine had a stand-in."""
    lacks = tuple(module for module, cases in LACKING.items() if re.match(cases, case))
    return replace(default_topology(), kernel_lacks=lacks)


def load(release: str) -> dict[str, list[Answer]]:
    """case -> its answers in order."""
    found: dict[str, list[Answer]] = {}
    for row in map(json.loads, (FOLDER / f"{release}.jsonl").read_text(encoding="utf-8").splitlines()):
        answer = Answer(row["command"], row["host"], row["stdout"], row["stderr"], row["exit_code"])
        found.setdefault(row["scenario"], []).append(answer)
    return found


def reasons() -> list[dict[str, str]]:
    """The [[reason]] tables: case and command are regular expressions; kind is 'machine', 'refused' or not there."""
    found: list[dict[str, str]] = tomllib.loads((FOLDER / "reasons.toml").read_text(encoding="utf-8"))["reason"]
    return found


def reason_of(case: str, command: str, about: str) -> dict[str, str]:
    """The first reason that fits, {} for none; a refused line has its own."""
    if about == "refused":
        return {"why": "refused, in a sentence of the lab's own", "kind": "refused"}
    fits = (r for r in reasons() if re.search(r.get("case", ""), case) and re.search(r["command"], command))
    return next(fits, {})


@cache
def differences(release: str) -> tuple[Difference, ...]:
    """Replay every case of a release; a line stands here once, with what weighs most."""
    found = []
    for case, answers in load(release).items():
        by_line: dict[int, list] = {}
        for mismatch in compare_answers(answers, release, case, shape_of(case)):
            by_line.setdefault(mismatch.number, []).append(mismatch)
        for number, rows in by_line.items():
            kinds = {row.about for row in rows}
            about = "refused" if "refused" in kinds else "exit" if "exit" in kinds else "text"
            worst = next(row for row in rows if row.about == about or about == "text")
            why = reason_of(case, worst.command, about).get("why", "")
            found.append(Difference(release, case, number, worst.command, about, worst.real, worst.simulated, why))
    return tuple(found)


def figures(release: str, begins: str = "") -> Figures:
    """What the differences come to, of the cases whose name begins so: 'one-' of a host, 'two-' of several."""
    kinds: Counter[str] = Counter()
    for one in differences(release):
        if one.case.startswith(begins):
            kinds[reason_of(one.case, one.command, one.about).get("kind", one.about)] += 1
    commands = sum(len(answers) for case, answers in load(release).items() if case.startswith(begins))
    left = max(1, commands - kinds["refused"] - kinds["machine"])
    exits, texts = kinds["exit"], kinds["exit"] + kinds["text"]
    return Figures(commands, kinds["refused"], kinds["machine"], 1 - exits / left, 1 - texts / left)


def all_counted(release: str, begins: str = "") -> tuple[float, float]:
    """Exit status and text as shares of all lines: what is refused, and what is the recording machine's, differ."""
    found = [one for one in differences(release) if one.case.startswith(begins)]
    commands = sum(len(answers) for case, answers in load(release).items() if case.startswith(begins))
    return 1 - sum(one.about != "text" for one in found) / commands, 1 - len(found) / commands


def main(releases: list[str]) -> int:
    for release in releases or RELEASES:
        for one in differences(release):
            print(one)
        print(release, figures(release))
        print(release, "several hosts", figures(release, "two-"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
