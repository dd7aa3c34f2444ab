"""What of the site is ours beside the lessons: the page that opens them, what is kept for a time without network."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from string import Template

from dnetlab.errors import DnetError

LANGUAGES = {"en": "English", "zh": "中文"}
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
SETTINGS = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {
        "appName": "dnetlab",
        "enableServiceWorkerCache": "true",
        "exposeAppInBrowser": False,
        "litePluginSettings": {KERNEL: {"disablePyPIFallback": True}},  # no request leaves the folder's origin
    },
}
PAGES = ("./", "index.html", "lab/index.html")  # loaded before the service worker is there
_WORKER, _THEIRS = "service-worker.js", "service-worker-of-jupyterlite.js"


def lay(site: Path, lessons: Sequence[str]) -> None:
    """Into a built site: our first page, and the service worker with the lessons kept from the beginning."""
    by_language = {code: [name for name in lessons if _language(name) == code] for code in LANGUAGES}
    page = Template(Path(__file__).with_name("index.html").read_text(encoding="utf-8"))
    lists = "".join(_list(site, code, names) for code, names in by_language.items())
    text = page.substitute(lists=lists, lessons=json.dumps(by_language))
    (site / "index.html").write_text(text, encoding="utf-8")
    shutil.copyfile(site / "icon-120x120.png", site / "lab" / "favicon.ico")  # theirs is 0.3 MB
    if not (site / _WORKER).is_file():
        raise DnetError("JupyterLite has no {name} any more", hint="Use the version that pyproject.toml names.",
                         name=_WORKER)  # fmt: skip
    (site / _WORKER).rename(site / _THEIRS)
    (site / _WORKER).write_text(_worker(site), encoding="utf-8")


def _language(name: str) -> str:
    return name.split("/")[0] if "/" in name else "en"


def _list(site: Path, code: str, names: Sequence[str]) -> str:
    """A section of links; they work without a script, too."""
    links = "".join(
        f'<li><a href="lab/index.html?path={html.escape(name)}">{html.escape(_title(site / "files" / name))}</a></li>'
        for name in names
    )
    return f'<section lang="{code}"><h2>{LANGUAGES[code]}</h2><ul>{links}</ul></section>'


def _title(notebook: Path) -> str:
    """Its first heading."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    found = re.search(r"^# (.+)$", text, re.M)
    return found[1] if found else notebook.stem


def _worker(site: Path) -> str:
    """JupyterLite's keeps whatever a visit loads; ours adds the lessons that were not opened yet, and finds a page by
    its path, whatever is asked of it.
    """
    files = sorted(
        path.relative_to(site).as_posix() for part in ("files", "api/contents") for path in (site / part).rglob("*")
        if path.is_file()
    )  # fmt: skip
    ours = Template(Path(__file__).with_name("service-worker.js").read_text(encoding="utf-8"))
    return ours.substitute(theirs=_THEIRS, kept=json.dumps([*PAGES, *files]))
