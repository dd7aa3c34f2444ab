"""Programs are run for a lab with a limit of time and a limit of output; what they said comes back whole or cut."""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from dnetlab.errors import EngineError
from dnetlab.language import say

Progress = Callable[[str], None]
CLEAN_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/bash",
}
MOST = 1 << 20  # bytes that a line may say, both streams together: some 10,000 lines
GRACE = 2.0  # seconds between the signal of Ctrl-C and the end
LINGER = 0.2  # seconds that a stream is still read once its command has ended: a job in the background may hold it


class Ran(NamedTuple):
    """What a command answered: its streams as text, and its exit status (124 after the limit of time).

    cut  a sentence when not all of it was read, '' otherwise
    """

    stdout: str
    stderr: str
    exit_code: int
    cut: str = ""


def tell(progress: Progress | None, template: str, /, **fields: Any) -> None:
    """Say a sentence to whoever waits; nobody may."""
    if progress is not None:
        progress(say(template, **fields))


def run_tool(*words: str, stdin: str | None = None, marks: dict[str, str] | None = None) -> str:
    """Run a program of the machine; its stdout. Raises EngineError with its own words when it fails.

    marks: stand in its environment, so that it is known for whom it works even when we are gone
    """
    environment = {**os.environ, **marks} if marks else None
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise EngineError("{command}: {error}", command=" ".join(words), error=(done.stderr or done.stdout).strip())
    return done.stdout


def run_limited(
    words: Sequence[str], timeout: float, stdin: str | None = None, descriptors: tuple[int, ...] = (), most: int = MOST
) -> Ran:
    """Run words in a clean environment: after `timeout` seconds or `most` bytes comes Ctrl-C's signal, then the end."""
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=CLEAN_ENVIRONMENT,
        start_new_session=True,
        pass_fds=descriptors,
    )
    reading = _Reading(process, most)
    try:
        reading.feed(stdin)
        late = not reading.until(time.monotonic() + timeout)
        if late or reading.full:
            reading.end()
    except KeyboardInterrupt:
        reading.end()  # what runs in a container hears it, too: nobody else would end that
        raise
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    finally:
        reading.close()
    code = process.wait()
    if late and code < 0:
        code = 124
    out, err = (data.decode(errors="replace") for data in reading.said)
    return Ran(out, err, 128 - code if code < 0 else code, _cut(most, timeout, reading.full, late))


def _cut(most: int, timeout: float, full: bool, late: bool) -> str:
    if full:
        return say("The command said more than {size} KiB, so it was ended as by Ctrl-C, and the rest is not shown.",
                            size=most >> 10)  # fmt: skip
    too_long = "The command took more than {seconds:g} seconds, so it was ended as by Ctrl-C."
    return say(too_long, seconds=timeout) if late else ""


class _Reading:
    """Both streams of a process that runs, read as they come, up to a number of bytes."""

    def __init__(self, process: subprocess.Popen[bytes], most: int) -> None:
        self.process, self.left = process, most
        self.said = (bytearray(), bytearray())
        self.full = False
        self._selector = selectors.DefaultSelector()
        for stream, data in zip(_streams(process), self.said, strict=True):
            self._selector.register(stream, selectors.EVENT_READ, data)

    def feed(self, text: str | None) -> None:
        if text is None or self.process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(text.encode())
            self.process.stdin.close()

    def until(self, deadline: float) -> bool:
        """Read until the process has ended (True), or the time or the bytes are spent."""
        while self._selector.get_map():
            wait = min(deadline - time.monotonic(), LINGER)
            if wait <= 0:
                return False
            ready = self._selector.select(wait)
            if not ready and self.process.poll() is not None:
                return True
            for key, _ in ready:
                self._take(key)
            if self.full:
                return True
        return _has_ended(self.process, max(0.0, deadline - time.monotonic()))

    def _take(self, key: selectors.SelectorKey) -> None:
        data = os.read(key.fd, 1 << 16)
        if not data:
            self._selector.unregister(key.fileobj)
            return
        key.data.extend(data[: self.left])
        self.left -= min(self.left, len(data))
        self.full = self.full or self.left == 0

    def end(self) -> None:
        """The signal of Ctrl-C to what runs below, and after some grace the end of all of it."""
        for what in (signal.SIGINT, signal.SIGKILL, signal.SIGKILL):
            _signal(self.process.pid, what)
            deadline = time.monotonic() + GRACE
            while time.monotonic() < deadline and self._selector.get_map() and self.process.poll() is None:
                for key, _ in self._selector.select(LINGER):
                    self._take(key)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(max(LINGER, deadline - time.monotonic()))
                self.until(time.monotonic() + LINGER)
                return

    def close(self) -> None:
        self._selector.close()
        for stream in (*_streams(self.process), self.process.stdin):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a process ends within that time. Linux tells at once; `wait` would look again after a while only."""
    if process.poll() is not None:
        return True
    try:
        handle = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return process.poll() is not None
    try:
        select.select([handle], [], [], seconds)
    finally:
        os.close(handle)
    return process.poll() is not None


def _streams(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdout is not None and process.stderr is not None
    return process.stdout, process.stderr


def children(pid: int) -> list[int]:
    """Pids of the processes that a process started and that still run; [] when it is gone."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _signal(pid: int, what: signal.Signals) -> None:
    """Ctrl-C goes to what was started below the process, so that the process can still report how that ended."""
    below, waiting = [], [pid]
    while waiting:
        found = children(waiting.pop())
        below += found
        waiting += found
    targets = below if below and what is signal.SIGINT else [pid, *below]
    for target in targets:
        with contextlib.suppress(ProcessLookupError):
            os.kill(target, what)
