"""What images run: who listens where, what is served, logged, and with which status it ends."""

from __future__ import annotations

import pytest

from dnetlab.model import SocketState, Where
from dnetlab.sim import clock
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import containers
from dnetlab.sim.dockerd.catalogue import CATALOGUE
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.kernel.stack import Stack
from dnetlab.sim.lab import new_world
from dnetlab.sim.programs import web
from dnetlab.sim.world import World

from .daemonlab import printed
from .prompt import Prompt

HOST = "docker1"


def run(world: World, image: str, *command: str, **settings: object) -> str:
    created = containers.create(world, HOST, ContainerConfig(image=image, command=command or None, **settings))
    containers.start(world, HOST, created.id)
    return created.id


def listening(world: World, name: str) -> list[str]:
    container = containers.find(world, HOST, name)
    stack = world.namespace(Where(HOST, container.namespace or "host"))
    mine = {p.pid for p in world.hosts[HOST].processes if p.container == container.id}
    return [f"{s.program} {s.local_address}:{s.local_port}" for s in stack.sockets
            if s.pid in mine and s.state is SocketState.LISTEN]  # fmt: skip


def server_pid(world: World, name: str) -> int:
    container = containers.find(world, HOST, name)
    stack = world.namespace(Where(HOST, container.namespace or "host"))
    return next(s.pid for s in stack.sockets if s.pid and s.program != "dockerd")


@pytest.mark.parametrize(
    ("image", "env", "sockets"),
    [
        ("nginx", (), ["nginx 0.0.0.0:80", "nginx :::80"]),
        ("httpd", (), ["httpd :::80"]),
        ("webserver:v3", (), ["httpd :::80"]),
        ("mysql", ("MYSQL_ROOT_PASSWORD=x",), ["nc :::3306"]),
        ("php-fpm", (), ["nc :::9000"]),
    ],
)
def test_servers_listen_where_the_real_ones_do(image: str, env: tuple[str, ...], sockets: list[str]):
    """As the lab hosts' images do (observed with netstat inside them)."""
    world = new_world()
    run(world, image, name="it", env=env)
    assert listening(world, "it") == sockets


def test_a_second_nginx_on_the_host_network_tries_five_times_and_gives_up_with_1():
    """Observed with nginx 1.22.1 on 20.10.24 and 28.5.2."""
    world = new_world()
    run(world, "nginx", name="demo", network_mode="host")
    run(world, "nginx", name="demo2", network_mode="host")
    assert containers.find(world, HOST, "demo2").is_running
    world.clock += 3
    containers.let_time_pass(world)
    demo2 = containers.find(world, HOST, "demo2")
    assert (demo2.state.value, demo2.exit_code, demo2.finished) == ("exited", 1, 2.5)
    lines = printed(world, "demo2", "stderr").splitlines()
    assert lines[:5] == [
        "2026/11/23 08:00:00 [emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address already in use)",
        "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)",
        "2026/11/23 08:00:00 [emerg] 1#1: bind() to [::]:80 failed (98: Address already in use)",
        "nginx: [emerg] bind() to [::]:80 failed (98: Address already in use)",
        "2026/11/23 08:00:00 [notice] 1#1: try again to bind() after 500ms",
    ]
    assert lines[-1] == "nginx: [emerg] still could not bind()"
    assert len(lines) == 27
    assert containers.find(world, HOST, "demo").is_running


def test_two_containers_in_one_namespace_share_localhost_but_not_port_80():
    world = new_world()
    run(world, "nginx", name="web3")
    run(world, "php-fpm", name="php", network_mode="container:web3")
    run(world, "nginx", name="again", network_mode="container:web3")
    world.clock += 3
    containers.let_time_pass(world)
    assert containers.find(world, HOST, "php").is_running
    assert containers.find(world, HOST, "again").exit_code == 1


def test_nginx_serves_its_page_and_logs_who_asked():
    world = new_world()
    run(world, "nginx", name="web1")
    status, headers, body = web.serve_http(
        world, HOST, server_pid(world, "web1"), "/", host="web1", client="172.17.0.1"
    )
    assert (status, headers["Server"], headers["Content-Length"]) == (200, "nginx/1.22.1", "113")
    assert body == (
        "<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head>"
        "<body><h1>Welcome to nginx!</h1></body></html>\n"
    )
    assert printed(world, "web1") == (
        '172.17.0.1 - - [23/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 113 "-" "curl/7.88.1" "-"\n'
    )


def test_a_page_that_is_not_there_is_404_on_both_servers():
    world = new_world()
    for name, image, length in (("ng", "nginx", 153), ("bb", "webserver:v3", None)):
        run(world, image, name=name)
        status, _, body = web.serve_http(world, HOST, server_pid(world, name), "/nope")
        assert status == 404
        assert "404 Not Found" in body
        assert length in (None, len(body))


def test_each_image_has_its_own_page():
    world = new_world()
    pages = []
    for image in ("httpd", "webserver:v3"):
        run(world, image, name=image[:5])
        pages.append(web.serve_http(world, HOST, server_pid(world, image[:5])).body)
    assert pages == [
        "<html><body><h1>It works!</h1></body></html>\n", "<html><body><h1>webserver v3</h1></body></html>\n",
    ]  # fmt: skip


def test_a_database_does_not_speak_http():
    world = new_world()
    run(world, "mysql", name="db", env=("MYSQL_ROOT_PASSWORD=x",))
    assert web.serve_http(world, HOST, server_pid(world, "db")) is None


def test_mysql_without_a_password_says_what_it_wants_and_ends_with_1():
    """As recorded on 28.5.2: the note on stdout, the error on stderr."""
    world = new_world()
    run(world, "mysql", name="my")
    assert containers.find(world, HOST, "my").exit_code == 1
    assert printed(world, "my") == (
        "2026-11-23T08:00:00+00:00 [Note] [Entrypoint]: Entrypoint script for MySQL Server 8.4.7-1.el9 started.\n"
    )
    assert printed(world, "my", "stderr").splitlines() == [
        "2026-11-23T08:00:00+00:00 [ERROR] [Entrypoint]: "
        "Database is uninitialized and password option is not specified",
        "    You need to specify one of the following as an environment variable:",
        "    - MYSQL_ROOT_PASSWORD",
        "    - MYSQL_ALLOW_EMPTY_PASSWORD",
        "    - MYSQL_RANDOM_ROOT_PASSWORD",
    ]


def test_a_stopped_nginx_says_goodbye():
    """As recorded on 28.5.2; docker stop sends the image's SIGQUIT."""
    world = new_world()
    run(world, "nginx", name="web1")
    containers.stop(world, HOST, "web1")
    assert printed(world, "web1", "stderr").splitlines()[6:8] == [
        "2026/11/23 08:00:00 [notice] 1#1: signal 3 (SIGQUIT) received, shutting down",
        "2026/11/23 08:00:00 [notice] 7#7: gracefully shutting down",
    ]


def test_a_tool_as_the_program_runs_to_its_end_and_its_output_is_the_log():
    world = new_world()
    run(world, "busybox", "echo", "hello", name="say")
    assert printed(world, "say") == "hello\n"
    assert containers.find(world, HOST, "say").state.value == "exited"


def test_a_script_runs_what_stands_in_front_of_the_program_that_stays():
    world = new_world()
    run(world, "busybox", "sh", "-c", "echo first; sleep 60", name="both")
    assert printed(world, "both") == "first\n"
    assert containers.find(world, HOST, "both").is_running
    run(world, "busybox", "sh", "-c", "exit 3", name="three")
    assert containers.find(world, HOST, "three").exit_code == 3


def test_a_detached_ping_sends_one_packet_a_second():
    world = new_world()
    run(world, "nginx", name="web1")
    run(world, "busybox", "ping", "172.17.0.2", name="p1")
    world.clock += 3
    containers.let_time_pass(world)
    lines = printed(world, "p1").splitlines()
    assert lines[0] == "PING 172.17.0.2 (172.17.0.2): 56 data bytes"
    assert [line.split()[4] for line in lines[1:]] == ["seq=0", "seq=1", "seq=2", "seq=3"]


def test_a_container_whose_log_is_cut_with_tail_and_since():
    world = new_world()
    run(world, "busybox", "sh", "-c", "echo one; echo two; echo three", name="say")
    assert printed(world, "say", tail=2) == "two\nthree\n"
    assert printed(world, "say", since=clock.since_1970(world.clock + 1)) == ""


def test_a_loop_without_end_is_a_program_that_stays_and_goes_on_as_time_passes():
    # given a container whose program is a loop that counts and sleeps
    world = new_world()
    run(world, "busybox", "sh", "-c", "n=0; while true; do n=$((n+1)); echo hi $n; sleep 2; done", name="loop")

    # when five seconds pass
    world.clock += 5
    containers.let_time_pass(world)

    # then it runs, and it has spoken when its time had come
    assert world.hosts[HOST].container("loop").is_running
    assert printed(world, "loop") == "hi 1\nhi 2\nhi 3\n"


def test_a_loop_that_is_left_ends_its_container():
    world = new_world()
    run(world, "busybox", "sh", "-c", "while true; do [ $((n+=1)) = 2 ] && break; echo $n; sleep 1; done", name="loop")
    world.clock += 5
    containers.let_time_pass(world)
    assert printed(world, "loop") == "1\n"
    assert not world.hosts[HOST].container("loop").is_running


def test_a_paused_server_is_refused_with_the_way_out():
    world = new_world()
    run(world, "nginx", name="web1")
    pid = server_pid(world, "web1")
    containers.pause(world, HOST, "web1")
    with pytest.raises(Refused) as caught:
        web.serve_http(world, HOST, pid)
    assert caught.value.refusal.hint == "docker unpause web1"


@pytest.mark.parametrize(
    ("address", "said"),
    [("127.é0.0.1:80", "bad address '127.é0.0.1:80'"), ("localhost:80", "bad address 'localhost:80'"),
     ("10.9.9.9:80", "bind: Cannot assign requested address")],
)  # fmt: skip
def test_httpd_ends_where_it_can_not_listen_at_the_address_it_was_told(address: str, said: str):
    # as busybox 1.35 says in a network namespace: `httpd -f -p 10.9.9.9:80`
    world = new_world()
    run(world, "busybox", "httpd", "-f", "-p", address, name="web")
    assert listening(world, "web") == []
    assert printed(world, "web", "stderr") == f"httpd: {said}\n"


def test_busybox_httpd_and_nc_listen_on_the_port_they_are_told():
    world = new_world()
    run(world, "busybox", "httpd", "-f", "-p", "8080", name="small")
    run(world, "busybox", "nc", "-l", "-p", "7000", name="cat")
    run(world, "busybox", "nc", "-lk", "-p", "7001", name="cats")
    assert [listening(world, name) for name in ("small", "cat", "cats")] == [
        ["httpd :::8080"], ["nc :::7000"], ["nc :::7001"],
    ]  # fmt: skip


def test_a_ping_that_runs_on_has_asked_in_vain_while_the_cable_was_out():
    # given a container that pings another once a second
    world = new_world()
    run(world, "busybox", "sleep", "1000", name="other")
    run(world, "busybox", "ping", "172.17.0.2", name="asker")
    end = Stack(world, Where(HOST, "host"))
    veth = next(i.name for i in world.hosts[HOST].stack.interfaces if i.master == "docker0")

    # when the other's cable is out for three seconds
    for move in (end.set_down, end.set_up):
        move(veth)
        world.clock += 3
        containers.let_time_pass(world)

    # then three numbers are missing
    numbers = [line.split("seq=")[1].split()[0] for line in printed(world, "asker").splitlines() if "seq=" in line]
    assert numbers == ["0", "4", "5", "6"]


@pytest.mark.parametrize("recipe", CATALOGUE, ids=lambda recipe: recipe.key)
@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5", "29.7"])
def test_the_command_of_every_image_can_be_started(recipe, release):
    """What the lab says an image runs is a program that the image has."""
    prompt = Prompt(release)
    password = "-e MYSQL_ROOT_PASSWORD=x -e POSTGRES_PASSWORD=x"

    # Given any image of the lab, when it is run, then the daemon starts it; what doesn't stay ends well.
    started = prompt.type(f"docker run -d --name it {password} {(*recipe.tags, *recipe.present)[0]}")
    assert (started.exit_code, started.refused) == (0, None)
    stays = bool(recipe.ports)
    status = "Up 1 second\n" if stays else "Exited (0) 1 second ago\n"
    assert prompt.out("docker ps -a --format '{{.Status}}'") == status
    if stays:
        port = recipe.ports[0].removesuffix("/tcp")
        assert prompt.type(f"nc -z -w 1 172.17.0.2 {port}").exit_code == 0


@pytest.mark.parametrize(("asked", "answered"), [
    ("localhost:5000/v2/", "{}"),
    ("localhost:5000/v2/_catalog", '{"repositories":[]}\n'),
    ("-L localhost:5000/v2", "{}"),
    ("localhost:5000/v2/_catalog/", '<a href="/v2/_catalog">Moved Permanently</a>.\n\n'),
    ("localhost:5000/v2/a/b/tags/list", '{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to '
     'registry","detail":{"name":"a/b"}}]}\n'),
    ("localhost:5000/v2/nginx/manifests/latest", '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown",'
     '"detail":{"Tag":"latest"}}]}\n'),
    ("localhost:5000/v2/NGINX/tags/list", "404 page not found\n"),
    ("-X POST localhost:5000/v2/_catalog", "Method not allowed\n"),
    ("localhost:5000", ""),
])  # fmt: skip
def test_a_registry_without_images_answers_as_distribution_does(asked, answered):
    """Observed with distribution 2.8.2 and curl 7.88."""
    prompt = Prompt()
    prompt.type("docker run -d --name registry -p 5000:5000 registry:2")
    assert prompt.out(f"curl -s {asked}") == answered
