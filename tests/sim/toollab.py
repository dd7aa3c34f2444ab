"""A lab for tests of tools: run a line at a prompt and look at both streams and the exit status."""

from __future__ import annotations

import re

from dnetlab.sim.context import Context, Result
from dnetlab.sim.dockerd import containers, networks
from dnetlab.sim.dockerd.config import ContainerConfig, PortRequest
from dnetlab.sim.lab import new_world
from dnetlab.sim.shell import run_text
from dnetlab.sim.world import World


def lab(release: str = "28.5") -> World:
    """docker1 with nginx `web1` and busybox `box` on my_net, and nginx `demo` on the default bridge, port 8080."""
    world = new_world(release)
    networks.create(world, "docker1", "my_net")
    start(world, "web1", "nginx", "my_net")
    start(world, "box", "busybox", "my_net")
    start(world, "demo", "nginx", "default", PortRequest(80, host_port=8080))
    return world


def start(world: World, name: str, image: str, network: str, *ports: PortRequest) -> str:
    config = ContainerConfig(image=image, name=name, network_mode=network, publish=ports, interactive=True, tty=True)
    made = containers.create(world, "docker1", config)
    containers.start(world, "docker1", made.id)
    return made.id


def at(world: World, line: str, host: str = "docker1") -> Result:
    """The line at a host's prompt."""
    return run_text(Context(world, host), line)


def inside(world: World, name: str, line: str) -> Result:
    """The line in a container of docker1, as `docker exec` runs it."""
    return run_text(containers.exec_context(world, "docker1", name), line)


def shape(text: str) -> str:
    """The text with times of packets replaced by T."""
    text = re.sub(r"time[ =]\d+(\.\d+)? ?ms", "time T", text)
    return re.sub(r"= [\d./]+ ms", "= T ms", text)
