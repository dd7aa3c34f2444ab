"""The notebooks of the course, run from top to bottom in real kernels on real Docker Engines."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from test_notebooks import NOTEBOOKS, SHOWN, texts  # noqa: E402

pytestmark = pytest.mark.engine

RELEASE = "20.10"
LESSONS = [path for path in NOTEBOOKS if path.parent.name != "zh"]  # the Chinese ones have the same commands

# What the real engine shows beyond SHOWN: the claims of lessons 4 to 8 in its own words.
CLAIMS = [
    ("00-tour", "undo works on the simulator only: a real engine can't go back."),
    ("00-tour", "The lab is as it was at the start."),
    ("04-isolation", "-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP"),
    ("04-isolation", "1 packets transmitted, 1 packets received, 0% packet loss"),
    ("04-isolation", "= The capture saw what the journey says."),
    ("07-nat-and-docker-proxy", "= The capture saw what the journey says."),
    ("05-joined-containers", "conflicting options: port publishing and the container type network mode"),
    ("05-joined-containers", "conflicting options: hostname and the network mode"),
    ("07-nat-and-docker-proxy", "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-"),
    ("07-nat-and-docker-proxy", "172.17.0.1 - - ["),
    ("07-nat-and-docker-proxy", "-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER"),
    ("07-nat-and-docker-proxy", "172.17.0.2 02:42:ac:11:00:02"),
    ("08-cleanup-and-model", 'Error response from daemon: plugin "nosuch" not found'),
    ("08-cleanup-and-model", "goto works on the simulator only: a real engine can't go back."),
    ("08-cleanup-and-model", "is a pre-defined network and cannot be removed"),
    ("08-cleanup-and-model", "/web1 /var/run/docker/netns/"),
    ("12-find-the-fault", "Find the fault 1"),
]


def run_notebook(path: Path) -> str:
    """Run a notebook with the real engine as the kernel's default; all the text that it showed."""
    notebook = nbformat.read(path, as_version=4)
    chosen = {"DNETLAB_ENGINE": "docker", "DNETLAB_DOCKER": RELEASE, "DNETLAB_JOURNAL": "off"}
    with TemporaryDirectory() as folder:
        kernel = NotebookClient(notebook, timeout=150, kernel_name="python3", resources={"metadata": {"path": folder}})
        kernel.execute(env={**os.environ, **chosen})
    return "\n".join(texts(notebook))


@pytest.fixture(scope="module")
def running(begin):
    """The lessons' texts as they become known."""
    return begin(run_notebook, "test_a_lesson_runs_on_a_real_engine_and_shows_what_it_claims")


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_runs_on_a_real_engine_and_shows_what_it_claims(path, running):
    shown = running[path,].result()

    for stem, text in [*SHOWN, *CLAIMS]:
        if stem == path.stem:
            assert text in shown, f"{stem} never shows {text!r} on Docker {RELEASE}"
    assert "dnetlab: refused" not in shown
