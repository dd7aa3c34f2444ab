// node compile.mjs SITE OUT.zip: a first cell as a kernel of the site runs it, and the modules that it brought in
// compiled by that Python. Without positions in a line (PYTHONNODEBUGRANGES) they are a third smaller.
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
import pyodide_kernel

shell = pyodide_kernel.ipython_shell
shell.run_cell_magic("dnet", "", "docker run -d --name web nginx\\ndocker ps\\n")
roots = [place.rstrip("/") + "/" for place in sys.path if place.startswith("/")]
found = {}
for module in list(sys.modules.values()):
    path = getattr(module, "__file__", None) or ""
    root = next((root for root in roots if path.startswith(root)), None)
    loader = module.__spec__ and module.__spec__.loader
    if root and path.endswith(".py") and hasattr(loader, "get_data"):  # what is frozen in Python needs nothing
        source = loader.get_data(path)
        code = compile(source, path, "exec", dont_inherit=True, optimize=0)
        found[path.removeprefix(root) + "c"] = files._code_to_hash_pyc(code, bytes(8), False)
with zipfile.ZipFile("/compiled.zip", "w") as packed:
    for path, data in found.items():
        packed.writestr(path, bytes(data))
`);
writeFileSync(out, python.FS.readFile("/compiled.zip"));
