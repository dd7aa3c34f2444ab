"""Where a view begins to leave out, and what stands there at the last value before it."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from dnetlab.errors import UsageError
from dnetlab.lab import Lab
from dnetlab.model import Container, Route
from dnetlab.notebook.display import changes_html
from dnetlab.notebook.journey import JourneyView
from dnetlab.views.difference import Change, Difference
from dnetlab.views.labels import route_text
from dnetlab.views.tables import mode_text, table


def test_a_change_has_up_to_180_characters_on_its_line_and_a_longer_one_says_that_there_is_more():
    whole = Change("links", "docker1", "+", "k" * 169).text
    cut = Change("links", "docker1", "+", "k" * 170).text

    assert (len(whole), whole) == (180, "+ docker1: " + "k" * 169)
    assert (len(cut), cut) == (180, "+ docker1: " + "k" * 168 + "…")


def test_a_notebook_shows_sixty_changes_of_a_kind_and_counts_the_others():
    sixty = tuple(Change("rules", "docker1", "+", f"rule {number}", None, "x") for number in range(60))
    one_more = (*sixty, Change("rules", "docker1", "+", "rule 60", None, "x"))

    shown, cut = changes_html(Difference(sixty)), changes_html(Difference(one_more))

    assert "rule 59" in shown and "more" not in shown
    assert "rule 59" in cut and "rule 60" not in cut and "… and 1 more" in cut


def test_a_table_that_is_not_there_is_answered_with_the_nearest_one():
    with pytest.raises(UsageError) as raised:
        table("conection", Lab().snapshot())

    assert str(raised.value) == "there is no table 'conection'\nDid you mean connections?"


def test_who_joined_a_container_that_is_gone_shows_the_twelve_characters_that_docker_ps_would():
    host = Lab().snapshot().hosts["docker1"]
    one = Container("a" * 64, "one", "busybox", network_mode="container:0123456789abcdef")

    assert mode_text(host, one) == "container:0123456789ab"


@pytest.mark.parametrize(
    ("line", "drawn"),
    [
        ("true", False),
        ("ip link set enp7s0 down", True),
        ("ip link set enp7s0 master docker0", True),
        ("ip addr add 10.9.0.1/24 dev enp7s0", True),
    ],
)
def test_the_idle_second_nic_is_drawn_once_it_is_down_plugged_in_or_has_an_address(line: str, drawn: bool):
    with Lab() as lab:
        lab.run("docker run -d --name web nginx")
        lab.run(line)

        assert ("docker1 nic enp7s0" in lab.topology().dot) is drawn


@pytest.mark.parametrize(
    ("kind", "text"), [("unicast", "10.9.0.0/24 dev eth0"), ("blackhole", "blackhole 10.9.0.0/24 dev eth0")]
)
def test_a_route_is_told_as_ip_route_prints_it_and_its_kind_first(kind: str, text: str):
    assert route_text(Route(IPv4Network("10.9.0.0/24"), "eth0", kind=kind, scope="global", protocol="boot")) == text


def test_what_a_capture_saw_stands_beside_a_journey_only_where_something_was_captured():
    with Lab() as lab:
        lab.run("docker run -d --name web nginx")
        exchange, snapshot = lab.trace("client", "docker1"), lab.snapshot()

    assert JourneyView(exchange, snapshot).crossings is None
    assert len(JourneyView(exchange, snapshot, ()).crossings) > 0


def test_the_verdict_of_a_trace_stands_above_its_player_and_the_told_journey_below(monkeypatch):
    with Lab() as lab:
        lab.run("docker run -d --name web nginx")
        view = JourneyView(lab.trace("client", "docker1"), lab.snapshot())
    shown: list[object] = []
    monkeypatch.setattr("IPython.display.display", lambda what, raw=False: shown.append(what))
    monkeypatch.setattr("dnetlab.notebook.player.player", lambda view: "the player")

    view._ipython_display_()

    verdict, played, told = shown
    assert "<b>The one who asked got his answer.</b>" in verdict["text/html"] and "<details" not in verdict["text/html"]
    assert played == "the player"
    assert "got his answer" not in told["text/html"] and told["text/html"].count("<details") == 3
