"""The first lesson in a real JupyterLab, as a student sees it: terminals, what changed, tables, the picture."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
from playwright.sync_api import Error as PlaywrightError

LESSON = "01-native-networks.ipynb"
ERROR = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(p => p.textContent)"
STARTED = f"() => {PROMPTS}.some(text => /[\\d*]/.test(text))"
FINISHED = f"""() => document.querySelector('[data-mime-type="application/vnd.jupyter.error"]')
    || ({PROMPTS}.length > 3 && {PROMPTS}.every(text => /\\d/.test(text)))"""
PICTURE = 'img[alt^="Topology of the lab: "]'


def open_notebook(page, url: str) -> None:
    """Wait until the cells are there and the kernel rests. JupyterLab may take a while to come up."""
    for _ in range(60):
        try:
            page.goto(url)
            break
        except Exception:  # the server isn't listening yet
            page.wait_for_timeout(500)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')


def run_all(page) -> None:
    """Run All Cells; asked again when JupyterLab was not ready to hear it."""
    for _ in range(8):
        accept = page.locator("dialog.jp-Dialog .jp-mod-accept")
        if accept.count():  # on a slow machine JupyterLab asks which kernel before its own has come up
            accept.first.click()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            page.wait_for_function(STARTED, timeout=10_000)
            break
        except PlaywrightError:
            page.keyboard.press("Escape")
    page.wait_for_function(FINISHED, timeout=180_000)


@pytest.fixture(scope="module")
def ran(browser, jupyterlab, tmp_path_factory):
    """The lesson's page after Run All Cells, saved."""
    page = browser.new_context(viewport={"width": 1400, "height": 1100}).new_page()
    page.set_default_timeout(90_000)
    open_notebook(page, jupyterlab.url)
    run_all(page)
    page.keyboard.press("Control+s")
    page.screenshot(path=tmp_path_factory.mktemp("pictures") / "lesson.png")
    yield page
    page.context.close()


def test_every_cell_of_the_lesson_runs_without_an_error_or_a_word_on_stderr(ran):
    assert ran.locator(ERROR).all_text_contents() == []


def test_each_command_cell_shows_its_terminal(ran):
    terminals = ran.locator(".jp-OutputArea-output pre", has_text="[root@docker1 ~]#")

    assert terminals.count() >= 5
    assert "docker network ls" in terminals.first.text_content()
    assert terminals.first.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(247, 247, 244)"


def test_what_changed_opens_and_names_the_veth_pair(ran, tmp_path):
    details = ran.locator("details", has_text="What changed:").filter(has_text="container").first

    details.locator("summary").click()
    details.scroll_into_view_if_needed()
    ran.screenshot(path=tmp_path / "changed.png")
    assert "veth" in details.locator("table").inner_text()


def test_the_picture_is_drawn_and_described(ran, tmp_path):
    picture = ran.locator(PICTURE).last

    picture.scroll_into_view_if_needed()
    picture.screenshot(path=tmp_path / "topology.png")
    assert picture.evaluate("node => node.complete && node.naturalWidth") > 300
    assert "docker0" in picture.get_attribute("alt")


def test_a_table_has_its_columns(ran):
    heads = ran.locator(".jp-OutputArea-output table thead").first.inner_text()

    assert {"host", "container", "dev"} <= set(heads.split())


def test_a_notebook_that_jupyterlab_does_not_trust_still_shows_all_of_it(ran, page, jupyterlab):
    saved = json.loads((jupyterlab.folder / LESSON).read_text(encoding="utf-8"))
    saved["cells"].append({"cell_type": "markdown", "id": "stranger", "metadata": {}, "source": "from somebody else"})
    (jupyterlab.folder / "stranger.ipynb").write_text(json.dumps(saved), encoding="utf-8")
    page.goto(jupyterlab.url_of("stranger.ipynb"))
    page.wait_for_selector(PICTURE)

    assert page.locator(PICTURE).last.evaluate("node => node.complete && node.naturalWidth") > 300
    assert page.locator("details", has_text="What changed:").count() > 0
    terminal = page.locator(".jp-OutputArea-output pre", has_text="[root@docker1 ~]#").first
    assert terminal.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(247, 247, 244)"
