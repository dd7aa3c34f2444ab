"""What other programs than docker ask of a daemon, as their sources have it, answered with what is true of the lab.

lazydocker     jesseduffield/lazydocker 7e7aadc (19 April 2026): pkg/commands/*.go, pkg/gui/gui.go, container_logs.go
Portainer      portainer/portainer cc75167 (23 October 2024): api/docker/snapshot.go, app/react/docker/**/queries/*.ts
VS Code        microsoft/vscode-docker-extensibility be7d8e7 (12 May 2026), DockerClientBase.ts: it runs docker

Only which requests they send, and which fields they read, is taken from there.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from machine import works
from real_client import DOCKER
from served_lab import Asking, Http, create

from dnetlab.lab import Lab

SHOP = quote('{"label":["com.docker.compose.project=shop"]}')
BACK, DANGLING = quote('{"name":["back"]}'), quote('{"dangling":["true"]}')


@pytest.fixture
def shop(folder: Path) -> Iterator[Asking]:
    """A lab with a server, a program that has ended, a network and a volume, and the day of this machine."""
    with Lab(docker="28.5") as lab, lab.serve(folder, no_waiting=True, today=True) as doors:
        lab.run("docker network create back")
        lab.run("docker volume create data")
        lab.run("docker run -d --name web1 -p 8080:80 --network back -v data:/data "
                "-l com.docker.compose.project=shop nginx")  # fmt: skip
        lab.run("docker run --name once busybox echo done")
        yield Asking(lab, doors)


def asked(shop: Asking, method: str, path: str, body: object = None, status: int = 200) -> object:
    """What is answered to one request of API 1.51, which has to have that status."""
    found, _, answer = shop.ask(method, f"/v1.51{path}", body)
    assert found == status, (method, path, answer)
    return answer


def names(rows: object) -> list[str]:
    return [row["Names"][0] for row in rows]  # type: ignore[attr-defined]


# -- lazydocker -------------------------------------------------------------------------------------------------------


def test_lazydocker_finds_its_four_lists_and_the_details_of_each_container(shop):
    assert shop.ask("HEAD", "/_ping")[1]["Api-Version"] == "1.51"  # client.FromEnv, WithAPIVersionNegotiation

    rows = asked(shop, "GET", "/containers/json?all=1")

    assert names(rows) == ["/once", "/web1"]
    for row in rows:  # docker.go, CreateContainers and SetContainerDetails
        details = asked(shop, "GET", f"/containers/{row['Id']}/json")
        assert (details["Name"], details["Config"]["Image"]) == (row["Names"][0], row["Image"])
        assert {"State", "Config", "NetworkSettings", "Mounts", "HostConfig"} <= set(details)
    assert [p for p in rows[1]["Ports"] if p.get("IP") == "0.0.0.0"] == [
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}]  # fmt: skip
    images = asked(shop, "GET", "/images/json")
    assert "nginx:latest" in {tag for image in images for tag in image["RepoTags"]}
    assert asked(shop, "GET", f"/images/{images[0]['Id']}/history")[0]["Size"] >= 0
    assert {n["Name"] for n in asked(shop, "GET", "/networks")} == {"back", "bridge", "host", "none"}
    assert [v["Name"] for v in asked(shop, "GET", "/volumes")["Volumes"]] == ["data"]


def test_lazydocker_draws_its_graphs_from_a_stream_of_stats(shop):
    # Given a container that runs, when its statistics are followed, then each reading has what CPU and memory are
    # computed from (pkg/commands/container_stats.go)
    connection = Http(shop.doors.sockets["docker1"])
    connection.request("GET", "/v1.51/containers/web1/stats?stream=1")
    stream = connection.getresponse()

    readings = [json.loads(stream.readline()) for _ in range(2)]
    connection.close()

    for reading in readings:
        cpu, before = reading["cpu_stats"], reading["precpu_stats"]
        assert cpu["cpu_usage"]["total_usage"] >= before["cpu_usage"]["total_usage"]
        assert cpu["online_cpus"] >= 1
        assert 0 < reading["memory_stats"]["usage"] < reading["memory_stats"]["limit"]
        assert set(reading["networks"]) == {"eth0"}


def test_lazydocker_shows_processes_and_logs_and_does_what_its_keys_do(shop):
    assert asked(shop, "GET", "/containers/web1/top")["Titles"][:2] == ["UID", "PID"]
    an_hour_ago = int(time.time()) - 3600  # logs.since is 60m; the client makes a moment of it
    said = asked(shop, "GET", f"/containers/once/logs?follow=1&stdout=1&stderr=1&tail=&since={an_hour_ago}")
    assert said[8:] == b"done\n"

    asked(shop, "POST", "/containers/web1/pause", status=204)
    asked(shop, "POST", "/containers/web1/unpause", status=204)
    asked(shop, "POST", "/containers/web1/restart", status=204)
    asked(shop, "POST", "/containers/web1/stop", status=204)
    asked(shop, "DELETE", "/containers/web1?force=1&v=1", status=204)
    assert len(asked(shop, "POST", "/containers/prune")["ContainersDeleted"]) == 1
    assert asked(shop, "POST", "/networks/prune")["NetworksDeleted"] == ["back"]
    asked(shop, "DELETE", "/volumes/data?force=1", status=204)
    assert asked(shop, "POST", "/images/prune")["ImagesDeleted"] is None


def test_lazydocker_hears_what_happens(shop):
    # Given somebody who follows the events (gui.go), when a container is made, then it is told at once
    connection = Http(shop.doors.sockets["docker1"])
    connection.request("GET", "/v1.51/events")
    stream = connection.getresponse()

    full = create(shop, "fresh", "busybox", "true")

    told = json.loads(stream.readline())
    connection.close()
    assert (told["Type"], told["Action"], told["Actor"]["ID"]) == ("container", "create", full)


# -- Portainer --------------------------------------------------------------------------------------------------------


def test_portainers_snapshot_counts_what_there_is(shop):
    info = asked(shop, "GET", "/info")  # snapshot.go
    assert (info["Containers"], info["ContainersRunning"], info["Swarm"]["LocalNodeState"]) == (2, 1, "inactive")
    assert info["NCPU"] >= 1
    assert info["MemTotal"] > 0
    assert asked(shop, "GET", "/version")["ApiVersion"] == "1.51"
    rows = asked(shop, "GET", "/containers/json?all=1")
    assert {row["State"] for row in rows} == {"running", "exited"}
    assert len(asked(shop, "GET", "/images/json")) == info["Images"]
    assert asked(shop, "GET", "/volumes")["Warnings"] is None
    assert asked(shop, "GET", "/plugins") == []


def test_portainers_pages_of_a_container(shop):
    assert names(asked(shop, "GET", f"/containers/json?all=true&filters={SHOP}")) == ["/web1"]
    full = asked(shop, "GET", "/containers/json?all=true")[1]["Id"]
    assert asked(shop, "GET", f"/containers/{full}/json")["Id"] == full
    assert asked(shop, "GET", f"/containers/{full}/stats?stream=false")["memory_stats"]["usage"] > 0
    always = {"RestartPolicy": {"Name": "always"}}
    assert asked(shop, "POST", f"/containers/{full}/update", always) == {"Warnings": None}
    made = asked(shop, "POST", f"/containers/{full}/exec", {"AttachStdout": True, "Tty": True, "Cmd": ["sh"],
                                                           "AttachStdin": True, "User": "nobody"}, 201)  # fmt: skip
    assert asked(shop, "GET", f"/exec/{made['Id']}/json")["ProcessConfig"]["user"] == "nobody"
    asked(shop, "POST", f"/containers/{full}/resize?h=40&w=120")
    asked(shop, "POST", f"/commit?container={full}&repo=mine&tag=1", {}, 201)
    assert asked(shop, "GET", "/images/mine:1/json")["RepoTags"] == ["mine:1"]


def test_portainers_pages_of_networks_volumes_and_a_swarm(shop):
    assert [n["Name"] for n in asked(shop, "GET", f"/networks?filters={BACK}")] == ["back"]
    assert asked(shop, "GET", "/networks/back")["Containers"].keys()
    assert asked(shop, "GET", f"/volumes?filters={DANGLING}")["Volumes"] in ([], None)
    asked(shop, "GET", "/swarm", status=503)
    asked(shop, "POST", "/swarm/init", {"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": "172.25.254.1"})
    for path in ("/swarm", "/nodes", "/services?status=true", "/tasks", "/configs", "/secrets"):
        assert asked(shop, "GET", path) is not None


@pytest.mark.parametrize("path", ["/images/search?term=nginx", "/distribution/nginx/json"])
def test_what_needs_a_registry_says_what_is_there_instead(shop, path):
    answer = asked(shop, "GET", path, status=501)

    assert answer["message"].endswith("containers, exec, networks, volumes, images, swarm, nodes, services and tasks.")


# -- VS Code ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def code(shop: Asking) -> object:
    """The docker command as VS Code starts it; the lines of JSON that it prints."""
    if DOCKER is None:
        pytest.skip("no docker command here")

    def run(*words: str) -> list[dict[str, object]]:
        done = subprocess.run([DOCKER, *words], capture_output=True, text=True, timeout=60,
                              env={"DOCKER_HOST": shop.doors.urls["docker1"], "HOME": "/nonexistent"})  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


JSON = ("--format", "{{json .}}")


def test_vs_codes_view_lists_containers_images_networks_and_volumes(code):
    rows = code("container", "ls", "--all", "--no-trunc", *JSON)

    assert [(r["Names"], r["State"], r["Networks"]) for r in rows] == [
        ("once", "exited", "bridge"), ("web1", "running", "back")]  # fmt: skip
    assert "0.0.0.0:8080->80/tcp" in rows[1]["Ports"]
    assert rows[1]["Labels"] == "com.docker.compose.project=shop"
    assert "nginx" in {r["Repository"] for r in code("image", "ls", "--no-trunc", *JSON)}
    assert {r["Name"] for r in code("network", "ls", "--no-trunc", *JSON)} == {"back", "bridge", "host", "none"}
    assert [r["Name"] for r in code("volume", "ls", *JSON)] == ["data"]


def test_vs_code_reads_the_details_it_shows(code):
    web, = code("container", "inspect", *JSON, "web1")
    assert web["NetworkSettings"]["Networks"].keys() == {"back"}
    assert web["Mounts"][0]["Name"] == "data"
    assert code("network", "inspect", *JSON, "back")[0]["IPAM"]["Config"][0]["Gateway"] == "172.18.0.1"
    assert code("volume", "inspect", *JSON, "data")[0]["Driver"] == "local"
    assert code("image", "inspect", *JSON, "nginx")[0]["RepoTags"] == ["nginx:alpine", "nginx:latest"]
    assert code("info", *JSON)[0]["ServerVersion"] == "28.5.2+dfsg4"
    assert code("version", *JSON)[0]["Server"]["ApiVersion"] == "1.51"


# -- who counts in the past -------------------------------------------------------------------------------------------


def test_disk_usage_of_one_kind_leaves_the_others_out(shop):
    # observed on 28.5.2: GET /v1.51/system/df?type=volume, ?type=network, /v1.41/system/df?type=volume
    only = asked(shop, "GET", "/system/df?type=volume")

    assert [v["Name"] for v in only["Volumes"]] == ["data"]
    assert (only["LayersSize"], only["Images"], only["Containers"], only["BuildCache"]) == (0, None, None, None)
    assert asked(shop, "GET", "/system/df?type=network", status=400) == {"message": "unknown object type: network"}
    assert len(asked(shop, "GET", "/system/df?type=volume&type=image")["Images"]) > 1
    assert shop.ask("GET", "/v1.41/system/df?type=volume")[2]["Images"]


@pytest.mark.skipif(not works(), reason="no mount namespaces here")
def test_the_machine_of_a_real_client_hides_its_own_files():
    from machine import Machine

    machine = Machine("")
    try:
        assert machine.run("echo hello > /root/x; ls /root /tmp")[1] == "/root:\nx\n\n/tmp:\n"
        assert machine.run("touch /etc/dnetlab-was-here")[0] != 0
    finally:
        machine.close()


def test_a_lab_that_is_served_for_today_has_the_machines_date_and_one_in_use_keeps_its_own(folder):
    # Given a fresh lab, when it is served for today, then what is made is of today; a lab with a container goes on from
    # its own morning, for days can't pass in it at once
    with Lab(docker="28.5") as lab, lab.serve(folder, today=True) as doors:
        create(Asking(lab, doors), "c1")
        now = Asking(lab, doors).ask("GET", "/v1.51/containers/json?all=1")[2][0]["Created"]
        assert abs(now - time.time()) < 60

    with Lab(docker="28.5") as lab:
        lab.run("docker run -d --name c1 busybox sleep 1000")
        with lab.serve(folder, today=True) as doors:
            assert Asking(lab, doors).ask("GET", "/v1.51/containers/json")[2][0]["Created"] == 1795420800
