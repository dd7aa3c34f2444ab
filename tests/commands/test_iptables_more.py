"""More matches and targets, listed as iptables 1.8.9 (nf_tables) lists them (recorded in a network namespace)."""

from __future__ import annotations

import pytest

from dnetlab import Lab

ROWS = """
-A INPUT -m ttl --ttl-lt 5 -j DROP | -A INPUT -m ttl --ttl-lt 5 -j DROP | TTL match TTL < 5
-A INPUT -m dscp --dscp-class EF -j DROP | -A INPUT -m dscp --dscp 0x2e -j DROP | DSCP match 0x2e
-A INPUT -m tos --tos 0x10 -j DROP | -A INPUT -m tos --tos 0x10/0xff -j DROP | tos match0x10/0xff
-A OUTPUT -m owner --uid-owner root -j ACCEPT | -A OUTPUT -m owner --uid-owner 0 -j ACCEPT | owner UID match 0
-A INPUT -m recent --rcheck | -A INPUT -m recent --rcheck --name DEFAULT --mask 255.255.255.255 --rsource | \
recent: CHECK name: DEFAULT side: source mask: 255.255.255.255
-A INPUT -p tcp -m connlimit --connlimit-upto 3 --connlimit-mask 24 | \
-A INPUT -p tcp -m connlimit --connlimit-upto 3 --connlimit-mask 24 --connlimit-saddr | #conn src/24 <= 3
-A INPUT -m hashlimit --hashlimit-above 10/sec --hashlimit-name h -j DROP | \
-A INPUT -m hashlimit --hashlimit-above 10/sec --hashlimit-burst 5 --hashlimit-name h -j DROP | \
limit: above 10/sec burst 5
-A INPUT -m statistic --mode random --probability 0.5 -j DROP | \
-A INPUT -m statistic --mode random --probability 0.50000000000 -j DROP | mode random probability 0.50000000000
-A INPUT -m conntrack --ctstatus ASSURED,SEEN_REPLY -j ACCEPT | \
-A INPUT -m conntrack --ctstatus SEEN_REPLY,ASSURED -j ACCEPT | ctstatus SEEN_REPLY,ASSURED
-A INPUT -m conntrack --ctproto tcp -j ACCEPT | -A INPUT -m conntrack --ctproto 6 -j ACCEPT | ctproto 6
-t mangle -A FORWARD -p tcp -j TCPMSS --clamp-mss-to-pmtu | -A FORWARD -p tcp -j TCPMSS --clamp-mss-to-pmtu | \
TCPMSS clamp to PMTU
-t mangle -A PREROUTING -j TTL --ttl-inc 1 | -A PREROUTING -j TTL --ttl-inc 1 | TTL increment by 1
-t mangle -A PREROUTING -j DSCP --set-dscp 8 | -A PREROUTING -j DSCP --set-dscp 0x08 | DSCP set 0x08
-t nat -A PREROUTING -d 10.1.0.0/24 -j NETMAP --to 10.2.0.0/24 | \
-A PREROUTING -d 10.1.0.0/24 -j NETMAP --to 10.2.0.0/24 | to:10.2.0.0/24
-A INPUT -p tcp -m tcpmss --mss :5 | -A INPUT -p tcp -m tcpmss --mss 0:5 | tcpmss match 0:5
-A INPUT -p tcp -m tcpmss ! --mss 1460 -j ACCEPT | -A INPUT -p tcp -m tcpmss ! --mss 1460 -j ACCEPT | \
tcpmss match !1460
-A INPUT -m helper ! --helper ftp | -A INPUT -m helper ! --helper ftp | helper match ! "ftp"
-A INPUT -m quota ! --quota 1000 -j ACCEPT | -A INPUT -m quota ! --quota 1000 -j ACCEPT | quota: 1000 bytes
-A INPUT -m socket | -A INPUT -m socket | 0.0.0.0/0            socket
-t mangle -A PREROUTING -m socket --restore-skmark --nowildcard | \
-A PREROUTING -m socket --nowildcard --restore-skmark | socket --nowildcard --restore-skmark
-t mangle -A PREROUTING -m rpfilter --accept-local --validmark --loose | \
-A PREROUTING -m rpfilter --loose --validmark --accept-local | rpfilter loose validmark accept-local
-t raw -A PREROUTING -m rpfilter --invert -j DROP | -A PREROUTING -m rpfilter --invert -j DROP | rpfilter invert
-t raw -A PREROUTING -p icmp -j TRACE | -A PREROUTING -p icmp -j TRACE | 0.0.0.0/0
""".strip().splitlines()


@pytest.mark.parametrize("row", ROWS)
def test_a_rule_is_kept_and_listed_as_the_real_one(row):
    typed, kept, listed = (part.strip() for part in row.split(" | "))
    lab = Lab()
    assert lab.run(f"client# iptables {typed}").stderr == ""
    table = typed.split()[1] if typed.startswith("-t") else "filter"
    assert kept in lab.run(f"client# iptables -t {table} -S").stdout.splitlines()
    assert listed in lab.run(f"client# iptables -t {table} -nL").stdout


def test_a_ttl_that_is_set_ends_a_packet_at_the_next_router():
    lab = Lab()
    lab.run("docker run -d --name web nginx")
    assert lab.run("docker exec web ping -c 1 172.25.254.38").exit_code == 0
    lab.run("docker1# iptables -t mangle -A PREROUTING -i docker0 -j TTL --ttl-set 1")
    assert lab.run("docker exec web ping -c 1 -W 1 172.25.254.38").exit_code == 1


def test_a_network_is_mapped_onto_another_host_by_host():
    lab = Lab()
    lab.run("client# ip addr add 10.2.0.7/32 dev eth0")
    lab.run("docker1# ip route add 10.0.0.0/8 via 172.25.254.38")
    lab.run("docker1# iptables -t nat -A OUTPUT -d 10.1.0.0/24 -j NETMAP --to 10.2.0.0/24")
    assert lab.run("docker1# ping -c 1 10.1.0.7").exit_code == 0
    assert lab.run("docker1# ping -c 1 -W 1 10.1.0.8").exit_code == 1


def test_a_condition_that_hangs_on_chance_holds_about_as_often_as_was_asked_for():
    # Given a rule that drops every other packet by chance, when forty come, then nearly half are lost, and the same
    # ones whenever the same is typed.
    def lost() -> int:
        lab = Lab()
        lab.run("docker1# iptables -A INPUT -m statistic --mode random --probability 0.5 -j DROP")
        return 40 - lab.run("client# ping -c 40 -W 1 172.25.254.1").stdout.count("icmp_seq=")

    assert 12 <= lost() <= 28
    assert lost() == lost()



def test_clamping_writes_what_the_next_link_takes_into_a_syn():
    lab = Lab()
    lab.run("docker run -d --name web nginx")
    lab.run("docker1# ip link set docker0 mtu 1400")
    lab.run("docker1# iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu")
    lab.run("docker1# iptables -t raw -F")
    lab.run("docker1# iptables -I FORWARD -j ACCEPT")
    lab.run("client# ip route add 172.17.0.0/16 via 172.25.254.1")
    cell = "docker1# tcpdump -nn -t -i docker0 'tcp[tcpflags] == tcp-syn' &\nclient# curl -s -m 2 172.17.0.2 -o /tmp/x"
    assert "options [mss 1360," in lab.run_cell(cell).outputs[0].stdout
