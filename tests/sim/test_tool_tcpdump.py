"""`tcpdump … &` beside the lines of a cell: what it prints, and when it ends."""

from __future__ import annotations

import re

from dnetlab import Lab
from dnetlab.net.capture import pcap
from dnetlab.net.capture.text import Style, Teller

LISTENING = (
    "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n"
    "listening on docker0, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n"
)


def told(text: str) -> list[str]:
    """Without the time."""
    return [re.sub(r"^\d\d:\d\d:\d\d\.\d{6} ", "", line) for line in text.splitlines()]


def two_containers() -> Lab:
    lab = Lab()
    lab.run("docker run -d --name web -p 8080:80 nginx")
    lab.run("docker run -d --name box busybox sleep 1000")
    return lab


def test_a_capture_at_the_bridge_sees_two_containers_talk():
    lab = two_containers()
    capture, _ = lab.run_cell("tcpdump -nn -i docker0 icmp &\ndocker exec box ping -c 1 172.17.0.2").outputs
    assert told(capture.stdout) == [
        "IP 172.17.0.3 > 172.17.0.2: ICMP echo request, id 1, seq 0, length 64",
        "IP 172.17.0.2 > 172.17.0.3: ICMP echo reply, id 1, seq 0, length 64",
        "",
    ]
    assert capture.stderr == (
        f"{LISTENING}2 packets captured\n2 packets received by filter\n0 packets dropped by kernel\n"
    )
    assert capture.exit_code == 0


def test_a_capture_ends_when_it_has_what_c_asks_for():
    lab = two_containers()
    cell = "tcpdump -nn -i docker0 -c 1 icmp &\nping -c 1 172.17.0.2\nps -C tcpdump -o pid="
    capture, _, ps = lab.run_cell(cell).outputs
    assert told(capture.stdout) == ["IP 172.17.0.1 > 172.17.0.2: ICMP echo request, id 1, seq 1, length 64"]
    assert capture.stderr.startswith(f"{LISTENING}1 packet captured\n")
    assert ps.stdout == ""


def test_a_published_port_is_seen_before_and_after_its_translation():
    lab = two_containers()
    cell = "docker1# tcpdump -nn -i any 'tcp[tcpflags] == tcp-syn' &\nclient# curl -s 172.25.254.1:8080 -o /tmp/page"
    capture = lab.run_cell(cell).outputs[0]
    ways = [re.sub(r"veth\w+", "veth", " ".join(line.split()[:6])) for line in told(capture.stdout) if line]
    port = re.search(r"172\.25\.254\.38\.(\d+)", capture.stdout)[1]
    assert ways == [
        f"eth0 In IP 172.25.254.38.{port} > 172.25.254.1.8080:",
        f"docker0 Out IP 172.25.254.38.{port} > 172.17.0.2.80:",
        f"veth Out IP 172.25.254.38.{port} > 172.17.0.2.80:",
    ]


def test_a_page_is_seen_from_its_syn_to_its_last_acknowledgement():
    lab = two_containers()
    capture = lab.run_cell("tcpdump -nn -t -i docker0 tcp &\ncurl -s 172.17.0.2 -o /tmp/page").outputs[0]
    seen = [re.search(r"Flags (\[\S+\]).*?(?:, seq (\S+))?, (?:ack \d+, )?win.*length (\d+)(.*)", row) for row in
            capture.stdout.splitlines() if row]  # fmt: skip
    assert [(row[1], row[3], row[4]) for row in seen] == [
        ("[S]", "0", ""), ("[S.]", "0", ""), ("[.]", "0", ""), ("[P.]", "74", ": HTTP: GET / HTTP/1.1"),
        ("[.]", "0", ""), ("[P.]", "350", ": HTTP: HTTP/1.1 200 OK"), ("[.]", "0", ""), ("[F.]", "0", ""),
        ("[F.]", "0", ""), ("[.]", "0", ""),
    ]  # fmt: skip


def test_a_question_that_nobody_answers_is_heard_by_everybody_three_times():
    lab = Lab()
    cell = "docker2# tcpdump -nn -t -i eth0 arp &\nclient# ping -c 1 -W 1 172.25.254.99"
    capture = lab.run_cell(cell).outputs[0]
    assert capture.stdout == "ARP, Request who-has 172.25.254.99 tell 172.25.254.38, length 28\n" * 3 + "\n"


def test_a_file_of_frames_is_what_the_same_capture_would_have_printed():
    lab = two_containers()
    cell = "tcpdump -nn -t -i docker0 &\ntcpdump -i docker0 -w /tmp/x.pcap &\nping -c 2 172.17.0.3\nkill %2"
    printed = lab.run_cell(cell).outputs[0].stdout
    assert lab.run("tcpdump -nn -t -r /tmp/x.pcap").stdout == printed.rstrip("\n") + "\n"


def test_the_file_is_a_pcap():
    lab = two_containers()
    lab.run_cell("tcpdump -i docker0 -w /tmp/x.pcap icmp &\nping -c 1 172.17.0.3")
    file = pcap.read(lab.engine.world.files["docker1", "", "/tmp/x.pcap"].encode("latin-1"))
    assert Teller(Style(numeric=True, time=1), file.link).tell(file.records) == (
        "IP 172.17.0.1 > 172.17.0.3: ICMP echo request, id 1, seq 1, length 64\n"
        "IP 172.17.0.3 > 172.17.0.1: ICMP echo reply, id 1, seq 1, length 64\n"
    )


def test_a_capture_in_a_containers_namespace_writes_where_it_is_told():
    lab = two_containers()
    cell = (
        "nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n "
        "tcpdump -nn -t -i eth0 icmp > /tmp/seen 2>/dev/null &\n"
        "ping -c 1 172.17.0.2\nkill $!\ncat /tmp/seen"
    )
    assert lab.run_cell(cell).outputs[3].stdout == (
        "IP 172.17.0.1 > 172.17.0.2: ICMP echo request, id 1, seq 1, length 64\n"
        "IP 172.17.0.2 > 172.17.0.1: ICMP echo reply, id 1, seq 1, length 64\n\n"
    )


def test_a_capture_can_be_piped_on():
    lab = two_containers()
    capture = lab.run_cell("tcpdump -l -nn -i docker0 icmp 2>/dev/null | grep -c reply &\nping -c 3 172.17.0.2")
    assert capture.outputs[0].stdout == "3\n"


def test_in_the_foreground_nothing_can_come_and_it_says_so():
    answer = Lab().run("tcpdump -i docker0 -c 4 icmp")
    assert (answer.stdout, answer.exit_code) == ("\n", 0)
    assert answer.stderr == (
        f"{LISTENING}0 packets captured\n0 packets received by filter\n0 packets dropped by kernel\n"
        "dnetlab: nothing can come while this line waits, so it was ended as by Ctrl-C. "
        "Put & behind it: a capture runs beside the following lines of its cell.\n"
    )


def test_a_capture_that_was_not_ended_is_gone_in_the_next_cell():
    lab = two_containers()
    lab.run_cell("tcpdump -i docker0 &")
    assert lab.run("ps -C tcpdump -o pid=").stdout == ""
    assert lab.snapshot().hosts["docker1"].stack.captures == ()


def test_nothing_but_captures_runs_in_the_background():
    refused = Lab().run("sleep 10 &").refused
    assert refused.reason == "Background jobs are not part of the lab's shell."


def test_an_interface_or_filter_that_is_wrong_is_said_at_once():
    lab = Lab()
    assert lab.run("tcpdump -i nosuch &").stderr == "tcpdump: nosuch: No such device exists\n(No such device exists)\n"
    assert lab.run("tcpdump -i docker0 foo").stderr == "tcpdump: can't parse filter expression: syntax error\n"


def test_frames_of_a_vlan_carry_their_tag_at_the_parent():
    lab = Lab()
    lab.run_cell(
        "docker1# ip link add link enp7s0 name enp7s0.10 type vlan id 10\ndocker1# ip link set enp7s0.10 up\n"
        "docker1# ip addr add 10.0.0.1/24 dev enp7s0.10\n"
        "docker2# ip link add link enp7s0 name enp7s0.10 type vlan id 10\n"
        "docker2# ip link set enp7s0.10 up\ndocker2# ip addr add 10.0.0.2/24 dev enp7s0.10"
    )
    cell = "docker2# tcpdump -nn -t -e -i enp7s0 vlan 10 and icmp &\ndocker1# ping -c 1 10.0.0.2"
    capture = lab.run_cell(cell).outputs[0]
    assert [row.split(": ", 1)[1] for row in capture.stdout.splitlines() if row] == [
        "vlan 10, p 0, ethertype IPv4 (0x0800), 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64",
        "vlan 10, p 0, ethertype IPv4 (0x0800), 10.0.0.2 > 10.0.0.1: ICMP echo reply, id 1, seq 1, length 64",
    ]


def test_a_refused_packet_is_seen_with_the_error_that_comes_back():
    lab = Lab()
    lab.run("iptables -I INPUT -p tcp --dport 81 -j REJECT")
    cell = "docker1# tcpdump -nn -t -i eth0 icmp &\nclient# nc -z -w 1 172.25.254.1 81"
    capture = lab.run_cell(cell).outputs[0]
    assert capture.stdout == (
        "IP 172.25.254.1 > 172.25.254.38: ICMP 172.25.254.1 tcp port 81 unreachable, length 68\n\n"
    )


def test_a_capture_file_becomes_a_table_and_a_copy_for_wireshark(tmp_path):
    lab = two_containers()
    lab.run_cell("tcpdump -i docker0 -w /tmp/x.pcap icmp &\nping -c 1 172.17.0.3")
    numbers = "id 1, seq 1, length 64"
    table = lab.capture("docker1:/tmp/x.pcap", tmp_path / "x.pcap")
    assert table[["source", "destination", "protocol", "length", "info"]].values.tolist() == [
        ["172.17.0.1", "172.17.0.3", "ICMP", 98, f"IP 172.17.0.1 > 172.17.0.3: ICMP echo request, {numbers}"],
        ["172.17.0.3", "172.17.0.1", "ICMP", 98, f"IP 172.17.0.3 > 172.17.0.1: ICMP echo reply, {numbers}"],
    ]
    assert (tmp_path / "x.pcap").read_bytes()[:4] == bytes.fromhex("d4c3b2a1")
