"""The machine at which a real client is typed: a /root and a /tmp of its own, and nothing else that it could write.

Lines that make files are run here as well as in the lab, so that `--env-file /tmp/list` or `docker cp /tmp/page web1:/`
find what the recorded script made. All of it happens in a mount and a network namespace of each command's own
(unshare(1)): the real /root and /tmp are hidden, everything else is read-only, and no network is there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

# $1 and $2 become /root and /tmp, $3 is where the shell is, $4 the line
_INSIDE = ('mount --bind "$1" /root && mount --bind "$2" /tmp && { mount -o remount,bind,ro / 2>/dev/null; cd "$3" && '
           'exec sh -c "$4"; }')  # fmt: skip
_MAKES_FILES = re.compile(r"(mkdir|\(?cat .*>|cat >|echo .*>|printf .*>|rm |sed -i|sed .*> \w|cp |mv |touch )")
_NOT_OURS = re.compile(r"/(proc|sys|dev|etc)/")
VISIBLE = "/var/tmp"  # /tmp is hidden from the client, and its socket mustn't be


class Machine:
    """Give it DOCKER_HOST. plugins: files to be found as plugins of the docker command."""

    def __init__(self, url: str, *plugins: Path) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="dnet", dir=VISIBLE))
        for name in ("root", "tmp", "client/cli-plugins"):
            (self.top / name).mkdir(parents=True)
        for file in plugins:
            shutil.copy(file, self.top / "client/cli-plugins" / file.name)
        self.here = "/root"
        self._environment = {"DOCKER_HOST": url, "DOCKER_CONFIG": str(self.top / "client"), "HOME": "/root",
                             "PATH": os.environ["PATH"], "COLUMNS": "80"}  # fmt: skip

    def run(self, command: str, answer: str | None = None) -> tuple[int, str, str]:
        """A line of the shell: status and both streams. A question gets `answer`, else the end of its input."""
        if command.startswith("cd "):
            self.here = os.path.normpath(os.path.join(self.here, command.split()[1]))
            return 0, "", ""
        namespaces = ["unshare", "-mn" if os.geteuid() == 0 else "-rmn", "sh", "-c", _INSIDE, "sh"]
        done = subprocess.run([*namespaces, str(self.top / "root"), str(self.top / "tmp"), self.here, command],
                              env=self._environment, capture_output=True, timeout=120,
                              input=f"{answer}\n".encode() if answer else b"")  # fmt: skip
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def follow(self, command: str) -> None:
        """A line of the lab's host: where it goes to or makes files, so does this machine."""
        if command.startswith("cd ") or (_MAKES_FILES.match(command) and not _NOT_OURS.search(command)):
            self.run(command)

    def close(self) -> None:
        shutil.rmtree(self.top)


def works() -> bool:
    """May this process make such namespaces?"""
    if shutil.which("unshare") is None:
        return False
    machine = Machine("")
    try:
        return machine.run("echo hello > /tmp/x && cat /tmp/x")[1] == "hello\n"
    finally:
        machine.close()
