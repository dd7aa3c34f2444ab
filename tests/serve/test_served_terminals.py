"""Who stays at a container: attach and exec, raw and multiplexed, and a shell's prompt with echo and editing."""

from __future__ import annotations

import pytest
from served_lab import create

from dnetlab.serve.editor import Editor


def test_attached_output_is_multiplexed_and_ends_with_the_program(served):
    full = create(served, "c1", "busybox", "sh", "-c", "echo out; echo err >&2", HostConfig={"AutoRemove": True})
    wire = served.hijack(f"/v1.51/containers/{full}/attach?stream=1&stdout=1&stderr=1")

    served.ask("POST", f"/containers/{full}/start")

    assert wire.head == ("HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"
                         "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")  # fmt: skip
    assert wire.rest() == b"\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\x04err\n"
    assert served.ask("GET", f"/containers/{full}/json")[0] == 404  # --rm, once all was read


def test_a_shell_on_a_terminal_has_a_prompt_echo_and_ctrl_c(served):
    # given an attached `docker run -it busybox`
    full = create(served, "c1", Tty=True, OpenStdin=True)
    wire = served.hijack(f"/containers/{full}/attach?stream=1&stdin=1&stdout=1&stderr=1")
    served.ask("POST", f"/containers/{full}/start")
    assert wire.until(b"/ # ") == b"/ # "

    # when somebody types, makes a mistake, thinks better of it, and leaves
    wire.send(b"echo a\x7fb\r")
    assert wire.until(b"/ # ") == b"echo a\b \bb\r\nb\r\n/ # "
    wire.send(b"sleep 100\x03")
    assert wire.until(b"/ # ") == b"sleep 100^C\r\n/ # "
    wire.send(b"cd /tmp\r")
    assert wire.until(b"/tmp # ") == b"cd /tmp\r\n/tmp # "
    wire.send(b"exit 3\r")

    # then the container has ended with his status
    assert wire.rest() == b"exit 3\r\n"
    assert served.ask("GET", f"/containers/{full}/json")[2]["State"]["ExitCode"] == 3


def test_undo_under_an_open_shell_takes_back_its_last_line(served):
    full = create(served, "c1", Tty=True, OpenStdin=True)
    served.ask("POST", f"/containers/{full}/start")
    wire = served.hijack(f"/containers/{full}/attach?stream=1&stdin=1&stdout=1")
    wire.until(b"/ # ")
    wire.send(b"cd /tmp\r")
    wire.until(b"/tmp # ")

    (undone,) = served.lab.undo()
    wire.send(b"pwd\r")

    assert (undone.line.text, undone.line.container) == ("cd /tmp", "c1")
    assert wire.until(b" # ") == b"pwd\r\n/\r\n/ # "


def test_a_shells_lines_are_the_clients_own_and_no_cell_goes_there(served):
    create(served, "c1", Tty=True, OpenStdin=True)
    served.ask("POST", "/containers/c1/start")
    wire = served.hijack("/containers/c1/attach?stream=1&stdin=1&stdout=1")
    wire.until(b"/ # ")

    assert served.lab.run("hostname").stdout == "docker1\n"


def test_the_keys_that_detach_leave_the_container_running(served):
    create(served, "c1", Tty=True, OpenStdin=True)
    served.ask("POST", "/containers/c1/start")
    wire = served.hijack("/containers/c1/attach?stream=1&stdin=1&stdout=1")
    wire.until(b"/ # ")

    wire.send(b"\x10\x11")

    assert wire.rest() == b""
    assert served.ask("GET", "/containers/c1/json")[2]["State"]["Running"] is True


@pytest.mark.parametrize(
    ("body", "sent", "answer", "status"),
    [
        ({"Cmd": ["sh", "-c", "echo a; exit 4"]}, None, b"\x01\0\0\0\0\0\0\x02a\n", 4),
        ({"Cmd": ["wc", "-w"], "AttachStdin": True}, b"a b c\n", b"\x01\0\0\0\0\0\0\x023\n", 0),
        ({"Cmd": ["sh"], "AttachStdin": True}, b"echo a\nexit 5\n", b"\x01\0\0\0\0\0\0\x02a\n", 5),
    ],
)
def test_exec_answers_over_its_connection_and_inspect_says_how_it_ended(served, body, sent, answer, status):
    create(served, "web1", "nginx")
    served.ask("POST", "/containers/web1/start")
    name = served.ask("POST", "/containers/web1/exec", {"AttachStdout": True, **body})[2]["Id"]

    wire = served.hijack(f"/exec/{name}/start", {"Detach": False})
    if sent is not None:
        wire.send(sent)
        wire.socket.shutdown(1)

    assert wire.rest() == answer
    assert served.ask("GET", f"/exec/{name}/json")[2]["ExitCode"] == status


def test_a_log_is_followed_to_the_end_of_the_program(served):
    full = create(served, "c1", "busybox", "sh", "-c", "echo one; sleep 3; echo two")
    served.ask("POST", f"/containers/{full}/start")

    status, headers, body = served.ask("GET", f"/containers/{full}/logs?stdout=1&follow=1")

    assert (status, headers["Content-Type"]) == (200, "application/vnd.docker.multiplexed-stream")
    assert body == b"\x01\0\0\0\0\0\0\x04one\n\x01\0\0\0\0\0\0\x04two\n"


# -- the line at the prompt -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("ls\r", "ls"),
        ("sl\x1b[D\x1b[D\x1b[C\x7f\x1b[Cs\r", "ls"),
        ("pwd\x01echo \r", "echo pwd"),
        ("echo a b\x17c\r", "echo a c"),
        ("echo\x15ls\r", "ls"),
        ("lsx\x1b[D\x0b\r", "ls"),
        ("xls\x01\x1b[3~\r", "ls"),
        ("l\x1b[Zs\r", "ls"),
        ("\x1b[A\r", "before"),
        ("draft\x1b[A\x1b[B\r", "draft"),
    ],
)
def test_keys_edit_a_line_as_ash_does(keys, line):
    editor = Editor(history=["before"], place=1)

    _, ended, rest = editor.feed(keys)

    assert (ended, rest, editor.taken()) == ("enter", "", line)


def test_a_key_that_comes_in_two_pieces_is_one_key():
    editor = Editor()

    assert editor.feed("ab\x1b") == ("ab", "", "")
    assert editor.feed("[Dc\r") == ("\bcb\b\r\n", "enter", "")
    assert editor.taken() == "acb"
