"""The core where a browser has it: no pandas, no Graphviz, no Docker, no threads, no processes, and yet the course."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

# As in Pyodide: what no wheel brings there is not found, a thread can't start, fcntl is a module with nothing in it.
AS_IN_A_BROWSER = """
import importlib.abc, subprocess, sys, threading, types
from importlib import metadata

GONE = {"pandas", "numpy", "graphviz", "wasmtime", "docker", "regex", "jq", "typst", "fontTools", "cryptography",
        "tqdm", "starlette", "uvicorn", "httptools", "uvloop", "pyroute2", "resource", "termios", "ipykernel",
        "jupyterlab"}

class Gone(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in GONE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

def version(name, known=metadata.version):
    if name in GONE:
        raise metadata.PackageNotFoundError(name)
    return known(name)

def refuse(*args, **options):
    raise RuntimeError("can't start new thread")

sys.meta_path.insert(0, Gone())
for name in [n for n in sys.modules if n.partition(".")[0] in GONE | {"fcntl"}]:
    del sys.modules[name]
sys.modules["fcntl"] = types.ModuleType("fcntl")
threading.Thread.start = refuse
subprocess.Popen.__init__ = refuse
metadata.version = version
sys.platform = "emscripten"
"""


@pytest.fixture
def page(tmp_path):
    """Runs Python as a page would, in a folder of its own; what it printed last, as a value."""

    def run(code: str):
        whole = AS_IN_A_BROWSER + textwrap.dedent(code)
        done = subprocess.run([sys.executable, "-c", whole], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_commands_tables_and_explanations_need_none_of_them(page):
    told = page("""
        import json
        from dnetlab import Lab
        with Lab() as lab:
            lab.run("docker run -d --name web nginx")
            lab.run("iptables -I DOCKER-USER -j DROP")
            answer = lab.run("docker exec web ping -c 1 -W 1 172.25.254.38")
            table, reach = lab.ips(), lab.reach()
            trace = lab.trace("web", "client")
            print(json.dumps([answer.exit_code, len(table), table["address"][0], str(lab.why("web", "client")),
                              repr(reach.matrix), repr(lab.topology()), str(trace.request.disposition.name)]))
    """)

    code, rows, address, why, matrix, picture, end = told
    assert (code, address, end) == (1, "127.0.0.1/8", "DROPPED")
    assert rows > 10
    assert "DOCKER-USER" in why
    assert "open" in matrix
    assert "docker0" in picture


def test_a_lesson_is_opened_judged_and_reported(page):
    told = page("""
        import json
        from pathlib import Path
        from dnetlab import Lab
        from dnetlab.grade.hand_in import of_lab, write_all
        with Lab(docker="28.5", journal="4.journal") as lab:
            lab.open_lesson("4", "")
            lab.start_lesson()
            lab.run_cell("docker network create --subnet 172.28.0.0/24 rear\\n"
                         "docker run -d --name db --network rear --ip 172.28.0.20 nginx")
            work = of_lab(lab)
            files, missing = write_all(work, Path("out"), (), "en")
            print(json.dumps([work["earned"], [file.suffix for file in files], missing,
                              Path("4.journal").stat().st_size]))
    """)

    earned, files, missing, size = told
    assert (earned, files) == (2.0, [".html", ".json"])
    assert "PDF" in missing
    assert size > 1000


def test_grep_and_sed_match_and_a_pattern_without_end_is_refused(page):
    told = page("""
        import json
        from dnetlab import Lab
        with Lab() as lab:
            found = lab.run_cell("docker network create one\\n"
                                 "docker network ls | grep -E 'one|two' | wc -l\\n"
                                 "ip addr show docker0 | sed -n 's/.*inet \\\\([0-9.]*\\\\).*/\\\\1/p'\\n"
                                 "echo aaaa | grep -E '(a+)+$'")
            print(json.dumps([found.stdout.splitlines()[1:3], str(found.refused.refused.why)]))
    """)

    assert told == [["2", "172.17.0.1"], "This pattern takes too long on this text."]


def test_advice_speaks_of_a_browser(page):
    told = page("""
        import json
        from dnetlab import Lab
        from dnetlab.doctor import examine
        from dnetlab.errors import EngineError
        try:
            Lab("docker")
        except EngineError as error:
            said = str(error)
        print(json.dumps([said, [f"{one.subject} {one.found} {one.advice}" for one in examine()]]))
    """)

    said, findings = told
    assert said.splitlines()[0] == "real lab hosts can't be made in a browser"
    assert [line for line in findings if "pip install" in line or "apt-get" in line] == []
    assert "pandas not installed Tables are rows; a cell `import pandas` makes DataFrames of them." in findings
