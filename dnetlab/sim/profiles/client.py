"""The `docker` command that students type at: one value per release of the client, the source beside it.

The engines 20.10, 26.1 and 28.5 are compared live with one client, 28.2.2, which speaks older APIs too; 29.7 was
recorded with its own, 29.7.2.
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
    helps    the files of its help texts, from which its flags are read (`commands.docker.helptexts`)
    texts    its own sentences that differ, by key
    netip    addresses and subnets are Go's netip values: a template shows an empty one as `invalid IP`, a --subnet is
             read before the daemon is asked
    image_view  `docker images` shows names, what they use of the disk, and what of it is content
    loopback_dns  it warns of `--dns 127.0.0.1`
    silent_rm   `rm -f` says nothing of a container that isn't there
    checks_updates  `service update --image` asks a registry for the image's digest, as `service create` does
    """

    version: str
    api: str
    commit: str
    go: str
    built: str
    helps: tuple[str, ...]
    texts: dict[str, str]
    netip: bool
    image_view: bool
    silent_rm: bool
    checks_updates: bool
    loopback_dns: bool

    def text(self, key: str, **values: str) -> str:
        """A sentence of this client, its {names} filled in."""
        return self.texts[key].format(**values)

    @property
    def banner(self) -> str:
        """What `docker --version` says."""
        return f"Docker version {self.version}, build {self.commit}"


_TEXTS_28_2 = {  # observed
    "start failed": "Error: failed to start containers: {names}",
    "no compose file": "Specify a Compose file (with --compose-file)",
    "no object": "Error: No such object: {name}",
    "port invalid": 'Error: invalid port ({number}): strconv.ParseUint: parsing "{number}": invalid syntax',
    "port closed": "Error: No public port '{port}' published for {name}",
    "rename empty": "Error: Neither old nor new names may be empty",
    "rename failed": "{problem}\nError: failed to rename container named {name}",
}
_TEXTS_29_7 = {  # recorded from 29.7.2; the compose file and the renaming from docker/cli at v29.7.2
    "start failed": "failed to start containers: {names}",
    "no compose file": "specify a Compose file (with --compose-file)",
    "no object": "error: no such object: {name}",
    "port invalid": 'invalid port ({number}): strconv.ParseUint: parsing "{number}": invalid syntax',
    "port closed": "no public port '{port}' published for {name}",
    "rename empty": "failed to rename container: invalid container name or ID: value is empty",
    "rename failed": "failed to rename container: {problem}",
}
CLIENT_28_2 = ClientProfile(  # `docker version` of 28.2.2
    version="28.2.2", api="1.50", commit="e6534b4", go="go1.24.3", built="Fri May 30 12:07:14 2025",
    helps=("help.txt",), texts=_TEXTS_28_2, netip=False, image_view=False, silent_rm=False,
    checks_updates=True,
    loopback_dns=True,
)  # fmt: skip
CLIENT_29_7 = ClientProfile(  # `docker version` of 29.7.2
    version="29.7.2", api="1.55", commit="local", go="go1.26.6", built="Wed Aug  5 00:00:00 2026",
    helps=("help.txt", "help_29.txt"), texts=_TEXTS_29_7, netip=True, image_view=True, silent_rm=True,
    checks_updates=False,
    loopback_dns=False,
)  # fmt: skip
CLIENTS: dict[str, ClientProfile] = {  # the release of the lab -> the client at its prompts
    "20.10": CLIENT_28_2, "26.1": CLIENT_28_2, "28.5": CLIENT_28_2, "29.7": CLIENT_29_7,
}  # fmt: skip
