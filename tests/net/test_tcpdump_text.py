"""tcpdump's text of a frame, held against the real tcpdump reading the same file (tests/net/captures/write.py)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from dnetlab import Lab
from dnetlab.model import IcmpType, Packet, Protocol
from dnetlab.model.frame import Arp, Frame
from dnetlab.net.capture import octets, pcap
from dnetlab.net.capture.filter import BadFilter, compile_filter
from dnetlab.net.capture.text import Style, Teller
from dnetlab.net.capture.view import View

CAPTURES = Path(__file__).parent / "captures"
TOLD_BY = re.compile(r"\$ tcpdump (.+) -r \S+\n((?:(?!\$ tcpdump ).*\n)*)")
TOLD = [
    (name, *found)
    for name in ("ethernet", "any")
    for found in TOLD_BY.findall((CAPTURES / f"{name}.txt").read_text())
]


def style(option: str) -> Style:
    count = option.count
    return Style("n" in option, "e" in option, count("v"), "q" in option, "S" in option, "#" in option, count("t"),
                 count("A"), count("x"), count("X"))  # fmt: skip


@pytest.mark.parametrize(("name", "option", "said"), TOLD, ids=[f"{name} {option}" for name, option, _ in TOLD])
def test_a_file_is_told_as_the_real_tcpdump_tells_it(name, option, said):
    file = pcap.read((CAPTURES / f"{name}.pcap").read_bytes())
    count = int(option.partition("-c ")[2] or len(file.records))
    teller = Teller(style(option.partition(" ")[0]), file.link, interfaces={1: "lo"})
    assert teller.tell(file.records[:count]) == said


def test_what_is_written_is_read_again():
    data = (CAPTURES / "ethernet.pcap").read_bytes()
    assert pcap.write(pcap.read(data)) == data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "truncated dump file; tried to read 24 file header bytes, only got 0"),
        (b"x" * 30, "unknown file format"),
    ],
)
def test_what_is_no_capture_is_said_to_be_none(data, said):
    with pytest.raises(pcap.BadFile, match=said):
        pcap.read(data)


# -- filters: how many of the file's frames each lets by, and what is said of what can't be read (tcpdump 4.99.3) -----

FILE = CAPTURES / "ethernet.pcap"
EXPRESSIONS = (CAPTURES / "filters.txt").read_text().splitlines()


def passed(expression: str, of: Path = FILE) -> str:
    file = pcap.read(of.read_bytes())
    try:
        test = compile_filter(expression, file.link)
        return str(sum(test(View.of(record.data, file.link, False)) for record in file.records))
    except BadFilter as bad:
        return str(bad)


@pytest.mark.parametrize("row", EXPRESSIONS)
def test_a_filter_lets_by_what_the_real_one_lets_by(row):
    expression, _, said = row.rpartition(" -> ")
    assert passed(expression) == said


@pytest.mark.parametrize("row", (CAPTURES / "rare.txt").read_text().splitlines())
def test_a_filter_tells_rare_frames_and_those_of_any_interface_apart_as_the_real_one(row):
    # 4.99.3 again; captures/frames.py says what is in rare.pcap
    name, _, asked = row.partition(": ")
    expression, _, said = asked.rpartition(" -> ")

    assert passed(expression, CAPTURES / f"{name}.pcap") == said


def test_packets_of_ipv6_and_its_neighbours_are_told():
    """The words are those of tcpdump 4.99.3's print-ip6.c and print-icmp6.c."""
    with Lab() as lab:
        lab.run_cell(
            "docker network create --ipv6 --subnet fd00:1::/64 n6\ndocker run -d --name web1 --network n6 nginx\n"
            "docker run -d --name web2 --network n6 nginx"
        )
        told = str(lab.run_cell(
            "tcpdump -ni any icmp6 or tcp &\ndocker exec web2 ping -6 -c 1 web1\ndocker exec web2 curl -s 'http://[fd00:1::2]:81/'"
        ))  # fmt: skip
    lines = [line.split(" ", 1)[1] for line in told.splitlines() if " IP6 " in line]
    said = {line.partition(" IP6 ")[2] for line in lines}
    assert "fd00:1::3 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fd00:1::2, length 32" in said
    assert "fd00:1::2 > fd00:1::3: ICMP6, neighbor advertisement, tgt is fd00:1::2, length 32" in said
    assert "fd00:1::3 > fd00:1::2: ICMP6, echo request, id 1, seq 0, length 64" in said
    assert any("fd00:1::2.81 > fd00:1::3." in line and "Flags [R.]" in line for line in said)


def test_a_question_of_arp_has_the_octets_of_rfc_826():
    web, everybody = "02:42:ac:11:00:02", "ff:ff:ff:ff:ff:ff"
    asked = Frame(web, everybody, Arp(web, IPv4Address("172.17.0.2"), IPv4Address("172.17.0.3")))

    (sent,) = octets.octets(asked, 0)

    assert sent.hex(" ", 2) == (
        "ffff ffff ffff 0242 ac11 0002 0806 "  # to everybody, from web, ARP
        "0001 0800 0604 0001 "  # Ethernet and IPv4, of 6 and 4 octets, a request
        "0242 ac11 0002 ac11 0002 0000 0000 0000 ac11 0003"
    )


def test_a_syn_says_what_linux_says_in_it():
    # tcp_options_write of Linux 6: the largest segment, SACK permitted, timestamps, a scale of 7
    web, other = "02:42:ac:11:00:02", "02:42:ac:11:00:03"
    ends = IPv4Address("172.17.0.2"), IPv4Address("172.17.0.3")
    syn = Packet(*ends, Protocol.TCP, 40000, 80, 64, "S", size=60, seq=1, mss=1460)

    (sent,) = octets.octets(Frame(web, other, syn), 0)

    options = sent[14 + 20 + 20 :]
    assert (options[:8].hex(), options[8 + 8 :].hex()) == ("020405b40402080a", "01030307")


def test_a_tunnel_packs_each_piece_of_a_long_packet_by_itself():
    # given an echo of 2,000 bytes that is cut to the 1,450 of an overlay network, in a VXLAN packet (RFC 7348)
    web, other = "02:42:0a:00:01:02", "02:42:0a:00:01:04"
    ends = IPv4Address("10.0.1.2"), IPv4Address("10.0.1.4")
    echo = Packet(*ends, Protocol.ICMP, sport=1, icmp=IcmpType.ECHO_REQUEST, size=2028, piece=1450)
    hosts = IPv4Address("172.25.254.1"), IPv4Address("172.25.254.2")
    around = Packet(*hosts, Protocol.UDP, 40123, 4789, size=2078, vni=4097, inside=Frame(web, other, echo))

    # when it leaves by the host's own card
    sent = octets.octets(Frame("02:00:00:00:00:01", "02:00:00:00:00:02", around), 0)

    # then there are two packets: 1,424 bytes of the message, a multiple of 8, and the 584 that are left
    before = 14 + 20 + 8 + 8 + 14 + 20
    assert [len(each) - before for each in sent] == [1424, 584]
    assert [each[14 + 2 : 14 + 4].hex() for each in sent] == [f"{50 + 20 + 1424:04x}", f"{50 + 20 + 584:04x}"]
    # and a VXLAN header says that its number holds, and the number (0x1001), and nothing else
    assert {each[14 + 20 + 8 :][:8].hex() for each in sent} == {"0800000000100100"}


@pytest.mark.parametrize(
    ("kept", "said"),
    [(-1, "tried to read 98 captured bytes, only got 97"), (24 + 10, "tried to read 16 header bytes, only got 10")],
)
def test_a_file_that_is_cut_off_says_where_as_libpcap_does(kept, said):
    # tcpdump 4.99.3 -r of such a file: "truncated dump file; tried to read 98 captured bytes, only got 97"
    whole = pcap.write(pcap.CaptureFile(pcap.ETHERNET, (pcap.Record(0.0, bytes(98), 98),)))

    with pytest.raises(pcap.BadFile, match=f"truncated dump file; {said}"):
        pcap.read(whole[:kept])


def test_the_question_for_a_neighbour_of_ipv6_comes_from_the_link_it_is_asked_on():
    # 28.5.2, tcpdump 4.99.3 on the bridge: ndisc_solicit takes the packet's source only where the link has it
    with Lab(docker="28.5") as lab:
        lab.run_cell(
            "docker network create --ipv6 --subnet fd00:1::/64 -o com.docker.network.bridge.name=br6 n6\n"
            "docker run -d --name web1 --network n6 nginx\nip -6 addr add fd00:9::1/64 dev eth0 nodad"
        )
        (own,) = re.findall(r"inet6 (fe80::[0-9a-f:]+)/64", lab.run("ip -6 addr show dev br6").stdout)
        told = str(lab.run_cell("tcpdump -ni br6 icmp6 &\nping -6 -c 1 -I fd00:9::1 fd00:1::2"))

    assert [line.partition(" IP6 ")[2] for line in told.splitlines() if " IP6 " in line] == [
        f"{own} > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fd00:1::2, length 32",
        f"fd00:1::2 > {own}: ICMP6, neighbor advertisement, tgt is fd00:1::2, length 32",
        "fd00:9::1 > fd00:1::2: ICMP6, echo request, id 1, seq 1, length 64",
        "fd00:1::2 > ff02::1:ff00:1: ICMP6, neighbor solicitation, who has fd00:1::1, length 32",
        "fd00:1::1 > fd00:1::2: ICMP6, neighbor advertisement, tgt is fd00:1::1, length 32",
        "fd00:1::2 > fd00:9::1: ICMP6, echo reply, id 1, seq 1, length 64",
    ]


def test_who_is_asked_learns_the_asker_and_does_not_ask_back():
    # arp_process, net/ipv4/arp.c: a request for an address of ours updates the neighbour that sent it
    with Lab(docker="28.5") as lab:
        lab.run_cell("docker run -d --name web1 nginx")
        told = str(lab.run_cell("tcpdump -ni docker0 arp &\ndocker exec web1 ping -c 1 172.17.0.1"))

    said = [line.partition(" ARP, ")[2].partition(" tell ")[0] for line in told.splitlines()]
    assert [words for words in said if words.startswith("Request")] == ["Request who-has 172.17.0.1"]
