"""A packet's journey played in a real JupyterLab: by buttons, by keys, heard by a screen reader, and without it all."""

from __future__ import annotations

import nbformat
import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
from pages import ERROR, open_notebook, outputs_break, run_all, wait_for_kernel

PLAYER = ".dnetlab-player:visible"  # outputs of an earlier run may linger, hidden
CELLS = (
    "%load_ext dnetlab",
    "%%dnet\ndocker run -d --name web -p 8080:80 nginx\ndocker run -d --name other busybox sleep 1d",
    "%dnet lang en",
    "%dnet trace client docker1:8080",
)


@pytest.fixture(scope="module")
def played(browser, jupyterlab):
    """A notebook that traces from the client to a published port, after Run All Cells."""
    cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.write(notebook, jupyterlab.folder / "journey.ipynb")
    page = browser.new_context(viewport={"width": 1366, "height": 1100}).new_page()
    page.set_default_timeout(30_000)
    open_notebook(page, jupyterlab.url_of("journey.ipynb"))
    run_all(page, len(CELLS))
    wait_for_kernel(page, jupyterlab.url_of("journey.ipynb"))
    page.wait_for_selector(PLAYER)
    yield page
    page.context.close()


def said(page) -> str:
    return page.locator(f"{PLAYER} .now").inner_text()


def count(page) -> str:
    return page.locator(f"{PLAYER} .place").inner_text().split(" · ")[0]


def press(page, name: str) -> None:
    """As the Enter key does; at an end of the journey the button says that it is idle, and keeps the keyboard."""
    page.locator(PLAYER).get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def walk(page) -> list[dict[str, str]]:
    """Every frame from the first to the last, as a person who presses 'One step on' sees it."""
    press(page, "To the first step")
    found = []
    for _ in range(200):
        found.append({
            "said": said(page), "where": page.locator(f"{PLAYER} .place").inner_text(),
            "hook": "".join(page.locator(f"{PLAYER} .hooks li.here").all_inner_texts()),
        })
        at, last = count(page).split(" / ")
        if at == last:
            return found
        press(page, "One step on")
    raise AssertionError("the journey never ends")


def test_the_journey_begins_at_the_client_and_is_played_to_its_end(played, tmp_path):
    frames = walk(played)
    played.locator(PLAYER).screenshot(path=tmp_path / "player.png")

    assert played.locator(ERROR).all_text_contents() == []
    assert frames[0]["where"].endswith("Request · client")
    rewritten = next(f for f in frames if f["hook"] == "PREROUTING" and "172.17.0.2:80" in f["said"])
    assert "docker1" in rewritten["where"]
    assert any("DNAT --to-destination 172.17.0.2:80" in f["said"] for f in frames)
    assert frames[-1]["where"].endswith("Reply · client")


def test_the_keys_go_back_and_to_both_ends(played):
    press(played, "To the first step")
    played.keyboard.press("ArrowRight")
    played.keyboard.press("ArrowRight")
    third = count(played)
    played.keyboard.press("ArrowLeft")
    second = count(played)
    played.keyboard.press("End")
    at, last = count(played).split(" / ")
    played.keyboard.press("Home")

    assert (third.split(" / ")[0], second.split(" / ")[0]) == ("3", "2")
    assert at == last
    assert count(played).startswith("1 /")


def test_the_packet_stands_on_the_box_that_the_sentence_is_about(played):
    press(played, "To the last step")
    lit = played.locator(f"{PLAYER} .dnetlab-here text").all_text_contents()

    assert "client" in lit
    assert "docker2" not in lit


def test_what_happens_is_said_to_a_screen_reader_and_axe_finds_nothing(played):
    assert played.locator(f"{PLAYER} .now").get_attribute("aria-live") == "polite"
    assert "docker0" in played.locator(f"{PLAYER} .picture").get_attribute("aria-label")
    assert outputs_break(played) == []


def test_while_a_player_is_there_the_still_picture_steps_back_and_paper_has_it_again(played):
    still = played.locator(".dnetlab-still").last
    on_screen = still.is_visible()
    played.emulate_media(media="print")
    on_paper, player_on_paper = still.is_visible(), played.locator(PLAYER).count() > 0
    played.emulate_media(media="screen")

    assert not on_screen
    assert on_paper and not player_on_paper


def test_a_picture_that_is_too_wide_scrolls_to_where_the_packet_is(played):
    # Given a narrow window, in which the picture does not fit, when the journey is walked through, then the lit box
    # is always inside of what is seen.
    outside = """() => {
        const player = [...document.querySelectorAll('.dnetlab-player')].find(p => p.offsetParent);
        const lit = player.querySelector('g.node.dnetlab-here').getBoundingClientRect();
        const view = player.querySelector('.picture').getBoundingClientRect();
        return Math.max(0, view.left - lit.left, lit.right - view.right);
    }"""
    played.set_viewport_size({"width": 700, "height": 1100})

    press(played, "To the first step")
    places = int(count(played).split(" / ")[1])
    worst = 0
    for _ in range(places - 1):
        worst = max(worst, played.evaluate(outside))
        press(played, "One step on")
    played.set_viewport_size({"width": 1366, "height": 1100})

    assert worst < 30  # half of the letter on the box's corner
