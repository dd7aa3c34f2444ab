"""A notebook's commands are written down as they run, so that a killed kernel loses nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from dnetlab.journal import read_journal
from dnetlab.notebook.journal import journal_file, notebook_name


def test_resume_brings_the_lab_of_a_killed_kernel_back(start_kernel, tmp_path):
    journals = str(tmp_path / "journals")
    with start_kernel(tmp_path, journals) as first:
        first.run("%%dnet\ndocker network create my_net1\ndocker run -d --name web1 --network my_net1 nginx")
    with start_kernel(tmp_path, journals) as second:
        ran = second.run("%dnet resume")
        containers = second.run("t = %dnet containers\nt[['name', 'addresses']].values.tolist()")

    assert ran.plain == "The lab is back: 2 commands ran again."
    assert containers.plain == "[['web1', '172.18.0.2']]"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ".dnetlab/session.sim-20.10.journal"),
        ({"JPY_SESSION_NAME": "lessons/01-native-networks.ipynb"}, ".dnetlab/01-native-networks.sim-20.10.journal"),
        ({"JPY_SESSION_NAME": ""}, ".dnetlab/session.sim-20.10.journal"),
        ({"DNETLAB_JOURNAL": "off"}, None),
        ({"NBGRADER_EXECUTION": "autograde"}, None),
    ],
)
def test_the_journal_lies_beside_the_notebook_and_not_where_a_grader_runs(monkeypatch, tmp_path, environment, expected):
    for name in ("JPY_SESSION_NAME", "DNETLAB_JOURNAL", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    found = journal_file("sim", "20.10", notebook_name(SimpleNamespace(user_ns={})))

    assert found == (None if expected is None else Path(tmp_path, expected))


def test_a_journal_that_can_not_be_written_is_said_under_the_first_cell_and_stops_none(start_kernel, tmp_path):
    (tmp_path / "file").write_text("")
    with start_kernel(tmp_path, str(tmp_path / "file" / "journals")) as kernel:
        first, second = kernel.run("%%dnet -q\nhostname"), kernel.run("%%dnet -q\nhostname")

    assert first.plain.startswith("[root@docker1 ~]# hostname\ndocker1\n\nThe journal ")
    assert "can't be written: " in first.plain
    assert second.plain == "[root@docker1 ~]# hostname\ndocker1"
    assert (first.error, first.streams) == (None, {})


def test_a_kernel_writes_down_who_it_is_so_that_it_finds_its_own_session_again(start_kernel, tmp_path):
    journals = tmp_path / "journals"
    with start_kernel(tmp_path, str(journals)) as kernel:
        kernel.run("%%dnet\nhostname")
        name = kernel.run("from ipykernel.connect import get_connection_file\nget_connection_file()").plain.strip("'")
    (file,) = journals.iterdir()

    (session,) = read_journal(file).sessions

    assert session.kernel == Path(name).stem != ""
