"""Whatever is typed, the world stays a world: no address twice, every cable has two ends, every rule a live bridge."""

from __future__ import annotations

import random
import sys
from collections import Counter
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnetlab.errors import DnetError
from dnetlab.history import History
from dnetlab.lab import Lab
from dnetlab.model import ContainerState, Host, LinkKind, Snapshot

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from generator import script  # noqa: E402

RELEASES = ("20.10", "26.1", "28.5", "29.7")


def complaints(snapshot: Snapshot) -> list[str]:
    """What is wrong with a world, as sentences; [] for a consistent one."""
    found: list[str] = []
    for host in snapshot.hosts.values():
        found += _addresses(host) + _cables(host) + _rules(host) + _containers(host) + _sockets(host)
    return found


def _addresses(host: Host) -> list[str]:
    held = Counter(
        (endpoint.network_id, endpoint.address)
        for container in host.containers
        for endpoint in container.endpoints
        if container.is_running and endpoint.address
    )
    gateways = {(n.id, s.gateway) for n in host.networks for s in n.subnets if s.gateway and n.driver == "bridge"}
    return [f"{address} is held twice" for (_, address), count in held.items() if count > 1] + [
        f"{address} is the gateway's and a container's" for network, address in held if (network, address) in gateways
    ]


def _cables(host: Host) -> list[str]:
    found = []
    for space in host.namespaces.values():
        indexes = [interface.index for interface in space.interfaces]
        if len(set(indexes)) != len(indexes):
            found.append(f"{space.name} has an interface index twice")
        for interface in space.interfaces:
            if interface.master and space.interface(interface.master) is None:
                found.append(f"{interface.name} is a port of {interface.master}, which does not exist")
            if interface.kind is not LinkKind.VETH:
                continue
            other = host.namespaces.get(interface.peer.namespace) if interface.peer else None
            end = other.by_index(interface.peer.index) if other and interface.peer else None
            back = end.peer if end else None
            if back is None or (back.namespace, back.index) != (space.name, interface.index):
                found.append(f"{space.name}/{interface.name} has no other end")
    return found


def _rules(host: Host) -> list[str]:
    names = {interface.name for interface in host.stack.interfaces}
    found = []
    for name in ("raw", "nat", "filter"):
        table = host.stack.netfilter.table(name)
        for chain in table.chains:
            for rule in chain.rules:
                for option in ("-i", "-o"):
                    match = rule.get(option)
                    if match and match.value.startswith(("br-", "docker0")) and match.value not in names:
                        found.append(f"{name} {chain.name}: {rule.text} names a bridge that is gone")
                target = rule.target.name
                if target.startswith("DOCKER") and table.chain(target) is None:
                    found.append(f"{name} {chain.name}: {rule.text} jumps to no chain")
    return found


def _containers(host: Host) -> list[str]:
    found = []
    for container in host.containers:
        if container.state is ContainerState.RUNNING and container.namespace not in host.namespaces:
            found.append(f"{container.name} runs without a network namespace")
        if not container.is_running and container.ports:
            found.append(f"{container.name} is {container.state.value} and holds ports")
    owned = {container.namespace for container in host.containers} | {"host"}
    joined = {c.namespace for c in host.containers if c.is_running}
    found += [f"namespace {name} belongs to nobody" for name in host.namespaces if name not in owned | joined]
    names = Counter(container.name for container in host.containers)
    return found + [f"two containers are called {name}" for name, count in names.items() if count > 1]


def _sockets(host: Host) -> list[str]:
    pids = {process.pid for process in host.processes}
    return [
        f"{space.name}: {socket.program} (pid {socket.pid}) holds port {socket.local_port} and does not run"
        for space in host.namespaces.values()
        for socket in space.sockets
        if socket.pid is not None and socket.pid not in pids
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_a_new_lab_is_consistent(release):
    assert complaints(Lab(docker=release).snapshot()) == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9), release=st.sampled_from(RELEASES))
def test_any_sequence_of_commands_leaves_a_consistent_world(seed, release):
    with Lab(docker=release) as lab:
        for line in script(seed, 30):
            lab.run_cell(line)
            assert complaints(lab.snapshot()) == [], line


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_the_same_script_gives_the_same_page_byte_for_byte(seed):
    def page() -> list[tuple[str, str, int]]:
        with Lab(seed=7) as lab:
            outputs = [lab.run_cell(line).outputs[0] for line in script(seed, 20)]
        return [(o.stdout, o.stderr, o.exit_code) for o in outputs]

    assert page() == page()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9), back=st.integers(1, 10), kept=st.sampled_from([History(), History(1, 4)]))
def test_undo_brings_back_the_very_world_that_was(seed, back, kept):
    with Lab() as lab:
        lab.history = deepcopy(kept)  # one that keeps each world, or one that keeps few and runs lines again
        worlds = [lab.snapshot()]
        for line in script(seed, 10):
            lab.run_cell(line)
            worlds.append(lab.snapshot())
        lab.undo(back)

        assert lab.snapshot() == worlds[-1 - back]


WORDS = Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split(" ")


def mangled(chance: random.Random) -> str:
    """A line of words of the trade in any order, or a real line with some of its characters changed."""
    words = [chance.choice(WORDS) for _ in range(chance.randint(1, 9))]
    if chance.random() < 0.5:
        words.insert(0, chance.choice(("docker", "docker", "docker network", "docker container", "ip", "iptables")))
    text = " ".join(words)
    if chance.random() < 0.4:
        characters = list(text)
        for _ in range(chance.randint(1, 4)):
            odd = chance.choice((chance.randrange(32, 127), 0x301, 9, 0x1F600))
            characters[chance.randrange(len(characters))] = chr(odd)
        text = "".join(characters)
    return text


@pytest.mark.parametrize("part", range(4))
def test_ten_thousand_mangled_lines_raise_nothing_but_the_documented_errors(part):
    chance = random.Random(part)
    with Lab(docker=RELEASES[part]) as lab:
        for number in range(2500):
            line = mangled(chance)
            try:
                result = lab.run_cell(line, chance.choice(("docker1", "docker1", "client")))
            except DnetError:
                continue
            for output in result.outputs:
                assert isinstance(output.stdout, str) and 0 <= output.exit_code <= 255, line
            if number % 250 == 0:
                lab.reset()
