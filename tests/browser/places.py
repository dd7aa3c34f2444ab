"""The two places where a notebook is open in a browser: JupyterLab with its server, and the course, which has none."""

from __future__ import annotations

from collections.abc import Sequence

import nbformat
from conftest import Lab
from course import Course, open_lesson, rest
from pages import Learner, open_notebook, run_all, set_theme, wait_for_kernel

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


class InLab:
    """A notebook in JupyterLab. Its kernel is there still when the page is loaded again."""

    def __init__(self, page, lab: Lab, notebook: str) -> None:
        self.page = page
        self._lab = lab
        self._notebook = notebook
        self._url = lab.url_of(notebook)

    def run(self, cells: Sequence[str]) -> None:
        """Make it of those cells, and run them."""
        made = [nbformat.v4.new_code_cell(text) for text in cells]
        nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=PYTHON), self._lab.folder / self._notebook)
        open_notebook(self.page, self._url)
        run_all(self.page, len(cells))
        wait_for_kernel(self.page, self._url)

    def load_again(self) -> None:
        """Saved, and loaded as by somebody who comes back."""
        leave_the_cells(self.page)
        with self.page.expect_response(lambda got: got.request.method == "PUT" and self._notebook in got.url):
            self.page.keyboard.press("Control+s")
        self.page.goto(self._url, wait_until="commit")

    def dress(self, theme: str) -> None:
        set_theme(self.page, self._lab.url, theme)
        self.load_again()


class InCourse:
    """A lesson of the course, with other cells. Its kernel is in the page and ends with it."""

    def __init__(self, page, course: Course) -> None:
        self.page = page
        self._course = course

    def run(self, cells: Sequence[str]) -> None:
        """Those cells in place of its first, one after the other."""
        open_lesson(self.page, self._course, "?lesson=1")
        learner = Learner(self.page)
        learner.run(0, cells[0])
        for text in cells[1:]:
            learner.more(text)

    def load_again(self) -> None:
        leave_the_cells(self.page)
        self.page.keyboard.press("Control+s")
        self.page.wait_for_selector(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty", state="detached")
        self.page.reload()
        rest(self.page)

    def dress(self, theme: str) -> None:
        """As anybody does it there."""
        self.page.get_by_role("menuitem", name="Settings", exact=True).click()
        for name in ("Theme", theme):
            self.page.locator(".lm-Menu-itemLabel").get_by_text(name, exact=True).click()


def leave_the_cells(page) -> None:
    """Terminal and panel keep the keys that are typed in them."""
    page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").first.click()
