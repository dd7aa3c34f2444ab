"""Docker 29's nftables backend: held against what 29.7.2 answered, and what follows for packets."""

from __future__ import annotations

import json
import re
from pathlib import Path

from dnetlab.commands.transcript import by_shape, same
from dnetlab.engines.look.nft import parse_ruleset
from dnetlab.engines.simulator import Simulator
from dnetlab.model import Line
from dnetlab.sim.text.nft import Style, table_text

RECORDING = Path(__file__).resolve().parent.parent / "recordings" / "daemon" / "29.7" / "nftables.jsonl"
NFTABLES = '{"firewall-backend": "nftables"}'


class Daemon:
    """A host whose daemon is told things and restarted."""

    def __init__(self) -> None:
        self.engine = Simulator("29.7")

    def run(self, command: str, host: str = "docker1"):
        output = self.engine.run(Line(0, command, host))
        assert output.refused is None, f"{command}: {output.refused}"
        return output

    def out(self, command: str, host: str = "docker1") -> str:
        output = self.run(command, host)
        assert (output.exit_code, output.stderr) == (0, ""), command
        return output.stdout

    def told(self, text: str):
        """Write /etc/docker/daemon.json and restart; what systemctl answered."""
        return self.run(f"echo '{text}' > /etc/docker/daemon.json; systemctl restart docker")


def _chains(text: str) -> list[str]:
    """The blocks of a ruleset, sorted: after a restart their order hangs on the networks' random ids."""
    return sorted(re.split(r"\n\n|(?<=\{)\n|\n(?=\}|table)", by_shape(text)))


def _map_elements_sorted(text: str) -> str:
    """A map's elements are listed by the last letters of random names."""
    return re.sub(r"elements = \{(.*?)\}", lambda m: " ".join(sorted(re.split(r",\s*", m[1]))), text, flags=re.DOTALL)


def test_a_daemon_with_nftables_answers_as_recorded():
    # Given what 29.7.2 answered, every table after each step
    rows = [json.loads(row) for row in RECORDING.read_text(encoding="utf-8").splitlines()]
    daemon, mismatches, restarted = Daemon(), [], False

    # When the simulator is asked the same
    for row in rows:
        command = row["command"]
        output = daemon.engine.run(Line(0, command, row["host"]))
        restarted |= command.startswith("systemctl restart")
        want, got = (_map_elements_sorted(text) for text in (row["stdout"], output.stdout))
        equal = _chains(want) == _chains(got) if restarted and command.startswith("nft") else same(want, got, False)
        if not (equal and same(row["stderr"], output.stderr) and output.exit_code == row["exit_code"]):
            mismatches.append((command, want, got, output.refused))

    # Then it says the same, handles and counters too
    assert len(rows) == 37
    assert mismatches == []


def test_what_a_real_host_lists_is_read_as_the_same_tables():
    # Given every ruleset of the recording
    rows = [json.loads(row) for row in RECORDING.read_text(encoding="utf-8").splitlines()]
    texts = [(row["command"], row["stdout"]) for row in rows if row["command"].startswith(("nft list r", "nft -a"))]

    # When each is read as a real host's is, then it is told again word for word
    assert len(texts) == 6
    for command, text in texts:
        tables = parse_ruleset(text).tables
        style = Style(handles=command.startswith("nft -a"))
        assert "".join(table_text(table, style, table.chains, table.sets) for table in tables) == text


def test_a_rule_that_the_lab_cannot_read_is_kept_as_its_words_and_nobody_judges_it():
    text = (
        "table inet odd { # handle 9\n"
        "\tset pairs { # handle 2\n\t\ttype ipv4_addr . inet_service\n\t}\n\n"
        "\tchain forward { # handle 1\n"
        "\t\ttype filter hook forward priority filter; policy drop;\n"
        '\t\tip dscp ef queue num 1 comment "far" # handle 3\n'
        "\t}\n}\n"
    )

    table = parse_ruleset(text).tables[0]

    assert (table.label, table.handle, table.sets[0].name) == ("inet odd", 9, "pairs")
    rule = table.chains[0].rules[0]
    assert (rule.text, rule.handle) == ('ip dscp ef queue num 1 comment "far"', 3)


def test_without_forwarding_a_daemon_with_nftables_does_not_start_and_says_what_to_do():
    # Given a host that has never forwarded
    daemon = Daemon()
    daemon.run("systemctl stop docker; sysctl -w net.ipv4.ip_forward=0")

    # When its daemon is to start with nftables
    output = daemon.told(NFTABLES)

    # Then it doesn't, and the journal has the daemon's own words
    assert output.exit_code == 1
    assert (
        'failed to start daemon: Error initializing network controller: error creating default "bridge" network: '
        "IPv4 forwarding is disabled: check your host's firewalling and set sysctl net.ipv4.ip_forward=1, "
        "or disable this check using daemon option --ip-forward=false"
    ) in daemon.out("journalctl -u docker --no-pager")

    # And with forwarding on it does, and a network can be made as long as it is on
    daemon.run("sysctl -w net.ipv4.ip_forward=1; systemctl start docker")
    daemon.out("docker network create one")
    daemon.run("sysctl -w net.ipv4.ip_forward=0")
    refused = daemon.run("docker network create two")
    assert refused.stderr.startswith("Error response from daemon: IPv4 forwarding is disabled: check your host's")
    assert "two" not in daemon.out("docker network ls")


def test_a_daemon_that_changes_to_nftables_takes_its_iptables_away_but_not_docker_user_nor_the_policy():
    # Given networks and a container under iptables
    daemon = Daemon()
    daemon.out("docker network create mine")
    daemon.out("docker run -d --name web1 --network mine -p 8080:80 --restart always nginx")

    # When the daemon starts with nftables
    assert daemon.told(NFTABLES).exit_code == 0

    # Then of iptables there is left what is not Docker's alone
    assert daemon.out("iptables -S") == (
        "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N DOCKER-USER\n-A FORWARD -j DOCKER-USER\n"
    )
    assert daemon.out("iptables -t nat -S") == (
        "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n"
    )
    assert "dport 8080 counter packets 0 bytes 0 dnat to 172.18.0.2:80" in daemon.out("nft list ruleset")

    # And back again the tables of nft go
    assert daemon.told("{}").exit_code == 0
    assert "docker-bridges" not in daemon.out("nft list tables")
    assert "--dport 8080 -j DNAT" in daemon.out("iptables -t nat -S")


def test_a_policy_of_iptables_goes_on_dropping_what_nft_accepts():
    # Given a host where Docker once set FORWARD to DROP, and now writes nftables
    daemon = Daemon()
    daemon.told(NFTABLES)
    daemon.out("docker run -d --name web1 -p 8080:80 nginx")

    # When a client asks from outside, then the packet meets both: accepted by nft's chain, dropped by the policy
    assert daemon.run("curl -s -m 2 -o /dev/null 172.25.254.1:8080", "client").exit_code == 28

    # And when the policy is ACCEPT, then it passes
    daemon.out("iptables -P FORWARD ACCEPT")
    assert daemon.out("curl -s -o /dev/null -w '%{http_code}' 172.25.254.1:8080", "client") == "200"


def test_the_resolver_of_a_container_has_a_table_of_nft():
    daemon = Daemon()
    daemon.told(NFTABLES)
    daemon.out("docker network create mine")
    daemon.out("docker run -d --name web1 --network mine nginx")

    text = daemon.out("nsenter -t $(docker inspect -f '{{.State.Pid}}' web1) -n nft list ruleset")

    assert re.sub(r":\d{5}|sport \d{5}", "PORT", text) == (
        "table ip docker-dns {\n"
        "\tchain dns-dnat {\n"
        "\t\ttype nat hook output priority -100; policy accept;\n"
        "\t\tip daddr 127.0.0.11 udp dport 53 counter packets 0 bytes 0 dnat to 127.0.0.11PORT\n"
        "\t\tip daddr 127.0.0.11 tcp dport 53 counter packets 0 bytes 0 dnat to 127.0.0.11PORT\n"
        "\t}\n\n"
        "\tchain dns-snat {\n"
        "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
        "\t\tip saddr 127.0.0.11 udp PORT counter packets 0 bytes 0 snat to :53\n"
        "\t\tip saddr 127.0.0.11 tcp PORT counter packets 0 bytes 0 snat to :53\n"
        "\t}\n}\n"
    )
    assert "172.18.0.2" in daemon.out("docker exec web1 nslookup web1")


def test_a_chain_of_one_s_own_stands_before_docker_s_by_its_priority():
    # Given Docker's own DOCKER-USER is not there, and a chain that is asked earlier
    daemon = Daemon()
    daemon.told(NFTABLES)
    daemon.out("iptables -P FORWARD ACCEPT")
    daemon.out("docker run -d --name web1 -p 8080:80 nginx")
    daemon.out("nft add table ip mine")
    daemon.out("nft 'add chain ip mine before { type filter hook forward priority filter - 1; }'")
    daemon.out("nft add rule ip mine before ip saddr 172.25.254.38 counter drop")

    # When the client asks, then its SYNs are dropped where Docker's chain would have accepted them
    assert daemon.run("curl -s -m 2 172.25.254.1:8080", "client").exit_code == 28
    assert "ip saddr 172.25.254.38 counter packets 2 bytes 120 drop" in daemon.out("nft list table ip mine")
