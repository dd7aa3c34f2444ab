"""python benchmarks/run.py: how fast is it? Everything is measured side by side in one run, and printed as a table.

A figure on its own says more about the machine than about the code, so each row has a partner measured in turn with
it (A B A B …), and the ratio of the medians is the result.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dnetlab.lab import Lab

ROOT = Path(__file__).resolve().parent.parent


def paired(
    first: Callable[[], object], second: Callable[[], object], rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> tuple[float, float]:  # fmt: skip
    """Medians of two things done in turn, in seconds of this process; clock: another one for what others do."""
    times: tuple[list[float], list[float]] = ([], [])
    first(), second()
    for _ in range(rounds):
        for work, kept in zip((first, second), times, strict=True):
            start = clock()
            work()
            kept.append(clock() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def python(code: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def import_time() -> list[tuple[str, str]]:
    ours, argparse = paired(python("import dnetlab"), python("import argparse"), 15, time.perf_counter)
    bare, _ = paired(python("pass"), python("pass"), 15, time.perf_counter)
    help_text = python("import dnetlab.cli as c; c._parser().format_help()")
    helped, _ = paired(help_text, python("pass"), 15, time.perf_counter)
    return [
        ("import dnetlab / import argparse, whole process", f"{ours / argparse:.2f}×  ({ours * 1e3:.0f} ms)"),
        ("dnetlab --help / python -c pass", f"{helped / bare:.2f}×  ({helped * 1e3:.0f} ms)"),
    ]


def lesson_scripts() -> list[tuple[str, str]]:
    from dnetlab.commands.script import read_script
    from dnetlab.lab import Lab

    rows = []
    for path in sorted((ROOT / "notebooks").glob("0[1-8]*.ipynb")):
        cells = read_script(str(path))
        lines = 0

        def run(cells=cells) -> None:
            nonlocal lines
            with Lab() as lab:
                lines = sum(len(lab.run_cell(cell.text, cell.host, keep_going=True).outputs) for cell in cells)

        run()
        start = time.process_time()
        rounds = 5
        for _ in range(rounds):
            run()
        each = (time.process_time() - start) / rounds
        rows.append((f"{path.stem}: {lines} commands", f"{1 / each:.1f} scripts/s, {lines / each:.0f} commands/s"))
    return rows


def lab_with(count: int) -> Lab:
    """A simulated lab with that many published nginx containers, c0 at port 10000 and so on, on one network."""
    from dnetlab.lab import Lab

    lab = Lab()
    lab.run_cell("docker network create --subnet 10.8.0.0/16 big")
    lab.run_cell("\n".join(f"docker run -d --name c{n} --network big -p {10000 + n}:80 nginx" for n in range(count)))
    return lab


def one_packet() -> list[tuple[str, str]]:
    small, large = lab_with(50), lab_with(500)
    few, many = paired(
        lambda: small.trace("client", "docker1:10049"), lambda: large.trace("client", "docker1:10499"), 15
    )
    start = time.process_time()
    large.run("docker run -d --name last --network big nginx")
    run = time.process_time() - start
    return [
        ("one traced connection, 500 containers / 50", f"{many / few:.2f}×  ({many * 1e3:.1f} / {few * 1e3:.1f} ms)"),
        ("docker run beside 500 containers", f"{run * 1e3:.1f} ms"),
    ]


def one_picture() -> list[tuple[str, str]]:
    """Of a crowd, 40 containers are drawn: a picture of more costs no more."""
    small, large = lab_with(40), lab_with(100)
    few, many = paired(lambda: small.topology().svg(), lambda: large.topology().svg(), 5)
    return [("the picture of 100 containers / of 40", f"{many / few:.2f}×  ({many * 1e3:.0f} / {few * 1e3:.0f} ms)")]


def real_engine() -> list[tuple[str, str]]:
    """Where lab hosts can be made; one row with the reason where they can't."""
    from dnetlab.engines.providers.namespaces import why_not

    reason = why_not()
    if reason:
        return [("not measured", reason)]
    import engine

    return engine.measure("20.10")


def main() -> None:
    width = 72
    for title, measure in (
        ("Import", import_time), ("Lessons on the simulator", lesson_scripts), ("One packet", one_packet),
        ("One picture", one_picture), ("Real engine", real_engine),
    ):  # fmt: skip
        print(f"\n{title}")
        for name, value in measure():
            print(f"  {name:<{width}} {value}", flush=True)


if __name__ == "__main__":
    main()
