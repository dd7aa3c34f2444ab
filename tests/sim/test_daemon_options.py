"""What a daemon is told at its start: held against what 29.7.2 answered, and the ways not to start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dnetlab.commands.transcript import has_no_order, same
from dnetlab.engines.simulator import Simulator
from dnetlab.model import Line
from dnetlab.sim.lab import new_world
from tests.sim.prompt import Prompt

RECORDING = Path(__file__).resolve().parent.parent / "recordings" / "daemon" / "29.7" / "daemon_options.jsonl"
FILE = "/etc/docker/daemon.json"


class Daemon:
    """A host whose daemon is told things and restarted."""

    def __init__(self, release: str = "29.7") -> None:
        self.engine = Simulator(release)

    def run(self, command: str, host: str = "docker1"):
        output = self.engine.run(Line(0, command, host))
        assert output.refused is None, f"{command}: {output.refused}"
        return output

    def out(self, command: str) -> str:
        output = self.run(command)
        assert (output.exit_code, output.stderr) == (0, "")
        return output.stdout

    def told(self, text: str, path: str = FILE):
        """Write the file and restart; what systemctl answered."""
        world = self.engine.world.copy()
        world.files["docker1", "", path] = text
        self.engine.world = world
        return self.engine.run(Line(0, "systemctl restart docker", "docker1"))


def test_a_daemon_of_29_answers_to_its_options_as_recorded():
    # Given what 29.7.2 answered while its options changed
    rows = [json.loads(row) for row in RECORDING.read_text(encoding="utf-8").splitlines()]
    daemon, mismatches = Daemon(), []

    # When the simulator is asked the same; a bridge whose last port went is marked linkdown up to a second late
    for row in rows:
        command = row["command"]
        output = daemon.engine.run(Line(0, command, row["host"]))
        late = [r" linkdown(?= pref medium)"] if command == "ip -6 route" else []
        unordered = has_no_order(command, restarted=False)
        answered = output.exit_code == row["exit_code"] and same(row["stdout"], output.stdout, unordered, late)
        if not (answered and same(row["stderr"], output.stderr)):
            mismatches.append((command, row["stdout"] + row["stderr"], output.stdout + output.stderr, output.refused))

    # Then it says the same
    assert len(rows) > 50
    assert mismatches == []


def test_without_docker_proxy_frames_may_go_back_where_they_came_from():
    daemon = Daemon("28.5")
    assert daemon.told('{"userland-proxy": false}').exit_code == 0

    daemon.run("docker run -d --name web1 -p 8080:80 nginx")

    port = daemon.out("brctl show docker0").split()[-1]
    assert daemon.out(f"cat /sys/class/net/docker0/brif/{port}/hairpin_mode") == "1\n"
    assert daemon.out("docker port web1") == "80/tcp -> 0.0.0.0:8080\n"
    assert daemon.run("docker exec web1 wget -q -O - http://172.25.254.1:8080").exit_code == 0


@pytest.mark.parametrize(("release", "cleared"), [("20.10", False), ("26.1", True), ("28.5", True)])
def test_a_daemon_with_proxies_again_clears_what_it_wrote_without_them(release, cleared):
    """moby's setup_ip_tables.go: 20.10 leaves the rule, later releases delete it."""
    daemon = Daemon(release)
    daemon.told('{"userland-proxy": false}')
    rule = "-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE"
    assert rule in daemon.out("iptables -t nat -S")

    daemon.told("{}")

    assert (rule not in daemon.out("iptables -t nat -S")) is cleared


def test_docker0_is_where_bip_says_and_gives_out_what_fixed_cidr_leaves():
    daemon = Daemon("28.5")

    daemon.told('{"bip": "10.200.0.1/24", "fixed-cidr": "10.200.0.128/25", "default-gateway": "10.200.0.254"}')
    daemon.run("docker run -d --name web1 nginx")

    networks = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.Gateway}}{{end}}"
    assert daemon.out(f"docker inspect -f '{networks}' web1") == "10.200.0.128 10.200.0.254\n"


def test_networks_come_out_of_the_daemon_s_own_pools_until_these_are_used_up():
    daemon = Daemon("28.5")
    daemon.told('{"default-address-pools": [{"base": "10.50.0.0/23", "size": 24}]}')

    daemon.run("docker network create one")
    output = daemon.run("docker network create two")

    assert output.stderr == "Error response from daemon: all predefined address pools have been fully subnetted\n"
    assert " Default Address Pools:\n   Base: 10.50.0.0/23, Size: 24\n" in daemon.out("docker info")


def test_a_container_asks_the_servers_its_daemon_was_told():
    daemon = Daemon("28.5")
    daemon.told('{"dns": ["192.0.2.7"], "dns-search": ["example.com"], "dns-opts": ["ndots:2"]}')

    text = daemon.out("docker run --rm busybox cat /etc/resolv.conf")

    assert "nameserver 192.0.2.7\nsearch example.com\noptions ndots:2\n" in text
    assert "# Overrides: [nameservers search options]" in text


def test_a_port_is_published_where_ip_says_on_docker0_only():
    daemon = Daemon("28.5")
    daemon.told('{"ip": "127.0.0.1"}')
    daemon.run("docker network create other")

    daemon.run("docker run -d --name one -p 8080:80 nginx")
    daemon.run("docker run -d --name two -p 8081:80 --network other nginx")

    assert daemon.out("docker port one") == "80/tcp -> 127.0.0.1:8080\n"
    assert daemon.out("docker port two") == "80/tcp -> 0.0.0.0:8081\n80/tcp -> [::]:8081\n"


def test_networks_take_the_options_that_the_daemon_gives_all_of_their_driver():
    daemon = Daemon("28.5")
    daemon.told('{"default-network-opts": {"bridge": {"com.docker.network.driver.mtu": "1400"}}}')

    daemon.run("docker network create one")

    assert daemon.out("docker run --rm --network one busybox cat /sys/class/net/eth0/mtu") == "1400\n"


def test_insecure_registries_are_listed():
    daemon = Daemon("28.5")
    daemon.told('{"insecure-registries": ["registry.local:5000", "10.0.0.0/8"], "debug": true}')

    text = daemon.out("docker info")

    assert " Insecure Registries:\n  registry.local:5000\n  10.0.0.0/8\n  ::1/128\n  127.0.0.0/8\n" in text
    assert " Debug Mode: true\n" in text


def test_a_daemon_that_may_not_switch_forwarding_on_leaves_it():
    world = new_world("28.5")
    world.files["docker1", "", FILE] = '{"ip-forward": false}'
    daemon = Daemon("28.5")
    daemon.engine.world = world
    daemon.run("sysctl -w net.ipv4.ip_forward=0")

    daemon.run("systemctl restart docker")

    assert daemon.out("sysctl -n net.ipv4.ip_forward") == "0\n"


BROKEN = {  # encoding/json's scanner
    '{"mtu": 1400,}': "invalid character '}' looking for beginning of object key string",
    '{"mtu": 1400 "icc": false}': "invalid character '\"' after object key:value pair",
    "{'mtu': 1400}": "invalid character '\\'' looking for beginning of object key string",
    '{"mtu" 1400}': "invalid character '1' after object key",
    '{"mtu": }': "invalid character '}' looking for beginning of value",
    '{"dns": ["1.1.1.1" "8.8.8.8"]}': "invalid character '\"' after array element",
    '{"mtu": 1400': "unexpected end of JSON input",
    '{"mtu": 1400}}': "invalid character '}' after top-level value",
}


@pytest.mark.parametrize(("text", "problem"), BROKEN.items())
def test_a_file_that_is_no_json_keeps_the_daemon_from_starting_in_go_s_words(text, problem):
    daemon = Daemon("28.5")

    output = daemon.told(text)

    assert (output.exit_code, output.stderr.splitlines()[0]) == (
        1, "Job for docker.service failed because the control process exited with error code.",
    )  # fmt: skip
    said = f"unable to configure the Docker daemon with file /etc/docker/daemon.json: {problem}"
    assert daemon.run("dockerd --validate").stderr == f"{said}\n"
    assert f"]: {said}\n" in daemon.out("journalctl -u docker")


def test_the_status_of_a_failed_daemon_says_why_and_it_starts_when_the_file_is_right():
    # Given a directive that 29.7.2 doesn't know
    daemon = Daemon()
    assert daemon.told('{"mtuu": 1400}').exit_code == 1
    problem = "the following directives don't match any configuration option: mtuu"

    # Then everybody says so
    assert "Cannot connect to the Docker daemon" in daemon.run("docker ps").stderr
    status = daemon.run("systemctl status docker")
    assert (status.exit_code, "Active: failed (Result: exit-code)" in status.stdout) == (3, True)
    assert problem in status.stdout
    assert problem in daemon.out("journalctl -xeu docker.service --no-pager")
    assert (daemon.run("systemctl is-active docker").stdout, daemon.run("systemctl is-failed docker").exit_code) == (
        "failed\n", 0,
    )  # fmt: skip

    # When it is corrected, then it runs
    assert daemon.told('{"mtu": 1400}').exit_code == 0
    assert daemon.run("dockerd --validate").stderr == "configuration OK\n"
    assert daemon.out("docker ps -q") == ""


@pytest.mark.parametrize(("text", "problem"), [
    ('{"hosts": ["tcp://0.0.0.0:2375"]}',
     "the following directives are specified both as a flag and in the configuration file: hosts: "
     "(from flag: [unix:///var/run/docker.sock], from file: [tcp://0.0.0.0:2375])"),
    ('{"mtu": -1}', "merged configuration validation from file and command line flags failed: invalid default MTU: -1"),
    ('{"icc": false, "iptables": false}', "You specified --iptables=false with --icc=false."),
    ('{"icc": false, "ipv6": true, "fixed-cidr-v6": "fd00:d0c::/64", "ip6tables": false}',
     "You specified --ip6tables=false with --icc=false."),
    ('{"bip": "10.2.0.1"}', "Error initializing network controller: parse bip failed: invalid CIDR address: 10.2.0.1"),
])  # fmt: skip
def test_what_contradicts_itself_keeps_the_daemon_from_starting(text, problem):
    """moby daemon/config/config.go and daemon_unix.go at v28.5.2."""
    daemon = Daemon("28.5")

    assert daemon.told(text).exit_code == 1

    assert problem in daemon.out("journalctl -u docker -n 5")


@pytest.mark.parametrize(("text", "reason"), [
    ('{"bridge": "br0"}', "The lab's daemon doesn't model bridge."),
    ('{"mtu": "1400"}', "mtu in /etc/docker/daemon.json must be a number; dockerd would not start."),
])  # fmt: skip
def test_what_the_lab_lacks_is_refused_in_its_own_voice_and_changes_nothing(text, reason):
    daemon = Daemon()

    output = daemon.told(text)

    assert output.refused is not None
    assert output.refused.reason == reason
    assert daemon.out("systemctl is-active docker") == "active\n"


def test_a_directive_is_unknown_to_a_release_before_it():
    said = "the following directives don't match any configuration option: default-network-opts"
    daemon = Daemon("20.10")

    daemon.told('{"default-network-opts": {"bridge": {}}}')

    assert said in daemon.out("journalctl -u docker")
    assert daemon.run("dockerd --validate").stderr == "unknown flag: --validate\nSee 'dockerd --help'.\n"


# Who reaches a port published without docker-proxy, and the source address that the container sees; None: nobody.
# Verified on 20.10.24 and 28.5.2: web1 and peer are in one network, other in another; 172.20.0.1 is web1's gateway.
WITHOUT_PROXY = [
    ("client", "", "172.25.254.1:8081", "172.25.254.38"),
    ("docker1", "", "172.25.254.1:8081", "172.20.0.1"),
    ("docker1", "", "127.0.0.1:8081", "172.20.0.1"),
    ("docker1", "", "172.20.0.1:8081", "172.20.0.1"),
    ("docker1", "web1", "172.25.254.1:8081", "172.20.0.1"),
    ("docker1", "web1", "172.20.0.1:8081", "172.20.0.1"),
    ("docker1", "peer", "172.25.254.1:8081", "172.20.0.3"),
    ("docker1", "peer", "172.20.0.1:8081", "172.20.0.3"),
    ("docker1", "other", "172.25.254.1:8081", None),
    ("docker1", "other", "172.21.0.1:8081", None),
    ("docker1", "other", "172.20.0.1:8081", None),
    ("docker1", "other", "172.20.0.2:80", None),
]


@pytest.mark.parametrize("release", ["20.10", "28.5"])
def test_without_docker_proxy_the_rules_alone_say_who_reaches_a_published_port(release):
    # Given a daemon without docker-proxy, a published server, its neighbour, and a stranger
    daemon = Daemon(release)
    daemon.told('{"userland-proxy": false}')
    for line in ("docker network create --subnet 172.20.0.0/16 n1", "docker network create --subnet 172.21.0.0/16 n2",
                 "docker run -d --name web1 -p 8081:80 --network n1 --ip 172.20.0.2 nginx",
                 "docker run -d --name peer --network n1 --ip 172.20.0.3 nginx",
                 "docker run -d --name other --network n2 nginx"):  # fmt: skip
        daemon.out(line)
    assert "docker-proxy" not in daemon.out("ps ax")

    # When each of them asks at each address, then the server has seen whom it should
    for host, container, address, source in WITHOUT_PROXY:
        before = daemon.run("docker logs web1").stdout.count("\n")
        inside = f"docker exec {container} " if container else ""
        code = daemon.run(f"{inside}curl -s -m 2 -o /dev/null {address}", host).exit_code
        seen = daemon.run("docker logs web1").stdout.splitlines()[before:]
        who = (host, container, address)
        expected = (0, [source]) if source else (28, [])
        assert (who, code, [line.split()[0] for line in seen]) == (who, *expected)


def test_a_host_without_a_file_for_its_daemon_says_that_there_is_none():
    output = Daemon().run("cat /etc/docker/daemon.json")

    assert (output.exit_code, output.stderr) == (1, "cat: /etc/docker/daemon.json: No such file or directory\n")


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5"])
def test_where_docker0_is_elsewhere_the_first_network_takes_the_first_pool(release):
    # observed on 20.10.24 and 28.5.2: bip 10.1.0.1/24, a restart, two networks
    prompt = Prompt(release)
    prompt.out("mkdir -p /etc/docker")
    prompt.out("""echo '{"bip": "10.1.0.1/24"}' > /etc/docker/daemon.json""")
    prompt.out("systemctl restart docker")
    prompt.out("docker network create n1")

    assert prompt.out("docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' bridge n1") == (
        "10.1.0.0/24\n172.17.0.0/16\n"
    )


def test_a_network_of_ipv6_comes_out_of_the_daemon_s_own_ipv6_pool():
    # dockerd(8), default-address-pools; its base may be of IPv6 since 20.10
    prompt = Prompt("28.5")
    prompt.out("mkdir -p /etc/docker")
    pools = '{"base": "172.30.0.0/16", "size": 24}, {"base": "fd00:9::/48", "size": 64}'
    prompt.out(f"""echo '{{"default-address-pools": [{pools}]}}' > /etc/docker/daemon.json""")
    prompt.out("systemctl restart docker")
    prompt.out("docker network create --ipv6 n6")

    assert prompt.out("docker network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{end}}' n6") == (
        "172.30.1.0/24 fd00:9::/64 \n"
    )


@pytest.mark.parametrize("release", ["20.10", "26.1"])
def test_rules_of_ipv6_are_an_experiment_up_to_26(release):
    # Given ip6tables without experimental, when the daemon starts, then it doesn't; with it, it does (observed).
    daemon = Daemon(release)

    alone = daemon.told('{"ip6tables": true}')
    both = daemon.told('{"ip6tables": true, "experimental": true}')

    assert (alone.exit_code, both.exit_code) == (1, 0)


@pytest.mark.parametrize(("mark", "rule"), [
    ("2/3", "-A DOCKER-FORWARD -m mark --mark 0x2/0x3 -j ACCEPT"),
    ("0x10", "-A DOCKER-FORWARD -m mark --mark 0x10 -j ACCEPT"),
    ("010", "-A DOCKER-FORWARD -m mark --mark 0x8 -j ACCEPT"),
])  # fmt: skip
def test_what_wears_the_daemon_s_mark_is_let_through_first(mark, rule):
    # Given a mark, read as Go's strconv.ParseUint reads it, then the first rule of each family takes it.
    daemon = Daemon("29.7")

    daemon.told(json.dumps({"bridge-accept-fwmark": mark, "ipv6": True}))

    assert daemon.out("iptables -S DOCKER-FORWARD 1") == f"{rule}\n"
    assert daemon.out("ip6tables -S DOCKER-FORWARD 1") == f"{rule}\n"


@pytest.mark.parametrize(("mark", "problem"), [
    ("x", 'invalid firewall mark "x": strconv.ParseUint: parsing "x": invalid syntax'),
    ("1/", 'invalid firewall mask "1/": strconv.ParseUint: parsing "": invalid syntax'),
    ("4294967296", 'invalid firewall mark "4294967296": strconv.ParseUint: parsing "4294967296": value out of range'),
])  # fmt: skip
def test_a_mark_that_is_none_keeps_the_daemon_from_starting(mark, problem):
    daemon = Daemon("29.7")

    daemon.told(json.dumps({"bridge-accept-fwmark": mark}))

    assert problem in daemon.run("systemctl status docker").stdout


def test_debian_s_unit_hands_its_file_of_defaults_over():
    # Given DOCKER_OPTS and a comment in /etc/default/docker, when the daemon starts, then it was told so.
    daemon = Daemon("28.5")

    daemon.told('# of the host\nDOCKER_OPTS="--icc=false"\n', path="/etc/default/docker")

    assert "-A DOCKER-FORWARD -i docker0 -o docker0 -j DROP\n" in daemon.out("iptables -S DOCKER-FORWARD")
    assert daemon.out("ps -ef | grep [d]ockerd").endswith("--icc=false\n")
