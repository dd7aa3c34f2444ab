"""Images: references, pull, tag, remove, prune, in the words of the daemon and the registry."""

from __future__ import annotations

import pytest

from dnetlab.sim.dockerd import containers, images
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.dockerd.errors import ApiError, NotModelled
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World
from tests.sim.prompt import Prompt

HOST = "docker1"


def start(world: World, image: str, *command: str) -> str:
    created = containers.create(world, HOST, ContainerConfig(image=image, command=command or None))
    containers.start(world, HOST, created.id)
    return created.id


def message(call, *arguments: object, **keywords: object) -> str:
    with pytest.raises(ApiError) as caught:
        call(*arguments, **keywords)
    return caught.value.message


def tags(world: World) -> list[str]:
    return sorted(tag for image in world.hosts[HOST].images for tag in image.tags)


def test_both_hosts_have_the_images_of_the_lessons_and_the_client_none():
    world = new_world()
    assert tags(world) == [
        "alpine:latest", "busybox:latest", "busyboxplus:latest", "httpd:latest", "mysql:latest", "nginx:alpine",
        "nginx:latest", "php-fpm:latest", "radial/busyboxplus:latest", "webserver:v3",
    ]  # fmt: skip
    assert world.hosts["docker2"].images == world.hosts[HOST].images
    assert world.hosts["client"].images == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nginx", "nginx:latest"),
        ("docker.io/library/nginx:alpine", "nginx:alpine"),
        ("radial/busyboxplus", "radial/busyboxplus:latest"),
        ("localhost:5000/a/b:1", "localhost:5000/a/b:1"),
    ],
)
def test_a_reference_is_completed(text: str, name: str):
    assert str(images.parse_reference(text)) == name


def test_bad_references_in_the_client_s_words():
    upper = "invalid reference format: repository name (library/NGINX) must be lowercase"
    assert message(images.parse_reference, "NGINX") == upper
    for text in ("nginx:", "a b", "-x", "nginx:~"):
        assert message(images.parse_reference, text) == "invalid reference format"


def test_pull_of_what_is_there_says_so():
    world = new_world()
    pulled = images.pull(world, HOST, "radial/busyboxplus")
    assert not pulled.new
    assert pulled.messages[0] == {"status": "Pulling from radial/busyboxplus", "id": "latest"}
    assert pulled.messages[2:] == ({"status": "Status: Image is up to date for radial/busyboxplus:latest"},)


def test_a_pulled_image_shows_its_layers():
    messages = images.pull(new_world(), HOST, "redis").messages
    assert messages[0] == {"status": "Pulling from library/redis", "id": "latest"}
    assert [message["status"] for message in messages[1:3]] == ["Already exists", "Pull complete"]
    assert messages[3]["status"].startswith("Digest: sha256:")
    assert messages[4:] == ({"status": "Status: Downloaded newer image for redis:latest"},)


def test_what_the_registry_does_not_have():
    world = new_world()
    assert message(images.pull, world, HOST, "nosuch") == (
        "pull access denied for nosuch, repository does not exist or may require 'docker login': "
        "denied: requested access to the resource is denied"
    )
    assert message(images.find, world, HOST, "nosuch") == "No such image: nosuch:latest"


@pytest.mark.parametrize(
    ("image", "sentence", "hint"),
    [
        ("nginx:1.25", "The lab has no image nginx:1.25.", "It has nginx:1, nginx:1.22, nginx:alpine, nginx:latest"),
        ("mongo", "The lab has no image mongo:latest.", "mysql or redis can take its place"),
        ("curlimages/curl", "The lab has no image curlimages/curl:latest.", "busyboxplus or alpine can take its"),
        ("ghcr.io/foo/bar", "The lab has no image ghcr.io/foo/bar:latest.", "It asks no registry."),
        ("someone/thing:2", "The lab has no image someone/thing:2.", "It asks no registry."),
    ],
)
def test_an_image_that_exists_elsewhere_is_refused_by_the_lab_not_denied_by_a_registry(image, sentence, hint):
    with pytest.raises(NotModelled) as refused:
        images.pull(new_world(), HOST, image)

    assert refused.value.message == sentence
    assert hint in refused.value.hint


def test_tag_gives_one_more_name_and_moves_a_name_that_exists():
    world = new_world()
    images.tag(world, HOST, "busybox", "bb:1")
    assert images.find(world, HOST, "bb:1") == images.find(world, HOST, "busybox")
    images.tag(world, HOST, "nginx", "bb:1")
    assert images.find(world, HOST, "bb:1") == images.find(world, HOST, "nginx")
    assert message(images.tag, world, HOST, "nosuch", "bb:2") == "No such image: nosuch:latest"


def test_rmi_untags_first_and_deletes_with_the_last_name():
    """Observed on 28.5.2."""
    world = new_world()
    assert images.remove(world, HOST, "nginx") == [{"Untagged": "nginx:latest"}]
    gone = images.remove(world, HOST, "nginx:alpine")
    assert [*map(list, gone)] == [["Untagged"], ["Deleted"], ["Deleted"]]
    assert message(images.remove, world, HOST, "nginx") == "No such image: nginx:latest"


def test_rmi_of_an_image_that_a_container_uses():
    """Observed on 28.5.2."""
    world = new_world()
    full = start(world, "alpine", "sleep", "100")
    short = images.find(world, HOST, "alpine").id[7:19]
    assert message(images.remove, world, HOST, "alpine") == (
        f'conflict: unable to remove repository reference "alpine" (must force) - container {full[:12]} '
        f"is using its referenced image {short}"
    )
    assert message(images.remove, world, HOST, short) == (
        f"conflict: unable to delete {short} (cannot be forced) - image is being used by running container {full[:12]}"
    )
    containers.kill(world, HOST, full)
    assert message(images.remove, world, HOST, short) == (
        f"conflict: unable to delete {short} (must be forced) - image is being used by stopped container {full[:12]}"
    )


def test_an_id_with_several_repositories_must_be_forced():
    """Observed on 28.5.2."""
    world = new_world()
    short = images.find(world, HOST, "busyboxplus").id[7:19]
    assert message(images.remove, world, HOST, short) == (
        f"conflict: unable to delete {short} (must be forced) - image is referenced in multiple repositories"
    )
    gone = images.remove(world, HOST, short, force=True)
    assert gone[:2] == [{"Untagged": "busyboxplus:latest"}, {"Untagged": "radial/busyboxplus:latest"}]


def test_a_forced_rmi_of_a_used_image_leaves_it_dangling_and_prune_keeps_it():
    world = new_world()
    start(world, "alpine", "sleep", "100")
    assert images.remove(world, HOST, "alpine", force=True) == [{"Untagged": "alpine:latest"}]
    assert [image.tags for image in world.hosts[HOST].images].count(()) == 1
    assert images.prune(world, HOST) == ([], 0)


def test_prune_all_takes_what_no_container_uses():
    world = new_world()
    start(world, "busybox", "true")
    gone, reclaimed = images.prune(world, HOST, everything=True)
    assert tags(world) == ["busybox:latest"]
    assert gone[0] == {"Untagged": "alpine:latest"}
    assert gone[1]["Deleted"].startswith("sha256:")
    assert reclaimed == 28_937_569  # the layer of busybox is still in use


def test_a_name_that_moved_is_shown_as_the_id():
    world = new_world()
    full = start(world, "nginx")
    container = containers.find(world, HOST, full)
    image_id = containers.spec(world, HOST, full).image_id
    assert images.shown_name(world, HOST, container, image_id) == "nginx"
    images.tag(world, HOST, "busybox", "nginx")
    assert images.shown_name(world, HOST, container, image_id) == image_id


def test_an_image_is_pulled_by_its_digest():
    prompt = Prompt("28.5")
    said = prompt.out("docker pull redis:8")
    name = "redis@" + said.partition("Digest: ")[2].split()[0]
    prompt.out("docker rmi redis:8")

    said = prompt.out(f"docker pull {name}")

    assert f"Digest: {name.partition('@')[2]}\n" in said
    assert f"Status: Downloaded newer image for {name}\n" in said
    assert "redis:8" not in prompt.out("docker images --format '{{.Repository}}:{{.Tag}}'")


def test_in_containerd_s_store_every_name_of_an_image_has_its_digest():
    prompt = Prompt("29.7")
    prompt.out("docker tag nginx mine/web:2")

    digest = prompt.out("docker image inspect --format '{{.Id}}' nginx").strip()
    names = prompt.out("docker image inspect --format '{{join .RepoDigests \" \"}}' nginx")
    assert names == f"mine/web@{digest} nginx@{digest}\n"
