"""What a class did is added up: scores, which task fails how, common wrong answers, time, days."""

from __future__ import annotations

from dnetlab.gradebook.survey import Survey

TITLE = {"en": "Two", "zh": "两个"}


def row(done: bool, earned: float, answer: str, minutes: int, asked: list[int]) -> dict:
    task = {"task": "two", "title": TITLE, "earned": earned, "points": 2.0, "done": done, "attempts": 3, "hints": 1,
            "wrong": "" if done else "first-again",
            "alike": [] if done else [["on net", "在网络上", "not", "不在"]]}  # fmt: skip
    given = {"question": "q", "asked": {"en": "Q?", "zh": "问？"}, "answer": {"en": answer, "zh": answer},
             "right": answer == "3"}  # fmt: skip
    lesson = {"lesson": "l", "title": TITLE, "seconds": minutes * 60, "tasks": [task], "wrong": [given]}
    return {"lessons": [lesson], "findings": [], "asked": asked}


def test_a_class_is_added_up():
    survey = Survey("lab", "l", people=4)
    survey.add(row(True, 2.0, "3", 10, [1_764_244_853]), 2.0, 2.0)
    survey.add(row(False, 0.5, "2", 20, [1_764_244_853, 1_764_331_253]), 0.5, 2.0)
    survey.add(row(False, 0.0, "2", 30, []), 0.0, 2.0)

    told = survey.data()

    assert {name: told[name] for name in ("people", "handed_in", "mean", "median", "distribution", "asked_by_day")} == {
        "people": 4, "handed_in": 3, "mean": 0.83, "median": 0.5, "distribution": [1, 0, 1, 0, 0, 0, 0, 0, 0, 1],
        "asked_by_day": {"2025-11-27": 2, "2025-11-28": 1},
    }  # fmt: skip
    assert told["minutes"] == {"median": 20.0, "spread": [10.0, 15.0, 20.0, 25.0, 30.0]}
    assert told["tasks"] == [{
        "task": "two", "title": TITLE, "points": 2.0, "done": 1, "tried": 3, "mean": 0.83, "attempts": 9, "hints": 3,
        "mistakes": {"first-again": 2}, "failing": [
            {"expected": {"en": "on net", "zh": "在网络上"}, "found": {"en": "not", "zh": "不在"}, "number": 2}],
    }]  # fmt: skip
    assert told["questions"] == [{"question": "q", "asked": {"en": "Q?", "zh": "问？"}, "given": 3, "right": 1,
                                  "wrong": [{"answer": {"en": "2", "zh": "2"}, "number": 2}]}]  # fmt: skip


def test_a_class_that_handed_nothing_in_has_no_numbers():
    told = Survey("lab", "l", people=2).data()

    assert (told["mean"], told["median"], told["minutes"], sum(told["distribution"])) == (
        0.0, 0.0, {"median": 0.0, "spread": []}, 0,
    )  # fmt: skip
