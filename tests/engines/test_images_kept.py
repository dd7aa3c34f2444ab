"""How a lab's hosts get their images: copied as dockerd keeps them, or loaded where that can't be copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnetlab.engines.providers.namespaces import NamespaceHosts, _Loader
from dnetlab.engines.running import Ran
from dnetlab.model import default_topology


class Loader:
    """The host whose dockerd was given the images; run is what was typed there."""

    def __init__(self, root: Path) -> None:
        self.at, self.asked = root, []
        (root / "root").mkdir(parents=True)

    def root(self, host: str) -> str:
        return str(self.at)

    def run(self, host: str, text: str, timeout: float = 0) -> Ran:
        self.asked.append(text)
        return Ran("", "", 0)


@pytest.fixture
def archive(tmp_path):
    file = tmp_path / "images-1.tar"
    file.write_bytes(b"all of them")
    return file


@pytest.fixture
def part(tmp_path):
    folder = tmp_path / "part"
    folder.mkdir()
    return folder


def test_what_dockerd_keeps_in_folders_of_its_own_is_copied(tmp_path, archive, part):
    # given a dockerd with the overlay2 driver (docs.docker.com/engine/storage/drivers/overlayfs-driver)
    hosts = Loader(tmp_path / "host")
    for name in ("image", "overlay2"):
        (hosts.at / "var/lib/docker" / name).mkdir(parents=True)
        (hosts.at / "var/lib/docker" / name / "layer").write_text(name)

    _Loader(hosts).load(archive, part)

    assert {str(path.relative_to(part)) for path in part.rglob("*")} == {
        "image", "image/layer", "overlay2", "overlay2/layer",
    }  # fmt: skip
    assert hosts.asked == ["docker load -q -i /root/images.tar && systemctl stop docker"]


def test_what_it_keeps_in_containerd_s_store_is_left_there_and_the_archive_taken(tmp_path, archive, part):
    # given a dockerd of 29, whose images are in containerd's store (docs.docker.com/engine/storage/containerd)
    hosts = Loader(tmp_path / "host")
    (hosts.at / "var/lib/docker/containerd/daemon/io.containerd.content.v1.content").mkdir(parents=True)

    _Loader(hosts).load(archive, part)

    assert [path.name for path in part.iterdir()] == ["images.tar"]
    assert (part / "images.tar").read_bytes() == b"all of them"


@pytest.mark.parametrize(("there", "typed"), [(True, "docker load -q -i /var/lib/docker/images.tar && rm "
                                                     "/var/lib/docker/images.tar"), (False, None)])  # fmt: skip
def test_each_host_loads_the_archive_that_it_was_started_with(monkeypatch, tmp_path, there, typed):
    hosts, asked = NamespaceHosts("29.7", shape=default_topology()), []
    (tmp_path / "var/lib/docker").mkdir(parents=True)
    if there:
        (tmp_path / "var/lib/docker/images.tar").write_bytes(b"")
    monkeypatch.setattr(hosts, "root", lambda host: str(tmp_path))
    monkeypatch.setattr(hosts, "run", lambda host, text, timeout: asked.append(text) or Ran("", "", 0))

    hosts._give_images("docker1")

    assert [text.partition(" && docker rmi")[0] for text in asked] == ([typed] if typed else [])
