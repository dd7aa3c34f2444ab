"""The first lesson in a real JupyterLab, as a student sees it: terminals, what changed, tables, the picture."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
from pages import ERROR, cells_of, open_notebook, outputs_break, run_all, save, set_theme

LESSON = "01-native-networks.ipynb"
PICTURE = 'img[alt^="Topology of the lab: "]:visible'


@pytest.fixture(scope="module")
def ran(browser, jupyterlab, tmp_path_factory):
    """The lesson's page after Run All Cells, saved."""
    page = browser.new_context(viewport={"width": 1400, "height": 1100}).new_page()
    page.set_default_timeout(90_000)
    open_notebook(page, jupyterlab.url)
    run_all(page, cells_of(jupyterlab.folder / LESSON))
    save(page, jupyterlab.folder / LESSON)
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


def test_no_popup_about_news_covers_the_first_page(ran):
    assert ran.get_by_text("official Jupyter news").count() == 0


def test_printing_opens_what_a_click_would_and_cuts_nothing_off(ran):
    # given closed details, and a table wider than the page, when the page is laid out for a printer
    closed = """[...document.querySelectorAll("details.dnetlab:not([open]) table")].map(table => table.offsetHeight > 0
        && table.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true, opacityProperty: true}))"""
    cut = """[...document.querySelectorAll(".dnetlab-scroll")].filter(
        part => getComputedStyle(part).overflowX != "visible").length"""
    on_screen = ran.evaluate(closed)
    ran.emulate_media(media="print")
    printed, still_cut = ran.evaluate(closed), ran.evaluate(cut)
    ran.emulate_media(media="screen")

    assert on_screen and not any(on_screen)
    assert all(printed)
    assert still_cut == 0


@pytest.mark.parametrize(("theme", "is_light"), [("JupyterLab Light", "true"), ("JupyterLab Dark", "false")])
def test_axe_finds_nothing_wrong_in_the_outputs_in_either_theme(ran, page, jupyterlab, theme, is_light, tmp_path):
    set_theme(page, jupyterlab.url, theme)
    page.goto(jupyterlab.url)
    page.wait_for_selector(PICTURE)
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{is_light}'")
    page.screenshot(path=tmp_path / "theme.png")
    wrong = outputs_break(page)
    set_theme(page, jupyterlab.url, "JupyterLab Light")

    assert wrong == []


def test_a_notebook_that_jupyterlab_does_not_trust_still_shows_all_of_it(ran, page, jupyterlab):
    saved = json.loads((jupyterlab.folder / LESSON).read_text(encoding="utf-8"))
    saved["cells"].append({"cell_type": "markdown", "id": "stranger", "metadata": {}, "source": "from somebody else"})
    (jupyterlab.folder / "stranger.ipynb").write_text(json.dumps(saved), encoding="utf-8")
    page.goto(jupyterlab.url_of("stranger.ipynb"))
    page.wait_for_selector(PICTURE)
    page.wait_for_selector("details:has-text('What changed:')")

    assert page.locator(PICTURE).last.evaluate("node => node.complete && node.naturalWidth") > 300
    assert page.locator("details", has_text="What changed:").count() > 0
    terminal = page.locator(".jp-OutputArea-output pre", has_text="[root@docker1 ~]#").first
    assert terminal.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(247, 247, 244)"
