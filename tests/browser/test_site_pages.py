"""The docs site in a real browser: axe finds nothing wrong, light and dark, and nothing is asked of other machines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
pytest.importorskip("furo", reason="Sphinx and its theme are not installed: pip install -e '.[docs]'")

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILES = [*DOCS.glob("*.md"), *DOCS.glob("zh/*.md"), DOCS / "decisions" / "index.md"]
PAGES = [*sorted(str(file.relative_to(DOCS).with_suffix("")) for file in FILES), "search"]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-d", str(out / "trees"), str(DOCS), str(out / "html")]
    subprocess.run(command, check=True)
    return out / "html"


@pytest.fixture(scope="module", params=["light", "dark"])
def window(request, chromium):
    """A window of that theme, and what it asked for."""
    context = chromium.new_context(viewport={"width": 1200, "height": 900}, color_scheme=request.param)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    yield page, asked
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_wrong_on_a_page(site, window, tmp_path, name):
    from axe_playwright_python.sync_playwright import Axe

    page, asked = window
    page.goto((site / f"{name}.html").as_uri())
    page.screenshot(path=tmp_path / "page.png")
    found = Axe().run(page).response

    assert [f"{v['id']}: {node['html'][:200]}" for v in found["violations"] for node in v["nodes"]] == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
