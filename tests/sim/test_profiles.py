"""What differs by release is data in sim/profiles, and nowhere else."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path

import pytest

from dnetlab.errors import UsageError
from dnetlab.model.releases import RELEASES
from dnetlab.sim import profiles

PACKAGE = Path(__file__).resolve().parents[2] / "dnetlab"
OWNERS = {"sim/profiles", "model/releases.py", "engines"}  # engines: which real ones a machine has


def _names_a_release(node: ast.AST) -> bool:
    return any(
        isinstance(leaf, ast.Constant) and isinstance(leaf.value, str) and re.fullmatch(r"2\d(\.\d+)?", leaf.value)
        for leaf in ast.walk(node)
    )


def _decisions(path: Path) -> list[str]:
    """Comparisons and tables in which a release is spelled."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and _names_a_release(node):
            found.append(ast.unparse(node))
        if isinstance(node, ast.Dict) and any(key is not None and _names_a_release(key) for key in node.keys):
            found.append(ast.unparse(node))
    return found


def test_no_release_is_compared_with_outside_the_profiles():
    # given every file that is not an owner of releases
    files = [p for p in sorted(PACKAGE.rglob("*.py")) if not any(
        p.relative_to(PACKAGE).as_posix().startswith(owner) for owner in OWNERS)]  # fmt: skip

    # when looking for a decision by the name of a release
    found = [(str(path.relative_to(PACKAGE)), text) for path in files for text in _decisions(path)]

    # then there is none
    assert found == []


def test_the_engines_and_the_clients_are_those_of_the_list_the_oldest_first():
    assert tuple(profiles.ENGINES) == RELEASES
    assert tuple(profiles.CLIENTS) == RELEASES
    assert [one.version for one in profiles.ENGINES.values()] == [
        "20.10.24+dfsg1", "26.1.5+dfsg1", "28.5.2+dfsg4", "29.7.2",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [
    profiles.EngineProfile, profiles.Firewall, profiles.Build, profiles.Documents, profiles.ClientProfile,
])  # fmt: skip
def test_every_field_is_explained(kind):
    said = kind.__doc__ or ""

    assert [f.name for f in dataclasses.fields(kind) if not re.search(rf"^ {{4}}{f.name}  ", said, re.M)] == []


def test_no_field_is_the_same_in_all_releases():
    engines = list(profiles.ENGINES.values())

    same = [f.name for f in dataclasses.fields(profiles.EngineProfile)
            if all(getattr(one, f.name) == getattr(engines[0], f.name) for one in engines)]  # fmt: skip

    assert same == []


def test_a_real_engine_is_like_the_known_one_of_its_major_version_or_of_the_one_before():
    assert [profiles.like(release).release for release in ("19.03", "20.10", "27.5", "28.1", "29.7", "30.0-rc.1")] == [
        "20.10", "20.10", "26.1", "28.5", "29.7", "29.7",
    ]  # fmt: skip


def test_an_unknown_release_is_a_small_lesson():
    with pytest.raises(UsageError, match=r"the simulator has no Docker '19\.03'") as caught:
        profiles.engine("19.03")

    assert caught.value.hint == "It knows the releases 20.10, 26.1, 28.5, 29.7."
