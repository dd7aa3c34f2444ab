"""One file of all that a kernel loads, in place of thirty wheels, and what a first cell brings in is compiled in it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from dnetlab.errors import DnetError

Files = dict[str, bytes]
LOCK = Path("static/pyodide-lock/pyodide-lock.json")
CORE = Path("static/pyodide")
# The names by which JupyterLite's kernel asks for what it needs; each has to be in the lock with a file of its own.
ASKED = ("comm", "ipykernel", "ipython", "jedi", "micropip", "piplite", "pyodide-kernel")
APART = ("dnetlab-start",)  # its file of configuration is put in its place for a wheel only
# What a kernel in a page never opens, of libraries that it loads: their tests, pages that the site has, 500 languages.
_LEFT_OUT = ("anywidget/labextension/", "anywidget/nbextension/", "IPython/sphinxext/")
_LEXERS = ("__init__", "_mapping", "_css_builtins", "_lilypond_builtins", "_scheme_builtins", "css", "data", "html",
           "javascript", "jvm", "lilypond", "lisp", "markup", "perl", "python", "ruby", "shell")  # fmt: skip
BOOT = "boot.txt"  # by compile.mjs: the modules that are there before any package
LIBRARY = "python-library"  # the rest of Python's own library
# Libraries name these for a terminal, for processes or for tests of their own, and a page has none of them.
_ALONE = {"_pyrepl", "doctest", "multiprocessing", "wsgiref", "xmlrpc"}
_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+([\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[\w. \t]+)*)", re.M)
_UNASKED = re.compile(
    r"importlib/_bootstrap|encodings/(cp(?!437|65001|125[12]|9)|iso8859_(?!1\.|15)|mac_|koi8_|kz1048|ptcp154|hp_roman|palmos|tis)"
)
_DULL = (".pyi", "/py.typed", ".dist-info/RECORD")


def lay(site: Path) -> bool:
    """Into a built site. False: there is no node here to compile by, and a kernel has to do it each time."""
    lock = json.loads((site / LOCK).read_text(encoding="utf-8"))
    folder = (site / LOCK).parent
    apart = {name: lock["packages"].pop(name) for name in APART}
    wheels = [folder / entry["file_name"] for entry in lock["packages"].values()]
    files = {path: data for wheel in wheels for path, data in _contents(wheel).items() if _is_wanted(path)}
    for wheel in wheels:
        (folder / wheel.name).unlink(missing_ok=True)
    _put(site, lock, files, apart)
    compiled = compile_first(site)
    if compiled:
        library = site / CORE / "python_stdlib.zip"
        booted = compiled.pop(BOOT).decode().splitlines()
        first, later = _divided(_contents(library), booted)
        with_the_lab = _asked(files | first, later)
        alone = {path: data for path, data in later.items() if path not in with_the_lab}
        _zip(library, _with(compiled, first))
        _put(site, lock, _with(compiled, files | with_the_lab), apart, alone)
    return bool(compiled)


def _divided(library: Files, booted: list[str]) -> tuple[Files, Files]:
    """Of the standard library what Python needs before any package is there, by whole packages, and what can come
    later. What is frozen in Python, and tables of characters that no page of today is written in, are in neither.
    """
    tops = {_top(path) for path in booted}
    kept = {path: data for path, data in library.items() if not _UNASKED.match(path)}
    first = {path: data for path, data in kept.items() if not path.endswith(".py") or _top(path) in tops}
    return first, {path: data for path, data in kept.items() if path not in first}


def _asked(files: Files, library: Files) -> Files:
    """Of that library whatever these files may import, and what that imports in turn, by whole packages; no source
    tells of names that begin with `_`, which Python asks for itself.
    """
    known = {_top(path) for path in library} - _ALONE
    asked = {name for name in known if name.startswith("_")}
    waiting = [data for path, data in files.items() if path.endswith(".py")]
    while waiting:
        fresh = (_imports(waiting.pop()) & known) - asked
        asked |= fresh
        waiting += [data for path, data in library.items() if _top(path) in fresh and path.endswith(".py")]
    return {path: data for path, data in library.items() if _top(path) in asked}


def _imports(source: bytes) -> set[str]:
    """The first words of what is imported anywhere in a module; a line of a docstring may be taken for one."""
    lines = _IMPORT.findall(source.decode("utf-8", "replace"))
    return {_top(one.strip().replace(".", "/")).split(" ")[0] for line in lines for one in line.split(",")}


def _top(path: str) -> str:
    return path.split("/")[0].split(".")[0]


def _put(site: Path, lock: dict[str, Any], files: Files, apart: dict[str, Any], alone: Files | None = None) -> None:
    """The one file, and a lock that names it in place of what was there. alone: what comes when a cell imports it."""
    folder = (site / LOCK).parent
    for old in folder.glob("*.tar"):
        old.unlink()
    one, none = _entry("dnetlab", _write(site, "dnetlab", files)), _write(site, "nothing", {})
    asked = {name: {**_entry(name, none), "depends": ["dnetlab"]} for name in ASKED}
    packages = {"dnetlab": one, **asked, **apart}
    if alone:
        names = sorted({_top(path) for path in alone})
        packages[LIBRARY] = {**_entry(LIBRARY, _write(site, LIBRARY, alone)), "imports": names}
    (site / LOCK).write_text(json.dumps({**lock, "packages": packages}), encoding="utf-8")


def compile_first(site: Path) -> Files:
    """What the site's own Python makes of the modules that a first cell brings in, by their paths; {} without node."""
    out = site.parent / "compiled.zip"
    return _contents(out) if _run("compile", site, out) else {}


def _run(script: str, site: Path, *files: Path) -> bool:
    """A script in node, with the site's own Python. False: there is no node. Raises DnetError."""
    node = shutil.which("node")
    if node is None:
        return False
    command = [node, str(Path(__file__).with_name(f"{script}.mjs")), *(str(path.resolve()) for path in (site, *files))]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-12:])
        raise DnetError("Python does not run in what was built:\n{said}", said=said)
    return True


def _is_wanted(path: str) -> bool:
    lexer = path.startswith("pygments/lexers/") and path.split("/")[2].removesuffix(".py") not in _LEXERS
    return not (lexer or path.startswith(_LEFT_OUT) or "/tests/" in path or ".data/" in path or path.endswith(_DULL))


def _with(compiled: Files, files: Files) -> Files:
    """A compiled module in place of its source: its lines are still told by a traceback, without their text."""
    return {
        (f"{path}c" if f"{path}c" in compiled else path): compiled.get(f"{path}c", data)
        for path, data in files.items()
    }  # fmt: skip


def _contents(file: Path) -> Files:
    with zipfile.ZipFile(file) as packed:
        return {one.filename: packed.read(one) for one in packed.infolist() if not one.is_dir()}


def _entry(name: str, file: Path) -> dict[str, Any]:
    return {
        "name": name, "version": "0", "file_name": file.name, "install_dir": "site", "depends": [], "imports": [],
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "package_type": "package", "unvendored_tests": False,
    }  # fmt: skip


def _write(site: Path, name: str, files: Files) -> Path:
    """One stream for all files, like beside like: half as large as wheels when zstd packs it. Pyodide sees by the
    content how it is packed. Another name for another content.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for path in sorted(files, key=lambda path: (path.rsplit(".", 1)[-1], path)):
            about = tarfile.TarInfo(path)
            about.size = len(files[path])
            packed.addfile(about, io.BytesIO(files[path]))
    plain, out = site.parent / "plain.tar", site.parent / "packed.tar"
    plain.write_bytes(stream.getvalue())
    data = out.read_bytes() if _run("pack", site, plain, out) else gzip.compress(stream.getvalue(), 9, mtime=0)
    file = (site / LOCK).with_name(f"{name}-{hashlib.sha256(data).hexdigest()[:12]}.tar")
    file.write_bytes(data)
    return file


def _zip(file: Path, files: Files) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path, data in files.items():
            packed.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
