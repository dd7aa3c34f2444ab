"""The matrix as tables and as a picture."""

from __future__ import annotations

from dnetlab.explain.reach import reach
from dnetlab.model import Snapshot
from dnetlab.views import reach as views
from tests import builder as b


def test_the_matrix_has_a_row_per_asker_and_a_column_per_port() -> None:
    table = views.matrix(reach(b.docker_lab())).set_index("asker")

    assert list(table.index) == ["dock", "web1", "peer", "oth", "ext"]
    assert table.loc["peer", "web1 172.20.0.2 80/tcp"] == "open"
    assert table.loc["oth", "web1 172.20.0.2 80/tcp"] == "silence"
    assert table.loc["ext", "web1 172.20.0.2 80/tcp"] == "no route"
    assert table.loc["ext", "dock 10.33.0.1 8081/tcp"] == "open"


def test_the_table_of_classes_keeps_its_columns_when_empty() -> None:
    table = views.by_classes(reach(Snapshot()))

    assert len(table) == 0
    assert {name: str(kind) for name, kind in table.dtypes.items()} == views.COLUMNS


def test_equal_containers_share_a_row() -> None:
    lab = b.docker_lab()
    table = views.by_classes(reach(lab))

    row = table[(table["asker"] == "oth") & (table["target"] == "web1") & (table["service"] == "80/tcp")].iloc[0]
    assert (row["askers"], row["targets"], row["outcome"]) == (1, 1, "silence")


def test_the_picture_has_an_arrow_where_something_is_open() -> None:
    picture = views.to_dot(reach(b.docker_lab()))

    assert picture.startswith("digraph reach {")
    numbers = {
        line.split('"')[1]: line.split()[0] for line in picture.splitlines() if "[label=" in line and "->" not in line
    }
    assert f'{numbers["peer"]} -> {numbers["web1"]} [label="ping, 80/tcp"' in picture
    assert f"{numbers['oth']} -> {numbers['web1']}" not in picture
