"""The `docker` command that students type at: one value per release of the client, the source beside it.

The engines 20.10, 26.1 and 28.5 are compared live with one client, 28.2.2, which speaks older APIs too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClientProfile:
    """One release of the client, as its half of `docker version` tells.

    version  of the client
    api      the newest version of the Engine API that it speaks
    commit   of its source
    go       the compiler
    built    when
    """

    version: str
    api: str
    commit: str
    go: str
    built: str

    @property
    def banner(self) -> str:
        """What `docker --version` says."""
        return f"Docker version {self.version}, build {self.commit}"


CLIENT_28_2 = ClientProfile(  # `docker version` of 28.2.2
    version="28.2.2", api="1.50", commit="e6534b4", go="go1.24.3", built="Fri May 30 12:07:14 2025"
)
CLIENTS: dict[str, ClientProfile] = {  # the release of the lab -> the client at its prompts
    "20.10": CLIENT_28_2, "26.1": CLIENT_28_2, "28.5": CLIENT_28_2, "29.7": CLIENT_28_2,
}  # fmt: skip
