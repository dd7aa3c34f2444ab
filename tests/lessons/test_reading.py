"""lesson.toml and page.md: read, filled in with a student's numbers, and what is wrong in them said with its place."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from dnetlab.errors import UsageError
from dnetlab.lab import Lab
from dnetlab.lessons.build import build
from dnetlab.lessons.new import new_lesson
from dnetlab.lessons.numbers import draw, fill
from dnetlab.lessons.page import read_page
from dnetlab.lessons.read import find_lesson, read_lesson, script
from dnetlab.proof import prove

ROOT = Path(__file__).resolve().parent.parent.parent
PLAN = {
    "net": ["blue", "green", "red"],
    "other": ["blue", "green", "red"],
    "port": {"from": 8080, "to": 8099},
    "lan": {"subnet": "172.28.0.0/16", "prefix": 24},
    "address": {"in": "lan", "from": 50, "to": 99},
}


def test_without_an_id_everybody_has_the_first_of_each_number():
    drawn = draw(PLAN, "", "04-isolation")

    assert drawn == {"net": "blue", "other": "green", "port": 8080, "lan": "172.28.0.0/24", "address": "172.28.0.50"}


def test_a_students_numbers_are_his_own_and_stay_the_same():
    assert draw(PLAN, "ann", "04-isolation") == {
        "net": "blue", "other": "green", "port": 8094, "lan": "172.28.238.0/24", "address": "172.28.238.74",
    }  # fmt: skip
    assert draw(PLAN, "bob", "04-isolation") != draw(PLAN, "ann", "04-isolation")
    assert draw(PLAN, "ann", "05-joined") != draw(PLAN, "ann", "04-isolation")


def test_no_two_numbers_of_a_student_are_the_same():
    for number in range(100):
        drawn = draw(PLAN, f"s{number}", "04-isolation")
        assert drawn["net"] != drawn["other"]


def test_a_number_that_has_no_values_left_is_said():
    with pytest.raises(UsageError, match="numbers.b of lesson x has no value"):
        draw({"a": ["one"], "b": ["one"]}, "", "x")


def test_placeholders_are_filled_in_wherever_they_stand():
    numbers = {"net": "blue", "port": 8080, "lan": "172.28.7.0/24"}

    assert fill("docker run --network {{net}} -p {{ port }}:80", numbers) == "docker run --network blue -p 8080:80"
    assert fill({"port": "{{port}}", "to": ["{{lan.1}}"]}, numbers) == {"port": 8080, "to": ["172.28.7.1"]}


def test_templates_of_docker_inspect_are_no_placeholders():
    line = "docker inspect -f '{{range $n, $e := .Networks}}{{$n}} {{.IPAddress}}{{else}}-{{end}} {{json .Name}}' web1"

    assert fill(line, {"net": "blue"}) == line


def test_a_placeholder_that_is_no_number_is_said_with_those_there_are():
    with pytest.raises(UsageError, match=r"(?s)\{\{nett\}\} is no number.*Its \[numbers\] are: net"):
        fill("{{nett}}", {"net": "blue"})


def write(folder: Path, change: str = "", to: str = "") -> Path:
    """A copy of the new lesson's pattern, with one thing of its lesson.toml changed."""
    shutil.copytree(ROOT / "dnetlab" / "lessons" / "_new", folder)
    file = folder / "lesson.toml"
    text = file.read_text(encoding="utf-8")
    assert change in text
    file.write_text(text.replace(change, to, 1), encoding="utf-8")
    return folder


def test_a_lesson_is_read_from_a_folder_anywhere_with_a_students_numbers(tmp_path):
    folder = write(tmp_path / "13-mine")

    lesson = read_lesson(str(folder), "ann")

    assert (lesson.name, lesson.student, lesson.numbers) == ("13-mine", "ann", {"net": "green"})
    assert "called `green`" in lesson.tasks[0].text["en"]
    assert script(lesson, "solution.dnet") == "docker network create green\n\ndocker network connect green web1\n"


@pytest.mark.parametrize(
    ("line", "typo", "meant"),
    [("points = 2", "point = 2", "points"), ('kind = "network"', 'kind = "netwrk"', "network"),
     ("minutes", "minuts", "minutes")],
)  # fmt: skip
def test_a_mistyped_field_or_choice_is_told_with_the_nearest_one(tmp_path, line, typo, meant):
    file = new_lesson("13-mine", tmp_path) / "lesson.toml"
    text = "minutes = 30\n" + file.read_text(encoding="utf-8")
    file.write_text(text.replace(line, typo, 1), encoding="utf-8")

    with pytest.raises(UsageError) as error:
        read_lesson(str(file.parent))

    assert error.value.hint == f"Did you mean {meant}?"


def test_a_notebook_opens_its_lesson_from_the_folders_beside_it(tmp_path, monkeypatch):
    # given a lesson, and its notebooks in a working folder beside it, Chinese ones a folder below
    lesson = new_lesson("13-mine", tmp_path)
    (tmp_path / "work" / "zh").mkdir(parents=True)

    # when kernels look for it from where their notebooks are
    found = []
    for folder in ("work", "work/zh"):
        monkeypatch.chdir(tmp_path / folder)
        found.append(find_lesson("13-mine"))

    # then both find it
    assert found == [lesson, lesson]


def test_the_notebook_of_a_package_names_the_whole_package(tmp_path, monkeypatch):
    (tmp_path / "ourcourse").mkdir()
    (tmp_path / "ourcourse" / "__init__.py").write_text("")
    new_lesson("vlans", tmp_path / "ourcourse")
    monkeypatch.syspath_prepend(str(tmp_path))

    (english, chinese) = build("ourcourse.vlans", tmp_path / "out")

    assert "%dnet lesson ourcourse.vlans --lang en" in english.read_text(encoding="utf-8")
    assert "%dnet lesson ourcourse.vlans --lang zh" in chinese.read_text(encoding="utf-8")


def test_a_lesson_may_be_a_package(tmp_path, monkeypatch):
    write(tmp_path / "mycourse")
    (tmp_path / "mycourse" / "__init__.py").write_text("raise SystemExit('nothing of it runs')\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert find_lesson("mycourse") == tmp_path / "mycourse"


def test_a_lesson_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(UsageError, match=r"(?s)there is no lesson 'nothing'.*The lessons are: .*01-native-networks"):
        find_lesson("nothing")


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        ('kind = "network"\nname = "{{net}}"', 'kind = "netwrok"', "tasks.0.checks.0.kind: 'netwrok' is not one of"),
        ('kind = "network"\n', 'kind = "network"\ndirver = "bridge"\n', "tasks.0.checks.0: Additional properties"),
        ('right = ["a"]', 'right = ["c"]', "its right answer is none of its choices"),
        ("points = 2", 'needs = ["before"]', "task 'own-network' of lesson 13 needs 'before'"),
        ('zh = "先要有这样一个网络。"', "", "tasks.0.hints.0: 'zh' is a required property"),
        ("points = 2", "points = 0", "tasks.0.points: 0 is less than or equal to the minimum of 0"),
        ('net = ["blue", "green", "red"]', "net = []", "numbers"),
        ("[title]", "[title", "Expected ']'"),
    ],
)
def test_what_is_wrong_in_a_lesson_is_said_with_its_place(tmp_path, change, to, said):
    folder = write(tmp_path / "13", change, to)

    with pytest.raises(UsageError, match=re.escape(said)):
        read_lesson(str(folder))


# -- what the docs show ------------------------------------------------------------------------------------------------


def block(kind: str) -> str:
    page = (ROOT / "docs" / "lessons.md").read_text(encoding="utf-8")
    return re.search(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1]


def test_the_lesson_of_the_docs_is_sound(tmp_path):
    # given what stands on the page, and what it leaves to the reader
    wrong = "; task: both, hint: any-address\ndocker network create --subnet {{lan}} {{net}}\n" \
            "docker network connect {{net}} web1\n"
    files = {
        "lesson.toml": block("lesson"), "page.md": block("page"), "wrong/any.dnet": wrong,
        "start.dnet": "docker run -d --name web1 nginx\n",
        "solution.dnet": "docker network create --subnet {{lan}} {{net}}\n"
                         "docker network connect --ip {{address}} {{net}} web1\n",
    }  # fmt: skip
    for name, text in files.items():
        path = tmp_path / "13-docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    proofs = list(prove(str(tmp_path / "13-docs"), release="28.5"))

    assert [proof for proof in proofs if proof.trouble] == []
    assert wrong.replace("\n", "\n    ").strip() in (ROOT / "docs" / "lessons.md").read_text(encoding="utf-8")


def test_the_published_schema_is_one():
    Draft202012Validator.check_schema(json.loads((ROOT / "docs" / "lesson.schema.json").read_text(encoding="utf-8")))


def test_a_lesson_with_a_lab_of_its_own_begins_in_that_one_only(tmp_path):
    # given a lesson that needs a host called left
    folder = write(tmp_path / "15-own")
    lab = '[switches.s]\n[hosts.docker1]\ndocker = true\n[hosts.left]\nnics.eth0 = { switch = "s" }\n'
    (folder / "lab.toml").write_text(lab)
    (folder / "start.dnet").write_text("left# hostname\ndocker1# docker run -d --name web1 nginx\n")

    # when its tasks begin in the usual lab, and in its own
    usual = Lab()
    usual.open_lesson(str(folder))
    own = Lab(topology=usual.lesson.shape)
    own.open_lesson(str(folder))

    # then only its own will do, and it is proved in that one
    with pytest.raises(UsageError, match="lesson 15-own has a lab of its own, and this is another"):
        usual.start_lesson()
    assert not own.start_lesson().refused
    proofs = [p for p in prove(str(folder), release="28.5", students=("",)) if p.what in ("start", "solution.dnet")]
    assert [p.trouble for p in proofs] == ["", ""]


# -- pages ------------------------------------------------------------------------------------------------------------


def test_a_page_is_prose_in_both_languages_and_cells_that_both_share():
    cells = read_page("[en]\nHello\n[zh]\n你好\n```dnet docker2 -q\nip addr\n```\n```look\nips\n```\n")

    assert [(c.kind.value, c.line) for c in cells] == [("prose", 1), ("dnet", 5), ("look", 8)]
    assert (cells[0].en, cells[0].zh) == ("Hello", "你好")
    assert (cells[1].text, cells[1].options) == ("ip addr", "docker2 -q")


def test_a_block_of_another_kind_belongs_to_the_prose_around_it():
    cells = read_page("[en]\nSo:\n```sh\nls\n```\nDone\n[zh]\n如下\n```sh\n[en]\n```\n")

    assert cells[0].en == "So:\n```sh\nls\n```\nDone"
    assert cells[0].zh == "如下\n```sh\n[en]\n```"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[en]\nHello\n```dnet\nls\n```\n", r"page.md:1: this prose has no \[zh\]"),
        ("Hello\n", "page.md:1: text that is in no language"),
        ("```dnet\nls\n", "page.md:1: this block is never closed"),
    ],
)
def test_what_is_wrong_in_a_page_is_said_with_its_line(text, said):
    with pytest.raises(UsageError, match=said):
        read_page(text)
