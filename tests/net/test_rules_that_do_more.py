"""Rules that keep conntrack away, change sets, count bytes, or ask where an answer would go.

The figures are those of iptables 1.8.9 (nf_tables) and Linux 6.18 between two network namespaces, 28 November 2026.
"""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt

PEER = "172.25.254.38"


@pytest.fixture
def host() -> Prompt:
    return Prompt()


def hits(host: Prompt, table: str, chain: str) -> list[str]:
    """The packets and bytes that each rule of a chain has counted: '2 168'."""
    rows = host.out(f"iptables -t {table} -nvxL {chain}").splitlines()[2:]
    return [" ".join(row.split()[:2]) for row in rows]


def test_a_quota_lets_so_many_bytes_by_and_then_nothing(host: Prompt) -> None:
    # given 200 bytes, when four echoes of 84 come, then two pass, and the rule still says 200
    host.type("iptables -A INPUT -p icmp -m quota --quota 200 -j ACCEPT\niptables -A INPUT -p icmp -j DROP")
    assert "4 packets transmitted, 2 received" in host.type("client$ ping -c 4 -i 0.2 -W 1 172.25.254.1").stdout
    assert hits(host, "filter", "INPUT") == ["2 168", "2 168"]
    assert "--quota 200 -j ACCEPT" in host.out("iptables -S INPUT")


def test_an_inverted_quota_matches_what_comes_behind_it(host: Prompt) -> None:
    host.type("iptables -A INPUT -p icmp -m quota ! --quota 200")
    host.type("client$ ping -c 4 -i 0.2 -W 1 172.25.254.1")
    assert hits(host, "filter", "INPUT") == ["2 168"]


def test_conntrack_does_not_know_a_packet_that_notrack_took_away(host: Prompt) -> None:
    # given NOTRACK for what comes in, when somebody pings, then the request is UNTRACKED, its answer INVALID
    host.type("iptables -t raw -A PREROUTING -p icmp -j NOTRACK")
    for state in ("UNTRACKED", "INVALID", "NEW", "ESTABLISHED"):
        for chain in ("INPUT", "OUTPUT"):
            host.type(f"iptables -A {chain} -p icmp -m conntrack --ctstate {state}")
    assert host.type("client$ ping -c 1 -W 1 172.25.254.1").exit_code == 0
    assert hits(host, "filter", "INPUT") == ["1 84", "0 0", "0 0", "0 0"]
    assert hits(host, "filter", "OUTPUT") == ["0 0", "1 84", "0 0", "0 0"]
    assert host.type("conntrack -L").stdout == ""


def test_a_published_port_without_conntrack_is_not_translated_but_left_to_docker_proxy(host: Prompt) -> None:
    # given a published port, when its connections aren't tracked, then no DNAT is done: docker-proxy answers instead
    host.type("docker run -d --name web -p 8080:80 nginx")
    host.type("iptables -t raw -I PREROUTING -p tcp --dport 8080 -j CT --notrack")
    assert host.type("client$ curl -s -o /dev/null http://172.25.254.1:8080").exit_code == 0
    assert '172.17.0.1 - - ' in host.out("docker logs web 2>/dev/null | tail -1")


def test_set_puts_senders_into_a_set_and_takes_them_out(host: Prompt) -> None:
    host.type("ipset create seen hash:ip\nipset create knocked hash:ip,port timeout 60")
    host.type("iptables -A INPUT -p icmp -j SET --add-set seen src")
    host.type("iptables -A INPUT -p tcp --syn -j SET --add-set knocked src,dst")
    host.type("client$ ping -c 1 -W 1 172.25.254.1\nclient$ nc -z -w 1 172.25.254.1 81")
    assert host.out("ipset list seen").endswith(f"Members:\n{PEER}\n")
    assert f"{PEER},tcp:81 timeout 5" in host.out("ipset list knocked")
    assert "References: 1\n" in host.out("ipset list seen")
    assert "in use by a kernel component" in host.type("ipset destroy seen").stderr
    host.type("iptables -R INPUT 1 -p icmp -j SET --del-set seen src\nclient$ ping -c 1 -W 1 172.25.254.1")
    assert host.out("ipset list seen").endswith("Members:\n")


def test_a_port_opens_for_who_has_knocked(host: Prompt) -> None:
    # given a port for members of a set only, when a knock elsewhere puts somebody in, then it answers him for a while
    host.type("docker run -d --name web -p 8080:80 nginx\nipset create friends hash:ip timeout 30")
    host.type("iptables -t mangle -A PREROUTING -p tcp --dport 7000 -j SET --add-set friends src\n"
              "iptables -I DOCKER-USER -p tcp -m set ! --match-set friends src -j DROP -i eth0")  # fmt: skip
    ask = "client$ curl -s -m 2 -o /dev/null http://172.25.254.1:8080"
    assert host.type(ask).exit_code == 28
    host.type("client$ nc -z -w 1 172.25.254.1 7000")
    assert host.type(ask).exit_code == 0
    host.type("sleep 40")
    assert host.type(ask).exit_code == 28


def test_rpfilter_asks_whether_an_answer_would_leave_where_the_packet_came_in(host: Prompt) -> None:
    # given a route back through another link, when the peer pings, then `--invert` matches and so does `--loose`
    host.type("iptables -t mangle -A PREROUTING -m rpfilter\niptables -t mangle -A PREROUTING -m rpfilter --invert\n"
              "iptables -t mangle -A PREROUTING -m rpfilter --loose")  # fmt: skip
    host.type("client$ ping -c 1 -W 1 172.25.254.1")
    assert hits(host, "mangle", "PREROUTING") == ["1 84", "0 0", "1 84"]
    host.type(f"sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0\n"
              f"ip route add {PEER}/32 dev docker0\niptables -t mangle -Z")  # fmt: skip
    host.type("client$ ping -c 1 -W 1 172.25.254.1")
    assert hits(host, "mangle", "PREROUTING") == ["0 0", "1 84", "1 84"]


def test_socket_matches_what_somebody_here_has_opened_a_socket_for(host: Prompt) -> None:
    # given listeners at one address and at all of them, then a SYN finds the first only, unless --nowildcard is said
    host.type("docker run -d --name one --network host busybox httpd -f -p 172.25.254.1:82\n"
              "docker run -d --name all --network host busybox httpd -f -p 0:83")  # fmt: skip
    for rule in ("-m socket", "-m socket --nowildcard", "-m socket --transparent"):
        host.type(f"iptables -t mangle -A PREROUTING -p tcp --syn {rule}")
    for port in (82, 83, 84):
        host.type(f"client$ nc -z -w 1 172.25.254.1 {port}")
    assert hits(host, "mangle", "PREROUTING") == ["1 60", "2 120", "0 0"]


def test_tcpmss_looks_at_what_a_syn_tells(host: Prompt) -> None:
    host.type("iptables -A INPUT -p tcp -m tcpmss --mss 1400:1500\niptables -A INPUT -p tcp -m tcpmss --mss 1:1000\n"
              "iptables -A INPUT -p tcp -m tcpmss ! --mss 1:1000")  # fmt: skip
    host.type("client$ nc -z -w 1 172.25.254.1 81")
    assert hits(host, "filter", "INPUT") == ["1 60", "0 0", "1 60"]


def test_hl_is_ipv6s_ttl(host: Prompt) -> None:
    # given HL, which sets the hop limit of what comes in, when the filter asks for that number, then it finds it
    host.type("ip6tables -t mangle -A PREROUTING -p ipv6-icmp --icmpv6-type echo-request -j HL --hl-set 3\n"
              "ip6tables -A INPUT -m hl --hl-eq 3")  # fmt: skip
    own = next(i for i in host.world.hosts["docker1"].stack.interface("eth0").ipv6 if i.ip.is_link_local).ip
    assert host.type(f"client$ ping -6 -c 1 -W 1 fe80::{str(own).partition('fe80::')[2]}%eth0").exit_code == 0
    rows = host.out("ip6tables -nvxL INPUT").splitlines()[2:]
    assert [row.split()[0] for row in rows] == ["1"]
    assert host.out("ip6tables -t mangle -S PREROUTING").splitlines()[-1] == (
        "-A PREROUTING -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j HL --hl-set 3"
    )
