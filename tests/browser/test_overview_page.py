"""The instructor's page in a real browser, from a file: nothing runs or is fetched, axe finds nothing, keys do."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

from dnetlab.report.overview import overview  # noqa: E402

EVIL = "<script>window.ran = 1</script>\u202e"
BOTH = {"en": EVIL, "zh": EVIL}
TASK = {"task": "two", "title": BOTH, "points": 2.0, "done": 1, "tried": 2, "mean": 1.0, "attempts": 4, "hints": 1,
        "mistakes": {EVIL: 1}, "failing": [{"expected": BOTH, "found": BOTH, "number": 1}]}  # fmt: skip
ASSIGNMENT = {
    "assignment": EVIL, "lesson": "l", "title": BOTH, "points": 2.0, "people": 3, "handed_in": 2, "mean": 1.0,
    "median": 1.0, "distribution": [1, 0, 0, 0, 0, 0, 0, 0, 0, 1], "tasks": [TASK],
    "minutes": {"median": 7.0, "spread": [1.0, 2.0, 7.0, 9.0, 12.0]},
    "questions": [{"question": "q", "asked": BOTH, "given": 2, "right": 1, "wrong": [{"answer": BOTH, "number": 1}]}],
    "findings": {}, "asked_by_day": {"2026-11-20": 3, "2026-11-21": 1},
}  # fmt: skip
PERSON = {"assignment": EVIL, "student": EVIL, "name": EVIL, "handed_in": True, "earned": 1.0, "points": 2.0,
          "tasks": [{"done": False, "earned": 1.0}], "minutes": 7,
          "findings": [{"note": False, "text": BOTH}]}  # fmt: skip
MISSING = PERSON | {"handed_in": False, "tasks": [], "minutes": None, "findings": []}
PAIR = {"one": EVIL, "other": "bob", "assignment": "l", "share": 0.8, "common": 9, "sessions": [EVIL],
        "beside": [[EVIL, EVIL, True], ["docker ps", "", False]]}  # fmt: skip


@pytest.fixture(params=["en", "zh"])
def shown(request, browser, tmp_path):
    """The page in a window, what it asked for, and what the console said."""
    file = tmp_path / "overview.html"
    file.write_text("".join(overview([ASSIGNMENT], [PERSON, MISSING], [PAIR], request.param)), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1000, "height": 900}, java_script_enabled=True)
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(file.as_uri())
    yield page, asked, said, file
    context.close()


def test_nothing_runs_and_nothing_is_fetched(shown):
    page, asked, said, file = shown

    assert (page.evaluate("window.ran"), asked, said) == (None, [file.as_uri()], [])
    assert page.locator("script, iframe, form, link, base, object, embed, img").count() == 0
    assert page.locator("svg[role=img]").count() == 3


def test_axe_finds_nothing_wrong_with_all_of_it_unfolded(shown):
    from axe_playwright_python.sync_playwright import Axe

    page = shown[0]
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")

    assert [(rule["id"], len(rule["nodes"])) for rule in Axe().run(page).response["violations"]] == []


def test_keys_lead_to_the_students_and_unfold_what_was_found(shown):
    page = shown[0]

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first link skips what stands before the list
    assert page.evaluate("document.activeElement.id") == "people"

    page.keyboard.press("Tab")  # the table, to be scrolled
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#people ~ .wide details").first.evaluate("one => one.open")
