"""A command that reads from one without an end: some stop early, some go on as well, some wait for the end."""

from __future__ import annotations

import re
from dataclasses import replace

from dnetlab.sim.userland.seam import MOST_OUTPUT, Result, Stopped

_PASS_ON = ("cat", "tr", "cut", "sed", "grep", "tee", "nl", "rev", "fold", "awk", "mawk")
_WAIT = ("wc", "tail", "sort", "uniq", "tac", "xargs", "column", "jq", "diff", "paste", "nc", "sh", "bash", "dash",
         "ash", "docker", "ssh")  # fmt: skip


def reading_on(argv: tuple[str, ...], result: Result) -> Result:
    """What a program answers that had read the beginning. Raises Stopped for one that would wait for the end."""
    name = argv[0].rsplit("/", 1)[-1]
    if name in _WAIT:
        raise Stopped(
            "More than {size} KiB came through the pipe, and {name} reads all of it, "
            "so the line was ended as by Ctrl-C.", size=MOST_OUTPUT >> 10, name=name,
        )
    return replace(result, goes_on=True) if name in _PASS_ON and not _leaves(name, argv[1:]) else result


def _leaves(name: str, words: tuple[str, ...]) -> bool:
    """`sed 5q`, `grep -m1`, `grep -q`, `awk '… exit'` read no further than they need."""
    text = " ".join(words)
    if name == "grep":
        return re.search(r"(^| )-\w*[mq]|--quiet|--max-count", text) is not None
    return "q" in text if name == "sed" else "exit" in text if name in ("awk", "mawk") else False
