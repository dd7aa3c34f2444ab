"""The same lines on a real engine and on the simulator, with what each side answered and was left with."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conformance import Answer, Mismatch, Situation, mismatches, unnamed_fields  # noqa: E402
from snapshots import differences  # noqa: E402

from dnetlab.commands.cell import parse_cell  # noqa: E402
from dnetlab.engines.docker import DockerEngine  # noqa: E402
from dnetlab.engines.providers.namespaces import NamespaceHosts  # noqa: E402
from dnetlab.engines.simulator import Simulator  # noqa: E402


@dataclass(frozen=True)
class Run:
    """answers: the real engine's; found: how the simulator's differ; fields: 'after line N: …' of each field of a
    snapshot that differed first there; looks: how many pairs of snapshots were compared."""

    answers: list[Answer]
    found: list[Mismatch]
    fields: list[str]
    looks: int = 0

    @property
    def agrees(self) -> bool:
        return not self.found and not self.fields

    def report(self) -> str:
        return "\n".join([*map(str, self.found), *self.fields])


def run_both(text: str, release: str, name: str = "script", every: int = 5) -> Run:
    """Run a script on a fresh lab of real hosts and on a fresh simulator, side by side.

    Snapshots are compared after every `every` lines and at the end (0: never). Real machines have races: a process
    that has not quite ended, a socket that is not open yet. So a divergence counts when a second fresh lab diverges
    as well; one that the simulator is to blame for always does, because the simulator never answers otherwise."""
    run = _run_once(text, release, name, every)
    return run if run.agrees else _run_once(text, release, name, every)


def _run_once(text: str, release: str, name: str, every: int) -> Run:
    lines = parse_cell(text)
    daemons = tuple(h for h in ("docker1", "docker2") if h == "docker1" or any(line.host == h for line in lines))
    answers: list[Answer] = []
    found: list[Mismatch] = []
    fields: dict[str, str] = {}
    looks = 0
    with NamespaceHosts(release, daemons=daemons) as lab:
        real, simulator, where = DockerEngine(release, hosts=lab), Simulator(release), Situation(release)
        before = simulator.snapshot()
        for number, line in enumerate(lines, 1):
            said = real.run(line)
            host = "box" if said.line.container else line.host
            answer = Answer(line.text, host, said.stdout, said.stderr, said.exit_code, line.answer)
            answers.append(answer)
            output = simulator.run(line)
            texts = (said.stdout, said.stderr, output.stdout, output.stderr)
            rows = [] if said.refused and output.refused else mismatches(number, name, answer, output, where, before)
            if rows and where.is_ambiguous(line.text, before, texts):
                break
            found += rows
            after = simulator.snapshot()
            where.saw(line.text, before, after, texts)
            before = after
            if every and (number % every == 0 or number == len(lines)):
                looks += 1
                loose = where.restarted or where.reattached
                for row in unnamed_fields(differences(real.snapshot(), after, loose)):
                    fields.setdefault(row.partition(": ")[0], f"after line {number}, {line.text!r}: {row}")
        real.close()
    return Run(answers, found, list(fields.values()), looks)
