"""Lines as nobody should type them: mangled ones of the public cases, with what only a shell would read put in.

    python tests/shells/mangled.py 0:10000      on the simulator: no error but the documented ones, none that takes long

Prints the slowest line, the memory, and what broke; a seed brings a line back.
"""

from __future__ import annotations

import random
import resource
import sys
import time
import traceback
from pathlib import Path

from dnetlab import Lab
from dnetlab.errors import DnetError

SCRIPTS = Path(__file__).parents[1] / "cases" / "scripts"
START = "docker run -d --name web -p 8080:80 nginx\ndocker run -dit --name box busybox\ndocker network create lab"
PIECES = (
    "&", "&&", "||", ";", "|", ">", ">>", "<", "2>&1", "<<EOF", "(", ")", "{", "}", "$(", "`", "'", '"', "\\", "$",
    "${x", "$((", "*", "?", "[", "~", "!", "#", "--", "-", "-n", "-1", "0", "999999999999999999999", "é", "\t", "\n",
    "\r", "\x00", "\x7f", "%d", "{{", "}}", "{{.X", "/", "..", "/etc/passwd", "/dev/zero", ":", ":80", "1.2.3.4",
    "256.1.1.1", "::1", "0.0.0.0/0", "172.17.0.2", "web", "box", "eth0", "if true; then", "fi", "while :; do", "done",
    "for i in 1 2 3; do", "case x in", "esac", "tcpdump -i any &", "conntrack -E &", "kill $!", "wait", "sleep 1",
    "yes", "seq 1 99999", "exit", "cd", "x=1", "set -e", "exec", "eval", "xargs", "sudo", "docker exec box",
)  # fmt: skip
LONGEST, MOST = 2.0, 200 << 20  # seconds of a line, bytes in all beyond the beginning


def lines() -> list[str]:
    found = [row.split("# ", 1)[-1] for file in sorted(SCRIPTS.glob("*.dnet")) for row in file.read_text().splitlines()]
    return sorted({row for row in found if row and not row.startswith(";")})


def mangled(seed: int, known: list[str]) -> str:
    """The line, or the script of up to three, of a seed."""
    chance = random.Random(seed)
    rows = [chance.choice(known) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(rows))
        rows[at] = _changed(chance, rows[at])
    return chance.choice(("\n", "; ", " | ", " && ", " & ")).join(rows)


def _changed(chance: random.Random, row: str) -> str:
    words = row.split(" ")
    at = chance.randrange(len(words))
    kind = chance.randrange(7)
    if kind == 0:
        del words[at]
    elif kind == 1:
        words.insert(at, chance.choice(PIECES))
    elif kind == 2:
        words[at] = chance.choice(PIECES)
    elif kind == 3:
        words[at] += chance.choice(PIECES)
    elif kind == 4:
        words.insert(at, words[at])
    elif kind == 5:
        cut = chance.randrange(len(row) + 1)
        return row[:cut] + chance.choice(PIECES) + row[cut:]
    else:
        chance.shuffle(words)
    return " ".join(words)


def fresh() -> Lab:
    lab = Lab()
    lab.run_cell(START)
    return lab


def broken(lab: Lab, text: str) -> str:
    """'' when the line answers, fails or is refused; the traceback of any other error."""
    try:
        lab.run_cell(text, keep_going=True)
    except DnetError:
        return ""
    except Exception:
        return traceback.format_exc()
    return ""


def main() -> int:
    first, _, last = sys.argv[1].partition(":")
    known, lab, slowest, failed = lines(), fresh(), (0.0, 0), 0
    begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(int(first), int(last)):
        lab = fresh() if seed % 50 == 0 else lab
        text, start = mangled(seed, known), time.perf_counter()
        trouble = broken(lab, text)
        took = time.perf_counter() - start
        slowest = max(slowest, (took, seed))
        if trouble or took > LONGEST:
            failed += 1
            print(f"seed {seed} ({took:.1f} s): {text!r}\n{trouble}", flush=True)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun) * 1024
    worst = f"the slowest {slowest[0]:.2f} s (seed {slowest[1]})"
    print(f"{int(last) - int(first)} seeds: {failed} broke; {worst}; {grown >> 20} MiB more")
    return int(failed > 0 or grown > MOST)


if __name__ == "__main__":
    raise SystemExit(main())
