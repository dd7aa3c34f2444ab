"""What a curious student tries and the lessons don't: each answer was given by the engines its comment names."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")

MTU = "-o com.docker.network.driver.mtu"


@pytest.mark.parametrize(("release", "v6"), [("20.10", "32769"), ("26.1", "32769"), ("28.5", "32770")])
def test_up_to_27_a_published_port_of_its_own_choice_can_differ_in_v4_and_v6(release: str, v6: str) -> None:
    # Given 32768 for every address and 32769 for one IPv4 address, when the daemon chooses again, then IPv4 goes on at
    # 32770 and IPv6 at 32769, except on 28.5, which wants one number for both (20.10.24, 26.1.5, 28.5.2).
    prompt = Prompt(release)
    prompt.out("docker run -d -P nginx\ndocker run -d --name one -p 172.25.254.1::80 nginx")
    prompt.out("docker run -d --name all -P nginx\ndocker run -d --name lo -p 127.0.0.1::80 nginx")

    assert prompt.out("docker port one") == "80/tcp -> 172.25.254.1:32769\n"
    assert prompt.out("docker port all") == f"80/tcp -> 0.0.0.0:32770\n80/tcp -> [::]:{v6}\n"
    assert prompt.out("docker port lo") == "80/tcp -> 127.0.0.1:32769\n"


@pytest.mark.parametrize(
    ("options", "errors"), [("-c1 -W1", ""), ("-c1 -W4", "1"), ("-c4 -W1", "123"), ("-c2 -w2", "")]
)
def test_ping_hears_that_nobody_is_there_only_if_it_waits_three_seconds(options: str, errors: str) -> None:
    # Given no container, when ping goes before ARP gives up, then no error line is there (iputils 20221126).
    prompt = Prompt()

    text = prompt.type(f"ping {options} 172.17.0.20").stdout

    assert [line for line in text.splitlines() if line.startswith("From")] == [
        f"From 172.17.0.1 icmp_seq={n} Destination Host Unreachable" for n in errors
    ]


def test_the_bridge_of_20_10_follows_its_ports_mtu() -> None:
    # Given a network of 1400 bytes, then 20.10.24 leaves the bridge at 1500 until a container is in.
    prompt = Prompt("20.10")
    prompt.out(f"docker network create {MTU}=1400 -o com.docker.network.bridge.name=br0 n1")

    assert "mtu 1500" in prompt.out("ip link show br0")
    prompt.out("docker run -d --name aa --network n1 busybox sleep 1000")
    assert "mtu 1400" in prompt.out("ip link show br0")
    prompt.out("docker rm -f aa")
    assert "mtu 1500" in prompt.out("ip link show br0")


@pytest.mark.parametrize("release", ["26.1", "28.5"])
def test_later_bridges_have_their_networks_mtu_and_refuse_what_linux_refuses(release: str) -> None:
    prompt = Prompt(release)
    prompt.out(f"docker network create {MTU}=1400 -o com.docker.network.bridge.name=br0 n1")

    assert "mtu 1400" in prompt.out("ip link show br0")  # 26.1.5, 28.5.2
    assert prompt.err(f"docker network create {MTU}=20 n2") == "Error response from daemon: invalid argument\n"
    assert prompt.err(f"docker network create {MTU}=-5 n2") == "Error response from daemon: invalid MTU number: -5\n"


@pytest.mark.parametrize(("release", "subnet"), [("20.10", "172.19.0.0/16"), ("28.5", "172.18.0.0/16")])
def test_a_network_that_fails_for_an_option_has_moved_the_cursor_of_old_releases(release: str, subnet: str) -> None:
    prompt = Prompt(release)
    prompt.err(f"docker network create {MTU}=abc x1")
    prompt.out("docker network create p1")

    shown = prompt.out("docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' p1")

    assert shown == subnet + "\n"  # 20.10.24, 28.5.2


@pytest.mark.parametrize(("release", "after"), [("20.10", "0"), ("26.1", "0"), ("28.5", "1")])
def test_creating_a_network_switches_ip_forward_on_again_on_28(release: str, after: str) -> None:
    prompt = Prompt(release)
    prompt.out("sysctl -w net.ipv4.ip_forward=0\ndocker network create q1")

    assert prompt.out("sysctl net.ipv4.ip_forward") == f"net.ipv4.ip_forward = {after}\n"  # 20.10.24, 26.1.5, 28.5.2


@pytest.mark.parametrize("release", ["20.10", "28.5"])
def test_dangling_networks_are_the_users_even_with_containers(release: str) -> None:
    # Given a network in use, then the filter still counts it: the daemon lists without containers (20.10.24, 28.5.2).
    prompt = Prompt(release)
    prompt.out("docker network create n1\ndocker run -d --network n1 nginx")

    assert prompt.out("docker network ls --filter dangling=true --format '{{.Name}}'") == "n1\n"
    assert prompt.out("docker network ls --filter dangling=0 --format '{{.Name}}'") == "bridge\nhost\nnone\n"
    assert prompt.err("docker network ls --filter dangling=maybe") == (
        "Error response from daemon: invalid value for filter 'dangling', "
        'must be "true" (or "1"), or "false" (or "0")\n'
    )


@pytest.mark.parametrize("release", ["20.10", "28.5"])
def test_the_host_network_is_neither_left_nor_joined(release: str) -> None:
    prompt = Prompt(release)
    prompt.out("docker run -d --name hh --network host nginx")
    whole = prompt.out("docker run -d --name aa nginx").strip()

    assert prompt.err("docker network disconnect host aa") == (
        f"Error response from daemon: container {whole} is not connected to network host\n"
    )
    assert prompt.err("docker network connect host hh") == (
        "Error response from daemon: endpoint with name hh already exists in network host\n"
    )


@pytest.mark.parametrize(
    ("release", "unknown", "negative"),
    [
        ("20.10", "invalid restart policy 'foo'", "maximum retry count cannot be negative"),
        (
            "28.5",
            "invalid restart policy: unknown policy 'foo'; "
            "use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
            "invalid restart policy: maximum retry count cannot be negative",
        ),
    ],
)
def test_restart_policies_the_daemon_does_not_know(release: str, unknown: str, negative: str) -> None:
    prompt = Prompt(release)
    told = "docker: Error response from daemon: {}\n\nRun 'docker run --help' for more information\n"

    assert prompt.err("docker run --restart foo busybox true", 125) == told.format(unknown)
    assert prompt.err("docker run --restart on-failure:-1 busybox true", 125) == told.format(negative)


def test_names_may_not_be_empty() -> None:
    assert Prompt().err("docker rename zz ''") == "Error: Neither old nor new names may be empty\n"  # client 28.2.2


def test_the_client_wants_a_newer_daemon_for_a_mac_address() -> None:
    # Given client 28.2.2 and 20.10.24, then it refuses by itself; with 28.5.2 the address is taken.
    line = "docker run --rm --mac-address 02:42:ac:11:00:99 busybox ip link show eth0"

    assert Prompt("20.10").err(line, 125) == (
        'docker: "specify mac-address per network" requires API version 1.44, but the Docker daemon API version is '
        "1.41\n\nRun 'docker run --help' for more information\n"
    )
    assert "link/ether 02:42:ac:11:00:99" in Prompt("28.5").out(line)


def test_ping_needs_a_capability() -> None:
    prompt = Prompt()

    assert prompt.err("docker run --rm --cap-drop NET_RAW busybox ping -c1 127.0.0.1") == (
        "ping: permission denied (are you root?)\n"  # 20.10.24 and 28.5.2
    )


def test_the_raw_format_is_a_line_per_field() -> None:
    prompt = Prompt()
    prompt.out("docker volume create vv")

    assert prompt.out("docker volume ls --format raw") == "name: vv\ndriver: local\n\n"
    assert prompt.out("docker volume ls -q --format raw") == "name: vv\n"
    assert prompt.out("docker ps --format raw") == ""


@pytest.mark.parametrize(("release", "preface"), [("20.10", ""), ("28.5", "invalid endpoint settings:\n")])
def test_the_default_network_gives_no_aliases(release: str, preface: str) -> None:
    prompt = Prompt(release)
    prompt.out("docker network create n1\ndocker run -d --name web1 --network n1 nginx")

    assert prompt.err("docker network connect --alias second bridge web1") == (  # 20.10.24, 28.5.2
        f"Error response from daemon: {preface}network-scoped alias is supported only for containers in user defined "
        "networks\n"
    )


def test_a_template_finds_fields_that_the_daemon_left_out() -> None:
    # Given 20.10.24, whose docker0 shows no gateway before the second start, then the field is there and empty.
    line = "docker network inspect -f '{{range .IPAM.Config}}{{.Subnet}}|{{.Gateway}}|{{.IPRange}}{{end}}' bridge"

    assert Prompt("20.10").out(line) == "172.17.0.0/16||\n"


def test_functions_of_templates_that_few_use() -> None:
    prompt = Prompt()
    prompt.out("docker run -d --name web1 nginx")

    assert prompt.out("""docker inspect -f '{{html "<a>"}} {{urlquery "a b"}}' web1""") == "&lt;a&gt; a+b\n"


def test_templates_of_version_and_info() -> None:
    # Client 28.2.2 with 28.5.2.
    prompt = Prompt()
    lost = "can't evaluate field Nope in type"

    assert prompt.out("docker version --format '{{.Client.Version}} {{.Server.APIVersion}}'") == "28.2.2 1.51\n"
    assert prompt.out("docker info -f '{{json .Plugins.Log}}'") == (
        '["awslogs","fluentd","gelf","journald","json-file","local","splunk","syslog"]\n'
    )
    assert prompt.err("docker version --format '{{.Nope}}'") == (
        f'template: version:1:2: executing "version" at <.Nope>: {lost} system.versionInfo\n'
    )
    assert prompt.err("docker info -f '{{.Nope}}'") == (
        f'template: :1:2: executing "" at <.Nope>: {lost} system.dockerInfo\n'
    )


def test_mounts_show_the_mode_that_was_typed() -> None:
    prompt = Prompt()
    prompt.out("docker run -d --name v1 -v vol1:/data -v /tmp:/x:ro -v /anon busybox sleep 1000")

    shown = prompt.out("docker inspect -f '{{range .Mounts}}{{.Destination}}={{.Mode}} {{end}}' v1")

    assert shown == "/data=z /x=ro /anon= \n"  # 20.10.24 and 28.5.2


def test_logs_since_a_word_is_the_clients_error_and_details_indent() -> None:
    prompt = Prompt()
    prompt.out("docker run --name said busybox echo hi")

    assert prompt.err("docker logs --since foo said") == (
        'invalid value for "since": failed to parse value as time or duration: "foo"\n'
    )
    assert prompt.out("docker logs --details said") == " hi\n"


def test_help_for_a_command_that_is_not_there_is_the_groups_help() -> None:
    prompt = Prompt()

    assert prompt.out("docker network nope --help") == prompt.out("docker network --help")
    assert prompt.out("docker nope --help") == prompt.out("docker --help")


@pytest.mark.parametrize(("release", "cannot", "the"), [("20.10", "Cannot", "The"), ("28.5", "cannot", "the")])
def test_signals_that_linux_has_not(release: str, cannot: str, the: str) -> None:
    prompt = Prompt(release)
    prompt.out("docker run -d --name web1 nginx")

    assert prompt.err("docker kill -s 65 web1") == (  # 20.10.24, 28.5.2
        f"Error response from daemon: {cannot} kill container: web1: {the} linux daemon does not support signal 65\n"
    )


@pytest.mark.parametrize(
    ("line", "status", "stderr"),
    [
        ("docker rm ''", 1, "container name cannot be empty\n"),
        ("docker network connect '' ''", 1, "invalid network name or ID: value is empty\n"),
        ("docker network connect bridge ''", 1, "invalid container name or ID: value is empty\n"),
        ("docker network rm ''", 1, "invalid network name or ID: value is empty\nexit status 1\n"),
        (
            "docker run -v '' --rm busybox true",
            125,
            "docker: invalid empty volume spec\n\nRun 'docker run --help' for more information\n",
        ),
        (
            "docker ps --filter publish=80-",
            1,
            "Error response from daemon: error while looking up for publish 80-: "
            'strconv.ParseUint: parsing "": invalid syntax\n',
        ),
    ],
)
def test_empty_and_half_values(line: str, status: int, stderr: str) -> None:
    assert Prompt().err(line, status) == stderr  # client 28.2.2 with 20.10.24 and 28.5.2


def test_an_ipv6_subnet_without_ipv6_is_written_down_and_not_used() -> None:
    """Recorded on 20.10.24, 26.1.5 and 28.5.2."""
    prompt = Prompt()
    prompt.out("docker network create --subnet fd00::/64 n6")

    told = prompt.out("docker network inspect -f '{{.EnableIPv6}} {{range .IPAM.Config}}{{.Subnet}} {{end}}' n6")
    assert told == "false fd00::/64 172.18.0.0/16 \n"


@pytest.mark.parametrize(("release", "tcp", "udp"), [("20.10", 5, 4), ("28.5", 7, 7)])
def test_ss_names_the_descriptor_that_docker_proxy_listens_on(release: str, tcp: int, udp: int) -> None:
    """Recorded on 20.10.24 and 28.5.2, `ss -tlnp` and `ss -ulnp`."""
    prompt = Prompt(release)
    prompt.out("docker run -d --name dns -p 5353:53 -p 5353:53/udp busybox sleep 1000")

    assert f",fd={tcp})" in prompt.out("ss -tlnp | grep docker-proxy")
    assert f",fd={udp})" in prompt.out("ss -ulnp | grep docker-proxy")


def test_nc_that_knocks_at_a_closed_udp_port_says_nothing_and_fails() -> None:
    """Recorded on 20.10.24 and 28.5.2: `client# nc -u -z -v -w 1 172.25.254.1 5353`."""
    answer = Prompt().type("client$ nc -u -z -v -w 1 172.25.254.1 5353")

    assert (answer.stdout, answer.stderr, answer.exit_code) == ("", "", 1)


def test_a_network_connected_before_the_first_start_has_names_and_no_id() -> None:
    """Recorded on 28.5.2 and 26.1.5; 20.10.24 adds the short id to Aliases and has no DNSNames."""
    prompt = Prompt()
    prompt.out("docker network create n1\ndocker network create n2")
    container = prompt.out("docker create --name web --network n1 nginx")[:12]
    prompt.out("docker network connect --alias www n2 web")

    shown = prompt.out("docker inspect -f '{{json .NetworkSettings.Networks.n2}}' web")

    assert '"Aliases":["www"]' in shown
    assert '"NetworkID":""' in shown
    assert f'"DNSNames":["web","www","{container}"]' in shown


def test_ps_as_the_containers_own_program_is_listed_once() -> None:
    """Recorded on 28.5.2: `docker run --rm --init busybox ps`."""
    assert Prompt().out("docker run --rm --init busybox ps") == (
        "PID   USER     COMMAND\n    1 root     /sbin/docker-init -- ps\n    7 root     ps\n"
    )


def test_an_empty_environment_file_is_read() -> None:
    """Recorded on 26.1.5 and 28.5.2."""
    assert Prompt().out("docker run --rm --env-file /dev/null busybox true") == ""


def test_only_a_volume_without_a_name_stands_in_the_configuration():
    prompt = Prompt("28.5")
    prompt.out("docker run -d --name v1 -v /data busybox sleep 99")
    prompt.out("docker run -d --name v2 -v named:/data busybox sleep 99")

    assert prompt.out("docker inspect -f '{{.Config.Volumes}}' v1 v2") == "map[/data:{}]\nmap[]\n"


def test_a_containers_input_is_attached_where_somebody_stays_to_type():
    prompt = Prompt("28.5")
    prompt.out("docker run -d -i --name a1 busybox cat")
    prompt.out("docker create -i --name a2 busybox cat")
    prompt.out("docker create --name a3 busybox true")

    form = "'{{.Config.AttachStdin}} {{.Config.AttachStdout}} {{.Config.StdinOnce}} {{.Config.OpenStdin}}'"
    assert prompt.out(f"docker inspect -f {form} a1 a2 a3") == (
        "false false false true\ntrue true true true\nfalse true false false\n"
    )


def test_a_bridge_takes_an_mtu_from_68_to_65535():
    prompt = Prompt("28.5")
    for mtu, name in ((68, "least"), (65535, "most")):
        assert prompt.type(f"docker network create {MTU}={mtu} {name}").exit_code == 0
    for mtu in (67, 65536):
        assert prompt.err(f"docker network create {MTU}={mtu} nn") == "Error response from daemon: invalid argument\n"
