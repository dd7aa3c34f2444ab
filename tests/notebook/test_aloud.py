"""What is shown while a cell runs: nothing on the simulator, which is quick; answers as they come on real engines."""

from __future__ import annotations

import IPython.display
import pytest

from dnetlab.lab import Lab
from dnetlab.notebook import magic
from dnetlab.notebook.magic import DnetMagics


@pytest.fixture
def cleared(monkeypatch):
    """How clear_output was called: wait or not."""
    found = []
    monkeypatch.setattr(IPython.display, "clear_output", lambda wait=False: found.append(wait))
    return found


def test_the_simulator_prints_nothing_on_the_way(cleared, capsys):
    with Lab() as lab:
        result = DnetMagics._run(None, lab, "hostname", None, False)

    assert [output.stdout for output in result.outputs] == ["docker1\n"]
    assert (capsys.readouterr().out, cleared) == ("", [])


def test_answers_take_each_others_place_only_once_the_next_one_is_there(cleared, capsys):
    # IPython's clear_output(wait=True) waits for the next output, so that nothing flickers
    with Lab() as lab:
        magic._run_aloud(lab, "hostname\nwhoami", None, False)

    assert cleared == [True, True, True]
    assert capsys.readouterr().out == (
        "[root@docker1 ~]# hostname\ndocker1\n[root@docker1 ~]# hostname\ndocker1\n[root@docker1 ~]# whoami\nroot\n"
    )
