"""What a lesson says of an output is true on every release that it names: the lessons run, and each claim is looked up.

29.7 is held by recordings of a real engine (test_recordings.py); what differs there is looked up in them here, too.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lesson_claims_across import ACROSS
from tests.lesson_claims_doors import DOORS
from tests.lesson_runs import NOTEBOOKS, RELEASES, Claim, Shown, cells, prose, run

RECORDED = Path(__file__).resolve().parent / "recordings"
OLD, TO_28, FROM_28 = ("20.10", "26.1"), ("20.10", "26.1", "28.5"), ("28.5", "29.7")
ONLY_28, ONLY_29 = ("28.5",), ("29.7",)
WEB5 = "docker run -d --name web5 --network my_net1 --ip 172.18.0.100 nginx"
NO_CHAINS = "Docker 29 does without the two stages"
PAGE = "<title>Welcome to nginx!</title>"
NO_ANSWER = "0 packets received, 100% packet loss"
ADDRESSES = "docker inspect -f '{{.Name}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' nginx nginx2"
SUBNET = "docker network inspect -f '{{range .IPAM.Config}}{{.Subnet}}{{end}}'"
CODE = "curl -s -o /dev/null -w '%{http_code}\\n' "


CLAIMS = [
    Claim("00", "and can't", "curl -s -m 2 172.17.0.2", code=7),
    Claim("01", "`NO-CARRIER`, state `DOWN`", "ip addr show docker0", "<NO-CARRIER,BROADCAST,MULTICAST,UP>"),
    Claim("01", "`NO-CARRIER`, state `DOWN`", "ip addr show docker0", "state DOWN"),
    Claim("01", "It already has an address, 172.17.0.1", "ip addr show docker0", "inet 172.17.0.1/16"),
    Claim("01", "are there from the start", "docker network ls",
          "bridge    bridge    local", nth=2),
    Claim("01", "172.17.0.1 is in the container's routing table", "docker exec nginx ip route",
          "default via 172.17.0.1 dev eth0"),
    Claim("01", "The host reaches 172.17.0.2 directly", "curl 172.17.0.2", PAGE),
    Claim("01", "`nginx3` took 172.17.0.2, and `nginx` came back as 172.17.0.4", f"{ADDRESSES} nginx3",
          "/nginx 172.17.0.4\n/nginx2 172.17.0.3\n/nginx3 172.17.0.2\n"),
    Claim("01", "Out works, in doesn't", "docker exec nginx2 ping -c 1 172.25.254.38", "1 packets received", code=0),
    Claim("01", "Out works, in doesn't", "ping -c 1 -W 1 172.17.0.3", code=2),
    Claim("01", "Outbound works through ip_forward and MASQUERADE", "sysctl net.ipv4.ip_forward",
          "net.ipv4.ip_forward = 1"),
    Claim("01", "before it the source is 172.17.0.2, after it 172.25.254.1", "%dnet trace nginx3 client",
          "POSTROUTING: MASQUERADE: 172.17.0.2 > 172.25.254.38 echo request becomes 172.25.254.1 > 172.25.254.38"),
    Claim("01", "`iptables -S` shows `! -o docker0`", "iptables -t nat -S POSTROUTING",
          "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"),
    Claim("01", "`iptables -nL` hides the interfaces", "iptables -t nat -nL", "MASQUERADE", hides="docker0 "),
    Claim("02", "The bridge has one port: that of `nginx`", "brctl show", "docker0\t\t8000."),
    Claim("02", "And yet the client got a page", "curl 172.25.254.1", PAGE, code=0),
    Claim("02", "it saw 172.25.254.38, the client's own address", "docker logs demo", "172.25.254.38 - - ["),
    Claim("02", "it saw 172.25.254.38, the client's own address", "docker logs nginx", "nginx/", hides="GET /"),
    Claim("02", "It sees `eth0`, `docker0` and all the rest", "docker exec demo ip addr show eth0", "172.25.254.1/24"),
    Claim("02", "Even the host name is", "docker exec demo hostname", "docker1\n"),
    Claim("02", "Docker knows no address of `demo`",
          "docker inspect -f '{{.HostConfig.NetworkMode}} {{json .NetworkSettings.Networks.host.IPAddress}}' demo",
          'host ""'),
    Claim("02", "In through `eth0`, and nginx has it", "%dnet trace client docker1:80",
          "received     comes in through eth0\n    accepted     nginx (pid ", hides="becomes"),
    Claim("02", "In through `eth0`, and nginx has it", "%dnet trace client docker1:80", "= delivered", hides="docker0"),
    Claim("02", "`docker run` succeeded: it printed an id", "docker run -d --name demo2 --network host nginx", code=0),
    Claim("02", "bind() to 0.0.0.0:80 failed (98: Address already in use)", "docker logs demo2",
          "bind() to 0.0.0.0:80 failed (98: Address already in use)"),
    Claim("02", "gave up, and the container ended with it", "docker ps -a --format '{{.Names}}: {{.Status}}'",
          "demo2: Exited (1)"),
    Claim("02", "so `docker run` failed: `address already in use`", "docker run -d --name pub -p 80:80 nginx",
          "address already in use", code=125),
    Claim("02", "The container was made and never started", "docker ps -a --format '{{.Names}}: {{.Status}}'",
          "pub: Created", nth=2),
    Claim("02", "takes the last command back", "%dnet undo 2", "docker run -d --name pub -p 80:80 nginx"),
    Claim("02", "nothing in it but `lo`", "ip addr", "inet 127.0.0.1/8", hides="eth0"),
    Claim("02", "the answer of the routing table: it is empty", "ip route", hides="default", code=0),
    Claim("02", "`Network is unreachable`", "ping -c 1 172.17.0.1", "Network is unreachable", code=1),
    Claim("02", "lo works, and localhost is lo", "docker exec demo2 curl -s localhost", PAGE, code=0),
    Claim("02", "a container on `none` can't be given a second network", "docker network connect bridge demo2",
          "one of the networks in private (none) mode", code=1),
    Claim("02", "why it reaches nobody", "%dnet why demo2 client", "no interface but lo: on the network none"),
    Claim("03", "The next of Docker's pools", "docker network inspect my_net1 -f '{{json .IPAM.Config}}'",
          '"Subnet":"172.18.0.0/16"'),
    Claim("03", "so it is `bridge`", "docker network ls", "my_net1   bridge    local"),
    Claim("03", "On the default bridge there are **no names**", "ping -c 1 web1", "ping: bad address 'web1'"),
    Claim("03", "The address itself works", "ping -c 1 172.17.0.2", "64 bytes from 172.17.0.2"),
    Claim("03", "the container asks the host's server", "cat /etc/resolv.conf", "nameserver 192.0.2.53"),
    Claim("03", "it asks **127.0.0.11**", "cat /etc/resolv.conf", "nameserver 127.0.0.11", nth=2),
    Claim("03", "it asks **127.0.0.11**", "nslookup web2", "Server:\t\t127.0.0.11\n"),
    Claim("03", "A network of your own knows the names of **its** containers", "ping -c 1 web2",
          "64 bytes from 172.18.0.2", nth=2),
    Claim("03", "`web1` is not on it", "ping -c 1 web1", "bad address", nth=2),
    Claim("03", "A failed name can be asked why", "%dnet why", "web1 and web2 share no network of your own"),
    Claim("03", "The daemon put its sockets there", "docker exec web2 netstat -tuln", "127.0.0.11:"),
    Claim("03", "everything in 127.0.0.0/8 is", "docker exec web2 ip addr show lo", "inet 127.0.0.1/8"),
    Claim("03", "`web2.my_net1`", "ping -c 1 web2.my_net1", "PING web2.my_net1 (172.18.0.2)", code=0),
    Claim("03", "`--network-alias` gives one more name", "ping -c 1 database", "64 bytes from 172.18.0.3"),
    Claim("03", "The name followed the container", "ping -c 1 web2", "PING web2 (172.18.0.4)", nth=3, code=0),
    Claim("03", "Up to release 28 the daemon therefore refused", WEB5,
          "user specified IP address is supported only when connecting to networks with user configured subnets",
          TO_28, code=125),
    Claim("03", "Docker 29 grants it",
          WEB5, on=ONLY_29, code=0),
    Claim("03", "Up to release 28 the daemon therefore refused", WEB5, "user specified IP address", nth=2, code=125),
    Claim("03", "A fixed address survives stop and start",
          "docker inspect -f '{{.NetworkSettings.Networks.my_net2.IPAddress}}' web4", "172.20.0.100", nth=2),
    Claim("03", "Up to 26.1 Docker goes on through its pools", f"{SUBNET} first", "172.19.0.0/16", OLD),
    Claim("03", "the network made anew gets the **next** one", f"{SUBNET} second", "172.21.0.0/16", OLD),
    Claim("03", "it takes the **lowest that is free**", f"{SUBNET} first", "172.19.0.0/16", FROM_28),
    Claim("03", "so the same one again", f"{SUBNET} second", "172.19.0.0/16", FROM_28),
    Claim("03", "`eth0` has fd00:10::2 as well", "docker exec web6 ip -6 addr show eth0", "inet6 fd00:10::2/64"),
    Claim("03", "fe80::…, an address for its own link only", "docker exec web6 ip -6 addr show eth0", "inet6 fe80::"),
    Claim("03", "A is 172.18.0.2", "docker run --rm --network six busybox nslookup web6", "Address: 172.18.0.2"),
    Claim("03", "AAAA is fd00:10::2", "docker run --rm --network six busybox nslookup web6", "Address: fd00:10::2"),
    Claim("03", "All of it works as with IPv4", "docker run --rm --network six busybox ping -6 -c 1 web6",
          "1 packets received", code=0),
    Claim("03", "The bridge is the gateway, fd00:10::1", "docker exec web6 ip -6 route",
          "default via fd00:10::1 dev eth0"),
    Claim("04", "No answer, and no error either", "docker exec web3 ping -c 1 -W 1 172.20.0.100", NO_ANSWER, code=1),
    Claim("04", "in chain `DOCKER-ISOLATION-STAGE-2` of table `filter`", "%dnet trace web3 web4",
          "of table filter, chain DOCKER-ISOLATION-STAGE-2 drops it", OLD),
    Claim("04", "from 28 on the packet meets one before that, in table `raw`", "%dnet trace web3 web4",
          "of table raw, chain PREROUTING drops it", FROM_28),
    Claim("04", "Up to Docker 26.1 it worked", "iptables -S DOCKER-ISOLATION-STAGE-2", "-j DROP", OLD),
    Claim("04", "Up to Docker 26.1 it worked", "iptables -S DOCKER", "-N DOCKER", OLD, hides="DROP"),
    Claim("04", "Up to Docker 26.1 it worked", "iptables -t raw -S PREROUTING", "-P PREROUTING ACCEPT", OLD,
          hides="DROP"),
    Claim("04", "Docker 28 adds a rule around each container's address", "iptables -S DOCKER-ISOLATION-STAGE-2",
          "-j DROP", ONLY_28),
    Claim("04", "Docker 28 adds a rule around each container's address", "iptables -S DOCKER", "-j DROP", ONLY_28),
    Claim("04", "Docker 28 adds a rule around each container's address", "iptables -t raw -S PREROUTING",
          "-d 172.20.0.100/32 ! -i br-", ONLY_28),
    Claim("04", NO_CHAINS, "iptables -S DOCKER-ISOLATION-STAGE-2", on=ONLY_29, code=1),
    Claim("04", NO_CHAINS, "iptables -S DOCKER", "-j DROP", ONLY_29),
    Claim("04", NO_CHAINS, "iptables -t raw -S PREROUTING",
          "-d 172.20.0.100/32 ! -i br-", ONLY_29),
    Claim("04", "Up to Docker 26.1 it worked", "docker exec web3 ping -c 1 -W 1 172.20.0.100",
          "1 packets received", OLD, nth=2, code=0),
    Claim("04", "Since 28 the other rules keep it shut", "docker exec web3 ping -c 1 -W 1 172.20.0.100", NO_ANSWER,
          FROM_28, nth=2, code=1),
    Claim("04", NO_CHAINS, "iptables -F DOCKER-ISOLATION-STAGE-2", on=ONLY_29, code=1),
    Claim("04", "until the daemon restarted and wrote its rules again", "docker exec web3 ping -c 1 -W 1 172.20.0.100",
          NO_ANSWER, nth=3, code=1),
    Claim("04", "in both networks", "docker exec web3 ping -c 1 web4", "1 packets received", nth=2),
    Claim("04", "the name that comes first gives the gateway", "docker exec web4 ip route", "default via 172.18.0.1"),
    Claim("05", "Same interfaces, same address", "ip addr", "inet 172.18.0.2/16"),
    Claim("05", "same `localhost`", "curl localhost", PAGE),
    Claim("05", "nginx isn't in it", "ps", "PID", hides="nginx"),
    Claim("05", "three containers, one namespace", "docker exec web3 netstat -tln", ":::3306"),
    Claim("05", "three containers, one namespace", "docker exec web3 netstat -tln", ":::9000"),
    Claim("05", "It goes out through `lo` and straight back in", "%dnet trace php 127.0.0.1:80",
          "lo brings it straight back", hides="eth0"),
    Claim("05", "One namespace has one port 80", "docker logs web6",
          "bind() to 0.0.0.0:80 failed (98: Address already"),
    Claim("05", "are refused", "docker run -d --network container:web3 -p 8080:80 nginx",
          "conflicting options: port publishing and the container type network mode", code=125),
    Claim("05", "are refused", "docker run -d --network container:web3 --hostname other nginx",
          "conflicting options: hostname and the network mode", code=125),
    Claim("05", "are refused", "docker network connect bridge php", "cannot be connected to any other network", code=1),
    Claim("05", "only `lo` is left", "docker exec php ip addr", "inet 127.0.0.1/8", nth=2, hides="eth0"),
    Claim("05", "the others stay in the old one", "docker exec php ip addr", "inet 127.0.0.1/8", nth=3, hides="eth0"),
    Claim("05", "the others stay in the old one", "%dnet why php client",
          "php lives in a network namespace that web3 has left"),
    Claim("05", "until they are restarted, too", "docker exec php ip addr", "eth0", nth=4),
    Claim("06", "`web3` is known anyway", "ping -c 1 web3", "64 bytes from 172.18.0.2"),
    Claim("06", "The link is only one more DNS name", "ping -c 1 nginx", "64 bytes from 172.18.0.2"),
    Claim("06", "No variables", "env", "PATH=", hides="NGINX_PORT"),
    Claim("06", "`/etc/hosts` doesn't either", "cat /etc/hosts", "172.18.0.3", hides="nginx"),
    Claim("06", "`NGINX_PORT_80_TCP_ADDR`", "env", "NGINX_PORT_80_TCP_ADDR=172.17.0.2", TO_28, nth=2),
    Claim("06", "`NGINX_ENV_…`", "env", "NGINX_ENV_NGINX_VERSION=", TO_28, nth=2),
    Claim("06", "From release 29 on the variables are no longer made", "env", "PATH=", ONLY_29, nth=2,
          hides="NGINX_PORT"),
    Claim("06", "From release 29 on the variables are no longer made",
          "docker run --rm --link web1:nginx busyboxplus env", "PATH=", hides="NGINX_PORT"),
    Claim("06", "the line in `/etc/hosts` still is",
          "docker run --rm --link web1:nginx busyboxplus cat /etc/hosts", "172.17.0.2\tnginx "),
    Claim("06", "(alias, id and name)", "cat /etc/hosts", "172.17.0.2\tnginx ", nth=2),
    Claim("06", "Without the link: `bad address`", "ping -c 1 web1", "bad address 'web1'", nth=2),
    Claim("06", "The link wrote into `asker` only", "docker exec web1 ping -c 1 asker", "bad address 'asker'", code=1),
    Claim("06", "the packets go over the bridge", "%dnet trace asker web1", "docker0 passes it"),
    Claim("06", "The daemon rewrites `/etc/hosts` at once", "docker exec asker cat /etc/hosts",
          "172.17.0.4\tnginx ", nth=2),
    Claim("06", "`/proc/1/environ` keeps the old address", "docker exec asker cat /proc/1/environ",
          "NGINX_PORT_80_TCP_ADDR=172.17.0.2", TO_28),
    Claim("06", "computes the variables **afresh**", "docker exec asker env", "NGINX_PORT_80_TCP_ADDR=172.17.0.4",
          TO_28),
    Claim("06", "while `web1` is down you can't even enter `asker`", "docker exec asker env",
          "Cannot link to a non running container", nth=2, code=1),
    Claim("06", "nor restart it", "docker restart asker", "Cannot link to a non running container", code=1),
]  # fmt: skip


def shown_as(claim: Claim) -> str:
    return f"{claim.lesson}-{claim.command[:40]}-{claim.nth} {claim.says[:9]}"


@pytest.mark.parametrize("claim", [*CLAIMS, *ACROSS, *DOORS], ids=shown_as)
def test_what_a_lesson_says_of_an_output_is_true_on_each_release_that_it_means(claim: Claim) -> None:
    assert claim.says in prose(claim.lesson)
    for release in claim.on:
        shown = nth(run(claim.lesson, release), claim)
        assert claim.shows in shown.said, f"{release}: {shown.said}"
        assert not claim.hides or claim.hides not in shown.said, f"{release}: {shown.said}"
        assert claim.code in (None, shown.exit_code), f"{release}: exit status {shown.exit_code}"


def nth(lines: tuple[Shown, ...], claim: Claim) -> Shown:
    return [line for line in lines if line.command == claim.command][claim.nth - 1]


def test_the_tour_counts_what_one_docker_run_made() -> None:
    from dnetlab.lab import Lab

    for release in RELEASES:
        lab = Lab(docker=release)
        before = lab.snapshot().hosts["docker1"]
        lab.run("docker run -d --name hello nginx")
        after = lab.snapshot().hosts["docker1"]

        (space,) = set(after.namespaces) - {"host"}
        new = {i.name for i in after.stack.interfaces} - {i.name for i in before.stack.interfaces}
        programs = [p.argv[0] for p in after.processes if p not in before.processes]
        assert "a pair of network interfaces, one of them a port of the bridge `docker0`" in prose("00")
        assert [i.master for i in after.stack.interfaces if i.name in new] == ["docker0"]
        assert [i.name for i in after.namespaces[space].interfaces] == ["lo", "eth0"]
        assert "the two processes of nginx, and one that Docker keeps beside every container" in prose("00")
        assert [p.partition(":")[0] for p in programs if p.startswith("nginx")] == ["nginx", "nginx"]
        assert [p for p in programs if "nginx" not in p] == ["/usr/bin/containerd-shim-runc-v2"]


def test_one_masquerade_rule_per_bridge_network() -> None:
    for release in RELEASES:
        listed = nth(run("07", release), Claim("07", "", "iptables -t nat -nL")).said

        assert "one MASQUERADE per network" in prose("07")
        assert listed.count("MASQUERADE") == 3


def test_the_numbers_of_a_ping_have_a_gap_where_the_parent_was_down() -> None:
    for release in RELEASES:
        listed = nth(run("09", release), Claim("09", "", "docker logs pinger")).said
        numbers = [int(row.split("seq=")[1].split()[0]) for row in listed.splitlines() if "seq=" in row]
        steps = [after - before for before, after in zip(numbers, numbers[1:], strict=False)]

        assert "The numbers have a gap" in prose("09")
        assert numbers[0] == 0 and [step for step in steps if step > 1] == [max(steps)] and max(steps) >= 3


def test_the_containers_of_an_ipvlan_have_the_mac_of_their_parent() -> None:
    for release in RELEASES:
        lines = run("10", release)
        parent = nth(lines, Claim("10", "", "ip link show enp7s0.4")).said
        child = nth(lines, Claim("10", "", "docker exec i1 ip link show eth0")).said

        assert "addresses of their own, and the card's MAC" in prose("10")
        assert child.split("link/ether ")[1].split()[0] == parent.split("link/ether ")[1].split()[0]


def test_no_lesson_speaks_of_one_that_does_not_exist() -> None:
    there = {int(path.name[:2]) for path in NOTEBOOKS.glob("*.ipynb")}
    for path in NOTEBOOKS.glob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        assert all(f"esson {number}" not in text for number in range(1, 30) if number not in there), path.name


@pytest.mark.parametrize(
    ("recording", "command", "code", "shows"),
    [
        ("lessons_4_7", "iptables -t raw -S", 0, "-A PREROUTING -d 172.20.0.2/32 ! -i br-"),
        ("lessons_1_3", "docker run -d --name web5 --network my_net1 --ip 172.18.0.100 nginx", 0, ""),
        ("client_29", "docker inspect -f '{{.NetworkSettings.IPAddress}}' web1", 1,
         'map has no entry for key "IPAddress"'),
    ],
)  # fmt: skip
def test_where_29_differs_from_the_releases_before_a_real_one_was_asked(
    recording: str, command: str, code: int, shows: str
) -> None:
    rows = (RECORDED / "29.7" / f"{recording}.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [row for row in map(json.loads, rows) if row["command"] == command]

    assert code in [row["exit_code"] for row in answers]
    assert any(shows in row["stdout"] + row["stderr"] for row in answers)


def test_no_lesson_asks_for_what_the_client_of_29_has_not() -> None:
    for path in NOTEBOOKS.glob("*.ipynb"):
        commands = "\n".join(source for kind, source in cells(path.name[:2]) if kind == "code")
        assert "{{.NetworkSettings.IPAddress}}" not in commands, path.name


def test_29_has_no_isolation_chains_in_any_recording() -> None:
    rules = [
        row["stdout"]
        for path in (RECORDED / "29.7").glob("*.jsonl")
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        if row["command"].startswith("iptables ")
    ]

    assert any("DOCKER-FORWARD" in text for text in rules)
    assert not any("DOCKER-ISOLATION" in text for text in rules)
