"""Every example in README and docs runs, and says what it shows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from dnetlab.lab import Lab
from dnetlab.model import parse_topology

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


def _transcripts() -> list:
    """(the lab.toml that stands last before it on its page, '' for none, the transcript)."""
    found = []
    for page in PAGES:
        lab = ""
        for number, block in enumerate(_BLOCK.finditer(page.read_text(encoding="utf-8")), 1):
            if block["kind"] == "toml":
                lab = block["text"]
            elif block["kind"] == "dnet":
                found.append(pytest.param(lab, block["text"], id=f"{page.stem}-{number}"))
    return found


@pytest.mark.parametrize(("lab", "text"), _transcripts())
def test_a_transcript_in_the_docs_is_what_the_simulator_answers(lab, text):
    with Lab(topology=parse_topology(lab) if lab else None) as there:
        result = there.run_cell(text, check=True)

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


def test_the_readme_has_a_line_to_clone_a_badge_to_launch_and_a_picture_that_is_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "git clone ADDRESS dnetlab && cd dnetlab" in readme
    assert "https://mybinder.org/badge_logo.svg" in readme
    (picture,) = re.findall(r"^!\[[^]]+\]\((.+)\)$", readme, re.MULTILINE)
    assert (ROOT / picture).read_bytes().startswith(b"\x89PNG")


def test_the_command_that_the_readme_has_one_type_says_why_tests_were_skipped():
    # pytest -r s: "(s)kipped" in the summary, which -q alone leaves out
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]

    assert ".venv/bin/python -m pytest\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "-rs" in settings["addopts"].split()
