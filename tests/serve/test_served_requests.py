"""The Docker Engine API over HTTP, as docs.docker.com/reference/api/engine has it (statuses, headers, error JSON)."""

from __future__ import annotations

import logging
import socket
import stat
import threading

import pytest
from served_lab import Asking, create

from dnetlab.errors import UsageError
from dnetlab.lab import Lab
from dnetlab.serve.server import Tcp
from dnetlab.serve.thread import Served
from dnetlab.sim.programs import launch


def test_each_host_with_docker_has_a_socket_that_only_its_owner_opens(served):
    assert sorted(served.doors.sockets) == ["docker1", "docker2"]
    for path in served.doors.sockets.values():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_ping_tells_what_clients_negotiate_by(served):
    status, headers, body = served.ask("GET", "/_ping")

    assert (status, body) == (200, b"OK")
    assert (headers["Api-Version"], headers["Ostype"]) == ("1.51", "linux")
    assert headers["Server"] == "Docker/28.5.2+dfsg4 (linux)"
    assert (headers["Swarm"], headers["Docker-Experimental"]) == ("inactive", "false")
    assert served.ask("HEAD", "/_ping")[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/v1.51/containers/nosuch/json", 404, "No such container: nosuch"),
        ("GET", "/nosuch", 404, "page not found"),
        ("GET", "/v1.99/info", 400, "client version 1.99 is too new. Maximum supported API version is 1.51"),
        ("GET", "/v1.20/info", 400, "client version 1.20 is too old. Minimum supported API version is 1.24, please "
                                    "upgrade your client to a newer version"),
        ("GET", '/v1.51/containers/json?filters={"a', 400, "invalid filter"),
        ("GET", '/v1.51/containers/json?filters={"foo":["a"]}', 400, "invalid filter 'foo'"),
        ("POST", "/v1.51/session", 501, "POST /session of the Engine API is not modelled. The lab's daemon knows "
                                       "containers, exec, networks, volumes, images, swarm, nodes, services and "
                                       "tasks."),
    ],
)  # fmt: skip
def test_an_error_is_a_status_and_a_message(served, method, path, status, message):
    found, _, body = served.ask(method, path.replace('"', "%22").replace("{", "%7B").replace("}", "%7D"))

    assert (found, body) == (status, {"message": message})


@pytest.mark.parametrize("settings", [{"VolumesFrom": ["nosuch"]}, {"PidMode": "container:nosuch"}])
def test_another_container_that_is_not_there_is_no_image_that_has_to_be_pulled(served, settings):
    status, _, body = served.ask("POST", "/containers/create", {"Image": "busybox", "HostConfig": settings})

    assert (status, body) == (400, {"message": "No such container: nosuch"})


@pytest.mark.parametrize(("settings", "status", "says"), [
    ({"LogConfig": {"Type": "nosuch"}}, 400, 'error looking up logging plugin nosuch: plugin "nosuch" not found'),
    ({"UTSMode": "nosuch"}, 400, "invalid UTS mode: nosuch"),
    ({"VolumeDriver": "nosuch", "Binds": ["v2:/x"]}, 404,
     'create v2: error looking up volume plugin nosuch: plugin "nosuch" not found'),
])  # fmt: skip
def test_a_plugin_that_is_not_there_is_told_with_the_status_of_a_real_daemon(served, settings, status, says):
    # observed on 28.5.2; to 404 the docker command answers by pulling the image
    found, _, body = served.ask("POST", "/containers/create", {"Image": "busybox", "HostConfig": settings})

    assert (found, body) == (status, {"message": says})


def test_what_is_refused_changes_nothing_and_says_what_to_do(served):
    status, _, body = served.ask("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"UsernsMode": "x"}})

    assert status == 501
    assert body["message"].startswith("HostConfig.UsernsMode is not modelled.")
    assert served.lab.snapshot().hosts["docker1"].containers == ()


def test_a_container_lives_as_by_the_docker_command(served):
    # given a container that a client creates and starts
    full = create(served, "web1", "nginx", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}})
    assert served.ask("POST", f"/containers/{full}/start")[0] == 204
    assert served.ask("POST", f"/containers/{full}/start")[0] == 304

    # when looking from the notebook
    (container,) = served.lab.snapshot().hosts["docker1"].containers

    # then it is there, and answers there
    assert (container.name, container.is_running) == ("web1", True)
    assert "Welcome to nginx" in served.lab.run("curl -s localhost:8080").stdout
    assert served.ask("DELETE", "/containers/web1")[0] == 409
    assert served.ask("DELETE", "/containers/web1?force=1")[0] == 204


def test_undo_takes_back_what_a_client_did(served):
    served.ask("POST", "/networks/create", {"Name": "n1"})
    served.ask("POST", "/networks/create", {"Name": "n2"})

    (undone,) = served.lab.undo()

    assert undone.line.text == (
        "curl -s --unix-socket /var/run/docker.sock -X POST -H 'Content-Type: application/json' -d '{\"Name\":\"n2\"}' "
        "http://localhost/networks/create"
    )
    assert [n["Name"] for n in served.ask("GET", "/networks")[2]] == ["bridge", "host", "n1", "none"]


def test_a_journal_brings_back_what_clients_did(folder):
    # given a lab with a journal, in which a client and a student work
    file = folder / "work.journal"
    with Lab(docker="28.5", journal=file) as lab, lab.serve(folder) as doors:
        asked = Asking(lab, doors)
        asked.ask("POST", "/networks/create", {"Name": "n1"})
        lab.run("docker run -d --name web1 --network n1 nginx")
        asked.ask("POST", "/containers/web1/stop?t=1")
        before = lab.snapshot().hosts["docker1"]

    # when another lab resumes it
    with Lab(docker="28.5") as again:
        again.resume(file)
        after = again.snapshot().hosts["docker1"]

    # then it is the same
    assert (after.containers, after.networks) == (before.containers, before.networks)
    assert len(again.entries) == 3


def test_the_headers_of_a_wait_come_before_its_end(served):
    """Clients start a container only when they have them (docker/cli command/container/run.go)."""
    full = create(served, "c1", "busybox", "sh", "-c", "exit 3")
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(str(served.doors.sockets["docker1"]))
    connection.sendall(f"POST /containers/{full}/wait?condition=next-exit HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert connection.recv(1000).startswith(b"HTTP/1.1 200")

    served.ask("POST", f"/containers/{full}/start")

    assert b'{"StatusCode": 3}' in connection.recv(1000)
    connection.close()


def test_a_poll_that_waits_for_ever_blocks_nobody_and_leaves_nothing_when_its_client_dies(served):
    # given a container that never ends and a client that waits for its end
    full = create(served, "web1", "nginx", HostConfig={"AutoRemove": True})
    served.ask("POST", f"/containers/{full}/start")
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(str(served.doors.sockets["docker1"]))
    waiting.sendall(f"POST /containers/{full}/wait HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert waiting.recv(1000).startswith(b"HTTP/1.1 200")

    # when he dies, and the notebook and another client go on
    waiting.close()
    assert served.lab.run("docker exec web1 hostname").stdout == full[:12] + "\n"
    assert served.ask("POST", f"/containers/{full}/kill")[0] == 204

    # then nobody holds it: it goes
    served.ask("POST", f"/containers/{full}/wait?condition=removed")
    assert served.ask("GET", f"/containers/{full}/json")[0] == 404


def test_many_clients_at_once_lose_nothing(served):
    def work(number: int) -> None:
        for one in range(5):
            statuses.append(served.ask("POST", "/networks/create", {"Name": f"n{number}-{one}"})[0])

    statuses: list[int] = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [201] * 20
    assert len(served.ask("GET", "/networks")[2]) == 23


def test_a_fault_in_one_containers_program_is_not_the_others(served, told_faults, monkeypatch):
    # given a container that does something each second, and a fault of ours that it meets
    logging.getLogger("dnetlab").removeHandler(told_faults)
    served.lab.run("docker run -d --name bad busybox sh -c 'while true; do sleep 1; done'")

    def fails(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(launch, "_loop_on", fails)

    # when time passes there
    create(served, "good", "busybox", "sleep", "5")
    served.ask("POST", "/containers/good/start")
    served.ask("POST", "/containers/good/wait")

    # then everybody is answered, and that container has ended
    states = {row["Names"][0]: row["State"] for row in served.ask("GET", "/containers/json?all=1")[2]}
    assert states == {"/bad": "exited", "/good": "exited"}
    assert served.ask("GET", "/containers/bad/json")[2]["State"]["ExitCode"] == 70
    assert served.ask("POST", "/containers/good/start")[0] == 204


def test_a_fault_under_an_open_connection_closes_it_and_no_other(served, told_faults, monkeypatch):
    logging.getLogger("dnetlab").removeHandler(told_faults)
    full = create(served, "box", Tty=True, OpenStdin=True)
    served.ask("POST", f"/containers/{full}/start")
    wire = served.hijack(f"/containers/{full}/attach?stream=1&stdin=1&stdout=1")
    wire.until(b"/ # ")

    def fails(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(served.lab, "type", fails)
    wire.send(b"ls\r")

    assert wire.rest() == b"ls\r\n"
    assert served.ask("GET", "/_ping")[0] == 200


def test_a_host_whose_daemon_is_stopped_answers_nobody(served):
    served.lab.run("systemctl stop docker")

    with pytest.raises(ConnectionError):
        served.ask("GET", "/_ping")

    served.lab.run("systemctl start docker")
    assert served.ask("GET", "/_ping")[0] == 200


# -- doors ------------------------------------------------------------------------------------------------------------


def test_a_socket_that_a_dead_server_left_is_replaced_and_that_of_a_living_one_is_not(folder):
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(folder / "docker1.sock"))
    left.close()

    with Lab() as lab, lab.serve(folder), Lab() as other, pytest.raises(UsageError, match="answers there already"):
        other.serve(folder)


def test_a_file_in_the_place_of_a_socket_is_left_alone(folder):
    (folder / "docker1.sock").write_text("mine")

    with Lab() as lab, pytest.raises(UsageError, match="something else is there"):
        lab.serve(folder)

    assert (folder / "docker1.sock").read_text() == "mine"


def test_closing_takes_the_sockets_away_and_leaves_the_lab(folder):
    with Lab() as lab:
        lab.serve(folder).close()

        assert list(folder.iterdir()) == []
        assert lab.run("docker ps -q").exit_code == 0


@pytest.mark.parametrize("tcp", [Tcp(0), Tcp(0, "0.0.0.0", "secret"), Tcp(0, "192.0.2.1", "secret")])
def test_a_port_is_open_to_nobody_without_a_secret_and_never_beyond_loopback(tcp):
    with pytest.raises(UsageError):
        tcp.check()


def test_a_client_on_tcp_says_the_token(folder):
    import http.client

    with Lab() as lab, Served(lab, folder, tcp=Tcp(0, token="secret")) as doors:
        where = doors.urls["docker1 tcp"].removeprefix("tcp://")

        def ask(**headers: str) -> int:
            connection = http.client.HTTPConnection(where, timeout=20)
            connection.request("GET", "/_ping", headers=headers)
            status = connection.getresponse().status
            connection.close()
            return status

        assert ask() == 401
        assert ask(Authorization="Bearer wrong") == 401
        assert ask(Authorization="Bearer secret") == 200
