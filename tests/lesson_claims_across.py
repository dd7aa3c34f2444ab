"""What lessons 9 to 11 say of outputs: macvlan, VLANs, routing, overlay, swarm. `test_lessons_true` holds them."""

from __future__ import annotations

from tests.lesson_runs import Claim

OLD, FROM_28 = ("20.10", "26.1"), ("28.5", "29.7")
PAGE = "<title>Welcome to nginx!</title>"
NO_ANSWER = "0 packets received, 100% packet loss"
ANSWER = "1 packets received, 0% packet loss"
ADDRESS = "docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' w2"
W2_W3 = "docker exec w2 ping -c 1 -W 1 30.0.0.2"
IN1 = "ping -c 1 -W 1 172.28.0.10"
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
    Claim("10", "Docker's daemon does", "ip -br link", "enp7s0 ", hides="enp7s0.1"),
    Claim("10", "Docker's daemon does", "ip -br link", "enp7s0.1@enp7s0", nth=2),
    Claim("10", "The lowest free one", ADDRESS, "20.0.0.2\n"),
    Claim("10", "the frame carries the tag of VLAN 1", "docker exec b2 ping -c 1 20.0.0.2", ANSWER, code=0),
    Claim("10", "the frame carries the tag of VLAN 1", "%dnet trace b2 w2", "'trunk', tagged VLAN 1"),
    Claim("10", "Three networks, one card", "docker network ls", "mynet1    macvlan   local"),
    Claim("10", "Three networks, one card", "docker network ls", "mynet3    macvlan   local"),
    Claim("10", "Find `parent` and the address of `w2`", "docker network inspect mynet2", '"parent": "enp7s0.1"'),
    Claim("10", "the address of `w2` in it", "docker network inspect mynet2", '"IPv4Address": "20.0.0.2/24"'),
    Claim("10", "it asks for its gateway", "docker exec w2 ip route", "default via 20.0.0.1 dev eth0"),
    Claim("10", "At layer 2 the two networks are strangers", W2_W3, NO_ANSWER, code=1),
    Claim("10", "nobody has that address", "%dnet why w2 w3",
          "leads over the gateway 20.0.0.1, and nobody has that address"),
    Claim("10", "the two addresses that everybody asks for", "docker exec w2 ping -c 1 20.0.0.1", ANSWER, code=0),
    Claim("10", "both answer pings", "docker exec w2 ping -c 1 30.0.0.1", ANSWER, code=0),
    Claim("10", "Not yet", W2_W3, NO_ANSWER, nth=2, code=1),
    Claim("10", "net.ipv4.ip_forward=1 makes a router of it", "%dnet why w2 w3", "ip_forward is 0 there", nth=2),
    Claim("10", "63: each router takes one off", "docker exec w2 ping -c 2 30.0.0.2", "ttl=63"),
    Claim("10", "63: each router takes one off", "docker exec w2 traceroute -n 30.0.0.2", " 1  20.0.0.1"),
    Claim("10", "63: each router takes one off", "docker exec w2 traceroute -n 30.0.0.2", " 2  30.0.0.2"),
    Claim("10", "crosses the switch with tag 1", "%dnet trace w2 w3", "tagged VLAN 1"),
    Claim("10", "over the same cable with tag 2", "%dnet trace w2 w3", "tagged VLAN 2"),
    Claim("10", "Docker accepts it, addresses look right", "docker exec b3 ip route", "default via 30.0.0.1 dev eth0"),
    Claim("10", "no frame ever meets", "docker exec b3 ping -c 1 -W 1 30.0.0.2", NO_ANSWER, code=1),
    Claim("10", "no frame ever meets", "docker exec b3 ping -c 1 -W 1 30.0.0.1", NO_ANSWER, code=1),
    Claim("10", "look at the parent", "%dnet why b3 w3", "enp7s0.3 of docker2 is in VLAN 3"),
    Claim("10", "look what becomes of `enp7s0.3`", "ip -br link show enp7s0.3", "enp7s0.3@enp7s0", code=0),
    Claim("10", "Docker makes the sub-interface, and removes it", "ip -br link show enp7s0.3", "does not exist", nth=2,
          code=1),
    Claim("10", "Remove the network", "docker exec b3 ping -c 1 30.0.0.2", ANSWER, code=0),
    Claim("10", "Remove the network", "docker exec b3 ping -c 1 20.0.0.2", ANSWER, code=0),
    Claim("10", "addresses of their own, and the card's MAC", "docker exec i2 ping -c 1 40.0.0.10", ANSWER, code=0),
    Claim("10", "several subnets in one network", "docker exec d5 ping -c 1 60.0.0.10", ANSWER, code=0),
    Claim("10", "no gateway, no ARP", "docker exec d5 ip route", "default dev eth0", hides="via"),
    Claim("10", "no gateway, no ARP", "docker exec d5 ip neigh", hides="60.0.0.10", code=0),
    Claim("10", "its firewall lets nobody in from outside", IN1, "0 received", code=1),
    Claim("10", "the policy of FORWARD drops it", "%dnet why docker2 in1", "the policy of FORWARD is DROP", OLD),
    Claim("10", "dropped before, in table raw", "%dnet why docker2 in1", "table raw, chain PREROUTING", FROM_28),
    Claim("10", "a rule of yours in `DOCKER-USER` lets it in", IN1, "1 received", OLD, nth=2, code=0),
    Claim("10", "that rule is too late", IN1, "0 received", FROM_28, nth=2, code=1),
    Claim("10", "In mode `routed`", "ping -c 1 -W 1 172.29.0.10", "1 received", FROM_28, code=0),
    Claim("10", "older releases don't know the option", "ping -c 1 -W 1 172.29.0.10", "0 received", OLD, code=1),
    Claim("10", "there is no MASQUERADE for that network", "iptables -t nat -S POSTROUTING", "-s 172.28.0.0/24",
          FROM_28, hides="-s 172.29.0.0/24"),
]  # fmt: skip
