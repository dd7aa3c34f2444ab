"""A rule as a student writes it, and as `iptables -S` prints it back (recorded from iptables 1.8.9, nf_tables)."""

from __future__ import annotations

import shlex

import pytest

from dnetlab.commands.iptables import NotModelled, parse_iptables
from dnetlab.commands.iptables_modules import IptablesError

# given ; printed by iptables -S
RULES = """
-A FORWARD -p tcp --dport http -j ACCEPT              ; -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -j REJECT                                  ; -j REJECT --reject-with icmp-port-unreachable
-A FORWARD -s 10.1.2.3/8 -j DROP                      ; -s 10.0.0.0/8 -j DROP
-A FORWARD -o eth1 -i eth0 -d 10.0.0.1 -s 10.0.0.2 -j DROP ; -s 10.0.0.2/32 -d 10.0.0.1/32 -i eth0 -o eth1 -j DROP
-A FORWARD -p icmp --icmp-type ping -j DROP           ; -p icmp -m icmp --icmp-type 8 -j DROP
-A FORWARD -m conntrack --ctstate established,related -j ACCEPT ; -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -p udp --dport 53: -j ACCEPT               ; -p udp -m udp --dport 53:65535 -j ACCEPT
-A FORWARD -p tcp ! --syn -j DROP                     ; -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
-A FORWARD -m comment --comment "two words" -j DROP   ; -m comment --comment "two words" -j DROP
-A FORWARD -m limit --limit 10/second -j LOG          ; -m limit --limit 10/sec -j LOG
-t mangle -A FORWARD -j MARK --set-mark 5             ; -j MARK --set-xmark 0x5/0xffffffff
-t nat -A PREROUTING -p tcp -j DNAT --to 10.0.0.1:80  ; -p tcp -j DNAT --to-destination 10.0.0.1:80
-A FORWARD -s 0/0 -p all -j ACCEPT                    ; -j ACCEPT
-A FORWARD -m iprange ! --src-range 10.0.0.2 -j DROP ; -m iprange ! --src-range 10.0.0.2-10.0.0.2 -j DROP
-A FORWARD -m length --length 100: -j DROP            ; -m length --length 100:65535 -j DROP
"""
ROWS = [tuple(part.strip() for part in row.rsplit(";", 1)) for row in RULES.strip().splitlines()]


@pytest.mark.parametrize(("given", "printed"), ROWS)
def test_a_rule_is_printed_back_as_iptables_does(given: str, printed: str) -> None:
    command = parse_iptables(shlex.split(given))

    assert [rule.text for rule in command.rules] == [printed]


def test_a_match_on_what_conntrack_wrote_down_is_printed_back_as_it_was_typed() -> None:
    """Recorded on 20.10.24 and 28.5.2: the rule of docs.docker.com that filters by the published port."""
    rule = "-p tcp -m conntrack --ctorigdst 172.25.254.1 --ctorigdstport 8080"

    command = parse_iptables(["-I", "DOCKER-USER", *rule.split(), "-j", "REJECT"])

    assert [r.text for r in command.rules] == [f"{rule} -j REJECT --reject-with icmp-port-unreachable"]


def test_several_addresses_make_several_rules() -> None:
    command = parse_iptables(["-A", "FORWARD", "-s", "10.0.0.1,10.0.0.2", "-j", "DROP"])

    assert [rule.text for rule in command.rules] == ["-s 10.0.0.1/32 -j DROP", "-s 10.0.0.2/32 -j DROP"]


def test_a_match_that_only_a_real_kernel_has_is_refused_not_denied() -> None:
    with pytest.raises(NotModelled, match="The match policy is not modelled"):
        parse_iptables(["-A", "INPUT", "-m", "policy", "--dir", "in", "-j", "ACCEPT"])


def test_an_option_that_the_real_match_has_is_refused_and_never_unknown() -> None:
    with pytest.raises(NotModelled, match="The option --physdev-is-in of physdev is not modelled"):
        parse_iptables(["-A", "INPUT", "-m", "physdev", "--physdev-is-in", "-j", "ACCEPT"])


def test_a_misspelt_match_is_answered_in_the_tools_own_words() -> None:
    with pytest.raises(IptablesError) as raised:
        parse_iptables(["-A", "INPUT", "-m", "conntrak", "-j", "ACCEPT"])

    assert raised.value.code == 2
    assert raised.value.text == (
        "iptables v1.8.9 (nf_tables): Couldn't load match `conntrak':No such file or directory\n\n"
        "Try `iptables -h' or 'iptables --help' for more information.\n"
    )
