"""`ip -c`, as iproute2 6.1 colours it in a network namespace of Debian 12; ^[ is written for the escape."""

from __future__ import annotations

import pytest

from dnetlab import Lab
from dnetlab.sim.text.colours import coloured


@pytest.mark.parametrize(
    ("kind", "plain", "shown"),
    [
        ("route", "default via 10.5.0.2 dev d0 ", "default via ^[[35m10.5.0.2 ^[[0mdev ^[[36md0 ^[[0m"),
        ("route", "10.5.0.0/24 dev d0 proto kernel scope link src 10.5.0.1 ",
         "^[[35m10.5.0.0/24 ^[[0mdev ^[[36md0 ^[[0mproto kernel scope link src ^[[35m10.5.0.1 ^[[0m"),
        ("route", "10.8.1.1 via 10.5.0.3 dev d0 src 10.5.0.1 uid 0 ",
         "^[[35m10.8.1.1 ^[[0mvia ^[[35m10.5.0.3 ^[[0mdev ^[[36md0 ^[[0msrc ^[[35m10.5.0.1 ^[[0muid 0 "),
        ("route", "fe80::/64 dev d1 proto kernel metric 256 pref medium",
         "^[[34mfe80::/64 ^[[0mdev ^[[36md1 ^[[0mproto kernel metric 256 pref medium"),
        ("neigh", "10.5.0.9 dev d0 lladdr 02:00:00:00:00:01 PERMANENT ",
         "^[[35m10.5.0.9 ^[[0mdev ^[[36md0 ^[[0mlladdr ^[[33m02:00:00:00:00:01 ^[[0mPERMANENT "),
        ("address", "1: lo    inet 127.0.0.1/8 scope host lo", "1: lo    inet ^[[35m127.0.0.1^[[0m/8 scope host lo"),
        ("link", "4: br0: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 1000",
         "4: ^[[36mbr0: ^[[0m<BROADCAST,MULTICAST> mtu 1500 qdisc noop state ^[[31mDOWN ^[[0mmode DEFAULT group "
         "default qlen 1000"),
        ("link", "    link/ether f6:c2:9b:d3:8b:68 brd ff:ff:ff:ff:ff:ff",
         "    link/ether ^[[33mf6:c2:9b:d3:8b:68^[[0m brd ^[[33mff:ff:ff:ff:ff:ff^[[0m"),
        ("rule", "0:\tfrom all lookup local", "0:\tfrom all lookup local"),
    ],
)  # fmt: skip
def test_each_line_is_coloured_as_the_real_ip_does(kind: str, plain: str, shown: str) -> None:
    assert coloured(kind, plain).replace("\x1b", "^[") == shown


def test_brief_lines_keep_their_columns() -> None:
    rows = Lab().run("ip -c -br a; ip -c -br link").stdout.replace("\x1b", "^[").splitlines()
    assert rows[0] == "^[[36mlo               ^[[0mUNKNOWN        ^[[35m127.0.0.1^[[0m/8 ^[[34m::1^[[0m/128 "
    assert rows[1].startswith("^[[36meth0             ^[[0m^[[32mUP             ^[[0m^[[35m172.25.254.1^[[0m/24 ")
    assert rows[4] == "^[[36mlo               ^[[0mUNKNOWN        ^[[33m00:00:00:00:00:00 ^[[0m<LOOPBACK,UP,LOWER_UP> "


def test_auto_never_and_json_have_no_colours() -> None:
    lab = Lab()
    for line in ("ip -c=auto a", "ip -color=never a", "ip -c -j a"):
        assert "\x1b" not in lab.run(line).stdout
    assert "\x1b[36m" in lab.run("ip -color=always link").stdout
