"""While real hosts come up, a line of the cell's output says how far they are; at the end it stands still."""

from __future__ import annotations

from dnetlab.cli import _progress

COMING = """
import dnetlab.lab
from dnetlab.engines.simulator import Simulator

def come_up(name, release, seed, progress, topology, attach):
    for host in ("docker1", "client"):
        progress(f"{host}: up")
    made = Simulator("28.5", seed, topology)
    made.name = "docker"
    return made

real, dnetlab.lab.open_engine = dnetlab.lab.open_engine, come_up
"""
GONE = """
dnetlab.lab.open_engine = real
get_ipython()._dnetlab.labs.pop(("docker", "28.5"), None)
"""


def test_a_cell_shows_one_line_that_is_replaced_and_then_stays(kernel):
    shown, kinds = [], set()

    def hear(message):
        kinds.add(message["msg_type"] + message["content"].get("name", ""))
        if message["msg_type"] == "clear_output":
            shown.clear()
        if message["msg_type"] in ("display_data", "update_display_data", "execute_result"):
            row = message["content"].get("transient", {}).get("display_id"), message["content"]["data"]["text/plain"]
            shown[:] = [*(other for other in shown if row[0] is None or other[0] != row[0]), row]

    kernel.run(COMING)
    try:
        kernel.client.execute_interactive("%%dnet --engine docker --docker 28.5\nhostname", output_hook=hear)
    finally:
        kernel.run(GONE)

    assert [text.splitlines()[0] for _, text in shown] == [
        "Real Docker Engines 28.5 are up.",
        "[root@docker1 ~]# hostname",
    ]
    assert "update_display_data" in kinds
    assert "streamstderr" not in kinds and "error" not in kinds


def test_the_command_line_says_steps_on_stderr_only_where_somebody_looks(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert _progress() is None

    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    _progress()("docker1: up at 172.25.254.1")

    assert capsys.readouterr() == ("", "dnetlab: docker1: up at 172.25.254.1\n")
