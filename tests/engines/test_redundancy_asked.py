"""A real engine is asked again who still gets in, and answers as it was recorded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dnetlab.engines.docker import DockerEngine

sys.path.insert(0, str(Path(__file__).resolve().parent))
import redundancy  # noqa: E402

pytestmark = pytest.mark.engine

RELEASE = "20.10"
ASKED = (
    "nothing broken",
    "nat table flushed",
    "docker-proxy killed",
    "both",
    "ip_forward = 0",
    "DOCKER-USER drops all",
)


@pytest.mark.parametrize("name", ASKED)
def test_a_real_engine_answers_as_recorded(name):
    found = redundancy.table(lambda: DockerEngine(RELEASE), (name,))

    assert found[name] == redundancy.recorded(RELEASE)[name]
