"""Random lab scripts on a real engine and on the simulator: where do they part?

    python tests/differential.py --docker 20.10 --seeds 0:500 [--kind daemon] [--shrink] [--jobs 2] [--keep FOLDER]

Each seed gives a script (tests/generator.py; of the kind daemon: tests/generator_daemon.py), which runs line by line on
a fresh lab of real hosts and on a fresh simulator. Answers are compared by shape, snapshots field by field. A script
that diverges is shrunk to the lines that the divergence needs. --keep writes each script's real answers as SEED.jsonl,
which tests/conformance.py replays.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "engines")]

from generator import script  # noqa: E402
from generator_daemon import daemon_script  # noqa: E402
from sides import Run, run_both  # noqa: E402

KINDS = {"class": script, "daemon": daemon_script}
Diverges = Callable[[list[str]], bool]


def shrink(lines: list[str], diverges: Diverges, limit: int = 60) -> list[str]:
    """The shortest part of the script found in `limit` trials that still diverges (delta debugging, Zeller 2002).

    Pieces are left out from the end on, ever smaller ones; `lines` itself is taken to diverge.
    """
    piece, trials = max(1, len(lines) // 2), 0
    while trials < limit:
        removed = False
        start = len(lines) - piece
        while start > -piece and trials < limit:
            low = max(0, start)
            shorter = lines[:low] + lines[low + piece :]
            trials += 1
            if shorter and len(shorter) < len(lines) and diverges(shorter):
                lines, removed = shorter, True
            start -= piece
        if piece == 1 and not removed:
            break
        piece = max(1, piece // 2)
    return lines


def one(release: str, lines: list[str], name: str) -> Run:
    """A script on both sides, snapshots compared after every 10 lines."""
    return run_both("\n".join(lines), release, name, every=10)


def shrink_run(release: str, lines: list[str], run: Run, limit: int = 60) -> list[str]:
    """Shrink a script that diverged; what comes after the first divergence is left out to begin with."""
    if run.found:
        lines = lines[: run.found[0].number]
    about = {m.about for m in run.found} | {row.partition(": ")[0].rpartition("/")[2] for row in run.fields}

    def diverges(shorter: list[str]) -> bool:
        again = one(release, shorter, "shrinking")
        seen = {m.about for m in again.found} | {row.partition(": ")[0].rpartition("/")[2] for row in again.fields}
        return bool(about & seen)

    return shrink(lines, diverges, limit)


def keep(folder: Path, seed: int, run: Run) -> None:
    """Write a script's real answers for tests/conformance.py."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = ("host", "command", "exit_code", "stdout", "stderr")
    rows = [json.dumps({key: getattr(answer, key) for key in keys}, ensure_ascii=False) for answer in run.answers]
    (folder / f"s{seed}.jsonl").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Random lab scripts on a real engine and on the simulator.")
    parser.add_argument("--docker", default="20.10", choices=("20.10", "26.1", "28.5"))
    parser.add_argument("--kind", default="class", choices=tuple(KINDS), help="what the scripts are about")
    parser.add_argument("--seeds", default="0:20", help="FIRST:END, END not included")
    parser.add_argument("--length", type=int, default=35, help="lines of a script")
    parser.add_argument("--shrink", action="store_true", help="shrink what diverges to the lines it needs")
    parser.add_argument("--jobs", type=int, default=2, help="labs at a time")
    parser.add_argument("--keep", type=Path, help="folder for the real answers")
    given = parser.parse_args(words)
    first, _, end = given.seeds.partition(":")
    seeds = range(int(first), int(end or int(first) + 1))
    scripts = {seed: KINDS[given.kind](seed, given.length) for seed in seeds}
    diverged = commands = looks = 0
    with ThreadPoolExecutor(given.jobs) as pool:
        for seed, run in zip(seeds, pool.map(lambda s: one(given.docker, scripts[s], f"seed {s}"), seeds), strict=True):
            commands, looks = commands + len(run.answers), looks + run.looks
            if given.keep:
                keep(given.keep, seed, run)
            if run.agrees:
                continue
            diverged += 1
            print(f"== seed {seed}\n{run.report()}", flush=True)
            if given.shrink:
                print("-- shrunk", *shrink_run(given.docker, scripts[seed], run), sep="\n", flush=True)
    print(f"Docker {given.docker}: {diverged} of {len(seeds)} scripts diverge; {commands} commands, {looks} pairs of "
          "snapshots compared")  # fmt: skip
    return 1 if diverged else 0


if __name__ == "__main__":
    raise SystemExit(main())
