"""python tests/browser/look.py FOLDER [NOTEBOOK…]: notebooks run in a real JupyterLab, pictures of them to look at.
python tests/browser/look.py --screenshot docs/screenshot.png: the one of README and docs, from lesson 4.

The tour and lessons 1, 4 and 7 unless others are named, 1,366 pixels wide, in both themes of JupyterLab, a file per
2,400 pixels of height. Says what axe-core finds wrong in the outputs; exit status 1 when it finds anything.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conftest import served  # noqa: E402
from pages import CHROMIUM, FLAGS, cells_of, open_notebook, outputs_break, run_all, save, set_theme  # noqa: E402

NOTEBOOKS = ("00-tour.ipynb", "01-native-networks.ipynb", "04-isolation.ipynb", "07-nat-and-docker-proxy.ipynb")
WIDTH, HEIGHT, LONGEST = 1366, 2400, 24_000


def pictures(page, folder: Path, name: str) -> None:
    """Scroll through the notebook and take a picture of each part."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    scroller = page.locator(".jp-WindowedPanel-outer:visible").first
    whole = min(scroller.evaluate("node => node.scrollHeight"), LONGEST)
    for number, top in enumerate(range(0, whole, HEIGHT - 200)):
        scroller.evaluate("(node, top) => node.scrollTop = top", top)
        page.wait_for_timeout(300)
        page.screenshot(path=folder / f"{name}-{number:02}.png")


def look(page, lab, notebook: str, folder: Path) -> list[str]:
    """Run one notebook; what axe finds wrong, with the theme in front."""
    url, wrong = lab.url_of(notebook), []
    open_notebook(page, url)
    run_all(page, cells_of(lab.folder / notebook))
    save(page, lab.folder / notebook)
    for theme in ("Light", "Dark"):
        set_theme(page, lab.url, f"JupyterLab {theme}")
        page.goto(url)
        page.wait_for_selector(".jp-OutputArea-output:visible")
        page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(theme == 'Light').lower()}'")
        pictures(page, folder, f"{notebook.removesuffix('.ipynb')}-{theme.lower()}")
        wrong += [f"{theme}: {each}" for each in outputs_break(page)]
    set_theme(page, lab.url, "JupyterLab Light")
    return wrong


def screenshot(file: str) -> int:
    """The reason why two containers don't meet, and the player that shows where the packet ends."""
    from playwright.sync_api import sync_playwright

    notebook = "04-isolation.ipynb"
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as home, served(Path(home)) as lab:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": 1500, "height": 1300}).new_page()
        page.set_default_timeout(120_000)
        open_notebook(page, lab.url_of(notebook))
        page.keyboard.press("Control+b")  # the list of files goes away
        run_all(page, cells_of(lab.folder / notebook))
        why, trace = (page.locator(".jp-CodeCell", has_text=f"%dnet {word} web3 web4") for word in ("why", "trace"))
        trace.get_by_role("button", name="To the last step").click()
        page.mouse.move(0, 0)
        why.locator(".jp-InputPrompt").scroll_into_view_if_needed()
        why.evaluate("node => node.scrollIntoView()")
        page.wait_for_timeout(500)
        top, player = why.bounding_box(), trace.locator(".dnetlab-player").bounding_box()
        height = player["y"] + player["height"] + 8 - top["y"]
        page.screenshot(path=file, clip=top | {"height": height})
        browser.close()
    return 0


def main(folder: str, *notebooks: str) -> int:
    from playwright.sync_api import sync_playwright

    Path(folder).mkdir(parents=True, exist_ok=True)
    found = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for notebook in notebooks or NOTEBOOKS:
            with tempfile.TemporaryDirectory() as home, served(Path(home)) as lab:  # each has its first hour
                page = browser.new_context(viewport={"width": WIDTH, "height": 900}).new_page()
                page.set_default_timeout(120_000)
                wrong = look(page, lab, notebook, Path(folder))
                page.context.close()
            found += len(wrong)
            print(f"{notebook}: {len(wrong)} violations", *wrong, sep="\n  ", flush=True)
        browser.close()
    return 1 if found else 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    raise SystemExit(screenshot(arguments[1]) if arguments[:1] == ["--screenshot"] else main(*arguments))
