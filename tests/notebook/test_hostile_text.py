"""What a student, an image or a file says is text on the page, never part of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from dnetlab.lab import Lab
from dnetlab.language import Words
from dnetlab.model import Line, Output, Refusal
from dnetlab.notebook import display, journey
from dnetlab.views import course, explain, terminal
from dnetlab.views.difference import Change, Difference
from dnetlab.views.frame import frame

HOSTILE = "<img src=x onerror=alert(1)> & \"two\" 'one'"
SAFE = "&lt;img src=x onerror=alert(1)&gt; &amp; "


def line(text: str) -> Line:
    return Line(1, text, "docker1", None, tuple(text.split()))


def is_text(page: str, times: int = 1) -> None:
    """The hostile text stands in the page that often, each time escaped."""
    assert "<img src=x" not in page
    assert page.count(SAFE) == times


def test_in_a_terminal_the_command_and_both_streams():
    is_text(terminal.as_html([Output(line(f"echo {HOSTILE}"), HOSTILE, HOSTILE, 1)]), times=3)


def test_in_a_refusal_the_line_what_was_not_run_reason_and_hint():
    said = Words("{text}", text=HOSTILE)
    output = Output(line(HOSTILE), refused=Refusal(said, said))

    page = terminal.as_html([output], [line(HOSTILE)])

    assert "<img src=x" not in page
    assert page.count(SAFE) == 5  # at the prompt, in the box, not run, reason, hint


def test_in_a_table_its_cells_and_the_line_below_it():
    table = frame([(HOSTILE, HOSTILE), ("other", HOSTILE)], {"host": "string", "container": "string"})

    is_text(table._repr_html_(), times=table._repr_html_().count("&lt;img"))
    assert table._repr_html_().count(SAFE) >= 2


@pytest.mark.parametrize(
    ("change", "times"),
    [
        (Change("links", HOSTILE, "+", "veth1", after="up"), 1),
        (Change("links", "docker1", "+", HOSTILE, after="up"), 1),
        (Change("links", "docker1", "~", "veth1", HOSTILE, HOSTILE), 2),
        (Change("links", "docker1", "-", HOSTILE, before=HOSTILE), 1),
    ],
)
def test_in_what_changed_each_column(change: Change, times: int):
    is_text(display.changes_html(Difference((change,))), times)


def test_in_a_note_above_a_cell():
    is_text(display._note(HOSTILE))


def test_in_a_trace_the_verdict_the_steps_and_what_was_captured(monkeypatch):
    # Given a journey whose every sentence has a tag in it, when it is shown, then none is one.
    lab = Lab()
    lab.run("docker run -d --name web nginx")
    exchange = lab.trace("client", "172.17.0.2")
    monkeypatch.setattr(explain, "verdict", lambda *_: [HOSTILE, HOSTILE])
    monkeypatch.setattr(explain, "leg", lambda *_: [HOSTILE, HOSTILE])
    shown = journey.JourneyView(exchange, lab.engine.snapshot())
    monkeypatch.setattr(journey.JourneyView, "_capture", HOSTILE)

    page = shown._repr_html_()

    assert "<img src=x" not in page
    assert page.count(SAFE) >= 5


@dataclass(frozen=True)
class Said:
    """A reason with words of its own."""

    sentence: str = HOSTILE
    evidence: tuple[str, ...] = (HOSTILE,)
    remedy: str = HOSTILE
    kernel: str = HOSTILE


def test_in_a_why_the_sentence_the_evidence_the_remedy_and_the_kernels_word():
    is_text(journey.ReasonView(Said())._repr_html_(), times=4)  # type: ignore[arg-type]


def test_in_a_lessons_text_only_its_code_marks_mean_something():
    page = course.html_of(f"`{HOSTILE}`", HOSTILE, HOSTILE)

    is_text(page, times=3)
    assert page.count("<code style=") == page.count("</code>") == 1


def test_code_in_a_light_box_has_its_own_ground_in_dark_themes_too():
    assert 'background-color:#e9e9e2;color:#1d1d1b' in course.html_of("`docker ps`")


def test_the_alt_text_of_a_picture_can_not_be_left_by_a_quote(monkeypatch):
    picture = Lab().topology()
    monkeypatch.setattr(type(picture), "summary", '"><img src=x>')

    page = picture._repr_html_()

    assert 'alt="&quot;&gt;&lt;img src=x&gt;"' in page
