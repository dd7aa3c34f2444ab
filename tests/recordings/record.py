"""Write what a real engine answers: `python tests/recordings/record.py 20.10 lesson1 …` (root, Linux; default: all).

Each tests/recordings/NAME.dnet becomes VERSION/NAME.dnet beside it: the same lines with the real answers under them.
Each pairs/pair_NAME.dnet becomes VERSION/pair_NAME.jsonl, an object per line, for tests/test_recordings.py.
Each compose/compose_NAME.dnet becomes VERSION/compose_NAME.jsonl, for tests/test_recordings.py, too: it needs
Debian's docker-compose 2.40 (forky) in /usr/local/lib/docker/cli-plugins of this machine.
"""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import sys
from pathlib import Path

from dnetlab.commands.cell import parse_cell
from dnetlab.engines.docker import DockerEngine

HERE = Path(__file__).parent
FOLDERS = {"pair": "pairs", "compose": "compose"}  # first word of a script's name -> its folder


def provenance(engine: DockerEngine, name: str) -> str:
    """The comment lines that say where a recording comes from."""
    hosts = engine.hosts
    server = hosts.run("docker1", "docker version -f '{{.Server.Version}}'").stdout.strip()
    client = hosts.run("docker1", "docker version -f '{{.Client.Version}}'").stdout.strip()
    iptables = hosts.run("docker1", "iptables -V").stdout.strip()
    today = datetime.date.today().isoformat()
    return (
        f"; Recorded {today} from a real Docker Engine {server}, client {client}, {iptables}, "
        "on lab hosts in namespaces\n"
        f"; made by: python tests/recordings/record.py {engine.release} {name}\n"
    )


def record(version: str, name: str) -> None:
    """Run one script on a fresh lab and write its transcript."""
    text = (HERE / f"{name}.dnet").read_text()
    engine = DockerEngine(version)
    try:
        out = provenance(engine, name) + "".join(line + "\n" for line in text.splitlines() if line.startswith(";"))
        for line in parse_cell(text):
            output = engine.run(line)
            if output.refused:
                sys.exit(f"{name}: refused: {line.text}: {output.refused}")
            terminal = line.prompt.value == "terminal"
            prompt = "/ # " if terminal else f"{line.host}# "
            answer = f"{line.answer}\n" if line.answer else ""
            body = output.stdout + output.stderr
            out += f"{prompt}{line.text}\n{answer}{body}" + ("" if not body or body.endswith("\n") else "\n")
    finally:
        engine.close()
    target = HERE / version / f"{name}.dnet"
    target.parent.mkdir(exist_ok=True)
    target.write_text(out)


def record_pair(version: str, name: str) -> None:
    """Run one script of several hosts on a fresh lab and write what each line answered, with who answered."""
    engine, rows = DockerEngine(version), []
    try:
        asked = "docker version -f '{{.Server.Version}} {{.Client.Version}}'"
        server, client = engine.hosts.run("docker1", asked).stdout.split()
        for line in parse_cell((HERE / FOLDERS[name.split("_")[0]] / f"{name}.dnet").read_text()):
            output = engine.run(line)
            if output.refused:
                sys.exit(f"{name}: refused: {line.text}: {output.refused}")
            rows.append({
                "scenario": name, "version": version, "engine": server, "client": client, "host": line.host,
                "command": line.text, "exit_code": output.exit_code, "stdout": output.stdout, "stderr": output.stderr,
            })  # fmt: skip
    finally:
        engine.close()
    target = HERE / version / f"{name}.jsonl"
    target.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def main(words: list[str]) -> None:
    version, names = words[0], words[1:] or sorted(path.stem for path in HERE.glob("lesson*.dnet"))
    if (
        shutil.which("dockerd") is None
        or subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip() != "0"
    ):
        sys.exit("record: needs root and dockerd")
    for name in names:
        (record_pair if name.split("_")[0] in FOLDERS else record)(version, name)
        print(f"{version}/{name}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
