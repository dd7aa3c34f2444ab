"""The site of the docs: Sphinx makes it without a warning, and every page is in its navigation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("furo", reason="Sphinx and its theme are not installed: pip install -e '.[docs]'")

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, made by a process of its own: any warning ends it with status 1."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", out / "trees", DOCS, out / "html"]
    made = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
    assert (made.returncode, made.stderr) == (0, "")
    return out / "html"


def test_every_page_is_made_and_stands_in_the_navigation(site):
    pages = {str(page.relative_to(DOCS).with_suffix(".html")) for page in DOCS.rglob("*.md")}
    shown = (site / "index.html").read_text(encoding="utf-8")

    made = {str(page.relative_to(site)) for page in site.rglob("*.html")}
    assert made == pages | {"genindex.html", "search.html", "py-modindex.html"}
    for page in sorted(pages - {"index.html"}):
        if not page.startswith("decisions/"):
            assert f'href="{page}"' in shown, page
    assert 'href="16-hosts-by-ssh.html"' in (site / "decisions" / "index.html").read_text(encoding="utf-8")


def test_a_docstrings_rows_become_a_list_of_names_and_meanings(site):
    page = (site / "python.html").read_text(encoding="utf-8")

    lab = page[page.index('id="dnetlab.lab.Lab"') : page.index('id="dnetlab.lab.Lab.run_cell"')]
    assert re.search(r'<span class="pre">attach</span></code></dt>\s*<dd><p>the name of a lab of real hosts', lab)


def test_an_example_of_a_terminal_has_its_prompts_marked(site):
    page = (site / "start.html").read_text(encoding="utf-8")

    assert '<span class="gp">client$ </span>' in page


def test_chinese_pages_say_that_they_are_chinese(site):
    assert '<div lang="zh-CN">' in (site / "zh" / "student.html").read_text(encoding="utf-8")
    assert 'lang="zh-CN"' not in (site / "student.html").read_text(encoding="utf-8")


def test_nothing_of_the_site_comes_from_another_machine(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(?:https?:)?//[^"]*"', text), page.name
