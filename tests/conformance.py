"""Does the simulator answer as a real engine did? Recordings are replayed line by line and compared by shape.

    python tests/conformance.py tests/recordings/29.7/*.jsonl       prints every difference and a count

A recording is JSON Lines as `dnetlab run --json` writes them, with the release that answered in its folder's name.
What no engine answers the same way twice is known in dnetlab/commands/transcript.py, the few differences that remain
in tests/recordings/differences.toml, each with its reason.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dnetlab.commands.transcript import (
    LINKDOWN,
    ONE_OF_ITS_NETWORKS,
    has_no_order,
    is_reattached,
    plug_numbers,
    same,
)
from dnetlab.engines.simulator import Simulator
from dnetlab.model import Line, Output, Prompt, Snapshot, Topology

DIFFERENCES = Path(__file__).resolve().parent / "recordings" / "differences.toml"
HEXADECIMAL = re.compile(r"(?<![\w/.:-])[0-9a-f]{1,12}(?![\w/.:-])")
# curl's "empty reply" and "connection reset": docker-proxy that can't reach its container closes the connection, and
# whether curl's request was there before that decides which (observed both ways on 28.5.2).
CUT_OFF = {52, 56}
WATCHED = 20  # lines after a bridge's last port went, within which the kernel may not have seen it (about a second)


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


@dataclass(frozen=True)
class Answer:
    """What an engine said to one line."""

    command: str
    host: str
    stdout: str
    stderr: str
    exit_code: int
    answer: str | None = None

    @property
    def line(self) -> Line:
        inside = self.host == "box"
        prompt = Prompt.TERMINAL if inside else Prompt.HOST
        return Line(0, self.command, "docker1" if inside else self.host, prompt=prompt, answer=self.answer)


def load(path: Path) -> list[Answer]:
    """The answers of a recording, in order."""
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    keys = ("command", "host", "stdout", "stderr", "exit_code")
    return [Answer(**{key: row[key] for key in keys}, answer=row.get("answer")) for row in rows]


class Situation:
    """What has happened so far in a script, seen on the simulator: it tells which words of an answer are settled."""

    def __init__(self, release: str) -> None:
        self.release = release
        self.restarted = self.reattached = False
        self.lost: dict[str, int] = {}  # address of a bridge -> lines since its last port went
        self.ids: list[str] = []

    def saw(self, command: str, before: Snapshot, after: Snapshot, texts: Iterable[str]) -> None:
        """Take note of a line that ran."""
        self.restarted = self.restarted or "restart docker" in command
        self.reattached = self.reattached or (self.release >= "28" and is_reattached(command))
        self.lost = {address: age + 1 for address, age in self.lost.items() if age < WATCHED}
        for host in after.hosts:
            for link in after.namespace(host).interfaces:
                old = before.namespace(host).interface(link.name) if host in before.hosts else None
                if old is not None and old.carrier and not link.carrier and link.ipv4:
                    self.lost[str(link.ipv4[0].ip)] = 0
        for text in texts:
            self.ids += re.findall(r"\b[0-9a-f]{64}\b", text)

    def unordered(self, command: str) -> bool:
        # containerd's store lists images in Go's map order, each time another (29.7.2); the newer view is sorted
        images = self.release >= "29" and re.match(r"docker (images|image ls) -", command) is not None
        return images or has_no_order(command, self.restarted, self.reattached)

    def unsettled(self, command: str, before: Snapshot) -> list[str]:
        """Patterns of words without a fixed answer, as `dnetlab.commands.transcript.same` takes them."""
        patterns = plug_numbers(command, self.reattached)
        patterns += [LINKDOWN.format(address=re.escape(address)) for address in self.lost]
        if re.match(r"docker (re)?start\b", command):
            host = before.hosts["docker1"]
            container = host.container(command.split()[-1])
            troubled = [
                e for e in container.endpoints if e.configured_address or host.network(e.network) is None
            ] if container else []  # fmt: skip
            modeless = container is not None and any(e.network == container.network_mode for e in troubled)
            if len(troubled) > 1 or (modeless and len(container.endpoints) > 1):
                patterns.append(ONE_OF_ITS_NETWORKS)
        return patterns

    def is_ambiguous(self, command: str, before: Snapshot, texts: Iterable[str]) -> bool:
        """Is a word of the line a hexadecimal name that no container has, and that may begin some random id?

        `docker rm c6` removes the container whose id begins with c6, on whichever engine has such a one. Ids that no
        command printed show in what docker inspect -f says of a thing that is no container.
        """
        names = {c.name for host in before.hosts.values() for c in host.containers} | {"df"}  # docker system df
        words = [w for w in HEXADECIMAL.findall(command) if w not in names and not w.isdigit()]
        inspected = command.startswith("docker inspect") and any("template parsing error" in text for text in texts)
        return bool(words) and (inspected or any(i.startswith(w) for i in self.ids for w in words))


def mismatches(
    number: int, recording: str, real: Answer, output: Output, where: Situation, before: Snapshot
) -> list[Mismatch]:
    """How one answer differs from the real one; [] when it doesn't."""
    found: list[Mismatch] = []

    def differs(about: str, expected: object, simulated: object) -> None:
        found.append(Mismatch(recording, number, real.command, about, str(expected), str(simulated)))

    if output.refused:
        differs("refused", real.stdout + real.stderr, output.refused)
        return found
    if {output.exit_code, real.exit_code} not in ({real.exit_code}, CUT_OFF):
        differs("exit", real.exit_code, output.exit_code)
    unordered, unsettled = where.unordered(real.command), where.unsettled(real.command, before)
    for about, expected, simulated in (
        ("stdout", real.stdout, output.stdout),
        ("stderr", real.stderr, output.stderr),
    ):
        if not same(expected, simulated, unordered, unsettled):
            differs(about, expected, simulated)
    return found


def compare_answers(
    answers: list[Answer], release: str, recording: str = "", shape: Topology | None = None
) -> list[Mismatch]:
    """Put the lines to a fresh simulator; [] when every answer is the same. Ends at a line that is ambiguous."""
    engine, where = Simulator(release, topology=shape), Situation(release)
    found: list[Mismatch] = []
    for number, real in enumerate(answers, 1):
        before = engine.snapshot()
        output = engine.run(real.line)
        texts = (real.stdout, real.stderr, output.stdout, output.stderr)
        rows = mismatches(number, recording, real, output, where, before)
        if rows and not output.refused and where.is_ambiguous(real.command, before, texts):
            break
        found += rows
        where.saw(real.command, before, engine.snapshot(), texts)
    return found


def compare(path: Path, release: str | None = None) -> list[Mismatch]:
    """Replay a recording on a fresh simulator of its release; [] when every answer is the same by shape."""
    return compare_answers(load(path), release or path.parent.name, path.name)


def named_differences() -> list[dict[str, object]]:
    """The known differences: recording 'RELEASE/FILE', number of the line, what, reason."""
    return tomllib.loads(DIFFERENCES.read_text(encoding="utf-8")).get("difference", [])


def unnamed(path: Path, found: list[Mismatch]) -> list[Mismatch]:
    """The mismatches that differences.toml doesn't name."""
    release = path.parent.name
    known = {(row["release"], row["recording"], row["line"]) for row in named_differences()}
    return [m for m in found if (release, path.stem, m.number) not in known]


def unnamed_fields(rows: list[str]) -> list[str]:
    """The differing fields of snapshots that differences.toml doesn't name."""
    known = tomllib.loads(DIFFERENCES.read_text(encoding="utf-8")).get("field", [])
    return [row for row in rows if not any(re.search(field["pattern"], row) for field in known)]


def main(names: list[str]) -> int:
    total = commands = 0
    for name in names:
        path = Path(name)
        found = unnamed(path, compare(path)) if path.is_relative_to(DIFFERENCES.parent) else compare(path)
        commands += len(load(path))
        total += len(found)
        for mismatch in found:
            print(mismatch)
    print(f"{total} differences in {commands} commands of {len(names)} recordings")
    return 1 if total else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
