"""python benchmarks/versions.py CHECKOUT [--rounds N] [--docker RELEASE]: this version beside another one, in one run.

Each version works in a process of its own; both are asked in turn (A B A B …) and count their own processor time, so
that other work on the machine weighs little. A row has the medians and their ratio, this version to the other:

- the lines of every lesson of that other version, each lesson in a new lab; all lessons added up. Its lessons, since
  it can answer all of them: where it refuses a line of ours, there is nothing to compare. On one release of Docker,
  since what each version begins with may be another one, which writes more rules
- `docker run -d`, `docker ps`, `docker ps -aq` and `docker rm -f` in turn, beside 20 and beside 500 containers; behind
  them a trace from container to container and one from the host to a published port, and who reaches whom
- the first table and the first picture of a notebook whose kernel is up and has loaded the extension, each in a new
  process
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
BESIDE = (20, 500)
CHILD = '''
import json, sys, time
from dnetlab.commands.script import read_script
from dnetlab.lab import Lab

labs, docker = {}, sys.argv[1]

def lessons(paths):
    """Seconds for the lines of each notebook."""
    return {path: lesson(path) for path in paths}

def lesson(path):
    cells = read_script(path)
    start = time.process_time()
    with Lab("sim", docker) as lab:
        for cell in cells:
            lab.run_cell(cell.text, cell.host, keep_going=True)
    return time.process_time() - start

def commands(count):
    """Seconds for each of four commands in a lab of that many published containers."""
    if count not in labs:
        labs[count] = lab = Lab("sim", docker)
        lab.run_cell("docker network create --subnet 10.8.0.0/16 big")
        run = "docker run -d --name c{} --network big -p {}:80 nginx"
        lab.run_cell("\\n".join(run.format(n, 10000 + n) for n in range(count)))
    lab, spent = labs[count], {}
    for line in ("docker run -d --name spare nginx", "docker ps", "docker ps -aq", "docker rm -f spare"):
        start = time.process_time()
        assert lab.run(line).exit_code == 0
        spent[line.replace(" --name spare", "")] = time.process_time() - start
    looks = {
        "trace c0 c1": lambda: lab.trace("c0", "c1"),
        "trace docker1 127.0.0.1:10000": lambda: lab.trace("docker1", "127.0.0.1:10000"),
        "reach": lab.reach,
    }
    for name, look in looks.items():
        start = time.process_time()
        look()
        spent[name] = time.process_time() - start
    return spent

for line in sys.stdin:
    what, value = json.loads(line)
    print(json.dumps({"lessons": lessons, "commands": commands}[what](value)), flush=True)
'''

FIRST = """
import sys, time
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "dnetlab")
shell.run_cell_magic("dnet", "", "docker run -d --name web nginx")
start = time.process_time()
shown = shell.run_line_magic("dnet", sys.argv[1])
if shown is not None:
    shell.display_formatter.format(shown)
print("\\n" + str(time.process_time() - start))
"""


class Version:
    """A checkout at work in a process of its own."""

    def __init__(self, checkout: Path, docker: str) -> None:
        self.checkout = checkout
        self.environment = {**os.environ, "PYTHONPATH": str(checkout), "DNETLAB_JOURNAL": "off"}
        self.child = subprocess.Popen(
            [sys.executable, "-c", CHILD, docker], cwd=checkout, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=self.environment,
        )  # fmt: skip

    def first(self, what: str) -> float:
        """Seconds for the first `%dnet ips` or `%dnet topology` of a new process."""
        done = subprocess.run(
            [sys.executable, "-c", FIRST, what], cwd=self.checkout, text=True, capture_output=True, check=True,
            env=self.environment,
        )  # fmt: skip
        return float(done.stdout.rsplit("\n", 2)[-2])

    def ask(self, what: str, value: object) -> Any:
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write(json.dumps([what, value]) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


def in_turn(versions: list[Version], rounds: int, what: str, value: object) -> list[list[Any]]:
    """What each version answered in each round; a first round, that warms up, is left out."""
    for version in versions:
        version.ask(what, value)
    answers = [[version.ask(what, value) for version in versions] for _ in range(rounds)]
    return [list(of_one) for of_one in zip(*answers, strict=True)]


def show(name: str, ours: float, other: float) -> None:
    print(f"{name:<52} {ours / other:5.2f}×  ({ours * 1e3:.2f} / {other * 1e3:.2f} ms)", flush=True)


def lessons(versions: list[Version], rounds: int) -> None:
    paths = [str(path) for path in sorted((versions[1].checkout / "notebooks").glob("0[1-8]*.ipynb"))]
    answers = in_turn(versions, rounds, "lessons", paths)
    for path in paths:
        show(Path(path).stem, *(statistics.median(a[path] for a in each) for each in answers))
    show("all lessons", *(statistics.median(sum(a.values()) for a in each) for each in answers))


def commands(versions: list[Version], rounds: int, count: int) -> None:
    answers = in_turn(versions, rounds, "commands", count)
    for line in answers[0][0]:
        show(f"{line}, beside {count}", *(statistics.median(a[line] for a in each) for each in answers))


def first(versions: list[Version]) -> None:
    for what, name in (("ips", "the first table"), ("topology", "the first picture")):
        rounds = [[version.first(what) for version in versions] for _ in range(5)]
        show(name, *(statistics.median(each) for each in zip(*rounds, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--docker", default="28.5", metavar="RELEASE", help="a release that both know")
    options = parser.parse_args()
    versions = [Version(checkout, options.docker) for checkout in (HERE, options.checkout.resolve())]
    lessons(versions, options.rounds)
    for count in BESIDE:
        commands(versions, options.rounds, count)
    first(versions)
    for version in versions:
        version.child.communicate()


if __name__ == "__main__":
    main()
