"""A TCP connection is more than its handshake: each later packet meets the rules, counts, and can die alone.

The values are those of real engines 20.10.24, 26.1.5 and 28.5.2 with curl 7.88.1 and OpenBSD nc 1.219.
"""

from __future__ import annotations

import pytest

from dnetlab.lab import Lab
from dnetlab.sim.lab import new_world
from tests.sim.toollab import at, lab


def counters(listing: str, *words: str) -> str:
    """The first two columns of the row that has all these words."""
    row = next(line for line in listing.splitlines() if all(word in line for word in words))
    return " ".join(row.split()[:2])


@pytest.fixture
def served():
    """docker1 serves a page of its own at port 80 and the container `demo` at 8080."""
    world = lab("28.5")
    at(world, "docker run -d --name hw --network host nginx")
    return world


@pytest.fixture
def new_only(served):
    """INPUT lets the first packet of a connection in and drops the rest."""
    at(served, "iptables -P INPUT DROP")
    at(served, "iptables -A INPUT -p tcp --dport 80 -m state --state NEW -j ACCEPT")
    return served


def test_curl_waits_in_vain_when_only_new_packets_come_in(new_only):
    before = new_only.clock

    result = at(new_only, "curl -m 2 172.25.254.1", "client")

    assert (result.exit_code, result.stdout) == (28, "")
    assert result.stderr == "curl: (28) Operation timed out after 2001 milliseconds with 0 bytes received\n"
    assert new_only.clock - before == 2.0


def test_nc_connects_all_the_same_as_it_only_needs_the_handshake(new_only):
    result = at(new_only, "nc -z -v -w 2 172.25.254.1 80", "client")

    assert (result.exit_code, result.stderr) == (0, "Connection to 172.25.254.1 80 port [tcp/http] succeeded!\n")


def test_what_is_sent_again_is_counted_as_real_engines_count_it(new_only):
    """curl -m 2: the third packet, the request five times, and a receipt for the second SYN-ACK; nc: two packets."""
    at(new_only, "curl -s -m 2 172.25.254.1", "client")
    at(new_only, "nc -z -v -w 2 172.25.254.1 80", "client")

    listing = at(new_only, "iptables -nvL INPUT").stdout

    assert "Chain INPUT (policy DROP 9 packets, 848 bytes)" in listing
    assert counters(listing, "state NEW") == "2 120"


def test_letting_answers_in_as_well_gives_the_page(new_only):
    at(new_only, "iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT")

    assert "Welcome to nginx!" in at(new_only, "curl -s -m 2 172.25.254.1", "client").stdout


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5"])
def test_dropping_established_packets_in_docker_user_stops_a_published_port(release):
    world = lab(release)
    at(world, "iptables -I DOCKER-USER -i eth0 -m conntrack --ctstate ESTABLISHED -j DROP")

    assert at(world, "curl -s -m 2 172.25.254.1:8080", "client").exit_code == 28
    assert at(world, "nc -z -v -w 2 172.25.254.1 8080", "client").exit_code == 0
    assert counters(at(world, "iptables -nvL DOCKER-USER").stdout, "DROP", "ESTABLISHED") == "9 873"


@pytest.mark.parametrize("flags", ["--tcp-flags PSH PSH", "--tcp-flags SYN,ACK ACK -m length --length 100:"])
def test_a_rule_may_take_the_request_alone(served, flags):
    at(served, f"iptables -I FORWARD -p tcp {flags} -j DROP")

    assert at(served, "curl -s -m 2 172.25.254.1:8080", "client").exit_code == 28
    assert at(served, "nc -z -w 2 172.25.254.1 8080", "client").exit_code == 0


def test_dropping_fin_hurts_nobody_who_has_his_page(served):
    at(served, "iptables -I FORWARD -p tcp --tcp-flags FIN FIN -j DROP")

    assert at(served, "curl -s -m 2 172.25.254.1:8080", "client").exit_code == 0


def test_a_host_whose_output_takes_new_packets_only_asks_in_vain(served):
    at(served, "iptables -P OUTPUT DROP")
    at(served, "iptables -A OUTPUT -p tcp --dport 80 -m state --state NEW -j ACCEPT")

    assert at(served, "curl -s -m 2 172.17.0.2").exit_code == 28


def test_a_page_is_ten_packets_with_the_bytes_of_a_real_page():
    """curl from another host, twice, after iptables -Z: from the recording of 20.10.24 but for the page's length."""
    world = new_world("20.10")
    at(world, "docker run -d --name web -p 8080:80 nginx")
    at(world, "iptables -t nat -Z")
    at(world, "iptables -Z")

    at(world, "curl -s -m 2 172.25.254.1:8080", "client")
    at(world, "curl -s -m 2 172.25.254.1:8080", "client")

    listing = at(world, "iptables -nvL FORWARD").stdout
    assert counters(listing, "DOCKER-USER") == "20 1934"
    assert counters(listing, "RELATED,ESTABLISHED") == "10 682"
    assert counters(listing, "ACCEPT", "docker0 !docker0") == "8 1132"
    assert counters(listing, "DOCKER ") == "2 120"
    assert "POSTROUTING (policy ACCEPT 2 packets, 120 bytes)" in at(world, "iptables -t nat -nvL").stdout


def test_a_policy_counts_once_it_was_set_and_a_chain_that_nobody_made_never():
    world = new_world("20.10")
    at(world, "docker run -d --name web nginx")
    at(world, "iptables -Z")
    at(world, "ip route add 172.17.0.0/16 via 172.25.254.1", "client")

    at(world, "curl -s -m 1 172.17.0.2", "client")
    dropped = at(world, "iptables -nvL FORWARD").stdout
    at(world, "curl -s -m 1 172.17.0.2")

    assert "Chain FORWARD (policy DROP 1 packets, 60 bytes)" in dropped
    assert "Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)" in at(world, "iptables -nvL OUTPUT").stdout


def test_without_m_curl_waits_until_the_kernel_gives_up(new_only):
    """tcp_retries2 15: a quarter of an hour."""
    before = new_only.clock

    result = at(new_only, "curl -sS 172.25.254.1", "client")

    assert (result.exit_code, result.stderr) == (56, "curl: (56) Recv failure: Connection timed out\n")
    assert round(new_only.clock - before) == 925


def test_timeout_ends_a_wait_that_has_no_end(served):
    at(served, "iptables -I OUTPUT -p tcp --sport 80 --tcp-flags PSH PSH -j DROP")

    assert at(served, "timeout 2 curl -s 172.25.254.1", "client").exit_code == 124


def test_a_connection_reset_in_the_midst_says_so(served):
    at(served, "iptables -I INPUT -p tcp --dport 80 --tcp-flags PSH PSH -j REJECT --reject-with tcp-reset")

    result = at(served, "curl -sS -m 2 172.25.254.1", "client")

    assert (result.exit_code, result.stderr) == (56, "curl: (56) Recv failure: Connection reset by peer\n")


def test_docker_proxy_accepts_first_and_then_asks_a_container_that_never_answers(served):
    """The asker is connected; only his -m ends the wait for a page."""
    at(served, "iptables -I OUTPUT -d 172.17.0.2 -p tcp --dport 80 -j DROP")

    result = at(served, "curl -sS -m 2 127.0.0.1:8080")

    assert result.exit_code == 28
    assert result.stderr == "curl: (28) Operation timed out after 2001 milliseconds with 0 bytes received\n"


def test_why_and_trace_name_the_packet_that_died():
    lab_ = Lab(docker="28.5")
    lab_.run("docker1# docker run -d --name hw --network host nginx")
    lab_.run("docker1# iptables -P INPUT DROP")
    lab_.run("docker1# iptables -A INPUT -p tcp --dport 80 -m state --state NEW -j ACCEPT")
    lab_.run("client$ curl -m 2 172.25.254.1")

    reason, trace = lab_.why(), lab_.trace("client", "docker1:80")

    assert not reason.works
    assert reason.sentence == (
        "client opens a connection to 172.25.254.1:80, but the third packet of the handshake never arrives: "
        "No rule on docker1 lets the packet through, and the policy of INPUT is DROP."
    )
    assert not trace.answered
    assert trace.broke_on is not None and trace.broke_on.trace.packet.flags == "A"


def test_a_page_comes_in_segments_that_fit_the_smaller_mtu_of_both_ends():
    """A page of 3000 bytes and 240 of head: three segments at MTU 1500, the last of 344 bytes, and four at 1000."""
    world = new_world("28.5")
    web = at(world, "docker run -d --name web nginx").stdout.strip()
    world.files["docker1", web, "/usr/share/nginx/html/long.html"] = "x" * 3000

    def answers() -> int:
        at(world, "iptables -t mangle -F")
        at(world, "iptables -t mangle -A INPUT -p tcp --sport 80 --tcp-flags PSH PSH -j ACCEPT")
        assert at(world, "curl -s 172.17.0.2/long.html").stdout == "x" * 3000
        return int(counters(at(world, "iptables -t mangle -nvL INPUT").stdout, "ACCEPT", "tcp spt:80").split()[0])

    whole = answers()
    at(world, "ip link set docker0 mtu 1000")

    assert (whole, answers()) == (3, 4)
