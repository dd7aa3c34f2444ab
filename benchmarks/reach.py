"""python benchmarks/reach.py: who reaches whom, by classes of equal containers and pair by pair.

For 100, 300 and 1,000 containers on 20 networks: the seconds of the whole matrix, the packets it took, and what the
same matrix would take pair by pair, measured on a sample of the pairs that is also checked to agree.
Then 10,000 containers on 10 hosts, whose networks have the same addresses on every host; with the most memory it took.
Where Mininet is installed (Debian's package `mininet`, as root), its pingall with 16 and 32 hosts stands beside the
simulator's: `python benchmarks/reach.py --mininet`, in a network namespace of its own.
"""

from __future__ import annotations

import random
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from dnetlab.explain.reach import outcome_of, probe, reach
from dnetlab.lab import Lab
from dnetlab.model import Snapshot

sys.path.insert(0, str(Path(__file__).resolve().parent))
from manyhosts import many  # noqa: E402

NETWORKS = 20
SAMPLE = 200


def lab_with(containers: int, networks: int = NETWORKS) -> Snapshot:
    """That many nginx containers, dealt out to the networks in turn."""
    lab = Lab()
    lines = [f"docker network create n{k}" for k in range(networks)]
    lines += [f"docker run -d --name c{k} --network n{k % networks} nginx" for k in range(containers)]
    lab.run_cell("\n".join(lines))
    return lab.snapshot()


def row(containers: int) -> str:
    snapshot = lab_with(containers)
    start = time.perf_counter()
    found = reach(snapshot)
    whole = time.perf_counter() - start
    pairs = [(a, t) for a in found.askers for t in found.targets]
    sample = random.Random(0).sample(pairs, SAMPLE)
    start = time.perf_counter()
    wrong = sum(outcome_of(probe(snapshot, a, t), t) is not found.outcome(a, t) for a, t in sample)
    each = (time.perf_counter() - start) / SAMPLE
    classes = len(set(found.asker_class.values()))
    return (
        f"{containers:>10} {classes:>8} {found.sent:>8} {whole:>8.2f} s {len(pairs):>10} {each * len(pairs):>9.0f} s "
        f"{each * len(pairs) / whole:>7.0f}× {wrong:>6}"
    )


def over_hosts(containers: int, hosts: int) -> str:
    """The whole matrix of a large lab, beside one of a tenth of its size."""
    seconds = []
    for count in (containers // 10, containers):
        snapshot = many(count, hosts)
        start = time.process_time()
        found = reach(snapshot)
        seconds.append(time.process_time() - start)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"{containers:>10} on {hosts} hosts: {seconds[1]:.2f} s, {found.sent} packets, {most} MiB; "
        f"{seconds[1] / seconds[0]:.1f}× the time of {containers // 10}"
    )


MININET = """
import sys, time
from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import SingleSwitchTopo
Mininet.inited = True  # leave the limits of this machine alone
net = Mininet(SingleSwitchTopo(int(sys.argv[1])), switch=LinuxBridge, controller=None)
net.start()
try:
    time.sleep(2)
    start = time.perf_counter()
    lost = net.pingAll()
    print("pingall", lost, time.perf_counter() - start)
finally:
    net.stop()
"""


def pingall(hosts: int) -> str:
    """Mininet's pingall on one switch, and the simulator's matrix of as many containers on one network."""
    alone = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "/usr/bin/python3", "-c", MININET]
    done = subprocess.run([*alone, str(hosts)], capture_output=True, text=True, timeout=600)
    took = re.search(r"pingall ([\d.]+) ([\d.]+)", done.stdout)
    snapshot = lab_with(hosts, 1)
    start = time.perf_counter()
    reach(snapshot)
    ours = time.perf_counter() - start
    theirs = f"{float(took[2]):.2f} s" if took else f"could not run ({done.stderr.strip()[-80:]})"
    return f"{hosts:>10} hosts on one switch: Mininet's pingall {theirs}, the simulator's matrix {ours:.3f} s"


def main() -> None:
    print(over_hosts(10_000, 10), flush=True)
    print("containers  classes  packets   by classes      pairs  pair by pair   ratio  wrong")
    for containers in (100, 300, 1000):
        print(row(containers), flush=True)
    if "--mininet" not in sys.argv:
        return
    if not shutil.which("mnexec"):
        print("Mininet is not installed: apt-get install mininet")
        return
    for hosts in (16, 32):
        print(pingall(hosts), flush=True)


if __name__ == "__main__":
    main()
