"""The real docker command of this machine at the served simulator, beside our own command line in a lab of its own.

    python tests/serve/real_client.py [tests/recordings/28.5/pair_verbs.jsonl …]     prints every difference and a count

Without a name: all that 20.10, 26.1 and 28.5 answered (29.7's client has other words than the 28.2 of Debian), but for
the sessions of compose, which compose_plugin.py types.

Both labs run the recorded commands. A line that is one `docker …` goes to the real client in the one, to ours in the
other; everything else runs in both as it is, and what makes files on the machine of the real client, too (machine.py).
What may differ (ids, ages, names made up) is known in dnetlab/commands/transcript.py, what does and why in DIFFERS.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import pty
import re
import select
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from conformance import load  # noqa: E402
from machine import VISIBLE, Machine  # noqa: E402

from dnetlab.commands.transcript import has_no_order, same  # noqa: E402
from dnetlab.lab import Lab  # noqa: E402
from dnetlab.model import Output, Prompt  # noqa: E402
from dnetlab.model.changed import replace  # noqa: E402
from dnetlab.serve.thread import Served  # noqa: E402

DOCKER = shutil.which("docker")
# Words that a shell of any machine answers alike; a line of these and docker is the real client's as a whole.
_ANYWHERE = frozenset(("docker", "grep", "head", "tail", "sort", "wc", "cut", "sed", "tr", "cat", "echo", "uniq"))
_QUOTED = re.compile(r"'[^']*'|\"[^\"$`]*\"")
_BETWEEN = re.compile(r"\|\||&&|[|;\n]|\$\(")
_TO_FILE = re.compile(r"(?:[12]?>>?|<) ?(?:&[12]|/dev/null|/(?:tmp|root)/[\w./-]+)(?= |$)")
# What the client itself does on its machine, or says in words of its release: 28.2 is Debian's.
NOT_ITS_OWN = re.compile(r"docker( -v| version| (system )?info(?! -f| --format)| --version| context (ls|inspect)|$)")
RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"
EVERY = [str(path) for release in ("28.5", "26.1", "20.10") for path in sorted((RECORDINGS / release).glob("*.jsonl"))
         if not path.stem.startswith("compose_")]  # fmt: skip
_TIME = "a line takes a second of the lab's clock, a call of the real client the time that it takes"
_DOWN = "the door of a host whose daemon is down is there, and hangs up; a real socket is gone or lets nobody in"
_ALONE = "the client stands in a network namespace of its own, whose lo is down"
# (session, line) -> why the two may differ there; every other difference is a fault of one of them
DIFFERS = {
    ("pair_verbs", 105): _TIME, ("pair_v6_networks", 54): _TIME, ("pair_v6_daemon", 3): _DOWN,
    ("pair_live_restore", 20): _DOWN, ("pair_live_restore", 63): _DOWN, ("pair_live_restore", 109): _DOWN,
    ("pair_misspelt", 83): _ALONE,
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    stdout: str
    stderr: str
    exit_code: int


@dataclass(frozen=True)
class Difference:
    where: str
    command: str
    ours: Said
    real: Said

    @property
    def reason(self) -> str:
        """Why they may differ here, '' when nobody knows."""
        session, _, place = self.where.partition("/")[2].partition(":")
        return DIFFERS.get((session, int(place)), "")

    def __str__(self) -> str:
        """The command, and the lines that only one of the two said."""
        lines = [f"{self.where}: {self.command}"]
        if self.ours.exit_code != self.real.exit_code:
            lines.append(f"    exit status: ours {self.ours.exit_code}, real {self.real.exit_code}")
        for name in ("stdout", "stderr"):
            ours, real = getattr(self.ours, name).splitlines(), getattr(self.real, name).splitlines()
            lines += [f"    {line}" for line in list(difflib.unified_diff(ours, real, "ours", "real", "", "", 0))[2:]
                      if line[:1] in "+-"]  # fmt: skip
        return "\n".join(lines)


def is_for_the_client(command: str) -> bool:
    """Calls of docker, and of what any shell has beside it, that need no terminal."""
    if not command.startswith("docker ") or NOT_ITS_OWN.match(command):
        return False
    bare = _TO_FILE.sub("", _QUOTED.sub("Q", command))
    firsts = [(part.split() or [""])[0] for part in _BETWEEN.split(bare)]
    if re.search(r"[&<>$`'\"]", _BETWEEN.sub(" ", bare)) or not _ANYWHERE.issuperset(firsts):
        return False
    words = bare.split()
    return not any(re.fullmatch(r"-\w*t\w*", w) for w in words[1:4] if words[1] in ("run", "exec"))


def compare(path: Path) -> tuple[int, list[Difference]]:
    """How many commands went to the real client, and those that it was told something else for."""
    release = path.parent.name
    folder = Path(tempfile.mkdtemp(prefix="dnet", dir=VISIBLE))
    number, found = 0, []
    with (
        Lab(docker=release) as own, Lab(docker=release, clock=a_while_ago) as lab,
        lab.serve(folder, no_waiting=True, today=True) as doors, machines(doors) as at,
    ):  # fmt: skip
        for place, row in enumerate(load(path), 1):
            line = replace(row.line, number=place)
            ours = said(own._run(line))
            if row.line.prompt is Prompt.HOST and row.host in at and is_for_the_client(row.command):
                number += 1
                code, out, err = at[row.host].run(row.command, row.answer)
                theirs = Said(out, err, code)
                if not alike(row.command, ours, theirs):
                    found.append(Difference(f"{release}/{path.stem}:{place}", row.command, ours, theirs))
                continue
            lab._run(line)
            if row.line.prompt is Prompt.HOST and row.host in at:
                at[row.host].follow(row.command)
    shutil.rmtree(folder)
    return number, found


def a_while_ago() -> float:
    """The served lab's clock, ten minutes behind the client's: a line of the lab itself takes a second of it, and what
    the client asks for up to now has to have happened."""
    return time.time() - 600


@contextlib.contextmanager
def machines(doors: Served) -> Iterator[dict[str, Machine]]:
    """A machine with the real client for each host."""
    found = {host: Machine(url) for host, url in doors.urls.items()}
    try:
        yield found
    finally:
        for machine in found.values():
            machine.close()


def said(output: Output) -> Said:
    return Said(output.stdout, output.stderr + str(output.refused or ""), output.exit_code)


def alike(command: str, ours: Said, theirs: Said) -> bool:
    # the client puts a service's secrets into a Go map (docker/cli command/service/parse.go, ParseSecrets)
    unordered = has_no_order(command, False, False) or command.startswith("docker service inspect --pretty")
    return ours.exit_code == theirs.exit_code and all(
        same(mine, other, unordered=unordered)
        for mine, other in ((ours.stdout, theirs.stdout), (ours.stderr, theirs.stderr))
    )


class Terminal:
    """The real client at a real pseudo-terminal."""

    def __init__(self, url: str, command: str) -> None:
        self.pid, self._end = pty.fork()
        if not self.pid:
            os.execvpe("docker", shlex.split(command), {**os.environ, "DOCKER_HOST": url, "TERM": "xterm"})

    def until(self, wanted: str) -> str:
        came = ""
        while not came.endswith(wanted):
            ready, _, _ = select.select([self._end], [], [], 20)
            assert ready, f"nothing more after {came!r}"
            came += os.read(self._end, 1).decode()
        return came

    def type(self, keys: str) -> None:
        os.write(self._end, keys.encode())

    def end(self) -> int:
        """Its exit status, once it has ended."""
        while True:
            try:
                if not os.read(self._end, 4096):
                    break
            except OSError:
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


if __name__ == "__main__":
    total = different = known = 0
    for name in sys.argv[1:] or EVERY:
        commands, differences = compare(Path(name).resolve())
        total, different = total + commands, different + len(differences)
        for one in differences:
            print(one, f"    {one.reason}" if one.reason else "", sep="\n", flush=True)
        known += sum(bool(one.reason) for one in differences)
    print(f"{total} commands of the real client, {different} different, {known} of them for a known reason")
    sys.exit(different > known)
