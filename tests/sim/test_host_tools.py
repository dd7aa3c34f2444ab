"""What the tools of a host and of a container answered on a real lab host (Engine 20.10.24, Debian 12 userland)."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt


@pytest.fixture
def host() -> Prompt:
    prompt = Prompt("20.10")
    prompt.type("docker run -d --name web2 -p 8080:80 nginx\ndocker run -d --name b1 busybox sleep 1000")
    return prompt


def test_ps_through_grep_shows_the_grep_itself(host: Prompt) -> None:
    # given two docker-proxies, when ps ax goes through a pipe, then its commands are processes too (procps 4.0.2)
    assert host.out("ps ax | grep proxy").splitlines()[-1].endswith(" ?        S      0:00 grep proxy")
    assert host.out("ps -ef | grep -c docker-proxy") == "3\n"
    assert host.out("ps ax | grep '[d]ocker-proxy' | wc -l") == "2\n"


def test_brctl_sorts_bridges_by_name(host: Prompt) -> None:
    # given bridges made in another order, when they are shown, then names decide (bridge-utils 1.7)
    host.type("brctl addbr zz\nbrctl addbr aa")
    names = [line.split("\t")[0] for line in host.out("brctl show").splitlines() if not line.startswith("\t")]
    assert names == ["bridge name", "aa", "docker0", "zz"]
    assert "aa\t\t8000.000000000000\tno\t\t\n" in host.out("brctl show")


def test_policies_have_no_counters(host: Prompt) -> None:
    # given traffic, when chains are listed, then only rules counted (iptables 1.8.9 nf_tables)
    host.type("ping -c 2 172.25.254.2")
    assert host.out("iptables -nvL INPUT").startswith("Chain INPUT (policy ACCEPT 0 packets, 0 bytes)\n")


def test_an_address_of_a_link_that_is_down_is_still_ours(host: Prompt) -> None:
    # given eth0 and docker0 down, when the host asks its own addresses, then it answers (Linux 6)
    host.type("ip link set eth0 down")
    assert "1 received" in host.out("ping -c 1 172.25.254.1")
    assert "Welcome to nginx!" in host.out("curl 172.25.254.1:8080")
    assert "1 packets received" in host.out("docker exec b1 ping -c 1 172.25.254.1")
    host.type("ip link set docker0 down")
    assert "1 received" in host.out("ping -c 1 172.17.0.1")
    row = "local 172.25.254.1 dev eth0 proto kernel scope host src 172.25.254.1 \n"
    assert row in host.out("ip route show table local")


@pytest.mark.parametrize(
    ("how", "curl", "nc", "ping"),
    [
        ("icmp-net-prohibited", 7, "Network is unreachable", "Destination Net Prohibited"),
        ("icmp-host-prohibited", 7, "No route to host", "Destination Host Prohibited"),
        ("icmp-proto-unreachable", 7, "Protocol not available", "Destination Protocol Unreachable"),
        ("icmp-admin-prohibited", 7, "No route to host", "Packet filtered"),
        ("icmp-host-unreachable", 7, "No route to host", "Destination Host Unreachable"),
    ],
)
def test_each_way_of_rejecting_has_its_own_words(host: Prompt, how: str, curl: int, nc: str, ping: str) -> None:
    # given REJECT --reject-with, when the client asks, then curl, nc and ping say what the kernel made of it
    host.type(f"iptables -I DOCKER-USER -i eth0 -j REJECT --reject-with {how}")
    assert host.type("client# curl -m 2 172.25.254.1:8080").exit_code == curl
    words = f"nc: connect to 172.25.254.1 port 8080 (tcp) failed: {nc}\n"
    assert host.err("client# nc -zv -w 2 172.25.254.1 8080") == words
    host.type("client# ip route add 172.17.0.0/16 via 172.25.254.1")
    assert f"From 172.25.254.1 icmp_seq=1 {ping}\n" in host.type("client# ping -c 1 -W 1 172.17.0.2").stdout


def test_a_reject_in_output_stops_ping_at_the_sender(host: Prompt) -> None:
    # given REJECT in OUTPUT, when ping sends, then it hears of it twice (iputils 20221126)
    host.type("iptables -I OUTPUT -d 172.25.254.38 -j REJECT")
    output = host.type("ping -c 1 -W 1 172.25.254.38")
    assert output.stderr == "ping: sendmsg: Operation not permitted\n"
    assert "From 172.25.254.1 icmp_seq=1 Destination Port Unreachable\n" in output.stdout
    assert host.err("traceroute -n 172.25.254.38") == "send: Operation not permitted\n"  # traceroute 2.1.2


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("unreachable", "ping: connect: No route to host\n"),
        ("blackhole", "ping: connect: Invalid argument\n"),
        ("prohibit", "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n"),
    ],
)
def test_routes_that_lead_nowhere(host: Prompt, kind: str, words: str) -> None:
    # given such a route, when ping connects, then it says the kernel's errno
    host.type(f"ip route add {kind} 10.5.0.0/16")
    assert host.err("ping -c 1 10.5.0.1", 2) == words


def test_pidof_and_killall(host: Prompt) -> None:
    # given two proxies, when asked by name, then the newest comes first; killed, none is left
    first, second = host.out("pidof docker-proxy").split()
    assert int(first) > int(second)
    assert host.out("docker exec b1 pidof sleep") == "1\n"
    assert host.out("killall docker-proxy") == ""
    assert host.err("pidof docker-proxy") == ""
    assert host.err("killall -9 nope nope2") == "nope: no process found\nnope2: no process found\n"
    assert host.err("docker exec b1 killall nope") == "killall: nope: no process killed\n"


def test_pgrep_lists_names_unless_asked_for_more(host: Prompt) -> None:
    # given -f and -l, when pgrep lists, then the name is short; -a is the long form (procps 4.0.2)
    assert [line.split(" ", 1)[1] for line in host.out("pgrep -fl docker-proxy").splitlines()] == ["docker-proxy"] * 2


def test_exit_ends_a_shell_of_its_own(host: Prompt) -> None:
    # given sh -c, when it says exit, then that is the command's status
    assert host.type("docker exec b1 sh -c 'exit 4'").exit_code == 4
    assert host.type("bash -c 'false; exit'").exit_code == 1
    output = host.type("docker exec b1 sh -c 'echo a; exit 3; echo b'")
    assert (output.stdout, output.exit_code, output.refused) == ("a\n", 3, None)


def test_commands_of_busybox_that_the_lab_lacks_are_refused(host: Prompt) -> None:
    # given an applet that a real container has, when it is typed, then the lab says so, and not "not found"
    refused = host.type("docker exec b1 top -b -n 1").refused
    assert refused is not None and refused.reason == "`top` is not part of this lab."
    assert host.type("docker exec b1 sh -c 'ed /etc/hosts'").refused is not None


def test_docker_proxy_answers_on_the_v6_loopback(host: Prompt) -> None:
    # given a port published on [::], when curl asks ::1, then the proxy dials the container over IPv4
    assert "Welcome to nginx!" in host.out("curl -s [::1]:8080")


def test_json_is_laid_out_as_iproute2_does(host: Prompt) -> None:
    # given -j -p, when routes are printed, then lists stay on one line (iproute2 6.1)
    assert host.out("client# ip -j -p route") == (
        '[ {\n        "dst": "172.25.254.0/24",\n        "dev": "eth0",\n        "protocol": "kernel",\n'
        '        "scope": "link",\n        "prefsrc": "172.25.254.38",\n        "flags": [ ]\n    } ]\n'
    )


def test_bridges_have_ids_without_leading_zeros(host: Prompt) -> None:
    # given -d, when a bridge is shown, then its id is written as ether_ntoa does (iproute2 6.1)
    assert "bridge_id 8000.2:42:" in host.out("ip -d link show docker0")


def test_nothing_to_list_is_said_in_silence(host: Prompt) -> None:
    # given no named namespaces and no VLAN filtering, when they are listed, then only what a real host prints
    assert host.out("ip netns list") == ""
    assert host.out("bridge vlan") == "port              vlan-id  \n"


@pytest.mark.parametrize(
    "line", ["nc web ²", "iptables -A INPUT -p ² -j DROP", "ping -c ² 127.0.0.1", "kill ²", "head -n ² x"]
)
def test_digits_that_are_no_numbers_are_words(host: Prompt, line: str) -> None:
    # given a superscript two, which Python calls a digit, when a tool wants a number, then it complains as of any word
    output = host.type(line)
    assert output.refused is not None or output.exit_code != 0


@pytest.mark.parametrize(
    ("line", "held"),
    [
        ("cat /etc/services",
         "/etc/debian_version, /etc/hostname, /etc/hosts, /etc/iproute2/rt_tables, /etc/issue, /etc/os-release, "
         "/etc/resolv.conf"),
        ("ls /proc", "/proc/net/arp, /proc/net/dev, /proc/net/nf_conntrack, /proc/net/route, /proc/sys/net/…"),
        ("docker exec b1 cat /proc/cpuinfo",
         "/proc/1/cmdline, /proc/1/environ, /proc/net/arp, /proc/net/dev, /proc/net/nf_conntrack, /proc/net/route, "
         "/proc/sys/net/…"),
        ("ls /sys/kernel", "/sys/class/net/…"),
    ],
)  # fmt: skip
def test_a_file_that_the_lab_lacks_is_answered_with_those_nearby(host: Prompt, line: str, held: str) -> None:
    host.type("docker run -d --name b1 busybox sleep 100")
    refused = host.type(line).refused

    assert refused is not None and refused.hint == f"cat shows {held}."
    for name in held.split(", "):
        inside = line.rpartition(" ")[0].removesuffix("ls").removesuffix("cat")
        assert name.endswith("…") or host.type(f"{inside}cat {name}").exit_code == 0


def test_the_hint_names_a_files_neighbours_that_the_student_wrote_and_all_trees_where_it_has_none(host: Prompt) -> None:
    host.type("echo a > /etc/mine")

    assert "/etc/issue, /etc/mine, /etc/os-release" in host.type("cat /etc/fstab").refused.hint
    assert host.type("ls /usr").refused.hint == (
        "cat shows /etc/debian_version, /etc/hostname, /etc/hosts, /etc/iproute2/rt_tables, /etc/issue, /etc/mine, "
        "/etc/os-release, /etc/resolv.conf, /proc/net/arp, /proc/net/dev, /proc/net/nf_conntrack, /proc/net/route, …."
    )


def test_a_busybox_in_two_networks_says_its_first_address_and_an_alpine_both() -> None:
    # Given containers in two networks, with two lines in /etc/hosts, when they are asked for their addresses, then
    # glibc's busybox without /etc/host.conf stops at the first line (observed on 28.5.2), and musl reads both.
    at = Prompt()
    for line in ("docker network create one", "docker network create two",
                 "docker run -d --name box --network one --network two busybox sleep 100",
                 "docker run -d --name alp --network one --network two alpine sleep 100"):  # fmt: skip
        at.type(line)

    assert at.out("docker exec box hostname -i") == "172.18.0.2\n"
    assert at.out("docker exec alp hostname -i") == "172.18.0.3 172.19.0.3\n"
