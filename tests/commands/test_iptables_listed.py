"""What iptables 1.8.9 (nf_tables) answered in a network namespace on 27 November 2026, typed into the lab."""

from __future__ import annotations

import pytest

from dnetlab import Lab
from dnetlab.views import explain

# typed | as -S has it | as -nL has it
ROWS = r"""
-A INPUT -f -j DROP | -A INPUT -f -j DROP | DROP       0    -f  0.0.0.0/0            0.0.0.0/0           
-A INPUT ! -f -s 10.0.0.1 -j DROP | -A INPUT -s 10.0.0.1/32 ! -f -j DROP | DROP       0    !f  10.0.0.1             0.0.0.0/0           
-A INPUT -p tcp --dport 80 -m string --string 'GET /admin' --algo bm -j DROP | -A INPUT -p tcp -m tcp --dport 80 -m string --string "GET /admin" --algo bm -j DROP |  tcp dpt:80 STRING match  "GET /admin" ALGO name bm
-A INPUT -m string --hex-string '|0d0a|x' --algo kmp --from 20 --to 100 -j DROP | -A INPUT -m string --hex-string "|0d0a78|" --algo kmp --from 20 --to 100 -j DROP |  STRING match  "|0d0a78|" ALGO name kmp FROM 20 TO 100
-A INPUT -m string --hex-string '|41|' --algo bm | -A INPUT -m string --string "A" --algo bm |  STRING match  "A" ALGO name bm
-A INPUT -m string ! --string "it's" --algo bm --icase -j DROP | -A INPUT -m string ! --string "it's" --algo bm --icase -j DROP |  STRING match ! "it's" ALGO name bm ICASE
-A INPUT -m time --timestart 08:00 --timestop 18:00 --weekdays Mon,Tue,Wed,Thu,Fri -j ACCEPT | -A INPUT -m time --timestart 08:00:00 --timestop 18:00:00 --weekdays Mon,Tue,Wed,Thu,Fri --datestop 2038-01-19T03:14:07 -j ACCEPT |  TIME from 08:00:00 to 18:00:00 on Mon,Tue,Wed,Thu,Fri UTC
-A INPUT -m time --datestart 2026-01-01 --datestop 2026-12-31T23:59:59 --kerneltz -j ACCEPT | -A INPUT -m time --datestart 2026-01-01T00:00:00 --datestop 2026-12-31T23:59:59 --kerneltz -j ACCEPT |  TIME starting from 2026-01-01 00:00:00 until date 2026-12-31 23:59:59
-A INPUT -m time --monthdays 1,15 ! --weekdays Sun -j ACCEPT | -A INPUT -m time --monthdays 1,15 --weekdays Mon,Tue,Wed,Thu,Fri,Sat --datestop 2038-01-19T03:14:07 -j ACCEPT |  TIME on Mon,Tue,Wed,Thu,Fri,Sat on 1st,15th UTC
-A INPUT -m time -j ACCEPT | -A INPUT -m time --datestop 2038-01-19T03:14:07 -j ACCEPT |  TIME UTC
-A INPUT -m u32 --u32 '6&0xFF=1' -j DROP | -A INPUT -m u32 --u32 "0x6&0xff=0x1" -j DROP |  u32 "0x6&0xff=0x1"
-A INPUT -m u32 --u32 '0>>22&0x3C@12>>26=1' | -A INPUT -m u32 --u32 "0x0>>0x16&0x3c@0xc>>0x1a=0x1" |  u32 "0x0>>0x16&0x3c@0xc>>0x1a=0x1"
-A INPUT -m u32 --u32 '6&0xff=1 && 4&0x1FFF=0,5:7' | -A INPUT -m u32 --u32 "0x6&0xff=0x1&&0x4&0x1fff=0x0,0x5:0x7" |  u32 "0x6&0xff=0x1&&0x4&0x1fff=0x0,0x5:0x7"
-t raw -A PREROUTING -p udp --dport 53 -j NOTRACK | -A PREROUTING -p udp -m udp --dport 53 -j NOTRACK | CT         17   --  0.0.0.0/0            0.0.0.0/0            udp dpt:53 NOTRACK
-t raw -A PREROUTING -p udp --dport 53 -j CT --notrack | -A PREROUTING -p udp -m udp --dport 53 -j CT --notrack |  udp dpt:53 CT notrack
-t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp | -A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp |  tcp dpt:21 CT helper ftp
-t raw -A PREROUTING -j CT --zone 5 --ctevents new,destroy | -A PREROUTING -j CT --ctevents new,destroy --zone 5 |  CT ctevents new,destroy zone 5
-t mangle -A PREROUTING -j CONNMARK --restore-mark | -A PREROUTING -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff |  CONNMARK restore
-t mangle -A PREROUTING -j CONNMARK --save-mark --mask 0xff | -A PREROUTING -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff |  CONNMARK save mask 0xff
-t mangle -A PREROUTING -j CONNMARK --set-mark 5 | -A PREROUTING -j CONNMARK --set-xmark 0x5/0xffffffff |  CONNMARK set 0x5
-t mangle -A PREROUTING -j CONNMARK --set-xmark 5/0xff | -A PREROUTING -j CONNMARK --set-xmark 0x5/0xff |  CONNMARK xset 0x5/0xff
-t mangle -A INPUT -j CONNMARK --or-mark 4 | -A INPUT -j CONNMARK --set-xmark 0x4/0x4 |  CONNMARK or 0x4
-A INPUT -j NFLOG --nflog-group 2 --nflog-prefix "drop: " | -A INPUT -j NFLOG --nflog-prefix "drop: " --nflog-group 2 |  nflog-prefix "drop: " nflog-group 2
-A INPUT -j NFLOG --nflog-group 2 --nflog-prefix x --nflog-size 64 --nflog-threshold 3 | -A INPUT -j NFLOG --nflog-prefix x --nflog-group 2 --nflog-size 64 --nflog-threshold 3 |  nflog-prefix x nflog-group 2 nflog-size 64 nflog-threshold 3
""".strip("\n").splitlines()  # noqa: E501, W291

# typed | the first line of the complaint, behind 'iptables v1.8.9 (nf_tables): '
MISTAKES = """
-A INPUT -m string --string x | string: option "--algo" must be specified
-A INPUT -m string --algo bm | STRING match: You must specify `--string' or `--hex-string'
-A INPUT -m string --hex-string "|4|" --algo bm | Invalid hex block
-A INPUT -m time --timestart 25:00 | invalid time "25:00" specified, should be hh:mm[:ss] format and within the boundaries
-A INPUT -m time --weekdays Foo | Foo is not a valid day specifier
-A INPUT -m time --monthdays 33 | 33 is not a valid day for --monthdays
-A INPUT -m time --datestart foo | Invalid date "foo" specified. Should be YYYY[-MM[-DD[Thh[:mm[:ss]]]]]
-A INPUT -m u32 --u32 '0>>22&0x3C@12>>26&0x3C@-3&0xFF=0:5,7' | u32: at char 23: not a number or out of range
-A INPUT -m u32 --u32 '6&0xff' | u32: abrupt end of input after location specifier
-A INPUT -m u32 | u32: option "--u32" must be specified
-A INPUT -m set --match-set bad src | Set bad doesn't exist.
-A INPUT -m set --match-set bad | --match-set requires two args.
-A INPUT -m set | You must specify `--match-set' with proper arguments
-A INPUT -p udp -m tcpmss --mss 5 |  RULE_APPEND failed (Invalid argument): rule in chain INPUT
-A INPUT -p tcp -m tcpmss --mss 5:3 | tcpmss: invalid range given
-A INPUT -p tcp -m tcpmss --mss x | tcpmss: bad value for option "--mss" near "x", or out of range (0-65535).
-A INPUT -m quota --quota x | quota: bad value for option "--quota", or out of range (0-18446744073709551615).
-A OUTPUT -m socket |  RULE_APPEND failed (Invalid argument): rule in chain OUTPUT
-A INPUT -m socket ! --nowildcard | socket: option "--nowildcard" cannot be inverted.
-t mangle -A INPUT -m rpfilter |  RULE_APPEND failed (Invalid argument): rule in chain INPUT
-A INPUT -m hl --hl-eq 3 | Couldn't load match `hl':No such file or directory
-t mangle -A PREROUTING -j TTL | TTL: You must specify an action
-t mangle -A PREROUTING -j TTL --ttl-dec 0 | TTL: bad value for option "--ttl-dec", or out of range (1-255).
-t mangle -A PREROUTING -j TTL --ttl-dec 1 --ttl-inc 1 | TTL: option "--ttl-dec" cannot be used together with "--ttl-inc".
-t mangle -A PREROUTING -j HL --hl-set 3 | unknown option "--hl-set"
-A INPUT -j TTL --ttl-dec 1 |  RULE_APPEND failed (Invalid argument): rule in chain INPUT
-A INPUT -j SET --add-set nosuch src | Set nosuch doesn't exist.
-A INPUT -j SET | You must specify either `--add-set' or `--del-set' or `--map-set'
-A INPUT -j SET --add-set s | --add-set requires two args.
-A INPUT -j SET --add-set s foo | You must spefify (the comma separated list of) 'src' or 'dst'.
-A INPUT -j SET --add-set s src --add-set n src | --add-set can be specified only once
-A INPUT -j SET --del-set s src --exist | Flag `--exist' can be used with `--add-set' only
-A INPUT -j SET --add-set s src --timeout x | Invalid value for option --timeout or out of range 0-4294967294
-A INPUT -j NOTRACK |  RULE_APPEND failed (Invalid argument): rule in chain INPUT
-t raw -A OUTPUT -j CT --zone x | Cannot parse x as a zone ID
-t raw -A OUTPUT -j CT --ctevents foo | Unknown event type "foo"
-t mangle -A PREROUTING -j CONNMARK | CONNMARK target: No operation specified
-t mangle -A INPUT -j CONNMARK --set-mark x | CONNMARK: bad integer value for option "--set-mark", or out of range.
""".strip().splitlines()  # noqa: E501


@pytest.fixture(scope="module")
def lab():
    with Lab() as made:
        yield made


@pytest.fixture
def fresh():
    with Lab() as made:
        yield made


@pytest.mark.parametrize("row", ROWS)
def test_a_rule_is_kept_and_listed_as_the_real_one(lab, row):
    typed, kept, shown = row.split(" | ")
    table = typed.split()[1] if typed.startswith("-t") else "filter"
    lab.run(f"client# iptables -t {table} -F")

    assert lab.run(f"client# iptables {typed}").stderr == ""

    assert lab.run(f"client# iptables -t {table} -S").stdout.splitlines()[-1] == kept
    rows = lab.run(f"client# iptables -t {table} -nL").stdout.splitlines()
    assert [line for line in rows if line.endswith(shown)], rows


@pytest.mark.parametrize("row", MISTAKES)
def test_a_mistake_is_answered_as_by_the_real_one(lab, row):
    typed, complaint = row.split(" | ")

    output = lab.run(f"client# iptables {typed}")

    assert output.refused is None
    assert output.stderr.splitlines()[0] == f"iptables v1.8.9 (nf_tables): {complaint}"


def test_no_packet_is_a_fragment_so_f_holds_for_none_and_its_opposite_for_all(fresh):
    fresh.run("client# iptables -A INPUT -f -j DROP")
    assert fresh.run("docker1# ping -c 1 172.25.254.38").exit_code == 0
    fresh.run("client# iptables -A INPUT ! -f -p icmp -j DROP")
    assert fresh.run("docker1# ping -c 1 -W 1 172.25.254.38").exit_code == 1


def test_a_trace_says_what_of_a_rule_is_listed_and_not_done(fresh):
    fresh.run("client# iptables -t raw -A PREROUTING -p icmp -j CT --zone 5")
    fresh.run('client# iptables -A INPUT -p icmp -m string --string "x" --algo bm -j DROP')

    told = explain.text(fresh.trace("docker1", "client"), fresh.snapshot())

    zone = "the lab does not do what the target CT does; the rule only counts"
    string = 'the lab does not judge --string "x", so the rule counts as not matching'
    assert f": -p icmp -j CT --zone 5 · {zone}\n" in told
    assert f' -j DROP · {string}\n' in told


def test_why_names_a_rule_on_the_way_that_is_only_listed(fresh):
    fresh.run("client# iptables -A INPUT -p icmp -m string --string abc --algo bm -j ACCEPT")
    fresh.run("client# iptables -A INPUT -p icmp -j DROP")

    said = fresh.why("docker1", "client").evidence

    assert said == (
        "iptables -t filter: -A INPUT -p icmp -j DROP",
        'iptables -t filter: -A INPUT -p icmp -m string --string "abc" --algo bm -j ACCEPT: '
        'the lab does not judge --string "abc", so the rule counts as not matching',
    )


def test_a_trace_and_why_name_the_rule_that_keeps_conntrack_away(fresh):
    fresh.run("client# iptables -t raw -A PREROUTING -p icmp -j NOTRACK")
    fresh.run("client# iptables -A INPUT -p icmp -m conntrack --ctstate UNTRACKED -j DROP")

    told = explain.text(fresh.trace("docker1", "client"), fresh.snapshot())
    said = fresh.why("docker1", "client").evidence

    away = "conntrack lets the packet be from here on: its state is UNTRACKED, nothing is translated"
    assert f": -p icmp -j NOTRACK · {away}\n" in told
    assert f"iptables -t raw: -A PREROUTING -p icmp -j NOTRACK: {away}" in said
