"""Open terminals on a real engine: `docker run -it` is run detached; its lines are executed inside, until `exit`."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

SHELLS = ("sh", "ash", "bash")
_FLAGS = frozenset(
    ["--detach", "--init", "--interactive", "--no-healthcheck", "--oom-kill-disable", "--privileged",
     "--publish-all", "--quiet", "--read-only", "--rm", "--sig-proxy", "--tty", "--help",
     "--disable-content-trust"]
)  # fmt: skip
_LETTERS = frozenset("ditPq")
RUNTIME = "/run/docker/runtime-runc/moby"  # where dockerd keeps the state of its containers (20.10 to 28.5)
QUESTION = re.compile(r"\[y/N\] ")


@dataclass(frozen=True)
class Terminal:
    """Where the lines at `/ #` go. main: the shell is the container's own process, so `exit` ends the container.

    status: what the last line ended with, which a bare `exit` answers. options: of the `docker exec` that opened it.
    user: of the container, as `docker inspect` tells it.
    """

    host: str
    container: str
    main: bool
    directory: str = "/"
    shell: str = "sh"
    status: int = 0
    options: tuple[str, ...] = ()
    user: str = ""

    @property
    def prompt(self) -> str:
        """'/ # ', and '/ $ ' of a user other than root, whom -u of docker exec or the container names."""
        name = self.user
        for at, word in enumerate(self.options):
            value = _user_in(word)
            if value is not None:
                name = value or "".join(self.options[at + 1 : at + 2])
        name = name.partition(":")[0]
        return f"{self.directory} {'#' if name in ('', '0', 'root') else '$'} "


def _user_in(word: str) -> str | None:
    """The user in `-u nobody`, `-unobody`, `--user=nobody`, '' where it is the next word; None in another option."""
    found = re.match(r"(?:--user=?|-u)(.*)$", word)
    return found[1] if found else None


@dataclass(frozen=True)
class Attachment:
    """A `docker run` or `docker exec` line read as far as terminals need it.

    verb 'run' or 'exec'; subject: the image or the container; command: the words after it; options: those that a
    process started later needs again (--privileged, -u, -w, -e), as they were typed
    """

    verb: str
    interactive: bool
    tty: bool
    detached: bool
    subject: str
    command: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def is_shell(self) -> bool:
        """Whether it runs a shell without anything to do but to read what is typed."""
        return len(self.command) == 1 and self.command[0].rsplit("/", 1)[-1] in SHELLS


def read_attachment(argv: tuple[str, ...]) -> Attachment | None:
    """What `docker [container] run|exec …` asks for; None for any other line, or one without an image or container."""
    words = list(argv)
    if words[:1] != ["docker"]:
        return None
    words = words[1:]
    if words[:1] == ["container"]:
        words = words[1:]
    if not words or words[0] not in ("run", "exec"):
        return None
    verb, words = words[0], words[1:]
    letters: set[str] = set()
    before = list(words)
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            name, _, value = word.partition("=")
            if value.lower() not in ("false", "0"):
                letters |= {"--interactive": {"i"}, "--tty": {"t"}, "--detach": {"d"}}.get(name, set())
            if "=" not in word and name not in _FLAGS and words:
                words.pop(0)
            continue
        for position, letter in enumerate(word[1:], 1):
            if letter in _LETTERS:
                letters.add(letter)
                continue
            if position == len(word) - 1 and words:
                words.pop(0)
            break
    if not words:
        return None
    options = _needed_again(before[: len(before) - len(words)]) if verb == "exec" else ()
    return Attachment(verb, "i" in letters, "t" in letters, "d" in letters, words[0], tuple(words[1:]), options)


def _needed_again(words: list[str]) -> tuple[str, ...]:
    """The options of `docker exec` without those that only say how it is attached."""
    attached = ("--interactive", "--tty", "--detach", "--")
    kept = [re.sub(r"^(-[a-z]*)$", lambda found: _strip(found[1][1:].replace("d", "")), word) for word in words]
    return tuple(word for word in kept if word and word.partition("=")[0] not in attached)


def detached(text: str) -> str:
    """The text of a `docker run` line with -d put in."""
    return re.sub(r"\brun\b", "run -d", text, count=1)


def without_terminal(text: str) -> str:
    """The text of a `docker run` or `exec` line without -i and -t, for a command that reads no terminal."""
    text = re.sub(r"(?<=\s)-([ditPq]*)(?=\s)", lambda found: _strip(found[1]), text, count=2)
    return re.sub(r"(?<=\s)--(interactive|tty)(=true)?(?=\s)", "", text)


def without_sudo(text: str) -> str:
    """The text of a line without `sudo` in front: everybody is root on a lab host, and not every one has sudo."""
    return re.sub(r"^\s*sudo\s+(?=[^\s-])", "", text)


def _strip(letters: str) -> str:
    kept = letters.replace("i", "").replace("t", "")
    return f"-{kept}" if kept else ""


def line_inside(terminal: Terminal, text: str, seconds: int | None = None) -> str:
    """The text to run on the host for a line typed in the terminal; seconds: when Ctrl-C comes, None for never.

    A shell that runs keeps the variables it was started with, while `docker exec` gives fresh ones (of links, say). So
    a line of a container's own shell goes by `runc exec`, which takes the first process's; runc is dockerd's, and so is
    the mount namespace it is run in.
    """
    watched = [] if seconds is None else ["timeout", "-s", "INT", str(seconds)]
    words = [*watched, terminal.shell, "-c", text]
    if not terminal.main:
        return shlex.join(["docker", "exec", "-e", "TERM=xterm", *terminal.options, terminal.container, *words])
    return (
        f'nsenter --mount --target "$(cat /run/docker.pid)" runc --root {RUNTIME} exec {terminal.container} '
        + shlex.join(words)
    )
