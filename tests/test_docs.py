"""Every example in README and docs runs, and says what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dnetlab.lab import Lab

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def _examples(kind: str) -> list:
    return [
        pytest.param(block["text"], id=f"{page.stem}-{number}")
        for page in PAGES
        for number, block in enumerate(_BLOCK.finditer(page.read_text(encoding="utf-8")), 1)
        if block["kind"] == kind
    ]


@pytest.mark.parametrize("text", _examples("dnet"))
def test_a_transcript_in_the_docs_is_what_the_simulator_answers(text):
    with Lab() as lab:
        result = lab.run_cell(text, check=True)

    assert result.refused is None
    assert [d.text for d in result.differences] == []


@pytest.mark.parametrize("text", _examples("python"))
def test_a_python_example_in_the_docs_runs(text):
    exec(compile(text, "docs", "exec"), {})


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_pages_made_from_the_code_are_up_to_date():
    import importlib.util

    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)

    for name, make in generate.PAGES.items():
        stored = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert stored == make(), f"docs/{name} is stale: run python docs/generate.py"
