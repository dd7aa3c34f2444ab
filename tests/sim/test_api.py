"""The daemon's own answers, as whoever calls the Engine API gets them: values, statuses, no text for a terminal.

Fields are those of the Engine API reference (docs.docker.com/reference/api/engine, v1.51, moby api/types).
"""

from __future__ import annotations

from typing import Any

import pytest

from dnetlab.sim.dockerd import api
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World

HOST = "docker1"


@pytest.fixture
def world() -> World:
    return new_world("28.5")


def started(world: World, name: str, image: str = "busybox", *command: str, **machine: Any) -> str:
    """The full id of a container that was created as a program does it, and started."""
    body = {"Image": image, "Cmd": list(command) or None, "HostConfig": machine}
    full: str = api.container_create(world, HOST, body, name)["Id"]
    api.container_start(world, HOST, full)
    return full


def test_a_list_has_one_summary_for_each_running_container(world):
    full = started(world, "web1", "nginx", PortBindings={"80/tcp": [{"HostIp": "", "HostPort": "8080"}]})
    started(world, "done", "busybox", "true")

    (row,) = api.container_list(world, HOST)

    assert list(row) == ["Id", "Names", "Image", "ImageID", "Command", "Created", "Ports", "Labels", "State", "Status",
                         "HostConfig", "NetworkSettings", "Mounts"]  # fmt: skip
    assert (row["Id"], row["Names"], row["State"], row["Created"]) == (full, ["/web1"], "running", 1795420800)
    assert row["Command"] == "nginx -g 'daemon off;'"
    assert row["Ports"] == [
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
    ]
    assert row["HostConfig"] == {"NetworkMode": "bridge"}
    assert row["NetworkSettings"]["Networks"]["bridge"]["IPAddress"] == "172.17.0.2"


def test_a_list_takes_all_limit_size_and_filters(world):
    for name in ("a1", "a2", "b1"):
        started(world, name, "busybox", "true", AutoRemove=False)

    def names(**query: Any) -> list[str]:
        return [row["Names"][0] for row in api.container_list(world, HOST, **query)]

    assert names() == []
    assert names(every=True) == ["/b1", "/a2", "/a1"]
    assert names(limit=1) == ["/b1"]
    assert names(filters={"name": ["a"], "status": ["exited"]}) == ["/a2", "/a1"]
    assert api.container_list(world, HOST, limit=1, size=True)[0]["SizeRootFs"] == 1984251


def test_what_a_body_asks_for_is_what_inspect_says(world):
    # given a body with the fields that docker-py sends for ports, networks, names and variables
    api.network_create(world, HOST, {"Name": "n1", "IPAM": {"Config": [{"Subnet": "10.1.0.0/24"}]}})
    body = {
        "Image": "nginx", "Env": ["A=B"], "Labels": {"tier": "web"}, "Entrypoint": "nginx",
        "Cmd": ["-g", "daemon off;"], "Hostname": "www",
        "ExposedPorts": {"53/udp": {}},
        "HostConfig": {"NetworkMode": "n1", "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]},
                       "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2}, "CapAdd": ["net_admin"],
                       "Binds": ["data:/data:ro"], "NanoCpus": 570000000, "Memory": 67108864},
        "NetworkingConfig": {"EndpointsConfig": {"n1": {"IPAMConfig": {"IPv4Address": "10.1.0.9"},
                                                        "Aliases": ["front"]}}},
    }  # fmt: skip

    # when it is created and started
    full = api.container_create(world, HOST, body, "web1")["Id"]
    api.container_start(world, HOST, full)

    # then the daemon has written all of it down
    found = api.container_inspect(world, HOST, "web1")
    machine, settings = found["HostConfig"], found["NetworkSettings"]
    assert (found["Path"], found["Config"]["Hostname"], found["Config"]["Labels"]) == ("nginx", "www", {"tier": "web"})
    assert found["Config"]["Env"][0] == "A=B"
    assert machine["PortBindings"] == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}
    assert machine["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 2}
    assert (machine["CapAdd"], machine["NanoCpus"], machine["Memory"]) == (["CAP_NET_ADMIN"], 570000000, 67108864)
    assert machine["Binds"] == ["data:/data:ro"]
    assert settings["Ports"] == {"53/udp": None, "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}
    assert (settings["Networks"]["n1"]["IPAddress"], settings["Networks"]["n1"]["Aliases"]) == ("10.1.0.9", ["front"])


@pytest.mark.parametrize(
    ("operation", "arguments", "status", "message"),
    [
        (api.container_inspect, ["nosuch"], 404, "No such container: nosuch"),
        (api.container_create, [{"Image": "nosuch"}], 404, "No such image: nosuch:latest"),
        (api.network_inspect, ["nosuch"], 404, "network nosuch not found"),
        (api.network_delete, ["bridge"], 403, "bridge is a pre-defined network and cannot be removed"),
        (api.volume_inspect, ["nosuch"], 404, "get nosuch: no such volume"),
        (api.image_inspect, ["nosuch"], 404, "No such image: nosuch:latest"),
        (api.exec_start, ["nosuch", {}], 404, "No such exec instance: nosuch"),
        (api.container_list, [], 400, "invalid filter 'foo'"),
        (api.network_create, [{"Name": "n", "Driver": "macvlan", "Options": {"macvlan_mode": "x"}}], 500,
         "requested macvlan mode 'x' is not valid, 'bridge' mode is the macvlan driver default"),
        (api.network_create, [{"Name": " "}], 400, "invalid name: name is empty"),
    ],
)  # fmt: skip
def test_an_error_is_a_status_and_a_sentence(world, operation, arguments, status, message):
    query = {"filters": {"foo": ["bar"]}} if not arguments else {}

    with pytest.raises(api.ApiError) as caught:
        api.call(operation, world, HOST, *arguments, **query)

    assert (caught.value.status, caught.value.message) == (status, message)


def test_what_the_lab_does_not_model_is_501_with_a_hint(world):
    body = {"Image": "busybox", "HostConfig": {"UsernsMode": "host"}}

    with pytest.raises(api.NotModelled) as caught:
        api.call(api.container_create, world, HOST, body)

    assert (caught.value.status, caught.value.message) == (501, "HostConfig.UsernsMode is not modelled.")
    assert caught.value.hint


def test_waiting_for_what_never_ends_is_not_modelled(world):
    started(world, "web1", "nginx")

    with pytest.raises(api.NotModelled, match="web1 runs on"):
        api.call(api.container_wait, world, HOST, "web1")


def test_logs_are_frames_of_both_streams_in_their_order(world):
    started(world, "say", "busybox", "sh", "-c", "echo one; ls /nosuch; echo two")

    frames = api.container_logs(world, HOST, "say")

    assert {frame["stream"] for frame in frames} == {"stdout", "stderr"}
    assert [f["text"] for f in frames if f["stream"] == "stdout"] == ["one\n", "two\n"]
    assert frames[0]["time"].startswith("2026-11-23T08:00:00.")
    assert api.container_logs(world, HOST, "say", tail=1, timestamps=True)[0]["text"].startswith("2026-11-23T08:00:00.")


def test_to_attach_and_start_brings_everything_up_to_the_end(world):
    body = {"Image": "busybox", "Cmd": ["sh", "-c", "echo hi; exit 4"], "HostConfig": {"AutoRemove": True}}
    full = api.container_create(world, HOST, body)["Id"]

    answer = api.container_attach(world, HOST, full, start=True)

    assert [frame["text"] for frame in answer["Frames"]] == ["hi\n"]
    assert (answer["StatusCode"], answer["Terminal"]) == (4, None)
    assert api.container_list(world, HOST, every=True) == []


def test_a_shell_with_a_terminal_waits_for_what_is_typed(world):
    body = {"Image": "busybox", "Tty": True, "OpenStdin": True}
    full = api.container_create(world, HOST, body)["Id"]

    shell = api.container_attach(world, HOST, full, start=True, stdin="")["Terminal"]

    assert (shell["Container"], shell["Directory"]) == (full, "/")
    assert api.container_inspect(world, HOST, full)["State"]["Running"] is True


def test_an_exec_is_made_started_and_asked_for_its_status(world):
    full = started(world, "web1", "nginx")
    one = api.container_exec(world, HOST, "web1", {"Cmd": ["sh", "-c", "echo hi; exit 3"], "Env": ["A=B"]})["Id"]

    before = api.exec_inspect(world, HOST, one)
    answer = api.exec_start(world, HOST, one, {"Detach": False})
    after = api.exec_inspect(world, HOST, one)

    assert (before["Running"], before["ExitCode"], before["ContainerID"]) == (False, None, full)
    assert answer == {"Frames": [{"stream": "stdout", "text": "hi\n"}], "Terminal": None}
    assert (after["Running"], after["ExitCode"]) == (False, 3)


def test_execs_of_a_container_that_is_gone_are_forgotten(world):
    started(world, "web1", "nginx")
    one = api.container_exec(world, HOST, "web1", {"Cmd": ["true"]})["Id"]
    api.container_delete(world, HOST, "web1", force=True)
    started(world, "web2", "nginx")

    api.container_exec(world, HOST, "web2", {"Cmd": ["true"]})

    with pytest.raises(api.ApiError, match="No such exec instance"):
        api.exec_inspect(world, HOST, one)


def test_a_detached_exec_of_what_the_image_lacks_is_an_error(world):
    started(world, "web1", "nginx")
    one = api.container_exec(world, HOST, "web1", {"Cmd": ["nosuchcmd"]})["Id"]

    with pytest.raises(api.ApiError, match="OCI runtime exec failed"):
        api.exec_start(world, HOST, one, {"Detach": True})


def test_a_pull_is_told_in_messages(world):
    messages = api.image_create(world, HOST, "redis", "8")

    assert messages[0] == {"status": "Pulling from library/redis", "id": "8"}
    assert messages[-1] == {"status": "Status: Downloaded newer image for redis:8"}
    assert "redis:8" in [tag for image in api.image_list(world, HOST) for tag in image["RepoTags"]]


def test_prunes_report_what_went(world):
    full = started(world, "done", "busybox", "true")
    api.network_create(world, HOST, {"Name": "n1"})
    api.volume_create(world, HOST, {"Name": "v1"})

    assert api.container_prune(world, HOST) == {"ContainersDeleted": [full], "SpaceReclaimed": 0}
    assert api.network_prune(world, HOST) == {"NetworksDeleted": ["n1"]}
    assert api.volume_prune(world, HOST) == {"VolumesDeleted": [], "SpaceReclaimed": 0}
    assert api.volume_prune(world, HOST, {"all": ["1"]}) == {"VolumesDeleted": ["v1"], "SpaceReclaimed": 0}


def test_version_and_info_tell_the_release_of_the_engine():
    for release, spoken, version in (("20.10", "1.41", "20.10.24+dfsg1"), ("28.5", "1.51", "28.5.2+dfsg4")):
        world = new_world(release)
        assert api.system_ping(world, HOST) == {"Api-Version": spoken, "Ostype": "linux"}
        assert api.system_version(world, HOST)["Version"] == version
        assert api.system_info(world, HOST)["ServerVersion"] == version


def test_a_role_that_is_none_is_a_bad_request(world):
    # Given a swarm, when a program asks for a role that nobody has, then it is told so with status 400.
    api.swarm_init(world, HOST, {"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": "172.25.254.1"})
    (node,) = api.node_list(world, HOST)
    body = {**node["Spec"], "Role": "boss"}

    with pytest.raises(api.ApiError) as raised:
        api.node_update(world, HOST, node["ID"], body)

    assert raised.value.status == 400


def test_a_service_whose_port_another_one_has_is_a_bad_request(world):
    # swarmkit controlapi/service.go checkPortConflicts: InvalidArgument, which dockerd answers with 400
    api.swarm_init(world, HOST, {"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": "172.25.254.1"})
    spec = {
        "TaskTemplate": {"ContainerSpec": {"Image": "nginx"}}, "Mode": {"Replicated": {"Replicas": 0}},
        "EndpointSpec": {"Ports": [
            {"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress"},
        ]},
    }  # fmt: skip
    api.service_create(world, HOST, {**spec, "Name": "one"})

    with pytest.raises(api.ApiError) as raised:
        api.service_create(world, HOST, {**spec, "Name": "two"})

    assert raised.value.status == 400
    assert "port '8080' is already in use by service 'one' (" in raised.value.message
    assert raised.value.message.endswith(") as an ingress port")


def test_containers_that_went_took_no_disk_space_with_them(world):
    # 28.5.2: what busybox and nginx of the lab write into their containers is nothing
    api.container_create(world, HOST, {"Image": "busybox"}, name="one")
    created = api.container_inspect(world, HOST, "one")["Id"]

    assert api.container_prune(world, HOST) == {"ContainersDeleted": [created], "SpaceReclaimed": 0}
