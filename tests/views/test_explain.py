"""A journey as a table and as a story."""

from __future__ import annotations

from dnetlab.views import explain
from tests import builder as b


def test_every_step_is_a_row_with_the_rule_that_was_met() -> None:
    exchange = b.ping(b.docker_lab(), "oth", "172.20.0.2")

    table = explain.steps(exchange)

    last = table[table["step"] == "matched"].iloc[-1]
    assert (last["host"], last["hook"], last["chain"], last["number"]) == (
        "dock",
        "FORWARD",
        "DOCKER-ISOLATION-STAGE-2",
        2,
    )
    assert last["rule"] == "-o br-n1 -j DROP"
    assert last["packets"] == 0
    assert set(table["direction"]) == {"request"}


def test_a_rewrite_shows_both_packets() -> None:
    table = explain.steps(b.tcp(b.docker_lab(), "ext", "10.33.0.1", 8081))

    rewrites = table[table["step"] == "rewritten"]
    assert list(rewrites["before"]) == [
        "10.33.0.2:40000 > 10.33.0.1:8081 tcp [S]",
        "172.20.0.2:80 > 10.33.0.2:40000 tcp [SA]",
    ]
    assert list(rewrites["after"]) == [
        "10.33.0.2:40000 > 172.20.0.2:80 tcp [S]",
        "10.33.0.1:8081 > 10.33.0.2:40000 tcp [SA]",
    ]


def test_columns_keep_their_types() -> None:
    table = explain.steps(b.ping(b.docker_lab(), "peer", "172.20.0.2"))

    assert list(table.columns) == list(explain.COLUMNS)
    assert {name: str(kind) for name, kind in table.dtypes.items()} == explain.COLUMNS


def test_the_story_says_where_it_died_and_what_would_have_helped() -> None:
    story = explain.text(b.ping(b.docker_lab(), "oth", "172.20.0.2"))

    verdict, end, remedy, _, request, place = story.splitlines()[:6]
    assert verdict == "Nothing came back: the one who asked waits in vain."
    assert end == (
        "At dock: dropped [NETFILTER_DROP]: Rule 2 of table filter, chain DOCKER-ISOLATION-STAGE-2 drops it: "
        "-o br-n1 -j DROP"
    )
    assert remedy.startswith("What would have let it through: Docker keeps its networks apart")
    assert (request, place) == ("Request: 172.21.0.2 > 172.20.0.2 echo request", "  dock/oth")
    assert "filter FORWARD ▸ DOCKER-ISOLATION-STAGE-2 rule 2: -o br-n1 -j DROP" in story


def test_the_second_connection_of_docker_proxy_is_told_too() -> None:
    story = explain.text(b.tcp(b.docker_lab(), "oth", "10.33.0.1", 8081))

    assert "docker-proxy (pid 77) takes it and opens a second connection, to 172.20.0.2:80" in story
    assert "Proxied request: 172.20.0.1:" in story
