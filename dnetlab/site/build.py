"""The road of a site: the lessons, Pyodide and our wheels are laid into a folder, JupyterLite builds, ours is added,
all of it is looked through, and only then does it stand where it was wanted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnetlab.errors import DnetError
from dnetlab.site import bundle, contents, pages, pyodide, wheels
from dnetlab.site.order import MARK, Order, check
from dnetlab.version import __version__

EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "anywidget")
# What a kernel loads before its first cell.
READY = ("dnetlab", *bundle.APART, *bundle.ASKED)
# Pages of the first two are in the site, and in the kernel they do nothing; IPython completes Python without jedi, too
# (the lab's own words never asked it), and asks prompt_toolkit in a terminal alone.
NEVER = ("jupyterlab-widgets", "widgetsnbextension", "jedi", "parso", "prompt-toolkit", "wcwidth")
SECONDS = 600


@dataclass(frozen=True)
class Built:
    """files, size: of the folder, in bytes; lessons: paths; pandas: 'here', 'elsewhere' or '';
    compiled: is what a first cell brings in?
    """

    files: int
    size: int
    lessons: tuple[str, ...]
    pandas: str
    compiled: bool


def build(order: Order, tell: Callable[[str], None]) -> Built:
    """Make the site. Raises UsageError for what can't be asked, DnetError where it fails: then nothing is left."""
    check(order)
    order.out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".dnetlab-site-", dir=order.out.parent.resolve()))
    try:
        return _build(order, work, tell)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _build(order: Order, work: Path, tell: Callable[[str], None]) -> Built:
    from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL, PYODIDE_VERSION

    tell(f"Pyodide {PYODIDE_VERSION}")
    found = pyodide.get(order.pyodide, PYODIDE_VERSION, work)
    lite, site = work / "lite", work / "site"
    pyodide.lay(found, PYODIDE_VERSION, lite / "static" / "pyodide")
    own = _wheels(lite / "wheels")
    lessons = contents.lay(lite / "contents")
    extensions(lite / "extensions")
    configure(lite, site, own)
    tell("JupyterLite")
    jupyterlite(lite)
    if not (site / bundle.LOCK).is_file():
        raise DnetError("JupyterLite built no lock of packages")
    tell("Python")
    compiled = bundle.lay(site)
    prefetch(site, found.has)
    more = pyodide.packages(found, PYODIDE_CDN_URL)
    add(site / bundle.LOCK, more)
    pages.lay(site, lessons)
    look_through(site)
    pandas = "here" if pyodide.ASKED in found.has else "elsewhere" if more else ""
    (site / MARK).write_text(json.dumps({
        "dnetlab": __version__, "pyodide": PYODIDE_VERSION, "base": order.base, "pandas": pandas, "lessons": lessons,
    }, indent=1) + "\n", encoding="utf-8")  # fmt: skip
    put(site, order.out)
    sizes = [path.stat().st_size for path in order.out.rglob("*") if path.is_file()]
    return Built(len(sizes), sum(sizes), tuple(lessons), pandas, compiled)


def _wheels(folder: Path) -> list[Path]:
    folder.mkdir()
    plain = (wheels.plain(folder, name) for name in wheels.PLAIN)
    return [wheels.lab(folder), wheels.start(folder), *plain]


def extensions(folder: Path) -> None:
    """The page's own parts of the kernel and of widgets, as they are installed here. Raises DnetError."""
    from jupyter_core.paths import jupyter_path

    places = [Path(place) for place in jupyter_path("labextensions")]
    for name in EXTENSIONS:
        source = next((place / name for place in places if (place / name / "package.json").is_file()), None)
        if source is None:
            raise DnetError("the extension {name} of JupyterLab is not installed", name=name,
                             hint="pip install --force-reinstall 'dnetlab[site]'")  # fmt: skip
        shutil.copytree(source, folder / name)


def configure(lite: Path, site: Path, own: list[Path]) -> None:
    """JupyterLite's two files: what is built, and what the page is told."""
    settings: dict[str, Any] = {
        "LiteBuildConfig": {
            "lite_dir": str(lite), "output_dir": str(site), "cache_dir": str(lite.parent / "cache"),
            "contents": ["contents"], "apps": ["lab"], "no_sourcemaps": True, "no_unused_shared_packages": True,
            "ignore_sys_prefix": ["federated_extensions"],
        },
        "FederatedExtensionAddon": {"extra_labextensions_path": [str(lite / "extensions")]},
        "PyodideLockAddon": {
            "enabled": True, "wheels": [str(wheel) for wheel in own], "specs": ["micropip"],
            "excludes_extra": list(NEVER),
        },
    }  # fmt: skip
    (lite / "jupyter_lite_config.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")
    (lite / "jupyter-lite.json").write_text(json.dumps(pages.SETTINGS, indent=1), encoding="utf-8")


def jupyterlite(lite: Path) -> None:
    """`jupyter lite build`. Raises DnetError with its last words when it fails or takes ten minutes."""
    command = [sys.executable, "-m", "jupyterlite_core", "build"]
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "JUPYTER_CONFIG_DIR": str(lite.parent / "config")}
    try:
        done = subprocess.run(command, cwd=lite, env=environment, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise DnetError("JupyterLite took more than ten minutes") from None
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise DnetError("JupyterLite could not build the site:\n{said}", said=said)


def prefetch(site: Path, has: tuple[str, ...]) -> None:
    """What the page tells a kernel to load."""
    file = site / "jupyter-lite.json"
    settings = json.loads(file.read_text(encoding="utf-8"))
    options = settings["jupyter-config-data"]["litePluginSettings"][pages.KERNEL]["loadPyodideOptions"]
    options["packages"] = [*READY, *(name for name in pyodide.BETTER if name in has)]
    file.write_text(json.dumps(settings, indent=1), encoding="utf-8")


def add(file: Path, packages: dict[str, Any]) -> None:
    """Into the lock what is loaded when a cell imports it, and never before."""
    lock = json.loads(file.read_text(encoding="utf-8"))
    lock["packages"] = packages | lock["packages"]
    file.write_text(json.dumps(lock), encoding="utf-8")


def look_through(site: Path) -> None:
    """Is every file there that the lock names, but those that are elsewhere by intent? Raises DnetError."""
    packages = json.loads((site / bundle.LOCK).read_text(encoding="utf-8"))["packages"].values()
    names = [entry["file_name"] for entry in packages if "://" not in entry["file_name"]]
    missing = [name for name in names if not (site / bundle.LOCK).parent.joinpath(name).is_file()]
    if missing or not names:
        raise DnetError("the site lacks what its lock names: {names}", names=", ".join(missing) or "dnetlab")


def put(site: Path, out: Path) -> None:
    """Where it was wanted, in place of an earlier one."""
    old = site.parent / "old"
    if out.exists():
        out.rename(old)
    site.rename(out)
