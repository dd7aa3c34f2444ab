"""The working folder is the student's: notebooks come into it once and nothing of theirs is ever overwritten."""

from __future__ import annotations

import socket
import sys

import pytest
from jupyter_client.manager import start_new_kernel

from dnetlab import workspace
from dnetlab.errors import UsageError
from dnetlab.workspace import copy_notebooks, environment_of, find_notebook, free_port, open_lab


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
    [(None, "00-tour.ipynb"), ("1", "01-native-networks.ipynb"),
     ("2", "02-host-and-none.ipynb"), ("bridges", "03-custom-bridges.ipynb")],
)  # fmt: skip
def test_a_lesson_is_found_by_its_number_or_a_part_of_its_name(tmp_path, wanted, name):
    copy_notebooks(tmp_path)

    assert find_notebook(tmp_path, wanted) == name


def test_a_lesson_is_opened_in_the_language_of_the_session(tmp_path, monkeypatch):
    copy_notebooks(tmp_path)
    monkeypatch.setenv("DNETLAB_LANG", "zh_CN.UTF-8")

    assert find_notebook(tmp_path, "4") == "zh/04-isolation.ipynb"
    assert (tmp_path / "zh" / "04-isolation.ipynb").exists()


def test_an_unknown_lesson_lists_those_there_are(tmp_path):
    copy_notebooks(tmp_path)

    with pytest.raises(UsageError, match="01-native-networks.ipynb"):
        find_notebook(tmp_path, "99")


def test_journals_beside_the_notebooks_are_nobodys_to_copy(tmp_path, monkeypatch):
    # given a checkout in whose notebooks somebody has worked
    source = tmp_path / "notebooks"
    (source / ".dnetlab").mkdir(parents=True)
    (source / ".dnetlab" / "01.sim.journal").write_text("{}")
    (source / "00-tour.ipynb").write_text("{}")
    monkeypatch.setattr(workspace, "shipped_notebooks", lambda: source)

    assert copy_notebooks(tmp_path / "mine").new == ("00-tour.ipynb",)


def test_a_port_where_somebody_listens_is_said_before_anything_is_copied_or_started(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} on 127.0.0.1 can't be used"):
            open_lab(None, tmp_path / "work", port, False, print)

    assert not (tmp_path / "work").exists()


def test_the_url_is_said_once_the_server_answers(tmp_path, monkeypatch):
    # given a JupyterLab that answers, and then ends
    said = []
    server = f"{sys.executable} -c"
    program = (
        "import http.server, sys\n"
        "port = int(next(a for a in sys.argv if a.startswith('--ServerApp.port=')).split('=')[1])\n"
        "class H(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self): self.send_response(200); self.end_headers()\n"
        "http.server.HTTPServer(('127.0.0.1', port), H).handle_request()\n"
    )
    real = workspace.subprocess.Popen
    monkeypatch.setattr(
        workspace.subprocess, "Popen", lambda command, env: real([*server.split(), program, *command[3:]], env=env)
    )
    status = open_lab(None, tmp_path / "work", None, False, said.append)

    assert status == 0
    assert said[-2].startswith("JupyterLab: http://127.0.0.1:")
    assert "/lab/tree/00-tour.ipynb?token=" in said[-2]


def test_a_server_that_never_comes_up_gives_no_url(tmp_path, monkeypatch):
    said = []
    real = workspace.subprocess.Popen
    monkeypatch.setattr(
        workspace.subprocess, "Popen", lambda command, env: real([sys.executable, "-c", "raise SystemExit(7)"], env=env)
    )

    assert open_lab(None, tmp_path / "work", None, False, said.append) == 7
    assert not any("http" in text for text in said)


def test_kernels_that_we_start_have_the_magics_without_loading_them(tmp_path, monkeypatch):
    # given the environment of `dnetlab lab`, when a kernel of it starts, then %%dnet is there, and %load_ext is quiet
    for name, value in environment_of("token").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DNETLAB_JOURNAL", "off")
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    said = []
    try:
        for code in ("%%dnet -q\nhostname", "%load_ext dnetlab"):
            client.execute_interactive(code, output_hook=said.append, timeout=60, allow_stdin=False)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    shown = [m["content"] for m in said if m["msg_type"] not in ("status", "execute_input")]

    assert [content["data"]["text/plain"] for content in shown] == ["[root@docker1 ~]# hostname\ndocker1"]


def test_a_free_port_can_be_bound():
    assert 1024 < free_port() < 65536
