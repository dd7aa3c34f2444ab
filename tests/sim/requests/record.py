"""Write what a real daemon answers to requests: `python tests/sim/requests/record.py 28.5` (root, Linux).

requests.txt, a line each (method, path, body; {node} is the id of the swarm's only node), asked
one after the other on a fresh lab host, becomes VERSION.jsonl: the status, and the message of an error.
"""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

from dnetlab.engines.providers.namespaces import NamespaceHosts

HERE = Path(__file__).parent


def record(version: str) -> None:
    rows = []
    with NamespaceHosts(version, daemons=("docker1",)) as hosts:
        for request in (HERE / "requests.txt").read_text(encoding="utf-8").splitlines():
            method, path, *body = request.split(" ", 2)
            node = hosts.run("docker1", "docker node ls -q 2>/dev/null").stdout.strip()
            words = ["curl", "-s", "-g", "-m", "60", "-w", "\n%{http_code}", "-X", method]
            words += ["--unix-socket", "/run/docker.sock"]
            words += ["-H", "Content-Type: application/json", "-d", body[0]] if body else []
            words.append("http://docker" + path.replace("{node}", node))
            said, _, status = hosts.run("docker1", shlex.join(words)).stdout.rpartition("\n")
            message = json.loads(said).get("message") if status >= "4" else None
            rows.append({"request": request, "status": int(status), "message": message})
    (HERE / f"{version}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    for release in sys.argv[1:]:
        record(release)
