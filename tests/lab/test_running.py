"""A program that runs for the lab ends in time, and says no more than can be shown."""

from __future__ import annotations

import os
import sys
import time

import pytest

from dnetlab.engines.running import run_limited

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are looked up in /proc")


def test_both_streams_and_the_status_come_back() -> None:
    ran = run_limited(["sh", "-c", "cat; echo wrong >&2; exit 3"], 60, "typed\n")

    assert ran == ("typed\n", "wrong\n", 3, "")


def test_more_than_the_budget_is_cut_and_the_program_ended() -> None:
    ran = run_limited(["sh", "-c", "yes; echo $? >&2"], 60, most=10_240)

    assert len(ran.stdout) == 10_240 and ran.stdout.startswith("y\ny\n")
    assert ran.cut == "The command said more than 10 KiB, so it was ended as by Ctrl-C, and the rest is not shown."


def test_what_takes_too_long_gets_the_signal_of_ctrl_c_and_says_its_last() -> None:
    below = "trap 'echo bye; exit 7' INT; while :; do :; done"
    ran = run_limited(["sh", "-c", f'sh -c "{below}"; echo $?'], 2)

    assert (ran.stdout, ran.exit_code, ran.cut) == (
        "bye\n7\n", 0, "The command took more than 2 seconds, so it was ended as by Ctrl-C."
    )  # fmt: skip


def test_what_does_not_hear_the_signal_is_ended_all_the_same() -> None:
    deaf = "import signal, time; signal.signal(2, signal.SIG_IGN); time.sleep(60)"
    ran = run_limited([sys.executable, "-c", deaf], 1)

    assert (ran.stdout, ran.exit_code) == ("", 124)


def test_a_job_in_the_background_does_not_hold_the_line() -> None:
    began = time.monotonic()

    ran = run_limited(["sh", "-c", "sleep 50 & echo $!"], 40)

    os.kill(int(ran.stdout), 9)
    assert (ran.exit_code, ran.cut) == (0, "")
    assert time.monotonic() - began < 40


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert run_limited(["printf", "\\377ok"], 60).stdout == "\ufffdok"
