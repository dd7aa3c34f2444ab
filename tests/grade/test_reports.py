"""A report tells what was done, in both languages; nothing that was typed can run in it; verify holds it to it."""

from __future__ import annotations

import base64
import copy
import json
import re
from html.parser import HTMLParser

import pytest
from jsonschema import Draft202012Validator

from dnetlab.grade.export import report, write
from dnetlab.grade.verify import verify
from dnetlab.grade.work import Terms
from dnetlab.lab import Lab
from dnetlab.language import speaking
from dnetlab.report.page import page
from dnetlab.report.schema import schema
from tests.grade.works import Ticking, chained, rows, solved

ANN = Terms(student="ann", only="01-native-networks")
LANGUAGES = ["en", "zh"]
NASTY = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</pre></main><svg onload=alert(1)>", "{{ 7*7 }}",
    "{% include '/etc/passwd' %}", "javascript:alert(1)", '#import "x.typ"; #read("/etc/passwd")',
    "$ x^2 $ *b* _i_ @a",
    "\u202egpj.exe", "\x1b[31mred\x1b]0;t\x07", "=HYPERLINK(1)", "\ud800", "😀 한국어 ไทย", "&lt;b&gt;",
    "`code`", "a" * 3000,
]  # fmt: skip


@pytest.fixture(scope="module")
def journal(tmp_path_factory) -> bytes:
    """Somebody who predicts, works, looks, takes back, asks, and types whatever can be typed."""
    path = tmp_path_factory.mktemp("work") / "a.journal"
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.open_lesson("1", "ann")
        lab.predict("lent", "a")
        lab.predict("networks", "<b>3</b>")
        lab.start_lesson()
        names = lab.lesson.numbers
        lab.run_cell(f"docker run -d --name {names['first']} nginx\ndocker run -d --name {names['second']} nginx")
        lab.looked("topology", {"only": []})
        lab.looked("rules", {"table": "nat"})
        lab.looked("trace", {"source": names["first"], "destination": "client"})
        lab.looked("nosuch", {"<i>": "<b>"})
        for text in NASTY:
            lab.run_cell(f"echo '{text}'" if "'" not in text else f'echo "{text}"')
        lab.run_cell("ls /nosuch")
        lab.run_cell("docker search web")
        lab.undo(1)
        lab.checkpoint("<u>here</u>")
        lab.hint("take-over")
        lab.check()
    return path.read_bytes()


@pytest.fixture(scope="module")
def told(journal) -> dict:
    return json.loads(json.dumps(report([journal], 1764250000.0, ANN)))


def commands(told: dict) -> dict[str, dict]:
    return {step["command"]: step for step in told["account"]["steps"]}


def test_a_report_tells_student_lesson_engine_score_predictions_transcript_tables_pictures_and_traces(told):
    lesson = told["lessons"][0]
    steps = commands(told)

    assert (told["student"], lesson["lesson"]) == ("ann", "01-native-networks")
    assert (told["earned"], told["points"]) == (1.0, 9.0)
    assert (told["verified"], told["engine"], told["sessions"][0]["release"]) == (False, "sim", "29.7")
    assert (lesson["tasks"][0]["done"], lesson["tasks"][0]["attempts"], lesson["tasks"][1]["hints"]) == (True, 0, 1)
    assert lesson["tasks"][1]["checks"][0]["found"]["en"].endswith("has 172.17.0.3 on bridge")
    assert [(p["given"], p["right"]) for p in lesson["predictions"]][:4] == [
        (True, False), (False, False), (False, False), (True, False)
    ]  # fmt: skip
    assert steps["ls /nosuch"]["stderr"] == "ls: cannot access '/nosuch': No such file or directory\n"
    assert steps["docker search web"]["taken_back"] and steps["docker search web"]["refused"]["zh"]
    assert steps["%dnet topology"]["picture"]["alt"]["en"].startswith("Topology of the lab: docker1")
    assert steps["%dnet rules nat"]["table"]["columns"][:3] == ["host", "table", "chain"]
    assert "172.25.254.38" in steps["%dnet trace news client"]["told"]["zh"]
    assert [table["name"] for table in told["account"]["end"]["tables"]] == ["containers", "networks", "ips", "routes"]


def test_a_report_is_what_the_published_schema_says(told):
    assert [error.message for error in Draft202012Validator(schema()).iter_errors(told)] == []


# -- the page ---------------------------------------------------------------------------------------------------------


class Parts(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_was_typed_is_text_on_the_page(told, language):
    parts = Parts(page(told, language))

    assert parts.tags <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "dl", "dt", "dd", "a", "code",
        "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "ul", "li", "span", "br", "pre", "figure", "img",
        "figcaption",
    }  # fmt: skip
    assert not [name for name in parts.attributes if name.startswith("on") or name == "style"]
    assert all(link.startswith(("data:image/svg+xml;base64,", "data:application/json;base64,")) for link in parts.links)
    assert re.fullmatch(
        r"default-src 'none'; img-src data:; style-src 'sha256-[A-Za-z0-9+/=]+'; base-uri 'none'; form-action 'none'",
        parts.policy,
    )


def test_text_that_turns_a_line_around_or_has_no_letters_is_named_by_its_number(told):
    made = page(told, "en")

    assert "⟨U+202E⟩gpj.exe" in made and "⟨U+D800⟩" in made
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", made)


@pytest.mark.parametrize(("language", "words"), [
    ("en", "Not verified yet: the student made this report"), ("zh", "尚未核实：这份报告由学生自己导出"),
])  # fmt: skip
def test_a_students_own_export_says_that_nobody_has_verified_it(told, language, words):
    assert words in page(told, language)
    assert words not in page(told | {"verified": True}, language)


def test_the_same_work_gives_the_same_page(journal, told):
    again = json.loads(json.dumps(report([journal], 1764250000.0, ANN)))

    assert page(again, "zh") == page(told, "zh")


# -- the PDF ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=LANGUAGES)
def paper(told, request, tmp_path_factory):
    """The report as PDF in each language, opened."""
    pytest.importorskip("typst")
    pikepdf = pytest.importorskip("pikepdf")
    (file,) = write(told, tmp_path_factory.mktemp("paper"), ["pdf"], request.param, "a")
    with pikepdf.open(file) as opened:
        yield request.param, opened, file


def _elements(node, kind: str) -> list:
    """Structure elements of a kind, in reading order."""
    import pikepdf

    found = []
    children = node.get("/K", [])
    for child in children if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary):
            found += [child] if str(child.get("/S", "")).startswith(kind) else []
            found += _elements(child, kind)
    return found


def test_the_pdf_is_tagged_as_pdf_ua_in_its_language_and_a_checker_finds_nothing(paper):
    language, opened, file = paper
    from pdfua import validate

    found = validate(str(file))

    assert [str(one) for one in found.findings] == []
    assert opened.Root.MarkInfo.Marked and "pdfuaid:part" in opened.Root.Metadata.read_bytes().decode()
    assert str(opened.Root.Lang) == {"en": "en-US", "zh": "zh-CN"}[language]


def test_every_picture_of_the_pdf_has_alt_text_and_headings_skip_no_level(paper):
    language, opened, _ = paper
    begins = {"en": "Topology of the lab: docker1", "zh": "实验环境的拓扑：docker1"}[language]
    figures = _elements(opened.Root.StructTreeRoot, "/Figure")
    levels = [int(str(one.S)[2:]) for one in _elements(opened.Root.StructTreeRoot, "/H")]

    assert len(figures) == 3 and all(str(figure.Alt).startswith(begins) for figure in figures)
    assert levels[0] == 1 and all(b <= a + 1 for a, b in zip(levels, levels[1:], strict=False))


def test_every_font_of_the_pdf_is_in_it_chinese_too(paper):
    language, opened, _ = paper
    fonts = [one for one in opened.objects if hasattr(one, "get") and one.get("/Type") == "/FontDescriptor"]

    assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts)
    assert any("NotoSansSC" in str(font.FontName) for font in fonts)


# -- held to it -------------------------------------------------------------------------------------------------------


def found_in(data: bytes) -> list[tuple[str, str]]:
    return [(f["kind"], f["fields"].get("what", "")) for f in verify(data, ANN)["findings"] if not f["note"]]


def test_an_honest_report_is_found_to_be_so_as_data_and_as_a_page(told):
    assert found_in(json.dumps(told).encode()) == []
    assert found_in(page(told, "en").encode()) == []
    assert found_in(page(told, "zh").encode()) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda told: told.update(earned=9.0), [("score", ""), ("account", "earned")]),
        (lambda told: told["lessons"][0]["tasks"][1].update(done=True), [("account", "lessons 1 · tasks 2 · done")]),
        (lambda told: told["lessons"][0]["predictions"][0].update(right=True),
         [("account", "lessons 1 · predictions 1 · right")]),
        (lambda told: told.update(student="bob"), [("account", "student")]),
        (lambda told: told["account"]["steps"].pop(), [("account", "account · steps")]),
        (lambda told: next(s for s in told["account"]["steps"] if s["kind"] == "command").update(stdout="ok\n"),
         [("account", "account · steps 5 · stdout")]),
        (lambda told: told["account"]["end"]["tables"][0]["rows"].clear(),
         [("account", "account · end · tables 1 · rows")]),
        (lambda told: told["journals"][0].update(sha256="0" * 64), [("account", "journals 1 · sha256")]),
        (lambda told: told.update(lessons=[]), [("account", "lessons")]),
    ],
)
def test_what_was_changed_in_a_report_is_named(told, change, found):
    changed = copy.deepcopy(told)
    change(changed)

    assert found_in(json.dumps(changed).encode()) == found


def test_a_page_that_shows_something_else_than_its_data_is_found(told):
    made = page(told, "en").replace("1 of 9 points", "9 of 9 points")

    assert found_in(made.encode()) == [("account", "HTML")]


def test_a_report_with_a_journal_cut_short_earns_what_the_journal_does_and_says_so(told, journal):
    short = b"".join(journal.splitlines(keepends=True)[:6])
    changed = copy.deepcopy(told)
    changed["journals"][0]["base64"] = base64.b64encode(short).decode()

    assert ("account", "journals 1 · sha256") in found_in(json.dumps(changed).encode())


def test_work_of_another_version_is_compared_by_its_score_only(told):
    changed = told | {"dnetlab": "0.0.1", "student": "x"}

    result = verify(json.dumps(changed).encode(), ANN)

    assert [(f["kind"], f["note"]) for f in result["findings"]] == [("other version", True)]


@pytest.mark.parametrize("claim", [
    {"lessons": [[]]}, {"lessons": {"a": 1}}, {"journals": "x"}, {"journals": [1, {"base64": "%%"}]}, {"account": {}},
    {"account": {"steps": 7}}, {"earned": float("nan")}, {"earned": "<b>"}, {"lessons": [{"lesson": 5}]},
    {"lessons": [{"lesson": "../../etc"}]},
])  # fmt: skip
def test_a_report_of_any_shape_has_a_result(told, claim):
    assert verify(json.dumps(told | claim).encode(), ANN)["findings"] != []


def test_nested_deeper_than_any_report_is_no_trouble(told):
    deep = json.dumps(told)[:-1] + ',"x":' + '{"a":' * 900 + "1" + "}" * 901

    assert {f["kind"] for f in verify(deep.encode(), ANN)["findings"]} <= {"account", "no journal"}


def test_sessions_of_other_lessons_are_not_in_the_report_of_one(tmp_path):
    with Lab(journal=tmp_path / "a.journal", clock=Ticking()) as lab:
        lab.open_lesson("4", "ann")
    with Lab(journal=tmp_path / "a.journal", clock=Ticking()) as lab:
        lab.open_lesson("1", "ann")
    told = report([(tmp_path / "a.journal").read_bytes()], 0.0, ANN)

    assert [lesson["lesson"] for lesson in told["lessons"]] == ["01-native-networks"]
    assert len(told["sessions"]) == 1


def test_a_session_that_went_on_from_another_tells_its_commands_once(tmp_path):
    path = tmp_path / "a.journal"
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.open_lesson("1", "ann")
        lab.start_lesson()
        lab.run("docker run -d --name web nginx")
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.resume()
        lab.run("docker ps -q")
    told = report([path.read_bytes()], 0.0, ANN)

    assert [s["command"] for s in told["account"]["steps"] if s["kind"] == "command"] == [
        "docker run -d --name web nginx", "docker ps -q"
    ]  # fmt: skip
    assert len([row for row in rows(path.read_bytes()) if row["kind"] == "line"]) == 3
    assert told["findings"] == []


def test_a_question_that_may_be_answered_again_is_not_given_away(tmp_path):
    with Lab(journal=tmp_path / "a.journal", clock=Ticking()) as lab:
        lab.open_lesson("1", "ann")
        lab.predict("seen-as", "172.17.0.2")
    told = report([(tmp_path / "a.journal").read_bytes()], 0.0, ANN)

    (answer,) = [p for p in told["lessons"][0]["predictions"] if p["question"] == "seen-as"]
    assert (answer["given"], answer["right"], answer["so"], answer["explain"]["en"]) == (True, False, [], "")


def test_of_work_on_real_engines_the_report_tells_no_output_of_the_simulator_and_names_what_was_recorded(tmp_path):
    told = rows(solved(tmp_path / "a.journal"))
    told[0]["engine"] = "docker"
    for row in told:
        if row["kind"] == "line" and row["text"].startswith("docker run"):
            row["text"] = "docker ps"  # so that on the simulator nothing is earned
    made = report([chained(told)], 0.0, ANN)

    assert {step["stdout"] for step in made["account"]["steps"] if step["kind"] == "command"} == {""}
    assert (made["earned"], made["lessons"][0]["recorded"]) == (0.0, 9.0)
    assert "✗ not done</span> (recorded: 1)" in page(made, "en")


def test_a_report_made_in_chinese_is_found_honest_by_somebody_who_reads_english(journal):
    with speaking("zh"):
        made = json.loads(json.dumps(report([journal], 1764250000.0, ANN)))
        shown = page(made, "zh")

    with speaking("en"):
        assert found_in(json.dumps(made).encode()) == []
        assert found_in(shown.encode()) == []
