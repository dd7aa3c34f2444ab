"""The launch link of a public copy opens the tour; the README's is one, of a placeholder for who publishes it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_SPEC = importlib.util.spec_from_file_location("link", ROOT / "binder" / "link.py")
made = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)


@pytest.mark.parametrize(
    ("address", "repository"),
    [
        ("https://github.com/ann/dnetlab.git", "gh/ann/dnetlab"),
        ("git@github.com:ann/dnetlab.git", "gh/ann/dnetlab"),
        ("ssh://git@gitlab.com/course/ann/dnetlab", "gl/course%2Fann%2Fdnetlab"),
        ("https://git.example.org/ann/dnetlab", "git/https%3A%2F%2Fgit.example.org%2Fann%2Fdnetlab"),
    ],
)
def test_a_copy_on_any_forge_has_a_link_that_opens_the_tour(address, repository):
    assert made.link(address) == (
        f"https://mybinder.org/v2/{repository}/main?urlpath=lab%2Ftree%2Fnotebooks%2F00-tour.ipynb"
    )
    assert (ROOT / "notebooks" / "00-tour.ipynb").is_file()


def test_the_readmes_badge_is_such_a_link_of_a_placeholder():
    assert made.badge("https://github.com/OWNER/dnetlab") in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_clone_of_a_folder_is_told_to_name_its_address(capsys):
    status = made.main("/srv/dnetlab")

    assert status == 2
    assert capsys.readouterr().out.endswith("Name it: python binder/link.py ADDRESS\n")
