"""Random lab scripts, valid and invalid, such as a whole class would type. The same seed gives the same script."""

from __future__ import annotations

import random

IMAGES = ("nginx", "nginx", "nginx", "busybox sleep 100000")
PROBE = "-s -m 2 -o /dev/null -w '%{http_code}\\n'"
LOOK = (
    "docker ps -a --format '{{.Names}} {{.Image}} {{.State}} {{.Ports}}'",
    "docker network ls --format '{{.Name}} {{.Driver}}'",
    "ip route",
    "iptables -S",
    "iptables -t nat -S",
    "brctl show",
)
INSPECT = (
    "docker inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}}/{{$v.IPPrefixLen}} "
    "gw={{$v.Gateway}} {{end}}' "
)


class Script:
    """Grows a script line by line, knowing roughly what it made, so that most lines are about something real."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.containers: list[str] = []
        self.networks: dict[str, str] = {}  # name -> '10.x.y' of its configured subnet, '' for an automatic one
        self.ports = 8000

    def some_container(self) -> str:
        if self.chance.random() < 0.06 or not self.containers:
            return f"web{self.chance.randint(1, 12)}"
        return self.chance.choice(self.containers)

    def some_network(self) -> str:
        if self.chance.random() < 0.1 or not self.networks:
            return self.chance.choice(("bridge", "net1", "net2", "nosuch"))
        return self.chance.choice(list(self.networks))

    def line(self) -> str:
        kinds = (
            (self.network_create, 12), (self.network_remove, 4), (self.run, 20), (self.stop, 6), (self.start, 6),
            (self.restart, 3), (self.remove, 4), (self.connect, 8), (self.disconnect, 4), (self.ping, 14),
            (self.outside, 8), (self.look, 12), (self.inspect, 8), (self.firewall, 5), (self.daemon, 2),
        )  # fmt: skip
        return self.chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]()

    def network_create(self) -> str:
        name = f"net{self.chance.randint(1, 6)}"
        options, base = "", ""
        if self.chance.random() < 0.6:
            base = f"10.{self.chance.randint(20, 35)}.{self.chance.randint(0, 3)}"
            size = self.chance.choice((24, 24, 24, 28, 30))
            options = f"--subnet {base}.0/{size} "
            if self.chance.random() < 0.25:
                options += f"--gateway {base}.{self.chance.choice((1, 2, 9))} "
            if self.chance.random() < 0.12:
                options += f"--ip-range {base}.{self.chance.choice((0, 8))}/29 "
            if self.chance.random() < 0.08:
                options += f"--aux-address host={base}.{self.chance.choice((1, 2, 3))} "
        if self.chance.random() < 0.15:
            options += "--internal "
        self.networks.setdefault(name, base)
        return f"docker network create {options}{name}"

    def network_remove(self) -> str:
        return f"docker network rm {self.some_network()}"

    def run(self) -> str:
        name = f"web{len(self.containers) + 1}"  # no hexadecimal id begins so
        options = f"-d --name {name} "
        network = self.some_network() if self.chance.random() < 0.7 else ""
        if network:
            options += f"--network {network} "
            base = self.networks.get(network, "")
            if base and self.chance.random() < 0.35:
                options += f"--ip {base}.{self.chance.choice((1, 2, 3, 5, 5, 6, 200))} "
        if self.chance.random() < 0.3:
            self.ports += 1
            port = self.ports if self.chance.random() < 0.85 else self.chance.randint(8000, self.ports)
            options += f"-p {self.chance.choice(('', '', '', '127.0.0.1:'))}{port}:80 "
        if self.chance.random() < 0.08:
            options += "--network-alias www " if network else "--restart always "
        self.containers.append(name)
        return f"docker run {options}{self.chance.choice(IMAGES)}"

    def stop(self) -> str:
        return f"docker stop -t 1 {self.some_container()}"

    def start(self) -> str:
        return f"docker start {self.some_container()}"

    def restart(self) -> str:
        return f"docker restart -t 1 {self.some_container()}"

    def remove(self) -> str:
        return f"docker rm -f {self.some_container()}"

    def connect(self) -> str:
        network = self.some_network()
        base = self.networks.get(network, "")
        ip = f"--ip {base}.{self.chance.choice((3, 5, 7))} " if base and self.chance.random() < 0.3 else ""
        return f"docker network connect {ip}{network} {self.some_container()}"

    def disconnect(self) -> str:
        return f"docker network disconnect {self.some_network()} {self.some_container()}"

    def ping(self) -> str:
        target = self.some_container()
        if self.chance.random() < 0.3:
            bases = [base for base in self.networks.values() if base] or ["172.17.0"]
            target = f"{self.chance.choice(bases)}.{self.chance.randint(1, 5)}"
        return f"docker exec {self.some_container()} ping -c 1 -W 1 {target}"

    def outside(self) -> str:
        port = self.chance.randint(8000, self.ports + 1)
        host = self.chance.choice(("client", "client", "docker1"))
        return f"{host}# curl {PROBE} 172.25.254.1:{port}"

    def look(self) -> str:
        return self.chance.choice(LOOK)

    def inspect(self) -> str:
        return INSPECT + self.some_container()

    def firewall(self) -> str:
        return self.chance.choice(
            (
                "iptables -t nat -F",
                "iptables -P FORWARD ACCEPT",
                "iptables -I DOCKER-USER -s 172.17.0.2 -j DROP",
                "iptables -D DOCKER-USER 1",
                "iptables -F DOCKER-USER",
                "pkill docker-proxy",
            )
        )

    def daemon(self) -> str:
        return "systemctl restart docker"


def script(seed: int, length: int = 35) -> list[str]:
    """Lines with a prompt each: 'docker1# docker network create net1'."""
    grown = Script(seed)
    lines = [grown.line() for _ in range(length)]
    return [line if line.startswith(("client#", "docker1#")) else f"docker1# {line}" for line in lines]
