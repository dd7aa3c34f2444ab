"""Random lab scripts on a real engine and on the simulator: where do they part?

    python tests/differential.py --docker 20.10 --seeds 0:500 [--kind daemon] [--shrink] [--jobs 2] [--keep FOLDER]
                                 [--results FILE]

Each seed gives a script (tests/generator.py; of the kind daemon: tests/generator_daemon.py), which runs line by line on
a fresh lab of real hosts and on a fresh simulator. Answers are compared by shape, snapshots field by field. A script
that diverges is shrunk to the lines that the divergence needs. --keep writes each script's real answers as SEED.jsonl,
which tests/conformance.py replays. --results appends a line of JSON for each script as it ends, and leaves out the
seeds that already have one there, so that a long run can be stopped and go on; several labs run side by side, each in a
process of its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
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


def row(seed: int, run: Run) -> str:
    """A script's line in the file of results."""
    told = {"seed": seed, "agrees": run.agrees, "commands": len(run.answers), "looks": run.looks,
            "report": run.report()}  # fmt: skip
    return json.dumps(told, ensure_ascii=False) + "\n"


def ended(results: Path | None) -> set[int]:
    """The seeds that have a line in the file of results."""
    if results is None or not results.exists():
        return set()
    return {json.loads(line)["seed"] for line in results.read_text(encoding="utf-8").splitlines()}


def of_seed(release: str, kind: str, length: int, seed: int) -> tuple[int, Run]:
    return seed, one(release, KINDS[kind](seed, length), f"seed {seed}")


def main(words: list[str] | None = None) -> int:
    given = _parser().parse_args(words)
    first, _, end = given.seeds.partition(":")
    seeds = sorted({*range(int(first), int(end or int(first) + 1))} - ended(given.results))
    work = partial(of_seed, given.docker, given.kind, given.length)
    diverged = commands = looks = 0
    with ProcessPoolExecutor(given.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(work, seed) for seed in seeds]):
            seed, run = future.result()
            commands, looks, diverged = commands + len(run.answers), looks + run.looks, diverged + (not run.agrees)
            if given.keep:
                keep(given.keep, seed, run)
            if given.results:
                with given.results.open("a", encoding="utf-8") as file:
                    file.write(row(seed, run))
            if not run.agrees:
                print(f"== seed {seed}\n{run.report()}", flush=True)
            if not run.agrees and given.shrink:
                lines = KINDS[given.kind](seed, given.length)
                print("-- shrunk", *shrink_run(given.docker, lines, run), sep="\n", flush=True)
    print(f"Docker {given.docker}: {diverged} of {len(seeds)} scripts diverge; {commands} commands, {looks} pairs of "
          "snapshots compared")  # fmt: skip
    return 1 if diverged else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Random lab scripts on a real engine and on the simulator.")
    parser.add_argument("--docker", default="20.10", choices=("20.10", "26.1", "28.5"))
    parser.add_argument("--kind", default="class", choices=tuple(KINDS), help="what the scripts are about")
    parser.add_argument("--seeds", default="0:20", help="FIRST:END, END not included")
    parser.add_argument("--length", type=int, default=35, help="lines of a script")
    parser.add_argument("--shrink", action="store_true", help="shrink what diverges to the lines it needs")
    parser.add_argument("--jobs", type=int, default=2, help="labs at a time, each in a process of its own")
    parser.add_argument("--keep", type=Path, help="folder for the real answers")
    parser.add_argument("--results", type=Path, help="file to append a line of JSON to for each script that ended")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
