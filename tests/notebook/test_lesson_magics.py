"""A lesson in a real kernel: a learner who guesses wrong, asks, is helped, and is told what is done."""

from __future__ import annotations

import pytest

from dnetlab.lessons.new import new_lesson


@pytest.fixture
def lesson(tmp_path) -> str:
    return str(new_lesson("13-mine", tmp_path))


@pytest.fixture(autouse=True)
def english_afterwards(kernel):
    yield
    kernel.run("%dnet student ''\n%dnet lang en")


def test_a_lesson_says_what_it_is_for_and_how_it_begins(kernel, lesson):
    ran = kernel.run(f"%dnet lesson {lesson}")

    assert ran.error is None
    assert ran.plain.startswith("Mine (about 30 minutes)\nAfter this lesson:\n  • You can put a container on a network")
    assert '<div lang="en"' in ran.html


def test_a_wrong_prediction_is_compared_and_a_missing_one_keeps_the_answer_folded(kernel, lesson):
    kernel.run(f"%dnet lesson {lesson}")

    before = kernel.run("%dnet compare names")
    asked = kernel.run("%dnet predict names")
    noted = kernel.run("%dnet predict names b")
    after = kernel.run("%dnet compare names")

    assert "Docker's DNS server" not in before.plain
    assert "<details" in before.html and "DNS server" in before.html
    assert asked.plain.endswith("  a: yes\n  b: no\nAnswer with `%dnet predict names a | b`.")
    assert noted.plain == "Written down. Now do it and see; `%dnet compare names` compares."
    assert after.plain == (
        "You predicted: no.\nIt is otherwise: yes.\nOn a network of your own Docker's DNS server answers for names."
    )


def test_the_way_of_a_learner_who_makes_mistakes(kernel, lesson):
    kernel.run(f"%dnet lesson {lesson}")
    assert "Container `web1` runs. Put it on a network called `blue`" in kernel.run("%dnet start").plain

    kernel.run("%%dnet\ndocker network create blue")
    checked = kernel.run("%dnet check").plain
    hint = kernel.run("%dnet hint").plain
    solved = kernel.run("%%dnet -q\ndocker network connect blue web1").plain

    assert checked == (
        "✗ Task 1 · A network of its own: not yet\n"
        "  ✓ network blue exists\n"
        "  ✗ container web1 is on network blue\n"
        "      found: web1 is on: bridge\n"
        "  1 of 2 checks hold: 1 of 2 points.\n"
        "  `%dnet hint own-network` knows this mistake."
    )
    assert hint == "About what you did: The network is there, and nobody is on it."
    assert solved.endswith("✓ Task 1 is done: A network of its own (1 of 1)")
    assert kernel.run("%dnet tasks").plain.endswith("1 of 1 tasks done, 2 of 2 points")


def test_the_same_in_chinese(kernel, tmp_path):
    lesson = new_lesson("14-mine", tmp_path)
    kernel.run(f"%dnet lesson {lesson} --lang zh")
    kernel.run("%dnet start")

    assert kernel.run("%dnet check").plain == (
        "✗ 练习 1 · 单独的网络：未通过\n"
        "  ✗ 网络 blue 存在\n"
        "      看到：没有名为 blue 的网络\n"
        "  ✗ 容器 web1 连接在网络 blue 上\n"
        "      看到：web1 连接的网络：bridge\n"
        "  还没有一项成立：得 0 分，满分 2 分。"
    )
    assert kernel.run("%dnet hint").plain == "提示 1/2：先要有这样一个网络。"
    solved = kernel.run("%%dnet -q\ndocker network create blue\ndocker network connect blue web1").plain
    assert solved.endswith("✓ 练习 1 已完成：单独的网络（1/1）")


def test_a_student_has_numbers_of_his_own_in_text_and_checks(kernel, lesson):
    kernel.run(f"%dnet lesson {lesson}")
    said = kernel.run("%dnet student ann").plain
    tasks = kernel.run("%dnet start").plain

    assert said.startswith("The numbers are those of student ann.")
    assert "a network called `green`" in tasks


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%dnet lesson nothing", "there is no lesson 'nothing'"),
        ("%dnet lang fr", "'fr' is no language of the lab"),
        ("%dnet check nothing", "the lesson has no task 'nothing'"),
        ("%dnet predict nothing a", "the lesson asks nothing called 'nothing'"),
    ],
)
def test_what_is_not_there_is_one_clear_line(kernel, lesson, line, said):
    kernel.run(f"%dnet lesson {lesson}")

    ran = kernel.run(line)

    assert said in ran.error["traceback"][0]


def test_nothing_that_is_typed_becomes_markup(kernel, lesson):
    kernel.run(f"%dnet lesson {lesson}")
    kernel.run("%%dnet\ndocker network create blue")

    shown = kernel.run("%dnet student '<script>alert(1)</script>'")

    assert "<script" not in shown.html
    assert "&lt;script&gt;" in shown.html


TWO = '[switches.s]\n[hosts.left]\nnics.eth0 = { switch = "s" }\n[hosts.docker1]\ndocker = true\n'


def test_a_lesson_with_a_lab_of_its_own_brings_it_and_the_next_one_the_usual_lab_again(kernel, tmp_path):
    # given a lesson whose folder has a lab.toml, and one without
    own, usual = new_lesson("15-own", tmp_path), new_lesson("16-usual", tmp_path)
    (own / "lab.toml").write_text(TWO)
    (own / "start.dnet").write_text("docker1# docker run -d --name web1 nginx\n")

    # when opening the one and then the other
    first = kernel.run(f"%dnet lesson {own}")
    host = kernel.run("%%dnet\nleft# hostname")
    started = kernel.run("%dnet start")
    second = kernel.run(f"%dnet lesson {usual}")

    # then each has its lab
    assert first.plain.endswith("A fresh lab of left, docker1.")
    assert host.plain.endswith("hostname\nleft") and started.error is None
    assert second.plain.endswith("A fresh lab of docker1, docker2, client.")
    kernel.run("%dnet lesson 1")


def test_a_cell_that_needs_what_the_kernel_lacks_says_so_instead_of_running(kernel):
    there = kernel.run("%%dnet --needs ipvlan\nhostname")
    kernel.run("from dnetlab.engines.simulator import Simulator\nSimulator.lacks = lambda self, feature: True")
    missing = kernel.run("%%dnet --needs ipvlan\nhostname")
    kernel.run("Simulator.lacks = lambda self, feature: False")

    assert there.plain.endswith("hostname\ndocker1")
    assert missing.plain == (
        "The kernel of these hosts has no ipvlan, so this cell is for the simulator: `%dnet engine sim`."
    )
