"""The terminal as a student would have seen it: prompt, command, what was printed, and how a failing command ended."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from dnetlab.language import say, spoken
from dnetlab.model import LeftOut, Line, Output
from dnetlab.views import look

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

MONO = "Menlo,Consolas,'DejaVu Sans Mono',monospace"
BLOCK = (
    f"margin:0;padding:8px 12px;background-color:{look.PAPER};color:{look.INK};border:1px solid {look.EDGE};"
    f"border-radius:4px;font-family:{MONO};font-size:13px;line-height:1.4;white-space:pre-wrap;overflow-wrap:break-word;word-break:normal"
)
_PROMPT = "color:#5c6670"
_COMMAND = "color:#0b3d66;font-weight:bold"
_STDERR = "color:#8a3a00"
_STATUS = "color:#6e5b00;font-style:italic"
_LAB = "color:#3d2f00;background-color:#fff6e0"
_NOTE = (
    "margin:6px 0 0 0;padding:8px 12px;background-color:#fff6e0;color:#3d2f00;border:1px solid #e0b040;"
    "border-left:5px solid #e69f00;border-radius:4px"
)


def plain(text: str) -> str:
    """Text without escape sequences and control characters; what a carriage return overwrote is gone.

    >>> plain("10%\\r100%\\x1b[0m\\n")
    '100%\\n'
    """
    lines = []
    for line in _ESCAPE.sub("", text).replace("\r\n", "\n").split("\n"):
        parts = [part for part in line.split("\r") if part]
        lines.append(_CONTROL.sub("", parts[-1] if parts else ""))
    return "\n".join(lines)


def prompt_of(output: Output) -> str:
    return output.prompt or f"[root@{output.line.host} ~]# "


def _ended(text: str) -> str:
    """Text that ends its last line, '' for none: the next prompt begins on a line of its own."""
    text = plain(text)
    return text if not text or text.endswith("\n") else text + "\n"


def status(output: Output) -> str:
    """'exit status 1' for a command that failed, '' for one that didn't or was refused."""
    failed = output.exit_code and not output.refused
    return say("exit status {code}", code=output.exit_code) if failed else ""


def as_text(outputs: Iterable[Output], skipped: Iterable[Line] = (), remarks: Sequence[str] = ()) -> str:
    """The terminal as plain text; '' for no commands. Ends with a newline.

    remarks: what the lab has to add, one for each output, '' for nothing.
    """
    parts = []
    for place, output in enumerate(outputs):
        parts.append(plain(str(output)) + "\n")
        if remarks and remarks[place]:
            parts.append(f"  dnetlab: {remarks[place]}\n")
    left = [line.text for line in skipped]
    if left:
        parts.append(_not_run(skipped) + "\n")
    return "".join(parts)


def as_html(outputs: Iterable[Output], skipped: Iterable[Line] = (), remarks: Sequence[str] = ()) -> str:
    """The terminal as HTML with inline styles only (JupyterLab keeps those in untrusted notebooks); '' for nothing."""
    outputs, skipped = tuple(outputs), tuple(skipped)
    if not outputs:
        return ""
    said = remarks or [""] * len(outputs)
    lines = "".join(_line(output) + _remark(text) for output, text in zip(outputs, said, strict=True)).rstrip("\n")
    boxes = "".join(_refusal(output, skipped) for output in outputs if output.refused)
    if skipped and not boxes:
        boxes = note(f"<div>{_safe(_not_run(skipped))}</div>")
    return f'<pre style="{BLOCK}">{lines}</pre>{boxes}'


def _not_run(skipped: Iterable[Line]) -> str:
    return say("Not run: {lines}", lines="; ".join(line.text for line in skipped))


def _remark(text: str) -> str:
    return f'<span style="{_LAB}">  dnetlab: {_safe(text)}</span>\n' if text else ""


def left_out_text(left_out: Sequence[LeftOut], host: str) -> str:
    """Which lines of a cell read as commands and did not run, and how to make them run; '' for none."""
    if not left_out:
        return ""
    one = len(left_out) == 1
    rows = [
        say("1 line reads as a command and did not run:")
        if one
        else say("{number} lines read as commands and did not run:", number=len(left_out))
    ]
    for line in left_out:
        why = say("commented out") if line.is_comment else say("taken for the output of the command above it")
        rows.append("  " + say("line {number}, {why}: {line}", number=line.number, why=why, line=line.text))
    example = f"{host}# " + left_out[0].text.lstrip("#; ")
    rows.append(
        say("To run it, begin it with a prompt: {example}", example=example)
        if one
        else say("To run one, begin it with a prompt: {example}", example=example)
    )
    return "\n".join(rows)


def open_text(container: str, host: str, since: str = "") -> str:
    """That lines run inside a container now, and the two ways out. since: 'this cell', 'cell [3]', '' for just now."""
    return say(
        "The terminal of {container} on {host} is open since {since}: lines without a prompt run inside it. "
        "`exit` leaves it; `{host}# docker ps` runs one line on the host."
        if since
        else "The terminal of {container} on {host} is open: lines without a prompt run inside it. "
        "`exit` leaves it; `{host}# docker ps` runs one line on the host.",
        container=container,
        host=host,
        since=since,
    )


def _line(output: Output) -> str:
    parts = [
        f'<span style="{_PROMPT}">{_safe(prompt_of(output))}</span>',
        f'<span style="{_COMMAND}">{_safe(plain(output.line.text))}</span>\n',
        _safe(_ended(output.stdout)),
    ]
    if output.stderr:
        parts.append(f'<span style="{_STDERR}">{_safe(_ended(output.stderr))}</span>')
    if status(output):
        parts.append(f'<span style="{_STATUS}">({status(output)})</span>\n')
    return "".join(parts)


def _refusal(output: Output, skipped: tuple[Line, ...]) -> str:
    assert output.refused is not None
    hint = f"<div>{look.inline(output.refused.hint)}</div>" if output.refused.hint else ""
    left = f"<div>{_safe(_not_run(skipped))}</div>" if skipped else ""
    head = say("dnetlab does not run this line: {reason}", reason="").strip()
    command = f'<span style="font-family:{MONO}">{_safe(output.line.text)}</span>'
    return note(f"<div><b>{head}</b> {command}</div>"
                f"<div>{look.inline(output.refused.reason)}</div>{hint}{left}")  # fmt: skip


def note(inner: str) -> str:
    """A box that stands out without shouting; `inner` is HTML already."""
    return f'<div lang="{spoken()}" style="{_NOTE}">{inner}</div>'


def _safe(text: str) -> str:
    return html.escape(text, quote=True)
