"""The real docker command of this machine at the served simulator, beside our own command line in a lab of its own.

    python tests/serve/real_client.py tests/recordings/28.5/*.jsonl       prints every difference and a count

Both labs run the recorded commands. A line that is one `docker …` goes to the real client in the one, to ours in the
other; everything else runs in both as it is. What may differ (ids, ages, names made up) is known in
dnetlab/commands/transcript.py.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from conformance import load  # noqa: E402

from dnetlab.commands.transcript import has_no_order, same  # noqa: E402
from dnetlab.lab import Lab  # noqa: E402
from dnetlab.model import Output, Prompt  # noqa: E402
from dnetlab.model.changed import replace  # noqa: E402
from dnetlab.serve.thread import Served  # noqa: E402

DOCKER = shutil.which("docker")
_NO_SHELL = re.compile(r"[|&;<>$`\n]")
# What the client itself does on its machine, or says in words of its release: 28.2 is Debian's.
NOT_ITS_OWN = re.compile(r"docker( -v| version| info| system info| --version|$)")


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

    def __str__(self) -> str:
        return f"{self.where}: {self.command}\n    ours: {self.ours}\n    real: {self.real}"


def is_for_the_client(command: str) -> bool:
    """One call of docker, without a shell's help, that needs no terminal."""
    if not command.startswith("docker ") or _NO_SHELL.search(command) or NOT_ITS_OWN.match(command):
        return False
    words = shlex.split(command)
    return not any(re.fullmatch(r"-\w*t\w*", w) for w in words[1:4] if words[1] in ("run", "exec"))


def real(doors: Served, host: str, command: str, answer: str | None) -> Said:
    """The real client. A question gets `answer`, else the end of its input."""
    environment = {"DOCKER_HOST": doors.urls[host], "PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    done = subprocess.run([DOCKER or "docker", *shlex.split(command)[1:]], input=f"{answer or ''}\n" if answer else "",
                          capture_output=True, text=True, env=environment, timeout=60)  # fmt: skip
    return Said(done.stdout, done.stderr, done.returncode)


def compare(path: Path) -> tuple[int, list[Difference]]:
    """How many commands went to the real client, and those that it was told something else for."""
    release = path.parent.name
    folder = Path(tempfile.mkdtemp(prefix="dnet"))
    number, found = 0, []
    with Lab(docker=release) as own, Lab(docker=release) as lab, lab.serve(folder, no_waiting=True) as doors:
        for place, row in enumerate(load(path), 1):
            line = replace(row.line, number=place)
            ours = said(own._run(line))
            if row.line.prompt is Prompt.HOST and row.host in doors.urls and is_for_the_client(row.command):
                number += 1
                theirs = real(doors, row.host, row.command, row.answer)
                if not alike(row.command, ours, theirs):
                    found.append(Difference(f"{release}/{path.stem}:{place}", row.command, ours, theirs))
            else:
                lab._run(line)
    shutil.rmtree(folder)
    return number, found


def said(output: Output) -> Said:
    return Said(output.stdout, output.stderr + str(output.refused or ""), output.exit_code)


def alike(command: str, ours: Said, theirs: Said) -> bool:
    unordered = has_no_order(command, False, False)
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
    total = different = 0
    for name in sys.argv[1:]:
        commands, differences = compare(Path(name).resolve())
        total, different = total + commands, different + len(differences)
        for one in differences:
            print(one, flush=True)
    print(f"{total} commands of the real client, {different} different")
