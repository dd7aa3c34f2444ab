"""A real JupyterLab on a loopback port, started as a student starts it, the course as a site without a server, and a
headless Chromium to look at either."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from course import NOBODY_ELSE, Course, make
from course import served as course_served
from pages import CHROMIUM, FLAGS

SETTINGS = {
    "notebook-extension/tracker": '{"windowingMode": "none"}',  # every cell is in the page, not only those in sight
}


@dataclass(frozen=True)
class Lab:
    """Where JupyterLab answers and the student's working folder."""

    url: str
    folder: Path

    def url_of(self, notebook: str) -> str:
        """In a workspace of its own: JupyterLab opens in a workspace again what stood there before."""
        own = notebook.removesuffix(".ipynb").replace("/", "-")
        return re.sub(r"/lab/tree/[^?]*", f"/lab/workspaces/{own}/tree/{notebook}", self.url)


@contextmanager
def served(home: Path, chapter: str = "1") -> Iterator[Lab]:
    """`dnetlab lab CHAPTER --no-browser` in a home folder of its own."""
    for name, text in SETTINGS.items():
        file = home / f"config/lab/user-settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
               "IPYTHONDIR": "ipython", "HOME": "."}  # fmt: skip
    environment = os.environ | {name: str(home / folder) for name, folder in folders.items()}
    command = [sys.executable, "-u", "-m", "dnetlab", "lab", chapter, "--no-browser", "--dir", str(home / "work")]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
        try:
            url = next(found[1] for line in server.stdout if (found := re.match(r"JupyterLab: (\S+)", line)))
            yield Lab(url, home / "work")
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=30)
            server.stdout.read()  # until JupyterLab, which writes there too, has ended


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory) -> Iterator[Lab]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine (Debian: apt-get install chromium)")
    with served(tmp_path_factory.mktemp("home")) as lab:
        yield lab


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """One for all: a process can't have two Playwrights at once."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def browser(jupyterlab, chromium):
    """A browser while a JupyterLab runs."""
    return chromium


@pytest.fixture(scope="session")
def course(chromium, tmp_path_factory) -> Iterator[Course]:
    """The site, built once for all."""
    pytest.importorskip("jupyterlite_core", reason="JupyterLite is not installed: pip install -e '.[site]'")
    if shutil.which("npm") is None:
        pytest.skip("there is no npm here to get Pyodide (Debian: apt-get install npm)")
    folder = tmp_path_factory.mktemp("site") / "course"
    built = make(folder)
    assert built.returncode == 0, built.stderr
    with course_served(folder) as there:
        yield there


@pytest.fixture(scope="session")
def alone(chromium) -> Iterator:
    """A browser that finds no other machine, by whatever name or number."""
    started = chromium.browser_type.launch(executable_path=CHROMIUM, args=[*FLAGS, NOBODY_ELSE])
    yield started
    started.close()


@pytest.fixture
def page(browser) -> Iterator:
    """A window that asks nobody but this machine."""
    context = browser.new_context(viewport={"width": 1400, "height": 1100})
    context.route(
        re.compile(r"^https?://(?!127\.0\.0\.1[:/])"),
        lambda route: route.abort(),
    )
    page = context.new_page()
    page.set_default_timeout(90_000)
    yield page
    context.close()
