"""What a daemon's Engine API answers to a Request, as a value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dnetlab.model.changed import quick
from dnetlab.model.line import Refusal


@quick
@dataclass(frozen=True)
class Answer:
    """What the daemon answers.

    value    what the kind says: json: a JSON value · lines: a list of them, one a line · frames: what programs printed,
             {'stream': 'stdout' or 'stderr', 'text': …} · text: a str · bytes · nothing: None
    raw      of frames: they come from a terminal, so both streams are one
    headers  beside those that every answer has
    refused  why the lab doesn't do it (status 501), None when it does
    """

    status: int = 200
    value: Any = None
    kind: str = "json"
    raw: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: Refusal | None = None

    @property
    def is_error(self) -> bool:
        return self.status >= 400

    @property
    def printed(self) -> str:
        """The body as `curl` prints it."""
        if self.kind == "frames":
            return "".join(frame["text"] for frame in self.value)
        if self.kind == "lines":
            return "".join(json.dumps(one) + "\n" for one in self.value)
        if self.kind == "json":
            return json.dumps(self.value, separators=(",", ":"), ensure_ascii=False) + "\n"
        return self.value if isinstance(self.value, str) else ""


def nobody_listens() -> Answer:
    """No daemon runs on that host, so there is no answer at all: status 0."""
    return Answer(0, None, "nothing")
