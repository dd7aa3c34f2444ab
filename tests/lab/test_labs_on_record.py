"""`up`, `ps` and `down` ask every provider, and say what there is; the providers here are only played."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from dnetlab import doctor
from dnetlab.cli import main
from dnetlab.engines import labhosts
from dnetlab.engines.providers import Standing
from dnetlab.engines.providers.shape import lab_toml
from dnetlab.errors import UnknownName, UsageError
from dnetlab.model import default_topology
from dnetlab.model.labfile import parse_topology

ROOT = Path(__file__).resolve().parent.parent.parent


def row(
    lab: str, provider: str, host: str = "docker1", state: str = "up", kept: bool = True, daemon: str = "started"
) -> Standing:
    return Standing(lab, provider, "28.5", host, "172.25.254.1", daemon, state, kept)


@dataclass
class Played:
    """A provider with these rows."""

    name: str
    rows: list[Standing]
    reason: str = ""
    removed: list[str] = field(default_factory=list)

    def why_not(self) -> str:
        return self.reason

    def offer(self) -> str:
        return "a way"

    def sweep(self, progress: Any) -> list[str]:
        return []

    def standing(self) -> list[Standing]:
        return self.rows

    def down(self, lab: str) -> None:
        self.removed.append(lab)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[Played]:
    found = [
        Played("namespaces", [row("one", "namespaces"), row("busy", "namespaces", kept=False)]),
        Played("containers", [row("two", "containers", state="gone")]),
    ]
    monkeypatch.setattr(labhosts, "providers", lambda: found)
    return found


def test_ps_lists_what_every_provider_has_and_says_how_to_mend_it(ways: list[Played]) -> None:
    lines = labhosts.ps().splitlines()

    assert [line.split()[0] for line in lines] == ["LAB", "one", "busy", "two", "A"]
    assert lines[2].endswith("up, in use") and lines[3].endswith("gone")
    assert lines[4] == "A host of two has ended. Make it anew: dnetlab up two"


def test_ps_says_on_which_hosts_dockerd_does_not_run(ways: list[Played]) -> None:
    ways[0].rows[:] = [
        row("one", "namespaces", daemon="stopped"),
        row("busy", "namespaces", kept=False, daemon="stopped"),
    ]
    ways[1].rows[:] = [row("two", "containers", state="gone", daemon="stopped")]

    assert labhosts.ps().splitlines()[4:] == [
        "A host of two has ended. Make it anew: dnetlab up two",
        "dockerd doesn't run on docker1. Start it: dnetlab up one",
    ]


def test_down_of_a_name_asks_the_provider_that_has_it(ways: list[Played]) -> None:
    assert labhosts.down("two") == ["two"]
    assert [way.removed for way in ways] == [[], ["two"]]


def test_down_without_a_name_takes_the_only_one_and_never_one_in_use(ways: list[Played]) -> None:
    with pytest.raises(UsageError, match="2 labs are up: one, two"):
        labhosts.down()
    ways[1].rows.clear()

    assert labhosts.down() == ["one"]
    assert [way.removed for way in ways] == [["one"], []]


def test_a_name_that_no_lab_has_is_said_with_those_there_are(ways: list[Played]) -> None:
    with pytest.raises(UnknownName, match="no lab three is up\nThere are: one, two."):
        labhosts.down("three")
    with pytest.raises(UnknownName, match="no lab busy stands\nThere are: one, two."):
        labhosts.attach("busy")


@dataclass
class Made:
    """Lab hosts that were just made, as `up` sees them."""

    lab: str
    kept: bool = False

    def keep(self) -> None:
        self.kept = True


def test_the_first_up_says_what_the_hosts_guard_against_and_what_they_do_not(
    ways: list[Played], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[Made] = []

    def make(release: str | None, shape: Any, progress: Any, lab: str) -> Made:
        made.append(Made(lab))
        return made[0]

    monkeypatch.setattr(labhosts, "make", make)

    assert main(["up", "three"]) == 0
    assert [(hosts.lab, hosts.kept) for hosts in made] == [("three", True)]
    assert capsys.readouterr().out == (
        "the lab three is up: dnetlab run --engine docker --attach three FILE\n"
        "The lab's hosts are apart from your machine's network, files and processes, but they run as its root: they "
        "guard against accidents, not against somebody who means harm.\n"
    )


def test_the_page_of_real_engines_says_that_the_hosts_are_no_security_boundary() -> None:
    assert "**It is no security boundary**" in (ROOT / "docs/real-engines.md").read_text(encoding="utf-8")


def test_doctor_says_it_where_a_way_to_real_hosts_works(ways: list[Played], monkeypatch: pytest.MonkeyPatch) -> None:
    found = {finding.subject: (finding.state, finding.found) for finding in doctor._engines()}

    assert found["real engines: namespaces"] == ("ok", "a way")
    assert found["real engines: how safe"][0] == "note"
    assert found["real engines: how safe"][1].endswith("not against somebody who means harm.")


def test_a_name_that_can_not_be_one_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "my lab"]) == 2
    assert "'my lab' can't be a lab's name" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["ps"], ["up"], ["down"], ["run", "--engine", "docker", "-"]])
def test_windows_itself_is_sent_to_wsl(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dnetlab.engines.labhosts.sys.platform", "win32")
    monkeypatch.setattr("sys.stdin.read", lambda: "docker ps", raising=False)

    assert main(words) == 1
    assert "Run dnetlab inside WSL" in capsys.readouterr().err


SWITCHED = """
resolver = "192.0.2.53"
images = ["busybox"]
[switches.core]
title = "the core"
forged_macs = false
ports."a:eth0" = { access = 10 }
ports."b:eth0.1" = { trunk = [10, 20], native = 0 }
[hosts.a]
docker = true
aliases = ["alpha"]
routes.default = "10.0.0.254"
nics.eth0 = { switch = "core", address = ["10.0.0.1/24", "fd00::1/64"], mac = "52:54:00:00:00:01" }
[hosts.b]
forwarding = true
nics."eth0.1" = { switch = "core", promiscuous = true }
nics.spare = {}
"""


@pytest.mark.parametrize("shape", [default_topology(), parse_topology(SWITCHED)])
def test_a_shape_that_is_written_down_is_read_again(shape: Any) -> None:
    assert parse_topology(lab_toml(shape)) == shape
