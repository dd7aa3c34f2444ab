"""Listings: `--format`, and columns as the client draws them (docker/cli formatter, Go's text/tabwriter)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dnetlab.commands.gotemplate import Limits, Template, TemplateError, parse
from dnetlab.commands.gotemplate.values import Map, Row
from dnetlab.sim.dockercli.session import Failed

MIN_WIDTH = 10  # tabwriter.NewWriter(output, 10, 1, 3, ' ', 0)
PADDING = 3


def align(lines: Sequence[str], minimum: int = MIN_WIDTH, padding: int = PADDING) -> str:
    """Lines with tabs as Go's tabwriter lays them out: a cell ends at its tab; the last one is left as it is.

    A column is a run of neighbouring lines that have it, and is as wide as its widest cell.
    """
    rows = [line.split("\t") for line in lines]
    widths: list[list[int]] = [[] for _ in rows]
    _measure(rows, widths, 0, len(rows), (minimum, padding))
    out = []
    for row, width in zip(rows, widths, strict=True):
        padded = "".join(cell.ljust(w) for cell, w in zip(row, width, strict=False))
        out.append(padded + row[-1] + "\n")
    return "".join(out)


def _measure(rows: list[list[str]], widths: list[list[int]], first: int, last: int, room: tuple[int, int]) -> None:
    """Give the rows first..last their next column's width, block by block; room: the least width, the padding."""
    row = first
    while row < last:
        column = len(widths[row])
        if column >= len(rows[row]) - 1:
            row += 1
            continue
        end = row
        while end < last and len(widths[end]) == column and column < len(rows[end]) - 1:
            end += 1
        longest = max(len(rows[i][column]) for i in range(row, end))
        width = max(longest + room[1], room[0])
        for i in range(row, end):
            widths[i].append(width)
        _measure(rows, widths, row, end, room)
        row = end


class Listing:
    """One kind of listing.

    type_name     of a row, as Go names it in errors
    headers       field -> title of its column
    default       the template of `table`
    raw           the template of `raw`; -q leaves the line of `quiet`
    """

    def __init__(self, type_name: str, headers: dict[str, str], default: str, quiet: str = "{{.ID}}",
                 raw: str = "") -> None:  # fmt: skip
        self.type_name = type_name
        self.headers = headers
        self.default = default
        self.quiet = quiet
        self.raw = raw
        self.raw_id = next((row.partition(":")[0] for row in raw.split("\n") if row.endswith(self.quiet)), "")

    def row(self, fields: dict[str, Any]) -> Row:
        return Row(fields, self.type_name)

    def render(self, rows: Sequence[Row], form: str, *, quiet: bool = False, default: str | None = None) -> str:
        """The text for -q, --format FORM, or the default table. Raises Failed for a bad template."""
        table, text = self._template(form, quiet, default or self.default)
        template = read(text)
        lines = self._lines(template, rows)
        if table:
            titles = Map({**self.headers, "Label": _label_title})
            try:
                header = template.execute(titles, header=True)
            except TemplateError as error:
                raise Failed(f"template parsing error: {error}") from None
            return align([header, *lines])
        return "".join(line + "\n" for line in lines)

    def _template(self, form: str, quiet: bool, default: str) -> tuple[bool, str]:
        if form in ("", "table"):
            return (False, self.quiet) if quiet else (True, unescape(default))
        if form == "json":
            return False, "{{json .}}"
        if form.startswith("table"):
            return True, unescape(form[len("table") :].strip())
        if form == "raw":
            return False, f"{self.raw_id}: {self.quiet}" if quiet else self.raw
        return False, unescape(form)

    def _lines(self, template: Template, rows: Sequence[Row]) -> list[str]:
        lines: list[str] = []
        limits = Limits()
        try:
            for row in rows:
                lines += template.execute(row, limits=limits).split("\n")
        except TemplateError as error:
            raise Failed(f"template parsing error: {error}") from None
        return lines


def _label_title(name: str = "") -> str:
    """The title of {{.Label "com.example.some-thing"}}: 'some thing'"""
    return name.rpartition(".")[2].replace("-", " ").replace("_", " ")


def unescape(form: str) -> str:
    """\\t and \\n typed in single quotes are meant as tab and new line (formatter.go preFormat)."""
    return form.strip().replace("\\t", "\t").replace("\\n", "\n")


def read(text: str, complaint: str = "template parsing error: {}", exit_code: int = 1) -> Template:
    """Parse a template; Failed in the client's words."""
    try:
        return parse(text)
    except TemplateError as error:
        raise Failed(complaint.format(error), exit_code) from None


def truncated(text: str, width: int) -> str:
    """Cut to a width with an ellipsis (formatter.Ellipsis)."""
    return text if len(text) <= width else text[: width - 1] + "…"
