"""The name of an image, 'registry/path:tag@digest', as client and daemon read it (distribution/reference)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from dnetlab.model.changed import quick

_NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][\w.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class BadReference(ValueError):
    """No name of an image; the words are distribution/reference's."""


@quick
@dataclass(frozen=True)
class Reference:
    """repository 'nginx' or 'radial/busyboxplus'; tag '' when only a digest was given."""

    repository: str
    tag: str = "latest"
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"

    @property
    def path(self) -> str:
        """As the registry calls it: 'library/nginx'."""
        return self.repository if "/" in self.repository else f"library/{self.repository}"

    @property
    def domain(self) -> str:
        """The registry's host name when one was typed, else ''."""
        return self.repository.partition("/")[0] if _has_domain(self.repository) else ""

    @property
    def full(self) -> str:
        """'docker.io/library/nginx:latest'"""
        name = self.repository if self.domain else f"docker.io/{self.path}"
        return name + (f"@{self.digest}" if self.digest else f":{self.tag}")


def _has_domain(repository: str) -> bool:
    first, slash, _ = repository.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


@lru_cache(maxsize=256)  # a list of containers names few images, over and over
def parse_reference(text: str) -> Reference:
    """Read an image's name; without tag and digest it is `latest`. Raises BadReference."""
    name, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise BadReference("invalid reference format")
    head, colon, tag = name.rpartition(":")
    if colon and "/" not in tag:
        name = head
        if not _TAG.fullmatch(tag):
            raise BadReference("invalid reference format")
    else:
        tag = ""
    name = name.removeprefix("docker.io/").removeprefix("library/")
    if re.fullmatch(r"[0-9a-f]{64}", name):
        raise BadReference(f"invalid repository name ({name}), cannot specify 64-byte hexadecimal strings")
    parts = name.split("/")[1:] if _has_domain(name) else name.split("/")
    if not all(_NAME.fullmatch(part) for part in parts):
        if name and all(_NAME.fullmatch(part.lower()) for part in parts):
            path = "/".join(parts) if "/" in name else f"library/{name}"
            raise BadReference(f"invalid reference format: repository name ({path}) must be lowercase")
        raise BadReference("invalid reference format")
    return Reference(name, tag if tag or digest else "latest", digest)
