"""Host tools, in the words of the real programs, recorded in network namespaces of Debian 12 (the command stands in
each test): ethtool 6.1, iputils-arping 20221126, inetutils-telnet 2.4, nmap 7.93, lsof 4.95, psmisc 23.6."""

from __future__ import annotations

import re
from pathlib import Path

from dnetlab import Lab


def with_web() -> Lab:
    lab = Lab()
    lab.run("docker run -d --name web -p 8080:80 nginx")
    return lab


def test_ethtool_names_the_other_end_of_a_veth():  # ethtool -S v1; ethtool -S br0
    lab = with_web()
    said = lab.run("ethtool -S $(ip -o link show type veth | grep -o 'veth[0-9a-f]*')").stdout
    assert said.splitlines()[:3] == ["NIC statistics:", "     peer_ifindex: 2", "     rx_queue_0_xdp_packets: 0"]
    bridge = lab.run("ethtool -S docker0")
    assert (bridge.stderr, bridge.exit_code) == ("no stats available\n", 94)
    assert lab.run("ethtool -i nosuch").stderr == "Cannot get driver information: No such device\n"


def test_arping_is_answered_by_whoever_has_the_address():  # arping -c 2 -I v1 172.17.0.2; arping -c 1 -I v1 172.17.0.9
    lab = Lab()
    lab.run("iptables -P INPUT DROP")
    asked = lab.run("client# arping -c 2 -I eth0 172.25.254.1")
    assert re.sub(r"\[.*", "", asked.stdout) == (
        "ARPING 172.25.254.1 from 172.25.254.38 eth0\nUnicast reply from 172.25.254.1 \n"
        "Unicast reply from 172.25.254.1 \nSent 2 probes (1 broadcast(s))\nReceived 2 response(s)\n"
    )
    nobody = lab.run("client# arping -c 1 172.25.254.99")
    assert nobody.stdout.endswith("Sent 1 probes (1 broadcast(s))\nReceived 0 response(s)\n")
    assert (asked.exit_code, nobody.exit_code) == (0, 1)


def test_telnet_says_whether_somebody_listens():  # telnet 172.17.0.2 80 </dev/null; telnet 172.17.0.2 81
    lab = with_web()
    open_port = lab.run("client# telnet 172.25.254.1 8080")
    assert open_port.stdout == "Trying 172.25.254.1...\nConnected to 172.25.254.1.\nEscape character is '^]'.\n"
    assert open_port.stderr == "Connection closed by foreign host.\n"
    closed = lab.run("client# telnet 172.25.254.1 81")
    assert closed.stderr == "telnet: Unable to connect to remote host: Connection refused\n"


def test_nmap_tells_open_closed_and_filtered_ports():  # nmap -n -p 80,81,443 172.17.0.2
    lab = with_web()
    lab.run("iptables -I INPUT -p tcp --dport 443 -j DROP")
    rows = lab.run("client# nmap -n -p 8080,81,443 172.25.254.1").stdout.splitlines()
    assert rows[1:7] == [
        "Nmap scan report for 172.25.254.1",
        "Host is up (0.000030s latency).",
        "",
        "PORT     STATE    SERVICE",
        "81/tcp   closed   unknown",
        "443/tcp  filtered https",
    ]
    assert rows[7] == "8080/tcp open     http-alt"
    down = lab.run("client# nmap -n -p 80 172.25.254.99").stdout
    assert "Note: Host seems down. If it is really up, but blocking our ping probes, try -Pn\n" in down


def test_lsof_and_fuser_name_who_holds_a_port():  # lsof -nP -iTCP -sTCP:LISTEN; fuser 8080/tcp
    lab = with_web()
    listed = lab.run("lsof -nP -i :8080").stdout.splitlines()
    assert listed[0].split() == ["COMMAND", "PID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NODE", "NAME"]
    assert [row.split()[0] + row.split()[-2] for row in listed[1:]] == ["docker-pr*:8080", "docker-pr*:8080"]
    assert lab.run("lsof -i :9").exit_code == 1
    assert lab.run("fuser 8080/tcp").stderr.rstrip() == "8080/tcp:"
    assert lab.run("fuser 8080/tcp").stdout.split() == lab.run("pgrep docker-proxy").stdout.split()


def test_watch_shows_two_rounds():
    lab = with_web()
    said = lab.run("watch -n 1 docker ps -q").stdout
    assert said.count("Every 1.0s: docker ps -q") == 2
    assert said.endswith("^C\n")


def test_a_namespace_of_ones_own_is_joined_by_a_veth_pair():
    lab = Lab()
    lab.run_cell(
        "ip netns add red\nip link add v1 type veth peer name v2\nip link set v2 netns red\n"
        "ip addr add 10.1.1.1/24 dev v1\nip link set v1 up\n"
        "ip -n red addr add 10.1.1.2/24 dev v2\nip -n red link set v2 up"
    )
    assert lab.run("ping -c 1 10.1.1.2").exit_code == 0
    assert lab.run("ip netns list").stdout == "red (id: 0)\n"
    assert lab.run("ip netns add red").stderr == 'Cannot create namespace file "/run/netns/red": File exists\n'
    lab.run("ip netns del red")
    assert lab.run("ip link show v1").stderr == 'Device "v1" does not exist.\n'


def test_a_link_goes_into_a_containers_namespace_by_its_pid():
    lab = with_web()
    lab.run("ip link add v1 type veth peer name v2")
    lab.run("ip link set v2 netns $(docker inspect -f '{{.State.Pid}}' web)")
    assert lab.run("docker exec web ip link show v2").exit_code == 0
    wrong = lab.run("ip link set v1 netns nosuch")
    assert (wrong.stderr, wrong.exit_code) == ('Error: argument "nosuch" is wrong: Invalid "netns" value\n', 255)


def test_firewall_cmd_is_refused_with_what_it_would_not_do():
    refused = Lab().run("firewall-cmd --add-port 8080/tcp").refused
    assert "a published port is sent on to its container (PREROUTING, then FORWARD)" in refused.reason


def test_conntrack_follows_a_connection_from_its_syn_to_its_end():  # conntrack -E, while curl fetched a page
    lab = with_web()
    told = lab.run_cell("docker1# conntrack -E &\nclient# curl -s 172.25.254.1:8080 -o /tmp/page").outputs[0]
    assert [row.split()[:1] + row.split()[3:5] for row in told.stdout.splitlines()] == [
        ["[NEW]", "120", "SYN_SENT"], ["[UPDATE]", "60", "SYN_RECV"], ["[UPDATE]", "432000", "ESTABLISHED"],
        ["[UPDATE]", "120", "FIN_WAIT"], ["[UPDATE]", "30", "LAST_ACK"], ["[UPDATE]", "120", "TIME_WAIT"],
    ]  # fmt: skip
    assert told.stderr == "conntrack v1.4.7 (conntrack-tools): 6 flow events have been shown.\n"


def test_conntrack_lists_and_forgets_connections():  # conntrack -L -p tcp --dport 80; conntrack -F; conntrack -L foo
    lab = with_web()
    lab.run("client# curl -s 172.25.254.1:8080 -o /tmp/page")
    listed = lab.run("conntrack -L -p tcp --dport 8080")
    assert re.sub(r"port=\d{5}", "port=N", listed.stdout) == (
        "tcp      6 118 TIME_WAIT src=172.25.254.38 dst=172.25.254.1 sport=N dport=8080 "
        "src=172.17.0.2 dst=172.25.254.38 sport=80 dport=N [ASSURED] mark=0 use=1\n"
    )
    assert listed.stderr == "conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.\n"
    emptied = "conntrack v1.4.7 (conntrack-tools): connection tracking table has been emptied.\n"
    assert lab.run("conntrack -F").stderr == emptied
    assert lab.run("conntrack -L").stdout == ""
    assert lab.run("conntrack -L foo").exit_code == 2


def test_ethtool_tells_what_a_link_leaves_to_others():
    # goldens/ethtool: `ethtool -k DEV` in a network namespace, ethtool 6.1, Linux 6.18
    lab, folder = Lab(), Path(__file__).with_name("goldens") / "ethtool"
    lab.run("ip link add name v1 type veth peer name v2")
    lab.run("ip link add vx type vxlan id 5 dev eth0 dstport 4789")
    for device, kind in (("v1", "veth"), ("docker0", "bridge"), ("lo", "lo"), ("vx", "vxlan")):
        real = (folder / f"{kind}.txt").read_text(encoding="utf-8").split("\n", 1)[1]
        assert lab.run(f"ethtool -k {device}").stdout == f"Features for {device}:\n{real}"
    assert lab.run("ethtool -k nosuch").exit_code != 0
    lab.run("ip link add d0 type dummy")
    assert lab.run("ethtool -k d0").refused is not None
