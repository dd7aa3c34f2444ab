"""What runs inside containers: programs that listen, serve, log, wait, and end as the real ones do.

    kinds.py    which program a command line is, whether the image has it, what it answers to signals
    launch.py   process 1 starts: it stays, or runs to its end and leaves an exit status
    web.py      nginx and busybox httpd: sockets, pages, access logs
    logs.py     what was printed, and when
"""

from __future__ import annotations

from dnetlab.sim.programs.kinds import (
    answer_to,
    missing,
    missing_in,
    process_title,
    reloads,
    runc_error,
    start_failure_code,
)
from dnetlab.sim.programs.launch import (
    Outcome,
    child_died,
    keep_talking,
    launch,
    reload,
    say_goodbye,
    stays_for_a_terminal,
)
from dnetlab.sim.programs.logs import forget_future
from dnetlab.sim.programs.web import Answer, serve_http

__all__ = [
    "Answer", "Outcome", "answer_to", "child_died", "forget_future", "keep_talking", "launch", "missing", "missing_in",
    "process_title", "reload", "reloads", "runc_error", "say_goodbye", "serve_http", "start_failure_code",
    "stays_for_a_terminal",
]  # fmt: skip
