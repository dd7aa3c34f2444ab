"""What a real daemon says when it pushes to a registry and pulls from it is what the simulator's says."""

from __future__ import annotations

import re
import shutil

import pytest

from dnetlab.engines.providers.namespaces import NamespaceHosts
from dnetlab.model import default_topology
from tests.engines.test_pulled import CONFIG, REGISTRY
from tests.sim.prompt import Prompt

pytestmark = pytest.mark.engine
LINES = (
    "docker tag busybox localhost:5000/my/box:1.0",
    "docker push localhost:5000/my/box:1.0",
    "docker push localhost:5000/my/box:1.0",
    "docker push -q localhost:5000/my/box:1.0",
    "docker tag busybox localhost:5000/my/box:1.1",
    "docker push -a localhost:5000/my/box",
    "docker push localhost:5000/my/box:1.2",
    "docker push localhost:5000/none",
    "curl -s localhost:5000/v2/_catalog",
    "docker rmi localhost:5000/my/box:1.0 localhost:5000/my/box:1.1",
    "docker pull localhost:5000/my/box:1.1",
    "docker pull localhost:5000/my/box:9",
    "docker pull localhost:5001/my/box",
    "docker pull 172.25.254.1:5001/my/box",
)
NAMED = re.compile(r"sha256:[0-9a-f]{64}|^[0-9a-f]{12}(?=: )", re.M)


def test_a_real_daemon_tells_of_a_registry_as_the_simulator_does():
    if shutil.which("docker-registry") is None:
        pytest.skip("the program docker-registry is missing: apt-get install docker-registry")
    prompt = Prompt("28.5")
    prompt.type("docker run -d -p 5000:5000 registry:2")
    with NamespaceHosts("28.5", shape=default_topology()) as lab:
        lab.run("docker1", f"echo '{CONFIG}' >/root/r.yml; setsid docker-registry serve /root/r.yml >/dev/null 2>&1 &")
        lab.run("docker1", f"curl -s --retry 50 --retry-connrefused --retry-delay 1 http://{REGISTRY}/v2/")
        for line in LINES:
            real, simulated = lab.run("docker1", line), prompt.type(line)
            assert (line, real.exit_code, *map(shape, (real.stdout, real.stderr))) == (
                line, simulated.exit_code, *map(shape, (simulated.stdout, simulated.stderr))
            )  # fmt: skip


def shape(text: str) -> str:
    return NAMED.sub("ID", text)
