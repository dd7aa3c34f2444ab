"""Swarm on the simulator: who is in it, overlay networks across hosts, services. Values as 29.7.2 and 20.10.24 gave
them (tests/recordings/29.7/swarm.jsonl, 20.10/swarm_*.jsonl), where no other source is named."""

from __future__ import annotations

import pytest

from dnetlab.explain.reasons import LetGossipThrough, NotHeardOf
from dnetlab.explain.why import why
from dnetlab.model import Request, Where
from dnetlab.sim.dockercli import clusterverbs, dispatch
from dnetlab.sim.dockerd import http
from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")

JOIN = "docker2# docker swarm join --token $(ssh docker1 docker swarm join-token -q worker) 172.25.254.1:2377"


@pytest.fixture
def prompt() -> Prompt:
    """Two nodes: docker1 manages, docker2 works; the ingress network stands on both."""
    found = Prompt("29.7")
    found.out("docker1# docker swarm init")
    found.out(JOIN)
    found.out("docker1# sleep 5")
    return found


@pytest.fixture
def overlay(prompt: Prompt) -> Prompt:
    """An attachable network with one container on each host."""
    prompt.out("docker1# docker network create -d overlay --attachable test-net")
    prompt.out("docker1# docker run -d --name aa --network test-net nginx")
    prompt.out("docker2# docker run -d --name bb --network test-net nginx")
    return prompt


# -- who is in it ----------------------------------------------------------------------------------------------------


def test_a_node_joins_with_the_token_that_the_manager_tells_over_ssh():
    # given a swarm of one
    prompt = Prompt("29.7")
    prompt.out("docker1# docker swarm init")

    # when another host joins with the token
    said = prompt.out(JOIN)

    # then it works, and the manager lists both
    assert said == "This node joined a swarm as a worker.\n"
    listed = prompt.out("docker1# docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}'")
    assert listed == "docker1 Ready Leader\ndocker2 Ready \n"


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ("ip addr add 10.9.9.1/24 dev enp7s0",
         "multiple addresses on different interfaces (172.25.254.1 on eth0 and 10.9.9.1 on enp7s0)"),
        ("ip addr add 10.9.9.1/24 dev eth0",
         "multiple addresses on interface eth0 (172.25.254.1 and 10.9.9.1)"),
    ],
)  # fmt: skip
def test_a_host_of_two_addresses_must_say_which_one_it_shows(more, where):
    # the words of moby daemon/cluster/listen_addr.go; the first was given by 20.10.24
    prompt = Prompt("20.10")
    prompt.out(more)

    output = prompt.type("docker swarm init")

    assert output.stderr == (
        f"Error response from daemon: could not choose an IP address to advertise since this system has {where} - "
        "specify one with --advertise-addr\n"
    )
    assert prompt.out("docker swarm init --advertise-addr 172.25.254.1").startswith("Swarm initialized")
    assert prompt.out("docker node inspect -f '{{.ManagerStatus.Addr}}' self") == "172.25.254.1:2377\n"


def test_the_same_seed_gives_the_same_tokens():
    tokens = {Prompt("29.7").out("docker1# docker swarm init") for _ in range(2)}

    assert len(tokens) == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("docker2# docker node ls", "This node is not a swarm manager. Worker nodes can't be used to view or modify "
         "cluster state. Please run this command on a manager node or promote the current node to a manager."),
        ("docker2# docker swarm init", "This node is already part of a swarm. Use \"docker swarm leave\" to leave this "
         "swarm and join another one."),
        ("docker2# docker network create -d overlay mine", "This node is not a swarm manager. Use \"docker swarm "
         "init\" or \"docker swarm join\" to connect this node to swarm and try again."),
        ("docker1# docker swarm leave", "You are attempting to leave the swarm on a node that is participating as a "
         "manager. Removing the last manager erases all current state of the swarm. Use `--force` to ignore this "
         "message."),
    ],
)  # fmt: skip
def test_what_a_node_may_not_do_is_said_in_the_daemons_words(prompt, line, problem):
    assert prompt.err(line) == f"Error response from daemon: {problem}\n"


def test_a_worker_that_left_is_down_after_some_seconds(prompt):
    # given a worker that says goodbye
    prompt.out("docker2# docker swarm leave")
    state = "docker1# docker node inspect -f '{{.Status.State}}' docker2"

    # when the manager misses three of its signs of life
    before = prompt.out(state)
    prompt.out("docker1# sleep 15")

    # then it calls the node down, and it can be removed
    assert (before, prompt.out(state)) == ("ready\n", "down\n")
    assert prompt.out("docker1# docker node rm docker2") == "docker2\n"


def test_a_firewall_before_port_2377_keeps_a_node_out():
    # given a manager whose host refuses the port
    prompt = Prompt("29.7")
    prompt.out("docker1# docker swarm init")
    prompt.out("docker1# iptables -I INPUT -p tcp --dport 2377 -j REJECT --reject-with tcp-reset")

    # when another host wants to join
    problem = prompt.err(JOIN)

    # then it is told that the connection was refused
    assert problem.endswith("dial tcp 172.25.254.1:2377: connect: connection refused\"\n")


def test_a_worker_becomes_a_manager_and_a_worker_again(prompt):
    assert prompt.out("docker1# docker node promote docker2") == "Node docker2 promoted to a manager in the swarm.\n"
    assert prompt.out("docker2# docker node ls -q").count("\n") == 2
    assert prompt.out("docker1# docker node demote docker2") == "Manager docker2 demoted in the swarm.\n"
    assert "Worker nodes can't" in prompt.err("docker2# docker node ls")


# -- overlay networks ------------------------------------------------------------------------------------------------


def test_addresses_are_handed_out_for_all_hosts_together(overlay):
    # given a container on each host, when looking at the network on each
    first = overlay.out("docker1# docker network inspect -f '{{range .Containers}}{{.IPv4Address}} {{end}}' test-net")
    second = overlay.out("docker2# docker network inspect -f '{{range .Containers}}{{.IPv4Address}} {{end}}' test-net")

    # then each has its container and its load balancer, in the order in which they came
    assert first == "10.0.1.2/24 10.0.1.3/24 \n"
    assert second == "10.0.1.4/24 10.0.1.5/24 \n"


def test_a_host_lists_the_network_once_a_container_of_its_own_is_in_it(prompt):
    # given a network that only docker1 uses
    prompt.out("docker1# docker network create -d overlay --attachable test-net")
    prompt.out("docker1# docker run -d --name aa --network test-net nginx")
    listing = "docker2# docker network ls --filter driver=overlay --format '{{.Name}}'"
    before = prompt.out(listing)

    # when docker2 has a container in it, and then none
    prompt.out("docker2# docker run -d --name bb --network test-net nginx")
    during = prompt.out(listing)
    prompt.out("docker2# docker rm -f bb")

    # then it was listed as long as the container was there
    assert (before, during, prompt.out(listing)) == ("ingress\n", "ingress\ntest-net\n", "ingress\n")


def test_containers_find_each_other_by_name_and_reach_each_other_through_the_tunnel(overlay):
    assert "1 packets received" in overlay.out("docker1# docker exec aa ping -c 1 bb")
    assert overlay.out("docker2# docker exec bb curl -s -o /dev/null -w '%{http_code}' aa") == "200"
    assert overlay.out("docker1# docker exec aa ip route") == (
        "default via 172.18.0.1 dev eth1 \n"
        "10.0.1.0/24 dev eth0 scope link  src 10.0.1.2 \n"
        "172.18.0.0/16 dev eth1 scope link  src 172.18.0.3 \n"
    )
    assert "mtu 1450" in overlay.out("docker1# docker exec aa ip link show eth0")


def test_without_udp_4789_names_are_known_and_nothing_gets_through(overlay):
    # given a firewall that drops VXLAN on its way in
    overlay.out("docker2# iptables -I INPUT -p udp --dport 4789 -j DROP")

    # when pinging across
    said = overlay.type("docker1# docker exec aa ping -c 1 -W 1 bb").stdout

    # then the name is still answered, the packets are lost
    assert said.startswith("PING bb (10.0.1.4)") and "100% packet loss" in said


def test_without_port_7946_the_hosts_do_not_hear_of_each_others_containers(prompt):
    # given a firewall that keeps the gossip out
    for protocol in ("udp", "tcp"):
        prompt.out(f"docker2# iptables -I INPUT -p {protocol} --dport 7946 -j DROP")
    prompt.out("docker1# docker network create -d overlay --attachable test-net")
    prompt.out("docker1# docker run -d --name aa --network test-net nginx")
    prompt.out("docker2# docker run -d --name bb --network test-net nginx")

    # when asking for the other by name, then nobody knows it
    assert "bad address 'bb'" in prompt.err("docker1# docker exec aa ping -c 1 bb")


def test_a_published_port_is_served_again_after_the_daemon_was_restarted(prompt):
    # given a published service, and a daemon that starts anew
    prompt.type("docker1# docker service create --name web -p 8080:80 --mode global nginx")
    prompt.out("docker1# systemctl restart docker")

    # when the daemon has set up its part of the ingress network
    prompt.out("docker1# sleep 6")

    # then the port is served, and the ingress chain stands before the daemon's own
    assert prompt.out("client# curl -s -o /dev/null -w '%{http_code}' 172.25.254.1:8080") == "200"
    # (moby 29.7.2 daemon/libnetwork/service_linux.go, initIngressConfiguration)
    assert prompt.out("docker1# iptables -S FORWARD").splitlines()[1:] == [
        "-A FORWARD -j DOCKER-USER", "-A FORWARD -j DOCKER-FORWARD",
    ]  # fmt: skip
    assert prompt.out("docker1# iptables -S DOCKER-FORWARD").splitlines()[1:3] == [
        "-A DOCKER-FORWARD -j DOCKER-INGRESS", "-A DOCKER-FORWARD -j DOCKER-CT",
    ]  # fmt: skip


def test_without_a_majority_of_managers_nobody_answers(prompt):
    # given two managers, one of which goes
    prompt.out("docker1# docker node promote docker2")
    prompt.out("docker1# systemctl stop docker")

    # then the other can't say anything about the swarm
    assert "The swarm does not have a leader." in prompt.err("docker2# docker node ls")


def test_a_plain_overlay_is_for_services_only(prompt):
    prompt.out("docker1# docker network create -d overlay plain")
    prompt.out("docker1# docker run -d --name aa nginx")

    assert prompt.err("docker1# docker network connect plain aa") == (
        "Error response from daemon: Could not attach to network plain: rpc error: code = PermissionDenied desc = "
        "network plain not manually attachable\n"
    )


def test_a_published_port_of_a_container_in_an_overlay_goes_over_docker_gwbridge(prompt):
    prompt.out("docker1# docker network create -d overlay --attachable test-net")
    prompt.out("docker1# docker run -d --name aa --network test-net -p 8080:80 nginx")

    assert prompt.out("client# curl -s -o /dev/null -w '%{http_code}' 172.25.254.1:8080") == "200"


# -- services --------------------------------------------------------------------------------------------------------


def test_tasks_are_spread_and_come_back_on_another_node_when_theirs_is_drained(prompt):
    # given two tasks on two nodes
    prompt.type("docker1# docker service create --name web --replicas 2 nginx")
    where = "docker1# docker service ps web --filter desired-state=running --format '{{.Node}}'"
    before = sorted(prompt.out(where).split())

    # when one node is drained
    prompt.out("docker1# docker node update --availability drain docker2")

    # then both run on the other
    assert (before, prompt.out(where).split()) == (["docker1", "docker2"], ["docker1", "docker1"])


def test_a_service_has_an_address_of_its_own_and_tasks_have_theirs(overlay):
    overlay.type("docker1# docker service create --name vip --network test-net --replicas 2 nginx")

    assert "Address: 10.0.1.6\n" in overlay.out("docker1# docker exec aa nslookup vip")
    tasks = overlay.out("docker1# docker exec aa nslookup tasks.vip")
    assert "10.0.1.7" in tasks and "10.0.1.8" in tasks


def test_with_dnsrr_the_name_stands_for_the_tasks(overlay):
    create = "docker service create --network test-net --endpoint-mode dnsrr --replicas 2"
    overlay.type(f"docker1# {create} --name dns nginx")

    answer = overlay.out("docker1# docker exec aa nslookup dns")

    assert "10.0.1.6" in answer and "10.0.1.7" in answer


def test_a_port_in_host_mode_is_published_where_a_task_runs(prompt):
    prompt.type("docker1# docker service create --name web --publish mode=host,target=80,published=9090 "
                "--mode global nginx")  # fmt: skip

    for address in ("172.25.254.1", "172.25.254.2"):
        assert prompt.out(f"client# curl -s -o /dev/null -w '%{{http_code}}' {address}:9090") == "200"


def test_a_task_whose_program_ends_is_replaced_and_stays_in_the_history(prompt):
    # given a service whose task is killed
    prompt.type("docker1# docker service create --name web nginx")
    node = prompt.out("docker1# docker service ps web --format '{{.Node}}'").strip()
    prompt.out(f"{node}# docker kill $(docker ps -q)")

    # when some seconds have gone by
    prompt.out("docker1# sleep 6")

    # then a new one runs, and the old one is listed below it
    shown = prompt.out("docker1# docker service ps web --format '{{.Name}} {{.DesiredState}} {{.Error}}'")
    assert shown == 'web.1 Running \nweb.1 Shutdown "task: non-zero exit (137)"\n'
    table = prompt.out("docker1# docker service ps web --format 'table {{.Name}} {{.DesiredState}}'")
    assert table == "NAME DESIRED STATE\nweb.1 Running\n \\_ web.1 Shutdown\n"


def test_a_constraint_that_no_node_meets_leaves_the_task_pending(prompt):
    prompt.type("docker1# docker service create -d --name web --constraint node.labels.zone==a nginx")

    shown = prompt.out("docker1# docker service ps web --no-trunc --format '{{.CurrentState}} {{.Error}}'")

    assert shown.startswith("Pending ")
    assert '"no suitable node (scheduling constraints not satisfied on 2 nodes)"' in shown


def test_a_published_port_leads_to_a_task_from_every_node(prompt):
    # given one task, on one of two nodes (Docker's documents: "Use Swarm mode routing mesh")
    prompt.type("docker1# docker service create --name web -p 8080:80 nginx")

    # when asking each node, the one without a task too, from outside and from itself
    places = ("client# curl 172.25.254.1:8080", "client# curl 172.25.254.2:8080", "docker1# curl 127.0.0.1:8080",
              "docker2# curl 127.0.0.1:8080")  # fmt: skip
    answers = [prompt.out(f"{place} -s -o /dev/null -w '%{{http_code}}'") for place in places]

    # then the page comes
    assert answers == ["200"] * 4


def test_tasks_behind_a_virtual_address_take_turns(overlay):
    # given two tasks and a container beside them
    overlay.type("docker1# docker service create --name vip --network test-net --replicas 2 nginx")

    # when it asks the service's name four times
    for _ in range(4):
        overlay.out("docker1# docker exec aa curl -s -o /dev/null vip")

    # then both tasks have answered
    lines = overlay.type("docker1# docker service logs vip").stdout.splitlines()
    assert {line.split(".")[1] for line in lines if "GET /" in line} == {"1", "2"}


# -- ssh -------------------------------------------------------------------------------------------------------------


def test_ssh_runs_a_command_on_another_host_with_its_exit_status(prompt):
    assert prompt.out("docker1# ssh docker2 hostname") == "docker2\n"
    assert prompt.type("docker1# ssh docker2 false").exit_code == 1


def test_ssh_meets_the_other_hosts_firewall(prompt):
    prompt.out("docker2# iptables -I INPUT -p tcp --dport 22 -j DROP")

    assert prompt.err("docker1# ssh docker2 hostname", 255) == (
        "ssh: connect to host 172.25.254.2 port 22: Connection timed out\n"
    )


def test_scp_copies_a_small_file_there_and_back(prompt):
    prompt.out("docker1# scp /etc/hostname docker2:/root/name")
    prompt.out("docker1# scp docker2:/root/name /root/again")

    assert prompt.out("docker2# cat /root/name") == prompt.out("docker1# cat /root/again") == "docker1\n"


def test_scp_copies_a_directory_with_all_in_it_into_one_that_is_there_or_as_one_of_that_name(prompt):
    prompt.out("mkdir -p /tmp/d/e && echo a > /tmp/d/a && echo b > /tmp/d/e/b")

    prompt.out("scp -r /tmp/d docker2:/tmp/ && scp -r docker2:/tmp/d /tmp/back")

    assert prompt.out("ssh docker2 cat /tmp/d/a /tmp/d/e/b") == "a\nb\n"
    assert prompt.out("cat /tmp/back/a /tmp/back/e/b") == "a\nb\n"


@pytest.mark.parametrize("words", ["docker2 -- hostname", "-q docker2 -q hostname", "-- docker2 hostname"])
def test_options_of_ssh_may_stand_behind_the_host_and_end_with_two_dashes(prompt, words):
    assert prompt.out(f"ssh {words}") == "docker2\n"


# -- why -------------------------------------------------------------------------------------------------------------


def test_why_names_the_port_that_keeps_a_name_from_being_heard_of(prompt):
    # given a firewall before the gossip, and a container on each side of it
    for protocol in ("udp", "tcp"):
        prompt.out(f"docker2# iptables -I INPUT -p {protocol} --dport 7946 -j DROP")
    prompt.out("docker1# docker network create -d overlay --attachable test-net")
    prompt.out("docker1# docker run -d --name aa --network test-net nginx")
    prompt.out("docker2# docker run -d --name bb --network test-net nginx")

    # when asking why the name isn't known
    snapshot = prompt.world.snapshot()
    asker = snapshot.hosts["docker1"].container("aa")
    found = why(snapshot, Where("docker1", asker.namespace), None, name="bb")

    # then it is that the hosts don't hear each other
    assert found.cause == NotHeardOf("bb", "docker2", "docker1", "test-net")
    assert found.fix == LetGossipThrough("docker1", "docker2")


def test_dockerd_listens_on_the_published_ports_of_a_service_on_every_host(prompt):
    prompt.type("docker1# docker service create -q --name web -p 8080:80 nginx")

    for host in ("docker1", "docker2"):
        listening = prompt.out(f"{host}# ss -tln")
        assert [line.split()[0] for line in listening.splitlines() if ":8080 " in line] == ["LISTEN"]


# -- what is rarely typed --------------------------------------------------------------------------------------------


def test_without_a_port_the_manager_is_asked_at_2377():
    # moby daemon/cluster/swarm.go: validateAddr fills in defaultAddr, 0.0.0.0:2377
    prompt = Prompt("29.7")
    told = prompt.out("docker1# docker swarm init")
    listening = prompt.out("docker1# ss -tln")
    joined = prompt.out(JOIN.removesuffix(":2377"))

    assert " 172.25.254.1:2377\n" in told
    assert "*:2377 " in listening
    assert joined == "This node joined a swarm as a worker.\n"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("eth0", ""),
        ("172.25.254.1", ""),
        ("nosuch", "data path address must be a non-zero IP address or network interface (without a port number)"),
        ("0.0.0.0", "data path address must be a non-zero IP address or network interface (without a port number)"),
    ],
)
def test_the_way_of_the_data_is_an_address_or_an_interface(asked: str, said: str):
    # moby daemon/cluster/errors.go: errBadDataPathAddr
    output = Prompt("29.7").type(f"docker1# docker swarm init --data-path-addr {asked}")

    assert output.stderr.strip() == (f"Error response from daemon: {said}" if said else "")


def test_a_host_that_left_and_joined_again_is_two_nodes_and_its_name_says_too_little(prompt: Prompt):
    # moby daemon/cluster/helpers.go: getNode
    prompt.out("docker2# docker swarm leave")
    prompt.out("docker1# sleep 30")
    prompt.out(JOIN)

    said = prompt.type("docker1# docker node inspect docker2").stderr
    assert said == "Error response from daemon: node docker2 is ambiguous (2 matches found)\n"


def test_tasks_of_a_node_that_was_removed_by_force_run_elsewhere(prompt: Prompt):
    prompt.type("docker1# docker service create --name s --replicas 2 --detach nginx")
    prompt.out("docker1# sleep 5")
    prompt.out("docker1# docker node rm --force docker2")
    prompt.out("docker1# sleep 5")

    running = "docker1# docker service ps s --filter desired-state=running --format '{{.Node}} {{.DesiredState}}'"
    assert prompt.out(running) == "docker1 Running\ndocker1 Running\n"


def test_a_host_that_left_and_came_back_is_two_nodes_of_one_name(prompt):
    # 28.5.2
    prompt.out("docker2# docker swarm leave")
    prompt.out(JOIN)

    assert prompt.err("docker1# docker node inspect docker2") == (
        "Error response from daemon: node docker2 is ambiguous (2 matches found)\n"
    )
    told = http.answer(prompt.world, "docker1", Request("GET", "/nodes/docker2"))
    assert (told.status, told.value) == (400, {"message": "node docker2 is ambiguous (2 matches found)"})


def test_a_service_that_is_changed_has_a_higher_version_and_its_tasks_are_told(prompt):
    prompt.type("docker1# docker service create -q --name s1 nginx")
    number = "docker1# docker service inspect -f '{{.Version.Index}}' s1"
    numbers = [int(prompt.out(number))]
    for label in ("a=b", "a=c", "a=d"):
        prompt.type(f"docker1# docker service update -q --label-add {label} s1")
        numbers.append(int(prompt.out(number)))

    assert numbers == sorted(set(numbers))
    (task,) = prompt.out("docker1# docker service ps -q s1").split()[:1]
    told = http.answer(prompt.world, "docker1", Request("GET", f"/tasks/{task}"))
    assert told.status == 200 and told.value["ID"].startswith(task)
    body = http.answer(prompt.world, "docker1", Request("GET", "/services/s1")).value["Spec"]
    asked = Request("POST", "/services/s1/update", {"version": str(numbers[-1])}, body)
    assert http.answer(prompt.world, "docker1", asked).status == 200


def test_vxlan_packets_go_to_the_data_path_address_told_by_interface_or_number():
    for asked in ("enp7s0", "10.9.9.1"):
        prompt = Prompt("28.5")
        prompt.out("ip addr add 10.9.9.1/24 dev enp7s0")

        prompt.out(f"docker swarm init --advertise-addr 172.25.254.1 --data-path-addr {asked}")

        node = prompt.out("docker node inspect -f '{{.Status.Addr}} {{.ManagerStatus.Addr}}' self")
        assert node == "172.25.254.1 172.25.254.1:2377\n"


def test_whatever_a_swarms_commands_begin_with_is_looked_for_among_them():
    assert {operation[0] for operation in clusterverbs.VERBS} == set(dispatch.CLUSTER)


def test_a_service_without_a_name_is_given_one_and_a_nodes_own_network_is_none_for_services(prompt):
    prompt.out("docker network create own")

    prompt.type("docker service create --detach --quiet busybox sleep 1000")

    assert "_" in prompt.out("docker service ls --format '{{.Name}}'")
    assert prompt.err("docker service create --network own busybox") == (
        "Error response from daemon: network own not found\n"
    )
    body = {"Name": "s", "TaskTemplate": {"ContainerSpec": {"Image": "busybox"}, "Networks": [{"Target": "own"}]}}
    told = http.answer(prompt.world, "docker1", Request("POST", "/services/create", {}, body))
    assert (told.status, told.value["message"]) == (
        403, "The network own cannot be used with services. Only networks scoped to the swarm can be used, such as "
        "those created with the overlay driver.",
    )  # fmt: skip
