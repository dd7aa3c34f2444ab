"""A report in a real browser: nothing that was typed runs, nothing is fetched, axe finds nothing wrong."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

from dnetlab.grade.export import report, write  # noqa: E402
from dnetlab.grade.verify import verify  # noqa: E402
from dnetlab.grade.work import Terms  # noqa: E402
from dnetlab.lab import Lab  # noqa: E402

ATTACKS = [
    "<script>window.ran = 1</script>", '"><img src=x onerror="window.ran = 1">', "</pre><svg onload='window.ran = 1'>",
    "<iframe srcdoc='<script>parent.ran = 1</script>'></iframe>", "<a href=javascript:window.ran=1>x</a>",
    "<meta http-equiv=refresh content=0;url=http://127.0.0.1:9/>", "<link rel=stylesheet href=http://127.0.0.1:9/x.css>",
    "<base href=http://127.0.0.1:9/>", "<style>body{display:none}</style>", "<form action=http://127.0.0.1:9/>",
]  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The report of somebody who types markup, predicts it, and looks around; in both languages."""
    folder = tmp_path_factory.mktemp("report")
    with Lab(journal=folder / "a.journal") as lab:
        lab.open_lesson("1", '<script>window.ran = 1</script>"')
        lab.predict("networks", "<img src=x onerror='window.ran = 1'>")
        lab.start_lesson()
        lab.run("docker run -d --name web1 nginx")
        for attack in ATTACKS:
            lab.run_cell("echo '" + attack.replace("'", '"') + "'")
        lab.looked("topology", {"only": []})
        lab.looked("rules", {})
        lab.looked("trace", {"source": "web1", "destination": "client"})
        lab.checkpoint(ATTACKS[0])
        lab.check()
    told = report([(folder / "a.journal").read_bytes()], 1764250000.0, Terms(only="01-native-networks"))
    return {language: write(told, folder, ["html"], language, language)[0] for language in ("en", "zh")}


@pytest.fixture(params=["en", "zh"])
def shown(request, reports, browser):
    """The report in a window, with what it asked for and what the console said."""
    context = browser.new_context(viewport={"width": 1000, "height": 1000}, accept_downloads=True)
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(reports[request.param].as_uri())
    yield page, [url for url in asked if not url.startswith("data:")], said, reports[request.param]
    context.close()


def test_nothing_that_was_typed_runs_and_nothing_is_fetched(shown):
    page, asked, said, file = shown

    assert page.evaluate("window.ran") is None
    assert asked == [file.as_uri()]
    assert said == []  # no policy had to stop anything
    assert page.locator("pre", has_text="<script>window.ran = 1</script>").count() >= 1
    assert page.locator("script, iframe, form, link, base, object, embed").count() == 0


def test_the_policy_would_stop_a_script_that_got_in(shown):
    page, _, said, _ = shown
    page.evaluate("() => { const s = document.createElement('script'); s.textContent = 'window.ran = 2';"
                  " document.body.append(s); }")  # fmt: skip

    assert page.evaluate("window.ran") is None
    assert "Content Security Policy" in said[0]


def test_axe_finds_nothing_wrong(shown):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(shown[0]).response

    assert [f"{v['id']}: {node['html'][:200]}" for v in found["violations"] for node in v["nodes"]] == []


def test_pictures_are_there_and_the_data_can_be_saved_and_verified(shown, tmp_path):
    page, _, _, _ = shown
    with page.expect_download() as started:
        page.locator("a[download]").click()
    started.value.save_as(tmp_path / "a.json")

    widths = page.locator("figure img").evaluate_all("all => all.map(img => img.naturalWidth)")
    assert len(widths) == 3 and min(widths) > 300
    assert json.loads((tmp_path / "a.json").read_text())["verified"] is False
    assert [f for f in verify((tmp_path / "a.json").read_bytes())["findings"] if not f["note"]] == []
