"""A learner who makes mistakes, in a real JupyterLab, in English and in Chinese: lesson 4, its first task."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
from pages import Learner, kernels, open_notebook, outputs_break, save, set_theme, wait_for_kernel

NOTEBOOKS = {"en": "04-isolation.ipynb", "zh": "zh/04-isolation.ipynb"}
WORDS = {
    "en": {
        "predicted": "You predicted: yes: both are attached to the host",
        "otherwise": "It is otherwise: no, and nobody says why",
        "because": "There is a route, and forwarding is on; but there is a firewall as well.",
        "not yet": "✗ Task 1 · A network of your own: not yet",
        "hint": "The network is there, with a subnet that Docker chose.",
        "done": "✓ Task 1 is done: A network of your own (1 of 5)",
        "stands": "1 of 5 tasks done, 2 of 8 points",
    },
    "zh": {
        "predicted": "你的预测是：能：两个网络都直接连在宿主机上",
        "otherwise": "实际上是：不能，而且没有任何提示",
        "because": "路由有，转发也开着；可是还有防火墙。",
        "not yet": "✗ 练习 1 · 自己的网络：未通过",
        "hint": "网络有了，但子网是 Docker 自己选的。",
        "done": "✓ 练习 1 已完成：自己的网络（1/5）",
        "stands": "已完成 1/5 题，得分 2/8",
    },
}
WRONG = "%%dnet\ndocker network create rear\ndocker run -d --name db --network rear nginx"
RIGHT = """%%dnet
docker rm -f db
docker network rm rear
docker network create --subnet 172.28.0.0/24 rear
docker run -d --name db --network rear --ip 172.28.0.20 nginx"""


def kill(page, url: str) -> None:
    """The kernel's process, as a machine without memory would."""
    (kernel,) = kernels(page, url)
    numbers = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    (pid,) = (number for number in numbers if kernel["id"] in command_of(number))
    os.kill(pid, signal.SIGKILL)


def command_of(pid: int) -> str:
    """'' for a process that has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""


@pytest.fixture(scope="module", params=["en", "zh"])
def lesson(request, browser, jupyterlab, tmp_path_factory):
    """What the lab answered to each step, in that language, and the page as it is at the end."""
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("only Linux tells which process is the kernel")
    url = jupyterlab.url_of(NOTEBOOKS[request.param])
    page = browser.new_context(viewport={"width": 1366, "height": 1000}).new_page()
    page.set_default_timeout(60_000)
    open_notebook(page, url)
    learner, said = Learner(page), {}
    learner.run(0)
    learner.run(1)
    learner.run(3, "%dnet predict apart a")
    learner.run(4)
    said["compare"] = learner.run(5)
    learner.run(24)
    said["wrong"] = learner.run(25, WRONG)
    said["check"] = learner.more("%dnet check 1")
    said["hint"] = learner.more("%dnet hint 1")
    said["right"] = learner.more(RIGHT)
    kill(page, url)
    page.wait_for_selector("dialog.jp-Dialog")  # it says that the kernel died, and starts another one
    wait_for_kernel(page, url)
    said["resume"] = learner.more("%dnet resume")
    said["ps"] = learner.more("%%dnet\ndocker ps --format '{{.Names}}'")
    page.screenshot(path=tmp_path_factory.mktemp("pictures") / f"{request.param}.png")
    save(page, jupyterlab.folder / NOTEBOOKS[request.param])
    yield said, WORDS[request.param], page
    page.context.close()


def test_a_wrong_prediction_is_set_beside_what_is_so_and_why(lesson):
    said, words, _ = lesson

    assert words["predicted"] in said["compare"]
    assert words["otherwise"] in said["compare"]
    assert words["because"] in said["compare"]


def test_a_wrong_answer_is_not_ticked_and_the_check_says_what_is_missing(lesson):
    said, words, _ = lesson

    assert "✓" not in said["wrong"]
    assert words["not yet"] in said["check"]


def test_the_hint_is_about_the_mistake(lesson):
    said, words, _ = lesson

    assert words["hint"] in said["hint"]


def test_the_right_answer_is_ticked_without_a_click(lesson):
    said, words, _ = lesson

    assert words["done"] in said["right"]


def test_after_a_killed_kernel_resume_brings_the_lab_and_the_ticks_back(lesson):
    said, words, _ = lesson

    assert words["stands"] in said["resume"]
    assert {"app", "db"} <= set(said["ps"].split())


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_wrong_in_what_the_learner_was_shown(lesson, jupyterlab, theme):
    _, _, page = lesson
    set_theme(page, jupyterlab.url, theme)
    page.reload()
    page.wait_for_selector(".jp-OutputArea-output:visible")
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(theme.endswith('Light')).lower()}'")
    wrong = outputs_break(page)
    set_theme(page, jupyterlab.url, "JupyterLab Light")

    assert wrong == []
