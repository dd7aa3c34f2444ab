"""What LOG rules write, as the kernel words it (net/netfilter/nf_log_syslog.c, Linux 6.1), read with dmesg of
util-linux 2.38 and journalctl of systemd 252. The listings were recorded with iptables 1.8.9 in a network namespace."""

from __future__ import annotations

import re

import pytest

from tests.sim.prompt import Prompt


@pytest.fixture
def host() -> Prompt:
    prompt = Prompt()
    prompt.type("docker run -d --name web -p 8080:80 nginx\niptables -I DOCKER-USER -j LOG --log-prefix 'DU: '")
    return prompt


def test_a_published_port_is_logged_after_its_address_was_rewritten(host: Prompt) -> None:
    # given a LOG rule in DOCKER-USER, when a client asks the published port, then its SYN is logged with the
    # container's address and port, between the two interfaces
    host.type("client$ curl -s 172.25.254.1:8080")
    first = host.out("dmesg").splitlines()[0]
    shape = re.sub(r"MAC=\S+|ID=\d+|SPT=\d+|^\[.*?\]", lambda m: m[0].partition("=")[0].strip("[ ]0123456789."), first)
    assert shape == (
        " DU: IN=eth0 OUT=docker0 MAC SRC=172.25.254.38 DST=172.17.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID DF "
        "PROTO=TCP SPT DPT=80 WINDOW=64240 RES=0x00 SYN URGP=0 "
    )


def test_every_packet_of_a_connection_is_a_line(host: Prompt) -> None:
    # given the rule counts, when a page was fetched, then there are as many lines as packets
    host.type("client$ curl -s 172.25.254.1:8080")
    counted = host.out("iptables -nvL DOCKER-USER").splitlines()[2].split()[0]
    assert host.out("dmesg | grep -c 'DU: '") == f"{counted}\n" == "10\n"


def test_what_is_between_two_ports_of_a_bridge_names_them(host: Prompt) -> None:
    # given two containers of one bridge, when one pings the other, then PHYSIN and PHYSOUT are their veths
    host.type("docker run -d --name bb busybox sleep 1000\ndocker exec bb ping -c 1 172.17.0.2")
    line = host.out("dmesg | tail -2 | head -1")
    assert re.search(r"IN=docker0 OUT=docker0 PHYSIN=veth\w+ PHYSOUT=veth\w+ MAC=\S+:08:00 SRC=172.17.0.3", line)
    assert "PROTO=ICMP TYPE=8 CODE=0 ID=" in line


def test_what_a_host_sends_has_no_frame_yet(host: Prompt) -> None:
    # given a LOG rule in OUTPUT with --log-uid, when root pings, then there is no MAC, and root is named by number
    host.type("iptables -A OUTPUT -p udp -j LOG --log-uid\necho hi | nc -u -w 1 172.25.254.2 53")
    line = host.out("dmesg | grep PROTO=UDP")
    assert " IN= OUT=eth0 SRC=172.25.254.1 DST=172.25.254.2 LEN=" in line
    assert line.rstrip("\n").endswith("UID=0 GID=0 ")


def test_containers_own_rules_write_nothing_for_the_host(host: Prompt) -> None:
    # given a LOG rule in a container's namespace, when it is met, then the host's log stays as it is
    # (net.netfilter.nf_log_all_netns is 0)
    host.type("iptables -F DOCKER-USER\nP=$(docker inspect -f '{{.State.Pid}}' web)\n"
              "nsenter -t $P -n iptables -A INPUT -j LOG\nping -c 1 172.17.0.2")  # fmt: skip
    assert host.out("dmesg") == ""


def test_journalctl_tells_the_same_with_a_date(host: Prompt) -> None:
    # given three lines, when the last is asked for, then it has the host's name; -g chooses by a pattern
    host.type("client$ curl -s 172.25.254.1:8080")
    assert re.match(r"Nov 23 08:00:\d\d docker1 kernel: DU: IN=", host.out("journalctl -k -n 1"))
    assert host.out("journalctl -k -g DPT=80 | wc -l") == "6\n"
    assert host.out("journalctl -k --since '1 hour ago' | wc -l") == "10\n"
    assert host.out("journalctl -k --until '1 hour ago'") == "-- No entries --\n"


def test_dmesg_knows_levels_dates_and_forgets_when_told(host: Prompt) -> None:
    # given a rule of level info, when it is met, then -l chooses it, -T dates it, and -C empties the log
    host.type("iptables -F DOCKER-USER\niptables -A INPUT -p icmp -j LOG --log-level info\nclient$ ping -c 1 docker1")
    host.type("client$ ping -c 1 172.25.254.1")
    assert host.out("dmesg -l warn") == ""
    assert host.out("dmesg -T -l info").startswith("[Mon Nov 23 08:00:")
    assert host.out("dmesg -x").startswith("kern  :info  : [")
    host.type("dmesg -C")
    assert host.out("dmesg") == ""


def test_flags_of_a_log_rule_are_listed_as_a_number_and_as_words(host: Prompt) -> None:
    # iptables -A INPUT -j LOG --log-prefix "x: " --log-level debug … ; iptables -S; iptables -nL; iptables -L
    host.type('iptables -A INPUT -j LOG --log-prefix "x: " --log-level debug --log-ip-options --log-tcp-options '
              "--log-uid --log-tcp-sequence --log-macdecode")  # fmt: skip
    assert host.out("iptables -S INPUT").splitlines()[1] == (
        '-A INPUT -j LOG --log-prefix "x: " --log-level 7 --log-tcp-sequence --log-tcp-options --log-ip-options '
        "--log-uid --log-macdecode"
    )
    assert host.out("iptables -nL INPUT").endswith('LOG flags 47 level 7 prefix "x: "\n')
    assert host.out("iptables -L INPUT").endswith(
        'LOG level debug tcp-sequence tcp-options ip-options uid macdecode prefix "x: "\n'
    )
