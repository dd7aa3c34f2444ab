"""Specifications of services as a real engine kept them: service_specs.jsonl, whose first line says how it was made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dnetlab.sim.dockerd.cluster.specs import canonical, with_defaults
from dnetlab.sim.dockerd.errors import ApiError

_, *ROWS = [json.loads(line) for line in (Path(__file__).parent / "service_specs.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[f"{number}-{row['what']}" for number, row in enumerate(ROWS)])
def test_a_specification_is_kept_as_a_real_engine_keeps_it(row):
    assert json.dumps(canonical(row["asked"])) == json.dumps(row["kept"])  # the order of its fields, too


def test_defaults_are_shown_when_asked_for():
    """As 28.5.2 answered to GET /services/{id}?insertDefaults=true."""
    kept = canonical({"Name": "s", "TaskTemplate": {"ContainerSpec": {"Image": "alpine:3.10"}}})

    updates = {"Parallelism": 1, "FailureAction": "pause", "Monitor": 5000000000, "MaxFailureRatio": 0,
               "Order": "stop-first"}  # fmt: skip
    assert with_defaults(kept) == {
        "Name": "s", "Labels": {},
        "TaskTemplate": {
            "ContainerSpec": {"Image": "alpine:3.10", "StopGracePeriod": 10000000000, "DNSConfig": {},
                              "Isolation": "default"},
            "Resources": {}, "RestartPolicy": {"Condition": "any", "Delay": 5000000000, "MaxAttempts": 0},
            "Placement": {}, "ForceUpdate": 0, "Runtime": "container",
        },
        "Mode": {"Replicated": {"Replicas": 1}}, "UpdateConfig": updates, "RollbackConfig": updates,
    }  # fmt: skip


def test_two_modes_at_once_are_none():
    with pytest.raises(ApiError, match="must specify only one service mode"):
        canonical({"Name": "s", "Mode": {"Replicated": {}, "Global": {}}})
