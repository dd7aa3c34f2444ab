"""The course without a server, in a real browser: `dnetlab site`, every name but this machine's blocked."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
pytest.importorskip("jupyterlite_core", reason="JupyterLite is not installed: pip install -e '.[site]'")
from beside import differing, in_jupyterlab, run_through
from course import Course, open_lesson, rest, served, window
from pages import ERROR, Learner, outputs_break

SOLUTION = """%%dnet
docker network create --subnet 172.28.0.0/24 rear
docker run -d --name db --network rear --ip 172.28.0.20 nginx
"""
LISTED = "import os\nos.listdir('.dnetlab')"
PICTURE = 'img[alt^="Topology of the lab: "]'


@pytest.fixture
def page(alone, course):
    with window(alone, course) as opened:
        yield opened


def foreign(course: Course) -> list[str]:
    """What was asked of other machines."""
    here = course.url.removesuffix("school/course/")
    return [url for url in course.asked if not url.startswith((here, "data:", "blob:"))]


def run_both(page, course, alone, jupyterlab, name: str) -> list[str]:
    """What stands under each cell in the course; in JupyterLab the same stands there, and no cell has an error."""
    outputs = run_through(page, course.folder / "files" / name)
    assert page.locator(ERROR).all_text_contents() == []
    assert differing(in_jupyterlab(alone, jupyterlab, name), outputs) == []
    return outputs


def test_the_tour_opens_first_and_all_of_it_runs_as_in_jupyterlab(page, course, alone, jupyterlab, tmp_path):
    # given the link alone, when every cell of what it opens is run
    open_lesson(page, course)
    said = "\n".join(run_both(page, course, alone, jupyterlab, "00-tour.ipynb"))
    page.screenshot(path=tmp_path / "tour.png")

    # then commands answer, tables have their rows, and the picture is drawn
    assert "<title>Welcome to nginx!</title>" in said
    assert "64 bytes from 172.17.0.2" in said
    assert "172.25.254.1/24" in said
    assert "The one who asked got his answer." in said
    assert page.locator(PICTURE).first.evaluate("node => node.complete && node.naturalWidth") > 300
    assert outputs_break(page) == []


@pytest.mark.parametrize(
    ("query", "name", "command", "answer"),
    [
        ("?lesson=1", "01-native-networks.ipynb", "docker network ls", "bridge"),
        ("?lesson=4", "04-isolation.ipynb", "docker exec web3 ping", "100% packet loss"),
        ("?lesson=7", "07-nat-and-docker-proxy.ipynb", "iptables -t nat", "MASQUERADE"),
        ("?lesson=3&lang=zh", "zh/03-custom-bridges.ipynb", "docker network create", "my_net1"),
    ],
)
def test_a_url_opens_a_lesson_in_its_language_and_all_of_it_runs_as_in_jupyterlab(
    page, course, alone, jupyterlab, query, name, command, answer, tmp_path
):
    open_lesson(page, course, query)
    outputs = run_both(page, course, alone, jupyterlab, name)
    page.screenshot(path=tmp_path / "lesson.png")

    assert any(command in output and answer in output for output in outputs)


def test_a_task_is_solved_and_its_report_is_verified_by_the_command_line(page, course, tmp_path):
    # given lesson 4, its first task solved, when the report is asked for and its links are clicked
    open_lesson(page, course, "?lesson=4")
    learner = Learner(page)
    learner.run(0)
    learner.more("%dnet start")
    solved = learner.more(SOLUTION)
    learner.more("%dnet report")
    files = {}
    for link in page.locator("a[download]").all():
        with page.expect_download() as waiting:
            link.click()
        files[waiting.value.suggested_filename] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(files[waiting.value.suggested_filename])

    # then they are what `dnetlab verify` and `grade` take from anybody
    assert {file.suffix for file in files.values()} == {".html", ".json", ".journal"}
    assert "Task 1 is done" in solved
    for file in files.values():
        work = verified(file)
        assert (work["lessons"][0]["lesson"], work["findings"]) == ("04-isolation", [])
        assert (work["lessons"][0]["tasks"][0]["done"], work["earned"]) == (True, 2.0)
    own = tmp_path / "submitted" / "ann" / "04-isolation"
    own.mkdir(parents=True)
    journal = next(file for name, file in files.items() if name.endswith(".journal"))
    shutil.copy(journal, own / journal.name)
    graded = dnetlab("grade", str(tmp_path / "submitted"), "--any-student", "--out", str(tmp_path / "class"))
    assert graded.returncode == 0, graded.stdout + (tmp_path / "class" / "findings.csv").read_text()
    assert "mean 2, median 2 of 8 points" in graded.stdout


def test_what_was_done_is_kept_in_the_browser(page, course):
    # given a network made in a notebook, when the page is loaded again and the lab brought back
    open_lesson(page, course, "?lesson=3")
    learner = Learner(page)
    learner.run(0, "%%dnet\ndocker network create kept")
    page.keyboard.press("Control+s")
    page.reload()
    rest(page)
    learner = Learner(page)
    told = learner.run(0, "%dnet resume")

    # then it is there, from the journal of this notebook and of no other
    assert "1 command" in told
    assert "kept" in learner.run(1, "%%dnet\ndocker network ls")
    assert "03-custom-bridges.sim.journal" in learner.run(2, LISTED)


def test_without_a_network_a_lesson_opens_that_was_not_opened_before(alone, course):
    # given the course, its tour opened once, when its server is gone
    with contextlib.ExitStack() as server:
        own = server.enter_context(served(course.folder))
        with window(alone, own) as page:
            open_lesson(page, own)
            Learner(page).run(0, "1 + 1")
            page.wait_for_function("navigator.serviceWorker.controller")
            server.close()
            open_lesson(page, own, "?lesson=4")
            told = Learner(page).run(0, "%%dnet\ndocker run -d --name offline nginx\ndocker ps --format '{{.Names}}'")
            chinese = Learner(page)
            open_lesson(page, own, "?lesson=3&lang=zh")
            said = chinese.run(0, "%%dnet\ndocker network ls -q --filter name=host | wc -l")

    # then lesson 4 is there with its kernel, and so is one in the other language
    assert "offline" in told
    assert said.rstrip().endswith("1")


def test_the_list_of_lessons_stays_and_axe_finds_nothing_wrong_in_it(page, course):
    from axe_playwright_python.sync_playwright import Axe

    page.goto(f"{course.url}?list")

    link = page.get_by_role("link", name="第三课").get_attribute("href")
    assert link == "lab/index.html?path=zh/03-custom-bridges.ipynb"
    assert [found["id"] for found in Axe().run(page).response["violations"]] == []


def test_what_nobody_here_asks_of_pythons_library_comes_when_a_cell_imports_it(alone, course):
    own = Course(course.url, course.folder)
    with window(alone, own) as page:
        open_lesson(page, own)
        learner = Learner(page)
        learner.run(0, "1 + 1")
        before = list(own.asked)
        told = learner.run(1, "import doctest, wsgiref\nimport encodings.idna\n'ä'.encode('idna'), doctest.__name__")

    assert not any("/python-library-" in url for url in before)
    assert any("/python-library-" in url for url in own.asked)
    assert "(b'xn--4ca', 'doctest')" in told
    assert foreign(own) == []


def test_only_who_imports_pandas_asks_for_it_elsewhere(alone, course):
    # given a site without pandas, when a table is looked at, and then pandas is imported where nobody else is reached
    own = Course(course.url, course.folder)
    with window(alone, own) as page:
        open_lesson(page, own)
        learner = Learner(page)
        learner.run(0, "table = %dnet ips\nlen(table), table['dev'][0]")
        before = foreign(own)
        learner.run(1, "import pandas")

    # then nothing was asked of others before, and after that the files that Pyodide's own server has
    assert before == []
    assert any("/pandas-" in url for url in foreign(own))


def dnetlab(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dnetlab", *words], capture_output=True, text=True)


def verified(file) -> dict:
    """What the command line finds when it runs the file's work again."""
    found = dnetlab("verify", "--json", str(file))
    assert found.returncode == 0, found.stdout + found.stderr
    return json.loads(found.stdout)


def test_nothing_was_asked_of_any_other_machine(course):
    # given all that the tests before have asked for, and a browser that finds nobody else
    assert course.asked
    assert foreign(course) == []
