"""A work as a plain sequence of blocks, ready to be set: headings, lines, lists, tables, terminals, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dnetlab.explain.sentences import said
from dnetlab.report.data import Data

Block = dict[str, Any]
_MARKS = {"passed": ("✓", "holds"), "failed": ("✗", "holds not")}


def blocks(work: Data, language: str) -> Iterator[Block]:
    """The report in that language, top to bottom. Levels of headings begin at 2: the title is 1."""

    def say(name: str, **fields: object) -> str:
        return said(name, language, **fields)

    yield from _head(work, say)
    yield _heading(2, say("findings"))
    found = [one["text"][language] for one in work["findings"]]
    yield {"kind": "list", "items": found} if found else _line(say("no findings"))
    for lesson in work["lessons"]:
        yield from _lesson(lesson, language, say)
    if "account" in work:
        yield from _account(work, language, say)


def _heading(level: int, text: str) -> Block:
    return {"kind": "heading", "level": level, "text": text}


def _line(text: str) -> Block:
    return {"kind": "line", "text": text}


def _table(caption: str, columns: list[str], rows: list[list[str]]) -> Block:
    return {"kind": "table", "caption": caption, "columns": columns, "rows": rows}


def _points(one: Data) -> str:
    return f"{one['earned']:g}/{one['points']:g}"


def _head(work: Data, say: Any) -> Iterator[Block]:
    yield {
        "kind": "banner", "good": work["verified"],
        "text": say("is verified", made=work["made"]) if work["verified"] else say("not verified"),
    }  # fmt: skip
    used = ", ".join(dict.fromkeys(session["release"] for session in work["sessions"])) or "–"
    rows = [
        [say("student"), work["student"] or say("nobody")],
        [say("score"), say("of points", earned=f"{work['earned']:g}", points=f"{work['points']:g}")],
        [say("engine"), f"{say(work['engine'])}; {say('versions', dnetlab=work['dnetlab'], releases=used)}"],
        [say("made"), work["made"]],
        *([say("digest"), journal["sha256"]] for journal in work["journals"]),
    ]
    yield {"kind": "facts", "rows": rows}


def _lesson(lesson: Data, language: str, say: Any) -> Iterator[Block]:
    yield _heading(2, f"{lesson['title'][language]}: {_points(lesson)}")
    minutes = say("minutes", minutes=round(lesson["seconds"] / 60))
    yield _line(f"{say('student')}: {lesson['student'] or say('nobody')} · {say('time')}: {minutes}")
    columns = [say(name) for name in ("task", "points", "state", "attempts", "hints")]
    rows = [
        [f"{n} · {t['title'][language]}", _points(t), _state(t, say), str(t["attempts"]), str(t["hints"])]
        for n, t in enumerate(lesson["tasks"], 1)
    ]
    yield _table(say("tasks"), columns, rows)
    for number, task in enumerate(lesson["tasks"], 1):
        yield _heading(3, f"{number} · {task['title'][language]}: {_points(task)}")
        items = [_check(check, language, say) for check in task["checks"]]
        yield {"kind": "list", "items": items} if items else _line(say("never judged"))
    if lesson["predictions"]:
        yield _heading(3, say("predictions"))
        columns = [say(name) for name in ("question", "given", "so")]
        yield _table(say("predictions"), columns, [_prediction(one, language, say) for one in lesson["predictions"]])


def _state(task: Data, say: Any) -> str:
    recorded = say("recorded", points=f"{task['recorded']:g}")
    more = f" ({recorded})" if task["recorded"] > task["earned"] else ""
    if task["done"]:
        return f"✓ {say('is done')} {task['done_at']}".rstrip() + more
    return (f"? {say('needs engine')}" if task["needs_engine"] else f"✗ {say('is open')}") + more


def _check(check: Data, language: str, say: Any) -> str:
    mark, name = _MARKS.get(check["verdict"], ("?", "not judged"))
    lines = [f"{say('expected')}: {check['expected'][language]}: {mark} {say(name)}"]
    lines += [say("only engine")] if check["engine"] else []
    if check["verdict"] != "passed":
        lines.append(f"{say('found')}: {check['found'][language]}")
        lines += [f"{say('because')}: {why[language]}" for why in check["because"]]
    return "\n".join(lines)


def _prediction(one: Data, language: str, say: Any) -> list[str]:
    asked = one["asked"][language]
    if not one["given"]:
        return [asked, say("not given"), "–"]
    mark = f"✓ {say('right')}" if one["right"] else f"✗ {say('wrong')}"
    so = " / ".join(text[language] for text in one["so"])
    return [asked, f"{mark}: {one['answer'][language]}", f"{so}\n{one['explain'][language]}"]


def _account(work: Data, language: str, say: Any) -> Iterator[Block]:
    yield _heading(2, say("transcript"))
    for session in work["sessions"]:
        yield _heading(3, say("session", session=session["session"]))
        told = {name: session[name] for name in ("engine", "release", "began")}
        yield _line(say("session on", **told))
        for step in work["account"]["steps"]:
            if step["session"] == session["session"]:
                yield from _step(step, language, say)
    if "end" in work["account"]:
        yield _heading(2, say("at the end"))
        yield _picture(work["account"]["end"]["picture"], language)
        for table in work["account"]["end"]["tables"]:
            yield _table(say("table", table=table["name"]), table["columns"], table["rows"])


def _step(step: Data, language: str, say: Any) -> Iterator[Block]:
    if step["kind"] == "command":
        status = f"{say('refused')} {step['refused'][language]}" if step["refused"]["en"] else ""
        status = status or (say("exit status", status=step["exit_code"]) if step["exit_code"] else "")
        back = say("taken back") if step["taken_back"] else ""
        notes = " · ".join(filter(None, (status, back)))
        output = (step["stdout"] + step["stderr"]).rstrip("\n")
        typed = {"prompt": step["prompt"], "command": step["command"]}
        yield {"kind": "terminal", **typed, "output": output, "notes": notes}
        return
    if step["command"]:
        yield {"kind": "look", "text": step["command"]}
    if "told" in step:
        told = step["told"][language].rstrip("\n")
        yield _line(told) if step["kind"] == "event" else {"kind": "pre", "text": told}
    if "picture" in step:
        yield _picture(step["picture"], language)
    if "table" in step:
        yield _table(say("table", table=step["table"]["name"]), step["table"]["columns"], step["table"]["rows"])


def _picture(one: Data, language: str) -> Block:
    return {"kind": "picture", "svg": one["svg"], "alt": one["alt"][language], "text": one["text"][language]}
