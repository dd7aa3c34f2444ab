"""The course as a folder, built as somebody builds it, and served on loopback below a path."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pages import CELLS

NOBODY_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
BASE = "/school/course/"


@dataclass
class Course:
    """Where it answers, the folder, and the paths that were asked for."""

    url: str
    folder: Path
    asked: list[str] = field(default_factory=list)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Below BASE are the files; all else is not there. HTTP/1.1, as a web server speaks."""

    protocol_version = "HTTP/1.1"

    def translate_path(self, path: str) -> str:
        below = path.split("?")[0].startswith(BASE)
        return super().translate_path("/" + path[len(BASE) :] if below else "/nothing/of/this")

    def log_message(self, format: str, *args: object) -> None:
        pass


def make(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dnetlab", "site", str(folder), "--base", BASE, *options]
    return subprocess.run(command, capture_output=True, text=True)


@contextmanager
def served(folder: Path) -> Iterator[Course]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Course(f"http://127.0.0.1:{server.server_port}{BASE}", folder)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def window(browser, course: Course) -> Iterator:
    """A new browser's window: nothing kept, and what it asks for is written down."""
    context = browser.new_context(viewport={"width": 1366, "height": 2400}, accept_downloads=True)
    context.on("request", lambda one: course.asked.append(one.url))
    page = context.new_page()
    page.set_default_timeout(120_000)
    yield page
    context.close()


def see_lesson(page, course: Course, query: str = "") -> None:
    """As the link does, until the notebook is there."""
    page.goto(f"{course.url}{query}")
    page.wait_for_selector(CELLS)


def open_lesson(page, course: Course, query: str = "") -> None:
    """The same, until its kernel rests."""
    see_lesson(page, course, query)
    rest(page)


def rest(page) -> None:
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]:visible')
