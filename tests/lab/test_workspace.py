"""The working folder is the student's: notebooks come into it once and nothing of theirs is ever overwritten."""

from __future__ import annotations

import pytest

from dnetlab.errors import UsageError
from dnetlab.workspace import copy_notebooks, find_notebook, free_port


def test_the_first_start_copies_every_notebook(tmp_path):
    copied = copy_notebooks(tmp_path / "mine")

    assert "01-native-networks.ipynb" in copied.new
    assert (tmp_path / "mine" / "01-native-networks.ipynb").exists()
    assert copied.kept == ()


def test_a_changed_notebook_is_left_as_it_is_and_said_so(tmp_path):
    copy_notebooks(tmp_path)
    mine = tmp_path / "01-native-networks.ipynb"
    mine.write_text("my work")
    copied = copy_notebooks(tmp_path)

    assert mine.read_text() == "my work"
    assert copied.kept == ("01-native-networks.ipynb",)
    assert copied.new == ()


@pytest.mark.parametrize(
    ("wanted", "name"),
    [(None, "01-native-networks.ipynb"), ("2", "02-host-and-none.ipynb"), ("bridges", "03-custom-bridges.ipynb")],
)
def test_a_lesson_is_found_by_its_number_or_a_part_of_its_name(tmp_path, wanted, name):
    copy_notebooks(tmp_path)

    assert find_notebook(tmp_path, wanted) == name


def test_an_unknown_lesson_lists_those_there_are(tmp_path):
    copy_notebooks(tmp_path)

    with pytest.raises(UsageError, match="01-native-networks.ipynb"):
        find_notebook(tmp_path, "99")


def test_a_free_port_can_be_bound():
    assert 1024 < free_port() < 65536
