"""python benchmarks/mutants.py --keep FOLDER [--count 200] [--seed 8] [--only 3,17]: would the tests notice?

Small faults are put into a copy of the code one at a time (cosmic-ray's operators: another comparison, a number one
higher, `not` added, a loop that never runs …), and tests are run until one fails. The sample is a value of the code and
the seed: the places whose digests come first, one fault at each, so that a change elsewhere changes few of them.

Which tests: every test was run once beforehand with what each remembers emptied before it (benchmarks/measuring.py), so
that it is known which lines it executes and how long it takes. A fault meets the tests that execute the faulty
statement, the quickest first, until one fails; none of them after the first ten minutes' worth (--worth). One that
takes ten times as long as it took, and ten seconds, has noticed. A fault that no test executes survives. What runs when
a module is imported (tables, defaults) meets the tests that execute anything of that module, and those that read the
code. Faults inside functions are tried in copies of one process (benchmarks/trying.py), the others in one each.

Left out of the sample, as they can't change what a program does, or can't be a program: annotations and what stands
under TYPE_CHECKING, as nothing reads them; `slots=` of a dataclass and `strict=` of a zip, which only stop mistakes of
ours; `lru_cache` and its size, which change only the time; `is` for `==` and the other way round, as most of those mean
the same here; what Python can't compile (`+, name` for `*, name`).

    FOLDER/tests.json     test -> seconds and the lines that it executes; made when it isn't there
    FOLDER/sample-*.json  the sample
    FOLDER/found.jsonl    a line for each fault; those that stand there are not tried again, but for --again

Needs `pip install -e '.[mutants]'`. One process, at low priority: nice -n 10 python benchmarks/mutants.py --keep FOLDER
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PARTS = ("dnetlab/net", "dnetlab/sim/dockerd", "dnetlab/views", "dnetlab/notebook")
LEFT_OUT = ("tests/engines", "tests/browser")  # they need real engines, a browser
READ_THE_CODE = ("tests/test_layers.py",)
SAME = ("Is_Eq", "Eq_Is", "IsNot_NotEq", "NotEq_IsNot")
TOO_SLOW = 77  # measuring.py's
CACHES = ("cache", "lru_cache")
GUARDS = {"dataclass": "slots", "zip": "strict"}


@dataclass(frozen=True)
class Mutant:
    """module: its path from the checkout; line: 1-based; occurrence: which of the operator's places in the module."""

    module: str
    line: int
    operator: str
    occurrence: int
    source: str = ""  # of the module with the fault

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.operator.removeprefix('core/')}"


@dataclass(frozen=True)
class Found:
    """noticed: the test that failed, 'too slow', or '' of a survivor; met: how many tests it met at most."""

    number: int
    mutant: str
    noticed: str
    met: int
    diff: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The same wherever the faulty line stands."""
        module, operator = self.mutant.split()
        return module.partition(":")[0], operator, self.diff.partition("\n")[2]


# --- the sample ---------------------------------------------------------------------------------------------------


def without_effect(tree: ast.Module) -> Iterator[ast.AST]:
    """The parts of a module that the rules above leave out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield node.annotation
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield from (each for each in node.decorator_list if name_of(each) in CACHES)
            yield from [node.returns] if isinstance(node, ast.FunctionDef) and node.returns else []
        elif isinstance(node, ast.Call):
            yield from (each.value for each in node.keywords if each.arg == GUARDS.get(name_of(node), ""))
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield node


def name_of(node: ast.expr) -> str:
    """`dataclass` of `@dataclass`, `@dataclass(frozen=True)` and `dataclasses.dataclass`."""
    called = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(called).rpartition(".")[2]


def places(module: Path) -> Iterator[tuple[str, tuple[int, int], Mutant]]:
    """(name of the definition and its text, start, mutant) of every fault that the operators know in a module."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    source, name = module.read_text(encoding="utf-8"), str(module.relative_to(HERE))
    nodes, lines = list(ast_nodes(get_ast(source))), source.splitlines()
    spans = [
        # a decorator's fault starts at its @
        (
            (a.lineno, a.col_offset - (lines[a.lineno - 1][a.col_offset - 1 : a.col_offset] == "@")),
            (a.end_lineno, a.end_col_offset),
        )
        for a in without_effect(ast.parse(source))
    ]
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
    for module in sorted(path for part in PARTS for path in (HERE / part).rglob("*.py")):
        seen: Counter[tuple[str, int, str]] = Counter()
        for text, start, mutant in places(module):
            key = (text.strip(), start[1], mutant.operator)
            seen[key] += 1
            place = digest(mutant.module, *key[:2], seen[key])
            fault = digest(mutant.module, *key, seen[key])
            chosen[place] = min(chosen.get(place, ("~", mutant)), (fault, mutant), key=lambda pair: pair[0])
    faulty = (replace(mutant, source=mutated(mutant)) for _, mutant in (chosen[place] for place in sorted(chosen)))
    return list(islice((mutant for mutant in faulty if compiles(mutant.source)), count))


def kept_sample(keep: Path, seed: int, count: int) -> dict[int, Mutant]:
    """number -> mutant. Written down with the code that it is of: to look for it again costs a minute."""
    modules = sorted(path for part in PARTS for path in (HERE / part).rglob("*.py"))
    of = hashlib.sha256(b"".join(path.read_bytes() for path in modules)).hexdigest()
    file = keep / f"sample-{seed}-{count}.json"
    there = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if there.get("of") != of:
        there = {"of": of, "mutants": [asdict(mutant) for mutant in sample(seed, count)]}
        file.write_text(json.dumps(there), encoding="utf-8")
    return {number: Mutant(**row) for number, row in enumerate(there["mutants"], start=1)}


def mutated(mutant: Mutant) -> str:
    """The module's text with the fault."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    return str(mutate_code(text_of(mutant.module), get_operator(mutant.operator)(), mutant.occurrence))


@cache
def text_of(module: str) -> str:
    return (HERE / module).read_text(encoding="utf-8")


@cache
def statements(module: str) -> list[ast.stmt]:
    return [node for node in ast.walk(ast.parse(text_of(module))) if isinstance(node, ast.stmt)]


def compiles(source: str) -> bool:
    try:
        compile(source, "", "exec")
    except SyntaxError:
        return False
    return True


# --- which tests --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """seconds: test -> how long it took; lines: module -> test -> the lines that it executes. A test '' is the import
    of the module, one without '::' a whole file: what its tests share."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, set[int]]]


def measure(keep: Path, paths: list[str]) -> None:
    """Run the tests once, and write which lines each executes; of those in `paths` only, beside what is there."""
    plugin = ["-p", "benchmarks.measuring", *(f"--ignore={each}" for each in LEFT_OUT)]
    environment = {**surroundings(HERE), "DNETLAB_MEASURED": str(keep.resolve()), "DNETLAB_PARTS": ",".join(PARTS)}
    subprocess.run([*PYTEST, *plugin, *(paths or ["tests"])], cwd=HERE, env=environment, check=False)


def measured(keep: Path) -> Measured:
    found = json.loads((keep / "tests.json").read_text(encoding="utf-8"))
    lines = {module: {t: set(numbers) for t, numbers in by.items()} for module, by in found["lines"].items()}
    return Measured(found["seconds"], lines)


def statement(module: str, line: int) -> range:
    """The lines of the smallest statement around a line; of an `if` or a `def` only its head."""
    holding = [node for node in statements(module) if node.lineno <= line <= (node.end_lineno or 0)]
    if not holding:  # a decorator
        return range(line, line + 1)
    smallest = min(holding, key=lambda node: (node.end_lineno or 0) - node.lineno)
    body = getattr(smallest, "body", None)
    after = body[0].lineno if body and body[0].lineno > line else (smallest.end_lineno or line) + 1
    return range(smallest.lineno, after)


def meeting(mutant: Mutant, known: Measured, worth: float) -> list[str]:
    """The tests that execute the faulty statement, the quickest first."""
    by_test, lines = known.lines.get(mutant.module, {}), set(statement(mutant.module, mutant.line))
    if lines & by_test.get("", set()):
        chosen = {*by_test, *READ_THE_CODE} - {""}
    else:
        chosen = {test for test, numbers in by_test.items() if numbers & lines}
    tests = {test for test in known.seconds if test in chosen or test.partition("::")[0] in chosen}
    return within(sorted(tests, key=lambda test: (known.seconds[test], test)), known, worth)


def within(tests: list[str], known: Measured, worth: float) -> list[str]:
    """The first of them, up to what a fault is worth."""
    spent, found = 0.0, []
    for test in tests:
        spent += known.seconds[test]
        if spent > worth and found:
            break
        found.append(test)
    return found


# --- a run --------------------------------------------------------------------------------------------------------

PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rfE", "--tb=no", "-m", "not engine"]


def surroundings(copy: Path) -> dict[str, str]:
    found = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "DNETLAB_JOURNAL": "off"}
    return {name: value for name, value in found.items() if not name.startswith("PYTEST_")}


def noticed(copy: Path, tests: list[str], known: Measured) -> str:
    """The test that fails in the copy, 'too slow' when one takes far longer than it took, '' when all pass."""
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    chosen = copy / "chosen.json"
    chosen.write_text(json.dumps({test: known.seconds[test] for test in tests}), encoding="utf-8")
    environment = {**surroundings(copy), "DNETLAB_CHOSEN": str(chosen)}
    longest = 120 + 11 * sum(10 + known.seconds[test] for test in tests)
    try:
        status, said = in_a_group([*PYTEST, "-x", "-p", "benchmarks.measuring", *files], copy, environment, longest)
    except subprocess.TimeoutExpired:
        return "too slow"
    if status in (0, TOO_SLOW):
        return "too slow" if status else ""
    failed = [line for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split(" - ")[0] if failed else f"pytest ended with {status}"


def in_a_group(argv: list[str], copy: Path, environment: dict[str, str], longest: float) -> tuple[int, str]:
    """Status and output of a command; what it started ends with it."""
    with subprocess.Popen(
        argv,
        cwd=copy,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as run:
        try:
            said, _ = run.communicate(timeout=longest)
            return run.returncode, said
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)


def untried(number: int, mutant: Mutant) -> Found:
    lines = difflib.unified_diff(text_of(mutant.module).splitlines(), mutant.source.splitlines(), n=1, lineterm="")
    return Found(number, str(mutant), "", 0, "\n".join(list(lines)[2:]))


def tried(copy: Path, mutants: dict[int, Mutant], known: Measured, worth: float) -> Iterator[Found]:
    """What is found of each: first of those inside functions, in one session, then of the others."""
    tests = {number: meeting(mutant, known, worth) for number, mutant in mutants.items()}
    for number in mutants:
        if not tests[number]:
            yield untried(number, mutants[number])
    left = {number: mutant for number, mutant in mutants.items() if tests[number]}
    for number, by in in_one_session(copy, {number: (left[number], tests[number]) for number in left}, known):
        if by is not None:
            yield replace(untried(number, left.pop(number)), noticed=by, met=len(tests[number]))
    for number, mutant in left.items():
        yield try_one(copy, number, mutant, tests[number], known)


def in_one_session(
    copy: Path, jobs: dict[int, tuple[Mutant, list[str]]], known: Measured
) -> Iterator[tuple[int, str | None]]:
    """(number, the test that failed, or None where the fault must be imported) as they come; see trying.py."""
    asked = copy / "asked.jsonl"
    rows = [
        {"number": number, "module": mutant.module, "source": mutant.source,
         "tests": {test: known.seconds[test] for test in tests}}
        for number, (mutant, tests) in jobs.items()
    ]  # fmt: skip
    asked.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    answers = Path(f"{asked}.found")
    answers.touch()
    files = sorted({test.partition("::")[0] for _, tests in jobs.values() for test in tests})
    environment = {**surroundings(copy), "DNETLAB_TRIED": str(asked)}
    argv = [*PYTEST, "-p", "benchmarks.trying", *files]
    with subprocess.Popen(argv, cwd=copy, env=environment, stdout=subprocess.DEVNULL) as run, answers.open() as coming:
        while True:
            ended = run.poll() is not None
            for row in coming:
                answer = json.loads(row)
                yield answer["number"], answer["noticed"]
            if ended:
                break
            time.sleep(0.5)


def try_one(copy: Path, number: int, mutant: Mutant, tests: list[str], known: Measured) -> Found:
    """Put the fault into the copy, run tests in a Python of their own, take it out again."""
    target = copy / mutant.module
    target.write_text(mutant.source, encoding="utf-8")
    try:
        by = noticed(copy, tests, known)
    finally:
        target.write_text(text_of(mutant.module), encoding="utf-8")
    return replace(untried(number, mutant), noticed=by, met=len(tests))


def found_before(keep: Path) -> dict[tuple[str, str, str], Found]:
    """mutant and diff -> what was found, the last word of each."""
    file = keep / "found.jsonl"
    rows = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {f.key: f for f in (Found(**json.loads(row)) for row in rows)}


def show(found: Found) -> None:
    print(f"{found.number}. {found.mutant}: {found.noticed or f'SURVIVED {found.met} tests'}", flush=True)
    if not found.noticed:
        print(found.diff, flush=True)


def report(rows: list[Found]) -> None:
    for part in (*PARTS, ""):
        mine = [row for row in rows if row.mutant.startswith(part)]
        killed = sum(bool(row.noticed) for row in mine)
        print(f"{part or 'all'}: {killed} of {len(mine)} noticed, {killed / max(len(mine), 1):.1%}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--only", default="", metavar="NUMBERS", help="of the sample, from 1, with commas between them")
    parser.add_argument("--keep", type=Path, required=True, metavar="FOLDER", help="what was measured and found")
    parser.add_argument("--worth", type=float, default=600, help="seconds of tests that a fault meets (default: 600)")
    parser.add_argument("--again", action="store_true", help="try those again that survived")
    parser.add_argument("--measure", nargs="*", metavar="TESTS", help="measure all tests, or these files, and end")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    options.keep.mkdir(parents=True, exist_ok=True)
    if options.measure is not None or not (options.keep / "tests.json").exists():
        measure(options.keep, options.measure or [])
    if options.measure is not None:
        return
    known, before = measured(options.keep), found_before(options.keep)
    wanted = {int(number) for number in options.only.split(",") if number}
    mutants = kept_sample(options.keep, options.seed, options.count)
    asked = {number: untried(number, mutants[number]) for number in mutants if not wanted or number in wanted}
    there = {number: replace(before[one.key], number=number) for number, one in asked.items() if one.key in before}
    rows = {number: one for number, one in there.items() if one.noticed or not options.again}
    with tempfile.TemporaryDirectory(prefix="dnetlab-mutants-") as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*cache"))
        pending = {number: mutants[number] for number in asked if number not in rows}
        for found in tried(copy, pending, known, options.worth):
            rows[found.number] = found
            show(found)
            with (options.keep / "found.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(found)) + "\n")
    report(list(rows.values()))


if __name__ == "__main__":
    main()
