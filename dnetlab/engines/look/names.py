"""What a program in a container gets for a name, by the container's own two files (hosts(5), resolv.conf(5))."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from ipaddress import IPv4Address

from dnetlab.model.ip import IpAddress

DOCKERS_DNS = "127.0.0.11"


def text_to_run(pid: int) -> str:
    """What a host's shell runs to print both files of the container whose process that is."""
    return f"cat /proc/{pid}/root/etc/hosts; echo; cat /proc/{pid}/root/etc/resolv.conf"


def in_hosts(files: str, name: str) -> IpAddress | None:
    """The address that /etc/hosts has for a name; None for a name that isn't there."""
    for words in _rows(files):
        if name.lower() in (word.lower() for word in words[1:]):
            with contextlib.suppress(ValueError):
                return IPv4Address(words[0])
    return None


def asks_docker(files: str) -> bool:
    """Whether resolv.conf names Docker's DNS first."""
    servers = [words[1] for words in _rows(files) if words[0] == "nameserver" and len(words) > 1]
    return servers[:1] == [DOCKERS_DNS]


def _rows(files: str) -> Iterator[list[str]]:
    """The words of each row, without comments."""
    for row in files.splitlines():
        words = row.partition("#")[0].split()
        if words:
            yield words
