"""Operations of the Engine API about files, images made here, events and what is used.

Answers of this shape were recorded from 20.10.24, 26.1.5 and 28.5.2 (tests/recordings/*/pair_verbs.jsonl).
"""

from __future__ import annotations

import base64
import io
import tarfile
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
    body = {"Image": image, "Cmd": list(command) or None, "HostConfig": machine}
    full: str = api.container_create(world, HOST, body, name)["Id"]
    api.container_start(world, HOST, full)
    return full


def run(world: World, name: str, script: str) -> str:
    one = api.container_exec(world, HOST, name, {"Cmd": ["sh", "-c", script]})["Id"]
    return "".join(frame["text"] for frame in api.exec_start(world, HOST, one, {})["Frames"])


def archive(**files: str) -> str:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name.replace("_", "/"))
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return base64.b64encode(out.getvalue()).decode()


def names_in(text: str) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(text))) as tar:
        return tar.getnames()


def test_an_archive_goes_into_a_container_and_comes_out_again(world):
    started(world, "bb1", "busybox", "sleep", "1000")

    api.put_container_archive(world, HOST, "bb1", "/tmp", archive(page="hello\n", deep_file="x"))
    found = api.container_archive(world, HOST, "bb1", "/tmp/deep")

    assert run(world, "bb1", "cat /tmp/page") == "hello\n"
    assert found["Stat"] == {"name": "deep", "size": 4096, "mode": 2147484141, "mtime": "2026-11-23T08:00:00Z",
                             "linkTarget": ""}  # fmt: skip
    assert names_in(found["Archive"]) == ["deep", "deep/file"]
    assert api.container_archive_info(world, HOST, "bb1", "/tmp/page")["size"] == 6


def test_a_path_that_is_not_there_is_told_in_the_daemons_words(world):
    started(world, "bb1", "busybox", "sleep", "1000")

    with pytest.raises(api.ApiError, match="^Could not find the file /nosuch in container bb1$") as caught:
        api.container_archive(world, HOST, "bb1", "/nosuch")

    assert caught.value.status == 404


def test_changes_name_what_was_added_and_the_directories_it_is_in(world):
    started(world, "bb1", "busybox", "sleep", "1000")
    run(world, "bb1", "echo hello > /tmp/new.txt; mkdir -p /srv/deep; echo x > /srv/deep/file")

    found = api.container_changes(world, HOST, "bb1")

    assert found == [
        {"Path": "/srv", "Kind": 1}, {"Path": "/srv/deep", "Kind": 1}, {"Path": "/srv/deep/file", "Kind": 1},
        {"Path": "/tmp", "Kind": 0}, {"Path": "/tmp/new.txt", "Kind": 1},
    ]  # fmt: skip


def test_nginx_has_written_its_pid(world):
    started(world, "web1", "nginx")

    assert api.container_changes(world, HOST, "web1") == [
        {"Path": "/var", "Kind": 0}, {"Path": "/var/run", "Kind": 0}, {"Path": "/var/run/nginx.pid", "Kind": 1},
    ]  # fmt: skip


def test_a_commit_is_an_image_with_the_files_and_the_settings(world):
    # given a container in which something was written
    started(world, "bb1", "busybox", "sleep", "1000")
    run(world, "bb1", "echo hello > /tmp/new.txt")

    # when it becomes an image
    made = api.image_commit(world, HOST, "bb1", repo="mine", tag="1", comment="a message", author="me",
                            changes=['CMD ["sleep","5"]', "ENV A=1"])["Id"]  # fmt: skip

    # then a container of that image has both, and its history names the command
    image = api.image_inspect(world, HOST, "mine:1")
    assert (image["Id"], image["Author"], image["Comment"]) == (made, "me", "a message")
    assert image["Config"]["Cmd"] == ["sleep", "5"]
    assert image["Config"]["Env"][-1] == "A=1"
    assert [(row["CreatedBy"], row["Size"], row["Comment"]) for row in api.image_history(world, HOST, "mine:1")] == [
        ("sleep 1000", 6, "a message"), ("dnetlab layer busybox", 1984251, ""),
    ]  # fmt: skip
    started(world, "cc1", "mine:1", "sleep", "9")
    assert run(world, "cc1", "cat /tmp/new.txt") == "hello\n"


def test_an_image_travels_as_an_archive_to_another_host(world):
    started(world, "bb1", "busybox", "sleep", "1000")
    run(world, "bb1", "echo hello > /tmp/new.txt")
    made = api.image_commit(world, HOST, "bb1", repo="mine", tag="1")["Id"]

    text = api.image_get(world, HOST, ["mine:1"])
    said = api.image_load(world, "docker2", text)

    assert said == [{"stream": "Loaded image: mine:1\n"}]
    assert api.image_inspect(world, "docker2", "mine:1")["Id"] == made


def test_the_files_of_a_container_become_an_image_of_one_layer(world):
    started(world, "bb1", "busybox", "sleep", "1000")
    run(world, "bb1", "echo hello > /tmp/new.txt")

    text = api.container_export(world, HOST, "bb1")
    api.image_import(world, HOST, text, repo="imported", tag="2", message="so", changes=['CMD ["sh"]'])

    image = api.image_inspect(world, HOST, "imported:2")
    assert (image["Config"]["Cmd"], image["Comment"], len(image["RootFS"]["Layers"])) == (["sh"], "so", 1)
    started(world, "ii1", "imported:2", "sleep", "9")
    assert run(world, "ii1", "cat /tmp/new.txt") == "hello\n"


def test_what_is_no_archive_is_told_as_each_release_does():
    for release, words in (("20.10", "Error processing tar file(exit status 1): unexpected EOF"),
                           ("28.5", "unexpected EOF")):  # fmt: skip
        (row,) = api.image_load(new_world(release), HOST, base64.b64encode(b"no tar").decode())

        assert row == {"errorDetail": {"message": words}, "error": words}


def told(world: World, **query: Any) -> list[str]:
    rows = api.system_events(world, HOST, since=0.0, **query)
    return [f"{row['Type']} {row['Action']} {row['Actor']['Attributes'].get('name', '')}".rstrip() for row in rows]


def test_events_tell_the_life_of_a_container_and_its_network(world):
    api.network_create(world, HOST, {"Name": "n1"})
    started(world, "bb1", "busybox", "sleep", "1000", NetworkMode="n1", Binds=["vol1:/data"])
    api.container_stop(world, HOST, "bb1", 0)
    api.container_delete(world, HOST, "bb1")
    api.network_delete(world, HOST, "n1")

    assert told(world) == [
        "network create n1", "volume create", "container create bb1", "volume mount", "network connect n1",
        "container start bb1", "container kill bb1", "container kill bb1", "network disconnect n1", "volume unmount",
        "container stop bb1", "container die bb1", "container destroy bb1", "network destroy n1",
    ]  # fmt: skip


def test_20_10_mounts_after_the_network_and_says_nothing_of_how_long_it_ran():
    world = new_world("20.10")
    started(world, "bb1", "busybox", "true", Binds=["vol1:/data"])

    world.clock += 1
    rows = api.system_events(world, HOST, since=0.0)

    assert [row["Action"] for row in rows][:5] == ["create", "create", "connect", "mount", "start"]
    (die,) = (row for row in rows if row["Action"] == "die")
    assert die["Actor"]["Attributes"] == {"exitCode": "0", "image": "busybox", "name": "bb1"}


def test_an_event_has_the_fields_of_its_release():
    older, newer = new_world("28.5"), new_world("29.7")
    for world in (older, newer):
        api.container_create(world, HOST, {"Image": "busybox", "Cmd": ["true"]}, "bb1")

    (row,) = api.system_events(older, HOST, since=0.0)
    (bare,) = api.system_events(newer, HOST, since=0.0)

    assert list(row) == ["status", "id", "from", "Type", "Action", "Actor", "scope", "time", "timeNano"]
    assert list(bare) == ["Type", "Action", "Actor", "scope", "time", "timeNano"]
    assert (row["time"], row["Actor"]["Attributes"]) == (1795420800, {"image": "busybox", "name": "bb1"})


def test_events_are_chosen_by_filters_and_time(world):
    started(world, "bb1", "busybox", "sleep", "1000")
    run(world, "bb1", "true")

    assert told(world, filters={"type": ["network"]}) == ["network connect bridge"]
    assert told(world, filters={"event": ["exec_die"], "container": ["bb"]}) == ["container exec_die bb1"]
    assert told(world, filters={"event": ["exec_create"]}) == ["container exec_create: sh -c true bb1"]
    assert told(world, filters={"image": ["busybox"], "event": ["create"]}) == ["container create bb1"]
    assert told(world, until=1795420799.0) == []
    assert api.system_events(world, HOST) == []


def test_an_older_world_knows_only_its_own_events(world):
    before = world.copy()
    started(world, "bb1", "busybox", "sleep", "1000")

    assert told(before) == []


def test_limits_are_updated_and_shown(world):
    started(world, "bb1", "busybox", "sleep", "1000")

    api.container_update(world, HOST, "bb1", {"Memory": 67108864, "MemorySwap": 134217728, "NanoCpus": 500000000,
                                              "PidsLimit": 100, "RestartPolicy": {"Name": "always"}})  # fmt: skip

    machine = api.container_inspect(world, HOST, "bb1")["HostConfig"]
    assert [machine[key] for key in ("Memory", "MemorySwap", "NanoCpus", "PidsLimit")] == [
        67108864, 134217728, 500000000, 100]  # fmt: skip
    assert machine["RestartPolicy"]["Name"] == "always"
    with pytest.raises(api.ApiError, match="^Minimum memory limit allowed is 6MB$"):
        api.container_update(world, HOST, "bb1", {"Memory": 1048576})


def test_a_reading_of_what_a_container_uses(world):
    started(world, "web1", "nginx")
    started(world, "done", "busybox", "true")

    running, ended = api.container_stats(world, HOST, "web1"), api.container_stats(world, HOST, "done")

    assert (running["name"], running["pids_stats"], running["memory_stats"]["limit"]) == (
        "/web1", {"current": 2}, 4294967296)  # fmt: skip
    assert list(running["networks"]) == ["eth0"]
    assert (ended["name"], ended["pids_stats"], ended["memory_stats"]) == ("/done", {}, {})


def test_the_use_of_the_disk_counts_shared_layers_once(world):
    started(world, "bb1", "busybox", "sleep", "1000", Binds=["vol1:/data"])
    run(world, "bb1", "echo hello > /data/file; echo x > /tmp/new")

    found = api.system_data_usage(world, HOST)

    assert found["LayersSize"] == 30921820
    (busybox,) = (image for image in found["Images"] if image["RepoTags"] == ["busybox:latest"])
    assert (busybox["SharedSize"], busybox["Size"], busybox["Containers"]) == (1984251, 1984251, 1)
    assert [row["SizeRw"] for row in found["Containers"]] == [2]
    assert found["Volumes"][0]["UsageData"] == {"Size": 6, "RefCount": 1}


def test_a_volume_keeps_its_files_for_the_next_container_and_a_bind_shows_the_hosts(world):
    started(world, "bb1", "busybox", "sleep", "1000", Binds=["vol1:/data", "/tmp/site:/site:ro"])
    run(world, "bb1", "echo kept > /data/file")
    api.container_delete(world, HOST, "bb1", force=True)
    world.files[HOST, "", "/tmp/site/index.html"] = "mine\n"

    started(world, "bb2", "busybox", "sleep", "1000", Binds=["vol1:/data", "/tmp/site:/site:ro"])

    assert run(world, "bb2", "cat /data/file /site/index.html; ls /data") == "kept\nmine\nfile\n"
    assert run(world, "bb2", "echo no > /site/other") == "sh: can't create /site/other: Read-only file system\n"
