"""Statuses and messages of the Engine API as real daemons of 20.10.24, 26.1.5 and 28.5.2 gave them.

Made by: python tests/sim/requests/record.py 20.10 26.1 28.5
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from dnetlab.model import Answer, Request
from dnetlab.sim.dockerd import api, http
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World

HOST = "docker1"
FOLDER = Path(__file__).parent / "requests"
IDS = re.compile(r"\b([0-9a-f]{64}|[0-9a-z]{25})\b")
# request -> why the lab says it otherwise, with the same status
OTHERWISE = {
    "POST /images/create?fromSrc=http://nowhere.invalid/x.tar": "the lab has no web to fetch files from",
    "POST /build?dockerfile=nosuch": "a body without an archive is an empty one there, and none here",
}
OLD = {  # 20.10, with another status too
    'POST /networks/create {"Name":""}': "looks for others of that name first, as the client asks it to",
    'POST /networks/create {"Name":"n4","Options":{"com.docker.network.driver.mtu":"67"}}': "two networks of one name",
    "POST /images/busybox/tag?repo=X": "500, and nothing of the name",
}


def asked(world: World, request: str) -> Answer:
    method, path, *body = request.split(" ", 2)
    if "{node}" in path:
        path = path.replace("{node}", api.node_list(world, HOST)[0]["ID"])
    version, path, query = re.fullmatch(r"(?:/v([\d.]+))?(/[^?]*)\??(.*)", path).groups()
    sent = json.loads(body[0]) if body and body[0].startswith("{") else None
    data = body[0].encode() if body and sent is None else b""
    return http.answer(world, HOST, Request(method, path, dict(parse_qsl(query)), sent, data, version=version or ""))


def row_of(request: str, answer: Answer) -> tuple[str, int, str | None]:
    message = answer.value["message"] if answer.status >= 400 else None
    return request, answer.status, message and IDS.sub("<id>", message.rstrip())


@pytest.mark.parametrize(
    ("release", "otherwise"), [("20.10", OTHERWISE | OLD), ("26.1", OTHERWISE), ("28.5", OTHERWISE)]
)
def test_requests_have_the_status_and_the_message_that_a_real_daemon_gave(release, otherwise):
    rows: list[dict[str, Any]] = [json.loads(row) for row in (FOLDER / f"{release}.jsonl").read_text().splitlines()]
    world = new_world(release)

    told = [row_of(row["request"], asked(world, row["request"])) for row in rows]

    # the client takes the blank off that some messages end with
    real = [(r["request"], r["status"], r["message"] and IDS.sub("<id>", r["message"].rstrip())) for r in rows]
    assert [one for one in told if one[0] not in otherwise] == [one for one in real if one[0] not in otherwise]
    assert [one[:2] for one in told if one[0] in OTHERWISE] == [one[:2] for one in real if one[0] in OTHERWISE]
    assert len(real) == 108
