"""What lessons 7, 8 and 12 say of outputs: the doors of a port, cleaning up, faults. `test_lessons_true` holds them."""

from __future__ import annotations

from tests.lesson_runs import Claim

OLD, TO_28, FROM_28 = ("20.10", "26.1"), ("20.10", "26.1", "28.5"), ("28.5", "29.7")
FROM_23, ONLY_20, ONLY_29 = ("26.1", "28.5", "29.7"), ("20.10",), ("29.7",)
PAGE = "<title>Welcome to nginx!</title>"
NO_ANSWER = "0 packets received, 100% packet loss"
CODE = "curl -s -o /dev/null -w '%{http_code}\\n' "
SHOP = "curl -s -m 2 -o /dev/null -w '%{http_code}\\n' 172.25.254.1:8080"
LAST = "docker logs --tail 1 demo"
CLIENT, NAT = f"{CODE}172.25.254.1", "iptables -t nat -S"
ROUTED = "curl -s -m 2 -o /dev/null -w '%{http_code}\\n' 172.17.0.2"
MAC = "docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.MacAddress}}{{end}}' demo"
SANDBOX = "docker inspect -f '{{.Name}} {{.NetworkSettings.SandboxKey}}' web1 web2 web3 web4 web5"
NETWORKS = (
    "docker inspect -f '{{.Name}}{{range $name, $net := .NetworkSettings.Networks}} {{$name}}{{end}}' "
    "web1 web2 web3 web4 web5"
)

DOORS = [
    Claim("07", "There are none, so `docker rm` complains", "docker rm -f `docker ps -aq`",
          "equires at least 1 argument", code=1),
    Claim("07", "turns `172.25.254.1:80` into `172.17.0.2:80`", "%dnet trace client docker1:80",
          "172.25.254.1:80 tcp [S] becomes 172.25.254.38:40000 > 172.17.0.2:80"),
    Claim("07", "a process that listens on port 80 of the host", "netstat -antlp", "docker-proxy"),
    Claim("07", "the process sees nothing of it", LAST, "172.25.254.38 - -"),
    Claim("07", "the server doesn't see its visitor", LAST, "172.17.0.1 - -", nth=2),
    Claim("07", "There are two journeys", "%dnet trace docker1 127.0.0.1:80", "docker-proxy (pid ",
          hides="becomes 127.0.0.1:40000 > 172.17.0.2:80"),
    Claim("07", "Up to Docker 28 the process serves it", "%dnet trace far 172.25.254.1:80", "docker-proxy (pid ",
          TO_28),
    Claim("07", "there the packet is rewritten", "%dnet trace far 172.25.254.1:80",
          "172.25.254.1:80 tcp [S] becomes 172.18.0.2:40000 > 172.17.0.2:80", ONLY_29, hides="docker-proxy"),
    Claim("07", "the packet now reaches the host's own port 80", CLIENT, "200"),
    Claim("07", "the log shows 172.17.0.1", LAST, "172.17.0.1 - -", nth=3),
    Claim("07", "no NAT was needed anyway", "docker exec peer ping -c 1 172.17.0.2", "1 packets received"),
    Claim("07", "the client has no route back", "docker exec peer ping -c 1 -W 1 172.25.254.38", NO_ANSWER, code=1),
    Claim("07", "the client has no route back", "%dnet trace peer client", "At client: no route: 172.17.0.3"),
    Claim("07", "*Connection refused*", "curl -m 3 172.25.254.1", "Couldn't connect to server", code=7),
    Claim("07", "`docker ps` still shows the port", "docker ps", "0.0.0.0:80->80/tcp"),
    Claim("07", "The containers of the bridge don't notice", "docker exec peer ping -c 1 172.17.0.2",
          "1 packets received", nth=2),
    Claim("07", "nobody jumps to that chain", NAT, "--dport 80 -j DNAT --to-destination 172.17.0.2:80",
          hides="-j DOCKER"),
    Claim("07", "It is the new docker-proxy that answers", CLIENT, "200", nth=2),
    Claim("07", "`peer` still gets no answer", "docker exec peer ping -c 1 -W 1 172.25.254.38", NO_ANSWER, nth=2),
    Claim("07", "one MASQUERADE per network, and the jumps", "iptables -t nat -nL", "ADDRTYPE match dst-type LOCAL",
          nth=4, hides="DNAT"),
    Claim("07", "then its DNAT rule and its docker-proxy came as well", "iptables -t nat -nL",
          "tcp dpt:80 to:172.17.0.2:80", nth=5),
    Claim("07", "From outside either door is enough", CLIENT, "200", nth=4),
    Claim("07", "| client → host:80 | page | page | page | refused |", CLIENT, "200", nth=5),
    Claim("07", "From 127.0.0.1 there is only the process", f"{CODE}127.0.0.1", "000", nth=2, code=7),
    Claim("07", "OUTPUT no longer leaves 127.0.0.0/8 out", NAT, "-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER",
          nth=2),
    Claim("07", "one more MASQUERADE hides the host", NAT,
          "-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j MASQUERADE", nth=2),
    Claim("07", "`route_localnet` lets such packets leave", "sysctl net.ipv4.conf.docker0.route_localnet", "= 1"),
    Claim("07", "One door, made wider", f"{CODE}127.0.0.1", "200", nth=3, code=0),
    Claim("07", "Even the container gets its own page", "docker exec solo wget -q -O - 172.25.254.2", PAGE, code=0),
    Claim("07", "Up to Docker 26 the page came (200)", ROUTED, "200", OLD, code=0),
    Claim("07", "drops what comes to a container's address from outside (000: no answer)", ROUTED, "000", FROM_28,
          code=28),
    Claim("07", "up to Docker 26 a MAC follows from the address", MAC, "172.17.0.2 02:42:ac:11:00:02", OLD),
    Claim("07", "Since 28 it is random", MAC, "172.17.0.2 ", FROM_28, hides="02:42:ac:11:00:02"),
    Claim("08", "Prune removes what no **running** container uses", "docker network prune", "my_net2\nmy_net3", nth=2,
          hides="my_net1"),
    Claim("08", "Say `n` first", "docker network prune", "[y/N]", hides="Deleted"),
    Claim("08", "A stopped container doesn't protect its network", "docker start idle", "not found", code=1),
    Claim("08", "The id that `idle` remembers", "docker start idle", "not found", nth=2, code=1),
    Claim("08", "It can be rescued all the same", "docker start idle", "idle\n", nth=3, code=0),
    Claim("08", "what is in use can't be removed", "docker network rm my_net1", "has active endpoints", code=1),
    Claim("08", "what is predefined never", "docker network rm bridge", "pre-defined network", code=1),
    Claim("08", "go back to the moment that you named", "docker network ls", "my_net2", nth=2),
    Claim("08", "Up to Docker 20.10 `volume prune` took all", "docker volume ls", "VOLUME NAME", ONLY_20, nth=2,
          hides="data"),
    Claim("08", "leaves `data`", "docker volume ls", "local     data", FROM_23, nth=2),
    Claim("08", "There are none here", "docker image prune", "Total reclaimed space: 0B"),
    Claim("08", "Their network ids differ", "docker network ls", "none      null      local", nth=4),
    Claim("08", "its file lies in `/var/run/docker/netns`", SANDBOX, "/web1 /var/run/docker/netns/"),
    Claim("08", "it shares `web1`'s sandbox", SANDBOX, "/web4 \n"),
    Claim("08", "`web2` has two, `web4` none of its own", NETWORKS, "/web2 bridge my_net1\n/web3 host\n/web4\n"),
    Claim("08", "Two containers, one list of interfaces",
          "nsenter -t $(docker inspect -f '{{.State.Pid}}' web4) -n ip -br addr", "eth0@if"),
    Claim("08", "An unknown driver is looked for as a plug-in", "docker network create -d nosuch my_net2",
          'plugin "nosuch" not found', code=1),
    Claim("08", "of `host` there is one", "docker network create -d host second", 'only one instance of "host"',
          code=1),
    Claim("12", "arrived, nobody listens there", "curl -m 2 172.25.254.1:8081", "Couldn't connect", code=7),
    Claim("12", "was swallowed, or its answer was", "curl -m 2 172.25.254.1:8080", "timed out", code=28),
    Claim("12", "`Network is unreachable`", "docker exec loner ping -c 1 172.25.254.38", "Network is unreachable"),
    Claim("12", "`bad address`", "docker exec db ping -c 1 wbe", "bad address 'wbe'"),
    Claim("12", "found nobody at home", "docker exec db ping -c 1 -W 1 172.30.0.77", NO_ANSWER),
    Claim("12", "from docker1 to the page", SHOP, "200"),
    Claim("12", "from the client to docker1", "ping -c 1 172.25.254.1", "1 received"),
    Claim("12", "a rule that swallows also counts", "iptables -L DOCKER-USER -v -n", "DROP", hides="    0     0 DROP"),
    Claim("12", "`%dnet trace` walks the same way", "%dnet trace client docker1:8080", "chain DOCKER-USER drops it"),
    Claim("12", "Mend the one thing, and ask again", SHOP, "200", nth=2),
    Claim("12", "The two pings differ in one thing", "ping -c 1 -W 1 172.25.254.2", "1 received", code=0),
    Claim("12", "The two pings differ in one thing", "ping -c 1 -W 1 172.25.254.38", "0 received", code=1),
    Claim("12", "the client hears nothing either", SHOP, "000", nth=3,
          code=28),
    Claim("12", "`ip route get` asks the kernel itself", "ip route get 172.25.254.38", "dev br-"),
    Claim("12", "`ip route get` asks the kernel itself", "ip route get 172.25.254.2", "dev eth0"),
    Claim("12", "Remove the network, and check", "ping -c 1 -W 1 172.25.254.38", "1 received", nth=2, code=0),
    Claim("12", "Remove the network, and check", SHOP, "200", nth=4),
]  # fmt: skip
