"""What lessons 9 to 11 say of outputs: macvlan, VLANs, routing, overlay, swarm. `test_lessons_true` holds them."""

from __future__ import annotations

from tests.lesson_runs import Claim

OLD, FROM_28 = ("20.10", "26.1"), ("28.5", "29.7")
PAGE = "<title>Welcome to nginx!</title>"
NO_ANSWER = "0 packets received, 100% packet loss"
ANSWER = "1 packets received, 0% packet loss"
SECOND = "docker network create -d macvlan --subnet 10.5.0.0/24 -o parent=enp7s0 mynet5"

ACROSS = [
    Claim("09", "`enp7s0` is up, and has no IPv4 address", "ip addr show enp7s0", "PROMISC,UP,LOWER_UP", hides="inet "),
    Claim("09", "The scope is `local`", "docker network ls", "mynet1    macvlan   local", nth=3),
    Claim("09", "The network is only written down", "ip -br link", "enp7s0 ", hides="br-"),
    Claim("09", "The network is only written down", "brctl show", "docker0", hides="br-"),
    Claim("09", "Then both give out 10.0.0.2", "docker exec auto1 ip addr show eth0", "inet 10.0.0.2/24"),
    Claim("09", "Then both give out 10.0.0.2", "docker exec auto2 ip addr show eth0", "inet 10.0.0.2/24"),
    Claim("09", "Here it is the index of `enp7s0`", "ip addr", "eth0@if3: <BROADCAST"),
    Claim("09", "Here it is the index of `enp7s0`", "ip addr show enp7s0", "3: enp7s0: ", nth=2),
    Claim("09", "no bridge, no veth", "brctl show", "docker0", nth=2, hides="veth"),
    Claim("09", "No bridge, no `iptables` step, no rewriting", "%dnet trace c2 c1", "crosses the switch 'trunk'",
          hides="iptables "),
    Claim("09", "It answers. What doesn't pass the host's stack", "docker exec c1 ping -c 1 10.0.0.11", ANSWER),
    Claim("09", "macvlan has no published ports", "docker run -d --name pub -p 8080:80 --network mynet1 "
          "--ip 10.0.0.20 nginx", code=0),
    Claim("09", "macvlan has no published ports", "docker port pub", hides="8080", code=0),
    Claim("09", "nobody listens on 8080", "curl -m 3 172.25.254.1:8080", code=7),
    Claim("09", "Its port 80 is open to its own network", "docker exec c2 wget -q -O - http://10.0.0.20", PAGE),
    Claim("09", "First `exit` gives 10.0.0.11 back", "docker run -d --name demo --network mynet1 --ip 10.0.0.11 "
          "webserver:v3", code=0),
    Claim("09", "a web server on docker2, asked from a container on docker1", "curl 10.0.0.11", "webserver v3"),
    Claim("09", "the address stays", "docker exec c1 ip addr show eth0", "inet 10.0.0.10/24"),
    Claim("09", "the address stays", "docker exec c1 ip addr show eth0", "NO-CARRIER"),
    Claim("09", "Only the stranger", "ping -c 1 -W 1 10.0.0.11", "1 received", code=0),
    Claim("09", "Only the stranger", "ping -c 1 -W 1 10.0.0.10", "0 received", code=1),
    Claim("09", "`why` proposes the way out", "%dnet why docker1 c1",
          "ip link add mac0 link enp7s0 type macvlan mode bridge"),
    Claim("09", "give the host a macvlan of its own", "ping -c 1 10.0.0.10", "1 received", code=0),
    Claim("09", "With `private` they don't", "docker exec q1 ping -c 1 -W 1 10.0.0.51", NO_ANSWER, code=1),
    Claim("09", "`q1` reaches the other host", "docker exec q1 ping -c 1 -W 1 10.0.0.11", ANSWER, code=0),
    Claim("09", "With `private` they don't", "%dnet why q1 q2", "their modes are private and private"),
    Claim("09", "Docker 20.10 and 26 refuse it", SECOND, "is already using parent interface enp7s0", OLD, code=1),
    Claim("09", "from 27 on it is allowed", SECOND, on=FROM_28, code=0),
    Claim("09", "on a plain switch nobody needs it",
          "docker run --rm --network mynet1 --ip 10.0.0.12 busybox ping -c 1 10.0.0.10", ANSWER, code=0),
    Claim("09", "to the switch it is forged", "ip addr show enp8s0", "PROMISC"),
    Claim("09", "to the switch it is forged", "docker exec s2 ping -c 1 -W 1 10.8.0.10", NO_ANSWER, code=1),
    Claim("09", "to the switch it is forged", "%dnet why s2 s1", "only when they carry its own MAC"),
]  # fmt: skip
