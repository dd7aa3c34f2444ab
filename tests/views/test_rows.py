"""A table without pandas: read as with it, by a page, by a terminal, by a report."""

from __future__ import annotations

import pytest

from dnetlab import Lab
from dnetlab.errors import DnetError
from dnetlab.language import speaking
from dnetlab.views import tables
from dnetlab.views.frame import NUMBER, TEXT, YES_NO, cells, frame
from dnetlab.views.rows import Rows

COLUMNS = {"host": TEXT, "dev": TEXT, "mtu": NUMBER, "up": YES_NO, "namespace": TEXT}
LINKS = [("docker1", "eth0", 1500, True, "host"), ("docker1", "docker0", 1500, False, None)]


@pytest.fixture(scope="module")
def lab():
    with Lab() as made:
        made.run_cell("docker network create my_net1\ndocker run -d -p 8080:80 --name web --network my_net1 nginx")
        yield made


@pytest.fixture
def no_pandas(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "dnetlab.views.dataframe", None)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", tables.TABLES)
def test_each_table_of_the_lab_reads_the_same_with_pandas_and_without(lab, name, language, monkeypatch):
    with speaking(language):
        table = lab.table(name)
        with monkeypatch.context() as hidden:
            hidden.setitem(__import__("sys").modules, "dnetlab.views.dataframe", None)
            rows = lab.table(name)

        assert isinstance(rows, Rows)
        assert rows._repr_html_() == table._repr_html_()
        assert cells(rows) == cells(table)


def test_a_column_and_fewer_columns_are_picked_by_name(no_pandas):
    table = frame(LINKS, COLUMNS)

    assert (len(table), list(table)) == (2, ["host", "dev", "mtu", "up", "namespace"])
    assert table["dev"] == ["eth0", "docker0"]
    assert repr(table[["dev", "up"]]) == "dev     up\neth0    yes\ndocker0 no"


def test_what_only_a_dataframe_can_says_how_to_get_pandas(no_pandas, monkeypatch):
    table = frame(LINKS, COLUMNS)

    with pytest.raises(DnetError, match="pip install pandas"):
        table.groupby("host")
    monkeypatch.setattr("sys.platform", "emscripten")
    with pytest.raises(DnetError, match="A cell `import pandas` loads it"):
        table.query("mtu > 1000")


def test_rows_become_a_dataframe_once_pandas_is_there():
    table = Rows(LINKS, COLUMNS)

    assert list(table.groupby("host").size()) == [2]
    assert list(table[table.frame()["up"]]["dev"]) == ["eth0"]


def test_what_is_the_same_in_every_row_is_said_once_below(no_pandas):
    table = frame([("docker1", "eth0", 1500, True, None), ("docker1", "lo", 65536, True, None)], COLUMNS, ("dev",))

    assert repr(table) == "dev  mtu\neth0 1500\nlo   65536\nIn every row: host docker1, up yes"


def test_a_table_without_rows_names_its_columns(no_pandas):
    assert repr(frame([], COLUMNS)) == "no rows; columns: host, dev, mtu, up, namespace"
