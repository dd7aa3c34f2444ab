"""A notebook's commands are written down as they run, so that a killed kernel loses nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell

from dnetlab.cli import main
from dnetlab.grade.verify import verify
from dnetlab.journal import read_journal
from dnetlab.notebook.journal import hear_the_name, journal_file, may_be_loaded_again, notebook_name


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


def test_in_a_page_a_cell_that_somebody_added_belongs_to_the_notebook_of_the_cells_before(monkeypatch):
    # given a kernel that no server tells a name, when a lesson's cell and an added one have run
    monkeypatch.setenv("JPY_SESSION_NAME", "")
    told = []
    events = SimpleNamespace(register=lambda when, call: told.append((when, call)))
    shell = SimpleNamespace(user_ns={}, kernel=SimpleNamespace(), events=events)
    hear_the_name(shell)
    ((when, before_a_cell),) = told
    for metadata in ({"dnetlab": {"notebook": "04-isolation"}}, {}):
        shell.kernel._parent_header = {"metadata": metadata}
        before_a_cell(None)

    assert when == "pre_run_cell"
    assert notebook_name(shell) == "04-isolation"


def test_in_a_page_a_notebooks_own_load_ext_says_nothing(capsys):
    # given a shell whose configuration has loaded the lab already
    shell = InteractiveShell()
    shell.extension_manager.load_extension("dnetlab")
    may_be_loaded_again(shell)

    shell.run_cell("%load_ext dnetlab")

    assert capsys.readouterr().out == ""
    assert "dnet" in shell.magics_manager.magics["cell"]


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


def test_a_session_is_written_down_the_same_from_a_cell_a_script_and_a_prompt(start_kernel, tmp_path, monkeypatch):
    commands = [
        "docker1# docker network create net1", "docker1# docker run -d --name web1 --network net1 nginx",
        "docker1# docker ps -q | wc -l", "docker2# ping -c 1 172.25.254.1", "docker1# ls /nosuch",
        "docker1# echo 'ü\u2028 ; && $x'",
    ]  # fmt: skip
    journals = [tmp_path / name for name in ("cell", "script", "prompt")]

    # given the same commands in cells of a notebook, in a script, and at `dnetlab shell`
    with start_kernel(tmp_path, str(journals[0])) as kernel:
        for command in commands:
            kernel.run(f"%%dnet\n{command}")
    (tmp_path / "a.dnet").write_text("\n\n".join(commands), encoding="utf-8")
    assert main(["run", str(tmp_path / "a.dnet"), "--journal", str(journals[1] / "a.journal")]) == 0
    lines = iter([*commands, "exit"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))
    assert main(["shell", "--journal", str(journals[2] / "a.journal")]) == 0

    # when reading what each wrote
    told = []
    for folder in journals:
        (file,) = folder.iterdir()
        (session,) = read_journal(file).sessions
        told.append([replace(entry, at=0.0, cell=0, line=replace(entry.line, number=1)) for entry in session.entries])

    # then it is the same, what each command printed too
    assert [entry.line.text for entry in told[0]] == [command.split("# ", 1)[1] for command in commands]
    assert told[0] == told[1] == told[2]


def test_a_report_is_one_line_in_a_notebook(start_kernel, tmp_path):
    with start_kernel(tmp_path, str(tmp_path / "journals")) as kernel:
        kernel.run("%dnet student ann\n%dnet lesson 1\n%dnet start")
        kernel.run("%%dnet\ndocker run -d --name news nginx\ndocker run -d --name list nginx")
        kernel.run("%dnet topology")
        ran = kernel.run("%dnet report --format json --format html --out out")

    assert ran.plain == (
        "out/01-native-networks-ann.json\nout/01-native-networks-ann.html\n1 of 9 points\n"
        "Not verified yet: the student made this report, and nobody has run the work again."
    )
    told = json.loads((tmp_path / "out" / "01-native-networks-ann.json").read_text())
    assert [step["command"] for step in told["account"]["steps"] if step["kind"] == "look"] == ["%dnet topology"]
    assert verify((tmp_path / "out" / "01-native-networks-ann.html").read_bytes())["findings"] == []


def test_without_a_journal_the_report_is_of_what_this_kernel_remembers(start_kernel, tmp_path):
    with start_kernel(tmp_path, "off") as kernel:
        kernel.run("%dnet lesson 1\n%dnet start")
        kernel.run("%%dnet\ndocker run -d --name shop nginx")
        kernel.run("%dnet report --format json")

    told = json.loads((tmp_path / "01-native-networks.json").read_text())
    assert (told["earned"], told["findings"]) == (0.5, [])


def test_resume_alone_finds_release_lab_and_language_again(start_kernel, tmp_path):
    # given a lesson of Docker 28.5, begun in Chinese, and one with a lab of its own
    journals = str(tmp_path / "journals")
    with start_kernel(tmp_path, journals) as first:
        first.run("%dnet engine --docker 28.5\n%dnet lesson 4 --lang zh\n%dnet start")
        first.run("%%dnet\ndocker network create --subnet 172.28.0.0/24 rear\n"
                  "docker run -d --name db --network rear --ip 172.28.0.20 nginx")  # fmt: skip

    # when the kernel is killed, and `%dnet resume` is the first thing that the next one hears
    with start_kernel(tmp_path, journals) as second:
        ran = second.run("%dnet resume")
        release = second.run("%dnet engine")
        second.run("%dnet lesson 9 --lang en\n%dnet start")
    with start_kernel(tmp_path, journals) as third:
        own = third.run("%dnet resume")
        card = third.run("%%dnet\nls /sys/class/net/enp8s0/address")

    # then all is as it was
    assert ran.plain == (
        "实验环境恢复了：重新执行了 4 条命令。\n第四课 · 网络隔离，以及连接两个网络：已完成 1/5 题，得分 2/8"
    )
    assert "28.5" in release.plain
    assert own.plain.endswith("Lesson 9 · macvlan across hosts: 0 of 5 tasks done, 0 of 10 points")
    assert "No such file" not in card.plain
