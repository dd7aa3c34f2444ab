"""Random lab scripts over what a daemon is told, both families, and gateway modes. The same seed, the same script."""

from __future__ import annotations

import json

from generator import INSPECT, PROBE, Script

OPTION = "-o com.docker.network.bridge."
MODES = ("nat", "nat", "routed", "routed", "nat-unprotected", "isolated")
LOOK = (
    "docker ps -a --format '{{.Names}} {{.State}} {{.Ports}}'",
    "ip route",
    "ip -6 route show | grep -v fe80",
    "iptables -S",
    "ip6tables -S",
    "iptables -t nat -S",
    "ip6tables -t nat -S",
    "iptables -t raw -S",
    "ip6tables -t raw -S",
    "sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding",
)
INSPECT6 = (
    "docker inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.GlobalIPv6Address}}"
    "/{{$v.GlobalIPv6PrefixLen}} gw={{$v.IPv6Gateway}} {{end}}' "
)
ROUTES = "ip -6 addr add fd01::{n}/64 dev eth0 nodad"


class DaemonScript(Script):
    """Grows a script as `Script` does; networks have both families, and the daemon is told something now and then."""

    def line(self) -> str:
        kinds = (
            (self.network_create, 14), (self.network_remove, 3), (self.run, 20), (self.stop, 4), (self.start, 8),
            (self.remove, 4), (self.connect, 8), (self.disconnect, 4), (self.ping, 8), (self.ping6, 8),
            (self.outside, 6), (self.outside6, 6), (self.direct, 6), (self.look, 16), (self.inspect, 8),
            (self.firewall, 4), (self.tell, 2),
        )  # fmt: skip
        return self.chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]()

    def network_create(self) -> str:
        number = self.chance.randint(1, 6)
        name, base, options = f"net{number}", f"10.{self.chance.randint(20, 29)}.{number}", ""
        if self.chance.random() < 0.6:
            options += f"--ipv6 --subnet fd00:{self.chance.randint(1, 5)}{number}::/64 "
            if self.chance.random() < 0.2:
                self.networks.setdefault(name, "")
                return f"docker network create {options}--ipv4=false {self._modes()}{name}"
        self.networks.setdefault(name, base)
        return f"docker network create --subnet {base}.0/24 {options}{self._modes()}{name}"

    def _modes(self) -> str:
        found = ""
        for family in ("ipv4", "ipv6"):
            if self.chance.random() < 0.35:
                found += f"{OPTION}gateway_mode_{family}={self.chance.choice(MODES)} "
        for option, share in (("enable_icc=false", 0.1), ("enable_ip_masquerade=false", 0.1),
                              ("inhibit_ipv4=true", 0.05), ("trusted_host_interfaces=eth0", 0.1)):  # fmt: skip
            if self.chance.random() < share:
                found += f"{OPTION}{option} "
        return found + ("--internal " if self.chance.random() < 0.15 or "isolated" in found else "")

    def run(self) -> str:
        name = f"web{len(self.containers) + 1}"
        options = f"-d --name {name} "
        network = self.some_network() if self.chance.random() < 0.75 else ""
        options += f"--network {network} " if network else ""
        if self.chance.random() < 0.5:
            self.ports += 1
            port = self.ports if self.chance.random() < 0.9 else self.chance.randint(8000, self.ports)
            options += f"-p {self.chance.choice(('', '', '', '0.0.0.0:', '127.0.0.1:', '[::]:', '[::1]:'))}{port}:80 "
        if self.chance.random() < 0.06:
            options += "--sysctl net.ipv6.conf.all.disable_ipv6=1 "
        self.containers.append(name)
        return f"docker run {options}nginx"

    def ping6(self) -> str:
        return f"docker exec {self.some_container()} ping -6 -c 1 -W 1 {self.some_container()}"

    def outside6(self) -> str:
        port = self.chance.randint(8000, self.ports + 1)
        host, address = self.chance.choice((("client", "fd01::1"), ("docker1", "fd01::1"), ("docker1", "::1")))
        return f"{host}# curl -g {PROBE} 'http://[{address}]:{port}'"

    def direct(self) -> str:
        """A container's own address, asked from the LAN."""
        bases = [base for base in self.networks.values() if base] or ["172.17.0"]
        return f"client# curl {PROBE} {self.chance.choice(bases)}.{self.chance.randint(2, 4)}"

    def look(self) -> str:
        return self.chance.choice(LOOK)

    def inspect(self) -> str:
        return self.chance.choice((INSPECT, INSPECT6)) + self.some_container()

    def tell(self) -> str:
        """The daemon starts again, and reads this."""
        told: dict[str, object] = {}
        for key, value, share in (
            ("userland-proxy", False, 0.35), ("icc", False, 0.15), ("bip", "10.200.0.1/24", 0.15),
            ("mtu", 1400, 0.15), ("iptables", False, 0.08), ("ip6tables", False, 0.08), ("ip-masq", False, 0.1),
            ("ip", "127.0.0.1", 0.1), ("allow-direct-routing", True, 0.15), ("ip-forward-no-drop", True, 0.1),
            ("default-address-pools", [{"base": "10.50.0.0/16", "size": 24}], 0.15),
        ):  # fmt: skip
            if self.chance.random() < share:
                told[key] = value
        if self.chance.random() < 0.35:
            told |= {"ipv6": True, "fixed-cidr-v6": "fd00:d0c::/64"}
        if told.get("iptables") is False:
            told.pop("icc", None)
        return f"echo '{json.dumps(told)}' > /etc/docker/daemon.json && systemctl restart docker"


def daemon_script(seed: int, length: int = 30) -> list[str]:
    """Lines with a prompt each; the hosts have addresses of both families, and the client a route to docker1's own."""
    grown = DaemonScript(seed)
    lines = [grown.tell(), *(grown.line() for _ in range(length))]
    head = [f"docker1# {ROUTES.format(n=1)}", f"client# {ROUTES.format(n=38)}"]
    head += [f"client# ip route add {subnet} via 172.25.254.1" for subnet in ("10.0.0.0/8", "172.17.0.0/16")]
    return head + [line if line.startswith(("client#", "docker1#")) else f"docker1# {line}" for line in lines]
