// node compile.mjs SITE OUT.zip: a first cell as a kernel of the site runs it, and the modules that it brought in
// compiled by that Python; boot.txt names those that were there before any package. Without positions in a line
// (PYTHONNODEBUGRANGES) they are a third smaller; what nobody asks for help about is without its docstrings, too.
import { readFileSync, writeFileSync, writeSync } from "node:fs";

process.on("uncaughtException", (error) => { // without the line of the error, which is as long as Pyodide
  writeSync(2, `${error.name}: ${error.message}\n`);
  process.exitCode = 1;
});
const [site, out] = process.argv.slice(2);
const { loadPyodide } = await import(`${site}/static/pyodide/pyodide.mjs`);
const lockFileURL = `${site}/static/pyodide-lock/pyodide-lock.json`;
const python = await loadPyodide({
  indexURL: `${site}/static/pyodide/`, lockFileURL, env: { PYTHONNODEBUGRANGES: "1" }, stdout() {},
});
const { packages } = JSON.parse(readFileSync(lockFileURL, "utf8"));
await python.loadPackage(Object.keys(packages), { messageCallback() {} });
python.runPython(`
import sys, zipfile
from importlib import _bootstrap_external as files

def sources():
    """path below its root -> (path, loader) of each module that is there now."""
    roots = [place.rstrip("/") + "/" for place in sys.path if place.startswith("/")]
    found = {}
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None) or ""
        root = next((root for root in roots if path.startswith(root)), None)
        loader = module.__spec__ and module.__spec__.loader
        if root and path.endswith(".py") and hasattr(loader, "get_data"):  # what is frozen in Python needs nothing
            found[path.removeprefix(root)] = path, loader
    return found

booted = list(sources())
import piplite.piplite, pyodide_kernel

shell = pyodide_kernel.ipython_shell
shell.run_cell_magic("dnet", "", "docker run -d --name web nginx\\ndocker ps\\n")
quiet = ("dnetlab/sim/", "dnetlab/net/", "dnetlab/commands/", "dnetlab/engines/")
with zipfile.ZipFile("/compiled.zip", "w") as packed:
    packed.writestr("boot.txt", "\\n".join(booted))
    for name, (path, loader) in sources().items():
        plain = name.startswith(quiet) or ".zip/" in path
        code = compile(loader.get_data(path), path, "exec", dont_inherit=True, optimize=2 if plain else 0)
        packed.writestr(f"{name}c", bytes(files._code_to_hash_pyc(code, bytes(8), False)))
`);
writeFileSync(out, python.FS.readFile("/compiled.zip"));
