"""A registry of one's own: docker push and docker pull, who is asked there and by which address.

The texts are what 20.10.24, 26.1.5 and 28.5.2 said to the client 28.2.2, with distribution 2.8.2 as the registry; ids
of layers, digests and sizes are the lab's. Of 29.7 they follow its source.
"""

from __future__ import annotations

import re

import pytest

from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")
REGISTRY = "docker run -d -p 5000:5000 --name reg registry:2"
LAYER = re.compile(r"^[0-9a-f]{12}(?=: )", re.M)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def shaped(text: str) -> str:
    return LAYER.sub("LAYER", DIGEST.sub("DIGEST", text))


def with_registry(release: str = "28.5") -> Prompt:
    prompt = Prompt(release)
    assert prompt.type(REGISTRY).exit_code == 0
    return prompt


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5"])
def test_an_image_goes_to_a_registry_layer_by_layer_that_on_top_first(release):
    prompt = with_registry(release)
    assert shaped(prompt.out("docker tag nginx localhost:5000/web\ndocker push localhost:5000/web")) == (
        "Using default tag: latest\n"
        "The push refers to repository [localhost:5000/web]\n"
        "LAYER: Preparing\nLAYER: Preparing\nLAYER: Preparing\nLAYER: Pushed\nLAYER: Pushed\nLAYER: Pushed\n"
        "latest: digest: DIGEST size: 949\n"
    )
    assert prompt.out("curl -s localhost:5000/v2/_catalog") == '{"repositories":["web"]}\n'
    assert prompt.out("curl -s localhost:5000/v2/web/tags/list") == '{"name":"web","tags":["latest"]}\n'
    digests = prompt.out("docker inspect -f '{{.RepoDigests}}' localhost:5000/web")
    assert shaped(digests) == "[localhost:5000/web@DIGEST]\n"


def test_a_layer_that_the_registry_has_is_not_sent_again():
    prompt = with_registry()
    prompt.out("docker tag busybox localhost:5000/my/box:1.0\ndocker push localhost:5000/my/box:1.0")
    prompt.out("docker tag busybox localhost:5000/my/box:1.1\ndocker tag busybox localhost:5000/other")
    assert shaped(prompt.out("docker push -a localhost:5000/my/box")) == (
        "The push refers to repository [localhost:5000/my/box]\n"
        "LAYER: Preparing\nLAYER: Layer already exists\n1.0: digest: DIGEST size: 527\n"
        "LAYER: Preparing\nLAYER: Layer already exists\n1.1: digest: DIGEST size: 527\n"
    )
    assert "LAYER: Mounted from my/box\n" in shaped(prompt.out("docker push localhost:5000/other"))
    assert prompt.out("docker push -q localhost:5000/my/box:1.0") == "localhost:5000/my/box:1.0\n"


def test_another_host_pulls_it_once_its_daemon_trusts_a_registry_without_tls():
    prompt = with_registry()
    prompt.out("docker tag busybox localhost:5000/box\ndocker push localhost:5000/box")
    assert prompt.err("docker2# docker pull 172.25.254.1:5000/box") == (
        'Error response from daemon: Get "https://172.25.254.1:5000/v2/": http: server gave HTTP response to HTTPS '
        "client\n"
    )
    prompt.type("docker2# mkdir -p /etc/docker")
    prompt.type("""docker2# echo '{"insecure-registries": ["172.25.254.1:5000"]}' > /etc/docker/daemon.json""")
    prompt.out("docker2# systemctl restart docker")
    assert shaped(prompt.out("docker2# docker pull 172.25.254.1:5000/box")) == (
        "Using default tag: latest\nlatest: Pulling from box\nDigest: DIGEST\n"
        "Status: Downloaded newer image for 172.25.254.1:5000/box:latest\n172.25.254.1:5000/box:latest\n"
    )
    assert prompt.out("docker2# docker run --rm 172.25.254.1:5000/box echo here") == "here\n"


def test_an_image_of_ones_own_comes_back_with_its_files():
    prompt = with_registry()
    prompt.type("docker run -d --name base busybox sleep 1000")
    prompt.out("docker exec base touch /one\ndocker commit base localhost:5000/mine")
    assert shaped(prompt.out("docker push localhost:5000/mine")).endswith("latest: digest: DIGEST size: 734\n")
    prompt.out("docker rm -f base\ndocker rmi localhost:5000/mine")
    prompt.out("docker pull localhost:5000/mine")
    assert prompt.out("docker run --rm localhost:5000/mine ls /one") == "/one\n"


@pytest.mark.parametrize(("line", "complaint"), [
    ("docker push localhost:5000/web:v2", "tag does not exist: localhost:5000/web:v2\n"),
    ("docker push localhost:5000/none", "An image does not exist locally with the tag: localhost:5000/none\n"),
    ("docker push -a none", "An image does not exist locally with the tag: none\n"),
    ("docker push -a localhost:5000/web:latest", "tag can't be used with --all-tags/-a\n"),
    ("docker push localhost:5000/web@sha256:" + 64 * "a", "cannot push a digest reference\n"),
    ("docker push localhost:5000/Web", "invalid reference format: repository name (Web) must be lowercase\n"),
    ("docker pull localhost:5000/web:v9", "Error response from daemon: manifest for localhost:5000/web:v9 not found: "
     "manifest unknown: manifest unknown\n"),
    ("docker pull localhost:5001/web", 'Error response from daemon: Get "http://localhost:5001/v2/": dial tcp '
     "[::1]:5001: connect: connection refused\n"),
    ("docker2# docker pull 172.25.254.77:5000/x", 'Error response from daemon: Get "https://172.25.254.77:5000/v2/": '
     "dial tcp 172.25.254.77:5000: connect: no route to host\n"),
    ("docker2# docker pull 10.99.0.1:5000/x", 'Error response from daemon: Get "https://10.99.0.1:5000/v2/": dial tcp '
     "10.99.0.1:5000: connect: network is unreachable\n"),
    ("docker2# docker pull docker1:5000/x", 'Error response from daemon: Get "https://docker1:5000/v2/": dial tcp: '
     "lookup docker1 on 192.0.2.53:53: dial udp 192.0.2.53:53: connect: network is unreachable\n"),
])  # fmt: skip
def test_what_is_not_there_is_said_in_the_daemons_words(line, complaint):
    prompt = with_registry()
    prompt.out("docker tag nginx localhost:5000/web\ndocker push localhost:5000/web")
    assert prompt.err(line) == complaint


@pytest.mark.parametrize(("release", "silent", "paused"), [
    ("20.10", "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting "
     "headers)", "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"),
    ("28.5", "context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "context deadline exceeded"),
])  # fmt: skip
def test_a_registry_behind_a_firewall_and_one_that_is_paused_keep_the_daemon_waiting(release, silent, paused):
    prompt = with_registry(release)
    prompt.type("docker2# mkdir -p /etc/docker")
    prompt.type("""docker2# echo '{"insecure-registries": ["172.25.254.0/24"]}' > /etc/docker/daemon.json""")
    prompt.out("docker2# systemctl restart docker\ndocker1# iptables -I DOCKER-USER -p tcp --dport 5000 -j DROP")
    begun = prompt.world.clock
    said = 'Error response from daemon: Get "http://{}/v2/": {}\n'
    assert prompt.err("docker2# docker pull 172.25.254.1:5000/box") == said.format("172.25.254.1:5000", silent)
    assert prompt.world.clock - begun == pytest.approx(16.0)
    prompt.out("iptables -D DOCKER-USER -p tcp --dport 5000 -j DROP\ndocker pause reg")
    assert prompt.err("docker pull localhost:5000/box") == said.format("localhost:5000", paused)


def test_a_web_server_is_no_registry():
    prompt = Prompt()
    prompt.out("docker run -d -p 8080:80 --name web nginx\ndocker tag busybox localhost:8080/x")
    page = "unknown: <html>\r\n<head><title>404 Not Found</title></head>\r\n"
    assert prompt.err("docker pull localhost:8080/x").startswith(f"Error response from daemon: {page}")
    pushed = prompt.type("docker push localhost:8080/x")
    assert pushed.stderr.startswith(page)
    assert LAYER.sub("LAYER", pushed.stdout).count("LAYER: Retrying in ") == 5 + 10 + 15 + 20


def test_what_a_registry_holds_lives_in_its_volume():
    prompt = Prompt()
    begins = "docker run -d -p 5000:5000 -v data:/var/lib/registry --name reg registry:2"
    prompt.type(f"{begins}\ndocker tag busybox localhost:5000/box")
    prompt.out("docker push localhost:5000/box\ndocker rm -f reg")
    prompt.out(begins)
    assert prompt.out("curl -s localhost:5000/v2/_catalog") == '{"repositories":["box"]}\n'
    prompt.out(f"docker rm -f reg\n{REGISTRY}")  # a volume of its own
    assert prompt.out("curl -s localhost:5000/v2/_catalog") == '{"repositories":[]}\n'


def test_a_long_catalogue_comes_in_pages():
    prompt = with_registry()
    for name in ("box", "tool"):
        prompt.out(f"docker tag busybox localhost:5000/{name}\ndocker push localhost:5000/{name}")
    answer = prompt.out("curl -si 'localhost:5000/v2/_catalog?n=1'")
    assert 'Link: </v2/_catalog?last=box&n=1>; rel="next"\n' in answer.replace("\r", "")
    assert prompt.out("curl -s 'localhost:5000/v2/_catalog?last=box&n=1'") == '{"repositories":["tool"]}\n'


def test_in_containerds_store_the_words_are_those_of_its_client():
    prompt = with_registry("29.7")
    prompt.out("docker tag busybox localhost:5000/box")
    assert shaped(prompt.out("docker push localhost:5000/box")) == (
        "Using default tag: latest\nThe push refers to repository [localhost:5000/box]\nLAYER: Pushed\n"
        "latest: digest: DIGEST size: 527\n"
    )
    assert prompt.err("docker pull localhost:5000/none") == (
        'Error response from daemon: failed to resolve reference "localhost:5000/none:latest": '
        "localhost:5000/none:latest: not found\n"
    )
    assert prompt.err("docker2# docker pull 172.25.254.1:5000/box") == (
        'Error response from daemon: failed to resolve reference "172.25.254.1:5000/box:latest": failed to do request: '
        'Head "https://172.25.254.1:5000/v2/box/manifests/latest": http: server gave HTTP response to HTTPS client\n'
    )


def test_the_registries_of_the_world_are_out_of_reach_and_the_lab_says_so():
    prompt = Prompt()
    refused = prompt.type("docker push nginx").refused
    assert refused is not None
    assert str(refused.why) == "Docker Hub can't be reached from the lab."
    prompt.out("docker tag nginx ghcr.io/me/web")
    refused = prompt.type("docker push ghcr.io/me/web").refused
    assert refused is not None
    assert str(refused.why) == "ghcr.io can't be reached from the lab."
