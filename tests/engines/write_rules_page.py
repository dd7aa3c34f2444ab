"""Write docs/docker-rules.md: the rules that real daemons write, scenario by scenario, each with a sentence.

    python tests/engines/write_rules_page.py          (root, Linux, the trees of tests/prepare_engines.py)

Every scenario runs on fresh lab hosts of each release; what is printed is `iptables -S` of docker1. A rule that no
sentence here fits stops the script, so that the page can't hold an unexplained one.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from dnetlab.engines.providers.namespaces import NamespaceHosts

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "docker-rules.md"
RELEASES = ("20.10", "26.1", "28.5")
TABLES = ("raw", "nat", "filter")


@dataclass(frozen=True)
class Scenario:
    """What is typed on a fresh host, and what it is about."""

    title: str
    about: str
    lines: tuple[str, ...]


NET = "docker network create --subnet 172.20.0.0/24"
SCENARIOS = (
    Scenario("A fresh daemon", "Nothing has been run yet: docker0 and the daemon's own chains.", ()),
    Scenario("A user network", "One bridge network of one's own, nobody in it.", (f"{NET} my_net1",)),
    Scenario(
        "A published port", "nginx on a user network, its port 80 published as 8080.",
        (f"{NET} my_net1", "docker run -d --name web1 --network my_net1 -p 8080:80 nginx"),
    ),
    Scenario(
        "A port published on one host address", "As before, but only on 127.0.0.1.",
        (f"{NET} my_net1", "docker run -d --name web1 --network my_net1 -p 127.0.0.1:8080:80 nginx"),
    ),
    Scenario(
        "Two networks", "Two user networks with a container each: what keeps them apart.",
        (f"{NET} my_net1", "docker network create --subnet 172.21.0.0/24 my_net2",
         "docker run -d --name web1 --network my_net1 nginx", "docker run -d --name web2 --network my_net2 nginx"),
    ),
    Scenario(
        "An internal network", "`--internal`: no way in or out but between its own containers.",
        ("docker network create --internal --subnet 172.20.0.0/24 inner",
         "docker run -d --name web1 --network inner nginx"),
    ),
    Scenario(
        "A network whose containers may not talk to each other", "`enable_icc=false`.",
        ("docker network create --subnet 172.20.0.0/24 -o com.docker.network.bridge.enable_icc=false quiet",),
    ),
    Scenario(
        "A network without masquerading", "`enable_ip_masquerade=false`: sources stay as they are.",
        ("docker network create --subnet 172.20.0.0/24 -o com.docker.network.bridge.enable_ip_masquerade=false plain",),
    ),
    Scenario(
        "A link on the default bridge", "`--link`, which needs no rule of its own while containers may talk.",
        ("docker run -d --name db nginx", "docker run -d --name app --link db:database nginx"),
    ),
    Scenario(
        "After iptables -t nat -F and a restart of the container",
        "The container's own rule comes back into a chain that, up to the daemon's restart, nobody jumps to.",
        (f"{NET} my_net1", "docker run -d --name web1 --network my_net1 -p 8080:80 nginx", "iptables -t nat -F",
         "docker restart -t 1 web1"),
    ),
)  # fmt: skip

# (pattern of `-A CHAIN RULE` with bridges called by their networks, sentence); the first that fits explains the rule.
BR = r"(?:docker0|br-\w+)"
SENTENCES: tuple[tuple[str, str], ...] = (
    (r"-A FORWARD -j DOCKER-USER", "Your own rules are asked first, before any of Docker's."),
    (r"-A FORWARD -j DOCKER-ISOLATION-STAGE-1", "Then the rules that keep networks apart."),
    (r"-A FORWARD -j DOCKER-FORWARD", "Then everything that Docker has to say."),
    (r"-A DOCKER-FORWARD -j DOCKER-CT", "First: what belongs to a connection that is known."),
    (r"-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1", "Then the rules that keep networks apart."),
    (r"-A DOCKER-FORWARD -j DOCKER-BRIDGE", "Then what goes into a bridge."),
    (rf"-A DOCKER-BRIDGE -o ({BR}) -j DOCKER", "What goes into {0} is looked up among the published ports."),
    (rf"-A (?:FORWARD|DOCKER-CT) -o ({BR}) -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
     "Answers to connections that a container of {0} opened come in."),
    (rf"-A FORWARD -o ({BR}) -j DOCKER", "What goes into {0} is looked up among the published ports."),
    (rf"-A (?:FORWARD|DOCKER-FORWARD) -i ({BR}) ! -o \1 -j ACCEPT", "Containers of {0} may go out."),
    (rf"-A (?:FORWARD|DOCKER-FORWARD) -i ({BR}) -o \1 -j ACCEPT", "Containers of {0} may talk to each other."),
    (rf"-A (?:FORWARD|DOCKER-FORWARD) -i ({BR}) -o \1 -j DROP", "Containers of {0} may not talk to each other."),
    (rf"-A DOCKER-FORWARD -i ({BR}) -j ACCEPT", "Containers of {0} may go out, and talk to each other."),
    (rf"-A DOCKER ! -i ({BR}) -o \1 -j DROP", "Nothing else from outside gets into {0}."),
    (rf"-A DOCKER -d (\S+)/32 ! -i ({BR}) -o \2 -p (\w+) -m \w+ --dport (\d+) -j ACCEPT",
     "The published port {3} of {0} may be reached from outside {1}."),
    (rf"-A DOCKER-ISOLATION-STAGE-1 ! -s (\S+) -o ({BR}) -j DROP",
     "{1} is internal: nothing from outside {0} comes in."),
    (rf"-A DOCKER-ISOLATION-STAGE-1 ! -d (\S+) -i ({BR}) -j DROP",
     "{1} is internal: nothing for outside {0} goes out."),
    (rf"-A DOCKER-ISOLATION-STAGE-1 -i ({BR}) ! -o \1 -j DOCKER-ISOLATION-STAGE-2",
     "What leaves {0} for somewhere else is asked where it goes …"),
    (rf"-A DOCKER-ISOLATION-STAGE-2 -o ({BR}) -j DROP", "… and into {0} it may not."),
    (r"-A DOCKER-ISOLATION-STAGE-[12] -j RETURN", "Nothing speaks against it: on with the chain before."),
    (r"-A DOCKER-USER -j RETURN", "No rule of yours decided: on with Docker's."),
    (r"-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
     "What comes in for one of the host's own addresses may be for a published port."),
    (r"-A OUTPUT ! -d 127\.0\.0\.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
     "So may what the host itself sends to its own addresses, loopback excepted (there docker-proxy answers)."),
    (r"-A POSTROUTING -s (\S+)/32 -d \1/32 -p (\w+) -m \w+ --dport (\d+) -j MASQUERADE",
     "A container that asks for itself by its published port gets another source, so that the answer comes back."),
    (rf"-A POSTROUTING -s (\S+) ! -o ({BR}) -j MASQUERADE",
     "What leaves {0} by another interface than {1} gets the host's address as its source."),
    (rf"-A DOCKER -i ({BR}) -j RETURN", "What comes from a container of {0} is left alone: docker-proxy takes it."),
    (rf"-A DOCKER -d (\S+)/32 ! -i ({BR}) -p (\w+) -m \w+ --dport (\d+) -j DNAT --to-destination (\S+)",
     "Port {3} of the host's address {0} leads to {4}."),
    (rf"-A DOCKER ! -i ({BR}) -p (\w+) -m \w+ --dport (\d+) -j DNAT --to-destination (\S+)",
     "Port {2} of the host leads to {3}, unless one asks from within {0}."),
    (r"-A PREROUTING -d 127\.0\.0\.1/32 ! -i lo -p (\w+) -m \w+ --dport (\d+) -j DROP",
     "A port published on loopback can't be had from another machine by a forged destination."),
    (rf"-A PREROUTING -d (\S+)/32 ! -i ({BR}) -j DROP",
     "Nobody reaches {0} by its own address from outside {1}; published ports are the way."),
)  # fmt: skip


def explain(rule: str) -> str:
    """The sentence for a rule. SystemExit for one that no sentence fits."""
    for pattern, sentence in SENTENCES:
        found = re.fullmatch(pattern, rule)
        if found:
            return sentence.format(*(f"`{group}`" for group in found.groups()))
    sys.exit(f"write_rules_page: no sentence explains {rule!r}")


def ask(release: str, scenario: Scenario) -> tuple[dict[str, list[str]], str]:
    """(table -> lines of `iptables -S`, version of the engine) of one scenario on fresh lab hosts."""
    with NamespaceHosts(release, daemons=("docker1",)) as lab:
        for line in scenario.lines:
            ran = lab.run("docker1", line)
            if ran.exit_code:
                sys.exit(f"write_rules_page: {release}: {line}: {ran.stderr}")
        version = lab.run("docker1", "docker version -f '{{.Server.Version}}'").stdout.strip()
        listing = lab.run("docker1", "docker network ls --no-trunc --format '{{json .}}'").stdout
        names = {f"br-{row['ID'][:12]}": f"br-{row['Name']}" for row in map(json.loads, listing.splitlines())}
        tables = {}
        for table in TABLES:
            text = lab.run("docker1", f"iptables -t {table} -S").stdout
            for device, name in names.items():
                text = text.replace(device, name)
            tables[table] = [line for line in text.splitlines() if line.startswith("-A") or " DROP" in line]
    return tables, version


def section(scenario: Scenario, answers: dict[str, dict[str, list[str]]]) -> list[str]:
    lines = [f"## {scenario.title}", "", scenario.about, ""]
    if scenario.lines:
        lines += ["```text", *(f"[root@docker1 ~]# {line}" for line in scenario.lines), "```", ""]
    same: dict[str, list[str]] = {}
    for release, tables in answers.items():
        same.setdefault(json.dumps(tables), []).append(release)
    for text, releases in same.items():
        lines += [f"### {scenario.title}: {' and '.join(releases)}", ""]
        for table, rules in json.loads(text).items():
            if rules:
                lines += [f"Table `{table}`:", "", "| rule | why |", "|---|---|", *map(row, rules), ""]
    return lines


def row(rule: str) -> str:
    if rule.startswith("-P"):
        chain = rule.split()[1]
        return f"| `{rule}` | What no rule of {chain} takes is dropped: the daemon switched forwarding on by itself. |"
    return f"| `{rule}` | {explain(rule)} |"


def main() -> None:
    versions: dict[str, str] = {}
    body: list[str] = []
    for scenario in SCENARIOS:
        answers = {}
        for release in RELEASES:
            answers[release], versions[release] = ask(release, scenario)
        body += section(scenario, answers)
        print(scenario.title, flush=True)
    named = ", ".join(f"{version} (as {release})" for release, version in versions.items())
    head = [
        "# The rules that Docker writes",
        "",
        f"Written by `python tests/engines/write_rules_page.py` from real engines: {named}, with iptables 1.8.9",
        "(nf_tables), on fresh lab hosts. Rules stand in the order of `iptables -S`; bridges are called by their",
        "networks (`br-my_net1`), a real name is `br-` and the beginning of the network's id. Chains that Docker",
        "makes and leaves empty are not shown, nor policies that accept.",
        "",
    ]
    PAGE.write_text("\n".join([*head, *body]).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
