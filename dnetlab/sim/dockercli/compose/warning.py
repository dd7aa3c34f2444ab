"""A warning of compose's, as logrus prints it where no terminal is."""

from __future__ import annotations

from datetime import UTC, datetime

from dnetlab.sim.dockercli.compose.call import Call


def warn(call: Call, text: str) -> None:
    moment = f"{datetime.fromtimestamp(int(call.session.now), UTC):%Y-%m-%dT%H:%M:%SZ}"
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    call.session.err(f'time="{moment}" level=warning msg="{quoted}"')
