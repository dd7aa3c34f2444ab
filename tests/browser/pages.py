"""What a person does in JupyterLab, for the tests that look over the shoulder: open, run all, change the theme."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
ERROR = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
CELLS = ".jp-Notebook:visible .jp-CodeCell"
SHOWN = """[...document.querySelectorAll('.jp-Notebook')].filter(notebook => notebook.offsetParent)
    .flatMap(notebook => [...notebook.querySelectorAll('.jp-CodeCell .jp-InputPrompt')])"""
PROMPTS = f"{SHOWN}.map(p => p.textContent)"
BLANK = f"{SHOWN}.forEach(prompt => {{ prompt.textContent = '' }})"
STARTED = f"() => {PROMPTS}.some(text => /[\\d*]/.test(text))"
FINISHED = f"""count => document.querySelector('[data-mime-type="application/vnd.jupyter.error"]')
    || ({PROMPTS}.length >= count && {PROMPTS}.every(text => /\\d/.test(text)))"""


def go(page, url: str) -> None:
    """Open the URL; JupyterLab may take a while until it listens."""
    for _ in range(120):
        try:
            page.goto(url)
            return
        except PlaywrightError:
            page.wait_for_timeout(500)


def kernels(page, url: str) -> list[dict]:
    """The kernels that the notebook of this URL has, as the server tells JupyterLab."""
    base, token = url.split("/lab/")[0], url.split("token=")[1]
    notebook = url.split("/tree/")[1].split("?")[0]
    answer = page.request.get(f"{base}/api/sessions", headers={"Authorization": f"token {token}"})
    return [one["kernel"] for one in answer.json() if one["path"] == notebook] if answer.ok else []


def wait_for_kernel(page, url: str) -> None:
    """Until the notebook's kernel rests. Coming up on a slow machine JupyterLab may first ask which kernel to take."""
    for _ in range(240):
        accept = page.locator("dialog.jp-Dialog .jp-mod-accept")
        if accept.count():
            accept.first.click()
        if [kernel["execution_state"] for kernel in kernels(page, url)] == ["idle"]:
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"no kernel of the notebook rests: {kernels(page, url)}")


def open_notebook(page, url: str) -> None:
    """Open it twice: the second time its kernel is there already, and JupyterLab has nothing to ask."""
    go(page, url)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    wait_for_kernel(page, url)
    go(page, url)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
    wait_for_kernel(page, url)


def save(page, file: Path) -> None:
    """Save the notebook, as Ctrl+S does, and wait for its outputs to be in that file.

    Asked again where JupyterLab was busy with a save of its own, or asks which of two versions is to stay.
    """
    before = file.stat().st_mtime_ns
    for _ in range(12):
        page.keyboard.press("Control+s")
        for _ in range(20):
            if file.stat().st_mtime_ns != before and '"output_type"' in file.read_text(encoding="utf-8"):
                return
            page.wait_for_timeout(250)
        overwrite = page.locator("dialog.jp-Dialog .jp-mod-accept, dialog.jp-Dialog .jp-mod-warn")
        if overwrite.count():
            overwrite.last.click()
    raise AssertionError(f"never saved: {file.name}; dialogs: {page.locator('dialog').all_inner_texts()}")


def cells_of(file: Path) -> int:
    """How many cells of a notebook have something to run."""
    found = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return sum(1 for cell in found if cell["cell_type"] == "code" and cell["source"])


def run_all(page, cells: int, patience: int = 60_000) -> None:
    """Run All Cells, and wait for that many to have run, for so many milliseconds; asked again when JupyterLab was not
    ready to hear it."""
    for _ in range(8):
        page.locator(CELLS).first.locator(".jp-InputPrompt").click()  # the notebook that is shown
        page.evaluate(BLANK)  # numbers of earlier runs, stored or shown, are none of this one
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            page.wait_for_function(STARTED, timeout=10_000)
            page.wait_for_function(FINISHED, arg=cells, timeout=patience)
            return
        except PlaywrightError:
            page.keyboard.press("Escape")
            accept = page.locator("dialog.jp-Dialog .jp-mod-accept")
            if accept.count():
                accept.first.click()
    raise AssertionError(f"the cells never ran; dialogs: {page.locator('dialog').all_inner_texts()}")


def outputs_break(page) -> list[str]:
    """What axe finds wrong in the outputs of the page, as 'rule: html'."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context={"include": [[".jp-OutputArea-output"]]}).response
    return [f"{v['id']}: {node['html'][:200]}" for v in found["violations"] for node in v["nodes"]]


def set_theme(page, url: str, theme: str) -> None:
    """As Settings > Theme does."""
    base, token = url.split("/lab/")[0], url.split("token=")[1]
    address = f"{base}/lab/api/settings/@jupyterlab/apputils-extension:themes"
    data = json.dumps({"raw": json.dumps({"theme": theme})})
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    assert page.request.put(address, data=data, headers=headers).ok


class Learner:
    """Somebody who types into the cells of the notebook that is shown, one after the other.

    Cells with code are counted from 0.
    """

    def __init__(self, page) -> None:
        self.page = page
        self.last = -1

    def run(self, number: int, text: str | None = None) -> str:
        """Run a cell, with another text when one is given; what stands below it then."""
        cell = self.page.locator(CELLS).nth(number)
        cell.locator(".cm-content").click()
        if text is not None:
            self.page.keyboard.press("Control+a")
            self.page.keyboard.insert_text(text)
        # a number that an earlier kernel left there can be the one that this run gets: none stands there while it runs
        cell.locator(".jp-InputPrompt").evaluate("prompt => { prompt.textContent = '' }")
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            """number => {
                const shown = [...document.querySelectorAll('.jp-Notebook')].find(one => one.offsetParent);
                const cell = shown.querySelectorAll('.jp-CodeCell')[number];
                return /\\d/.test(cell.querySelector('.jp-InputPrompt').textContent);
            }""",
            arg=number,
        )
        self.last = number
        return self.output(number)

    def output(self, number: int) -> str:
        """What stands below a cell."""
        return self.page.locator(CELLS).nth(number).locator(".jp-OutputArea").first.inner_text()

    def more(self, text: str) -> str:
        """The same in a new cell below the one that ran last."""
        self.page.locator(CELLS).nth(self.last).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("b")
        return self.run(self.last + 1, text)
