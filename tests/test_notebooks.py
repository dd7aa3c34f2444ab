"""Every notebook is stored without outputs, and runs from top to bottom in a real kernel."""

from __future__ import annotations

import contextlib
import io
import json
import tokenize
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from dnetlab.commands.cell import parse_cell
from dnetlab.commands.script import read_script
from dnetlab.model import default_topology
from tests.lesson_runs import shape

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb")) + sorted(FOLDER.glob("zh/*.ipynb"))

# What a lesson must have shown when it ran: (notebook, text of some output). Literal sentences of the real tools.
SHOWN = [
    ("01-native-networks", "inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0"),
    ("01-native-networks", "<title>Welcome to nginx!</title>"),
    ("01-native-networks", "/nginx 172.17.0.4"),
    ("01-native-networks", "MASQUERADE"),
    ("02-host-and-none", "bind() to 0.0.0.0:80 failed (98: Address already in use)"),
    ("02-host-and-none", "ping: sendto: Network is unreachable"),
    ("03-custom-bridges", "ping: bad address 'web1'"),
    ("03-custom-bridges", "64 bytes from 172.18.0.2: seq=0 ttl=64"),
    ("03-custom-bridges", "/web2 172.18.0."),
    ("03-custom-bridges", "user specified IP address is supported only when connecting to networks with user"),
    ("04-isolation", "1 packets transmitted, 0 packets received, 100% packet loss"),
    ("04-isolation", "-A DOCKER-ISOLATION-STAGE-2"),
    ("05-joined-containers", "<title>Welcome to nginx!</title>"),
    ("06-links", "NGINX_PORT_80_TCP_ADDR=172.17.0.2"),
    ("06-links", "Cannot link to a non running container: /web1 AS /asker/nginx"),
    ("06-links", "ping: bad address 'web1'"),
    ("07-nat-and-docker-proxy", "docker-proxy"),
    ("07-nat-and-docker-proxy", "PING 172.17.0.2 (172.17.0.2): 56 data bytes\n64 bytes from 172.17.0.2: seq=0 ttl=64"),
    ("07-nat-and-docker-proxy", "curl: (7) Failed to connect to 172.25.254.1 port 80"),
    ("08-cleanup-and-model", "Deleted Networks:"),
    ("09-macvlan", "inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0"),
    ("09-macvlan", "64 bytes from 10.0.0.10: seq=0 ttl=64"),
    ("09-macvlan", "webserver v3"),
    ("10-vlans-and-routing", '"parent": "enp7s0.1"'),
    ("10-vlans-and-routing", "64 bytes from 30.0.0.2: seq=0 ttl=63"),
    ("10-vlans-and-routing", " 2  30.0.0.2"),
    ("10-vlans-and-routing", 'Device "enp7s0.3" does not exist.'),
    ("11-overlay-and-swarm", "00:00:00:00:00:00 dst 172.25.254.2 via eth0 self permanent"),
    ("11-overlay-and-swarm", "This node joined a swarm as a worker."),
    ("11-overlay-and-swarm", "network plain not manually attachable"),
    ("11-overlay-and-swarm", "mtu 1450"),
    ("09-macvlan", "<NO-CARRIER,BROADCAST,MULTICAST,UP,M-DOWN>"),
    ("12-find-the-fault", "curl: (28) Connection timed out"),
    ("12-find-the-fault", "172.25.254.38 dev br-"),
]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_command_stands_where_an_editor_of_python_shows_a_comment(path):
    # JupyterLab colours a cell as Python: what follows a # outside quotes is grey
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    typed = [line for cell in cells if cell.startswith("%%dnet") for line in parse_cell(cell.partition("\n")[2])]
    rows = [row for cell in cells if cell.startswith("%%dnet") for row in cell.splitlines()[1:]]

    grey = [row for row in rows if any(kind == tokenize.COMMENT for kind, *_ in _tokens(row))]

    assert typed and [row for row in grey if not row.startswith(("#", ";"))] == []


def _tokens(row):
    """The tokens of Python in a line of a shell, as far as there are any."""
    with contextlib.suppress(tokenize.TokenError, IndentationError, SyntaxError):
        yield from tokenize.generate_tokens(io.StringIO(row).readline)


def test_there_is_a_notebook_for_each_lesson():
    english = [path.name[:2] for path in NOTEBOOKS if path.parent == FOLDER]

    assert english == ["00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_notebook_is_stored_without_outputs_and_with_stable_ids(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]

    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
    assert len({cell["id"] for cell in cells}) == len(cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_no_command_of_a_lesson_is_taken_for_the_output_of_the_line_above(path):
    lab = shape(path.name[:2]) or default_topology()
    lines = [line for cell in read_script(str(path), lab) for line in parse_cell(cell.text, lab, cell.host)]

    assert [line.text for line in lines if line.expected] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_lesson_runs_from_top_to_bottom_and_shows_what_it_claims(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)

    folder = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=folder).execute()

    shown = "\n".join(texts(notebook))
    for stem, text in SHOWN:
        if stem == path.stem:
            assert text in shown, f"{stem} never shows {text!r}"
    assert "dnetlab: refused" not in shown


def texts(notebook: nbformat.NotebookNode) -> list[str]:
    found: list[str] = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", "\n".join(output.get("traceback", []))
            assert output.get("name") != "stderr", f"a lesson writes to stderr: {output.get('text')}"
            found.append(output.get("text", ""))
            found.append(output.get("data", {}).get("text/plain", ""))
    return found
