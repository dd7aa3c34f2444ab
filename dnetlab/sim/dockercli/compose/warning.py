"""A warning of compose's, as logrus prints it where no terminal is."""

from __future__ import annotations

from datetime import UTC, datetime

from dnetlab.sim.dockercli.compose.call import Call
from dnetlab.sim.dockercli.session import Session


def warn(call: Call, text: str) -> None:
    warn_in(call.session, text)


def warn_in(session: Session, text: str) -> None:
    """The same before a project is known."""
    moment = f"{datetime.fromtimestamp(int(session.now), UTC):%Y-%m-%dT%H:%M:%SZ}"
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    session.err(f'time="{moment}" level=warning msg="{quoted}"')
