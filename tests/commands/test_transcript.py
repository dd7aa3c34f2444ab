"""Two runs of a script are equal when they differ only in ids, MACs, times, pids and interface numbers."""

from __future__ import annotations

from dnetlab.commands.transcript import difference


def test_ids_macs_veths_indexes_and_times_are_compared_by_shape():
    expected = (
        "40: veth7c468c6@if39: <UP> master br-18fb73b3c2f5\n"
        "    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0\n"
        "f28a0d105547   nginx   Up 2 seconds\n"
        "64 bytes from 172.17.0.2: seq=0 ttl=64 time=0.059 ms\n"
    )
    found = (
        "7: vethaaaaaaa@if6: <UP> master br-0123456789ab\n"
        "    link/ether 8a:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netnsid 3\n"
        "0011223344ff   nginx   Up About a minute\n"
        "64 bytes from 172.17.0.2: seq=0 ttl=64 time=0.120 ms\n"
    )

    assert difference(expected, found, "") == ""


def test_an_address_that_differs_is_a_difference():
    shown = difference("inet 172.17.0.2/16\n", "inet 172.17.0.3/16\n", "")

    assert "-inet 172.17.0.2/16" in shown
    assert "+inet 172.17.0.3/16" in shown


def test_a_missing_line_is_a_difference():
    assert difference("a\nb\n", "a\n", "") != ""


def test_both_streams_count_in_either_order():
    assert difference("PING web1\nping: error\n", "PING web1\n", "ping: error\n") == ""
    assert difference("warning\nid\n", "id\n", "warning\n") == ""


def test_names_that_the_daemon_made_up_are_compared_by_shape():
    assert difference("AS /sad_faraday/x\n", "AS /charming_chandrasekhar/x\n", "") == ""
    assert difference("my_net1\n", "my_net2\n", "") != ""


def test_a_name_that_a_user_gave_is_compared_by_its_text():
    assert "web_front" in difference("web_front\n", "app_server\n", "")


def test_a_counter_of_ping_is_no_name():
    shown = difference("64 bytes: icmp_seq=1 ttl=64\n", "64 bytes: icmp_seq=2 ttl=64\n", "")

    assert "icmp_seq=1" in shown


def test_an_age_is_a_matter_of_chance_and_whether_something_runs_is_not():
    assert difference("nginx   5 minutes ago   Up 5 minutes\n", "nginx   1 second ago   Up 1 second\n", "") == ""
    assert difference("Up 5 minutes\n", "Exited (0) 5 minutes ago\n", "") != ""
    assert difference("wait 5 seconds\n", "wait 6 seconds\n", "") != ""
