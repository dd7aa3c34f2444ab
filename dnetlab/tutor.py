"""A tutor's door: a program that helps a student reads the lab over the Model Context Protocol, and can change nothing.

It sees what the journal's file holds: each question runs it again in a lab of its own. It gets the state of the lab,
the last failure with its cause, the tasks and the next hint; solutions and the answers of questions are not there.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnetlab.errors import DnetError, UsageError
from dnetlab.journal import choose
from dnetlab.lab import Lab
from dnetlab.views import course
from dnetlab.views.tables import table

if TYPE_CHECKING:
    from mcp.server import MCPServer

TABLES = ("containers", "networks", "ips", "links", "routes", "rules", "sockets")
MOST = 30  # entries that are told
INSTRUCTIONS = (
    "A student learns Docker's networks in this lab. You read it and change nothing. Help by questions and by pointing "
    "at what to look at; never type the student's commands for them, never give a solution."
)


class Tutor:
    """journal: the file that the student's lab writes, '.dnetlab/NAME.sim.journal' beside a notebook."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def _lab(self) -> Lab:
        """The lab as it is now. Raises UsageError when there is no journal, or it is of real engines."""
        found = choose(self._journal).journal
        if found.engine != "sim":
            raise UsageError("only a lab on the simulator can be read by a tutor")
        lab = Lab(docker=found.release, seed=found.seed, topology=found.topology)
        lab.resume(self._journal)
        return lab

    def state(self, what: str = "containers", host: str = "") -> list[dict[str, Any]]:
        """A table of the lab as rows: containers, networks, ips, links, routes, rules or sockets; host: only there."""
        if what not in TABLES:
            raise UsageError("there is no table {what}", hint="Tables: {names}.", what=what, names=", ".join(TABLES))
        rows = table(what, self._lab().snapshot())
        if host:
            rows = rows[rows["host"] == host]
        found: list[dict[str, Any]] = [{str(k): str(v) for k, v in row.items()} for row in rows.to_dict("records")]
        return found

    def commands(self) -> list[dict[str, Any]]:
        """What the student ran last, the oldest first: where, the command, its exit status."""
        return [{"host": e.line.host, "container": e.line.container, "command": e.line.text, "exit_code": e.exit_code,
                 "refused": e.refused} for e in self._lab().entries[-MOST:]]  # fmt: skip

    def failure(self) -> str:
        """Why the student's last ping or curl failed: the cause and what to look at; to mend it is theirs."""
        reason = self._lab().why()
        return "\n".join([reason.sentence, *reason.evidence])

    def tasks(self) -> str:
        """The open lesson's tasks and which are done."""
        return course.progress_text(self._lab().tasks())

    def hint(self, task: str = "") -> str:
        """The next hint of a task, by its number or id; without one, of the first that isn't done."""
        return course.hint_text(self._lab().hint(task or None))


def server(journal: Path) -> MCPServer[Any]:
    """What answers a tutor's client: the questions of Tutor as tools that only read."""
    from mcp.server import MCPServer
    from mcp.types import ToolAnnotations

    made: MCPServer[Any] = MCPServer("dnetlab", instructions=INSTRUCTIONS)
    tutor = Tutor(journal)
    questions: dict[str, Callable[..., Any]] = {
        "lab_state": tutor.state, "last_commands": tutor.commands, "last_failure": tutor.failure,
        "tasks": tutor.tasks, "next_hint": tutor.hint,
    }  # fmt: skip
    for name, question in questions.items():
        made.tool(name, annotations=ToolAnnotations(read_only_hint=True), structured_output=False)(_told(question))
    return made


def _told(question: Callable[..., Any]) -> Callable[..., Any]:
    """A mistake of the asker is an answer, not a traceback."""
    @functools.wraps(question)
    def asked(*args: Any, **kwargs: Any) -> str:
        try:
            found = question(*args, **kwargs)
        except DnetError as error:
            return str(error)
        return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)

    asked.__annotations__ = {**question.__annotations__, "return": str}
    return asked


def run(journal: Path | None) -> int:
    """`dnetlab mcp`: over standard input and output, until they are closed. Raises UsageError without the package."""
    try:
        import mcp  # noqa: F401
    except ImportError:
        raise UsageError("the package mcp is not here", hint="pip install 'dnetlab[mcp]'") from None
    server(journal or newest(Path(".dnetlab"))).run()
    return 0


def newest(folder: Path) -> Path:
    """The journal that was written last. Raises UsageError when there is none."""
    found = sorted(folder.glob("*.journal"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise UsageError("there is no journal in {folder}", hint="Name one: --journal FILE", folder=folder)
    return found[-1]
