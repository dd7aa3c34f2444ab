"""`dnetlab run` and its contract: what it prints, and what its exit status says."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys

import pytest

from dnetlab.cli import main
from dnetlab.journal import read_journal
from dnetlab.lab import Lab
from dnetlab.prompt import Desk, banner


def script(tmp_path, text: str, name: str = "lab.dnet") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_json_prints_one_object_per_command_with_the_documented_keys(tmp_path, capsys):
    name = script(tmp_path, "; a comment\ndocker run -it --rm --name box busybox\n/ # hostname -i\n/ # exit\n")
    status = main(["run", "--json", name])
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]

    assert status == 0
    assert [list(row) for row in rows] == [
        ["file", "index", "host", "container", "command", "exit_code", "stdout", "stderr", "refused"]
    ] * 3
    assert [(r["index"], r["host"], r["container"], r["command"]) for r in rows] == [
        (1, "docker1", None, "docker run -it --rm --name box busybox"),
        (2, "docker1", "box", "hostname -i"),
        (3, "docker1", "box", "exit"),
    ]
    assert rows[1]["stdout"] == "172.17.0.2\n"
    assert all(row["refused"] is None for row in rows)


def test_a_failing_command_still_ends_with_status_0(tmp_path):
    assert main(["run", script(tmp_path, "docker start nosuch\n")]) == 0


def test_a_refused_line_ends_the_script_with_status_3(tmp_path, capsys):
    name = script(tmp_path, "echo one\nsleep 9 &\necho three\n")
    status = main(["run", "--json", name])
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]

    assert status == 3
    assert [row["command"] for row in rows] == ["echo one", "sleep 9 &"]
    assert rows[1]["refused"]["reason"] == "Background jobs are not part of the lab's shell."
    assert rows[1]["refused"]["hint"]


def test_keep_going_runs_what_follows_a_refused_line(tmp_path, capsys):
    name = script(tmp_path, "sleep 9 &\necho three\n")
    status = main(["run", "--keep-going", "--json", name])

    assert status == 3
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_check_finds_a_difference_and_says_where(tmp_path, capsys):
    name = script(tmp_path, "docker1# docker network ls -q | wc -l\n4\n")
    status = main(["run", "--check", name])

    assert status == 1
    assert "lab.dnet:1: docker network ls -q | wc -l" in capsys.readouterr().err


def test_check_passes_when_only_ids_differ(tmp_path):
    name = script(tmp_path, "docker1# docker run -d nginx\n" + "81cd079f1e08f7d4" * 4 + "\n")

    assert main(["run", "--check", name]) == 0


def test_a_notebook_runs_its_dnet_cells_and_nothing_else(tmp_path, capsys):
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "%%dnet\nnot code"},
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": "import os"},
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
         "source": ["%%dnet docker2\n", "hostname"]},
    ]  # fmt: skip
    name = script(tmp_path, json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "a.ipynb")
    status = main(["run", "--json", name])
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert status == 0
    assert (row["host"], row["stdout"]) == ("docker2", "docker2\n")


def test_standard_input_is_a_script(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("echo hello\n"))

    assert main(["run", "-"]) == 0
    assert capsys.readouterr().out == "[root@docker1 ~]# echo hello\nhello\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nosuch.dnet"], "there is no file nosuch.dnet"),
        (["run", "--docker", "19.03", "-"], "the simulator has no Docker '19.03'"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(arguments, words, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    assert main(arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        '{"cells": [{"cell_type": "code", "source": 5}]}', '{"cells": [{"cell_type": "code", "source": [5]}]}',
        '{"cells": 5}', '{"cells": ["code"]}', "[" * 100_000, "5", "no JSON", "",
    ],
)  # fmt: skip
def test_what_is_no_notebook_although_its_name_says_so_is_one_line_and_status_2(text, tmp_path, capsys):
    name = script(tmp_path, text, "a.ipynb")

    for command in (["run", name], ["check", "1", name]):
        assert main(command) == 2
        assert f"{name} is no Jupyter notebook" in capsys.readouterr().err


def test_an_unknown_option_is_status_2(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["run", "--frobnicate", "-"])

    assert stop.value.code == 2
    assert "--frobnicate" in capsys.readouterr().err


def typed(*lines: str):
    """What `input` answers: the lines, then the end of the input."""
    rest = iter(lines)

    def read(prompt: str) -> str:
        print(prompt, end="")
        try:
            line = next(rest)
        except StopIteration:
            raise EOFError from None
        if line == "^C":
            raise KeyboardInterrupt
        return line

    return read


def test_the_shell_answers_at_its_prompt_until_end_of_file(monkeypatch, capsys):
    monkeypatch.setattr("builtins.input", typed("docker network create my_net1", "sleep 9 &"))
    status = main(["shell"])
    shown = capsys.readouterr()

    assert status == 0
    assert shown.out.startswith("[root@docker1 ~]# ")
    assert "my_net1" in shown.out  # what changed names the new network
    assert "Background jobs are not part of the lab's shell." in shown.err


def test_a_script_runs_in_the_lab_of_a_file_whose_hosts_a_notebook_names_too(tmp_path, capsys):
    lab = script(tmp_path, "[hosts.one]\n[hosts.two]\n", "lab.toml")
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
              "source": "%%dnet two\nhostname\none# hostname"}]  # fmt: skip
    name = script(tmp_path, json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "a.ipynb")

    assert main(["run", "--lab", lab, name]) == 0
    assert capsys.readouterr().out == "[root@two ~]# hostname\ntwo\n[root@one ~]# hostname\none\n"


def test_a_mistake_in_the_file_of_a_lab_is_status_2_and_one_sentence(tmp_path, capsys):
    lab = script(tmp_path, "[hosts.one]\ndoker = true\n", "lab.toml")

    assert main(["run", "--lab", lab, "-"]) == 2
    assert capsys.readouterr().err.endswith(
        "lab.toml: hosts.one.doker: nothing is called so here\nDid you mean docker?\n"
    )


def test_check_says_how_many_outputs_it_compared_and_fails_on_none(tmp_path, capsys):
    some = script(tmp_path, "docker1# hostname\ndocker1\ndocker1# hostname -s\ndocker1\n")
    none = script(tmp_path, "hostname\n", "none.dnet")

    assert main(["run", "--check", some]) == 0
    assert "lab.dnet: 2 outputs compared, 0 different" in capsys.readouterr().err
    assert main(["run", "--check", none]) == 1
    assert "none.dnet: nothing was compared" in capsys.readouterr().err


def test_check_finds_a_wrong_name_that_a_user_gave(tmp_path, capsys):
    # given a container called app_server, and a transcript that calls it web_front
    lines = "docker1# docker run -d --name app_server nginx\n" + "81cd079f1e08f7d4" * 4
    name = script(tmp_path, lines + "\ndocker1# docker ps --format '{{.Names}}'\nweb_front\n")

    assert main(["run", "--check", name]) == 1
    assert "-web_front" in capsys.readouterr().err


def test_a_line_that_is_taken_for_output_is_said_before_anything_runs(tmp_path, capsys):
    name = script(tmp_path, "client$ hostname\ndocker run -d --name web1 nginx\n")

    assert main(["run", name]) == 0
    said = capsys.readouterr()
    assert "line 2, taken for the output of the command above it: docker run -d --name web1 nginx" in said.err
    assert said.out == "[root@client ~]# hostname\nclient\n"


@pytest.mark.parametrize("text", ["client$ hostname\ndocker ps\n", "docker start nosuch\n"])
def test_strict_fails_on_a_command_that_failed_or_did_not_run(tmp_path, text):
    assert main(["run", script(tmp_path, text)]) == 0
    assert main(["run", "--strict", script(tmp_path, text)]) == 1
    assert main(["run", "--strict", script(tmp_path, "hostname\n")]) == 0


@pytest.mark.parametrize("encoding", ["cp1252", "gbk", "ascii"])
def test_what_goes_into_a_file_is_utf8_on_every_system(tmp_path, encoding):
    # given a system whose pipes are cp1252, as Windows has them, when a script prints what that can't hold
    name = tmp_path / "lab.dnet"
    name.write_text("echo '网络 → ✓'\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "dnetlab", "run", "--json", str(name)],
        env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, timeout=60,
    )  # fmt: skip

    assert ran.returncode == 0
    assert json.loads(ran.stdout.decode("utf-8"))["stdout"] == "网络 → ✓\n"


def test_the_shell_looks_at_the_lab_with_dnet_and_helps(monkeypatch, capsys):
    monkeypatch.setattr("builtins.input", typed("docker run -d --name web1 nginx", "help", "%dnet ips --container web1",
                                                "history", "%dnet nosuch", "dokcer ps"))  # fmt: skip
    status = main(["shell", "-q"])
    shown = capsys.readouterr()

    assert status == 0
    assert "%dnet                  lists what the lab can show" in shown.out
    assert "172.17.0.2/16" in shown.out
    assert "docker1# docker run -d --name web1 nginx\n" in shown.out
    assert "%dnet has no subcommand 'nosuch'" in shown.err
    assert "dnetlab: Did you mean docker?" in shown.err


def test_ctrl_c_in_the_shell_ends_the_line_and_never_the_lab(monkeypatch, capsys):
    monkeypatch.setattr("builtins.input", typed("docker network create kept", "^C", "docker network ls -qf name=kept"))

    assert main(["shell", "-q"]) == 0
    assert re.search(r"\^C\n\[root@docker1 ~\]# [0-9a-f]{12}\n", capsys.readouterr().out)


def test_the_shell_says_which_terminal_is_open_and_exit_leaves_the_container_first(monkeypatch, capsys):
    lines = typed("docker run -it --rm --name box busybox", "hostname -i", "exit", "exit")
    monkeypatch.setattr("builtins.input", lines)
    status = main(["shell", "-q"])
    shown = capsys.readouterr().out

    assert status == 0
    assert "The terminal of box on docker1 is open: lines without a prompt run inside it" in shown
    assert "/ # 172.17.0.2\n/ # [root@docker1 ~]# " in shown


def test_completion_at_the_shells_prompt_offers_what_the_lab_holds():
    with Lab() as lab:
        desk = Desk(lab, "docker1", quiet=True)
        desk.answer("docker run -d --name web1 nginx")

        assert desk.complete("docker stop w") == ("w", ["web1"])
        assert desk.complete("%dnet top") == ("top", ["topology"])


def test_the_banner_names_the_release_and_the_hosts():
    with Lab(docker="20.10") as lab:
        assert banner(lab).endswith(
            "the simulator as Docker 20.10. Hosts: docker1, docker2, client. `help` says what can be typed here."
        )


def test_the_shell_keeps_a_journal_that_another_shell_goes_on_from(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DNETLAB_JOURNAL", raising=False)
    monkeypatch.setattr("builtins.input", typed("docker network create my_net1"))
    main(["shell", "-q"])
    monkeypatch.setattr("builtins.input", typed("docker network ls -q | wc -l"))
    capsys.readouterr()
    status = main(["shell", "-q", "--resume"])
    shown = capsys.readouterr()

    assert (tmp_path / ".dnetlab" / "shell.sim.journal").exists()
    assert status == 0
    assert shown.err == "dnetlab: The lab is back: 1 command ran again.\n"
    assert shown.out == "[root@docker1 ~]# 4\n[root@docker1 ~]# \n"


def test_scripts_append_to_the_journal_that_is_named_a_session_for_each(tmp_path):
    file = tmp_path / "work.journal"
    one, two = script(tmp_path, "echo one\n", "one.dnet"), script(tmp_path, "docker volume prune\ny\n", "two.dnet")
    main(["run", "--journal", str(file), one, two])

    first, second = read_journal(file).sessions

    assert [e.line.text for e in first.entries] == ["echo one"]
    assert [(e.line.text, e.line.answer) for e in second.entries] == [("docker volume prune", "y")]


def test_a_journal_that_can_not_be_written_is_said_once_and_stops_nothing(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("builtins.input", typed("hostname", "hostname"))
    status = main(["shell", "-q", "--journal", str(tmp_path / "file" / "a.journal")])
    shown = capsys.readouterr()

    assert status == 0
    assert shown.out.count("docker1\n") == 2
    assert shown.err.count("a.journal can't be written: ") == 1
