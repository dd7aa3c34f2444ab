"""Debian's docker compose at the served simulator, beside what it said to a real engine: tests/recordings/*/compose_*.

    python tests/serve/compose_plugin.py tests/recordings/28.5/compose_*.jsonl     prints every difference and a count

The plugin is `python tests/prepare_engines.py compose`'s, or the machine's own 2.40. Lines that make folders and files
are run here (machine.py) and in the lab; lines of docker are the real client's; everything else is the lab's.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from conformance import load  # noqa: E402
from machine import VISIBLE, Machine  # noqa: E402

from dnetlab.commands.transcript import has_no_order, same  # noqa: E402
from dnetlab.engines.store import cache  # noqa: E402
from dnetlab.lab import Lab  # noqa: E402
from dnetlab.model.changed import replace  # noqa: E402

PLACES = (cache() / "compose", Path("/usr/libexec/docker/cli-plugins"), Path("/usr/local/lib/docker/cli-plugins"))
VERSION = "2.40"
# What a Go map's order decided on the day of the recording, or who of several was quicker, and how such a line is
# compared all the same: with addresses or devices left open.
BY_CHANCE = {
    ("compose_settings", 94): "address", ("compose_settings", 95): "address",
    ("compose_networks", 71): "device", ("compose_networks", 72): "device",
}  # fmt: skip
# Not compared: `hostname -i` in two networks. The nginx of that engine was glibc's without /etc/host.conf, which takes
# one line of /etc/hosts; the lab's is Alpine's, which takes all. A busybox says one on both (test_host_tools.py).
UNSAID = {("compose_basics", 20)}


def plugin() -> Path | None:
    """The plugin's file; None when this machine has none of that version."""
    for place in PLACES:
        file = place / "docker-compose"
        if file.exists() and VERSION in subprocess.run([file, "version"], capture_output=True, text=True).stdout:
            return file
    return None


def compare(path: Path, found: Path) -> tuple[int, list[str]]:
    """How many lines of docker were typed, and those that the real engine answered differently."""
    number, different = 0, []
    folder = Path(tempfile.mkdtemp(prefix="dnet", dir=VISIBLE))
    with Lab(docker=path.parent.name) as lab, lab.serve(folder, no_waiting=True) as doors:
        machine = Machine(doors.urls["docker1"], found)
        for place, row in enumerate(load(path), 1):
            command = row.command
            if command.startswith(("docker ", "COMPOSE")) or " docker compose " in command:
                number += 1
                said = machine.run(command, row.answer)
                real = (row.exit_code, row.stdout, row.stderr)
                chance = BY_CHANCE.get((path.stem, place), "")
                if (path.stem, place) not in UNSAID and not alike(row.command, real, said, chance):
                    asked = f"{path.stem}:{place}: {row.command}"
                    different.append(f"{asked}\n  real {real}\n  ours {said}")
                continue
            machine.follow(command)
            lab._run(replace(row.line, number=place))
        machine.close()
    shutil.rmtree(folder)
    return number, different


def alike(command: str, real: tuple[int, str, str], ours: tuple[int, str, str], chance: str) -> bool:
    """The plugin makes networks side by side, so that which of them gets 172.18 is chance, and nslookup asks twice."""
    unordered = chance == "device" or has_no_order(command, False, False) or "nslookup" in command
    return real[0] == ours[0] and all(same(settled(one, chance), settled(other, chance), unordered=unordered)
                                      for one, other in zip(real[1:], ours[1:], strict=True))  # fmt: skip


def settled(text: str, chance: str) -> str:
    """Without what chance decides."""
    text = _POOL.sub("172.N.", text)
    if chance == "address":
        return re.sub(r"172\.N\.0\.\d+", "172.N.0.N", text)
    return re.sub(r"\beth\d", "ethN", text) if chance == "device" else text


_POOL = re.compile(r"\b172\.(1[89]|2\d)\.")


if __name__ == "__main__":
    total = wrong = 0
    tool = plugin()
    if tool is None:
        sys.exit(f"no docker compose {VERSION} here: python tests/prepare_engines.py compose")
    for name in sys.argv[1:]:
        lines, differences = compare(Path(name).resolve(), tool)
        total, wrong = total + lines, wrong + len(differences)
        for one in differences:
            print(one, flush=True)
    print(f"{total} commands of docker compose and its client, {wrong} different")
