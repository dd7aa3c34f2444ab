"""Random scripts in a real dash and a real busybox ash, and in the simulator: python tests/shells/compare.py [FROM:TO]

Both streams' words differ by design where a shell complains, so what is compared is the output and the exit status.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dnetlab.sim.context import Context, Refused
from dnetlab.sim.lab import new_world
from dnetlab.sim.shell import run_command
from dnetlab.sim.world import World

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.shells.scripts import Writer  # noqa: E402

REAL = {"dash": ["dash", "s"], "busybox": ["busybox", "sh", "s"]}
LONGEST = 10.0  # seconds for one real script


@dataclass(frozen=True)
class Answer:
    stdout: str
    exit_code: int


def real(shell: str, script: str, applets: str) -> Answer:
    """What the machine's own shell answers, in an empty directory."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "w"
        work.mkdir()
        (Path(folder) / "s").write_text(script)
        path = applets if shell == "busybox" else f"{os.environ.get('PATH', '/usr/bin:/bin')}"
        words = [*REAL[shell][:-1], str(Path(folder) / "s")]
        environment = {"PATH": path, "LC_ALL": "C.UTF-8", "HOME": "/root"}
        running = subprocess.Popen(
            words, cwd=work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL, process_group=0,
        )  # fmt: skip
        try:
            shown, _ = running.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)  # what the shell started, too: `cat o >> o` never ends by itself
            running.communicate()
            raise
        return Answer(shown.decode(errors="replace"), running.returncode)


def simulated(world: World, shell: str, script: str) -> Answer:
    """The same in the simulator: dash at a host, busybox in the place of a container."""
    copy = world.copy()
    copy.files["docker1", "", "/tmp/w/"] = ""
    copy.files["docker1", "", "/tmp/s"] = script
    userland = "host" if shell == "dash" else "busybox"
    context = Context(
        copy, "docker1", userland=userland, directory="/tmp/w", environment={"PATH": "/bin", "HOME": "/root"}, stdin=""
    )
    result = run_command(context, ("sh", "/tmp/s"))
    return Answer(result.stdout, result.exit_code)


def is_stopped(ours: Answer | str) -> bool:
    """Did it meet the lab's limit of steps? A real shell goes on."""
    return isinstance(ours, Answer) and ours.exit_code == 130


def applets(folder: str) -> str:
    """A directory with busybox's own tools in it."""
    busybox = subprocess.run(
        ["sh", "-c", "command -v busybox"], capture_output=True, text=True, check=True
    ).stdout.strip()
    for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        Path(folder, name).symlink_to(busybox)
    return folder


def differences(
    seeds: Iterable[int], shells: tuple[str, ...] = ("dash", "busybox")
) -> Iterator[tuple[int, str, str, Answer, Answer | str]]:
    """(seed, shell, script, what the real one answered, what the simulator did)."""
    world = new_world()
    with tempfile.TemporaryDirectory() as folder:
        path = applets(folder)
        for seed in seeds:
            script = Writer(seed).script()
            for shell in shells:
                try:
                    truth = real(shell, script, path)
                except subprocess.TimeoutExpired:
                    continue
                try:
                    ours: Answer | str = simulated(world, shell, script)
                except Refused as refused:
                    ours = f"refused: {refused.refusal}"
                if ours != truth and not is_stopped(ours):
                    yield seed, shell, script, truth, ours


def main() -> int:
    first, _, last = (sys.argv[1] if len(sys.argv) > 1 else "0:5000").partition(":")
    seeds, found = range(int(first), int(last)), 0
    for seed, shell, script, truth, ours in differences(seeds):
        found += 1
        print(f"--- {seed} {shell}\n{script}\n>>> real {truth}\n>>> lab  {ours}\n", flush=True)
    print(f"{len(seeds)} scripts in {len(REAL)} shells: {found} differ")
    return int(found > 0)


if __name__ == "__main__":
    raise SystemExit(main())
