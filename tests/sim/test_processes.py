"""Processes: what ps sees from outside and inside, and what signals do."""

from __future__ import annotations

import pytest

from dnetlab.model import Where
from dnetlab.sim import processes, signals
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import books, containers
from dnetlab.sim.dockerd.config import ContainerConfig, PortRequest
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World

HOST = "docker1"


def run(world: World, image: str, *command: str, **settings: object) -> str:
    created = containers.create(world, HOST, ContainerConfig(image=image, command=command or None, **settings))
    containers.start(world, HOST, created.id)
    return created.id


def inside(world: World, container: str) -> list[tuple[int, str]]:
    return [(pid, p.command) for pid, p in processes.container_rows(world, HOST, container)]


def test_a_container_counts_its_processes_from_1_and_the_host_sees_them_too():
    """As recorded on 28.5.2."""
    world = new_world()
    full = run(world, "nginx", name="web1")
    assert inside(world, full) == [(1, "nginx: master process nginx -g daemon off;"), (7, "nginx: worker process")]
    commands = [p.command for p in processes.host_rows(world, HOST)]
    assert commands[-3:] == [
        f"/usr/bin/containerd-shim-runc-v2 -namespace moby -id {full} "
        "-address /var/run/docker/containerd/containerd.sock",
        "nginx: master process nginx -g daemon off;",
        "nginx: worker process",
    ]


def test_a_service_is_a_script_with_its_server():
    """As recorded on 28.5.2."""
    world = new_world()
    full = run(world, "httpd", name="ht")
    assert inside(world, full) == [
        (1, "/bin/sh /usr/local/bin/httpd-foreground"), (7, "httpd -f -p 80 -h /usr/local/apache2/htdocs"),
    ]  # fmt: skip


def test_all_of_a_container_is_gone_when_it_ends():
    world = new_world()
    before = len(world.hosts[HOST].processes)
    run(world, "nginx", name="web1", publish=(PortRequest(80, host_port=8080),))
    containers.kill(world, HOST, "web1")
    assert len(world.hosts[HOST].processes) == before
    assert world.namespace(Where(HOST)).sockets == ()


def test_killing_docker_proxy_takes_its_socket_and_nothing_else():
    world = new_world()
    run(world, "nginx", name="web1", publish=(PortRequest(80, host_port=8080),))
    proxies = [p for p in world.hosts[HOST].processes if p.argv[0].endswith("docker-proxy")]
    assert len(proxies) == 2
    for proxy in proxies:
        signals.send_signal(world, HOST, proxy.pid)
    assert world.namespace(Where(HOST)).sockets == ()
    assert containers.find(world, HOST, "web1").is_running
    assert len(containers.find(world, HOST, "web1").ports) == 2


def test_killing_process_1_from_the_host_ends_the_container_and_from_inside_not():
    world = new_world()
    run(world, "busybox", "sleep", "100", name="s1")
    pid = containers.find(world, HOST, "s1").pid
    signals.send_signal(world, HOST, pid, 9, inside=True)
    signals.send_signal(world, HOST, pid, 15)
    assert containers.find(world, HOST, "s1").is_running
    signals.send_signal(world, HOST, pid, 9)
    assert containers.find(world, HOST, "s1").exit_code == 137


def test_nginx_replaces_a_killed_worker():
    world = new_world()
    full = run(world, "nginx", name="web1")
    worker = processes.container_rows(world, HOST, full)[1][1].pid
    signals.send_signal(world, HOST, worker, 9)
    rows = processes.container_rows(world, HOST, full)
    assert [p.command for _, p in rows][1:] == ["nginx: worker process"]
    assert rows[1][1].pid != worker
    assert len(world.namespace(Where(HOST, full[:12])).sockets) == 2


def test_term_at_dockerd_stops_the_daemon_and_kill_is_refused():
    world = new_world()
    pid = books.daemon(world, HOST).pid
    with pytest.raises(Refused):
        signals.send_signal(world, HOST, pid, 9)
    signals.send_signal(world, HOST, pid, 15)
    assert not world.hosts[HOST].docker_running


def test_nobody_there_is_a_lookup_error_and_signal_0_only_asks():
    world = new_world()
    with pytest.raises(ProcessLookupError):
        signals.send_signal(world, HOST, 99999)
    signals.send_signal(world, HOST, 1, 0)


def test_signals_have_names_and_numbers():
    assert [processes.signal_number(text) for text in ("9", "KILL", "sigterm", "SIGHUP", "FOO", "999")] == [
        9, 9, 15, 1, None, None,
    ]  # fmt: skip
