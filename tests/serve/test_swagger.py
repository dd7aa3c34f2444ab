"""The served simulator held to moby's own description of the Engine API, operation by operation, by schemathesis.

    git clone --depth 1 --branch v28.5.2 --filter=blob:none --sparse https://github.com/moby/moby
    DNETLAB_MOBY_SWAGGER=moby/api/swagger.yaml python -m pytest tests/serve/test_swagger.py

The description is fetched and not kept here. What the lab doesn't model is answered 501, with a sentence that says so;
any other status of 500 and more has to be in the description, and every JSON answer has to fit its schema.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, settings

from dnetlab.lab import Lab
from dnetlab.serve.server import Tcp
from dnetlab.serve.thread import Served

DESCRIPTION = os.environ.get("DNETLAB_MOBY_SWAGGER", "")
if not DESCRIPTION:
    pytest.skip("DNETLAB_MOBY_SWAGGER names no swagger.yaml of moby", allow_module_level=True)
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
from schemathesis.specs.openapi.checks import response_schema_conformance  # noqa: E402

TOKEN = "open"
STAYS = r"/(events|session|grpc)$|/(attach|attach/ws|wait|stats|logs|start)$"  # answers for as long as a client stays
ARCHIVES = r"^/(build|plugins/create|images/load)$|/archive$"  # asked with a tar, which no description makes


def nullable(part: Any) -> Any:
    """Go writes an empty list or map as null, and the description says so nowhere: 28.5.2 answers `"Aliases":null`."""
    if isinstance(part, list):
        return [nullable(one) for one in part]
    if not isinstance(part, dict):
        return part
    found = {key: nullable(value) for key, value in part.items()}
    return found | ({"x-nullable": True} if found.get("type") in ("array", "object") else {})


SCHEMA = schemathesis.openapi.from_dict(nullable(yaml.safe_load(Path(DESCRIPTION).read_text()))).exclude(
    path_regex=STAYS).exclude(path_regex=ARCHIVES)  # fmt: skip
CHOSEN = settings(max_examples=8, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
                  derandomize=True)  # fmt: skip


@pytest.fixture(scope="module")
def where() -> Iterator[str]:
    """A lab in which there is something of everything."""
    folder = Path(tempfile.mkdtemp(prefix="dnet"))
    with Lab(docker="28.5") as lab, Served(lab, folder, tcp=Tcp(0, token=TOKEN), skips=True) as doors:
        for line in ("docker swarm init --advertise-addr eth0", "docker run -d --name web -p 8080:80 nginx",
                     "docker volume create data", "docker network create n1",
                     "docker service create -d --name app --publish 8081:80 nginx",
                     "echo s | docker secret create word -", "echo c | docker config create conf -"):  # fmt: skip
            lab.run(line)
        yield doors.urls["docker1 tcp"].replace("tcp://", "http://")
    shutil.rmtree(folder)


@SCHEMA.parametrize()
@CHOSEN
def test_an_operation_answers_as_it_is_described(where, case):
    documented = {int(code) for code in case.operation.definition.raw["responses"] if str(code).isdigit()}

    answer = case.call(base_url=f"{where}/v1.51", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)

    asked = f"{case.method} {case.path}"
    if answer.status_code >= 500 and answer.status_code not in documented:
        assert answer.status_code == 501, (asked, case.body, answer.text)
        assert len(answer.json()["message"].split()) > 3
    if answer.status_code in documented:
        case.validate_response(answer, checks=[response_schema_conformance])
