"""One `docker compose …` under way: its session, its words, the project of its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dnetlab.commands.compose.project import Project
from dnetlab.commands.docker.parse import Invocation
from dnetlab.sim.dockercli.session import Failed, Session

Json = dict[str, Any]
LABEL = "com.docker.compose."
VERSION = "2.40.3"


@dataclass
class Call:
    """session.call is the verb's invocation; unread: `-p NAME` alone, with which some verbs look into no file."""

    session: Session
    project: Project
    unread: bool = False

    @property
    def words(self) -> Invocation:
        return self.session.call

    def services(self, names: Sequence[str] | None = None) -> list[str]:
        """Those named on the command line, all without any. Raises Failed for a name the files don't have."""
        wanted = self.words.arguments if names is None else names
        for name in wanted:
            if name not in self.project.services:
                raise Failed(f"no such service: {name}")
        return sorted(set(wanted)) if wanted else sorted(self.project.services)

    def say(self, kind: str, name: str, event: str) -> None:
        """A line of progress, as compose prints them where no terminal is."""
        self.session.err(f" {kind} {name}  {event}")
