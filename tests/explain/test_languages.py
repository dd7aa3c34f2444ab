"""Whatever the lab says, it says in every language: no sentence of the code is missing, none is left over.

Facts, causes, checks and phrases are closed sets, held in test_sentences.py; this is about the rest.
"""

from __future__ import annotations

import pkgutil
import re
import unicodedata
from collections.abc import Iterator
from importlib import import_module

import pytest

from dnetlab import views
from dnetlab.explain.reach import Outcome
from dnetlab.language import CATALOGUES, HEADINGS, Words, say, speak
from dnetlab.model import ContainerState
from dnetlab.views import difference, look, tables
from tests.sentences_said import Sentence, holes, sentences

CODE = re.compile(r"`[^`]*`|\{[^{}]*\}|%%?\w+|https?://\S+|--?[a-zA-Z][\w-]*|[A-Z][A-Z_/]+")
# What stands for itself in Chinese, too: names of programs, files, options and things of the trade.
WORD = re.compile(r"(?<![\w./-])[a-z]{2,}(?:'[a-z]+)?(?: [a-z]{2,}(?:'[a-z]+)?){2,}(?![\w./-])")
COMMANDS = re.compile(
    r"(docker|dnetlab|ip|iptables|systemctl|pip|apt-get|python|ssh|nsenter|kill|nc|ss|sysctl|wget|curl|ps|export) "
)


@pytest.fixture(scope="module")
def read() -> tuple[Sentence, ...]:
    """Every sentence of the code, read once for all."""
    return tuple(sentences())


@pytest.fixture(scope="module")
def said(read: tuple[Sentence, ...]) -> dict[str, Sentence]:
    """Every template of the code, and where it stands first."""
    found: dict[str, Sentence] = {}
    for sentence in read:
        found.setdefault(sentence.template, sentence)
    return found


def in_tables() -> Iterator[str]:
    """The templates that no call names: help and lists of %dnet, of argparse, of the doctor, states of containers."""
    from dnetlab.doctor import PURPOSES
    from dnetlab.language.arguments import SENTENCES
    from dnetlab.notebook.magic import DnetMagics
    from dnetlab.notebook.subcommands import SUBCOMMANDS

    parsers = [DnetMagics.dnet.parser, *(s.parser() for s in SUBCOMMANDS.values())]
    for parser in parsers:
        yield from filter(None, [parser.description, *(a.help for a in parser._actions)])
        yield from (group.title for group in parser._action_groups)
    yield from (template for _, template in SENTENCES)
    yield from ("positional arguments", "options", "show this help message and exit", "usage: ")
    yield from ("argument {name}: {rest}", "{first} and {last}", ", ", *PURPOSES.values())
    yield from ("gone", *(state.value for state in ContainerState))


def test_each_sentence_of_the_code_has_the_fields_that_it_is_filled_in_with(read: tuple[Sentence, ...]) -> None:
    for sentence in read:
        if sentence.fields is not None:
            assert sentence.holes <= sentence.fields, f"{sentence.place}: {sentence.template}"


def test_each_sentence_of_the_code_is_there_in_chinese(said: dict[str, Sentence]) -> None:
    missing = [f"{s.place}: {s.template!r}" for s in said.values() if s.template not in CATALOGUES["zh"]]

    assert missing == []


def test_what_stands_in_tables_is_there_in_chinese() -> None:
    assert [text for text in in_tables() if text not in CATALOGUES["zh"]] == []


def test_no_sentence_is_left_over(said: dict[str, Sentence]) -> None:
    known = set(said) | set(in_tables())

    assert [text for text in CATALOGUES["zh"] if text not in known] == []


@pytest.mark.parametrize("english", CATALOGUES["zh"])
def test_a_sentence_has_the_same_fields_in_chinese_and_is_chinese(english: str) -> None:
    chinese = CATALOGUES["zh"][english]

    assert holes(chinese) == holes(english)
    assert is_chinese(chinese) or not words_of(english), chinese


def words_of(text: str) -> list[str]:
    """What of a text would have to be said in another language."""
    return re.findall(r"[A-Za-z]{2,}", CODE.sub("", text))


def is_chinese(text: str) -> bool:
    """It has Chinese in it, and no run of English words but commands."""
    plain = CODE.sub("", text)
    runs = [run for run in WORD.findall(plain) if not COMMANDS.match(run)]
    return any(unicodedata.name(c, "").startswith(("CJK", "FULLWIDTH", "IDEOGRAPHIC")) for c in text) and not runs


def test_an_english_sentence_is_not_taken_for_chinese() -> None:
    assert is_chinese("请用 docker run -d 启动容器。")
    assert not is_chinese("Use docker run.")
    assert not is_chinese("请用 the images of the lab。")


# -- headings and states ----------------------------------------------------------------------------------------------


def test_each_heading_of_a_table_is_there_in_chinese() -> None:
    columns = {c for name, t in vars(tables).items() if name.isupper() and isinstance(t, dict) for c in t
               if isinstance(c, str)}  # fmt: skip
    columns -= set(tables.TABLES)
    for found in pkgutil.iter_modules(views.__path__):
        columns |= set(getattr(import_module(f"dnetlab.views.{found.name}"), "COLUMNS", ()))
    kinds = {word for kind in difference.KINDS for word in (kind, difference._noun(kind, 1))}
    states = (
        {o.value for o in Outcome} | {"as said", "not said", "not seen"} | {word for word, _ in look.SIGNS.values()}
    )
    doctor = {"subject", "state", "found", "advice", "ok", "note", "problem", "PROBLEM"}
    ps = {"LAB", "DOCKER", "HOST", "ADDRESS", "DOCKERD", "STATE", "running", "gone"}

    assert (columns | kinds | states | doctor | ps) - set(HEADINGS["zh"]) == set()


# -- values that are said when somebody reads --------------------------------------------------------------------------


def test_words_are_said_in_the_language_of_whoever_reads_them() -> None:
    refused = Words("The lab has no host {host}.", host="docker9")

    assert str(refused) == "The lab has no host docker9."
    speak("zh")
    try:
        assert str(refused) == "实验里没有主机 docker9。"
        assert say("{name} must be {wanted}", name="mtu", wanted=Words("a number")) == "mtu must be 数字"
    finally:
        speak("")


def test_a_refusal_an_error_a_remark_and_a_table_follow_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    from dnetlab.commands.remarks import remark
    from dnetlab.errors import UnknownName
    from dnetlab.lab import Lab

    monkeypatch.setenv("DNETLAB_LANG", "zh")
    lab = Lab()
    search, mistyped = lab.run("docker search web"), lab.run("docker pss")
    with pytest.raises(UnknownName) as caught:
        lab.ips(host="docker9")

    why = "在实验环境里不能搜索 Docker Hub。"
    instead = "docker images 列出这里有的镜像。"
    assert str(search.refused) == f"{why} {instead}"
    assert f"dnetlab 不执行这一行：{why}" in str(search)
    assert remark(mistyped) == "是不是想写 docker ps？"
    assert "docker: 'pss' is not a docker command" in mistyped.stderr.lower() or "unknown" in mistyped.stderr.lower()
    assert str(caught.value) == "实验里没有主机 'docker9'\n主机有：docker1, docker2, client。"
    assert repr(lab.ips(host="client")).split("\n")[0].split() == ["主机", "网卡", "地址", "协议族", "广播地址", "范围"]
    assert list(lab.ips().columns)[:3] == ["host", "namespace", "container"]  # names of data stay English
