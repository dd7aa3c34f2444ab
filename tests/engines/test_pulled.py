"""Where a registry answers, lab hosts and the lab's images are pulled; the registry is the test's own, on loopback."""

from __future__ import annotations

import shutil

import pytest

from dnetlab.engines.providers.container_image import IMAGE, host_image
from dnetlab.engines.providers.containers import ContainerHosts, outer_client
from dnetlab.engines.providers.namespaces import NamespaceHosts
from tests.engines.outer import OUTER

pytestmark = pytest.mark.engine
REGISTRY = "127.0.0.1:5000"
CONFIG = (
    '{"version": "0.1", "storage": {"filesystem": {"rootdirectory": "/tmp/registry"}}, '
    '"http": {"addr": "127.0.0.1:5000"}}'
)
PUSHED = {
    f"{IMAGE}:latest": "docker:20.10-dind",
    "busybox:latest": "busybox:latest",
    "alpine:latest": "alpine:latest",
    "nginx:latest": "nginx:alpine",
    "httpd:latest": "httpd:alpine",
}


@pytest.fixture
def outer():
    """A Docker Engine beside a registry, in a network namespace of their own."""
    if shutil.which("docker-registry") is None:
        pytest.skip("the program docker-registry is missing: apt-get install docker-registry")
    lab = NamespaceHosts("20.10", shape=OUTER)
    with lab:
        lab.run("docker1", f"echo '{CONFIG}' >/root/r.yml; setsid docker-registry serve /root/r.yml >/dev/null 2>&1 &")
        lab.run("docker1", f"curl -s --retry 50 --retry-connrefused --retry-delay 1 http://{REGISTRY}/v2/")
        yield lab


def test_hosts_and_images_are_pulled_and_the_user_is_told(outer, monkeypatch, tmp_path):
    url, proc = f"unix://{outer.socket('docker1')}", f"{outer.root('docker1')}/proc"
    host_image(outer_client(url), None, {}, None)
    for name, public in PUSHED.items():
        there = f"{REGISTRY}/{public}"
        line = f"docker tag {name} {there} && docker push -q {there} && docker rmi {there}"
        assert outer.run("docker1", line).exit_code == 0
    assert outer.run("docker1", f"docker rmi {IMAGE}:latest").exit_code == 0
    monkeypatch.setenv("DNETLAB_REGISTRY", REGISTRY)
    monkeypatch.setenv("DNETLAB_CACHE", str(tmp_path))
    said = []

    with ContainerHosts(base_url=url, proc=proc, release="20.10", daemons=("docker1",), progress=said.append) as hosts:
        assert hosts.version == "20.10"
        tags = hosts.run("docker1", "docker images --format '{{.Repository}}:{{.Tag}}'").stdout.split()
        assert sorted(tags) == [
            "alpine:latest", "busybox:latest", "busyboxplus:latest", "httpd:latest", "mysql:latest", "nginx:alpine",
            "nginx:latest", "php-fpm:latest", "radial/busyboxplus:latest", "webserver:v3",
        ]  # fmt: skip
        web = (
            "docker run -d --name web webserver:v3 && curl -s --retry 9 --retry-delay 1 --retry-connrefused 172.17.0.2"
        )
        assert hosts.run("docker1", web).stdout.endswith("<html><body><h1>webserver v3</h1></body></html>\n")

    assert f"pulling {REGISTRY}/docker:20.10-dind" in said
    assert f"lab hosts run Docker 20.10, pulled as {REGISTRY}/docker:20.10-dind" in said
    assert not any("programs of this machine" in text for text in said)


def test_without_a_registry_a_release_that_the_machine_lacks_is_refused(outer, monkeypatch):
    from dnetlab.errors import EngineError

    monkeypatch.setenv("DNETLAB_REGISTRY", "127.0.0.1:5999")

    with pytest.raises(EngineError, match="no registry answers for Docker 28.5, and this machine has 20.10"):
        ContainerHosts(base_url=f"unix://{outer.socket('docker1')}", release="28.5").up()
