from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from served_lab import Asking

from dnetlab.lab import Lab


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, as the path of a socket has to be."""
    path = Path(tempfile.mkdtemp(prefix="dnet"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def served(folder: Path) -> Iterator[Asking]:
    with Lab(docker="28.5") as lab, lab.serve(folder, no_waiting=True) as doors:
        yield Asking(lab, doors)
