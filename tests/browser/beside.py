"""python tests/browser/beside.py FOLDER [NOTEBOOK…]: lessons in JupyterLab beside the course without a server.

A picture for each part of a lesson, JupyterLab on the left; then the cells whose outputs read otherwise are told, and
the exit status is 1. The tour and lessons 1, 4, 7 in English and 3 in Chinese unless others are named.
"""

from __future__ import annotations

import difflib
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conftest import served as jupyterlab_served  # noqa: E402
from course import make, open_lesson, served  # noqa: E402
from pages import CELLS, CHROMIUM, FLAGS, Learner, cells_of, open_notebook, run_all  # noqa: E402

from dnetlab.workspace import shipped_notebooks  # noqa: E402

NOTEBOOKS = ("00-tour.ipynb", "01-native-networks.ipynb", "04-isolation.ipynb", "07-nat-and-docker-proxy.ipynb",
             "zh/03-custom-bridges.ipynb")  # fmt: skip
WIDTH, HEIGHT, PARTS = 1000, 1400, 12


def run_through(page, file: Path) -> list[str]:
    """What stands under each cell that has something to run, once all have run; read from the last one, which is in
    sight then, to the first."""
    learner, cells = Learner(page), cells_of(file)
    run_all(page, cells, patience=300_000)
    return [without_number(settled(page, learner, number)) for number in reversed(range(cells))][::-1]


def settled(page, learner: Learner, number: int) -> str:
    """What stands under a cell once its player has come up. The course's page holds only cells that are in sight."""
    cell = page.locator(CELLS).nth(number)
    cell.scroll_into_view_if_needed()
    cell.locator(".jp-InputPrompt").wait_for()
    if cell.locator(".cm-content").inner_text().startswith("%dnet trace"):
        cell.locator(".dnetlab-player .now").first.wait_for()
    return learner.output(number)


def in_jupyterlab(browser, lab, notebook: str) -> list[str]:
    """Of a copy as it is shipped, in a folder where nobody has worked."""
    own = f"beside/{notebook}"
    (lab.folder / own).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(shipped_notebooks() / notebook, lab.folder / own)
    context = browser.new_context(viewport={"width": 1366, "height": 2400})
    page = context.new_page()
    page.set_default_timeout(120_000)
    open_notebook(page, lab.url_of(own))
    told = run_through(page, lab.folder / own)
    context.close()
    return told


def without_number(output: str) -> str:
    """JupyterLab counts runs beside their outputs; files are given to a browser alone."""
    output = re.sub(r"(To save on this computer:|保存到这台电脑：)\n\S+$", "", output)
    return re.sub(r"^\[\d+\]:\n", "", output, flags=re.M).strip()


def differing(lab: list[str], course: list[str]) -> list[str]:
    """'cell 3: …' for each cell that reads otherwise."""
    found = []
    for number, (one, other) in enumerate(zip(lab, course, strict=True), 1):
        lines = difflib.unified_diff(one.splitlines(), other.splitlines(), "JupyterLab", "course", lineterm="", n=0)
        if told := "\n    ".join(lines):
            found.append(f"cell {number}:\n    {told}")
    return found


def parts(page) -> list[bytes]:
    """The notebook that is shown, from its top to its end."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.keyboard.press("Control+b")  # the list of files goes away
    scroller = page.locator(".jp-WindowedPanel-outer:visible").first
    whole = scroller.evaluate("node => node.scrollHeight")
    found = []
    for top in range(0, min(whole, PARTS * HEIGHT), HEIGHT - 200):
        scroller.evaluate("(node, top) => node.scrollTop = top", top)
        page.wait_for_timeout(300)
        found.append(page.screenshot())
    return found


def put_beside(browser, left: list[bytes], right: list[bytes], folder: Path, name: str) -> None:
    """One file a part, both places in it."""
    from base64 import b64encode

    page = browser.new_page(viewport={"width": 2 * WIDTH, "height": HEIGHT})
    for number, pair in enumerate(zip(left, right, strict=False)):
        images = "".join(f'<img width={WIDTH} src="data:image/png;base64,{b64encode(one).decode()}">' for one in pair)
        page.set_content(f'<body style="margin:0;display:flex">{images}</body>')
        page.screenshot(path=folder / f"{name}-{number:02}.png")
    page.close()


def look(browser, lab, course, notebook: str, folder: Path) -> list[str]:
    query = f"?lesson={Path(notebook).name[:2]}&lang={'zh' if '/' in notebook else 'en'}"
    shown, outputs = [], []
    for place in ("lab", "course"):
        page = browser.new_context(viewport={"width": 1366, "height": 2400}).new_page()
        page.set_default_timeout(120_000)
        if place == "lab":
            open_notebook(page, lab.url_of(notebook))
        else:
            open_lesson(page, course, query)
        outputs.append(run_through(page, lab.folder / notebook))
        shown.append(parts(page))
        page.context.close()
    put_beside(browser, *shown, folder, notebook.replace("/", "-").removesuffix(".ipynb"))
    return differing(*outputs)


def main(folder: str, *notebooks: str) -> int:
    from playwright.sync_api import sync_playwright

    out, found = Path(folder), 0
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as work:
        site = Path(work) / "site"
        built = make(site)
        if built.returncode:
            print(built.stderr, file=sys.stderr)
            return 2
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for notebook in notebooks or NOTEBOOKS:
            with tempfile.TemporaryDirectory() as home, jupyterlab_served(Path(home)) as lab, served(site) as course:
                told = look(browser, lab, course, notebook, out)
            found += len(told)
            print(f"{notebook}: {len(told)} cells read otherwise", *told, sep="\n  ", flush=True)
        browser.close()
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
