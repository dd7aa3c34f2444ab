"""Does the simulator answer as a real engine did? Recordings are replayed line by line and compared by shape.

    python tests/conformance.py tests/recordings/29.7/*.jsonl       prints every difference and a count

A recording is JSON Lines as `dnetlab run --json` writes them, with the release that answered in its folder's name.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from dnetlab.commands.transcript import has_no_order, same
from dnetlab.engines.simulator import Simulator
from dnetlab.model import Line, Prompt


@dataclass(frozen=True)
class Mismatch:
    """A command whose answer differs: what it was about ('exit', 'stdout', 'stderr', 'refused') and both texts."""

    recording: str
    number: int
    command: str
    about: str
    real: str
    simulated: str

    def __str__(self) -> str:
        return (
            f"{self.recording}:{self.number}: {self.command}\n  {self.about}\n"
            f"    real:      {self.real!r}\n    simulated: {self.simulated!r}"
        )


def compare(path: Path, release: str | None = None) -> list[Mismatch]:
    """Replay a recording on a fresh simulator of its release; [] when every answer is the same by shape."""
    engine = Simulator(release or path.parent.name)
    found: list[Mismatch] = []
    restarted = False
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows, 1):
        inside = row["host"] == "box"
        prompt = Prompt.TERMINAL if inside else Prompt.HOST
        host = "docker1" if inside else row["host"]
        output = engine.run(Line(number, row["command"], host, prompt=prompt, answer=row.get("answer")))
        restarted = restarted or "restart docker" in row["command"]

        def differs(about: str, real: object, simulated: object, number: int = number, row: dict = row) -> None:
            found.append(Mismatch(path.name, number, row["command"], about, str(real), str(simulated)))

        if output.refused:
            differs("refused", row["stdout"] + row["stderr"], output.refused)
            continue
        if output.exit_code != row["exit_code"]:
            differs("exit", row["exit_code"], output.exit_code)
        for about, simulated in (("stdout", output.stdout), ("stderr", output.stderr)):
            if not same(row[about], simulated, has_no_order(row["command"], restarted)):
                differs(about, row[about], simulated)
    return found


def main(names: list[str]) -> int:
    total = commands = 0
    for name in names:
        path = Path(name)
        mismatches = compare(path)
        commands += len(path.read_text(encoding="utf-8").splitlines())
        total += len(mismatches)
        for mismatch in mismatches:
            print(mismatch)
    print(f"{total} differences in {commands} commands of {len(names)} recordings")
    return 1 if total else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
