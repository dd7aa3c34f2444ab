"""The same lines on a real engine and on the simulator, with what each side answered and was left with."""

from __future__ import annotations

import re
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
from dnetlab.model import Line, Output  # noqa: E402

# What a line leaves behind for a while. A person is slower than that; both sides wait for it, so that no answer depends
# on how fast the lines of a script follow one another. Observed on 28.5.2, Linux 6.18:
# - a question for a neighbour goes on for 3.06 s after the first packet, whoever gave up before; who asks again
#   meanwhile hears the end of that one (net/core/neighbour.c): `curl -m 2` ends with 28, and a second one with 7;
# - a router tells a host that there is no way for two tokens of five, and one comes back each second (net/ipv4/route.c
#   ip_error, icmp.c icmpv4_xrlim_allow): of seven curls at once two end with 7 and five with 28, two seconds apart all
#   with 7;
# - an IPv6 route learns up to 0.7 s after `docker rm -f` that its bridge has lost the last port; that of IPv4 at once.
WAIT = "sleep 2"
_ASKS = re.compile(r"(docker exec \S+ )?(curl|ping)\b")
_OF_THE_HOST_ITSELF = re.compile(r"172\.25\.254\.1\b|\[fd01::1\]|\[::1\]|127\.0\.0\.1")  # which answers at once
_SHOWS_ROUTES = re.compile(r"ip (-6 )?route( show)?( \||$)")


def leaves_a_question(line: Line, said: Output) -> bool:
    """Has it asked the network in vain?"""
    if not _ASKS.match(line.text) or _OF_THE_HOST_ITSELF.search(line.text):
        return False
    return said.exit_code in (7, 28) or said.exit_code == 1 and "packets transmitted" in said.stdout


def waits_before(line: Line, question: bool) -> bool:
    """Is there something left that this line would meet? question: an earlier one has asked in vain."""
    return bool(question and _ASKS.match(line.text)) or bool(_SHOWS_ROUTES.match(line.text))


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
        before, question = simulator.snapshot(), False
        for number, line in enumerate(lines, 1):
            if waits_before(line, question):
                real.run(Line(line.number, WAIT, line.host))
                simulator.run(Line(line.number, WAIT, line.host))
                answers.append(Answer(WAIT, line.host, "", "", 0))
                question = False
            said = real.run(line)
            question = question or leaves_a_question(line, said)
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
