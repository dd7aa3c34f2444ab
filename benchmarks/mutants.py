"""python benchmarks/mutants.py [--count 200] [--seed 8] [--only 3,17] [--keep FILE]: would the tests notice?

Small faults are put into copies of the code one at a time (cosmic-ray's operators: another comparison, a number one
higher, `not` added, a loop that never runs …), and tests are run until one fails: those of the same part first, then
wider ones. A fault that no test notices survives, and is printed. The sample is a value of the code and the seed: the
places whose digests come first, one fault at each, so that a change elsewhere changes few of them. Annotations are left
out, as nothing reads them, and `is` for `==` and the other way round, as most of those mean the same here. A test run
that takes longer than its budget has noticed.

Needs `pip install cosmic-ray`. One process, at low priority: nice -n 10 python benchmarks/mutants.py
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
BUDGET = 900  # seconds of a mutant's test run
REPLAYED = ("tests/test_public_cases.py", "tests/test_recordings.py")
TESTS = {  # what belongs to the part, then what goes through it
    "dnetlab/net": (("tests/net", "tests/explain"), (*REPLAYED, "tests/sim", "tests/checks")),
    "dnetlab/sim/dockerd": ((*REPLAYED, "tests/sim"), ("tests/lab/test_lab.py", "tests/explain", "tests/net")),
    "dnetlab/views": (("tests/views",), ("tests/notebook", "tests/lab/test_lab.py", "tests/test_notebooks.py")),
    "dnetlab/notebook": (("tests/notebook",), ("tests/test_notebooks.py", "tests/lab/test_lab.py")),
}
SAME = ("Is_Eq", "Eq_Is", "IsNot_NotEq", "NotEq_IsNot")


@dataclass(frozen=True)
class Mutant:
    """module: its path from the checkout; line: 1-based; occurrence: which of the operator's places in the module."""

    module: str
    line: int
    operator: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.operator.removeprefix('core/')}"


def annotations(source: str) -> list[ast.expr]:
    """The type annotations of a module."""
    nodes = list(ast.walk(ast.parse(source)))
    found = [node.annotation for node in nodes if isinstance(node, ast.arg | ast.AnnAssign)]
    found += [node.returns for node in nodes if isinstance(node, ast.FunctionDef)]
    return [each for each in found if each is not None]


def places(module: Path) -> Iterator[tuple[str, tuple[int, int], Mutant]]:
    """(name of the definition and its text, start, mutant) of every fault that the operators know in a module."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    source, name = module.read_text(encoding="utf-8"), str(module.relative_to(HERE))
    spans = [((a.lineno, a.col_offset), (a.end_lineno or 0, a.end_col_offset or 0)) for a in annotations(source)]
    nodes, lines = list(ast_nodes(get_ast(source))), source.splitlines()
    for operator in operator_names():
        if operator.endswith(SAME) or get_operator(operator).arguments():
            continue
        instance = get_operator(operator)()
        starts = (start for node in nodes for start, _ in instance.mutation_positions(node))
        for occurrence, start in enumerate(starts):
            if not any(first <= start < last for first, last in spans):
                yield lines[start[0] - 1], start, Mutant(name, start[0], operator, occurrence)


def sample(seed: int, count: int) -> list[Mutant]:
    """One fault at each of the places whose digests come first; the same for the same code and seed."""

    def digest(*words: object) -> str:
        return hashlib.sha256(repr((seed, *words)).encode()).hexdigest()

    chosen: dict[str, tuple[str, Mutant]] = {}
    for module in sorted(path for part in TESTS for path in (HERE / part).rglob("*.py")):
        seen: Counter[tuple[str, int, str]] = Counter()
        for text, start, mutant in places(module):
            key = (text.strip(), start[1], mutant.operator)
            seen[key] += 1
            place = digest(mutant.module, *key[:2], seen[key])
            fault = digest(mutant.module, *key, seen[key])
            chosen[place] = min(chosen.get(place, ("~", mutant)), (fault, mutant), key=lambda pair: pair[0])
    return [chosen[place][1] for place in sorted(chosen)[:count]]


def mutated(mutant: Mutant) -> tuple[str, str]:
    """The module's text without and with the fault."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source = (HERE / mutant.module).read_text(encoding="utf-8")
    return source, mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)


def noticed(copy: Path, stages: Iterable[Sequence[str]]) -> str:
    """The test that fails in the copy, 'too slow' at the end of the budget, '' when all pass."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "DNETLAB_JOURNAL": "off"}
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-x", "-rfE", "--tb=no", "-m", "not engine"]
    for paths in stages:
        try:
            run = subprocess.run(
                [*pytest, *paths], cwd=copy, env=environment, text=True, capture_output=True, timeout=BUDGET
            )
        except subprocess.TimeoutExpired:
            return "too slow"
        if run.returncode != 0:
            failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
            return failed[0].split(" - ")[0] if failed else f"pytest ended with {run.returncode}"
    return ""


def try_one(copy: Path, mutant: Mutant) -> dict[str, str]:
    """{mutant, noticed, diff}: put the fault into the copy, run tests, take it out again."""
    before, after = mutated(mutant)
    target = copy / mutant.module
    target.write_text(after, encoding="utf-8")
    try:
        by = noticed(copy, next(stages for part, stages in TESTS.items() if mutant.module.startswith(part + "/")))
    finally:
        target.write_text(before, encoding="utf-8")
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    return {"mutant": str(mutant), "noticed": by, "diff": "\n".join(list(lines)[2:])}


def report(rows: list[dict[str, str]]) -> None:
    for part in (*TESTS, ""):
        mine = [row for row in rows if row["mutant"].startswith(part)]
        killed = sum(bool(row["noticed"]) for row in mine)
        print(f"{part or 'all'}: {killed} of {len(mine)} noticed, {killed / max(len(mine), 1):.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--only", default="", metavar="NUMBERS", help="of the sample, from 1, with commas between them")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write each result there as a JSON line")
    options = parser.parse_args()
    mutants = list(enumerate(sample(options.seed, options.count), start=1))
    wanted = {int(number) for number in options.only.split(",") if number}
    rows = []
    with tempfile.TemporaryDirectory(prefix="dnetlab-mutants-") as folder:
        copy = Path(folder) / "checkout"
        left_out = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*cache")
        shutil.copytree(HERE, copy, ignore=left_out)
        everything = sorted({path for stages in TESTS.values() for paths in stages for path in paths})
        if failing := noticed(copy, [everything]):
            raise SystemExit(f"Without a fault the tests fail already: {failing}")
        for number, mutant in mutants:
            if wanted and number not in wanted:
                continue
            row = try_one(copy, mutant)
            rows.append(row)
            print(f"{number}. {mutant}: {row['noticed'] or 'SURVIVED'}", flush=True)
            if not row["noticed"]:
                print(row["diff"], flush=True)
            if options.keep:
                with options.keep.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"number": number, **row}) + "\n")
    report(rows)


if __name__ == "__main__":
    main()
