"""What a container's link is called: the daemon's own names, and the driver option that gives another (since 28.1)."""

from __future__ import annotations

from dnetlab import Lab

NAMED = "docker run -d --name aa --network name=n1,driver-opt=com.docker.network.endpoint.ifname={} busybox sleep 1000"


def made(release: str, name: str) -> Lab:
    lab = Lab(docker=release)
    lab.run("docker network create n1")
    lab.run(NAMED.format(name))
    return lab


def test_a_link_has_the_name_that_its_endpoint_asks_for_also_after_a_restart():
    lab = made("28.5", "wan")
    assert lab.run("docker exec aa ls /sys/class/net").stdout == "lo\nwan\n"
    lab.run("docker restart -t 0 aa")
    assert lab.run("docker exec aa ip -4 -o addr show wan").stdout.startswith("2: wan    inet 172.18.0.2/16")


def test_an_older_daemon_knows_no_such_option():
    assert made("26.1", "wan").run("docker exec aa ls /sys/class/net").stdout == "eth0\nlo\n"


def test_a_name_that_is_taken_ends_the_start():
    run = Lab(docker="28.5").run(NAMED.replace("n1", "bridge").format("lo"))
    assert run.exit_code == 125
    assert 'to "lo": file exists' in run.stderr
