"""jq, by the library of the same name.

Its programs can go on for ever inside of C, where nobody can stop them: each runs in a process of its own, which may
take two seconds of the processor and half a gibibyte.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from dnetlab.sim.userland.options import inputs
from dnetlab.sim.userland.seam import MOST_OUTPUT, Call, Refused, Result, Stopped, failure, too_much_said

SECONDS, MEMORY = 2, 1 << 29
PATIENCE = 30.0  # seconds on a busy machine, and where processes have no limits of their own
_CHILD = Path(__file__).with_name("jq_process.py")


def jq(call: Call) -> Result:
    """`jq [-r] [-c] [-e] [-s] [-n] [--arg NAME VALUE] PROGRAM [FILE]…`, by the library of the same name."""
    if find_spec("jq") is None:  # a browser has none
        raise Refused(
            "jq is not part of the lab here.", "docker inspect -f '{{{{json .NetworkSettings}}}}' picks out a part."
        )
    words, flags, variables = list(call.words), set(), {}
    operands: list[str] = []
    while words:
        word = words.pop(0)
        if word in ("--arg", "--argjson") and len(words) > 1:
            variables[words.pop(0)] = words.pop(0)
        elif word.startswith("--"):
            flags.add(
                {
                    "--raw-output": "r",
                    "--compact-output": "c",
                    "--slurp": "s",
                    "--null-input": "n",
                    "--exit-status": "e",
                    "--sort-keys": "S",
                }.get(word, word)
            )
        elif word.startswith("-") and len(word) > 1:
            flags |= set(word[1:])
        else:
            operands.append(word)
    if flags - set("rcsneSjCM"):
        raise Refused(
            "jq {flag} is not part of the lab.", "It has -r, -c, -s, -n, -e, -S and --arg.",
            flag=sorted(flags - set("rcsneSjCM"))[0],
        )  # fmt: skip
    found, said = inputs(call, operands[1:])
    if said:
        return Result("", said, 2)
    text = "".join(piece for _, piece in found)
    told = _asked({"program": operands[0] if operands else ".", "variables": variables, "text": text,
                   "flags": "".join(flags)})  # fmt: skip
    if "error" in told:
        return _failure(str(told["error"]))
    return Result(str(told["out"]), "", int("e" in flags and not told["last"]))


def _asked(question: dict[str, object]) -> dict[str, object]:
    """What the child answers. Raises Stopped when it took too long or too much."""
    try:
        ran = subprocess.run(
            [sys.executable, "-P", str(_CHILD), str(SECONDS), str(MEMORY), str(MOST_OUTPUT)],
            input=json.dumps(question), text=True, encoding="utf-8",
            capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Stopped("jq took more than {most:g} seconds, so it was ended as by Ctrl-C.", most=PATIENCE) from None
    told: dict[str, object] = json.loads(ran.stdout) if ran.returncode == 0 and ran.stdout else {}
    if not told:
        raise Stopped("jq took more than {seconds} seconds or {memory} MiB, so it was ended as by Ctrl-C.",
                      seconds=SECONDS, memory=MEMORY >> 20)  # fmt: skip
    if len(str(told.get("out", ""))) > MOST_OUTPUT:
        raise too_much_said()
    return told


def _failure(message: str) -> Result:
    first = message.split("\n")[0]
    if "parse error" in first or "Invalid" in first or "Unfinished" in first:
        return failure(
            first
            if first.startswith("jq:")
            else f"jq: {first}"
            if first.startswith("parse")
            else f"jq: error (at <stdin>:1): {first}",
            2 if "parse" in first else 5,
        )
    if "compile" in message or "syntax" in message:
        return failure(message if message.startswith("jq:") else f"jq: {message}", 3)
    return failure(f"jq: error (at <stdin>:1): {first}", 5)
