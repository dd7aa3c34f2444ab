"""Write what a real nft answers: `python tests/recordings/nft/record.py [NAME …]` (root, Linux, Debian 12's nftables).

Each NAME.txt beside this file holds lines of a shell, run one after the other in a fresh network namespace that has lo
and nothing else; NAME.jsonl gets an object per line: command, exit_code, stdout, stderr, and which tools said it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def said(words: list[str]) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def record(name: str) -> None:
    space = f"nftrec{os.getpid()}"
    versions = f"{said(['nft', '-v'])}, {said(['iptables', '-V'])}"
    said(["ip", "netns", "add", space])
    try:
        rows = []
        for line in (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            if not line or line.startswith(";"):
                continue
            shell = ["ip", "netns", "exec", space, "bash", "-c", line]
            done = subprocess.run(shell, capture_output=True, text=True, check=False)
            rows.append({"command": line, "exit_code": done.returncode, "stdout": done.stdout, "stderr": done.stderr,
                         "tools": versions})  # fmt: skip
    finally:
        said(["ip", "netns", "del", space])
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (HERE / f"{name}.jsonl").write_text(text, encoding="utf-8")
    print(f"nft/{name}", flush=True)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.txt")):
        record(wanted)
