"""One jq program in a process of its own: `python -P jq_process.py SECONDS BYTES MOST`, run by `jq`.

Reads {program, variables, text, flags} as JSON, writes {out, last}, {error} in jq's words, or {} for what is too deep.
`out` may be a little longer than MOST characters; the rest is left out.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def limit(seconds: int, memory: int) -> None:
    """Only Unix has such limits; elsewhere the patience of who asked has to do."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    except (ImportError, ValueError, OSError):
        pass


def text(value: Any, flags: str) -> str:
    """A value as jq prints it."""
    end = "" if "j" in flags else "\n"
    if isinstance(value, str) and ("r" in flags or "j" in flags):
        return value + end
    if "c" in flags:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys="S" in flags) + end
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys="S" in flags) + end


def answer(question: dict[str, Any], most: int) -> dict[str, Any]:
    import jq

    flags, out, last, size = question["flags"], [], False, 0
    program = jq.compile(question["program"], args=question["variables"])
    values = program.input_value(None) if "n" in flags else program.input_text(question["text"], slurp="s" in flags)
    for value in values:
        out.append(text(value, flags))
        last, size = bool(value), size + len(out[-1])
        if size > most:
            break
    return {"out": "".join(out), "last": last}


def main() -> None:
    seconds, memory, most = map(int, sys.argv[1:4])
    limit(seconds, memory)
    try:
        told = answer(json.load(sys.stdin), most)
    except ValueError as error:
        told = {"error": str(error)}
    except (RecursionError, MemoryError):
        told = {}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
