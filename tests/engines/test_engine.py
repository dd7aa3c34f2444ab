"""The real engine answers the protocol of the simulator with the same values."""

from __future__ import annotations

import shutil
from contextlib import closing
from ipaddress import IPv4Address, IPv4Network

import pytest

from dnetlab.commands.cell import parse_cell
from dnetlab.engines.docker import DockerEngine
from dnetlab.engines.simulator import Simulator
from dnetlab.errors import UsageError
from dnetlab.model import ContainerState, LinkKind, Packet, Protocol, Where

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def engine(hosts):
    made = DockerEngine(hosts=hosts)
    run(
        made,
        "docker1# docker network create my_net1\n"
        "docker1# docker run -d --name web1 -p 80:80 nginx\n"
        "docker1# docker run -d --name web2 --network my_net1 nginx\n"
        "docker1# docker run -d --name joined --network container:web2 busybox sleep 600\n"
        "docker1# docker run -d --name hosty --network host busybox sleep 600\n"
        "docker1# docker run --name done busybox true",
    )
    yield made
    made.close()


def run(engine, text):
    return [engine.run(line) for line in parse_cell(text)]


def test_a_line_runs_verbatim_with_its_streams_and_status(engine):
    good, bad = run(engine, "docker1# docker inspect -f '{{.State.Running}}' web1\ndocker1# docker inspect nosuch")

    assert (good.stdout, good.stderr, good.exit_code, good.prompt) == ("true\n", "", 0, "[root@docker1 ~]# ")
    assert (bad.stdout, bad.stderr, bad.exit_code) == ("[]\n", "Error: No such object: nosuch\n", 1) or (
        bad.stdout,
        bad.stderr,
        bad.exit_code,
    ) == ("[]\n", "Error response from daemon: No such object: nosuch\n", 1)


def test_what_the_cell_language_leaves_out_is_refused_and_not_run(engine):
    output = run(engine, "docker1# touch /root/made &")[0]

    assert output.refused is not None
    assert engine.hosts.run("docker1", "ls /root/made").exit_code == 2


def test_redirections_and_loops_run_in_the_shell_of_the_host(engine):
    wrote, read = run(engine, "docker1# for n in 1 2; do echo $n; done > /root/counted\ndocker1# cat < /root/counted")

    assert (wrote.stdout, wrote.stderr, wrote.exit_code) == ("", "", 0)
    assert read.stdout == "1\n2\n"


def test_a_terminal_stays_open_until_exit(engine):
    opened, address, answer, left = run(
        engine,
        "docker1# docker run -it --rm --name term --network my_net1 busybox\n"
        "/ # hostname -i\n/ # ping -c 1 web2\n/ # exit 3",
    )

    assert (opened.stdout, opened.exit_code) == ("", 0)
    assert address.stdout == "172.18.0.3\n" and address.line.container == "term" and address.prompt == "/ # "
    assert answer.exit_code == 0
    assert left.exit_code == 3
    assert engine.prompt("docker1") == "[root@docker1 ~]# "
    assert engine.snapshot().find_container("term") is None


def test_a_terminal_opens_in_the_container_that_the_line_finds(engine):
    opened, address, _ = run(
        engine, "docker1# docker exec -it $(docker ps -q --filter name=web1) sh\n/ # hostname -i\n/ # exit"
    )

    assert (opened.stdout, opened.stderr, opened.exit_code) == ("", "", 0)
    assert (address.stdout, address.line.container) == ("172.17.0.2\n", "web1")


def test_a_shell_that_the_image_lacks_is_said_in_dockers_words(engine):
    executed, started = run(engine, "docker1# docker exec -it web1 bash\ndocker1# docker run -it --rm busybox bash")

    assert executed.stdout.rstrip() == (
        'OCI runtime exec failed: exec failed: unable to start container process: exec: "bash": executable file not '
        "found in $PATH: unknown"
    )
    assert (executed.exit_code, started.exit_code, started.stdout) == (126, 127, "")
    assert 'exec: "bash": executable file not found in $PATH' in started.stderr
    assert engine.prompt("docker1") == "[root@docker1 ~]# "


@pytest.mark.parametrize(
    "text",
    ["client# yes", "docker1# docker exec web1 cat /dev/zero", "docker1# docker exec -it web1 sh\n/ # yes\n/ # exit"],
)
def test_a_line_that_never_stops_talking_is_ended_and_a_sentence_says_so(engine, text):
    outputs = run(engine, text)

    loud = max(outputs, key=lambda output: len(output.stdout))
    assert len(loud.stdout) <= 1 << 20
    assert loud.stderr == (
        "dnetlab: The command said more than 1024 KiB, so it was ended as by Ctrl-C, and the rest is not shown.\n"
    )
    assert engine.hosts.run("docker1", "pgrep -x 'yes|cat'").stdout == "", "nothing of it goes on in the container"


def test_a_line_at_a_terminal_that_nobody_opened_is_refused(engine):
    assert run(engine, "/ # ip addr")[0].refused.reason.startswith("No container's terminal is open")


def test_a_ping_without_an_end_shows_three_answers_and_ctrl_c(engine):
    output = run(engine, "docker1# docker exec web1 ping 172.17.0.1")[0]

    assert output.stdout.count("bytes from") == 3
    assert "\n^C\n--- 172.17.0.1 ping statistics ---\n" in output.stdout
    assert output.exit_code == 0


def test_a_question_shows_its_answer(engine):
    output = run(engine, "docker1# docker volume prune\ny")[0]

    assert output.stdout.splitlines()[1] == "Are you sure you want to continue? [y/N] y"


def test_containers_carry_what_docker_and_the_kernel_say(engine):
    host = engine.snapshot().hosts["docker1"]

    web1 = host.container("web1")
    assert (web1.state, web1.command, web1.namespace) == (
        ContainerState.RUNNING,
        ("nginx", "-g", "daemon off;"),
        web1.short_id,
    )
    endpoint = web1.endpoints[0]
    assert (endpoint.network, endpoint.address, endpoint.gateway) == (
        "bridge",
        IPv4Address("172.17.0.2"),
        IPv4Address("172.17.0.1"),
    )
    assert endpoint.interface == "eth0"
    assert host.stack.interface(endpoint.host_interface).master == "docker0"
    assert [str(port) for port in web1.ports] == ["0.0.0.0:80->80/tcp", "[::]:80->80/tcp"]
    assert host.container("joined").namespace == host.container("web2").short_id
    assert host.container("hosty").namespace == "host"
    assert (host.container("done").state, host.container("done").exit_code) == (ContainerState.EXITED, 0)
    assert host.container("done").namespace is None


def test_a_veth_pair_names_both_its_ends(engine):
    host = engine.snapshot().hosts["docker1"]
    inside = host.namespaces[host.container("web2").short_id].interface("eth0")

    outside = host.stack.by_index(inside.peer.index)

    assert outside.peer.namespace == host.container("web2").short_id
    assert outside.peer.index == inside.index
    assert host.stack.interface(outside.master).kind is LinkKind.BRIDGE


def test_nics_are_plugged_into_the_labs_switches(engine):
    snapshot = engine.snapshot()

    assert [name for name, _ in snapshot.plugged_into("lan")] == ["docker1", "docker2", "client"]
    assert [(name, i.promiscuous) for name, i in snapshot.plugged_into("trunk")] == [
        ("docker1", True),
        ("docker2", True),
    ]


def test_networks_sockets_and_processes_are_seen(engine):
    host = engine.snapshot().hosts["docker1"]

    my_net1 = host.network("my_net1")
    assert (my_net1.driver, my_net1.subnets[0].subnet) == ("bridge", IPv4Network("172.18.0.0/16"))
    assert host.network("bridge").subnets[0].gateway == IPv4Address("172.17.0.1")
    proxies = [s for s in host.stack.sockets if s.program == "docker-proxy"]
    assert [(str(s.local_address), s.local_port) for s in proxies] == [("0.0.0.0", 80), ("::", 80)]
    nginx = [p for p in host.processes if p.namespace == host.container("web1").short_id]
    assert [p.command.split(":")[1].split()[0] for p in nginx] == ["master", "worker"]
    assert host.docker_running and not engine.snapshot().hosts["client"].has_docker


@pytest.mark.skipif(shutil.which("nft") is None, reason="nft is not installed on this machine")
def test_the_tables_of_nft_are_seen_and_decide_as_in_the_simulator(engine):
    # Given a table of nft beside those of iptables, on the real lab and in the simulator
    text = (
        "docker1# nft add table ip mine '{ chain before { type filter hook input priority -1; }; }'\n"
        "docker1# nft 'add map ip mine m { type inet_service : verdict; elements = { 80 : drop }; }'\n"
        "docker1# nft add rule ip mine before tcp dport vmap @m\n"
    )
    with closing(Simulator()) as simulator:
        run(simulator, text)
        run(engine, text)
        tables = [e.snapshot().hosts["docker1"].stack.nftables.tables for e in (engine, simulator)]
    run(engine, "docker1# nft delete table ip mine")

    # Then both snapshots hold the same, handles included; the number of the table itself counts iptables' tables too
    assert [t.label for t in tables[0]] == ["ip mine"]
    assert [(t.chains, t.sets) for t in tables[0]] == [(t.chains, t.sets) for t in tables[1]]
    assert tables[0][0].chains[0].rules[0].handle == 3


def test_forward_explains_a_packet_that_the_real_lab_carries(engine):
    from dnetlab.net.forward import forward

    reached = run(engine, "client# curl -s -o /dev/null -w '%{http_code}' 172.25.254.1")[0]
    packet = Packet(
        IPv4Address("172.25.254.38"), IPv4Address("172.25.254.1"), Protocol.TCP, 40000, 80, flags="S", size=60
    )

    exchange = forward(engine.snapshot(), Where("client"), packet, 0.0)

    assert reached.stdout == "200"
    assert exchange.request.disposition.name == "DELIVERED"


def test_a_stopped_daemon_shows_no_containers_and_its_network_stack_all_the_same(engine):
    run(engine, "docker2# systemctl stop docker")

    host = engine.snapshot().hosts["docker2"]

    assert not host.docker_running and host.containers == ()
    assert host.stack.interface("docker0") is not None
    assert run(engine, "docker2# systemctl start docker\ndocker2# docker ps -q")[-1].exit_code == 0


def test_a_release_that_nobody_has_is_a_usage_error():
    with pytest.raises(UsageError, match="no real engine of Docker '29.7'"):
        DockerEngine("29.7")
