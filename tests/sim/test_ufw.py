"""ufw 0.36.2: each text recorded from Debian 12's ufw in a network namespace (the command stands in the test)."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt


@pytest.fixture
def host() -> Prompt:
    prompt = Prompt()
    prompt.type("docker run -d --name web -p 8080:80 nginx\nufw allow 22/tcp\nufw deny 8080")
    return prompt


def test_rules_are_kept_until_it_is_enabled(host: Prompt) -> None:
    # ufw deny 8080/tcp; ufw status; ufw enable
    assert host.out("ufw deny 8080/tcp") == "Rules updated\nRules updated (v6)\n"
    assert host.out("ufw status") == "Status: inactive\n"
    assert "ufw-" not in host.out("iptables -S")
    assert host.out("ufw enable") == "Firewall is active and enabled on system startup\n"
    assert host.out("ufw allow 80/tcp") == "Rule added\nRule added (v6)\n"
    assert host.out("ufw allow http") == "Skipping adding existing rule\nSkipping adding existing rule (v6)\n"


def test_status_lists_them_in_columns(host: Prompt) -> None:
    # ufw --force enable; ufw status; ufw status verbose; ufw status numbered
    host.type("ufw enable")
    assert host.out("ufw status") == (
        "Status: active\n\n"
        "To                         Action      From\n"
        "--                         ------      ----\n"
        "22/tcp                     ALLOW       Anywhere                  \n"
        "8080                       DENY        Anywhere                  \n"
        "22/tcp (v6)                ALLOW       Anywhere (v6)             \n"
        "8080 (v6)                  DENY        Anywhere (v6)             \n\n"
    )
    assert host.out("ufw status numbered").splitlines()[4:6] == [
        "[ 1] 22/tcp                     ALLOW IN    Anywhere                  ",
        "[ 2] 8080                       DENY IN     Anywhere                  ",
    ]
    assert host.out("ufw status verbose").splitlines()[1:4] == [
        "Logging: on (low)", "Default: deny (incoming), allow (outgoing), deny (routed)", "New profiles: skip",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "shown", "rules"),
    [
        ("ufw allow from 172.25.254.38", "Anywhere                   ALLOW IN    172.25.254.38             ",
         ["-s 172.25.254.38/32 -j ACCEPT"]),
        ("ufw allow from 172.25.254.0/24 to any port 22",
         "22                         ALLOW IN    172.25.254.0/24           ",
         ["-s 172.25.254.0/24 -p tcp -m tcp --dport 22 -j ACCEPT",
          "-s 172.25.254.0/24 -p udp -m udp --dport 22 -j ACCEPT"]),
        ("ufw reject 23/tcp", "23/tcp                     REJECT IN   Anywhere                  ",
         ["-p tcp -m tcp --dport 23 -j REJECT --reject-with tcp-reset"]),
        ("ufw allow in on eth0 to any port 443 proto tcp",
         "443/tcp on eth0            ALLOW IN    Anywhere                  ",
         ["-i eth0 -p tcp -m tcp --dport 443 -j ACCEPT"]),
        ("ufw deny from 10.0.0.0/8 to any port 8080 proto tcp",
         "8080/tcp                   DENY IN     10.0.0.0/8                ",
         ["-s 10.0.0.0/8 -p tcp -m tcp --dport 8080 -j DROP"]),
        ("ufw allow 6000:6007/tcp", "6000:6007/tcp              ALLOW IN    Anywhere                  ",
         ["-p tcp -m multiport --dports 6000:6007 -j ACCEPT"]),
        ("ufw allow 80,443/tcp", "80,443/tcp                 ALLOW IN    Anywhere                  ",
         ["-p tcp -m multiport --dports 80,443 -j ACCEPT"]),
    ],
)  # fmt: skip
def test_each_rule_is_shown_and_written_for_iptables(host: Prompt, line: str, shown: str, rules: list[str]) -> None:
    host.type(f"ufw enable\n{line}")
    assert f"[ 3] {shown}\n" in host.out("ufw status numbered")
    written = [row.removeprefix("-A ufw-user-input ") for row in host.out("iptables -S ufw-user-input").splitlines()]
    assert written[4:] == rules


def test_what_goes_out_and_what_is_sent_on_have_blocks_of_their_own(host: Prompt) -> None:
    # ufw deny out 25; ufw route deny in on eth0 out on docker0; ufw route allow proto tcp to 172.17.0.2 port 80
    host.type("ufw enable\nufw deny out 25\nufw route deny in on eth0 out on docker0\n"
              "ufw route allow proto tcp from any to 172.17.0.2 port 80")  # fmt: skip
    assert host.out("ufw status").splitlines()[9:] == [
        "25                         DENY OUT    Anywhere                  ",
        "25 (v6)                    DENY OUT    Anywhere (v6)             ",
        "",
        "Anywhere on docker0        DENY FWD    Anywhere on eth0          ",
        "172.17.0.2 80/tcp          ALLOW FWD   Anywhere                  ",
        "Anywhere (v6) on docker0   DENY FWD    Anywhere (v6) on eth0     ",
        "",
    ]
    assert host.out("iptables -S ufw-user-forward").splitlines()[1:] == [
        "-A ufw-user-forward -i eth0 -o docker0 -j DROP",
        "-A ufw-user-forward -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT",
    ]


def test_it_closes_what_the_host_takes_and_not_a_published_port(host: Prompt) -> None:
    # given ufw with `deny 8080`, when a client comes, then Docker's rules have sent the packet on before ufw's are
    # read; a program of the host itself is closed, and opened by a rule; what was stopped is in the kernel's log
    host.type("ufw enable\ndocker run -d --name own --network host busybox httpd -f -p 9000")
    assert host.type("client$ curl -s -m 2 172.25.254.1:8080").exit_code == 0
    assert host.type("client$ nc -z -w 1 172.25.254.1 9000").exit_code == 1
    assert "[UFW BLOCK] IN=eth0 OUT= MAC=" in host.out("dmesg")
    host.type("ufw allow 9000/tcp")
    assert host.type("client$ nc -z -w 1 172.25.254.1 9000").exit_code == 0
    assert host.type("client$ ping -c 1 172.25.254.1").exit_code == 0
    host.type("iptables -I DOCKER-USER -i eth0 -j ufw-user-forward\nufw route deny proto tcp to any port 80")
    assert host.type("client$ curl -s -m 2 172.25.254.1:8080").exit_code == 28


def test_a_limit_stops_the_sixth_in_half_a_minute(host: Prompt) -> None:
    host.type("docker run -d --name own --network host busybox httpd -f -p 9000\nufw limit 9000/tcp\nufw enable")
    tried = [host.type("client$ nc -z -w 1 172.25.254.1 9000").exit_code for _ in range(7)]
    assert tried == [0, 0, 0, 0, 0, 1, 1]


def test_deleting_disabling_and_complaints(host: Prompt) -> None:
    # ufw delete deny 8080; ufw delete allow 9999; ufw delete 1; ufw disable
    host.type("ufw enable")
    assert host.out("ufw delete deny 8080") == "Rule deleted\nRule deleted (v6)\n"
    assert host.out("ufw delete allow 9999") == (
        "Could not delete non-existent rule\nCould not delete non-existent rule (v6)\n"
    )
    assert host.out("yes | ufw delete 1") == "Deleting:\n allow 22/tcp\nProceed with operation (y|n)? Rule deleted\n"
    assert host.out("ufw disable") == "Firewall stopped and disabled on system startup\n"
    assert "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n" in host.out("iptables -S")
    assert host.err("ufw foo") == "ERROR: Invalid syntax\n"
    assert host.err("ufw allow 99999") == "ERROR: Bad port\n"
    assert host.err("ufw allow from foo") == "ERROR: Bad source address\n"
    assert host.err("ufw allow nosuch") == "ERROR: Could not find a profile matching 'nosuch'\n"
