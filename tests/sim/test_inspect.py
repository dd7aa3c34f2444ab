"""`docker inspect`: keys, their order and their content, release by release, as the real engines wrote them."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from dnetlab.sim.dockerd import containers, endpoints, inspect, networks
from dnetlab.sim.dockerd.config import ContainerConfig, Mount, NetworkAttachment, PortRequest, RestartPolicy
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.inspect_image import image_json
from dnetlab.sim.dockerd.ipam import PoolRequest
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World

HOST = "docker1"


def run(world: World, image: str, *command: str, **settings: object) -> str:
    created = containers.create(world, HOST, ContainerConfig(image=image, command=command or None, **settings))
    containers.start(world, HOST, created.id)
    return created.id


def u1(world: World) -> str:
    """docker run -d --name u1 --network nn --network-alias al -p 127.0.0.1:8000:80 -p 81:81 -v vol1:/data -l a=b -e X=1
    --hostname hh --restart on-failure:3 --dns 1.1.1.1 --add-host a:1.2.3.4 --cap-add NET_ADMIN nginx"""
    networks.create(world, HOST, "nn")
    return run(
        world, "nginx", name="u1", network_mode="nn", networks=(NetworkAttachment("nn", aliases=("al",)),),
        publish=(PortRequest(80, host_ip=IPv4Address("127.0.0.1"), host_port=8000), PortRequest(81, host_port=81)),
        mounts=(Mount("/data", "vol1"),), labels={"a": "b"}, env=("X=1",), hostname="hh", cap_add=("NET_ADMIN",),
        restart=RestartPolicy.ON_FAILURE, restart_max=3, dns=("1.1.1.1",), add_hosts=(("a", "1.2.3.4"),),
    )  # fmt: skip


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5"])
def test_a_container_s_keys_stand_in_the_engine_s_order(release: str):
    """Observed on 20.10.24, 26.1.5, 28.5.2: the same list."""
    world = new_world(release)
    full = u1(world)
    assert list(inspect.container_json(world, HOST, full)) == [
        "Id", "Created", "Path", "Args", "State", "Image", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath",
        "Name", "RestartCount", "Driver", "Platform", "MountLabel", "ProcessLabel", "AppArmorProfile", "ExecIDs",
        "HostConfig", "GraphDriver", "Mounts", "Config", "NetworkSettings",
    ]  # fmt: skip


def test_docker_29_tells_neither_the_layers_nor_an_address_outside_networks():
    """Recorded from 29.7.2."""
    world = new_world("29.7")
    found = inspect.container_json(world, HOST, u1(world))
    assert list(found)[-5:] == ["Storage", "Mounts", "Config", "NetworkSettings", "ImageManifestDescriptor"]
    assert list(found["NetworkSettings"]) == ["SandboxID", "SandboxKey", "Ports", "Networks"]
    assert "OnBuild" not in found["Config"]
    assert found["Storage"] == {"RootFS": {"Snapshot": {"Name": "overlayfs"}}}


def test_docker_29_counts_the_addresses_of_a_network():
    """Recorded from 29.7.2: first, last, gateway and one container of a /16."""
    world = new_world("29.7")
    networks.create(world, HOST, "nn")
    run(world, "nginx", name="one", network_mode="nn")
    assert inspect.network_json(world, HOST, "nn")["Status"] == {
        "IPAM": {"Subnets": {"172.18.0.0/16": {"IPsInUse": 4, "DynamicIPsAvailable": 65532}}}
    }


def test_config_and_host_config_hold_what_was_asked():
    """Observed on 28.5.2."""
    world = new_world("28.5")
    found = inspect.container_json(world, HOST, u1(world))
    assert found["Config"] == {
        "Hostname": "hh", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False,
        "AttachStderr": False, "ExposedPorts": {"80/tcp": {}, "81/tcp": {}}, "Tty": False, "OpenStdin": False,
        "StdinOnce": False,
        "Env": ["X=1", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "NGINX_VERSION=1.22.1",
                "PKG_RELEASE=1", "NJS_VERSION=0.7.11"],
        "Cmd": ["nginx", "-g", "daemon off;"], "Image": "nginx", "Volumes": None, "WorkingDir": "", "Entrypoint": None,
        "OnBuild": None, "Labels": {"a": "b"}, "StopSignal": "SIGQUIT",
    }  # fmt: skip
    host = found["HostConfig"]
    asked = ("Binds", "NetworkMode", "PortBindings", "RestartPolicy", "CapAdd", "Dns", "ExtraHosts")
    assert {key: host[key] for key in asked} == {
        "Binds": ["vol1:/data"],
        "NetworkMode": "nn",
        "PortBindings": {
            "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}], "81/tcp": [{"HostIp": "", "HostPort": "81"}],
        },
        "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
        "CapAdd": ["CAP_NET_ADMIN"],
        "Dns": ["1.1.1.1"],
        "ExtraHosts": ["a:1.2.3.4"],
    }  # fmt: skip
    assert found["Mounts"] == [
        {"Type": "volume", "Name": "vol1", "Source": "/var/lib/docker/volumes/vol1/_data", "Destination": "/data",
         "Driver": "local", "Mode": "z", "RW": True, "Propagation": ""},
    ]  # fmt: skip


def test_published_ports_are_listed_for_both_families():
    """Observed on 20.10.24, 26.1.5, 28.5.2."""
    world = new_world("28.5")
    assert inspect.container_json(world, HOST, u1(world))["NetworkSettings"]["Ports"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}],
        "81/tcp": [{"HostIp": "0.0.0.0", "HostPort": "81"}, {"HostIp": "::", "HostPort": "81"}],
    }


def test_an_exposed_port_is_null_while_it_runs_and_gone_when_it_stopped():
    world = new_world("28.5")
    run(world, "nginx", name="web1")
    assert inspect.container_json(world, HOST, "web1")["NetworkSettings"]["Ports"] == {"80/tcp": None}
    containers.stop(world, HOST, "web1")
    assert inspect.container_json(world, HOST, "web1")["NetworkSettings"]["Ports"] == {}


@pytest.mark.parametrize(
    ("release", "keys", "aliases", "names"),
    [
        ("20.10", "IPAMConfig Links Aliases NetworkID EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway "
                  "GlobalIPv6Address GlobalIPv6PrefixLen MacAddress DriverOpts", ["al", "{id}", "hh"], None),
        ("26.1", "IPAMConfig Links Aliases MacAddress NetworkID EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway "
                 "GlobalIPv6Address GlobalIPv6PrefixLen DriverOpts DNSNames", ["al"], ["u1", "al", "{id}", "hh"]),
        ("28.5", "IPAMConfig Links Aliases MacAddress DriverOpts GwPriority NetworkID EndpointID Gateway IPAddress "
                 "IPPrefixLen IPv6Gateway GlobalIPv6Address GlobalIPv6PrefixLen DNSNames", ["al"],
         ["u1", "al", "{id}", "hh"]),
    ],
)  # fmt: skip
def test_an_endpoint_as_each_release_writes_it(release: str, keys: str, aliases: list[str], names: list[str] | None):
    """Observed on 20.10.24, 26.1.5, 28.5.2."""
    world = new_world(release)
    full = u1(world)
    found = inspect.container_json(world, HOST, full)["NetworkSettings"]["Networks"]["nn"]
    assert list(found) == keys.split()
    assert (found["IPAddress"], found["IPPrefixLen"], found["Gateway"]) == ("172.18.0.2", 16, "172.18.0.1")
    assert found["Aliases"] == [name.format(id=full[:12]) for name in aliases]
    assert found.get("DNSNames") == (names and [name.format(id=full[:12]) for name in names])


def test_only_the_default_bridge_is_repeated_at_the_top():
    world = new_world("28.5")
    run(world, "nginx", name="web1")
    u1(world)
    top = inspect.container_json(world, HOST, "web1")["NetworkSettings"]
    assert (top["IPAddress"], top["Gateway"], top["IPPrefixLen"]) == ("172.17.0.2", "172.17.0.1", 16)
    assert inspect.container_json(world, HOST, "u1")["NetworkSettings"]["IPAddress"] == ""


def test_what_a_client_left_empty_is_told_back_as_it_came():
    """Observed on 28.5.2: `docker network connect` sends {}, [] and {}, and they stay; docker-py sends none of them."""
    world = new_world("28.5")
    networks.create(world, HOST, "nn")
    networks.create(world, HOST, "py")
    run(world, "busybox", "sleep", "1000", name="f1")
    said = ("IPAMConfig", "Aliases", "DriverOpts")
    endpoints.connect(world, HOST, "nn", "f1", NetworkAttachment("nn", empty=said))
    endpoints.connect(world, HOST, "py", "f1", NetworkAttachment("py"))
    found = inspect.container_json(world, HOST, "f1")["NetworkSettings"]["Networks"]
    assert [tuple(found[n][name] for name in said) for n in ("bridge", "nn", "py")] == [
        (None, None, None), ({}, [], {}), (None, None, None),
    ]  # fmt: skip


def test_joined_host_and_created_containers():
    world = new_world("28.5")
    web = run(world, "nginx", name="web1", hostname="hh")
    run(world, "busybox", "sleep", "100", name="j1", network_mode="container:web1")
    run(world, "nginx", name="h1", network_mode="host")
    containers.create(world, HOST, ContainerConfig(image="nginx", name="c1"))
    joined, hosted, created = (inspect.container_json(world, HOST, name) for name in ("j1", "h1", "c1"))
    assert joined["HostConfig"]["NetworkMode"] == f"container:{web}"
    assert (joined["NetworkSettings"]["Networks"], joined["Config"]["Hostname"]) == ({}, "hh")
    assert joined["HostsPath"] == f"/var/lib/docker/containers/{web}/hosts"
    assert hosted["NetworkSettings"]["SandboxKey"] == "/var/run/docker/netns/default"
    assert hosted["Config"]["Hostname"] == "docker1"
    assert created["State"]["Status"] == "created"
    assert created["State"]["StartedAt"] == "0001-01-01T00:00:00Z"
    assert created["NetworkSettings"]["Networks"]["bridge"]["NetworkID"] == ""


def test_the_default_network_mode_has_two_names():
    """Observed with client 28.2: default on 20.10.24, bridge on 26.1.5 and 28.5.2."""
    for release, mode in (("20.10", "default"), ("26.1", "bridge"), ("28.5", "bridge")):
        world = new_world(release)
        run(world, "nginx", name="web1")
        assert inspect.container_json(world, HOST, "web1")["HostConfig"]["NetworkMode"] == mode


def test_a_network_as_it_was_created():
    """Observed on 28.5.2."""
    world = new_world("28.5")
    pool = PoolRequest("10.5.0.0/24", "10.5.0.128/25", "10.5.0.1", {"r": "10.5.0.9"})
    networks.create(world, HOST, "full", pools=(pool,), internal=True, labels={"a": "b"},
                    options={"com.docker.network.bridge.name": "mybr"})  # fmt: skip
    full = run(world, "busybox", "sleep", "9", name="f1", network_mode="full",
               networks=(NetworkAttachment("full", IPv4Address("10.5.0.200")),))  # fmt: skip
    found = inspect.network_json(world, HOST, "full")
    assert list(found) == [
        "Name", "Id", "Created", "Scope", "Driver", "EnableIPv4", "EnableIPv6", "IPAM", "Internal", "Attachable",
        "Ingress", "ConfigFrom", "ConfigOnly", "Containers", "Options", "Labels",
    ]  # fmt: skip
    assert found["IPAM"] == {
        "Driver": "default", "Options": {},
        "Config": [{"Subnet": "10.5.0.0/24", "IPRange": "10.5.0.128/25", "Gateway": "10.5.0.1",
                    "AuxiliaryAddresses": {"r": "10.5.0.9"}}],
    }  # fmt: skip
    assert (found["Internal"], found["Options"], found["Labels"]) == (
        True, {"com.docker.network.bridge.name": "mybr"}, {"a": "b"},
    )  # fmt: skip
    member = found["Containers"][full]
    assert (member["Name"], member["IPv4Address"], member["IPv6Address"]) == ("f1", "10.5.0.200/24", "")


def test_what_the_predefined_networks_say_of_addresses():
    """Observed on 20.10.24 (a first start), 26.1.5, 28.5.2."""
    rows = {}
    for release in ("20.10", "26.1", "28.5"):
        world = new_world(release)
        rows[release] = [inspect.network_json(world, HOST, name)["IPAM"]["Config"] for name in ("bridge", "none")]
    with_gateway = [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]
    assert rows == {
        "20.10": [[{"Subnet": "172.17.0.0/16"}], []], "26.1": [with_gateway, None], "28.5": [with_gateway, None],
    }  # fmt: skip


def test_a_gateway_that_the_daemon_chose_for_a_subnet_shows_only_on_29():
    for release, row in (
        ("28.5", {"Subnet": "172.20.0.0/24"}), ("29.7", {"Subnet": "172.20.0.0/24", "Gateway": "172.20.0.1"}),
    ):  # fmt: skip
        world = new_world(release)
        networks.create(world, HOST, "n2", pools=(PoolRequest("172.20.0.0/24"),))
        assert inspect.network_json(world, HOST, "n2")["IPAM"]["Config"] == [row]


def test_an_image_as_each_release_writes_it():
    """Observed on 20.10.24, 26.1.5, 28.5.2."""
    old, middle, new = (
        list(image_json(new_world(release), HOST, "httpd")) for release in ("20.10", "26.1", "28.5")
    )
    start = ["Id", "RepoTags", "RepoDigests", "Parent", "Comment", "Created"]
    end = ["GraphDriver", "RootFS", "Metadata"]
    assert old == [*start, "Container", "ContainerConfig", "DockerVersion", "Author", "Config", "Architecture", "Os",
                   "Size", "VirtualSize", *end]  # fmt: skip
    assert middle == [*start, "DockerVersion", "Author", "Config", "Architecture", "Os", "Size", *end]
    assert new == [*start, "DockerVersion", "Author", "Architecture", "Os", "Size", *end, "Config"]
    image = image_json(new_world("28.5"), HOST, "nginx")
    assert image["RepoTags"] == ["nginx:alpine", "nginx:latest"]
    assert image["Config"] == {
        "Cmd": ["nginx", "-g", "daemon off;"], "Entrypoint": None,
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "NGINX_VERSION=1.22.1",
                "PKG_RELEASE=1", "NJS_VERSION=0.7.11"],
        "ExposedPorts": {"80/tcp": {}}, "Labels": None, "OnBuild": None, "StopSignal": "SIGQUIT", "User": "",
        "Volumes": None, "WorkingDir": "",
    }  # fmt: skip


def test_a_volume_and_what_is_not_there():
    world = new_world("28.5")
    u1(world)
    assert inspect.volume_json(world, HOST, "vol1") == {
        "CreatedAt": "2026-11-23T08:00:00Z", "Driver": "local", "Labels": None,
        "Mountpoint": "/var/lib/docker/volumes/vol1/_data", "Name": "vol1", "Options": None, "Scope": "local",
    }  # fmt: skip
    for ask, text in (
        (inspect.volume_json, "get nosuch: no such volume"),
        (inspect.network_json, "network nosuch not found"),
        (inspect.container_json, "No such container: nosuch"),
        (image_json, "No such image: nosuch:latest"),
    ):
        with pytest.raises(ApiError) as caught:
            ask(world, HOST, "nosuch")
        assert caught.value.message == text
