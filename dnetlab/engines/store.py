"""What real engines are made of, kept outside the checkout: trees of newer engines, and the lab's images."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from dnetlab.engines import images
from dnetlab.engines.running import Progress, tell
from dnetlab.errors import EngineError, UnknownName

VERSIONS = ("20.10", "26.1", "28.5")
SUITES = {"26.1": "trixie", "28.5": "forky"}


def cache() -> Path:
    """Where engine trees and images are kept: $DNETLAB_CACHE, else ~/.cache/dnetlab/engines."""
    told = os.environ.get("DNETLAB_CACHE")
    return (
        Path(told) if told else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dnetlab" / "engines"
    )


@contextlib.contextmanager
def writing() -> Iterator[Path]:
    """The cache, while nobody else makes the same thing in it. Raises EngineError where nothing can be written."""
    import fcntl

    folder = cache()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "images.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    except OSError as error:
        raise EngineError(
            "the lab's images can't be kept in {folder}: {error}",
            hint="Make room there, or name another folder in DNETLAB_CACHE.",
            folder=folder,
            error=error.strerror or error,
        ) from None


def engine_tree(version: str) -> Path | None:
    """The tree that holds dockerd of this release, None for the machine's own. EngineError when it is missing."""
    if version == "20.10":
        if shutil.which("dockerd") is None:
            raise EngineError("there is no dockerd on this machine", hint="on Debian 12: apt-get install docker.io")
        return None
    if version not in SUITES:
        raise UnknownName(
            "no real engine of Docker {version}; there are {versions}", version=version, versions=", ".join(VERSIONS)
        )
    tree = cache() / version
    if not (tree / ".ready").exists():
        raise EngineError(
            "the engine {version} is not prepared on this machine",
            hint="python tests/prepare_engines.py {version}",
            version=version,
        )
    return tree


def newest_release() -> str:
    """The newest release whose engine is prepared on this machine. Raises EngineError when there is none."""
    for release in reversed(VERSIONS):
        with contextlib.suppress(EngineError):
            engine_tree(release)
            return release
    raise EngineError(
        "no Docker Engine for lab hosts is on this machine", hint="On Debian 12: apt-get install docker.io"
    )


def ready_releases() -> list[str]:
    """The releases whose engine is on this machine, oldest first."""
    return [v for v in VERSIONS if v == "20.10" or (cache() / v / ".ready").exists()]


def source_digest() -> str:
    """Changes when the images that `images.py` describes do."""
    return hashlib.sha256(Path(images.__file__).read_bytes()).hexdigest()[:12]


def images_archive(progress: Progress | None = None) -> Path:
    """The lab's images as one archive for `docker load`; made once from the machine's programs, then from the cache."""
    with writing() as folder:
        archive = folder / f"images-{source_digest()}.tar"
        if not archive.exists():
            tell(progress, "building the lab's images from the programs of this machine")
            part = archive.with_suffix(".part")
            images.write_archive(part)
            part.replace(archive)
    return archive
