"""Every line that a real ip, iptables, brctl, bridge, sysctl or busybox was asked gets the same answer here.

The files in goldens/ say which tool, which release and how they were recorded; their commands build on each other, so a
file is one test, run from its first line in an empty namespace.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest

from dnetlab.model import Host, Namespace
from dnetlab.sim.context import Context, Result
from dnetlab.sim.kernel.autoconf import loopback
from dnetlab.sim.shell import run_tool
from dnetlab.sim.tools.by_name import TOOLS
from dnetlab.sim.world import World

GOLDENS = Path(__file__).parent / "goldens"
FILES = sorted(path.stem for path in GOLDENS.glob("*.txt"))


@dataclass
class Recorded:
    command: str
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0


def read(name: str) -> list[Recorded]:
    """The commands of a golden file with what the real tool answered."""
    found: list[Recorded] = []
    for line in (GOLDENS / f"{name}.txt").read_text().splitlines():
        kind, text = line[:2], line[2:]
        if kind == "$ ":
            found.append(Recorded(text))
        elif kind in ("| ", "|"):
            found[-1].stdout += text + "\n"
        elif kind in ("! ", "!"):
            found[-1].stderr += text + "\n"
        elif kind == "=>":
            found[-1].exit_code = int(text)
    return found


def empty_world() -> World:
    world = World(tools=TOOLS)
    world.put_host(Host("docker1", {"host": Namespace("host", (loopback(),))}))
    world.files["docker1", "", "/etc/hosts"] = "127.0.0.1\tlocalhost\n"
    return world


def answer(world: World, command: str) -> Result:
    words = tuple(shlex.split(command))
    busybox = words[0] == "busybox"
    context = Context(world, "docker1", userland="busybox" if busybox else "host")
    result = run_tool(context, words[1:] if busybox else words)
    assert result is not None, command
    return result


def by_shape(text: str) -> str:
    """MACs, bridge ids made of them, link-local addresses, counters of traffic and dates are all alike."""
    text = re.sub(r"fe80::[0-9a-f:]+", "fe80::X", text)
    text = re.sub(r"33:33:ff(:[0-9a-f]{2}){3}", "33:33:ff:X", text)
    text = re.sub(r"(?<![0-9a-f:])[0-9a-f]{2}(:[0-9a-f]{2}){5}", "MAC", text)
    text = re.sub(r"8000\.[0-9a-f]{12}", "8000.X", text)
    text = re.sub(r" on \w{3} \w{3} +\d+ [\d:]+ \d{4}", " on DATE", text)
    return text.replace(" tentative", "").replace('"tentative":true,', "")


@pytest.mark.parametrize("name", FILES)
def test_the_tool_answers_as_the_real_one_was_recorded(name: str) -> None:
    world = empty_world()
    differences = []
    for recorded in read(name):
        got = answer(world, recorded.command)
        want = (by_shape(recorded.stdout), by_shape(recorded.stderr), recorded.exit_code)
        if want != (by_shape(got.stdout), by_shape(got.stderr), got.exit_code):
            differences.append((recorded.command, want, (got.stdout, got.stderr, got.exit_code)))
    assert differences == []


def test_the_recordings_hold_hundreds_of_commands() -> None:
    assert sum(len(read(name)) for name in FILES) > 600
