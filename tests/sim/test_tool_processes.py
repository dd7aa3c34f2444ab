"""ps, kill, pgrep, systemctl and listings of sockets; layouts of procps 4.0.2, net-tools 2.10 and iproute2 6.1."""

from __future__ import annotations

from tests.sim.toollab import at, inside, lab


def test_a_host_sees_the_processes_of_containers() -> None:
    # given a published port, when the host lists processes, then docker-proxy and nginx are among them
    result = at(lab(), "ps ax")
    assert result.stdout.startswith("    PID TTY      STAT   TIME COMMAND\n      1 ?        Ss     0:00 ")
    assert (
        "/usr/sbin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2" in result.stdout
    )
    assert "nginx: master process nginx -g daemon off;\n" in result.stdout


def test_headers_of_procps() -> None:
    # given the usual options, when ps runs, then each header is procps' own
    world = lab()
    heads = [
        at(world, line).stdout.splitlines()[0] for line in ("ps", "ps -ef", "ps aux", "ps -eo pid,ppid,user,comm,args")
    ]
    assert heads == [
        "    PID TTY          TIME CMD",
        "UID          PID    PPID  C STIME TTY          TIME CMD",
        "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND",
        "    PID    PPID USER     COMMAND         COMMAND",
    ]


def test_a_container_sees_only_its_own() -> None:
    # given nginx, when ps runs inside, then the master is process 1 and nothing of the host shows
    assert inside(lab(), "demo", "ps").stdout == (
        "PID   USER     COMMAND\n"
        "    1 root     nginx: master process nginx -g daemon off;\n"
        "    7 root     nginx: worker process\n"
        "    8 root     ps\n"
    )


def test_killing_docker_proxy_closes_its_port() -> None:
    # given two proxies for port 8080, when they are killed, then nothing listens any more and pgrep finds nothing
    world = lab()
    assert at(world, "netstat -tln").stdout.count("8080") == 2
    assert at(world, "kill $(pgrep docker-proxy)").exit_code == 0
    assert at(world, "ss -tln").stdout == "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
    assert at(world, "pgrep docker-proxy").exit_code == 1


def test_words_of_kill() -> None:
    # given pids that nobody has, when they are signalled, then bash complains at a host, busybox in a container
    world = lab()
    assert at(world, "kill 99999").stderr == "bash: kill: (99999) - No such process\n"
    assert at(world, "kill abc").stderr == "bash: kill: abc: arguments must be process or job IDs\n"
    assert at(world, "kill -BOGUS 1").stderr == "bash: kill: BOGUS: invalid signal specification\n"
    assert at(world, "kill").exit_code == 2
    assert inside(world, "box", "kill 99").stderr == "kill: can't kill pid 99: No such process\n"
    assert inside(world, "box", "pgrep sh").stderr == "sh: pgrep: not found\n"


def test_sockets_as_netstat_and_ss_list_them() -> None:
    # given one published port, when it is listed, then both tools name docker-proxy twice, for IPv4 and IPv6
    world = lab()
    pids = at(world, "pgrep docker-proxy").stdout.split()
    first, second = (f"{pid}/docker-proxy".ljust(20) for pid in pids)
    assert at(world, "netstat -tlnp").stdout == (
        "Active Internet connections (only servers)\n"
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name    \n"
        f"tcp        0      0 0.0.0.0:8080            0.0.0.0:*               LISTEN      {first}\n"
        f"tcp6       0      0 :::8080                 :::*                    LISTEN      {second}\n"
    )
    assert at(world, "ss -tln").stdout == (
        "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n"
        "LISTEN 0      4096         0.0.0.0:8080      0.0.0.0:*          \n"
        "LISTEN 0      4096            [::]:8080         [::]:*          \n"
    )
    assert inside(world, "demo", "netstat -tln").stdout == (
        "Active Internet connections (only servers)\n"
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State       \n"
        "tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN      \n"
        "tcp        0      0 :::80                   :::*                    LISTEN      \n"
    )


def test_systemctl_knows_docker_and_nothing_else() -> None:
    # given a running daemon, when it is stopped and asked for, then systemd's words and statuses come out
    world = lab()
    assert at(world, "systemctl is-active docker").stdout == "active\n"
    assert at(world, "systemctl stop docker").exit_code == 0
    assert at(world, "systemctl is-active docker").exit_code == 3
    assert at(world, "systemctl status docker").exit_code == 3
    assert at(world, "systemctl start docker.service").exit_code == 0
    missing = at(world, "systemctl restart foo")
    assert (missing.stderr, missing.exit_code) == ("Failed to restart foo.service: Unit foo.service not found.\n", 5)
    assert at(world, "systemctl status docker", "client").stderr == "Unit docker.service could not be found.\n"


def test_names_by_nslookup() -> None:
    # given the daemon as resolver, when box asks it, then known names are answered and 28.5 says SERVFAIL to the rest
    world = lab()
    assert inside(world, "box", "nslookup web1").stdout == (
        "Server:\t\t127.0.0.11\nAddress:\t127.0.0.11:53\n\nNon-authoritative answer:\nName:\tweb1\n"
        "Address: 172.18.0.2\n\nNon-authoritative answer:\n\n"
    )
    assert "2.0.18.172.in-addr.arpa\tname = web1.my_net\n" in inside(world, "box", "nslookup 172.18.0.2").stdout
    assert inside(world, "box", "nslookup nosuch").stdout.count("** server can't find nosuch: SERVFAIL\n") == 2
    assert inside(lab("20.10"), "box", "nslookup nosuch").stdout == (
        ";; connection timed out; no servers could be reached\n\n"
    )


def test_traceroute_and_arp() -> None:
    # given a container behind the bridge, when it traces the client, then its gateway and the client are the two hops
    world = lab()
    lines = inside(world, "box", "traceroute -n 172.25.254.38").stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["1", "172.18.0.1"], ["2", "172.25.254.38"]]
    assert inside(world, "box", "arp -n").stdout.startswith("? (172.18.0.1) at ")
    assert at(world, "arp -n 172.25.254.77").stdout == "172.25.254.77 (172.25.254.77) -- no entry\n"


def test_small_words() -> None:
    # given the lab's clock and files, when small commands ask for them, then they answer as on a lab host
    world = lab()
    assert at(world, "sleep 3 && date").stdout == "Mon Nov 23 08:00:03 UTC 2026\n"
    assert at(world, "echo -e 'a\\tb\\cc'").stdout == "a\tb"
    assert at(world, "hostname -I").stdout == "172.25.254.1 172.17.0.1 172.18.0.1 \n"
    assert at(world, "cat /proc/sys/net/ipv4/ip_forward").stdout == "1\n"
    assert at(world, "cat /foo").stderr == "cat: /foo: No such file or directory\n"
    assert at(world, "timeout 1 sleep 5").exit_code == 124
    assert inside(world, "box", "timeout 1 sleep 5").exit_code == 143
    assert at(world, "which curl nosuch").stdout == "/usr/bin/curl\n"
    assert at(world, "yum install bridge-utils").stdout.endswith("Nothing to do.\nComplete!\n")
